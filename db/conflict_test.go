package db

import (
	"errors"
	"slices"
	"testing"
)

// diverged is a note that was saved elsewhere while mine was being typed.
func diverged(t *testing.T, f *fixture) (v Viewer, mine Note) {
	t.Helper()
	v = newGuest()
	n := f.note(t, v, "first")
	v = f.guest(t, v.ID)
	if _, err := f.SaveNote(t.Context(), v, Note{ID: n.ID, Version: 1, Body: "theirs"}); err != nil {
		t.Fatal(err)
	}
	return v, Note{ID: n.ID, Version: 2, Body: "mine"}
}

func TestNoWayOutOfAConflictLosesAText(t *testing.T) {
	for keep, want := range map[Keep]struct {
		notes   []string // every body, in and out of the trash
		inNote  string
		trashed string
	}{
		KeepMine:   {[]string{"mine", "theirs"}, "mine", "theirs"},
		KeepTheirs: {[]string{"mine", "theirs"}, "theirs", "mine"},
		KeepBoth:   {[]string{"mine", "theirs"}, "theirs", ""},
	} {
		t.Run(string(keep), func(t *testing.T) {
			f := open(t)
			v, mine := diverged(t, f)
			out, err := f.ResolveConflict(t.Context(), v, mine, keep)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			err = f.reads(t.Context()).each(func(row scanner) error {
				var body string
				err := row.Scan(&body)
				all = append(all, body)
				return err
			}, `SELECT body FROM notes ORDER BY body`)
			if err != nil || !slices.Equal(all, want.notes) {
				t.Errorf("the texts are %q, error %v", all, err)
			}
			if n, err := f.Note(t.Context(), v, mine.ID); err != nil || n.Body != want.inNote {
				t.Errorf("the note holds %q, error %v", n.Body, err)
			}
			if keep == KeepBoth {
				if out.Note.ID == mine.ID || out.Note.Body != "mine" || out.TrashedID != "" {
					t.Errorf("the outcome is %+v", out)
				}
				return
			}
			if err := f.RestoreNote(t.Context(), v, out.TrashedID); err != nil {
				t.Fatal(err)
			}
			if n, err := f.Note(t.Context(), v, out.TrashedID); err != nil || n.Body != want.trashed {
				t.Errorf("the trash held %q, error %v", n.Body, err)
			}
		})
	}
}

func TestAConflictThatMovedOnIsShownAgain(t *testing.T) {
	f := open(t)
	v, mine := diverged(t, f)
	if _, err := f.SaveNote(t.Context(), v, Note{ID: mine.ID, Version: 2, Body: "theirs again"}); err != nil {
		t.Fatal(err)
	}
	out, err := f.ResolveConflict(t.Context(), v, mine, KeepMine)
	if !errors.Is(err, ErrConflict) || out.Note.Body != "theirs again" {
		t.Errorf("out = %+v, error %v", out, err)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
}
