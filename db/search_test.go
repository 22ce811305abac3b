package db

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func titles(hits []NoteHit) []string {
	var all []string
	for _, h := range hits {
		all = append(all, h.Title)
	}
	return all
}

func TestASearchFindsWordsInTitlesAndBodiesInAnyCase(t *testing.T) {
	f := open(t)
	v := newGuest()
	for i, body := range []string{
		"# Straße\n\nΟΔΥΣΣΕΥΣ sails home", "# 日本語のノート\n\n検索できる", "# Привет\n\nмир", "# 100 % sure\n\nsnake_case \\ and 'quotes'",
		"# Tea\n\nDarjeeling, first flush", "# Coffee\n\nno tea here",
	} {
		f.clock.advance(time.Duration(i) * time.Second)
		f.note(t, v, body)
	}
	v = f.guest(t, v.ID)
	for query, want := range map[string][]string{
		"STRAßE": {"Straße"}, "οδυσσευς": {"Straße"}, "οδυσσευσ": {"Straße"}, "検索": {"日本語のノート"}, "語": {"日本語のノート"},
		"ПРИВЕТ МИР": {"Привет"}, "%": {"100 % sure"}, "_": {"100 % sure"}, `\`: {"100 % sure"}, "'": {"100 % sure"},
		"tea": {"Coffee", "Tea"}, "TEA flush": {"Tea"}, "flush tea": {"Tea"}, "earl": nil, "": nil, "  ": nil, "*": nil,
	} {
		hits, _, err := f.SearchNotes(t.Context(), v, SearchWords(query), Cursor{}, 10)
		if err != nil || !slices.Equal(titles(hits), want) {
			t.Errorf("%q found %q, want %q (error %v)", query, titles(hits), want, err)
		}
	}
}

func TestASearchFindsNothingOfOthersOrOfTheTrash(t *testing.T) {
	f := open(t)
	v, other := newGuest(), newGuest()
	f.note(t, other, "secret of another")
	n := f.note(t, v, "secret in the trash")
	if err := f.DeleteNote(t.Context(), f.guest(t, v.ID), n.ID); err != nil {
		t.Fatal(err)
	}
	if hits, _, err := f.SearchNotes(t.Context(), f.guest(t, v.ID), SearchWords("secret"), Cursor{}, 10); err != nil || len(hits) != 0 {
		t.Errorf("found %v, %v", titles(hits), err)
	}
}

func TestASearchGoesOnWhereItStopped(t *testing.T) {
	f := open(t)
	v := newGuest()
	for range 5 {
		f.note(t, v, "needle")
		f.note(t, v, "hay")
	}
	v = f.guest(t, v.ID)
	var from Cursor
	seen := make(map[string]bool)
	for _, want := range []int{2, 2, 1} {
		hits, after, err := f.SearchNotes(t.Context(), v, SearchWords("needle"), from, 2)
		if err != nil || len(hits) != want {
			t.Fatalf("%d hits, want %d, error %v", len(hits), want, err)
		}
		for _, h := range hits {
			seen[h.ID] = true
		}
		from = after
	}
	if len(seen) != 5 || from != (Cursor{}) {
		t.Errorf("%d notes were found, and the search goes on at %+v", len(seen), from)
	}
}

func TestASearchThatTakesLongGoesOnInParts(t *testing.T) {
	f := open(t)
	v := newGuest()
	for range 3 {
		f.note(t, v, "hay")
	}
	f.clock.advance(-time.Hour)
	f.note(t, v, "needle")
	v = f.guest(t, v.ID)
	var from Cursor
	var found []NoteHit
	for parts := 1; ; parts++ {
		hits, after, err := f.searchNotes(t.Context(), v, []string{"needle"}, from, 10, 0)
		if err != nil || parts > 5 {
			t.Fatalf("part %d, error %v", parts, err)
		}
		found = append(found, hits...)
		if from = after; after.ID == "" {
			break
		}
	}
	if len(found) != 1 {
		t.Errorf("found %v", titles(found))
	}
}

func TestAHitShowsTheTextAroundIt(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "# Title\n\nbeginning\n\n"+strings.Repeat("weiß nicht ", 20)+"the *needle* is here "+strings.Repeat("and more ", 20))
	hits, _, err := f.SearchNotes(t.Context(), f.guest(t, v.ID), SearchWords("NEEDLE"), Cursor{}, 1)
	if err != nil || len(hits) != 1 {
		t.Fatal(hits, err)
	}
	p := hits[0].Passage
	if !strings.HasPrefix(p, "…") || !strings.Contains(p, "the *needle* is here") || strings.Contains(p, "\n") || len(p) > 4*passageBytes {
		t.Errorf("the passage is %q", p)
	}
}

func TestIndexFoldTellsHowLongTheHitIs(t *testing.T) {
	for _, c := range []struct {
		s, word    string
		start, end int
	}{
		{"the Kelvin sign: \u212a", "k", 4, 5}, {"\u212aelvin", "kelvin", 0, 8}, {"ſo long", "SO", 0, 3},
		{"aaab", "aab", 1, 4}, {"abc", "", 0, 0}, {"", "a", -1, -1}, {"abc", "abcd", -1, -1}, {"FfFx", "ffx", 1, 4},
	} {
		if start, end := IndexFold(c.s, c.word); start != c.start || end != c.end {
			t.Errorf("IndexFold(%q, %q) = %d, %d, want %d, %d", c.s, c.word, start, end, c.start, c.end)
		}
	}
}
