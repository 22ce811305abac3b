// Package views draws the pages. Its models mirror what is on the screen: handlers fill
// them in, and nothing here reads a database, a cookie or a request.
//
// A partial that answers htmx is the very component that its page embeds.
package views

import "strconv"

// plural is "1 note" or "3 notes".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Holdings is "3 notes and 1 profile", leaving out what there is none of.
func Holdings(notes, profiles int) string {
	switch {
	case notes == 0 && profiles == 0:
		return ""
	case notes == 0:
		return plural(profiles, "profile", "profiles")
	case profiles == 0:
		return plural(notes, "note", "notes")
	}
	return plural(notes, "note", "notes") + " and " + plural(profiles, "profile", "profiles")
}
