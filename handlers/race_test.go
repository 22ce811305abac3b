package handlers

import (
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/guestpad/guestpad/db"
)

// races is how often TestCallbacksWritesAndSignOutsAtOneInstant lets them collide.
var races = flag.Int("races", 40, "how often logins, writes and sign-outs collide")

// TestCallbacksWritesAndSignOutsAtOneInstant lets two logins and several writes of one
// guest, and a write and the sign-out of the user's other browser, begin at the same
// moment. Whatever their order: one merge, every acknowledged word is there once, no
// refused one is, and nothing is left under the tombstone.
func TestCallbacksWritesAndSignOutsAtOneInstant(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	r := &race{site: s, guests: make(map[string]bool), acknowledged: make(map[string]bool)}
	for i := range *races {
		r.run(t, i)
	}

	stored := make(map[string]int)
	handle := rawHandle(t, s.dbPath)
	defer handle.Close()
	rows, err := handle.Query(`SELECT n.body, n.owner_id FROM notes n`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body, ownerID string
		if err := rows.Scan(&body, &ownerID); err != nil {
			t.Fatal(err)
		}
		stored[body]++
		if r.guests[ownerID] {
			t.Errorf("%q is left under the tombstone", body)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for body, wasAcknowledged := range r.acknowledged {
		if want := map[bool]int{true: 1, false: 0}[wasAcknowledged]; stored[body] != want {
			t.Errorf("%q: acknowledged %v, stored %d times", body, wasAcknowledged, stored[body])
		}
		delete(stored, body)
	}
	if len(stored) != 0 {
		t.Errorf("nobody wrote %v", stored)
	}
	if n := s.rows(`SELECT count(*) FROM profiles p JOIN users u ON u.id = p.owner_id WHERE u.merged_at IS NOT NULL`); n != 0 {
		t.Errorf("%d profiles are left under tombstones", n)
	}
	for guestID := range r.guests {
		var merges int
		if err := handle.QueryRow(`SELECT count(*) FROM merges WHERE guest_id = $1`, guestID).Scan(&merges); err != nil || merges != 1 {
			t.Errorf("guest %s has %d merges, %v", guestID, merges, err)
		}
	}
}

// race collects what was answered.
type race struct {
	site   *site
	guests map[string]bool

	mu           sync.Mutex
	acknowledged map[string]bool // by text
}

func (r *race) run(t *testing.T, i int) {
	t.Helper()
	s := r.site
	// Each race comes from an address of its own, so that no limit is met.
	from := header{"X-Forwarded-For", fmt.Sprintf("10.1.%d.%d", i/250, i%250+1)}
	person := []string{"ada", "grace", "katherine"}[i%3]
	elsewhere := s.visitor()
	elsewhere.get(elsewhere.approve(elsewhere.begin(from), person, ""), from).must(t, 303)

	guestID := uuid.NewString()
	r.guests[guestID] = true
	first, err := s.db.CreateNote(t.Context(), db.NewGuest(guestID), "", fmt.Sprint("first ", i))
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.keys().seal(guestToken, &guestClaims{ID: guestID})
	if err != nil {
		t.Fatal(err)
	}
	tab := func() *visitor {
		v := s.visitor()
		v.setCookie("__Host-guest", token)
		return v
	}

	var wg sync.WaitGroup
	start := make(chan struct{})
	atOnce := func(do func()) { wg.Go(func() { <-start; do() }) }
	write := func(v *visitor, method, path string, form url.Values) {
		atOnce(func() {
			a := v.do(method, path, form, from)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.acknowledged[form.Get("body")] = a.StatusCode == 303
		})
	}
	for range 2 {
		v := tab()
		callback := v.approve(v.begin(from), person, "")
		atOnce(func() { r.want303(t, v.get(callback, from)) })
	}
	for n := range 3 {
		write(tab(), "POST", "/notes", url.Values{"body": {fmt.Sprintf("written %d-%d", i, n)}})
	}
	saved := fmt.Sprint("saved ", i)
	write(tab(), "PUT", "/notes/"+first.ID, url.Values{"body": {saved}, "version": {"1"}})
	atOnce(func() {
		tab().do("PUT", "/profiles/"+db.GeneratedProfile(guestID).ID, url.Values{"emoji": {"🦊"}, "name": {"x"}}, from)
	})
	write(elsewhere, "POST", "/notes", url.Values{"body": {fmt.Sprint("elsewhere ", i)}})
	atOnce(func() { r.want303(t, elsewhere.post("/logout", url.Values{}, from)) })
	close(start)
	wg.Wait()
	r.acknowledged[fmt.Sprint("first ", i)] = !r.acknowledged[saved]
}

func (r *race) want303(t *testing.T, a answer) {
	if a.StatusCode != 303 {
		t.Errorf("%s %s: status %d\n%.600s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body)
	}
}

// begin leaves for GitHub from an address.
func (v *visitor) begin(from header) (authorizeURL string) {
	v.t.Helper()
	return v.post("/auth/github", url.Values{"carry": {"true"}}, from).must(v.t, 303).location()
}
