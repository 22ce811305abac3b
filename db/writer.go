package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// A writer runs every write of the process on one connection, one after another. SQLite
// takes one writer at a time anyway, and a queue of ours is fair where its lock is not.
//
// Writes that wait at the same moment are committed together (group commit): a commit
// costs a flush to the disk, whatever it holds. Nobody is answered before the commit.
//
// There is no goroutine for it. The first write that comes while nothing is being
// committed leads: it commits what is waiting, itself included, and passes the lead to the
// next one that waits.
type writer struct {
	now      func() time.Time
	observer Observer
	pool     *sql.DB

	mu      sync.Mutex
	waiting []*write
	// isLed is true while somebody leads. idle tells of the moment when nobody does.
	isLed, isClosed bool
	idle            *sync.Cond

	// These belong to whoever leads. conn is nil until the first write, and after a failure.
	conn *sql.Conn
	on   queries
}

// maxBatch bounds how long the first write of a batch waits for the last.
const maxBatch = 128

type write struct {
	ctx   context.Context
	do    func(*tx) error
	since time.Time // it has been waiting
	// leads gets true when it is this write's turn to lead, and false when it is done.
	leads chan bool

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

func openWriter(path string, now func() time.Time, observer Observer) (*writer, error) {
	pool, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	w := &writer{now: now, observer: observer, pool: pool}
	w.idle = sync.NewCond(&w.mu)
	return w, nil
}

// close waits for the writes that were accepted.
func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isClosed = true
	for w.isLed {
		w.idle.Wait()
	}
	w.disconnect()
	return w.pool.Close()
}

// inTx runs do in a write transaction and returns when it is on the disk. An error or a
// panic in do undoes what it wrote; the panic goes on in the caller. Once do has begun,
// the end of ctx no longer stops it. It may be begun twice: when another write of its
// batch failed, the first time has been undone.
func (d *DB) inTx(ctx context.Context, do func(*tx) error) error {
	job := &write{ctx: ctx, do: do, since: time.Now(), leads: make(chan bool, 1)}
	if err := d.writer.commit(job); err != nil {
		return err
	}
	if job.panicked != nil {
		panic(job.panicked)
	}
	if job.err != nil {
		return job.err
	}
	for _, e := range job.events {
		d.log.LogAttrs(ctx, slog.LevelInfo, e.name, e.attrs...)
		d.writer.observer.Event(e.name, e.rows())
	}
	return nil
}

// commit returns when the write is done. The error is for one that was not accepted.
func (w *writer) commit(job *write) error {
	w.mu.Lock()
	if w.isClosed {
		w.mu.Unlock()
		return fmt.Errorf("%w: it is closed", ErrUnavailable)
	}
	w.waiting = append(w.waiting, job)
	leads := !w.isLed
	w.isLed = true
	w.mu.Unlock()

	if leads || <-job.leads {
		batch := w.take()
		w.commitBatch(batch)
		w.passOn()
		for _, other := range batch {
			if other != job {
				other.leads <- false
			}
		}
	}
	return nil
}

// take takes the writes that are waiting now, the leader's first. It waits for none: a
// lone write is committed at once.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), maxBatch)
	batch := slices.Clone(w.waiting[:n])
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch
}

// passOn makes the next write that waits the leader.
func (w *writer) passOn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		w.waiting[0].leads <- true
		return
	}
	w.isLed = false
	w.idle.Broadcast()
}

// commitBatch runs writes in one transaction. If one of them fails, none of it counts, and
// each runs once more in a transaction of its own, so that it undoes only itself.
func (w *writer) commitBatch(batch []*write) {
	batch = slices.DeleteFunc(slices.Clone(batch), func(job *write) bool {
		job.err = job.ctx.Err()
		return job.err != nil
	})
	if len(batch) == 0 {
		return
	}
	for _, job := range batch {
		w.observer.WriterWait(time.Since(job.since))
	}
	committed, err := w.tryCommit(batch)
	switch {
	case err != nil:
		for _, job := range batch {
			if job.err == nil {
				job.err = err
			}
		}
		w.disconnect()
	case !committed && len(batch) > 1:
		for _, job := range batch {
			w.commitBatch([]*write{job})
		}
	}
}

// tryCommit stops at the first write that fails. The error is one of the connection, and
// concerns the whole batch.
func (w *writer) tryCommit(batch []*write) (committed bool, err error) {
	if err := w.connect(); err != nil {
		return false, err
	}
	if _, err := w.on.exec("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	for _, job := range batch {
		if w.run(job); job.failed() {
			// SQLite may have rolled back everything on its own (a full disk does that).
			// Then this fails, and the batch with it.
			if _, err := w.on.exec("ROLLBACK"); err != nil {
				return false, fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
			return false, nil
		}
	}
	if _, err := w.on.exec("COMMIT"); err != nil {
		_, _ = w.on.exec("ROLLBACK")
		return false, err
	}
	return true, nil
}

// run runs one write, and catches its panic for the caller that waits for it.
func (w *writer) run(job *write) {
	job.events = nil
	defer func() { job.panicked = recover() }()
	job.err = job.do(&tx{queries: w.on, now: millis(w.now()), write: job})
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

// rows is how many rows the event moved.
func (e event) rows() int64 {
	for _, attr := range e.attrs {
		if attr.Key == "rows" {
			return attr.Value.Int64()
		}
	}
	return 0
}

// audit logs an event once the write is on the disk, and not at all if it fails.
func (t *tx) audit(name string, attrs ...slog.Attr) {
	t.write.events = append(t.write.events, event{name, attrs})
}
