package handlers

import (
	"database/sql"
	"testing"

	_ "modernc.org/sqlite"
)

// rawHandle is a plain handle on the database, to look at rows and to do harm.
func rawHandle(t testing.TB, path string) *sql.DB {
	t.Helper()
	handle, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000&_foreign_keys=1")
	if err != nil {
		t.Fatal(err)
	}
	handle.SetMaxOpenConns(1)
	return handle
}
