package handlers

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

func TestBrowsersAreCalledAsPeopleCallThem(t *testing.T) {
	for userAgent, want := range map[string]string{
		firefox: "Firefox on Linux", safari: "Safari on iOS", "": "An unknown browser", "curl/8.0": "An unknown browser",
	} {
		if got := browserName(userAgent); got != want {
			t.Errorf("%q is called %q, want %q", userAgent, got, want)
		}
	}
}

// signInWith signs in with a browser that calls itself something.
func (v *visitor) signInWith(login, userAgent string) {
	v.t.Helper()
	callback := v.approve(v.leave(url.Values{"carry": {"true"}}), login, "")
	v.get(callback, header{"User-Agent", userAgent}).must(v.t, 303)
}

var revokeAction = regexp.MustCompile(`action="(/sessions/[^"]+)"`)

func TestSessionsAreListedAndRevoked(t *testing.T) {
	s := newSite(t)
	desk, phone, tablet, stranger := s.newGuest(), s.newGuest(), s.newGuest(), s.newGuest()
	desk.signInWith("ada", firefox)
	phone.signInWith("ada", safari)
	stranger.signInWith("grace", safari)
	page := desk.get("/settings").must(t, 200).has(t, "Firefox on Linux", "this one", "Safari on iOS", "GitHub as ada", "Sign out everywhere else")
	actions := revokeAction.FindAllStringSubmatch(page.body, -1)
	if len(actions) != 2 {
		t.Fatalf("%d sessions", len(actions))
	}
	for _, action := range actions {
		stranger.post(action[1], url.Values{"_method": {"DELETE"}}).must(t, 404)
		for _, name := range []string{"__Host-session", "__Host-guest"} {
			if value := desk.cookie(name); value != "" && strings.Contains(page.body, value) {
				t.Errorf("the page holds the cookie %s", name)
			}
		}
	}
	theirs := actions[0][1]
	if strings.HasSuffix(theirs, hashReference(desk.cookie("__Host-session"))) {
		theirs = actions[1][1]
	}
	to := desk.post(theirs, url.Values{"_method": {"DELETE"}}).must(t, 303).location()
	desk.get(to).must(t, 200).has(t, "That browser is signed out").hasNot(t, "Safari on iOS")
	phone.get("/editor").must(t, 200).has(t, "Browsing as guest")
	stranger.get("/editor").must(t, 200).has(t, "Signed in as")

	phone.signInWith("ada", safari)
	tablet.signInWith("ada", safari)
	desk.post("/sessions", url.Values{"_method": {"DELETE"}}).must(t, 303)
	for _, v := range []*visitor{phone, tablet} {
		v.get("/editor").must(t, 200).has(t, "Browsing as guest")
	}
	desk.get("/settings").must(t, 200).has(t, "this one").hasNot(t, "everywhere else")
	stranger.get("/editor").must(t, 200).has(t, "Signed in as")
	// Revoking this one is signing out.
	desk.post("/sessions/"+hashReference(desk.cookie("__Host-session")), url.Values{"_method": {"DELETE"}}).must(t, 303)
	desk.get("/settings").must(t, 200).has(t, "Browsing as guest").hasNot(t, "Where you are signed in")
}

func TestActivityShowsEachMergeAndItsUndo(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("# From the guest")
	v.signIn("ada")
	undo := v.get("/settings").must(t, 200).has(t, "1 note came along from a guest", "can go back until").undo(t)
	s.clock.advance(24 * time.Hour)
	v.post(undo, url.Values{}).must(t, 303)
	v.get("/settings").must(t, 200).has(t, "went back to a guest on").hasNot(t, "/undo")
}

func TestAnUndoEndsAfterSevenDaysInTheSettingsToo(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("# From the guest")
	v.signIn("ada")
	s.clock.advance(8 * 24 * time.Hour)
	v.get("/settings").must(t, 200).has(t, "1 note came along from a guest").hasNot(t, "/undo")
}

func TestEverythingIsDownloaded(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("# Kept")
	v.post("/notes/"+v.write("# Thrown away"), url.Values{"_method": {"DELETE"}}).must(t, 303)
	v.signIn("ada")
	files := unzipped(t, v.get("/export?everything=1").must(t, 200).body)
	content := make(map[string]string)
	for _, f := range files {
		content[f.name] = f.content
	}
	if !strings.Contains(content["Kept.md"], "# Kept") || !strings.Contains(content["trash/Thrown away.md"], "# Thrown away") {
		t.Errorf("notes are missing in %v", files)
	}
	var account accountFile
	if err := json.Unmarshal([]byte(content["account.json"]), &account); err != nil {
		t.Fatal(err)
	}
	if account.IsGuest || account.Name != "Ada Lovelace" || len(account.Sessions) != 1 || len(account.Identities) != 1 || len(account.Merges) != 1 || len(account.Profiles) == 0 {
		t.Errorf("account: %+v", account)
	}
	if strings.Contains(content["account.json"], v.cookie("__Host-session")) {
		t.Error("the file holds the session's token")
	}
	if len(content["picture.png"]) == 0 {
		t.Errorf("there is no picture in %d files", len(files))
	}
	// A guest who has nothing gets that too.
	unzipped(t, s.newGuest().get("/export?everything=1").must(t, 200).body)
}
