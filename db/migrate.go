package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	driver "github.com/golang-migrate/migrate/v4/database/sqlite"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/guestpad/guestpad/migrations"
)

// migrateUp brings the schema to the newest step. One process does it while the others
// wait, and a step that a crash interrupted is taken up where it was left.
func migrateUp(ctx context.Context, path string) error {
	unlock, err := lockForMigration(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()

	// migrate closes the handle that it is given, so it gets one of its own.
	handle, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		return err
	}
	newest, err := newestMigration(migrations.FS)
	if err != nil {
		return errors.Join(err, handle.Close())
	}
	m, err := newMigrate(handle)
	if err != nil {
		return errors.Join(err, handle.Close())
	}
	err = heal(ctx, m, handle, newest)
	if err == nil {
		err = m.Up()
	}
	sourceErr, closeErr := m.Close()
	if errors.Is(err, migrate.ErrNoChange) {
		err = nil
	}
	return errors.Join(classify(err), sourceErr, closeErr)
}

func newMigrate(handle *sql.DB) (*migrate.Migrate, error) {
	source, err := iofs.New(migrations.FS, ".")
	if err != nil {
		return nil, err
	}
	target, err := driver.WithInstance(handle, &driver.Config{})
	if err != nil {
		return nil, classify(err)
	}
	return migrate.NewWithInstance("iofs", source, "sqlite", target)
}

// heal clears the "dirty" mark that a crash leaves behind. A step and its mark are two
// transactions, so the step may have been applied or rolled back: what it noted in
// applied_migrations inside its own transaction tells which.
func heal(ctx context.Context, m *migrate.Migrate, handle *sql.DB, newest int) error {
	version, dirty, err := m.Version()
	if errors.Is(err, migrate.ErrNilVersion) {
		return nil
	}
	if err != nil {
		return err
	}
	if version > uint(newest) {
		return ErrSchemaTooNew
	}
	if !dirty {
		return nil
	}
	settled := int(version) - 1
	if settled == 0 {
		settled = database.NilVersion
	}
	if applied, err := isApplied(ctx, handle, int(version)); err != nil {
		return err
	} else if applied {
		settled = int(version)
	}
	return m.Force(settled)
}

func isApplied(ctx context.Context, handle *sql.DB, version int) (bool, error) {
	var tables int
	err := handle.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'applied_migrations'`).Scan(&tables)
	if err != nil || tables == 0 {
		return false, classify(err)
	}
	var applied bool
	err = handle.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM applied_migrations WHERE version = $1)`, version).Scan(&applied)
	return applied, classify(err)
}

// lockForMigration makes other processes wait: golang-migrate's own SQLite lock is a
// flag in memory. A write transaction on a file beside the database is released by the
// operating system when its holder dies.
func lockForMigration(ctx context.Context, path string) (unlock func(), err error) {
	// Not in WAL mode: changing into it takes a lock that does not wait.
	file := url.URL{Scheme: "file", Path: path + ".lock", RawQuery: "_busy_timeout=60000&_txlock=immediate"}
	lock, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	lock.SetMaxOpenConns(1)
	tx, err := lock.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another process that is migrating: %w", classify(err)), lock.Close())
	}
	return func() { _ = tx.Rollback(); _ = lock.Close() }, nil
}

// newestMigration is the highest step number among the files.
func newestMigration(files fs.FS) (int, error) {
	names, err := fs.Glob(files, "*.up.sql")
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.Atoi(number)
		if err != nil {
			return 0, fmt.Errorf("migration %s: its name starts with no number", name)
		}
		newest = max(newest, n)
	}
	return newest, nil
}
