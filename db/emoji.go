package db

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// emojibaseJSON is emojibase-data's English catalogue, kept as published.
//
//go:embed emojibase/en.json
var emojibaseJSON []byte

// Emoji is an emoji of the catalogue with its English name.
type Emoji struct {
	Emoji string
	Name  string
	// words is what a search looks through: the name and its keywords.
	words []string
}

type emojiCatalogue struct {
	all []Emoji
	// byKey finds the fully qualified form, from it or from one without variation selectors.
	byKey map[string]string
}

// catalogue is read when it is first needed: a visit that only reads needs none of it.
var catalogue = sync.OnceValue(func() emojiCatalogue {
	type entry struct {
		Unicode, Label string
		Tags           []string
		Group          *int
		Skins          []entry
	}
	var entries []entry
	if err := json.Unmarshal(emojibaseJSON, &entries); err != nil {
		panic("db: the embedded emoji catalogue: " + err.Error())
	}
	c := emojiCatalogue{byKey: make(map[string]string, 2*len(entries))}
	for _, e := range entries {
		// What has no group (single regional indicators) or is a component (skin tones)
		// is no emoji by itself.
		if e.Group == nil || *e.Group == componentGroup {
			continue
		}
		words := strings.FieldsFunc(strings.ToLower(e.Label+" "+strings.Join(e.Tags, " ")), isSeparator)
		c.all = append(c.all, Emoji{Emoji: e.Unicode, Name: e.Label, words: words})
		for _, variant := range append([]entry{e}, e.Skins...) {
			c.byKey[unqualified(variant.Unicode)] = variant.Unicode
		}
	}
	return c
})

const componentGroup = 2

func isSeparator(r rune) bool { return strings.ContainsRune(" -:,.()_’'“”!&", r) }

// unqualified drops U+FE0F, which keyboards add or leave out at will.
func unqualified(s string) string { return strings.ReplaceAll(s, "\ufe0f", "") }

// NormalizedEmoji is the fully qualified form of an emoji that is recommended for general
// interchange (RGI, Unicode TS #51), and "" for anything else.
func NormalizedEmoji(s string) string {
	if len(s) > maxEmojiBytes {
		return ""
	}
	return catalogue().byKey[unqualified(s)]
}

// maxEmojiBytes is above the longest RGI emoji, which takes 35 bytes.
const maxEmojiBytes = 64

// NormalizeEmoji is NormalizedEmoji for a form: the error is an *InvalidError.
func NormalizeEmoji(s string) (string, error) {
	if emoji := NormalizedEmoji(strings.TrimSpace(s)); emoji != "" {
		return emoji, nil
	}
	return s, &InvalidError{"emoji", "Please choose exactly one emoji."}
}

// SearchEmoji finds emoji by the beginnings of words of their name and keywords; all the
// words of the query must be found. Those that carry the query as their name come first,
// then those that have its words whole. An emoji finds itself, and an empty query finds
// SuggestedEmoji.
func SearchEmoji(query string, limit int) []Emoji {
	query = strings.ToLower(strings.TrimSpace(query))
	terms := strings.FieldsFunc(query, isSeparator)
	if len(terms) == 0 {
		return SuggestedEmoji()
	}
	asked := NormalizedEmoji(query)
	var byRank [3][]Emoji
	for _, e := range catalogue().all {
		switch {
		case e.Name == query || e.Emoji == asked:
			byRank[0] = append(byRank[0], e)
		case e.matches(terms, func(word, term string) bool { return word == term }):
			byRank[1] = append(byRank[1], e)
		case e.matches(terms, strings.HasPrefix):
			byRank[2] = append(byRank[2], e)
		}
	}
	found := slices.Concat(byRank[:]...)
	return found[:min(limit, len(found))]
}

// matches tells whether each term matches a word of the emoji.
func (e Emoji) matches(terms []string, match func(word, term string) bool) bool {
	for _, term := range terms {
		if !slices.ContainsFunc(e.words, func(word string) bool { return match(word, term) }) {
			return false
		}
	}
	return true
}

// SuggestedEmoji is what the palette shows before anything is searched for.
func SuggestedEmoji() []Emoji { return suggested() }

var suggested = sync.OnceValue(func() []Emoji {
	var emoji []Emoji
	for _, a := range animals[:suggestedAnimals] {
		emoji = append(emoji, Emoji{Emoji: a.emoji, Name: a.name})
	}
	return append(emoji,
		Emoji{Emoji: "🌿", Name: "herb"}, Emoji{Emoji: "🍄", Name: "mushroom"},
		Emoji{Emoji: "🌙", Name: "crescent moon"}, Emoji{Emoji: "☕️", Name: "hot beverage"},
	)
})

const suggestedAnimals = 12
