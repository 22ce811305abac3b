package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Contents is what was found in a database file that was looked through.
type Contents struct {
	Bytes         int64 `json:"bytes"`
	SchemaVersion int   `json:"schema_version"`
	Guests        int   `json:"guests"`
	Users         int   `json:"users"`
	Notes         int   `json:"notes"` // with those in the trash
	Profiles      int   `json:"profiles"`
}

func (c Contents) rows() int { return c.Guests + c.Users + c.Notes + c.Profiles }

// Backup copies a database into a new file, while servers may be writing to it: the copy
// is the database as it was at one moment. It works for the schema of any version that
// this program knows. A file that exists is never overwritten (fs.ErrExist), and the new
// one is complete, looked through and on the disk when it appears. Progress is called now
// and then with the size that has been written, and about how much it will be.
func Backup(ctx context.Context, databaseURL, file string, progress func(written, total int64)) (Contents, error) {
	path, err := existing(databaseURL)
	if err != nil {
		return Contents{}, err
	}
	if _, err := os.Lstat(file); err == nil {
		return Contents{}, fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	draft, err := newDraft(filepath.Dir(file), filepath.Base(file))
	if err != nil {
		return Contents{}, err
	}
	defer removeDatabase(draft)
	before, err := copyInto(ctx, path, draft, progress)
	if err != nil {
		return Contents{}, fmt.Errorf("copy %s: %w", path, err)
	}
	copied, err := lookThrough(ctx, draft)
	if err != nil {
		return Contents{}, fmt.Errorf("the copy of %s: %w", path, err)
	}
	// Rows come and go meanwhile, but not most of them.
	if copied.SchemaVersion != before.SchemaVersion || copied.rows() < before.rows()/2 {
		return Contents{}, fmt.Errorf("the copy has %d rows of schema %d, and the database had %d of schema %d; try again",
			copied.rows(), copied.SchemaVersion, before.rows(), before.SchemaVersion)
	}
	return copied, appear(draft, file)
}

// copyInto tells what the database held before. VACUUM INTO reads in one transaction, so
// it sees one moment and keeps no writer waiting. Unlike a copy page by page it never
// begins anew when somebody writes, and it leaves out what was deleted.
func copyInto(ctx context.Context, path, draft string, progress func(written, total int64)) (before Contents, err error) {
	handle, err := sql.Open("sqlite", plainSource(path, "mode=rw"))
	if err != nil {
		return Contents{}, err
	}
	handle.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, handle.Close()) }()
	if before, err = readContents(ctx, handle); err != nil {
		return Contents{}, err
	}
	var total int64
	if err := handle.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&total); err != nil {
		return Contents{}, classify(err)
	}
	stop := follow(draft, total, progress)
	defer stop()
	_, err = handle.ExecContext(ctx, `VACUUM INTO $1`, draft)
	return before, classify(err)
}

// follow calls progress once a second until it is stopped.
func follow(draft string, total int64, progress func(written, total int64)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(time.Second); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				if written, err := fileSize(draft); err == nil {
					progress(written, total)
				}
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// lookThrough reads every page of a database that nobody else has open, and brings what
// its log holds into the file. The errors say what is wrong with the file.
func lookThrough(ctx context.Context, path string) (c Contents, err error) {
	handle, err := sql.Open("sqlite", plainSource(path, "mode=rw"))
	if err != nil {
		return Contents{}, err
	}
	handle.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, handle.Close()) }()
	// One file from here on: what is left of a log would not come along.
	var mode string
	if err := handle.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return Contents{}, damaged(err)
	}
	var found string
	if err := handle.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return Contents{}, damaged(err)
	}
	if found != "ok" {
		return Contents{}, fmt.Errorf("it is damaged: %s", strings.Join(strings.Fields(found), " "))
	}
	if c, err = readContents(ctx, handle); err != nil {
		return Contents{}, err
	}
	var orphans int
	if err := handle.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&orphans); err != nil {
		return Contents{}, damaged(err)
	}
	if orphans > 0 {
		return Contents{}, fmt.Errorf("it is damaged: %d rows belong to nobody", orphans)
	}
	c.Bytes, err = fileSize(path)
	return c, err
}

func damaged(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("it is damaged, or no database: %w", err)
}

func readContents(ctx context.Context, handle *sql.DB) (c Contents, err error) {
	if c.SchemaVersion, _, err = schemaVersion(ctx, handle); err != nil {
		return Contents{}, err
	}
	if err := knowsSchema(c.SchemaVersion); err != nil {
		return Contents{}, err
	}
	err = handle.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM users WHERE is_guest), (SELECT count(*) FROM users WHERE NOT is_guest),
			(SELECT count(*) FROM notes), (SELECT count(*) FROM profiles)`).
		Scan(&c.Guests, &c.Users, &c.Notes, &c.Profiles)
	return c, classify(err)
}

// plainSource is without the pragmas of dataSource, which write to the file.
func plainSource(path, options string) string {
	file := url.URL{Scheme: "file", Path: path, RawQuery: "_busy_timeout=5000&_dqs=0&" + options}
	return file.String()
}

// newDraft makes an empty file for its owner alone, to become the file of this name.
func newDraft(folder, name string) (path string, err error) {
	f, err := os.CreateTemp(folder, name+".draft-*") // mode 0600
	if err != nil {
		return "", err
	}
	if path, err = filepath.Abs(f.Name()); err != nil {
		return "", errors.Join(err, f.Close())
	}
	return path, f.Close()
}

// removeDatabase removes a draft, if it is still there, with what SQLite may have put
// beside it.
func removeDatabase(draft string) {
	for _, beside := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(draft + beside)
	}
}

// appear gives a draft its name. Whoever sees the name sees a file that is complete and on
// the disk. It takes the name first, which fails if there is such a file (fs.ErrExist): a
// link would do both at once, but not every disk that is good enough for backups has links.
func appear(draft, file string) error {
	if err := flush(draft); err != nil {
		return err
	}
	taken, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := taken.Close(); err != nil {
		return err
	}
	if err := os.Rename(draft, file); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return flush(filepath.Dir(file))
}

// flush returns when the file, or the names in a folder, are on the disk.
func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
