package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/guestpad/guestpad/views"
)

func TestAConflictHasThreeWaysOut(t *testing.T) {
	for keep, wants := range map[string]struct{ inNote, elsewhere string }{
		"mine": {"typed here", "/trash"}, "theirs": {"saved elsewhere", "/trash"}, "both": {"saved elsewhere", "/editor"},
	} {
		for _, way := range [][]header{nil, {htmx}} {
			s := newSite(t)
			v := s.newGuest()
			id := v.write("first")
			v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"saved elsewhere"}}).must(t, 303)
			form := url.Values{"_method": {"PUT"}, "version": {"2"}, "body": {"typed here"}, "keep": {"mine", keep}}
			a := v.post("/notes/"+id, form, way...)
			if a.StatusCode >= 400 {
				t.Fatalf("%s: status %d", keep, a.StatusCode)
			}
			v.get("/editor/"+id).must(t, 200).has(t, wants.inNote+"</textarea>")
			other := "saved elsewhere"
			if wants.inNote == other {
				other = "typed here"
			}
			v.get(wants.elsewhere).must(t, 200).has(t, other)
			if to := a.location() + a.Header.Get("HX-Redirect"); keep == "both" && (to == "" || strings.HasSuffix(to, id)) {
				t.Errorf("keeping both leads to %q", to)
			}
		}
	}
}

func TestAConflictHasNoOtherWayOut(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("first")
	v.do("PUT", "/notes/"+id, url.Values{"version": {"1"}, "body": {"typed here"}, "keep": {"nothing"}}, htmx).must(t, 400)
	v.get("/editor/"+id).must(t, 200).has(t, "first</textarea>")
}

func TestAConflictThatMovesOnIsShownAgain(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("first")
	v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"second"}}).must(t, 303)
	v.do("PUT", "/notes/"+id, url.Values{"version": {"1"}, "body": {"typed here"}, "keep": {"theirs"}}, htmx).must(t, 409).
		has(t, "<mark>second</mark>", `name="version" value="2"`)
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
}

func TestTheWordsThatDifferAreMarked(t *testing.T) {
	show := func(parts []views.Part) string {
		var text strings.Builder
		for _, p := range parts {
			if p.IsMarked {
				text.WriteString("[" + p.Text + "]")
			} else {
				text.WriteString(p.Text)
			}
		}
		return text.String()
	}
	theirs, mine := differences("The quick brown fox\njumps.", "The slow brown fox\njumps high. 日本語")
	if got := show(theirs); got != "The [quick] brown fox\njumps." {
		t.Errorf("theirs: %s", got)
	}
	if got := show(mine); got != "The [slow] brown fox\njumps[ high].[ 日本語]" {
		t.Errorf("mine: %s", got)
	}
	// More words than there are characters below the surrogates.
	var long strings.Builder
	for i := range 60_000 {
		long.WriteString(strings.Repeat("x", i%7) + string(rune('a'+i%26)) + " " + string(rune(0x4e00+i%20000)))
	}
	theirs, mine = differences(long.String(), long.String()+" end")
	if len(theirs) != 1 || theirs[0].IsMarked || len(mine) != 2 || theirs[0].Text != long.String() {
		t.Errorf("%d parts and %d parts", len(theirs), len(mine))
	}
}
