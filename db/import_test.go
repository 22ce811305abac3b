package db

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestManyNotesComeInTogetherWithTheTimesThatTheyHave(t *testing.T) {
	f := open(t)
	v := newGuest()
	now := f.clock.Now()
	written, saved := now.Add(-48*time.Hour), now.Add(-time.Hour)
	created, err := f.CreateNotes(t.Context(), v, []Note{
		{ID: uuid.NewString(), Body: "old", CreatedAt: written, UpdatedAt: saved},
		{Body: "new\r\nline"},
	})
	if err != nil || len(created) != 2 {
		t.Fatalf("%+v, %v", created, err)
	}
	for _, want := range created {
		if got, err := f.Note(t.Context(), v, want.ID); err != nil || got != want {
			t.Errorf("stored %+v, answered %+v, %v", got, want, err)
		}
	}
	if n := created[0]; !n.CreatedAt.Equal(written) || !n.UpdatedAt.Equal(saved) || n.Version != 1 {
		t.Errorf("with times: %+v", n)
	}
	if n := created[1]; !n.CreatedAt.Equal(now) || !n.UpdatedAt.Equal(now) || n.Body != "new\nline" {
		t.Errorf("without times: %+v", n)
	}
	if n := f.log.events("guest.created"); n != 1 {
		t.Errorf("%d guests were made", n)
	}
}

func TestOfTooManyNotesTheFirstComeIn(t *testing.T) {
	f := open(t)
	small, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "small.db"), Now: f.clock.Now, MaxNotes: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	v := newGuest()
	limit := new(LimitError)
	notes := []Note{{ID: uuid.NewString(), Body: "1"}, {ID: uuid.NewString(), Body: "2"}, {ID: uuid.NewString(), Body: "3"}, {ID: uuid.NewString(), Body: "4"}}
	created, err := small.CreateNotes(t.Context(), v, notes)
	if !errors.As(err, &limit) || limit.Max != 3 || len(created) != 3 || created[2].Body != "3" {
		t.Fatalf("%+v, %v", created, err)
	}
	// Those that are there already take no place.
	if created, err = small.CreateNotes(t.Context(), v, notes[:3]); err != nil || len(created) != 3 {
		t.Errorf("again: %+v, %v", created, err)
	}
	if created, err = small.CreateNotes(t.Context(), v, notes[3:]); !errors.As(err, &limit) || len(created) != 0 {
		t.Errorf("one more: %+v, %v", created, err)
	}
}

func TestNotesThatComeTwiceAreThereOnce(t *testing.T) {
	f := open(t)
	v, other := newGuest(), newGuest()
	ids := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
	notes := []Note{{ID: ids[0], Body: "a"}, {ID: ids[1], Body: "b"}, {ID: ids[2], Body: "c"}}
	if _, err := f.CreateNotes(t.Context(), v, notes); err != nil {
		t.Fatal(err)
	}
	// One was written on, and one is in the trash: the first stays, and the text of the
	// second is not taken for one that can be read.
	if _, err := f.SaveNote(t.Context(), v, Note{ID: ids[0], Version: 1, Body: "a, and more"}); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteNote(t.Context(), v, ids[1]); err != nil {
		t.Fatal(err)
	}
	created, err := f.CreateNotes(t.Context(), v, notes)
	if err != nil || len(created) != 3 {
		t.Fatalf("%+v, %v", created, err)
	}
	if created[0].ID != ids[0] || created[0].Body != "a, and more" || created[1].ID == ids[1] || created[1].Body != "b" || created[2].ID != ids[2] {
		t.Errorf("created %+v", created)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`); n != 4 {
		t.Errorf("%d notes", n)
	}
	// Someone else's ids become new ones.
	created, err = f.CreateNotes(t.Context(), other, notes)
	if err != nil || created[0].ID == ids[0] || created[0].Body != "a" {
		t.Errorf("%+v, %v", created, err)
	}
}

func TestNotesThatCannotAllBeKeptAreNotKeptAtAll(t *testing.T) {
	f := open(t)
	v := newGuest()
	invalid := new(InvalidError)
	if created, err := f.CreateNotes(t.Context(), v, []Note{{Body: "fine"}, {Body: "\xff"}}); !errors.As(err, &invalid) || created != nil {
		t.Errorf("%+v, %v", created, err)
	}
	n := f.note(t, v, "first")
	f.signIn(t, "1815", v.ID)
	if created, err := f.CreateNotes(t.Context(), v, []Note{{Body: "late"}}); !errors.Is(err, ErrViewerGone) || created != nil {
		t.Errorf("after the merge: %+v, %v", created, err)
	}
	if count := f.count(t, `SELECT count(*) FROM notes`); count != 1 || n.Version != 1 {
		t.Errorf("%d notes", count)
	}
}
