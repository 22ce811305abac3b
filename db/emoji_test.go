package db

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

func TestAnEmojiIsExactlyOne(t *testing.T) {
	for emoji, want := range map[string]string{
		"🦊": "🦊", "👋🏽": "👋🏽", "👩‍🚀": "👩‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇵🇹": "🇵🇹", "1️⃣": "1️⃣", " 🦊 ": "🦊",
		"❤": "❤️", "❤️": "❤️", // with or without U+FE0F
		"👩‍❤‍👨": "👩‍❤️‍👨",
	} {
		if got, err := NormalizeEmoji(emoji); err != nil || got != want {
			t.Errorf("%q: %q, %v", emoji, got, err)
		}
	}
	for _, not := range []string{"", "a", "1", "#", "🦊🦊", "🦊a", "🇵", "🏽", "\u200d", "\ufe0f", "\u20e3", "🦊\u200d🦊", "<b>", "🇵🇹🇵🇹", strings.Repeat("🦊", 99)} {
		invalid := new(InvalidError)
		if got, err := NormalizeEmoji(not); !errors.As(err, &invalid) || invalid.Field != "emoji" {
			t.Errorf("%q: %q, %v", not, got, err)
		}
	}
}

func TestTheCatalogueHoldsWhatIsRecommendedForInterchange(t *testing.T) {
	// Emoji 17.0 counts 3,953 with the nine skin and hair components
	// (https://www.unicode.org/emoji/charts-17.0/emoji-counts.html).
	if got := len(catalogue().byKey); got != 3953-9 {
		t.Errorf("%d emoji", got)
	}
	for _, emoji := range catalogue().byKey {
		g := graphemes.FromString(emoji)
		if !g.Next() || g.Value() != emoji {
			t.Errorf("%q is more than one grapheme", emoji)
		}
		if len(emoji) > maxEmojiBytes {
			t.Errorf("%q takes %d bytes", emoji, len(emoji))
		}
	}
}

func TestSearchFindsByNameAndKeyword(t *testing.T) {
	found := func(query string) (emoji []string) {
		for _, e := range SearchEmoji(query, 48) {
			emoji = append(emoji, e.Emoji)
		}
		return emoji
	}
	for query, want := range map[string]string{
		"fox": "🦊", "FOX": "🦊", "tea": "🍵", "moon": "🌙", "crescent moon": "🌙", "hooray": "🎉", "flag portugal": "🇵🇹", "🦊": "🦊",
	} {
		if got := found(query); !slices.Contains(got, want) {
			t.Errorf("%q finds %v, not %s", query, got, want)
		}
	}
	if got := found("fox"); got[0] != "🦊" {
		t.Errorf("the fox is not the first of %v", got)
	}
	if got := found("tea"); slices.Index(got, "🍵") > slices.Index(got, "🧑‍🏫") {
		t.Errorf("a teacher stands before the tea: %v", got)
	}
	if got := found("no such thing"); len(got) != 0 {
		t.Errorf("nothing finds %v", got)
	}
	if got := found(" "); len(got) != len(SuggestedEmoji()) {
		t.Errorf("an empty query finds %d", len(got))
	}
	if got := SearchEmoji("a", 10); len(got) != 10 {
		t.Errorf("the limit lets %d through", len(got))
	}
	for _, e := range SuggestedEmoji() {
		if NormalizedEmoji(e.Emoji) != e.Emoji {
			t.Errorf("%q is suggested in a form that is not kept", e.Emoji)
		}
	}
}

func FuzzEmoji(f *testing.F) {
	for _, seed := range []string{"🦊", "👋🏽", "a", "🦊🦊", "\ufe0f", "🇵", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		SearchEmoji(s, 48)
		emoji, err := NormalizeEmoji(s)
		if err != nil {
			return
		}
		g := graphemes.FromString(emoji)
		if !g.Next() || g.Value() != emoji {
			t.Errorf("%q is kept as %q, which is more than one grapheme", s, emoji)
		}
		if again, err := NormalizeEmoji(emoji); err != nil || again != emoji {
			t.Errorf("%q becomes %q, %v", emoji, again, err)
		}
	})
}
