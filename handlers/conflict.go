package handlers

import (
	"strings"
	"time"

	"github.com/clipperhouse/uax29/v2/words"
	"github.com/labstack/echo/v4"
	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// conflictForm is the form as it was sent, with the text that was stored in the meantime
// beside it. Sending it again names the version that was shown.
func (h *Handlers) conflictForm(form views.NoteForm, stored db.Note) views.NoteForm {
	current := h.noteForm(stored)
	current.Body, current.State = form.Body, "Not saved"
	current.SavedAt, current.SavedWhen = "", ""
	theirs, mine := differences(stored.Body, form.Body)
	current.Conflict = &views.NoteConflict{Theirs: theirs, Mine: mine}
	return current
}

// diffPatience bounds the search for the smallest difference. What is found by then is
// right too, only longer.
const diffPatience = 300 * time.Millisecond

// differences parts two texts so that the words that only one of them has are marked.
func differences(theirs, mine string) (inTheirs, inMine []views.Part) {
	var vocabulary vocabulary
	differ := diffmatchpatch.New()
	differ.DiffTimeout = diffPatience
	for _, d := range differ.DiffMainRunes(vocabulary.encode(theirs), vocabulary.encode(mine), false) {
		part := views.Part{Text: vocabulary.decode(d.Text), IsMarked: d.Type != diffmatchpatch.DiffEqual}
		if d.Type != diffmatchpatch.DiffInsert {
			inTheirs = append(inTheirs, part)
		}
		if d.Type != diffmatchpatch.DiffDelete {
			inMine = append(inMine, part)
		}
	}
	return inTheirs, inMine
}

// A vocabulary stands each word of a text for a character, because people read words and
// the differ compares characters.
type vocabulary struct {
	words  []string
	number map[string]int
}

// surrogates are no characters: their numbers are left out.
const (
	firstSurrogate = 0xd800
	surrogates     = 0x800
)

func (v *vocabulary) encode(text string) []rune {
	if v.number == nil {
		v.number = make(map[string]int)
	}
	var encoded []rune
	for tokens := words.FromString(text); tokens.Next(); {
		n, known := v.number[tokens.Value()]
		if !known {
			n = len(v.words)
			v.words = append(v.words, tokens.Value())
			v.number[tokens.Value()] = n
		}
		if n >= firstSurrogate {
			n += surrogates
		}
		encoded = append(encoded, rune(n))
	}
	return encoded
}

func (v *vocabulary) decode(encoded string) string {
	var text strings.Builder
	for _, r := range encoded {
		n := int(r)
		if n >= firstSurrogate {
			n -= surrogates
		}
		text.WriteString(v.words[n])
	}
	return text.String()
}

// resolveConflict is a save that ends a conflict. The field "keep" says how: "mine",
// "theirs" or "both".
func (h *Handlers) resolveConflict(c echo.Context, form views.NoteForm, note db.Note, keep db.Keep) error {
	if keep != db.KeepMine && keep != db.KeepTheirs && keep != db.KeepBoth {
		return echo.ErrBadRequest
	}
	out, err := h.DB.ResolveConflict(c.Request().Context(), viewer(c), note, keep)
	if err != nil {
		return h.refuseSave(c, form, out.Note, err)
	}
	switch {
	case keep == db.KeepMine && field(c, "then") != "":
		return goOn(c, editorPath(out.Note.ID))
	case keep == db.KeepMine && wantsPartial(c):
		return h.showSavedNote(c, out.Note, givenUp(out.TrashedID, editorPath(note.ID)))
	}
	to := editorPath(out.Note.ID)
	if out.TrashedID != "" {
		to += "?gave-up=" + out.TrashedID
	}
	return redirect(c, to)
}

// givenUp is the notice about a text that was given up in a conflict.
func givenUp(trashedID, dismiss string) *views.Notice {
	return &views.Notice{
		Text: "The other text is in the trash, where it stays for 30 days.",
		Undo: "/notes/" + trashedID + "/restore", UndoLabel: "Restore as a note", Dismiss: dismiss,
	}
}
