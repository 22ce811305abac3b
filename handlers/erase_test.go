package handlers

import (
	"net/url"
	"testing"
)

func TestAUserIsErasedAfterSeeingWhatGoes(t *testing.T) {
	s := newSite(t)
	v, bystander := s.newGuest(), s.newGuest()
	bystander.write("# Mine")
	public := v.publish(v.write("# Published"))
	v.post("/notes/"+v.write("# Thrown away"), url.Values{"_method": {"DELETE"}}).must(t, 303)
	undo := v.get(v.signIn("ada").location()).must(t, 200).undo(t)
	session := v.cookie("__Host-session")
	v.get("/erase").must(t, 200).has(t, "Ada Lovelace", "1 note", "1 note in the trash", "1 published page", "1 signed-in browser", "1 way to sign in", "your picture")

	to := v.post("/erase", url.Values{}).must(t, 303).location()
	v.get(to).must(t, 200).has(t, "You are erased", "Browsing as guest", "/forget.css").hasNot(t, "Published", "Ada")
	s.visitor().get(public).must(t, 404)
	v.post(undo, url.Values{}).must(t, 404)
	for table, want := range map[string]int{"notes": 1, "sessions": 0, "identities": 0, "avatars": 0, "merges": 0, "merged_rows": 0} {
		if n := s.rows(`SELECT count(*) FROM ` + table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	thief := s.visitor()
	thief.setCookie("__Host-session", session)
	thief.get("/editor").must(t, 200).has(t, "Browsing as guest")
	bystander.get("/editor").must(t, 200).has(t, "Mine")
	// Whoever signs in again is new.
	v.get(v.signIn("ada").location()).must(t, 200).has(t, "Signed in as Ada Lovelace").hasNot(t, "Published", "came with you")
}

func TestAGuestIsErasedAndItsTokenIsDead(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# My diary")
	token := v.cookie("__Host-guest")
	late := s.visitor()
	late.setCookie("__Host-guest", token)
	v.get("/erase").must(t, 200).has(t, "1 note").hasNot(t, "signed-in browser")
	v.get(v.post("/erase", url.Values{}).must(t, 303).location()).must(t, 200).has(t, "You are erased").hasNot(t, "My diary")
	if v.cookie("__Host-guest") == token {
		t.Error("the browser still has the token")
	}
	// A tab that was open elsewhere: its text stays, and nothing comes back to life.
	late.do("PUT", "/notes/"+id, url.Values{"body": {"late words"}, "version": {"1"}}, htmx).must(t, 403)
	late.get("/editor/"+id).must(t, 404)
	if n := s.rows(`SELECT count(*) FROM notes`) + s.rows(`SELECT count(*) FROM users WHERE merged_at IS NULL`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestAStrangerHasNothingToErase(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.get("/erase").must(t, 200).has(t, "nothing to erase").hasNot(t, "<form")
	v.post("/erase", url.Values{}).must(t, 303)
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestABrowserForgetsItsGuest(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# My diary")
	other := s.visitor() // another device of the same guest
	other.setCookie("__Host-guest", v.cookie("__Host-guest"))
	v.get("/settings").must(t, 200).has(t, "Forget this browser")
	v.get(v.post("/forget", url.Values{}).must(t, 303).location()).must(t, 200).has(t, "has forgotten you", "/forget.css").hasNot(t, "My diary")
	v.get("/editor/"+id).must(t, 404)
	other.get("/editor/"+id).must(t, 200).has(t, "My diary")
	// For a user it does nothing.
	other.signIn("ada")
	other.post("/forget", url.Values{}).must(t, 303)
	other.get("/editor").must(t, 200).has(t, "Signed in as").hasNot(t, "Forget this browser")
}
