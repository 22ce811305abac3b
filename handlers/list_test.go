package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestASearchMarksWhatItFound(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("# Tea & <b>cakes</b>\n\nDarjeeling in the afternoon")
	v.write("# Coffee\n\nnothing to see")
	found := []string{"1 note found", "<mark>Tea</mark> & <b>cakes", "<mark>Darjeeling</mark> in"}
	v.get("/editor?q=tea+DARJEELING").must(t, 200).has(t, found...).has(t, "<html", `value="tea DARJEELING"`).hasNot(t, "Coffee")
	v.get("/editor?q=tea+DARJEELING", htmx).must(t, 200).has(t, found...).hasNot(t, "<html", "Coffee")
	v.get("/editor?q=earl+grey", htmx).must(t, 200).has(t, "Nothing found").hasNot(t, "Coffee", "Tea")
	v.get("/editor?q=+", htmx).must(t, 200).has(t, "Coffee", "Tea")
	v.get("/editor?q=%25&from=x", htmx).must(t, 200).has(t, "Nothing found")
	s.newGuest().get("/editor?q=tea", htmx).must(t, 200).has(t, "Nothing found").hasNot(t, "Darjeeling")
}

func TestASearchGoesOnWhenItIsScrolled(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for range notesOnPage + 2 {
		v.write("needle")
	}
	a := v.get("/editor?q=needle", htmx).must(t, 200).has(t, "and more")
	_, rest, _ := strings.Cut(a.body, `hx-get="`)
	older, _, _ := strings.Cut(rest, `"`)
	b := v.get(strings.ReplaceAll(older, "&amp;", "&"), htmx).must(t, 200)
	if n := strings.Count(b.body, "<mark>"); n != 2 {
		t.Errorf("%d more hits at %s:\n%s", n, older, b.body)
	}
}

func TestAPinnedNoteStandsFirst(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Important")
	s.clock.advance(time.Minute)
	v.write("# Newer")
	v.post("/notes/"+id+"/pin", url.Values{}).must(t, 303)
	page := v.get("/editor").must(t, 200).has(t, "pinned")
	if strings.Index(page.body, "Important") > strings.Index(page.body, "Newer") {
		t.Error("the pinned note does not stand first")
	}
	v.post("/notes/"+id+"/unpin", url.Values{}, htmx).must(t, 200).has(t, "Pin to top", `hx-target="#note-items" hx-swap="afterbegin"`).hasNot(t, "<html")
	page = v.get("/editor").must(t, 200).hasNot(t, "pinned</i>")
	if strings.Index(page.body, "Important") < strings.Index(page.body, "Newer") {
		t.Error("the note still stands first")
	}
}

func TestADeletedNoteWaitsInTheTrash(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Gone")
	v.get("/trash").must(t, 200).has(t, "There is nothing in the trash")
	v.post("/notes/"+id, url.Values{"_method": {"DELETE"}}).must(t, 303)
	v.get("/editor?deleted="+id).must(t, 200).has(t, "The note is in the trash", "Undo").hasNot(t, "# Gone")
	s.clock.advance(3*24*time.Hour + time.Minute)
	v.get("/trash").must(t, 200).has(t, "Gone", "Kept for 26 more days")
	v.post("/notes/"+id+"/restore", url.Values{}).must(t, 303)
	v.get("/editor/"+id).must(t, 200).has(t, "# Gone</textarea>")
}
