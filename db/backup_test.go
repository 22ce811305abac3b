package db

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func quietly(int64, int64) {}

func backup(t testing.TB, f *fixture, file string) Contents {
	t.Helper()
	c, err := Backup(t.Context(), "sqlite:"+f.path, file, quietly)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openAt opens a database in the place of the fixture's.
func openAt(t testing.TB, path string) *fixture {
	t.Helper()
	d, err := Open(t.Context(), Config{URL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return &fixture{DB: d, path: path}
}

func files(t testing.TB, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestABackupUnderWritesIsOneMoment writes notes two by two while backups are made: each
// has all that was acknowledged before it began, and no half of a pair.
func TestABackupUnderWritesIsOneMoment(t *testing.T) {
	f := open(t)
	other := openAt(t, f.path) // as another process has it
	v := newGuest()
	written := make(chan int, 100_000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n += 2 {
			if _, err := other.CreateNotes(context.WithoutCancel(ctx), v, []Note{{Body: "one"}, {Body: "two"}}); err != nil {
				t.Error(err)
				return
			}
			written <- n + 2
		}
	}()
	folder := t.TempDir()
	acknowledged := <-written
	for _, name := range []string{"1.db", "2.db", "3.db", "4.db", "5.db"} {
		for len(written) > 0 {
			acknowledged = <-written
		}
		file := filepath.Join(folder, name)
		c := backup(t, f, file)
		if c.Notes < acknowledged || c.Notes%2 != 0 {
			t.Errorf("%s has %d notes, and %d were acknowledged before", name, c.Notes, acknowledged)
		}
		if mode := fileMode(t, file); mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
		<-written // somebody wrote meanwhile
	}
	cancel()
	<-ended
	if names := files(t, folder); len(names) != 5 {
		t.Errorf("beside the backups there is something else: %v", names)
	}
}

func TestABackupNeverOverwrites(t *testing.T) {
	f := open(t)
	f.note(t, newGuest(), "x")
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), "sqlite:"+f.path, file, quietly); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error = %v", err)
	}
	// Also when it comes into being after the look.
	draft, err := newDraft(filepath.Dir(file), "draft")
	if err != nil {
		t.Fatal(err)
	}
	if err := appear(draft, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error = %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Errorf("it holds %q, %v", text, err)
	}
}

func TestNoDatabaseIsMadeWhereThereIsNone(t *testing.T) {
	folder := t.TempDir()
	at := "sqlite:" + filepath.Join(folder, "guestpad.db")
	if _, err := OpenExisting(t.Context(), Config{URL: at}); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("open: %v", err)
	}
	if _, err := Backup(t.Context(), at, filepath.Join(folder, "backup.db"), quietly); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("backup: %v", err)
	}
	if names := files(t, folder); len(names) != 0 {
		t.Errorf("there is %v", names)
	}
	empty := filepath.Join(folder, "guestpad.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenExisting(t.Context(), Config{URL: at}); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("open an empty file: %v", err)
	}
	if size, err := fileSize(empty); size != 0 || err != nil {
		t.Errorf("it has %d bytes, %v", size, err)
	}
}

func TestAnExistingDatabaseIsOpenedAsItIsOrNotAtAll(t *testing.T) {
	for version, want := range map[int]error{1: ErrSchemaTooOld, 999: ErrSchemaTooNew} {
		path := filepath.Join(t.TempDir(), "guestpad.db")
		openAndWrite(t, path)
		handle := raw(t, path)
		mustExec(t, handle, `UPDATE schema_migrations SET version = $1`, version)
		if _, err := OpenExisting(t.Context(), Config{URL: "sqlite:" + path}); !errors.Is(err, want) {
			t.Errorf("schema %d: %v", version, err)
		}
		var is int
		if err := handle.QueryRow(`SELECT version FROM schema_migrations`).Scan(&is); err != nil || is != version {
			t.Errorf("schema %d became %d, %v", version, is, err)
		}
	}
}

func TestRestoreBringsTheSameNotesAndPutsTheOthersAside(t *testing.T) {
	f := open(t)
	v := newGuest()
	for _, body := range []string{"first", "second", "third"} {
		f.note(t, v, body)
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	backup(t, f, file)
	want := bodies(t, f, v)
	f.note(t, v, "after the backup")

	path := f.path
	if _, err := Restore(t.Context(), "sqlite:"+path, file, quietly); !errors.Is(err, ErrInUse) {
		t.Fatalf("while it is open: %v", err)
	}
	if _, err := CheckRestore(t.Context(), "sqlite:"+path, file, quietly); !errors.Is(err, ErrInUse) {
		t.Fatalf("a dry run while it is open: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), "sqlite:"+path, file, quietly)
	if err != nil {
		t.Fatal(err)
	}
	restored := openAt(t, path)
	if got := bodies(t, restored, v); !slices.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
	f = openAt(t, r.Aside)
	if got := bodies(t, f, v); len(got) != 4 {
		t.Errorf("put aside %v", got)
	}
	if fileMode(t, path) != 0o600 {
		t.Errorf("mode %o", fileMode(t, path))
	}
	// And back, with what the log holds of the one put aside.
	f.note(t, v, "since it was put aside")
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), "sqlite:"+path, r.Aside, quietly); err != nil {
		t.Fatal(err)
	}
	if got := bodies(t, openAt(t, path), v); len(got) != 5 {
		t.Errorf("back again: %v", got)
	}
}

func TestAServerThatWasNeverAskedHasItsDatabaseInUseToo(t *testing.T) {
	f := open(t) // no connection yet
	file := filepath.Join(t.TempDir(), "backup.db")
	backup(t, f, file)
	if _, err := Restore(t.Context(), "sqlite:"+f.path, file, quietly); !errors.Is(err, ErrInUse) {
		t.Errorf("error = %v", err)
	}
}

func TestRestoreSeesAShellThatKnowsNoLockOfOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	openAndWrite(t, path)
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), "sqlite:"+path, file, quietly); err != nil {
		t.Fatal(err)
	}
	shell := raw(t, path)
	mustExec(t, shell, `UPDATE users SET name = name`)
	if _, err := Restore(t.Context(), "sqlite:"+path, file, quietly); !errors.Is(err, ErrInUse) {
		t.Errorf("error = %v", err)
	}
	if err := shell.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), "sqlite:"+path, file, quietly); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestRestoreRefusesWhatIsNoGoodAndLeavesWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "guestpad.db")
	openAndWrite(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(file string) error{
		"nothing": func(file string) error { return os.Truncate(file, 0) },
		"half":    func(file string) error { return os.Truncate(file, int64(len(whole)/2)) },
		"text":    func(file string) error { return os.WriteFile(file, []byte("not a database, but a longer text"), 0o600) },
		"a page of zeros": func(file string) error {
			return os.WriteFile(file, slices.Concat(whole[:8192], make([]byte, 4096), whole[12288:]), 0o600)
		},
		"another program":  func(file string) error { return execOn(file, `ALTER TABLE schema_migrations RENAME TO other`) },
		"a newer guestpad": func(file string) error { return execOn(file, `UPDATE schema_migrations SET version = 999`) },
		"a row of nobody":  func(file string) error { return execOn(file, `PRAGMA foreign_keys = 0; DELETE FROM users`) },
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "backup.db")
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := spoil(file); err != nil {
				t.Fatal(err)
			}
			before := files(t, folder)
			if _, err := CheckRestore(t.Context(), "sqlite:"+path, file, quietly); err == nil {
				t.Error("a dry run sees nothing wrong")
			}
			if _, err := Restore(t.Context(), "sqlite:"+path, file, quietly); err == nil {
				t.Error("it was restored")
			} else {
				t.Log(err)
			}
			if now, err := os.ReadFile(path); err != nil || !slices.Equal(now, whole) || !slices.Equal(files(t, folder), before) {
				t.Errorf("the folder has changed: %v", files(t, folder))
			}
		})
	}
}

func execOn(path, query string) error {
	d, err := sql.Open("sqlite", plainSource(path, "mode=rw"))
	if err != nil {
		return err
	}
	_, err = d.Exec(query)
	return errors.Join(err, d.Close())
}

func TestADamagedDatabaseCanBeReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	openAndWrite(t, path)
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), "sqlite:"+path, file, quietly); err != nil {
		t.Fatal(err)
	}
	// A log that SQLite would write into any database of this size that it finds beside it.
	writing := raw(t, path)
	mustExec(t, writing, `UPDATE notes SET title = 'from the log'`)
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatal(err)
	}
	if err := writing.Close(); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"text":    func() error { return os.WriteFile(path, []byte("not a database any more"), 0o600) },
		"nothing": func() error { return os.Truncate(path, 0) },
		"no file": func() error { return os.Remove(path) },
	} {
		if err := damage(); err != nil {
			t.Fatal(name, err)
		}
		damaged, _ := os.ReadFile(path)
		if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Restore(t.Context(), "sqlite:"+path, file, quietly)
		if err != nil {
			t.Fatal(name, err)
		}
		if name == "no file" {
			if r.Aside != "" {
				t.Errorf("%s: put aside %s", name, r.Aside)
			}
		} else if kept, err := os.ReadFile(r.Aside); !slices.Equal(kept, damaged) {
			t.Errorf("%s: put aside %q, %v", name, kept, err)
		} else if kept, err := os.ReadFile(r.Aside + "-wal"); !slices.Equal(kept, log) {
			t.Errorf("%s: put aside a log of %d bytes, %v", name, len(kept), err)
		}
		if size, err := fileSize(path + "-wal"); size != 0 || err != nil {
			t.Errorf("%s: the log of the former one is still there, %v", name, err)
		}
		f := openAt(t, path)
		if n := f.count(t, `SELECT count(*) FROM notes WHERE title = 'from the log'`); n != 0 {
			t.Errorf("%s: the log of the former one is in the restored one", name)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsExpiredIsWhatPurgeRemoves(t *testing.T) {
	f := open(t)
	ttl := SessionIdle // the sessions are idle as soon as the guests are expired
	for range 3 {
		v := newGuest()
		n := f.note(t, v, "x")
		if err := f.DeleteNote(t.Context(), v, n.ID); err != nil { // goes with its guest
			t.Fatal(err)
		}
	}
	v, _ := f.signIn(t, "1", newGuest().ID) // a tombstone
	n := f.note(t, v, "x")
	if err := f.DeleteNote(t.Context(), v, n.ID); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(ttl + ArchivedFor + 25*time.Hour)
	f.signIn(t, "2", newGuest().ID)
	f.note(t, newGuest(), "stays")

	want := Purged{Guests: 3, Tombstones: 1, Sessions: 1, Notes: 1}
	if got, err := f.Expired(t.Context(), ttl); err != nil || got != want {
		t.Errorf("expired: %+v, %v; want %+v", got, err, want)
	}
	if got, err := f.Purge(t.Context(), ttl); err != nil || got != want {
		t.Errorf("purged: %+v, %v; want %+v", got, err, want)
	}
	if got, err := f.Expired(t.Context(), ttl); err != nil || got != (Purged{}) {
		t.Errorf("expired after it: %+v, %v", got, err)
	}
	if s, err := f.Stats(t.Context(), ttl); err != nil || s.Guests != 1 || s.Users != 2 || s.Sessions != 1 || s.Notes != 1 || s.Merges != 2 || s.Tombstones != 1 || s.DatabaseBytes == 0 || s.SchemaVersion == 0 {
		t.Errorf("stats: %+v, %v", s, err)
	}
}
