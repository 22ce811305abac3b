package handlers

import (
	"bytes"
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// emojiInPalette is how many emoji a search shows.
const emojiInPalette = 48

// palette is the emoji that a query finds; without one, those that are suggested.
func (h *Handlers) palette(chosen, query string) views.Palette {
	query = cut(query, 64) // nobody searches for more, and each word costs
	if strings.TrimSpace(query) != "" {
		return views.Palette{Query: query, Choices: emojiChoices(db.SearchEmoji(query, emojiInPalette), chosen)}
	}
	choices, found := h.suggestions[chosen]
	if !found {
		choices = h.suggestions[""]
	}
	return views.Palette{Choices: choices}
}

func emojiChoices(emoji []db.Emoji, chosen string) templ.Component {
	choices := make([]views.EmojiChoice, len(emoji))
	for i, e := range emoji {
		choices[i] = views.EmojiChoice{Emoji: e.Emoji, Name: e.Name, IsChosen: e.Emoji == chosen}
	}
	return views.EmojiChoices(choices)
}

// drawSuggestions draws the palette that stands on every page, once for each profile:
// under each emoji of it with that one chosen, and under "" with none.
func drawSuggestions() (map[string]templ.Component, error) {
	drawn := make(map[string]templ.Component)
	suggested := db.SuggestedEmoji()
	for _, chosen := range append([]db.Emoji{{}}, suggested...) {
		var html bytes.Buffer
		if err := emojiChoices(suggested, chosen.Emoji).Render(context.Background(), &html); err != nil {
			return nil, err
		}
		drawn[chosen.Emoji] = templ.Raw(html.String())
	}
	return drawn, nil
}
