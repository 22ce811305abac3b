package db

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements prepares each query once. Parsing a query takes SQLite longer than running
// most of ours.
type statements struct {
	on    preparer
	mu    sync.RWMutex
	byKey map[string]*sql.Stmt
}

type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func newStatements(on preparer) *statements {
	return &statements{on: on, byKey: make(map[string]*sql.Stmt)}
}

func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.byKey[query]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.byKey[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, classify(err)
	}
	s.byKey[query] = stmt
	return stmt, nil
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.byKey {
		errs = append(errs, stmt.Close())
	}
	clear(s.byKey)
	return errors.Join(errs...)
}

// row scans the first row of a query; no row is ErrNotFound.
type row struct {
	row *sql.Row
	err error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	return classify(r.row.Scan(dest...))
}

// scanner is what a row type's scan helper reads from: one row, or the present one of many.
type scanner interface{ Scan(dest ...any) error }

// queries runs queries: reads of the pool, or what a write does in its transaction.
type queries struct {
	ctx   context.Context
	stmts *statements
}

func (d *DB) reads(ctx context.Context) queries {
	// A query that has begun is not stopped when its request ends: it takes microseconds,
	// and being ready to stop it costs two goroutines.
	return queries{ctx: context.WithoutCancel(ctx), stmts: d.stmts}
}

func (q queries) queryRow(query string, args ...any) row {
	stmt, err := q.stmts.get(q.ctx, query)
	if err != nil {
		return row{err: err}
	}
	return row{row: stmt.QueryRowContext(q.ctx, args...)}
}

// each calls scan for every row of a query.
func (q queries) each(scan func(scanner) error, query string, args ...any) error {
	return q.eachUntil(func(row scanner) (bool, error) { return false, scan(row) }, query, args...)
}

// eachUntil calls scan for the rows of a query until it has enough.
func (q queries) eachUntil(scan func(scanner) (isEnough bool, err error), query string, args ...any) (err error) {
	stmt, err := q.stmts.get(q.ctx, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(q.ctx, args...)
	if err != nil {
		return classify(err)
	}
	defer func() { err = errors.Join(err, classify(rows.Close())) }()
	for rows.Next() {
		if isEnough, err := scan(rows); isEnough || err != nil {
			return err
		}
	}
	return classify(rows.Err())
}

func (q queries) exec(query string, args ...any) (rowsAffected int64, err error) {
	stmt, err := q.stmts.get(q.ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(q.ctx, args...)
	if err != nil {
		return 0, classify(err)
	}
	return result.RowsAffected()
}
