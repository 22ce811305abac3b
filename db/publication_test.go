package db

import (
	"errors"
	"testing"
)

func TestAPublishedNoteIsReadByItsAddressUntilItIsUnpublished(t *testing.T) {
	f := open(t)
	v := newGuest()
	n := f.note(t, v, "# Shared")
	v = f.guest(t, v.ID)
	id, err := f.PublishNote(t.Context(), v, n.ID)
	if err != nil || len(id) < 26 {
		t.Fatal(id, err)
	}
	if again, err := f.PublishNote(t.Context(), v, n.ID); err != nil || again != id {
		t.Errorf("publishing twice gave %q and %q, error %v", id, again, err)
	}
	got, err := f.PublishedNote(t.Context(), id)
	profile := GeneratedProfile(v.ID)
	if err != nil || got.Body != "# Shared" || len(got.Byline) != 1 || got.Byline[0] != profile {
		t.Errorf("published: %+v, %v", got, err)
	}
	profile.IsActive = false
	if _, err := f.UpdateProfile(t.Context(), v, profile); err != nil {
		t.Fatal(err)
	}
	if got, err := f.PublishedNote(t.Context(), id); err != nil || len(got.Byline) != 0 {
		t.Errorf("the byline without an active profile is %+v, %v", got.Byline, err)
	}

	gone := func(when string) {
		t.Helper()
		if _, err := f.PublishedNote(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", when, err)
		}
	}
	if err := f.DeleteNote(t.Context(), v, n.ID); err != nil {
		t.Fatal(err)
	}
	gone("in the trash")
	if err := f.RestoreNote(t.Context(), v, n.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PublishedNote(t.Context(), id); err != nil {
		t.Errorf("restored: %v", err)
	}
	if err := f.UnpublishNote(t.Context(), v, n.ID); err != nil {
		t.Fatal(err)
	}
	gone("unpublished")
	other, err := f.PublishNote(t.Context(), v, n.ID)
	if err != nil || other == id {
		t.Errorf("published anew at %q, error %v", other, err)
	}
	gone("published anew")
}

func TestNobodyPublishesSomeoneElsesNote(t *testing.T) {
	f := open(t)
	owner, other := newGuest(), newGuest()
	n := f.note(t, owner, "mine")
	f.note(t, other, "x")
	if _, err := f.PublishNote(t.Context(), f.guest(t, other.ID), n.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("publish: %v", err)
	}
	if err := f.UnpublishNote(t.Context(), f.guest(t, other.ID), n.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("unpublish: %v", err)
	}
}

func TestAPublishedNoteKeepsItsAddressThroughTheRekey(t *testing.T) {
	f := open(t)
	guest := newGuest()
	n := f.note(t, guest, "# Shared")
	id, err := f.PublishNote(t.Context(), f.guest(t, guest.ID), n.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.signIn(t, "1815", guest.ID)
	if got, err := f.PublishedNote(t.Context(), id); err != nil || got.ID != n.ID || len(got.Byline) != 1 {
		t.Errorf("after the rekey: %+v, %v", got, err)
	}
}
