package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A writer runs every write of the process on one connection, one after another. SQLite
// takes one writer at a time anyway, and a queue of ours is fair where its lock is not.
//
// Writes that wait at the same moment are committed together (group commit): a commit
// costs a flush to the disk, whatever it holds. Each of them has a savepoint of its own, so
// one that fails undoes only itself, and nobody is answered before the commit.
type writer struct {
	now   func() time.Time
	queue chan *write
	done  chan struct{}

	// mu is held for reading while a write is being queued, so that close can tell when
	// no more will come.
	mu     sync.RWMutex
	closed bool

	pool *sql.DB
	conn *sql.Conn // nil until the first write, and after a failure
	on   queries   // of conn
}

// maxBatch bounds how long the first write of a batch waits for the last.
const maxBatch = 128

type write struct {
	ctx      context.Context
	do       func(*tx) error
	finished chan struct{}
	events   []event // to log after the commit
	err      error
	panicked any
}

// tx is the transaction that a write runs in. Its queries have no request's context: one
// that is interrupted would roll back the whole batch.
type tx struct {
	queries
	// now is the one time of the transaction, in unix milliseconds.
	now   int64
	write *write
}

func openWriter(path string, now func() time.Time) (*writer, error) {
	pool, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	w := &writer{now: now, queue: make(chan *write, maxBatch), done: make(chan struct{}), pool: pool}
	go w.serve()
	return w, nil
}

func (w *writer) close() error {
	w.mu.Lock()
	alreadyClosed := w.closed
	w.closed = true
	w.mu.Unlock()
	if !alreadyClosed {
		close(w.queue)
	}
	<-w.done
	return w.pool.Close()
}

// inTx runs do in a write transaction and returns when it is on the disk. An error or a
// panic in do undoes what it wrote; the panic goes on in the caller. Once do has begun,
// the end of ctx no longer stops it.
func (d *DB) inTx(ctx context.Context, do func(*tx) error) error {
	job := &write{ctx: ctx, do: do, finished: make(chan struct{})}
	if err := d.writer.enqueue(job); err != nil {
		return err
	}
	<-job.finished
	if job.panicked != nil {
		panic(job.panicked)
	}
	if job.err != nil {
		return job.err
	}
	for _, e := range job.events {
		d.log.LogAttrs(ctx, slog.LevelInfo, e.name, e.attrs...)
	}
	return nil
}

func (w *writer) enqueue(job *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return fmt.Errorf("%w: it is closed", ErrUnavailable)
	}
	select {
	case w.queue <- job:
		return nil
	case <-job.ctx.Done():
		return job.ctx.Err()
	}
}

func (w *writer) serve() {
	defer close(w.done)
	defer w.disconnect()
	for first := range w.queue {
		w.commit(w.gather(first))
	}
}

// gather takes the writes that are waiting now. It waits for none: a lone write is
// committed at once.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case next, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) commit(batch []*write) {
	if err := w.tryCommit(batch); err != nil {
		// Nothing of the batch is on the disk, whatever each of its writes returned.
		for _, job := range batch {
			if job.err == nil {
				job.err = err
			}
		}
		w.disconnect()
	}
	for _, job := range batch {
		close(job.finished)
	}
}

func (w *writer) tryCommit(batch []*write) error {
	if err := w.connect(); err != nil {
		return err
	}
	if _, err := w.on.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := w.runAll(batch); err != nil {
		_, _ = w.on.exec("ROLLBACK")
		return err
	}
	return nil
}

// runAll runs the writes of a transaction and commits it. What it returns concerns the
// whole batch; what concerns one write alone is in its err.
func (w *writer) runAll(batch []*write) error {
	if len(batch) == 1 {
		// The transaction itself is the savepoint.
		if w.run(batch[0]); batch[0].failed() {
			_, err := w.on.exec("ROLLBACK")
			return err
		}
	} else {
		for _, job := range batch {
			if err := w.runInSavepoint(job); err != nil {
				return err
			}
		}
	}
	_, err := w.on.exec("COMMIT")
	return err
}

func (w *writer) runInSavepoint(job *write) error {
	if _, err := w.on.exec("SAVEPOINT write"); err != nil {
		return err
	}
	if w.run(job); job.failed() {
		// SQLite may have rolled back everything on its own (a full disk does that).
		// Then there is no such savepoint any more, and the batch fails.
		if _, err := w.on.exec("ROLLBACK TO write"); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	_, err := w.on.exec("RELEASE write")
	return err
}

// run runs one write, and catches its panic for the caller that waits for it.
func (w *writer) run(job *write) {
	defer func() { job.panicked = recover() }()
	if job.err = job.ctx.Err(); job.err == nil {
		job.err = job.do(&tx{queries: w.on, now: millis(w.now()), write: job})
	}
}

func (j *write) failed() bool { return j.err != nil || j.panicked != nil }

func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	ctx := context.Background()
	conn, err := w.pool.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	w.conn, w.on = conn, queries{ctx: ctx, stmts: newStatements(conn)}
	return nil
}

// disconnect drops a connection that failed, so that the next write starts on a new one.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	_ = w.on.stmts.close()
	// ErrBadConn makes database/sql discard the connection instead of keeping it.
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
	w.conn, w.on = nil, queries{}
}

// An event is a line of the audit log.
type event struct {
	name  string
	attrs []slog.Attr
}

// audit logs an event once the write is on the disk, and not at all if it fails.
func (t *tx) audit(name string, attrs ...slog.Attr) {
	t.write.events = append(t.write.events, event{name, attrs})
}
