package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/guestpad/guestpad/db"
)

func TestANoteIsWrittenReadAndSaved(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Trip to Lisbon\r\n\r\nThree days")
	page := v.get("/editor/"+id).must(t, 200).has(t, "<title>Trip to Lisbon", "# Trip to Lisbon\n\nThree days</textarea>", `name="version" value="1"`, `data-saved>Saved <time`, ">just now</time>")
	if n := strings.Count(page.body, `aria-current="page"`); n != 1 {
		t.Errorf("%d notes of the list are marked as open", n)
	}
	v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"second"}}).must(t, 303)
	v.get("/editor/"+id).must(t, 200).has(t, "second</textarea>", `name="version" value="2"`)
}

func TestSavingByHtmxAnswersWithTheFormAndItsLineOfTheList(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	a := v.post("/notes", url.Values{"body": {"# First"}, "new_id": {uuid.NewString()}}, htmx).must(t, 200).
		has(t, `name="version" value="1"`, `hx-target="#note-items" hx-swap="afterbegin"`, "First", "1 note comes along").hasNot(t, "<html")
	address := a.Header.Get("HX-Replace-Url")
	if !noteAddress.MatchString(address) {
		t.Fatalf("HX-Replace-Url is %q", address)
	}
	v.get(address).must(t, 200) // a pushed address can be opened
	action := "/notes/" + strings.TrimPrefix(address, "/editor/")
	v.do("PUT", action, url.Values{"body": {"# First, again"}, "version": {"1"}}, htmx).must(t, 200).has(t, `name="version" value="2"`)
	// A history restore wants the page, not a part of it.
	v.get(address, htmx, header{"HX-History-Restore-Request", "true"}).must(t, 200).has(t, "<html")
}

func TestAnOutdatedSaveKeepsBothTextsOnThePage(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("first")
	v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"saved elsewhere"}}).must(t, 303)
	form := url.Values{"version": {"1"}, "body": {"typed here"}}
	both := []string{"<mark>saved</mark> <mark>elsewhere</mark>", "<mark>typed</mark> <mark>here</mark>", `name="version" value="2"`}
	v.do("PUT", "/notes/"+id, form, htmx).must(t, 409).has(t, both...).hasNot(t, "<textarea")
	form.Set("_method", "PUT")
	v.post("/notes/"+id, form).must(t, 409).has(t, both...).has(t, "typed here</textarea>")
	v.get("/editor/"+id).must(t, 200).hasNot(t, "typed here")
}

func TestTheSameCreateTwiceIsOneNote(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	form := url.Values{"body": {"x"}, "new_id": {uuid.NewString()}}
	first := v.post("/notes", form).must(t, 303).location()
	if second := v.post("/notes", form).must(t, 303).location(); second != first {
		t.Errorf("leads to %q, then %q", first, second)
	}
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
	v.post("/notes", url.Values{"body": {"another text"}, "new_id": form["new_id"]}).must(t, 409).has(t, "another text</textarea>", "<mark>x</mark>")
}

func TestTextsThatCannotBeSavedStayOnThePage(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	long := strings.Repeat("x", db.MaxNoteBytes) + "tail"
	v.post("/notes", url.Values{"body": {long}}).must(t, 413).has(t, "4 bytes longer", "tail</textarea>")
	v.post("/notes", url.Values{"body": {"a\x00b"}}).must(t, 422).has(t, "NUL")
	v.post("/notes", url.Values{"body": {"a\xffb"}}).must(t, 422).has(t, "not UTF-8")
	v.post("/notes", url.Values{"body": {"half a pair of surrogates: \xed\xa0\x80"}}).must(t, 422).has(t, "not UTF-8")
	v.post("/notes", url.Values{"body": {" \n"}}).must(t, 422).has(t, "nothing to save yet")
	v.do("PUT", "/notes/"+uuid.NewString(), url.Values{"body": {"x"}, "version": {"-1"}}).must(t, 400)
	v.do("PUT", "/notes/"+uuid.NewString(), url.Values{"body": {"x"}}).must(t, 400)
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
}

func TestADeletedNoteCanBeBroughtBack(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Trip to Lisbon")
	to := v.post("/notes/"+id, url.Values{"_method": {"DELETE"}}).must(t, 303).location()
	page := v.get(to).must(t, 200).has(t, "in the trash", "Undo").hasNot(t, "Trip to Lisbon")
	undo := regexp.MustCompile(`action="(/notes/[0-9a-f-]+/restore)"`).FindStringSubmatch(page.body)
	if undo == nil {
		t.Fatal("no Undo")
	}
	v.get("/editor/"+id).must(t, 404)
	back := v.post(undo[1], url.Values{}).must(t, 303).location()
	v.get(back).must(t, 200).has(t, "Trip to Lisbon")
}

func TestWordsTypedBeforeSigningInAreSavedFirst(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	to := v.post("/notes", url.Values{"body": {"unsaved words"}, "then": {"login"}}).must(t, 303).location()
	if !strings.HasPrefix(to, "/login?next=%2Feditor%2F") {
		t.Fatalf("leads to %q", to)
	}
	v.get(to).must(t, 200).has(t, "unsaved words", "1 note in this browser")
	if to := v.post("/notes", url.Values{"body": {""}, "then": {"login"}}).must(t, 303).location(); to != "/login?next=%2Feditor" {
		t.Errorf("without words it leads to %q", to)
	}
	a := v.post("/notes", url.Values{"body": {"more"}, "then": {"new"}}, htmx).must(t, 200)
	if a.Header.Get("HX-Redirect") != "/editor" {
		t.Errorf("New note leads to %q", a.Header.Get("HX-Redirect"))
	}
}

func TestTheListGoesOnWithOlderNotes(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for range notesOnPage + 3 {
		v.write("# a note")
	}
	page := v.get("/editor").must(t, 200)
	if n := strings.Count(page.body, "<strong dir"); n != notesOnPage {
		t.Errorf("%d notes on the page", n)
	}
	older := regexp.MustCompile(`href="(/editor\?from=[^"]+)"`).FindStringSubmatch(page.body)
	if older == nil {
		t.Fatal("no way to older notes")
	}
	for name, asked := range map[string][]header{"page": nil, "part": {htmx}} {
		a := v.get(older[1], asked...).must(t, 200)
		if n := strings.Count(a.body, "<strong dir"); n != 3 {
			t.Errorf("%s: %d older notes", name, n)
		}
		if isPage := strings.Contains(a.body, "<html"); isPage != (name == "page") {
			t.Errorf("%s: is a page: %v", name, isPage)
		}
	}
	v.get("/editor?from=nonsense").must(t, 200)
	v.get("/editor?from=9.9").must(t, 200)
}
