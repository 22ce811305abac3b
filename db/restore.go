package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Restored is the outcome of a Restore.
type Restored struct {
	Contents
	// Aside is where the database is that was there before; it is empty if there was none.
	Aside string `json:"aside"`
}

// Restore puts a copy of a file, such as Backup makes, in the place of the database. The
// file is looked through first and stays as it is; the database that was there is put
// aside and not deleted. With a schema that is older than the program's, the next Open
// migrates it. Progress is as for Backup. Errors: ErrInUse while another process has the database open,
// ErrSchemaTooNew, ErrNotGuestpad.
func Restore(ctx context.Context, databaseURL, file string, progress func(written, total int64)) (r Restored, err error) {
	path, err := Path(databaseURL)
	if err != nil {
		return Restored{}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Restored{}, err
	}
	// Before the copy, so that one who forgot to stop the server hears it at once.
	release, err := lockAlone(ctx, path)
	if err != nil {
		return Restored{}, err
	}
	defer func() { err = errors.Join(err, release()) }()
	draft, err := newDraft(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return Restored{}, err
	}
	defer removeDatabase(draft)
	if r.Contents, err = copyAndLook(ctx, file, draft, progress); err != nil {
		return Restored{}, err
	}
	if r.Aside, err = putAside(ctx, path); err != nil {
		return Restored{}, err
	}
	if err := os.Rename(draft, path); err != nil {
		return Restored{}, err
	}
	return r, flush(filepath.Dir(path))
}

// CheckRestore tells whether Restore would do it, and what would be restored. It changes
// nothing: it looks through a copy in the system's folder for temporary files.
func CheckRestore(ctx context.Context, databaseURL, file string, progress func(written, total int64)) (c Contents, err error) {
	path, err := Path(databaseURL)
	if err != nil {
		return Contents{}, err
	}
	if _, err := os.Stat(path + ".lock"); err == nil {
		release, err := lockAlone(ctx, path)
		if err != nil {
			return Contents{}, err
		}
		if err := release(); err != nil {
			return Contents{}, err
		}
	}
	draft, err := newDraft("", filepath.Base(path))
	if err != nil {
		return Contents{}, err
	}
	defer removeDatabase(draft)
	return copyAndLook(ctx, file, draft, progress)
}

// copyAndLook copies a database file with the log beside it, if there is one, and looks
// through the copy: it is what will be used, and the file may be on a disk that takes no
// writes.
func copyAndLook(ctx context.Context, file, draft string, progress func(written, total int64)) (Contents, error) {
	total, err := fileSize(file)
	if err != nil {
		return Contents{}, err
	}
	stop := follow(draft, total, progress)
	defer stop()
	if err := copyFile(ctx, file, draft); err != nil {
		return Contents{}, err
	}
	if err := copyFile(ctx, file+"-wal", draft+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Contents{}, err
	}
	c, err := lookThrough(ctx, draft)
	if err != nil {
		return Contents{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, flush(draft)
}

func copyFile(ctx context.Context, from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, reader{ctx, source})
	return err
}

// reader reads until ctx ends.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// settle brings what the log holds into the database that is to be put aside, so that it is
// one file. It asks SQLite too whether somebody has it open: a shell does not know of our
// lock. A database that is damaged, which may be why there is a restore, stays as it is.
func settle(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	handle, err := sql.Open("sqlite", plainSource(path, "mode=rw&_pragma=busy_timeout(1000)&_pragma=locking_mode(EXCLUSIVE)"))
	if err != nil {
		return err
	}
	defer handle.Close()
	var isBlocked, logged, moved int
	err = handle.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&isBlocked, &logged, &moved)
	if isBusy(err) || isBlocked != 0 {
		return ErrInUse
	}
	return ctx.Err()
}

// putAside gives the database a second, dated name, and takes away what SQLite keeps
// beside it: SQLite would write what the log holds into the database that takes the place.
// The database keeps its first name until then, so that there is always one. Aside is empty
// if there is none.
func putAside(ctx context.Context, path string) (aside string, err error) {
	aside = path + ".before-restore-" + time.Now().UTC().Format("20060102T150405.000Z")
	// SQLite deletes a log that it can do nothing with, so the log has its second name
	// before SQLite sees it.
	if _, err := link(path+"-wal", aside+"-wal"); err != nil {
		return "", fmt.Errorf("put the present database aside: %w", err)
	}
	defer func() {
		_, err := os.Stat(path + "-wal")
		if size, _ := fileSize(aside + "-wal"); size == 0 || err == nil {
			_ = os.Remove(aside + "-wal")
		}
	}()
	if err := settle(ctx, path); err != nil {
		return "", err
	}
	hadOne, err := link(path, aside)
	if err != nil {
		return "", fmt.Errorf("put the present database aside: %w", err)
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("put the present database aside: %w", err)
		}
	}
	if !hadOne {
		return "", nil
	}
	return aside, nil
}

// link gives a file a second name, if there is such a file.
func link(file, name string) (wasThere bool, err error) {
	err = os.Link(file, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
