package handlers

import (
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var guestBadge = regexp.MustCompile(`Browsing as guest · id ([0-9a-f]{8})…`)

// badge is the eight characters of the guest's id that the page shows.
func (a answer) badge(t testing.TB) string {
	t.Helper()
	found := guestBadge.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no guest's badge in\n%.3000s", a.body)
	}
	return found[1]
}

func TestTheFirstAnswerShowsAnIdentity(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	if to := v.get("/").must(t, 302).location(); to != "/editor" {
		t.Errorf("/ leads to %q", to)
	}
	fresh := s.visitor()
	page := fresh.get("/editor").must(t, 200)
	cookie := page.sets("__Host-guest")
	if cookie == nil || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge != 45*24*60*60 {
		t.Fatalf("cookie = %+v", cookie)
	}
	id := fresh.guestID()
	if badge := page.badge(t); badge != id[:8] {
		t.Errorf("the badge says %s, the cookie %s", badge, id)
	}
	again := fresh.get("/editor").must(t, 200)
	if again.sets("__Host-guest") != nil || again.badge(t) != id[:8] {
		t.Error("the second visit is someone else")
	}
}

// visits is how many strangers TestVisitsLeaveTheDatabaseUnchanged lets in.
var visits = flag.Int("visits", 2000, "how many strangers visit")

func TestVisitsLeaveTheDatabaseUnchanged(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	size := func() (sum int64) {
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(s.dbPath + suffix); err == nil {
				sum += info.Size()
			}
		}
		return sum
	}
	before := size()
	kept := s.newGuest()
	token := "__Host-guest=" + kept.cookie("__Host-guest")
	paths := []string{"/", "/editor", "/login", "/emoji?q=fox", "/healthz", "/readyz", "/editor/none", "/nothing"}
	for i := range *visits {
		// Straight into the router: a million requests over a socket would take minutes.
		r := httptest.NewRequest([]string{"GET", "HEAD"}[i%2], s.url.String()+paths[i/2%len(paths)], nil)
		if i%3 == 1 {
			r.Header.Set("Sec-Purpose", "prefetch")
		}
		if i%3 == 2 {
			r.Header.Set("Cookie", token)
		}
		s.router.ServeHTTP(httptest.NewRecorder(), r)
	}
	if after := size(); after != before {
		t.Errorf("the database grew from %d to %d bytes", before, after)
	}
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
}

func TestAWriteWithoutACookieMakesNoRowAndKeepsTheText(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.post("/notes", url.Values{"body": {"my <only> copy"}}).must(t, 403).
		has(t, "my <only> copy", "cookies", "Try again").hasNot(t, "<only>\n")
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
	// The answer brought a cookie, so trying again works.
	v.write("my only copy")
}

func TestHtmxIsToldAboutAMissingCookieBesideTheText(t *testing.T) {
	s := newSite(t)
	a := s.visitor().post("/notes", url.Values{"body": {"x"}}, htmx).must(t, 403)
	if a.Header.Get("HX-Retarget") != "#notice" || strings.Contains(a.body, "<html") {
		t.Errorf("retarget %q, body %.200s", a.Header.Get("HX-Retarget"), a.body)
	}
}

func TestGuestIDsFromElsewhereAreIgnored(t *testing.T) {
	s := newSite(t)
	owner := s.newGuest()
	noteID := owner.write("secret")
	id := owner.guestID()
	stranger := s.newGuest()
	for _, path := range []string{"/editor?guest=" + id, "/editor?id=" + id, "/editor?owner_id=" + id} {
		stranger.get(path, header{"X-Guest-Id", id}, header{"Authorization", "Bearer " + id}).must(t, 200).hasNot(t, "secret", id[:8])
	}
	mine := stranger.write("mine")
	stranger.post("/notes/"+mine, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"still mine"}, "owner_id": {id}, "id": {noteID}}).must(t, 303)
	if n := s.rows(`SELECT count(*) FROM notes WHERE owner_id = $1`, id); n != 1 {
		t.Errorf("the owner has %d notes", n)
	}
}

// TestNoTokenWorksInAnotherSlot puts every kind of value into every cookie.
func TestNoTokenWorksInAnotherSlot(t *testing.T) {
	s := newSite(t)
	user := s.newGuest()
	user.write("the user's words")
	user.leave(url.Values{})
	guest, login := user.cookie("__Host-guest"), user.cookie("__Host-login")
	user.signIn("ada")
	session := user.cookie("__Host-session")
	access := tokenOf(t, s.keys(), accessToken)
	values := map[string]string{"guest": guest, "login": login, "session": session, "access": access, "junk": "junk", "id": user.guestIDOf(guest)}
	for kind, value := range values {
		for _, slot := range []string{"__Host-guest", "__Host-session", "__Host-login"} {
			if slot == "__Host-"+kind {
				continue
			}
			v := s.visitor()
			v.setCookie(slot, value)
			v.get("/editor").must(t, 200).has(t, "Browsing as guest").hasNot(t, "the user's words", "Ada Lovelace")
			v.get("/auth/github/callback?code=x&state=y").must(t, 400)
		}
	}
}

func (v *visitor) guestIDOf(token string) string {
	v.t.Helper()
	var c guestClaims
	if _, err := v.site.keys().open(guestToken, token, time.Hour, &c); err != nil {
		v.t.Fatal(err)
	}
	return c.ID
}

func TestATokenIsReplacedAfterADayAndExpiresByInactivity(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("x")
	id := v.guestID()
	for range 40 { // 40 days of daily visits outlive a token of 30 days
		s.clock.advance(25 * time.Hour)
		page := v.get("/editor").must(t, 200)
		if page.badge(t) != id[:8] || page.sets("__Host-guest") == nil {
			t.Fatal("a guest that came back every day was forgotten, or its cookie not renewed")
		}
	}
	// The row knows of the visits as well, so that a purge spares it.
	if p, err := s.db.Purge(t.Context(), 720*time.Hour); err != nil || p.Guests != 0 {
		t.Errorf("purged %+v, %v", p, err)
	}
	s.clock.advance(44 * 24 * time.Hour)
	if page := v.get("/editor").must(t, 200); page.badge(t) != id[:8] {
		t.Error("a guest that came back from the archive was forgotten")
	}
	s.clock.advance(46 * 24 * time.Hour)
	if page := v.get("/editor").must(t, 200); page.badge(t) == id[:8] {
		t.Error("the token still works after 46 days away")
	}
}

func TestSecretsRotate(t *testing.T) {
	old := newSite(t)
	v := old.newGuest()
	v.write("words of the guest")
	id, token := v.guestID(), v.cookie("__Host-guest")

	both := newSite(t, func(c *Config) {
		c.DB = old.db
		c.Secrets = [][]byte{[]byte(strings.Repeat("2", 32)), old.secrets[0]}
	})
	w := both.visitor()
	w.setCookie("__Host-guest", token)
	page := w.get("/editor").must(t, 200).has(t, "words of the guest")
	if page.badge(t) != id[:8] || page.sets("__Host-guest") == nil {
		t.Error("the old secret does not open, or the token was not sealed anew")
	}
	resealed := w.cookie("__Host-guest")

	next := newSite(t, func(c *Config) {
		c.DB = old.db
		c.Secrets = [][]byte{[]byte(strings.Repeat("2", 32))}
	})
	x := next.visitor()
	x.setCookie("__Host-guest", resealed)
	x.get("/editor").must(t, 200).has(t, "words of the guest")
	y := next.visitor()
	y.setCookie("__Host-guest", token) // sealed by the retired secret
	if got := y.get("/editor").must(t, 200).hasNot(t, "words of the guest").badge(t); got == id[:8] {
		t.Error("a retired secret opens")
	}
}

func TestTwoCookiesOfOneNameAreRefused(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	token := v.cookie("__Host-guest")
	for name, path := range map[string]string{"__Host-guest": "/editor", "__Host-session": "/editor", "__Host-login": "/auth/github/callback?code=x&state=y"} {
		s.visitor().get(path, header{"Cookie", name + "=" + token + "; " + name + "=" + token}).must(t, 400).has(t, "two cookies", "Nothing is lost")
	}
}

func TestOnPlainHTTPBeyondThisMachineCookiesLoseTheirPrefix(t *testing.T) {
	s := newSite(t, func(c *Config) { c.PublicURL = &url.URL{Scheme: "http", Host: "notes.lan:8080"} })
	a := s.visitor().get("/editor").must(t, 200)
	if c := a.sets("guest"); c == nil || c.Secure || !c.HttpOnly || a.sets("__Host-guest") != nil {
		t.Errorf("cookies = %v", a.Cookies())
	}
}
