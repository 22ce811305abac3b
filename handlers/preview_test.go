package handlers

import (
	"net/url"
	"strings"
	"testing"
)

func TestThePreviewShowsTheTextAsItReads(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	form := url.Values{"body": {"# Title\n\n- [ ] a **task**"}}
	v.post("/preview", form, htmx).must(t, 200).has(t, "Title</h1>", "<strong>task</strong>", `data-line="2"`).hasNot(t, "<html")
	// Without JavaScript it is the page, and the text that was sent is still in it.
	v.post("/preview", form).must(t, 200).has(t, "<html", "Title</h1>", "- [ ] a **task**", "disabled")
	if n := s.rows(`SELECT count(*) FROM notes`) + s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("the preview made %d rows", n)
	}
}

func TestThePreviewOfANoteKeepsWhatItIsBasedOn(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("first")
	v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"second"}}).must(t, 303)
	sent := url.Values{"_method": {"PUT"}, "note": {id}, "version": {"1"}, "body": {"from an older tab"}}
	v.post("/preview", sent).must(t, 200).has(t, `action="/notes/`+id, `name="version" value="1"`, "from an older tab</textarea>", "<p")
	sent.Set("version", "x")
	v.post("/preview", sent).must(t, 400)
	s.newGuest().post("/preview", url.Values{"note": {id}, "version": {"1"}, "body": {"x"}}).must(t, 404).hasNot(t, "second")
}

func TestImagesOfOtherServersAreShownOnlyWhenAskedFor(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	form := url.Values{"body": {"![a tram](https://images.example/tram.jpg)"}}
	at := header{"HX-Current-URL", s.url.String() + "/editor/abc?q=x"}
	v.post("/preview", form, htmx, at).must(t, 200).has(t, "1 image from other servers", `href="/editor/abc?images=1"`).hasNot(t, "<img")
	v.post("/preview?images=1", form, htmx, at).must(t, 200).has(t, `<img src="https://images.example/tram.jpg"`).hasNot(t, "other servers")
	for path, allowed := range map[string]bool{"/editor": false, "/editor?images=1": true} {
		policy := v.get(path).must(t, 200).Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "img-src 'self' https:") != allowed {
			t.Errorf("%s: %s", path, policy)
		}
	}
}
