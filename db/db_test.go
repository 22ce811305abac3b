package db

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// fixture is a real database in a folder of the test's own, with a clock that the test
// sets and the log that it wrote.
type fixture struct {
	*DB
	path  string
	clock *clock
	log   *logBuffer
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// events counts the lines of an audit event.
func (l *logBuffer) events(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), "msg="+name+" ")
}

func open(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{
		path:  filepath.Join(t.TempDir(), "guestpad.db"),
		clock: &clock{now: time.Date(2026, 11, 21, 14, 2, 0, 0, time.UTC)},
		log:   &logBuffer{},
	}
	d, err := Open(t.Context(), Config{URL: "sqlite:" + f.path, Log: slog.New(slog.NewTextHandler(f.log, nil)), Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	f.DB = d
	return f
}

func newGuest() Viewer { return NewGuest(uuid.NewString()) }

// guest is a guest as a request sees it that comes now.
func (f *fixture) guest(t testing.TB, id string) Viewer {
	t.Helper()
	v, err := f.Guest(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// note makes a note of the viewer.
func (f *fixture) note(t testing.TB, v Viewer, body string) Note {
	t.Helper()
	n, err := f.CreateNote(t.Context(), v, uuid.NewString(), body)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// signIn signs in as a person of GitHub, with a new session.
func (f *fixture) signIn(t testing.TB, subject, guestID string) (Viewer, SignedIn) {
	t.Helper()
	in := SignIn{Provider: "github", Subject: subject, Login: "login" + subject, Name: "Person " + subject,
		AccessToken: "sealed", GuestID: guestID, SessionHash: uuid.NewString(), UserAgent: "test"}
	out, err := f.SignIn(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Session(t.Context(), in.SessionHash)
	if err != nil {
		t.Fatal(err)
	}
	return v, out
}

// count asks the database for a number.
func (f *fixture) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := f.read.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func bodies(t testing.TB, f *fixture, v Viewer) []string {
	t.Helper()
	v.HasRow = true
	notes, _, err := f.Notes(t.Context(), v, Cursor{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range notes {
		all = append(all, n.Title)
	}
	return all
}

// profiles is how a viewer appears now.
func (f *fixture) profiles(t *testing.T, v Viewer) []Profile {
	t.Helper()
	holdings, err := f.Holdings(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return holdings.Profiles
}

func TestReadingAsAStrangerWritesNothing(t *testing.T) {
	f := open(t)
	for range 1000 {
		v := f.guest(t, uuid.NewString())
		if _, err := f.Holdings(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Notes(t.Context(), v, Cursor{}, 50); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.count(t, `SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users after reading alone", n)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	f := open(t)
	if _, err := f.read.Exec(`DELETE FROM users`); err == nil {
		t.Error("the pool of readers took a write")
	}
}

func TestTheDatabaseIsForItsOwnerAlone(t *testing.T) {
	f := open(t)
	f.note(t, newGuest(), "x")
	for _, name := range []string{f.path, f.path + "-wal"} {
		if mode := fileMode(t, name); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), mode)
		}
	}
}

func TestAURLThatIsNotSQLiteIsRefusedWithoutItsPassword(t *testing.T) {
	_, err := Open(context.Background(), Config{URL: "postgres://me:hunter2@example.org/notes"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error = %v", err)
	}
	if !strings.Contains(fmt.Sprint(err), "sqlite:PATH") {
		t.Errorf("the error does not say what is wanted: %v", err)
	}
}

func TestAPathMayHoldCharactersThatMeanSomethingInAURL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "50% of #notes?", "guest pad.db")
	d, err := Open(t.Context(), Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if fileMode(t, path) != 0o600 {
		t.Error("the database is somewhere else")
	}
}
