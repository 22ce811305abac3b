package db

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NoteHit is a note that a search found.
type NoteHit struct {
	NoteSummary
	// Passage is the text around the first hit in the body, on one line, or the excerpt
	// when the words are in the title alone.
	Passage string
}

// passageBytes is about how much text a passage shows before the hit, and after it.
const passageBytes = 40

// searchPatience is how long a search looks at notes in one go: what is found is shown
// while one types, and the list goes on by itself. A connection is the search's own
// for so long, and there are few.
const searchPatience = 100 * time.Millisecond

// SearchNotes finds notes of the viewer whose text has every one of the words (those of
// SearchWords), in any case, in the order of Notes and from a place on. No character has a
// meaning of its own. After is where to look on; it is the zero Cursor when all notes were
// looked at. There may be more although few or none were found, when that took long.
func (d *DB) SearchNotes(ctx context.Context, v Viewer, words []string, from Cursor, limit int) (hits []NoteHit, after Cursor, err error) {
	return d.searchNotes(ctx, v, words, from, limit, searchPatience)
}

func (d *DB) searchNotes(ctx context.Context, v Viewer, words []string, from Cursor, limit int, patience time.Duration) (hits []NoteHit, after Cursor, err error) {
	if !v.HasRow || len(words) == 0 {
		return nil, Cursor{}, nil
	}
	start := time.Now()
	err = d.reads(ctx).eachUntil(func(row scanner) (isEnough bool, err error) {
		hit, found, err := scanNoteHit(row, words)
		if found {
			hits = append(hits, hit)
		}
		if time.Since(start) > patience {
			after = hit.cursor()
		}
		// Nobody waits any more when the next letter was typed.
		return len(hits) > limit || after.ID != "", errors.Join(err, ctx.Err())
	}, `SELECT id, updated_at, is_pinned, public_id IS NOT NULL, body FROM notes
		WHERE owner_id = $1 AND deleted_at IS NULL AND ($4 = '' OR (is_pinned, updated_at, id) < ($2, $3, $4))
		ORDER BY is_pinned DESC, updated_at DESC, id DESC`, v.ID, from.IsPinned, millis(from.UpdatedAt), from.ID)
	if len(hits) > limit {
		hits = hits[:limit]
		after = hits[limit-1].cursor()
	}
	return hits, after, err
}

func scanNoteHit(row scanner, words []string) (hit NoteHit, found bool, err error) {
	var updatedAt int64
	var body string
	if err := row.Scan(&hit.ID, &updatedAt, &hit.IsPinned, &hit.IsPublic, &body); err != nil {
		return hit, false, err
	}
	hit.UpdatedAt = fromMillis(updatedAt)
	for _, word := range words {
		if start, _ := IndexFold(body, word); start < 0 {
			return hit, false, nil
		}
	}
	hit.Title, hit.Excerpt = Summarize(body)
	hit.Passage = passage(body, hit.Title, words)
	if hit.Passage == "" {
		hit.Passage = hit.Excerpt
	}
	return hit, true, nil
}

// SearchWords are the words of a query, composed as texts usually are (NFC).
func SearchWords(query string) []string {
	return strings.Fields(norm.NFC.String(strings.ToValidUTF8(query, "")))
}

// IndexFold is where s has word for the first time, in any case (Unicode simple case
// folding), or -1, -1. It looks for the word's rarest letter, and where that is, whether
// the rest of the word is around it.
func IndexFold(s, word string) (start, end int) {
	letter, before := rarestLetter(word)
	if word == "" {
		return 0, 0
	}
	var cases []place
	for r := unicode.SimpleFold(letter); ; r = unicode.SimpleFold(r) {
		cases = append(cases, place{r, strings.IndexRune(s, r)})
		if r == letter {
			break
		}
	}
	for {
		nearest := -1
		for i, c := range cases {
			if c.at >= 0 && (nearest < 0 || c.at < cases[nearest].at) {
				nearest = i
			}
		}
		if nearest < 0 {
			return -1, -1
		}
		c := &cases[nearest]
		if start := back(s, c.at, before); start >= 0 {
			if length := foldedPrefix(s[start:], word); length >= 0 {
				return start, start + length
			}
		}
		c.next(s)
	}
}

// rarestLetter is the letter of a word that texts have least of, and how many letters
// stand before it. Letters beyond English are taken to be rarer.
func rarestLetter(word string) (letter rune, before int) {
	const often = "zqxjkvbpygfwmucldrhsnioate"
	least, n := len(often), 0
	for _, r := range word {
		if i := strings.IndexRune(often, unicode.ToLower(r)); n == 0 || i < least {
			letter, before, least = r, n, i
		}
		n++
	}
	return letter, before
}

// back is the place that stands so many letters before another, or -1.
func back(s string, at, letters int) int {
	for range letters {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		if size == 0 {
			return -1
		}
		at -= size
	}
	return at
}

// place is where a letter is; negative if nowhere (any more).
type place struct {
	letter rune
	at     int
}

func (p *place) next(s string) {
	from := p.at + utf8.RuneLen(p.letter)
	if p.at = strings.IndexRune(s[from:], p.letter); p.at >= 0 {
		p.at += from
	}
}

// foldedPrefix is how many bytes of s the word takes at its beginning, or -1.
func foldedPrefix(s, word string) int {
	at := 0
	for _, w := range word {
		r, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 || r != w && !equalFold(r, w) {
			return -1
		}
		at += size
	}
	return at
}

func equalFold(a, b rune) bool {
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

// passage is the text around the first hit that is not in the title's line.
func passage(body, title string, words []string) string {
	_, rest, _ := strings.Cut(body, "\n")
	if strings.TrimSpace(title) == "" {
		rest = body
	}
	for _, word := range words {
		start, end := IndexFold(rest, word)
		if start < 0 {
			continue
		}
		from := wordStart(rest, max(0, start-passageBytes))
		to := min(len(rest), end+passageBytes)
		for to < len(rest) && !utf8.RuneStart(rest[to]) {
			to++
		}
		text := strings.Join(strings.Fields(rest[from:to]), " ")
		if from > 0 {
			text = "…" + text
		}
		return text
	}
	return ""
}

// wordStart is the beginning of the next word at or after a place, or the place itself if
// none is near.
func wordStart(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	if at == 0 {
		return 0
	}
	if space := strings.IndexAny(s[at:min(len(s), at+passageBytes/2)], " \n\t"); space >= 0 {
		return at + space + 1
	}
	return at
}
