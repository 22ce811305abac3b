//go:build bench

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/guestpad/guestpad/db"
)

// readers is how many browsers ask for pages at once.
const readers = 8

// benchEditor compares the editor page with a handler that sends as many constant bytes.
func benchEditor(t *testing.T, out *table) {
	s := startSite(t)
	g := s.newGuest(3, 50, markdownText(4<<10))
	for _, page := range []struct {
		what   string
		cookie string
		holds  string // what every answer must hold
		aim    aim
	}{
		{"editor, fresh guest", "", "</textarea>", atLeast(0.5)},
		{"editor, returning guest: 3 profiles, 50 notes of 4 kB", g.cookie, "/editor/" + g.notes[49], atLeast(0.25)},
	} {
		plain := s.browser.get("/editor", page.cookie)
		ours, bare := s.againstCopies(t, plain, page.holds, "</html>")
		out.compare(page.what, "/s", ours, bare, page.aim)

		zipped := s.browser.get("/editor", page.cookie, "Accept-Encoding: gzip")
		a := s.browser.must(zipped)
		if text := gunzip(t, a.body); !bytes.Contains(text, []byte(page.holds)) {
			t.Fatalf("no %q in the compressed page:\n%s", page.holds, text)
		}
		ours, bare = s.againstCopies(t, zipped, "\x1f\x8b", "")
		out.compare("  the same, gzip; the yardstick sends it compressed", "/s", ours, bare, noAim)
	}
}

func (s *site) againstCopies(t *testing.T, request []byte, holds, ends string) (ours, copies samples) {
	copied := s.browser.must(request)
	rate := func(addr string) func() float64 {
		clients := connectAllTo(t, addr, readers)
		return func() float64 {
			return perSecond(t, readers, func(n, _ int) error {
				return clients[n].want(request, http.StatusOK, holds, ends)
			})
		}
	}
	taken := inTurns(rounds, rate(s.addr), rate(serveCopies(t, copied)))
	return taken[0], taken[1]
}

func gunzip(t *testing.T, compressed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	must(t, err)
	text, err := io.ReadAll(r)
	must(t, err)
	return text
}

// writers is how many guests save at once.
const writers = 32

// benchSave compares saving a profile with the UPDATE that it comes down to.
func benchSave(t *testing.T, out *table) {
	s := startSite(t)
	clients, guests, names := connectAllTo(t, s.addr, writers), make([]guest, writers), make([]string, writers)
	for i := range guests {
		guests[i] = s.newGuest(1, 0, "")
	}
	save := func(n, i int) error {
		g, c := guests[n], clients[n]
		names[n] = fmt.Sprintf("Badger %d of %d", i, n)
		form := url.Values{"emoji": {"🦡"}, "name": {names[n]}, "is_active": {"false", "true"}}
		return c.want(c.form(http.MethodPut, "/profiles/"+g.profiles[0], g.cookie, form), http.StatusOK, names[n], "")
	}
	raw := openRawUpdates(t)
	taken := inTurns(rounds,
		func() float64 { return perSecond(t, 1, save) },
		func() float64 { return perSecond(t, writers, save) },
		func() float64 { return raw.oneByOne(t) },
		func() float64 { return raw.grouped(t) },
	)
	for n, g := range guests {
		stored, err := s.store.Holdings(t.Context(), g.Viewer)
		must(t, err)
		if stored.StoredProfiles != 1 || stored.Profiles[0].Name != names[n] {
			t.Fatalf("client %d saved %q, and stored is %+v", n, names[n], stored)
		}
	}
	one, many, oneByOne, grouped := taken[0], taken[1], taken[2], taken[3]
	out.compare("profile saves, 1 client, to raw UPDATEs one by one", "/s", one, oneByOne, atLeast(0.6))
	out.compare(fmt.Sprintf("profile saves, %d clients, to raw UPDATEs one by one", writers), "/s", many, oneByOne, atLeast(2))
	out.compare(fmt.Sprintf("  the same, to raw UPDATEs %d a transaction", writers), "/s", many, grouped, noAim)
}

// sqliteOptions are those that the program opens its database with.
const sqliteOptions = "_busy_timeout=5000&_journal_mode=WAL&_foreign_keys=1&_synchronous=FULL&_txlock=immediate&_dqs=0"

func openSQLite(t *testing.T, path, options string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+path+"?"+options)
	must(t, err)
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// migrated is the path of a new database with the program's schema, which nobody has open.
func migrated(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "raw.db")
	store, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + path, Log: discardingLog()})
	must(t, err)
	must(t, store.Close())
	return path
}

// rawUpdates is the yardstick of writes: a prepared UPDATE of a profile, on the same
// schema, with the same settings, by the same driver, on one connection.
type rawUpdates struct {
	pool   *sql.DB
	update *sql.Stmt
	done   int
}

func openRawUpdates(t *testing.T) *rawUpdates {
	t.Helper()
	pool := openSQLite(t, migrated(t), sqliteOptions)
	for n := range writers {
		_, err := pool.Exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at) VALUES ($1, TRUE, 'simple-red-badger', 0, 0)`, rawOwner(n))
		must(t, err)
		_, err = pool.Exec(`INSERT INTO profiles (id, owner_id, emoji, name, is_active, position, created_at, updated_at)
			VALUES ($1, $2, '🦡', 'Red Badger', TRUE, 1, 0, 0)`, rawProfile(n), rawOwner(n))
		must(t, err)
	}
	update, err := pool.Prepare(`UPDATE profiles SET emoji = $1, name = $2, is_active = $3, updated_at = $4 WHERE id = $5 AND owner_id = $6`)
	must(t, err)
	t.Cleanup(func() { _ = update.Close() })
	return &rawUpdates{pool: pool, update: update}
}

// Ids are as long as real ones.
func rawOwner(n int) string   { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }
func rawProfile(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000001", n) }

func (r *rawUpdates) exec(update *sql.Stmt) error {
	n := r.done % writers
	result, err := update.ExecContext(context.Background(), "🦊", fmt.Sprintf("Badger %d of %d", r.done, n), r.done%2 == 0,
		time.Now().UnixMilli(), rawProfile(n), rawOwner(n))
	if err != nil {
		return err
	}
	r.done++
	if rows, err := result.RowsAffected(); err != nil || rows != 1 {
		return fmt.Errorf("%d rows updated: %w", rows, err)
	}
	return nil
}

func (r *rawUpdates) oneByOne(t *testing.T) float64 {
	return perSecond(t, 1, func(int, int) error { return r.exec(r.update) })
}

func (r *rawUpdates) grouped(t *testing.T) float64 {
	return writers * perSecond(t, 1, func(int, int) error {
		tx, err := r.pool.Begin()
		if err != nil {
			return err
		}
		update := tx.Stmt(r.update)
		for range writers {
			if err := r.exec(update); err != nil {
				_ = tx.Rollback()
				return err
			}
		}
		return tx.Commit()
	})
}
