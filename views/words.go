// Package views draws the pages. Its models mirror what is on the screen: handlers fill
// them in, and nothing here reads a database, a cookie or a request.
//
// A partial that answers htmx is the very component that its page embeds.
package views

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/words"
)

// Plural is "1 note" or "3 notes".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Holdings is "3 notes and 1 profile", leaving out what there is none of.
type Holdings struct {
	Notes, Profiles int
	// HasMore is true when there are more notes than were counted.
	HasMore bool
}

func (h Holdings) String() string {
	var parts []string
	switch {
	case h.HasMore:
		parts = append(parts, "more than "+strconv.Itoa(h.Notes)+" notes")
	case h.Notes > 0:
		parts = append(parts, Plural(h.Notes, "note", "notes"))
	}
	if h.Profiles > 0 {
		parts = append(parts, Plural(h.Profiles, "profile", "profiles"))
	}
	return strings.Join(parts, " and ")
}

// IsOne tells whether it is one thing, for the verb.
func (h Holdings) IsOne() bool { return h.Notes+h.Profiles == 1 }

// shownKey is a shortcut as people write it: "Ctrl Shift 8".
func shownKey(key string) string {
	return strings.NewReplacer("Control", "Ctrl", "Period", ".", "+", " ").Replace(key)
}

// wordsAMinute is how fast people read.
const wordsAMinute = 230

// Counts is how long a text is: "64 words · 1 min". Words are those of Unicode (UAX #29),
// so that scripts without spaces have them too.
func Counts(text string) string {
	count := 0
	for tokens := words.FromString(text); tokens.Next(); {
		if strings.ContainsFunc(tokens.Value(), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			count++
		}
	}
	minutes := (count + wordsAMinute - 1) / wordsAMinute
	return Plural(count, "word", "words") + " · " + strconv.Itoa(minutes) + " min"
}
