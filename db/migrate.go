package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
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
func migrateUp(ctx context.Context, path string) (err error) {
	release, err := lockForMigration(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()

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

// requireSchema asks for a database with this program's schema, complete.
func requireSchema(ctx context.Context, path string) error {
	newest, err := newestMigration(migrations.FS)
	if err != nil {
		return err
	}
	handle, err := sql.Open("sqlite", dataSource(path, "_query_only=1"))
	if err != nil {
		return err
	}
	defer handle.Close()
	version, isDirty, err := schemaVersion(ctx, handle)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case version > newest:
		return ErrSchemaTooNew
	case version < newest || isDirty:
		return ErrSchemaTooOld
	}
	return nil
}

// knowsSchema asks for a version that this program can work with, or migrate.
func knowsSchema(version int) error {
	newest, err := newestMigration(migrations.FS)
	switch {
	case err != nil:
		return err
	case version > newest:
		return ErrSchemaTooNew
	case version < 1:
		return ErrNotGuestpad
	}
	return nil
}

// schemaVersion is the number of the newest step. Dirty is one that was not completed.
func schemaVersion(ctx context.Context, handle *sql.DB) (version int, isDirty bool, err error) {
	var tables int
	if err := handle.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name IN ('schema_migrations', 'applied_migrations')`).Scan(&tables); err != nil {
		return 0, false, classify(err)
	}
	if tables != 2 {
		return 0, false, ErrNotGuestpad
	}
	err = handle.QueryRowContext(ctx, `SELECT version, dirty FROM schema_migrations`).Scan(&version, &isDirty)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, ErrNotGuestpad
	}
	return version, isDirty, classify(err)
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
