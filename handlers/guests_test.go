package handlers

import (
	"net/url"
	"strings"
	"testing"
)

func TestGuestsMayOnlyReadWhenTheOperatorSaysSo(t *testing.T) {
	open := newSite(t)
	v := open.newGuest()
	id := v.write("# From better days")
	s := newSite(t, func(c *Config) { c.DB, c.Guests = open.db, GuestsReadOnly })
	guest := s.visitor()
	guest.setCookie("__Host-guest", v.cookie("__Host-guest"))

	guest.get("/editor/"+id).must(t, 200).has(t, "From better days", "Guests can read here", "readonly", `href="/login?next=%2Feditor"`)
	for _, r := range s.routes() {
		isGuests := strings.HasPrefix(r.path, "/notes") || strings.HasPrefix(r.path, "/profiles") || r.path == "/continue/start"
		if r.method == "GET" || r.method == "HEAD" || !isGuests {
			continue
		}
		form := url.Values{"body": {"typed in vain"}, "version": {"1"}, "emoji": {"🦊"}, "name": {"x"}, "_method": {"PUT"}}
		if r.method == "DELETE" {
			form = nil
		}
		a := guest.do(r.method, r.fill(id), form)
		if a.StatusCode != 403 || !strings.Contains(a.shown(), "Guests cannot write here") {
			t.Errorf("%v: status %d", r, a.StatusCode)
		}
		if r.method == "POST" && r.path == "/notes" {
			a.has(t, "typed in vain", "Try again")
		}
	}
	guest.imports([]file{{"a.md", "A"}}).must(t, 403).has(t, "Guests cannot write here")
	if n := open.rows(`SELECT count(*) FROM notes WHERE body = '# From better days' AND deleted_at IS NULL`); n != 1 {
		t.Errorf("%d notes as they were", n)
	}
	// What is there can leave: into an account, into a file, for good.
	guest.get("/export").must(t, 200)
	guest.get(guest.signIn("ada").location()).must(t, 200).has(t, "1 note came with you").hasNot(t, "Guests can read here")
	guest.write("written as a user")
}

func TestGuestsOnlySignInWhenTheyAreSwitchedOff(t *testing.T) {
	open := newSite(t)
	v := open.newGuest()
	id := v.write("# From better days")
	s := newSite(t, func(c *Config) { c.DB, c.Guests = open.db, GuestsOff })
	guest, stranger := s.visitor(), s.visitor()
	guest.setCookie("__Host-guest", v.cookie("__Host-guest"))
	for _, path := range []string{"/editor", "/editor/" + id, "/trash", "/import"} {
		if to := guest.get(path).must(t, 303).location(); to != loginPath(path) {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	stranger.get(stranger.get("/editor").must(t, 303).location()).must(t, 200).has(t, "Continue with GitHub").hasNot(t, "as a guest")
	guest.post("/notes", url.Values{"body": {"x"}}).must(t, 403)
	guest.get("/settings").must(t, 200)
	guest.get(guest.signIn("ada").location()).must(t, 200).has(t, "1 note came with you")
	guest.get("/erase").must(t, 200)
}
