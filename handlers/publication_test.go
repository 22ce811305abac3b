package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var publicAddress = regexp.MustCompile(`value="(https?://[^"]+)(/n/[a-z2-7]{26})"`)

// publish publishes a note, and returns the path of its page.
func (v *visitor) publish(id string) string {
	v.t.Helper()
	v.post("/notes/"+id+"/publish", url.Values{}).must(v.t, 303)
	found := publicAddress.FindStringSubmatch(v.get("/editor/"+id).must(v.t, 200).has(v.t, "public</i>").body)
	if found == nil || found[1] != v.site.url.String() {
		v.t.Fatalf("no address of the page: %v", found)
	}
	return found[2]
}

func TestAPublishedNoteIsForEveryoneAndCanBeCached(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.do("POST", "/profiles", url.Values{"emoji": {"🦉"}, "name": {`Night "me"`}, "is_active": {"true"}}).must(t, 303)
	v.do("POST", "/profiles", url.Values{"emoji": {"🦊"}, "name": {"Hidden me"}}).must(t, 303)
	id := v.write("# A \"title\"\n\nIts text and ![x](https://images.example/x.png)")
	path := v.publish(id)

	reader := s.visitor()
	a := reader.get(path).must(t, 200).has(t,
		`A "title"</h1>`, `content="A "title""`, `property="og:url" content="`+s.url.String()+path+`"`, "noindex",
		`Night "me"`, "🦉", "1 image from other servers",
	).hasNot(t, "Hidden me", "<img", "<script", id)
	if got := a.Header.Get("Cache-Control"); got != "public, max-age=60" {
		t.Errorf("Cache-Control is %q", got)
	}
	if a.Header.Get("X-Robots-Tag") != "noindex" || a.Header.Get("Set-Cookie") != "" || strings.Contains(a.Header.Get("Vary"), "Cookie") {
		t.Errorf("headers = %v", a.Header)
	}
	reader.get(path+"?images=1").must(t, 200).has(t, `<img src="https://images.example/x.png"`)

	v.post("/notes/"+id+"/unpublish", url.Values{}, htmx).must(t, 200).has(t, "Publish</button>").hasNot(t, "public</i>")
	if a := reader.get(path).must(t, 404); a.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("Cache-Control of a dead address is %q", a.Header.Get("Cache-Control"))
	}
	if again := v.publish(id); again == path {
		t.Error("the dead address came back to life")
	}
	reader.get(path).must(t, 404)
}

func TestAPageWithoutAnActiveProfileIsAGuests(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("x")
	profile := regexp.MustCompile(`action="/profiles/([^"]+)"`).FindStringSubmatch(v.get("/editor").body)[1]
	v.do("PUT", "/profiles/"+profile, url.Values{"emoji": {"🦉"}, "name": {"Night me"}, "is_active": {"false"}}, htmx).must(t, 200)
	s.visitor().get(v.publish(id)).must(t, 200).has(t, "A guest").hasNot(t, "Night me")
}

func TestAPublishedNoteKeepsItsAddressWhenItsGuestSignsIn(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	path := v.publish(v.write("# Shared"))
	v.signIn("ada")
	s.visitor().get(path).must(t, 200).has(t, "Shared</h1>")
}
