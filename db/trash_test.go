package db

import (
	"testing"
	"time"
)

func TestTheTrashIsEmptiedAfterThirtyDays(t *testing.T) {
	f := open(t)
	v := newGuest()
	kept := f.note(t, v, "kept")
	old := f.note(t, v, "old")
	v = f.guest(t, v.ID)
	if err := f.DeleteNote(t.Context(), v, old.ID); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(TrashKept - time.Hour)
	if p, err := f.Purge(t.Context(), 365*24*time.Hour); err != nil || p.Notes != 0 {
		t.Errorf("before its time: %+v, %v", p, err)
	}
	if trash, _, err := f.Trash(t.Context(), v, TrashCursor{}, 10); err != nil || len(trash) != 1 || trash[0].ID != old.ID {
		t.Errorf("trash = %+v, %v", trash, err)
	}
	f.clock.advance(2 * time.Hour)
	if p, err := f.Purge(t.Context(), 365*24*time.Hour); err != nil || p.Notes != 1 {
		t.Errorf("after its time: %+v, %v", p, err)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes are left", n)
	}
	if _, err := f.Note(t.Context(), v, kept.ID); err != nil {
		t.Errorf("the other note: %v", err)
	}
}

func TestTheTrashGoesOnWhereItStopped(t *testing.T) {
	f := open(t)
	v := newGuest()
	for range 5 { // all in the same millisecond
		n := f.note(t, v, "x")
		if err := f.DeleteNote(t.Context(), f.guest(t, v.ID), n.ID); err != nil {
			t.Fatal(err)
		}
	}
	v = f.guest(t, v.ID)
	seen := make(map[string]bool)
	var from TrashCursor
	for _, want := range []int{2, 2, 1} {
		notes, after, err := f.Trash(t.Context(), v, from, 2)
		if err != nil || len(notes) != want {
			t.Fatalf("%d notes, want %d, error %v", len(notes), want, err)
		}
		for _, n := range notes {
			seen[n.ID] = true
		}
		from = after
	}
	if len(seen) != 5 || from.ID != "" {
		t.Errorf("%d of 5 notes were shown, and it goes on at %+v", len(seen), from)
	}
}

func TestPinnedNotesComeFirst(t *testing.T) {
	f := open(t)
	v := newGuest()
	first := f.note(t, v, "first")
	f.clock.advance(time.Second)
	f.note(t, v, "second")
	v = f.guest(t, v.ID)
	if err := f.PinNote(t.Context(), v, first.ID, true); err != nil {
		t.Fatal(err)
	}
	page, after, err := f.Notes(t.Context(), v, Cursor{}, 1)
	if err != nil || len(page) != 1 || page[0].ID != first.ID || !page[0].IsPinned {
		t.Fatalf("page = %+v, %v", page, err)
	}
	page, after, err = f.Notes(t.Context(), v, after, 1)
	if err != nil || len(page) != 1 || page[0].Title != "second" || after != (Cursor{}) {
		t.Errorf("next page = %+v, %+v, %v", page, after, err)
	}
}
