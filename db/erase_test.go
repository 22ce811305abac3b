package db

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

func TestNothingOfWhoWasErasedIsLeftInTheFile(t *testing.T) {
	f := open(t)
	guest := newGuest()
	for _, body := range []string{"the diary of Cordelia", "a draft that goes into the trash"} {
		f.note(t, guest, body)
	}
	guest = f.guest(t, guest.ID)
	if _, err := f.AddProfile(t.Context(), guest, Profile{Emoji: "🦊", Name: "Night Cordelia", IsActive: true}); err != nil {
		t.Fatal(err)
	}
	user, _ := f.signIn(t, "1815", guest.ID)
	f.note(t, user, "written by the user Ada")
	bystander := newGuest()
	f.note(t, bystander, "somebody else's words")

	gone, err := f.Erase(t.Context(), user)
	if err != nil || gone.Notes != 3 || gone.Profiles < 2 || gone.Sessions != 1 || gone.Identities != 1 || gone.Merges != 1 {
		t.Errorf("erased %+v, error %v", gone, err)
	}
	if _, err := f.Erase(t.Context(), user); !errors.Is(err, ErrViewerGone) {
		t.Errorf("erasing again: %v", err)
	}
	if _, err := f.CreateNote(t.Context(), guest, "", "the guest is back"); !errors.Is(err, ErrViewerGone) {
		t.Errorf("a guest of the erased user writes: %v", err)
	}
	traces := []string{"Cordelia", "goes into the trash", "user Ada", user.ID, user.SessionHash, "1815"}
	f.hasNoTrace(t, traces, "somebody else's words")
}

func TestAnErasedGuestLeavesOnlyATombstone(t *testing.T) {
	f := open(t)
	guest := newGuest()
	n := f.note(t, guest, "the diary of Cordelia")
	guest = f.guest(t, guest.ID)
	if err := f.DeleteNote(t.Context(), guest, n.ID); err != nil {
		t.Fatal(err)
	}
	if gone, err := f.Erase(t.Context(), guest); err != nil || gone.Notes != 1 || gone.InTrash != 1 {
		t.Errorf("erased %+v, error %v", gone, err)
	}
	for range 2 { // a save that was on its way, and one more
		if _, err := f.CreateNote(t.Context(), guest, "", "late words"); !errors.Is(err, ErrViewerGone) {
			t.Errorf("writing after it was erased: %v", err)
		}
	}
	if _, err := f.Guest(t.Context(), guest.ID); !errors.Is(err, ErrViewerGone) {
		t.Errorf("the token is alive: %v", err)
	}
	f.hasNoTrace(t, []string{"Cordelia", "late words", n.ID}, guest.ID)
}

func TestErasingByIDTakesUsersAlone(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "words")
	for _, id := range []string{guest.ID, "nobody"} {
		if _, err := f.EraseUser(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	user, _ := f.signIn(t, "1815", "")
	f.note(t, user, "more words")
	if gone, err := f.EraseUser(t.Context(), user.ID); err != nil || gone.Notes != 1 {
		t.Errorf("erased %+v, error %v", gone, err)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes, want the guest's", n)
	}
	if n := f.log.events("user.erased"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// hasNoTrace looks for texts in the database's files after VACUUM, and for one that has to
// be there, so that looking is known to find.
func (f *fixture) hasNoTrace(t *testing.T, traces []string, present string) {
	t.Helper()
	mustExec(t, raw(t, f.path), `VACUUM`)
	mustExec(t, raw(t, f.path), `PRAGMA wal_checkpoint(TRUNCATE)`)
	var files []byte
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(f.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, content...)
	}
	if !bytes.Contains(files, []byte(present)) {
		t.Errorf("there is no %q", present)
	}
	for _, trace := range traces {
		if bytes.Contains(files, []byte(trace)) {
			t.Errorf("there still is %q", trace)
		}
	}
}
