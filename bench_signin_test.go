//go:build bench

package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guestpad/guestpad/db"
)

const (
	signInRounds = 7
	// signInsARound are prepared, and then timed one after another.
	signInsARound  = 100
	signInNotes    = 8
	signInProfiles = 2
	signInBytes    = 1 << 10
)

// benchSignIn compares login callbacks that rekey 10 rows with raw UPDATEs, one callback
// with one UPDATE. GitHub answers from memory, at once.
func benchSignIn(t *testing.T, out *table) {
	network := http.DefaultTransport
	http.DefaultTransport = newGitHub(t)
	defer func() { http.DefaultTransport = network }()
	s, raw := startSite(t), openRawUpdates(t)
	c := connectTo(t, s.addr)
	signIns := func() float64 {
		ready, back := make([]aSignIn, signInsARound), make([]answer, signInsARound)
		for i := range ready {
			ready[i] = s.beginSignIn()
		}
		start := time.Now()
		for i, r := range ready {
			a, err := c.do(r.callback)
			must(t, err)
			back[i] = answer{status: a.status, head: bytes.Clone(a.head), body: bytes.Clone(a.body)}
		}
		took := time.Since(start)
		for i, r := range ready {
			r.check(t, c, back[i])
		}
		return float64(len(ready)) / took.Seconds()
	}
	taken := inTurns(signInRounds, signIns, func() float64 { return raw.oneByOne(t) })
	out.compare("sign-ins that rekey 8 notes of 1 kB and 2 profiles, to raw UPDATEs", "/s", taken[0], taken[1], atLeast(0.3))
}

// aSignIn is a guest whose browser is about to come back from GitHub.
type aSignIn struct {
	guest
	callback []byte
}

// beginSignIn makes a guest, and sends it to GitHub and half of the way back.
func (s *site) beginSignIn() aSignIn {
	g := s.newGuest(signInProfiles, signInNotes, markdownText(signInBytes))
	form := url.Values{"next": {"/editor"}, "carry": {"true"}}
	// Each address may sign in only so often.
	from := fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256))
	begun := s.browser.must(s.browser.form(http.MethodPost, "/auth/github", g.cookie, form, from))
	to := begun.header().Get("Location") + begun.header().Get("HX-Redirect")
	authorize, err := url.Parse(to)
	must(s.t, err)
	query := url.Values{"code": {"code"}, "state": {authorize.Query().Get("state")}}
	cookies := g.cookie + "; " + begun.cookie("__Host-login")
	return aSignIn{guest: g, callback: s.browser.get("/auth/github/callback?"+query.Encode(), cookies)}
}

// check opens the page that the callback's answer leads to: every note must be there.
func (r aSignIn) check(t *testing.T, c *client, back answer) {
	t.Helper()
	to, session := back.header().Get("Location"), back.cookie("__Host-session")
	if back.status != http.StatusSeeOther || !strings.Contains(to, "merge=") || session == "" {
		t.Fatalf("the callback answered %d, to %q:\n%s", back.status, to, back.body)
	}
	page := c.must(c.get(to, session))
	for _, id := range slices.Concat(r.notes, r.profiles) {
		if !bytes.Contains(page.body, []byte(id)) {
			t.Fatalf("%s did not come along:\n%s", id, page.body)
		}
	}
}

// gitHub answers in GitHub's place, without a network: everyone who comes is new.
type gitHub struct {
	people  atomic.Int64
	picture []byte
}

func newGitHub(t *testing.T) *gitHub {
	var picture bytes.Buffer
	must(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 192, 192))))
	return &gitHub{picture: picture.Bytes()}
}

func (g *gitHub) RoundTrip(r *http.Request) (*http.Response, error) {
	contentType, body := "application/json", []byte(nil)
	switch r.URL.Path {
	case "/login/oauth/access_token":
		body = []byte(`{"access_token":"gho_0123456789abcdefghijklmnopqrstuvwxyz","token_type":"bearer","scope":""}`)
	case "/user":
		n := g.people.Add(1)
		body = fmt.Appendf(nil, `{"id":%d,"login":"person-%d","name":"Person %d","avatar_url":"http://%s/picture"}`, n, n, n, r.URL.Host)
	case "/picture":
		contentType, body = "image/png", g.picture
	default:
		return nil, fmt.Errorf("GitHub was asked for %s", r.URL)
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Request: r,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// rekeyRounds is how many guests of each size are signed in.
const rekeyRounds = 7

// benchRekey times the rekey of few and of many notes where much else is stored and where
// little is. It must grow with the rows that move, and with nothing else.
func benchRekey(t *testing.T, out *table) {
	sizes := []int{10, 1_000, 10_000}
	big := seedForRekey(t, 1_000_000, rekeyRounds, sizes...)
	for _, size := range sizes {
		round := -1
		taken := inTurns(rekeyRounds,
			func() float64 { round++; return big.rekey(t, size, round) },
			func() float64 { return seedForRekey(t, 1_000, 1, size).rekey(t, size, 0) },
		)
		out.compare(fmt.Sprintf("rekey of %d notes among 1,000,000 others, to among 1,000", size), "ms", taken[0], taken[1], atMost(1.5))
	}
}

type rekeyStore struct {
	store  *db.DB
	beside *sql.DB // the same file
	others int
}

// seedForRekey stores so many notes of others, and so many guests of each size. One more
// is signed in at once, so that what is timed finds a database in use.
func seedForRekey(t *testing.T, others, guests int, sizes ...int) rekeyStore {
	t.Helper()
	path := migrated(t)
	// Nobody else has the file, and what a power cut would do to it does not matter.
	pool := openSQLite(t, path, "_journal_mode=OFF&_synchronous=OFF&_pragma=cache_size(-262144)")
	const perOwner, warmUp = 100, 7
	seedNotes(t, pool, "other", others/perOwner, perOwner)
	for _, size := range sizes {
		seedNotes(t, pool, fmt.Sprintf("guest-%d", size), guests, size)
	}
	seedNotes(t, pool, fmt.Sprintf("guest-%d", warmUp), 1, warmUp)
	must(t, pool.Close())
	store, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + path, Log: discardingLog()})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	r := rekeyStore{store, openSQLite(t, path, sqliteOptions), others}
	r.rekey(t, warmUp, 0)
	return r
}

// seedNotes makes guests called name-0, name-1, …, and one after another their notes, of
// about 100 bytes each.
func seedNotes(t *testing.T, pool *sql.DB, name string, owners, perOwner int) {
	t.Helper()
	now := time.Now().UnixMilli()
	_, err := pool.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
		INSERT INTO users (id, is_guest, name, created_at, seen_at)
		SELECT $2 || '-' || i, TRUE, 'simple-red-badger', $3, $3 FROM n`, owners, name, now)
	must(t, err)
	_, err = pool.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 * $4 - 1)
		INSERT INTO notes (id, owner_id, title, excerpt, body, version, created_at, updated_at, is_pinned)
		SELECT lower(hex(randomblob(18))), $2 || '-' || (i / $4), 'Note ' || i, '', '# Note ' || i || char(10) || hex(randomblob(45)), 1, $3, $3 - i, FALSE FROM n`,
		owners, name, now, perOwner)
	must(t, err)
}

// rekey signs in a guest, and returns how many milliseconds that took.
func (r rekeyStore) rekey(t *testing.T, size, number int) float64 {
	t.Helper()
	id := fmt.Sprintf("guest-%d-%d", size, number)
	// Otherwise the log of one is written back to the file in the middle of this, and the
	// log of another is not.
	_, err := r.beside.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	must(t, err)
	start := time.Now()
	got, err := r.store.SignIn(t.Context(), db.SignIn{
		Provider: "github", Subject: id, Login: id, GuestID: id, SessionHash: "session of " + id,
	})
	took := time.Since(start)
	must(t, err)
	merge, err := r.store.Merge(t.Context(), db.Viewer{ID: got.UserID}, got.MergeID)
	must(t, err)
	held, err := r.store.Holdings(t.Context(), db.Viewer{ID: got.UserID, HasRow: true})
	must(t, err)
	if merge.Notes != size || held.Notes != min(size, db.MaxCounted) {
		t.Fatalf("of %d notes among %d, %d moved and %d are there", size, r.others, merge.Notes, held.Notes)
	}
	return took.Seconds() * 1000
}
