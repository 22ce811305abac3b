package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestpad/guestpad/handlers/fakegithub"
)

func TestSigningInBringsTheGuestAlong(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("# Trip to Lisbon")
	v.write("# Reading list")
	v.post("/profiles", url.Values{"emoji": {"🦉"}, "name": {"Night me"}}).must(t, 303)
	guestID := v.guestID()

	v.get("/login?next=/editor/"+noteID).must(t, 200).
		has(t, "2 notes and 2 profiles in this browser", "Trip to Lisbon", "Reading list", "Night me", `name="carry" value="true" checked`, `value="/editor/`+noteID+`"`)
	authorize := v.leave(url.Values{"next": {"/editor/" + noteID}, "carry": {"false", "true"}})
	flow := v.cookie("__Host-login")
	a := v.get(v.approve(authorize, "ada", "")).must(t, 303)

	to, err := url.Parse(a.location())
	if err != nil || to.Path != "/editor/"+noteID || to.Host != "" {
		t.Fatalf("leads to %q", a.location())
	}
	session := a.sets("__Host-session")
	if session == nil || !session.HttpOnly || !session.Secure || session.SameSite != http.SameSiteLaxMode || len(session.Value) < 22 {
		t.Errorf("session cookie = %+v", session)
	}
	receipt := v.get(a.location())
	if v.cookie("__Host-guest") != "" || v.cookie("__Host-login") != "" {
		t.Error("the guest and login cookies are still there")
	}
	receipt.must(t, 200).
		has(t, "Signed in as Ada Lovelace", "2 notes and 2 profiles came with you", "Trip to Lisbon", "Night me", `src="/avatar"`).
		hasNot(t, "Browsing as guest", guestID[:8])
	v.get("/avatar").must(t, 200)
	if n := s.rows(`SELECT count(*) FROM notes WHERE owner_id = $1`, guestID) + s.rows(`SELECT count(*) FROM profiles WHERE owner_id = $1`, guestID); n != 0 {
		t.Errorf("%d rows stayed with the guest", n)
	}
	if s.rows(`SELECT count(*) FROM sessions WHERE token_hash = $1`, session.Value) != 0 {
		t.Error("the database holds the session's token itself")
	}
	if s.rows(`SELECT count(*) FROM identities WHERE instr(access_token, 'gho_') > 0`) != 0 || s.rows(`SELECT count(*) FROM identities WHERE subject = '1815' AND login = 'ada'`) != 1 {
		t.Error("the identity is not as it should be")
	}
	if flow == "" {
		t.Error("there was no login cookie")
	}
	v.get("/login?next=/editor").must(t, 303) // nothing to sign in to
}

func TestAGuestThatBeganWhileTheLoginAnsweredIsKept(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("before")
	callback := v.approve(v.leave(url.Values{"carry": {"true"}}), "ada", "")
	tab := s.visitor() // of the same browser
	tab.setCookie("__Host-guest", v.cookie("__Host-guest"))
	a := v.get(callback).must(t, 303)
	// The answer is on its way; the other tab is nobody for a moment, and tries again.
	form := url.Values{"body": {"# Meanwhile"}}
	tab.post("/notes", form).must(t, 403)
	tab.post("/notes", form).must(t, 303)
	if a.sets("__Host-guest") != nil {
		t.Error("the login's answer takes away a guest that it does not know")
	}
	v.setCookie("__Host-guest", tab.cookie("__Host-guest"))
	v.get("/editor").must(t, 200).has(t, "Signed in as").hasNot(t, "Meanwhile")
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor").must(t, 200).has(t, "Meanwhile")
}

func TestSigningInIsBoundToTheBrowserThatAsked(t *testing.T) {
	s := newSite(t)
	victim, attacker := s.newGuest(), s.newGuest()
	victim.write("the victim's words")
	planted := attacker.approve(attacker.leave(url.Values{}), "grace", "")
	for name, callback := range map[string]string{
		"another browser's callback": planted,
		"no state":                   "/auth/github/callback?code=x",
		"nothing":                    "/auth/github/callback",
	} {
		a := victim.get(callback).must(t, 400).has(t, "1 note is safe", "Continue with GitHub")
		if a.sets("__Host-session") != nil {
			t.Errorf("%s: a session was made", name)
		}
	}
	// The same with a login of the victim's own under way.
	authorize := victim.leave(url.Values{})
	victim.get(planted).must(t, 400)
	if n := s.rows(`SELECT count(*) FROM users WHERE NOT is_guest`); n != 0 {
		t.Errorf("%d users were made", n)
	}
	victim.get(victim.approve(authorize, "ada", "")).must(t, 303) // it can still be finished
}

func TestALoginIsUsedOnce(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	v.get(callback).must(t, 303)
	// Back and forward again: the browser is signed in, and nothing else happens.
	if a := v.get(callback).must(t, 303); a.location() != "/editor" || a.sets("__Host-session") != nil {
		t.Errorf("leads to %q with cookies %v", a.location(), a.Cookies())
	}
	v.post("/logout", url.Values{}).must(t, 303)
	v.get(callback).must(t, 400)
}

func TestOnlyARealVisitOfTheCallbackSignsIn(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	v.do("HEAD", callback, nil).must(t, 405)
	v.get(callback, header{"Sec-Purpose", "prefetch;prerender"}).must(t, 503)
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
	v.get(callback).must(t, 303)
}

func TestACallbackWhoseAnswerWasLostSaysWhereTheWordsAre(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("my words")
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	flow, guest := v.cookie("__Host-login"), v.cookie("__Host-guest")
	v.get(callback).must(t, 303)
	// The browser never saw that answer: its cookies are those of before.
	w := s.visitor()
	w.setCookie("__Host-login", flow)
	w.setCookie("__Host-guest", guest)
	w.get(callback).must(t, 502).has(t, "everything you wrote is in your account").hasNot(t, "Nothing has changed")
	w.signIn("ada")
	w.get("/editor").must(t, 200).has(t, "my words")
}

func TestAVeryLongNextIsDropped(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.leave(url.Values{"next": {"/" + strings.Repeat("<", 900)}})
}

func TestAGuestThatWasLeftHereSurvivesMonthsOfBeingSignedIn(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("stays here")
	v.get(v.approve(v.leave(url.Values{"carry": {"false"}}), "ada", "")).must(t, 303)
	for range 40 {
		s.clock.advance(25 * time.Hour)
		v.get("/editor").must(t, 200).has(t, "Signed in as Ada Lovelace")
	}
	if p, err := s.db.Purge(t.Context(), 720*time.Hour); err != nil || p.Guests != 0 {
		t.Errorf("purged %+v, %v", p, err)
	}
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor").must(t, 200).has(t, "stays here")
}

func TestAWriteAfterTheSessionEndedSaysSo(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.signIn("ada")
	if _, err := rawHandle(t, s.dbPath).Exec(`DELETE FROM sessions`); err != nil {
		t.Fatal(err)
	}
	v.post("/notes", url.Values{"body": {"typed in time"}}).must(t, 403).has(t, "Your session has ended", "typed in time", "Try again")
	v.write("typed in time")
}

func TestALoginTakesTenMinutesAtMost(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("x")
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	s.clock.advance(loginPatience + time.Minute)
	v.get(callback).must(t, 400).has(t, "ten minutes", "1 note is safe")
}

func TestPKCEBindsTheCodeToTheBrowser(t *testing.T) {
	s := newSite(t)
	v, thief := s.newGuest(), s.newGuest()
	stolen := v.approve(v.leave(url.Values{}), "ada", "")
	query, _ := url.Parse(stolen)
	authorize, err := url.Parse(thief.leave(url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	if authorize.Query().Get("code_challenge_method") != "S256" {
		t.Errorf("no PKCE in %s", authorize)
	}
	injected := url.Values{"code": {query.Query().Get("code")}, "state": {authorize.Query().Get("state")}}
	thief.get("/auth/github/callback?"+injected.Encode()).must(t, 502)
	if n := s.rows(`SELECT count(*) FROM users WHERE NOT is_guest`); n != 0 {
		t.Errorf("%d users were made", n)
	}
}

func TestWhatGoesWrongAtGitHubLeavesTheGuestIntact(t *testing.T) {
	for _, c := range []struct {
		fault  fakegithub.Fault
		status int
	}{
		{fakegithub.ExpiredCode, 502}, {fakegithub.ServerError, 502}, {fakegithub.TokenServerError, 502},
		{fakegithub.Nonsense, 502}, {fakegithub.IDZero, 502},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			s := newSite(t)
			v := s.newGuest()
			noteID := v.write("my words")
			before := v.cookie("__Host-guest")
			a := v.get(v.approve(v.leave(url.Values{"next": {"/editor/" + noteID}}), "ada", c.fault)).must(t, c.status).
				has(t, "1 note is safe in this browser", "Continue with GitHub", `value="/editor/`+noteID+`"`)
			if a.sets("__Host-session") != nil || v.cookie("__Host-guest") != before {
				t.Error("cookies changed")
			}
			if n := s.rows(`SELECT count(*) FROM users WHERE NOT is_guest`); n != 0 {
				t.Errorf("%d users were made", n)
			}
			v.get("/editor/"+noteID).must(t, 200).has(t, "my words")
			v.signIn("ada")
			v.get("/editor/"+noteID).must(t, 200).has(t, "my words", "Signed in as Ada Lovelace")
		})
	}
}

func TestDenyingAtGitHubLeavesTheGuestIntact(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("my words")
	back, err := fakegithub.Deny(t.Context(), nil, v.leave(url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	v.get(back.RequestURI()).must(t, 403).has(t, "you chose to cancel", "1 note is safe", "Continue with GitHub")
	v.signIn("ada")
	v.get("/editor").must(t, 200).has(t, "my words")
}

func TestASlowGitHubIsGivenUpOn(t *testing.T) {
	t.Parallel() // it waits as long as a person would
	s := newSite(t)
	v := s.newGuest()
	v.write("my words")
	start := time.Now()
	v.get(v.approve(v.leave(url.Values{}), "ada", fakegithub.Slow)).must(t, 502).has(t, "1 note is safe")
	if took := time.Since(start); took > gitHubPatience+5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestAnErrorOfOursUndoesTheLogin makes each kind of statement of the callback's
// transaction fail in turn, for a new account and for one that there is.
func TestAnErrorOfOursUndoesTheLogin(t *testing.T) {
	ofBoth := []string{"INSERT ON users", "UPDATE ON users", "INSERT ON sessions", "INSERT ON avatars", "INSERT ON merges", "INSERT ON merged_rows", "UPDATE ON notes", "UPDATE ON profiles"}
	for isKnown, statements := range map[bool][]string{
		false: append(slices.Clone(ofBoth), "INSERT ON identities"),
		true:  append(ofBoth, "UPDATE ON identities"),
	} {
		for _, statement := range statements {
			t.Run(fmt.Sprint(statement, ", known account: ", isKnown), func(t *testing.T) {
				t.Parallel()
				failingLogin(t, isKnown, statement)
			})
		}
	}
}

func failingLogin(t *testing.T, isKnown bool, statement string) {
	s := newSite(t)
	v := s.newGuest()
	if isKnown {
		v.signIn("ada")
		v.post("/logout", url.Values{}).must(t, 303)
		v.get("/editor").must(t, 200)
	}
	v.write("my words")
	v.post("/profiles", url.Values{"emoji": {"🦉"}, "name": {"Night me"}}).must(t, 303)
	tables := func() string {
		var all []string
		for _, table := range []string{"users", "identities", "sessions", "avatars", "merges", "merged_rows", "notes", "profiles"} {
			all = append(all, fmt.Sprint(s.rows(`SELECT count(*) FROM `+table)))
		}
		return strings.Join(all, " ") + fmt.Sprint(" ", s.rows(`SELECT count(*) FROM users WHERE merged_at IS NOT NULL`))
	}
	handle := rawHandle(t, s.dbPath)
	defer handle.Close()
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	before := tables()
	if _, err := handle.Exec(`CREATE TRIGGER fail BEFORE ` + statement + ` BEGIN SELECT raise(ABORT, 'injected'); END`); err != nil {
		t.Fatal(err)
	}
	v.get(callback).must(t, 500).has(t, "1 note and 2 profiles are safe", "fault on this server", "Continue with GitHub").hasNot(t, "injected")
	if after := tables(); after != before {
		t.Errorf("rows before %s, after %s", before, after)
	}
	if _, err := handle.Exec(`DROP TRIGGER fail`); err != nil {
		t.Fatal(err)
	}
	v.get(v.signIn("ada").location()).must(t, 200).has(t, "Signed in as Ada Lovelace", "1 note and 2 profiles came with you")
}

func TestAnUncheckedBoxLeavesTheGuestInThisBrowser(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("stays here")
	id := v.guestID()
	v.get(v.approve(v.leave(url.Values{"carry": {"false"}}), "ada", "")).must(t, 303)
	v.get("/editor").must(t, 200).has(t, "Signed in as Ada Lovelace").hasNot(t, "stays here")
	v.post("/logout", url.Values{}).must(t, 303)
	if got := v.get("/editor").must(t, 200).has(t, "stays here").badge(t); got != id[:8] {
		t.Errorf("after sign-out it is guest %s", got)
	}
}

func TestAGuestCookiePlantedDuringTheLoginMovesNothing(t *testing.T) {
	s := newSite(t)
	attacker, v := s.newGuest(), s.newGuest()
	attacker.write("planted")
	v.write("mine")
	callback := v.approve(v.leave(url.Values{}), "ada", "")
	v.setCookie("__Host-guest", attacker.cookie("__Host-guest"))
	v.get(callback).must(t, 303)
	v.get("/editor").must(t, 200).has(t, "Signed in as Ada Lovelace").hasNot(t, "planted", "mine")
	if n := s.rows(`SELECT count(*) FROM merges`); n != 0 {
		t.Errorf("%d merges", n)
	}
}

func TestAMergedGuestsTokenIsDead(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("my words")
	stolen, id := v.cookie("__Host-guest"), v.guestID()
	v.signIn("ada")
	for _, r := range s.routes() {
		if slices.Contains([]string{"/static/*", "/forget.css", "/healthz", "/readyz", "/n/:id"}, r.path) {
			continue // nobody's pages: they know no viewer
		}
		thief := s.visitor()
		thief.setCookie("__Host-guest", stolen)
		var form url.Values
		if r.method == "POST" || r.method == "PUT" {
			form = url.Values{"body": {"x"}, "version": {"1"}, "emoji": {"🦊"}, "name": {"x"}, "_method": {"PUT"}}
		}
		a := thief.do(r.method, r.fill(noteID), form)
		a.hasNot(t, "my words", "Ada Lovelace")
		if fresh := thief.cookie("__Host-guest"); fresh == stolen || thief.guestID() == id {
			t.Errorf("%v: the dead token was not replaced", r)
		}
	}
	if n := s.rows(`SELECT count(*) FROM notes WHERE owner_id = $1`, id) + s.rows(`SELECT count(*) FROM users WHERE is_guest`); n != 1 {
		t.Errorf("%d rows beside the tombstone", n-1)
	}
}

func TestASecondDeviceOfTheSamePersonIsOrdinary(t *testing.T) {
	s := newSite(t)
	laptop, phone := s.newGuest(), s.newGuest()
	laptop.write("from the laptop")
	phone.write("from the phone")
	laptop.signIn("ada")
	phone.signIn("ada")
	for _, device := range []*visitor{laptop, phone} {
		device.get("/editor").must(t, 200).has(t, "from the laptop", "from the phone")
	}
	if n := s.rows(`SELECT count(*) FROM users WHERE NOT is_guest`); n != 1 {
		t.Errorf("%d users", n)
	}
	phone.post("/logout", url.Values{}).must(t, 303)
	laptop.get("/editor").must(t, 200).has(t, "Signed in as Ada Lovelace")
}

func TestANewLoginEndsTheSessionBeforeIt(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.signIn("ada")
	former := v.cookie("__Host-session")
	v.get(v.approve(v.leave(url.Values{}), "grace", "")).must(t, 303)
	v.get("/editor").must(t, 200).has(t, "Signed in as Grace Hopper")
	w := s.visitor()
	w.setCookie("__Host-session", former)
	w.get("/editor").must(t, 200).has(t, "Browsing as guest")
}

func TestSigningOutStartsAFreshGuestInTheSameAnswer(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("my words")
	before := v.guestID()
	v.signIn("ada")
	session := v.cookie("__Host-session")
	a := v.post("/logout", url.Values{}).must(t, 303)
	if a.sets("__Host-guest") == nil || v.cookie("__Host-session") != "" {
		t.Errorf("cookies = %v", a.Cookies())
	}
	if forget := v.get(a.location()).must(t, 200).has(t, `href="/forget.css"`, "You are signed out"); forget.sets("__Host-guest") != nil {
		t.Error("the page after the sign-out starts yet another guest")
	}
	if got := v.get("/forget.css").must(t, 200).Header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
	if page := v.get("/editor").must(t, 200).hasNot(t, "my words", "Ada Lovelace"); page.badge(t) == before[:8] {
		t.Error("the fresh guest is the merged one")
	}
	v.setCookie("__Host-session", session)
	v.get("/editor").must(t, 200).has(t, "Browsing as guest").hasNot(t, "my words")
}

func TestNextStaysOnThisSite(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for _, next := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\nLocation: x", "javascript:alert(1)", "", "/%2f\x8b"} {
		page := v.get("/login?next="+url.QueryEscape(next)).must(t, 200)
		if strings.Contains(page.body, "evil.example") {
			t.Errorf("%q is on the login page", next)
		}
	}
	for _, next := range []string{"//evil.example", `/\evil.example`, "https://evil.example"} {
		a := s.newGuest()
		to := a.get(a.approve(a.leave(url.Values{"next": {next}}), "ada", "")).must(t, 303).location()
		if !strings.HasPrefix(to, "/editor?merge=") {
			t.Errorf("next %q leads to %q", next, to)
		}
	}
}

func TestWithoutCredentialsOneSentenceSaysHowToTurnItOn(t *testing.T) {
	s := newSite(t, func(c *Config) { c.GitHub = nil })
	v := s.newGuest()
	v.get("/editor").must(t, 200).has(t, "GITHUB_CLIENT_ID").hasNot(t, "Sign in with GitHub")
	v.get("/login").must(t, 200).has(t, "GITHUB_CLIENT_ID").hasNot(t, "Continue with GitHub")
	v.post("/auth/github", url.Values{}).must(t, 404).has(t, "GITHUB_CLIENT_ID")
	v.get("/auth/github/callback?code=x&state=y").must(t, 404)
}

func TestAUserWhoseNameIsEmptyIsCalledByTheLogin(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.signIn("quiet-fox")
	v.get("/editor").must(t, 200).has(t, "Signed in as quiet-fox")
}

func TestALateTabSavesIntoTheAccount(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("first")
	v.signIn("ada")
	// The tab was opened as a guest; the cookies decide whose it is now.
	v.post("/notes/"+noteID, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"second"}}).must(t, 303)
	v.get("/editor/"+noteID).must(t, 200).has(t, "second", "Signed in as Ada Lovelace")
}

func TestALateTabAfterSigningOutKeepsItsText(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("first")
	v.signIn("ada")
	v.post("/logout", url.Values{}).must(t, 303)
	a := v.do("PUT", "/notes/"+noteID, url.Values{"version": {"1"}, "body": {"typed too late"}}, htmx).must(t, 404).
		has(t, "saving keeps it as a new note").hasNot(t, "first", "<textarea") // what was typed is not touched
	if !strings.Contains(a.body, `hx-post="/notes"`) {
		t.Error("saving again would not make a new note")
	}
}
