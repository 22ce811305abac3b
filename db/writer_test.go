package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func insertUser(t *tx, id string) error {
	_, err := t.exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at) VALUES ($1, TRUE, 'x', 0, 0)`, id)
	return err
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	f := open(t)
	failure := errors.New("failure")
	err := f.inTx(t.Context(), func(tx *tx) error {
		if err := insertUser(tx, "a"); err != nil {
			return err
		}
		tx.audit("never")
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("error = %v", err)
	}
	if f.count(t, `SELECT count(*) FROM users`) != 0 {
		t.Error("the failed write left a row")
	}
	if f.log.events("never") != 0 {
		t.Error("an event of a failed write was logged")
	}
}

func TestAPanicUndoesTheWriteAndGoesOnInTheCaller(t *testing.T) {
	f := open(t)
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = f.inTx(t.Context(), func(tx *tx) error {
			if err := insertUser(tx, "a"); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	if f.count(t, `SELECT count(*) FROM users`) != 0 {
		t.Error("the write that panicked left a row")
	}
	f.note(t, newGuest(), "the writer goes on")
}

// hold keeps the writer busy until release is called, so that writes pile up to a batch.
func hold(t *testing.T, f *fixture) (release func()) {
	t.Helper()
	begun, free := make(chan struct{}), make(chan struct{})
	go func() {
		_ = f.inTx(context.Background(), func(*tx) error { close(begun); <-free; return nil })
	}()
	<-begun
	return func() { close(free) }
}

// waiting waits until n writes are in the queue.
func waiting(t *testing.T, f *fixture, n int) {
	t.Helper()
	queued := func() int {
		f.writer.mu.Lock()
		defer f.writer.mu.Unlock()
		return len(f.writer.waiting)
	}
	for deadline := time.Now().Add(10 * time.Second); queued() < n; {
		if time.Now().After(deadline) {
			t.Fatalf("only %d writes are waiting", queued())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestInABatchAFailedWriteUndoesOnlyItself(t *testing.T) {
	f := open(t)
	release := hold(t, f)
	const writes = 40
	results := make([]error, writes)
	var wg sync.WaitGroup
	for i := range writes {
		wg.Go(func() {
			defer func() { _ = recover() }()
			results[i] = f.inTx(t.Context(), func(tx *tx) error {
				if err := insertUser(tx, fmt.Sprint(i)); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errors.New("failure")
				case 2:
					panic("boom")
				case 3:
					return insertUser(tx, fmt.Sprint(i)) // breaks a constraint
				}
				return nil
			})
		})
	}
	waiting(t, f, writes)
	release()
	wg.Wait()
	if n := f.count(t, `SELECT count(*) FROM users`); n != writes/4 {
		t.Errorf("%d rows, want %d", n, writes/4)
	}
	for i, err := range results {
		if i%4 == 0 && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
		if (i%4 == 1 || i%4 == 3) && err == nil {
			t.Errorf("write %d reported no error", i)
		}
	}
}

func TestNobodyIsToldBeforeTheCommit(t *testing.T) {
	f := open(t)
	release := hold(t, f)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			id := fmt.Sprint(i)
			if err := f.inTx(t.Context(), func(tx *tx) error { return insertUser(tx, id) }); err != nil {
				t.Error(err)
			}
			// Another connection sees what is committed, and nothing else.
			if f.count(t, `SELECT count(*) FROM users WHERE id = $1`, id) != 1 {
				t.Errorf("write %s was acknowledged before its commit", id)
			}
		})
	}
	waiting(t, f, 32)
	release()
	wg.Wait()
}

func TestAWriteWhoseCallerIsGoneIsNotBegun(t *testing.T) {
	f := open(t)
	release := hold(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.inTx(ctx, func(tx *tx) error { return insertUser(tx, "a") }) }()
	waiting(t, f, 1)
	cancel()
	release()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if f.count(t, `SELECT count(*) FROM users`) != 0 {
		t.Error("the abandoned write happened")
	}
}

func TestCloseFinishesWhatWasAccepted(t *testing.T) {
	f := open(t)
	release := hold(t, f)
	done := make(chan error, 10)
	for i := range 10 {
		go func() {
			done <- f.inTx(context.Background(), func(tx *tx) error { return insertUser(tx, fmt.Sprint(i)) })
		}()
	}
	waiting(t, f, 10)
	closed := make(chan error)
	go func() { closed <- f.Close() }()
	release()
	for range 10 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := f.inTx(t.Context(), func(*tx) error { return nil }); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a write after Close: %v", err)
	}
}

func TestALockedDatabaseIsUnavailableAndRecoversByItself(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "before")
	f.writerPragma(t, `PRAGMA busy_timeout = 50`)

	other := raw(t, f.path)
	other.SetMaxOpenConns(1)
	lock, err := other.Begin() // immediate
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateNote(t.Context(), v, "", "during"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("while another process writes: %v", err)
	}
	if got := bodies(t, f, v); len(got) != 1 {
		t.Errorf("reading did not go on: %v", got)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	f.note(t, v, "after")
}

func TestADamagedDatabaseIsUnavailable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{URL: "sqlite:" + path}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("error = %v", err)
	}
}

func TestAReadOnlyDatabaseIsUnavailableForWritesAlone(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "before")
	if err := f.inTx(t.Context(), func(tx *tx) error { _, err := tx.exec(`PRAGMA query_only = 1`); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateNote(t.Context(), v, "", "x"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("error = %v", err)
	}
	if got := bodies(t, f, v); len(got) != 1 {
		t.Errorf("reading did not go on: %v", got)
	}
}

func TestAFullDatabaseIsUnavailableAndRecoversByItself(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "before")
	// SQLite answers SQLITE_FULL at this limit, as it does when the disk is full.
	f.writerPragma(t, fmt.Sprintf(`PRAGMA max_page_count = %d`, f.count(t, `PRAGMA page_count`)+2))
	large := strings.Repeat("x", 100_000)
	if _, err := f.CreateNote(t.Context(), v, "", large); !errors.Is(err, ErrUnavailable) {
		t.Errorf("on a full disk: %v", err)
	}
	if got := bodies(t, f, v); len(got) != 1 || got[0] != "before" {
		t.Errorf("after a full disk the notes are %v", got)
	}
	// The same in a batch: SQLite rolls all of it back, so its other writes fail as well,
	// and each is told the same.
	f.writerPragma(t, fmt.Sprintf(`PRAGMA max_page_count = %d`, f.count(t, `PRAGMA page_count`)+2))
	release := hold(t, f)
	var wg sync.WaitGroup
	for i := range 6 {
		body := "small"
		if i == 3 {
			body = large
		}
		wg.Go(func() {
			if _, err := f.CreateNote(t.Context(), v, "", body); !errors.Is(err, ErrUnavailable) {
				t.Errorf("in a batch on a full disk: %v", err)
			}
		})
	}
	waiting(t, f, 6)
	release()
	wg.Wait()
	if got := bodies(t, f, v); len(got) != 1 {
		t.Errorf("after a batch on a full disk the notes are %v", got)
	}
	// The failed write dropped its connection, and the limit with it: as if there were
	// space again.
	f.note(t, v, "after "+large)
}

// writerPragma sets something on the writer's own connection.
func (f *fixture) writerPragma(t *testing.T, pragma string) {
	t.Helper()
	if err := f.inTx(t.Context(), func(tx *tx) error { var n int; return tx.queryRow(pragma).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
}
