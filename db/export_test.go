package db

import (
	"testing"
	"time"
)

func TestTheIDsOfAllNotesComeInTheOrderOfTheList(t *testing.T) {
	f := open(t)
	v, other := newGuest(), newGuest()
	if ids, err := f.NoteIDs(t.Context(), v); err != nil || ids != nil {
		t.Errorf("a stranger: %v, %v", ids, err)
	}
	var want []string
	for _, body := range []string{"first", "second", "third"} {
		want = append([]string{f.note(t, v, body).ID}, want...)
		f.clock.advance(time.Second)
	}
	trashed := f.note(t, v, "trashed")
	if err := f.DeleteNote(t.Context(), v, trashed.ID); err != nil {
		t.Fatal(err)
	}
	f.note(t, other, "someone else's")
	if err := f.PinNote(t.Context(), v, want[2], true); err != nil {
		t.Fatal(err)
	}
	want = []string{want[2], want[0], want[1]}
	v = f.guest(t, v.ID)
	ids, err := f.NoteIDs(t.Context(), v)
	if err != nil || len(ids) != 3 || ids[0] != want[0] || ids[1] != want[1] || ids[2] != want[2] {
		t.Errorf("%v, %v; want %v", ids, err, want)
	}
}
