package handlers

import (
	"net/url"
	"regexp"
	"testing"
)

var viewerField = regexp.MustCompile(`name="viewer" value="([^"]+)"`)

// mark is what the form of a page says about who opened it.
func (a answer) mark(t *testing.T) string {
	t.Helper()
	found := viewerField.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("the form does not say whose it is:\n%.2000s", a.body)
	}
	return found[1]
}

func TestATabOfSomeoneElseSavesNothingByItself(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.signIn("ada")
	page := v.get("/editor")
	id := v.write("# Ada's diary")
	v.post("/logout", url.Values{}).must(t, 303)

	form := url.Values{"viewer": {page.mark(t)}, "body": {"second part"}}
	for _, way := range [][]header{nil, {htmx}} {
		a := v.post("/notes", form, way...).must(t, 403).has(t, "you signed out", "Browsing as guest").hasNot(t, "diary")
		if way == nil {
			a.has(t, "second part</textarea>")
		}
		if now := a.mark(t); now == page.mark(t) {
			t.Error("the form still says that it is the user's")
		}
	}
	form.Set("version", "1")
	v.do("PUT", "/notes/"+id, form, htmx).must(t, 403).has(t, "you signed out")
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
	v.get("/login").must(t, 200)
	v.signIn("grace")
	v.post("/notes", form).must(t, 403).has(t, "a new note of Grace Hopper")
	form.Set("viewer", v.get("/editor").mark(t))
	v.post("/notes", form).must(t, 303)
}

func TestATabFromBeforeTheLoginSavesIntoTheAccount(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("before")
	mark := v.get("/editor/" + id).mark(t)
	v.signIn("ada")
	form := url.Values{"viewer": {mark}, "body": {"after"}, "version": {"1"}}
	v.do("PUT", "/notes/"+id, form, htmx).must(t, 200).has(t, "Saved into the account of Ada Lovelace", "Signed in as")
	form["_method"] = []string{"PUT"}
	form["version"], form["body"] = []string{"2"}, []string{"after all"}
	v.get(v.post("/notes/"+id, form).must(t, 303).location()).must(t, 200).has(t, "Saved into the account of Ada Lovelace", "after all</textarea>")
	v.post("/notes", url.Values{"viewer": {mark}, "body": {"new"}}, htmx).must(t, 200).has(t, "Saved into the account of Ada Lovelace")
}
