package db

import (
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/guestpad/guestpad/migrations"
)

func fileMode(t testing.TB, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// raw is a plain handle on a database file, to do to it what a crash does.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	handle, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = handle.Close() })
	return handle
}

func mustExec(t testing.TB, handle *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := handle.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

func TestMigrationHealsAfterACrashBeforeTheStepWasApplied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	handle := raw(t, path)
	mustExec(t, handle, `CREATE TABLE schema_migrations (version uint64, dirty bool)`)
	mustExec(t, handle, `INSERT INTO schema_migrations VALUES (1, TRUE)`)
	openAndWrite(t, path)
}

func TestMigrationHealsAfterACrashBetweenTheStepAndItsMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	openAndWrite(t, path)
	mustExec(t, raw(t, path), `UPDATE schema_migrations SET dirty = TRUE`)
	openAndWrite(t, path)
}

func openAndWrite(t *testing.T, path string) {
	t.Helper()
	d, err := Open(t.Context(), Config{URL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	f := &fixture{DB: d}
	f.note(t, newGuest(), "still works")
}

func TestASchemaNewerThanTheProgramIsRefusedInOneSentence(t *testing.T) {
	for _, isDirty := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "guestpad.db")
		openAndWrite(t, path)
		mustExec(t, raw(t, path), `UPDATE schema_migrations SET version = 999, dirty = $1`, isDirty)
		_, err := Open(t.Context(), Config{URL: "sqlite:" + path})
		if !errors.Is(err, ErrSchemaTooNew) {
			t.Errorf("dirty %v: error = %v", isDirty, err)
		}
	}
}

func TestEveryMigrationNotesItsOwnNumber(t *testing.T) {
	names, err := fs.Glob(migrations.FS, "*.up.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := migrations.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		digits, _, _ := strings.Cut(name, "_")
		number, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatal(err)
		}
		note := "INSERT INTO applied_migrations (version) VALUES (" + strconv.Itoa(number) + ");"
		if !strings.Contains(string(text), note) {
			t.Errorf("%s lacks: %s", name, note)
		}
	}
}

func TestDownUndoesUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guestpad.db")
	openAndWrite(t, path)
	handle, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMigrate(handle)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	_, _ = m.Close()
	var left int
	if err := raw(t, path).QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'schema_migrations'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables are left, error %v", left, err)
	}
	openAndWrite(t, path)
}

// TestEveryOwnedTableIsRekeyed walks the schema: a new table with an owner fails here
// until it comes along with the rekey.
func TestEveryOwnedTableIsRekeyed(t *testing.T) {
	f := open(t)
	var owned []string
	for _, table := range tables(t, f) {
		if f.count(t, `SELECT count(*) FROM pragma_table_info($1) WHERE name = 'owner_id'`, table) == 0 {
			continue
		}
		owned = append(owned, table)
		if !slices.ContainsFunc(ownedTables, func(o ownedTable) bool { return o.name == table }) {
			t.Errorf("%s has an owner and is missing from ownedTables", table)
		}
		if f.count(t, `SELECT count(*) FROM pragma_foreign_key_list($1) WHERE "from" = 'owner_id' AND "table" = 'users' AND on_delete = 'CASCADE'`, table) != 1 {
			t.Errorf("%s.owner_id does not cascade from users", table)
		}
		if f.count(t, `SELECT count(*) FROM pragma_index_list($1) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = 'owner_id' AND NOT l.partial`, table) == 0 {
			t.Errorf("%s has no index that starts with owner_id", table)
		}
	}
	if len(owned) != len(ownedTables) {
		t.Errorf("the schema owns %v, ownedTables is %v", owned, ownedTables)
	}
}

// TestEveryReferenceToUsersIsDecided makes whoever adds a table that points to users say
// what happens to it in a rekey.
func TestEveryReferenceToUsersIsDecided(t *testing.T) {
	decided := map[string]string{
		"profiles.owner_id": "moves", "notes.owner_id": "moves",
		"identities.user_id": "belongs to users only", "sessions.user_id": "belongs to users only",
		"avatars.user_id": "belongs to users only", "merges.user_id": "belongs to users only",
		"users.merged_into": "is the tombstone", "handoffs.guest_id": "belongs to guests only",
	}
	f := open(t)
	for _, table := range tables(t, f) {
		err := f.reads(t.Context()).each(func(row scanner) error {
			var column string
			if err := row.Scan(&column); err != nil {
				return err
			}
			if decided[table+"."+column] == "" {
				t.Errorf("%s.%s refers to users: does it move with a rekey?", table, column)
			}
			return nil
		}, `SELECT "from" FROM pragma_foreign_key_list($1) WHERE "table" = 'users'`, table)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func tables(t *testing.T, f *fixture) (names []string) {
	t.Helper()
	err := f.reads(t.Context()).each(func(row scanner) error {
		var name string
		err := row.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}
