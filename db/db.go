// Package db keeps everything that outlives a request: who writes (guests, users,
// sessions), what they own (profiles, notes), and the one moment when a guest's rows
// become a user's (SignIn).
//
// Each exported method is one operation: it opens its own transaction, checks inside it
// that the viewer may still write, and answers with one of the errors of errors.go.
// Rules about values (what a name or an emoji may be) live here too, so that a page, a
// program and an operator's command cannot differ. Audit events are logged after the
// commit that made them true, never before.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	log      *slog.Logger
	now      func() time.Time
	maxNotes int
	path     string
	release  func() error // says that this process no longer has it open
	read     *sql.DB
	stmts    *statements
	writer   *writer
}

// Config says which database to open.
type Config struct {
	// URL is "sqlite:" and a file path. The file is made when it does not exist.
	URL string
	// Log receives the audit events. The default is slog.Default().
	Log *slog.Logger
	// Now is the clock. The default is time.Now.
	Now func() time.Time
	// Observer is told what happens. The default is nobody.
	Observer Observer
	// MaxNotes is how many notes a viewer may have outside the trash. The default is
	// DefaultMaxNotes. A merge may bring more: nothing is dropped.
	MaxNotes int
}

// Observer is told what happens, for metrics. It is called often, and must not wait.
type Observer interface {
	// Event tells of an audit event, and of the rows that it moved.
	Event(name string, rows int64)
	// WriterWait tells how long a write has waited for its turn.
	WriterWait(time.Duration)
}

type nobody struct{}

func (nobody) Event(string, int64)      {}
func (nobody) WriterWait(time.Duration) {}

// DefaultMaxNotes is Config.MaxNotes when it is not set.
const DefaultMaxNotes = 10_000

// readers is how many queries run at once. More do not help: SQLite reads are CPU.
const readers = 4

// Open migrates the database to this program's schema and opens it. Several processes
// may open the same database at the same time. The error for a schema that is newer
// than the program is ErrSchemaTooNew.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	path, err := Path(cfg.URL)
	if err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("create the database: %w", err)
	}
	return openFile(ctx, cfg, path, func() error {
		if err := migrateUp(ctx, path); err != nil {
			return fmt.Errorf("migrate %s: %w", path, err)
		}
		return nil
	})
}

// OpenExisting opens a database that is there and has this program's schema. It makes
// nothing and migrates nothing: a server of another version may be running on it. Errors:
// ErrNoDatabase, ErrSchemaTooOld, ErrSchemaTooNew.
func OpenExisting(ctx context.Context, cfg Config) (*DB, error) {
	path, err := existing(cfg.URL)
	if err != nil {
		return nil, err
	}
	return openFile(ctx, cfg, path, func() error { return requireSchema(ctx, path) })
}

// existing is the file that a database URL names, if it is there.
func existing(databaseURL string) (path string, err error) {
	if path, err = Path(databaseURL); err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() == 0:
		return "", fmt.Errorf("%w at %s", ErrNoDatabase, path)
	case err == nil && !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	}
	return path, err
}

// openFile opens the file at path, whose schema prepare has seen to.
func openFile(ctx context.Context, cfg Config, path string, prepare func() error) (*DB, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxNotes == 0 {
		cfg.MaxNotes = DefaultMaxNotes
	}
	if cfg.Observer == nil {
		cfg.Observer = nobody{}
	}
	release, err := holdInUse(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := prepare(); err != nil {
		return nil, errors.Join(err, release())
	}
	read, err := sql.Open("sqlite", dataSource(path, "_query_only=1"))
	if err != nil {
		return nil, errors.Join(err, release())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	w, err := openWriter(path, cfg.Now, cfg.Observer)
	if err != nil {
		return nil, errors.Join(err, read.Close(), release())
	}
	return &DB{
		log: cfg.Log, now: cfg.Now, maxNotes: cfg.MaxNotes, path: path, release: release,
		read: read, stmts: newStatements(read), writer: w,
	}, nil
}

// Close waits for the writes that were accepted and closes the database.
func (d *DB) Close() error {
	return errors.Join(d.writer.close(), d.stmts.close(), d.read.Close(), d.release())
}

// Ready tells whether the database answers a read.
func (d *DB) Ready(ctx context.Context) error {
	var users int
	return d.reads(ctx).queryRow(`SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1)`).Scan(&users)
}

// Path is the file that a database URL names.
func Path(databaseURL string) (string, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok && path != "" {
		return filepath.Abs(strings.TrimPrefix(path, "//"))
	}
	return "", fmt.Errorf("the database URL must be sqlite:PATH, not %q", redactURL(databaseURL))
}

// redactURL keeps a password that somebody put into a URL out of the logs.
func redactURL(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return "something that is not a URL"
}

// createFile makes the file readable by its owner alone; SQLite gives its -wal and -shm
// files the same mode.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Not one that exists: to close it would drop the locks that this process has on it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dataSource carries the pragmas, because they belong to each connection of a pool:
// Exec would reach one of them. With synchronous=FULL an acknowledged commit survives a
// power cut, which NORMAL does not promise in WAL mode.
func dataSource(path string, more ...string) string {
	options := append([]string{
		"_busy_timeout=5000", "_journal_mode=WAL", "_foreign_keys=1",
		"_synchronous=FULL", "_txlock=immediate", "_dqs=0",
	}, more...)
	file := url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(options, "&")}
	return file.String()
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
