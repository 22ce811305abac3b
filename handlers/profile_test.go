package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var profileAction = regexp.MustCompile(`action="(/profiles/[0-9a-f-]{36})"`)

// profiles is the addresses of the profiles on the page.
func (a answer) profiles() (actions []string) {
	for _, found := range profileAction.FindAllStringSubmatch(a.body, -1) {
		actions = append(actions, found[1])
	}
	return actions
}

func TestAProfileIsChangedByHtmxAndKept(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	page := v.get("/editor").must(t, 200)
	action := page.profiles()[0]
	a := v.do("PUT", action, url.Values{"emoji": {"🦊"}, "name": {"  Fox in Socks "}, "is_active": {"false"}}, htmx).must(t, 200)
	a.has(t, `value="Fox in Socks"`, "🦊", `hx-target="#card"`, `hx-target="#byline"`).hasNot(t, "<html", `value="true" checked`)
	// Another tab, and the database.
	v.get("/editor").must(t, 200).has(t, `value="Fox in Socks"`)
	if n := s.rows(`SELECT count(*) FROM profiles WHERE name = 'Fox in Socks' AND emoji = '🦊' AND NOT is_active`); n != 1 {
		t.Errorf("%d such rows", n)
	}
}

func TestOfTwoValuesTheLastCounts(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	action := v.get("/editor").profiles()[0]
	v.do("PUT", action, url.Values{"emoji": {"🦊", "🦉"}, "name": {"x"}, "is_active": {"false", "true"}}, htmx).must(t, 200)
	if n := s.rows(`SELECT count(*) FROM profiles WHERE emoji = '🦉' AND is_active`); n != 1 {
		t.Error("the picked emoji and the checked box were not stored")
	}
}

func TestABadProfileIsAnsweredBesideItsFieldAndStaysTyped(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	action := v.get("/editor").profiles()[0]
	long := strings.Repeat("x", 41)
	for _, c := range []struct{ emoji, name, message string }{
		{"🦊", "", "Please give a name"},
		{"🦊", long, "40 characters at most"},
		{"🦊", "a\u0007b", "cannot be seen"},
		{"🦊", "a\u202eb", "cannot be seen"},
		{"🦊🦊", "Fox", "exactly one emoji"},
		{"x", "Fox", "exactly one emoji"},
		{"", "Fox", "exactly one emoji"},
	} {
		form := url.Values{"emoji": {c.emoji}, "name": {c.name}, "is_active": {"true"}}
		partial := v.do("PUT", action, form, htmx).must(t, 422).has(t, c.message, `value="`+c.name+`"`, `value="`+c.emoji+`"`)
		if strings.Contains(partial.body, "<html") {
			t.Error("htmx got a whole page")
		}
		form.Set("_method", "PUT")
		page := v.post(action, form).must(t, 422).has(t, c.message, `value="`+c.name+`"`)
		if !strings.Contains(page.body, "<html") {
			t.Error("a browser without JavaScript got a part of a page")
		}
	}
	if n := s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
}

func TestAtMostTwelveProfilesAndNeverNone(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	only := v.get("/editor").profiles()
	v.do("DELETE", only[0], nil, htmx).must(t, 422).has(t, "only profile")
	for range 11 {
		v.post("/profiles", url.Values{}, htmx).must(t, 200)
	}
	page := v.get("/editor").must(t, 200).hasNot(t, "Add a profile")
	if n := len(page.profiles()); n != 12 {
		t.Fatalf("%d profiles on the page", n)
	}
	v.post("/profiles", url.Values{}, htmx).must(t, 422).has(t, "12 profiles")
	for _, action := range page.profiles()[1:] {
		v.post(action, url.Values{"_method": {"DELETE"}}).must(t, 303)
	}
	v.get("/editor").must(t, 200).hasNot(t, "Remove this profile")
}

func TestWithoutJavaScriptAChangeLeadsBackToTheNote(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Trip to Lisbon")
	from := header{"Referer", s.url.String() + "/editor/" + id}
	action := v.get("/editor").profiles()[0]
	form := url.Values{"_method": {"PUT"}, "emoji": {"🦊"}, "name": {"Fox"}}
	if to := v.post(action, form, from).must(t, 303).location(); to != "/editor/"+id {
		t.Errorf("leads to %q", to)
	}
	form.Set("name", "")
	v.post(action, form, from).must(t, 422).has(t, "Please give a name", "# Trip to Lisbon")
	if to := v.post(action, url.Values{"_method": {"PUT"}, "emoji": {"🦊"}, "name": {"Fox"}}, header{"Referer", "https://evil.example/editor/x"}).must(t, 303).location(); to != "/editor" {
		t.Errorf("a foreign page leads to %q", to)
	}
}

func TestThePaletteIsSearchedByHtmxAndByAForm(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.get("/emoji?q=tea&profile=p", htmx).must(t, 200).has(t, "🍵", "choices-p").hasNot(t, "<html")
	v.get("/emoji?q=no+such+thing", htmx).must(t, 200).has(t, "Nothing found")
	action := v.get("/editor").profiles()[0]
	page := v.post(action, url.Values{"_method": {"PUT"}, "find": {"1"}, "q": {"tea"}, "name": {"typed, not saved"}, "emoji": {"🦊"}}).must(t, 200)
	page.has(t, "🍵", `value="typed, not saved"`, "<details open")
	if n := s.rows(`SELECT count(*) FROM profiles`); n != 0 {
		t.Error("finding saved something")
	}
}
