package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
)

// ErrInUse means that another process has the database open.
var ErrInUse = errors.New("the database is in use by another process")

// A file beside the database, itself a small SQLite database, carries the locks between
// processes: SQLite's locks go with their holder, however it ends. Whoever has the
// database open reads it, whoever migrates writes it, and whoever puts another database in
// its place has it alone.
//
// It is not in WAL mode: changing into it takes a lock that does not wait.
func lockFile(path, how string) string {
	file := url.URL{Scheme: "file", Path: path + ".lock", RawQuery: how}
	return file.String()
}

// holdInUse tells other processes that this one has the database open, until it is
// released. It waits while a database is being put in place.
func holdInUse(ctx context.Context, path string) (release func() error, err error) {
	tx, release, err := beginLock(ctx, lockFile(path, "_busy_timeout=60000"))
	if err != nil {
		return nil, fmt.Errorf("wait for another process that replaces the database: %w", err)
	}
	// A transaction takes its lock with the first read.
	var tables int
	if err := tx.QueryRow(`SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return nil, errors.Join(classify(err), release())
	}
	return release, nil
}

// lockForMigration makes other processes wait: golang-migrate's own SQLite lock is a
// flag in memory.
func lockForMigration(ctx context.Context, path string) (release func() error, err error) {
	_, release, err = beginLock(ctx, lockFile(path, "_busy_timeout=60000&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("wait for another process that is migrating: %w", err)
	}
	return release, nil
}

// lockAlone is for putting another database in place: nobody has this one open, and who
// wants to waits. The error is ErrInUse when somebody has.
func lockAlone(ctx context.Context, path string) (release func() error, err error) {
	_, release, err = beginLock(ctx, lockFile(path, "_busy_timeout=1000&_txlock=exclusive"))
	if isBusy(err) {
		return nil, ErrInUse
	}
	return release, err
}

// beginLock begins a transaction that lasts until it is released, also when ctx ends.
func beginLock(ctx context.Context, source string) (tx *sql.Tx, release func() error, err error) {
	lock, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, nil, err
	}
	lock.SetMaxOpenConns(1)
	if tx, err = lock.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return nil, nil, errors.Join(classify(err), lock.Close())
	}
	return tx, func() error {
		err := tx.Rollback()
		if errors.Is(err, sql.ErrTxDone) { // released before
			err = nil
		}
		return errors.Join(err, lock.Close())
	}, nil
}
