package db

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestANewNoteHasVersionOneAndEverySaveAddsOne(t *testing.T) {
	f := open(t)
	v := newGuest()
	n := f.note(t, v, "first")
	if n.Version != 1 {
		t.Errorf("a new note has version %d", n.Version)
	}
	n, err := f.SaveNote(t.Context(), v, Note{ID: n.ID, Version: 1, Body: "second"})
	if err != nil || n.Version != 2 {
		t.Fatalf("%+v, %v", n, err)
	}
	stored, err := f.Note(t.Context(), v, n.ID)
	if err != nil || stored != n {
		t.Errorf("stored %+v, answered %+v, %v", stored, n, err)
	}
}

func TestAnOutdatedSaveIsAConflictThatTellsTheStoredText(t *testing.T) {
	f := open(t)
	v := newGuest()
	n := f.note(t, v, "first")
	if _, err := f.SaveNote(t.Context(), v, Note{ID: n.ID, Version: 1, Body: "theirs"}); err != nil {
		t.Fatal(err)
	}
	stored, err := f.SaveNote(t.Context(), v, Note{ID: n.ID, Version: 1, Body: "mine"})
	if !errors.Is(err, ErrConflict) || stored.Body != "theirs" || stored.Version != 2 {
		t.Errorf("%+v, %v", stored, err)
	}
	if kept, _ := f.Note(t.Context(), v, n.ID); kept.Body != "theirs" {
		t.Errorf("the note is now %q", kept.Body)
	}
}

func TestASaveWhoseAnswerWasLostCanBeSentAgain(t *testing.T) {
	f := open(t)
	v := newGuest()
	id := uuid.NewString()
	for range 2 {
		n, err := f.CreateNote(t.Context(), v, id, "first\r\nline")
		if err != nil || n.ID != id || n.Version != 1 {
			t.Fatalf("create: %+v, %v", n, err)
		}
	}
	for range 2 {
		n, err := f.SaveNote(t.Context(), v, Note{ID: id, Version: 1, Body: "second"})
		if err != nil || n.Version != 2 {
			t.Fatalf("save: %+v, %v", n, err)
		}
	}
	if n, err := f.CreateNote(t.Context(), v, id, "a late copy"); !errors.Is(err, ErrConflict) || n.Body != "second" {
		t.Errorf("a late create: %+v, %v", n, err)
	}
	if got := bodies(t, f, v); len(got) != 1 {
		t.Errorf("notes = %v", got)
	}
}

func TestAnIDThatIsSomeoneElsesBecomesANewOne(t *testing.T) {
	f := open(t)
	theirs := f.note(t, newGuest(), "theirs")
	v := newGuest()
	mine, err := f.CreateNote(t.Context(), v, theirs.ID, "mine")
	if err != nil || mine.ID == theirs.ID {
		t.Errorf("%+v, %v", mine, err)
	}
}

func TestSomeoneElsesNoteIsNotFound(t *testing.T) {
	f := open(t)
	owner, other := newGuest(), newGuest()
	n := f.note(t, owner, "secret")
	f.note(t, other, "own")
	_, readErr := f.Note(t.Context(), other, n.ID)
	_, saveErr := f.SaveNote(t.Context(), other, Note{ID: n.ID, Version: 1, Body: "mine now"})
	for name, err := range map[string]error{
		"read": readErr, "save": saveErr,
		"delete":  f.DeleteNote(t.Context(), other, n.ID),
		"restore": f.RestoreNote(t.Context(), other, n.ID),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if kept, err := f.Note(t.Context(), owner, n.ID); err != nil || kept.Body != "secret" {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestADeletedNoteWaitsInTheTrash(t *testing.T) {
	f := open(t)
	v := newGuest()
	n := f.note(t, v, "x")
	if err := f.DeleteNote(t.Context(), v, n.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Note(t.Context(), v, n.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted note can be read: %v", err)
	}
	if _, err := f.SaveNote(t.Context(), v, Note{ID: n.ID, Version: 1, Body: "y"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted note can be saved: %v", err)
	}
	if len(bodies(t, f, v)) != 0 {
		t.Error("a deleted note is listed")
	}
	for range 2 { // restoring twice is harmless
		if err := f.RestoreNote(t.Context(), v, n.ID); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := f.Note(t.Context(), v, n.ID); err != nil || kept.Body != "x" {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestTheListIsPagedNewestFirstAlsoWithinOneMillisecond(t *testing.T) {
	f := open(t)
	v := newGuest()
	var want []string
	for i := range 25 {
		if i%5 == 0 {
			f.clock.advance(time.Millisecond)
		}
		want = append(want, f.note(t, v, fmt.Sprint(i)).ID)
	}
	v.HasRow = true
	var got []string
	var from Cursor
	for range 10 {
		notes, after, err := f.Notes(t.Context(), v, from, 7)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range notes {
			if i > 0 && n.UpdatedAt.After(notes[i-1].UpdatedAt) {
				t.Error("an older note stands before a newer one")
			}
			got = append(got, n.ID)
		}
		if from = after; from.ID == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d notes were listed, want %d once each", len(got), len(want))
	}
}

func TestTextsThatCannotBeKeptAreRefused(t *testing.T) {
	f := open(t)
	v := newGuest()
	for name, body := range map[string]string{
		"too long": strings.Repeat("x", MaxNoteBytes+1), "not UTF-8": "\xff", "NUL": "a\x00b",
	} {
		invalid := new(InvalidError)
		if _, err := f.CreateNote(t.Context(), v, "", body); !errors.As(err, &invalid) || invalid.Field != "body" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.count(t, `SELECT count(*) FROM users`) != 0 {
		t.Error("a refused text made a row")
	}
	f.note(t, v, strings.Repeat("x", MaxNoteBytes))
}

func TestTitleAndExcerptAreTheFirstWords(t *testing.T) {
	for _, c := range []struct{ body, title, excerpt string }{
		{"", "", ""},
		{"\n\n# Trip to Lisbon\n\nThree days,\none suitcase.", "Trip to Lisbon", "Three days, one suitcase."},
		{"plain line\n- [ ] shoes\n- [x] passport", "plain line", "shoes passport"},
		{"---\n> quoted", "quoted", ""},
		{"שלום\nעולם", "שלום", "עולם"},
		{strings.Repeat("x", 500), strings.Repeat("x", maxSummary) + "…", ""},
		{"t\n" + strings.Repeat("long words ", 99), "t", strings.Repeat("long words ", 99)[:maxSummary] + "…"},
		{strings.Repeat("👨‍👩‍👧‍👦", 50), strings.Repeat("👨‍👩‍👧‍👦", maxSummary/25) + "…", ""},
	} {
		if title, excerpt := Summarize(c.body); title != c.title || excerpt != c.excerpt {
			t.Errorf("%q: %q, %q", c.body, title, excerpt)
		}
	}
}

func TestTheNumberOfNotesIsBounded(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "x")
	mustExec(t, raw(t, f.path), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO notes (id, owner_id, title, excerpt, body, version, created_at, updated_at, is_pinned) SELECT 'n' || i, $2, '', '', '', 1, 0, 0, FALSE FROM n`, DefaultMaxNotes-1, v.ID)
	limit := new(LimitError)
	if _, err := f.CreateNote(t.Context(), v, "", "one too many"); !errors.As(err, &limit) {
		t.Errorf("error = %v", err)
	}
}
