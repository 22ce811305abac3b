package db

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/unicode/norm"
)

func TestNamesThatPeopleHaveAreKept(t *testing.T) {
	for name, want := range map[string]string{
		"Red Badger": "Red Badger",
		"  Zoë ":     "Zoë",
		"Zoe\u0308":  "Zoë", // NFC
		"ضياء":       "ضياء",
		"नमस्ते":     "नमस्ते",
		"李小龍":        "李小龍",
		"👩‍🚀 of 🏴󠁧󠁢󠁳󠁣󠁴󠁿":              "👩‍🚀 of 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
		"'; DROP TABLE users; --":     "'; DROP TABLE users; --",
		"<script>":                    "<script>",
		strings.Repeat("é", 40):       strings.Repeat("é", 40),
		strings.Repeat("👨‍👩‍👧‍👦", 10): strings.Repeat("👨‍👩‍👧‍👦", 10),
	} {
		if got, err := NormalizeName(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

func TestNamesThatMisleadAreRefused(t *testing.T) {
	for what, name := range map[string]string{
		"empty": "", "blank": " \t ", "41 characters": strings.Repeat("x", 41), "not UTF-8": "\xffabc",
		"control": "a\nb", "NUL": "a\x00b", "bidi override": "a\u202eb", "bidi isolate": "a\u2066b",
		"zero width space": "a\u200bb", "zero width joiner": "a\u200db", "BOM": "\ufeffa", "soft hyphen": "a\u00adb",
		"hangul filler": "\u3164", "braille blank": "\u2800", "line separator": "a\u2028b",
		"private use": "a\ue000b", "hidden selectors": "a\U000e0100b", "tag characters": "a\U000e0061",
		"only marks": "\u0301", "a pile of marks": "a" + strings.Repeat("\u0301", 400),
	} {
		invalid := new(InvalidError)
		if got, err := NormalizeName(name); !errors.As(err, &invalid) || invalid.Field != "name" {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}

func TestFitNameMakesAnyNameValidOrEmpty(t *testing.T) {
	for name, want := range map[string]string{
		"Ada":                   "Ada",
		"\u202eAda\n":           "Ada",
		strings.Repeat("x", 99): strings.Repeat("x", 40),
		"\u200b":                "",
	} {
		if got := FitName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"Red Badger", "Zoe\u0308", "👩‍🚀", "\u202e", "a\u200d", strings.Repeat("x", 41), "\xff", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fit := FitName(s)
		if again, err := NormalizeName(fit); fit != "" && (err != nil || again != fit) {
			t.Errorf("FitName(%q) = %q, which becomes %q, %v", s, fit, again, err)
		}
		name, err := NormalizeName(s)
		if err != nil {
			return
		}
		if again, err := NormalizeName(name); err != nil || again != name {
			t.Errorf("%q is kept as %q, which becomes %q, %v", s, name, again, err)
		}
		length := 0
		for g := graphemes.FromString(name); g.Next(); length++ {
			if strings.ContainsFunc(g.Value(), isForbidden) && NormalizedEmoji(g.Value()) == "" {
				t.Errorf("%q keeps a forbidden character", name)
			}
		}
		if length < 1 || length > MaxNameGraphemes || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) {
			t.Errorf("%q has %d characters", name, length)
		}
	})
}
