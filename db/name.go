package db

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/unicode/norm"
)

// MaxNameGraphemes is how long a name may be, in what a reader sees as characters.
const MaxNameGraphemes = 40

// maxNameBytes stops a name whose few characters carry hundreds of combining marks.
const maxNameBytes = 512

// NormalizeName puts a name into the form in which it is kept (NFC, no white space around
// it), or says what is wrong with it: an *InvalidError.
func NormalizeName(name string) (string, error) {
	invalid := func(message string) (string, error) { return name, &InvalidError{"name", message} }
	if !utf8.ValidString(name) {
		return invalid("This name holds bytes that are not UTF-8. Please type it again.")
	}
	name = norm.NFC.String(strings.TrimSpace(name))
	length := 0
	for g := graphemes.FromString(name); g.Next(); length++ {
		// An emoji may be spelled with characters that are forbidden elsewhere.
		if strings.ContainsFunc(g.Value(), isForbidden) && NormalizedEmoji(g.Value()) == "" {
			return invalid("This name holds a character that cannot be seen or that turns the text around it. Please type it again.")
		}
	}
	switch {
	case name == "":
		return invalid("Please give a name, 1 to 40 characters.")
	case length > MaxNameGraphemes || len(name) > maxNameBytes:
		return invalid("This name is too long: 40 characters at most.")
	case strings.IndexFunc(name, isVisible) < 0:
		return invalid("This name has nothing to see in it. Please give 1 to 40 characters.")
	}
	return name, nil
}

// FitName is the nearest valid name to one that nobody can be asked to correct, such as a
// name at GitHub; it is "" when nothing is left.
func FitName(name string) string {
	name = strings.Map(func(r rune) rune {
		if isForbidden(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	var fitting strings.Builder
	g := graphemes.FromString(strings.TrimSpace(norm.NFC.String(name)))
	for n := 0; n < MaxNameGraphemes && g.Next() && fitting.Len()+len(g.Value()) <= maxNameBytes; n++ {
		fitting.WriteString(g.Value())
	}
	name, err := NormalizeName(fitting.String())
	if err != nil {
		return ""
	}
	return name
}

// isForbidden holds for control, format, private-use and line-separating characters, for
// variation selectors, and for whatever else fonts draw as nothing. Bidi controls and
// zero-width characters are format characters.
func isForbidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == brailleBlank
}

// brailleBlank is drawn as nothing, though it counts as a symbol.
const brailleBlank = '\u2800'

func isVisible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}
