package db

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestTheGeneratedProfileIsStoredWithItsFirstChange(t *testing.T) {
	f := open(t)
	v := newGuest()
	before, err := f.Holdings(t.Context(), v)
	if err != nil || len(before.Profiles) != 1 || before.StoredProfiles != 0 {
		t.Fatalf("before = %+v, %v", before, err)
	}
	changed := before.Profiles[0]
	changed.IsActive = false
	answered, err := f.UpdateProfile(t.Context(), v, changed)
	if err != nil {
		t.Fatal(err)
	}
	after, err := f.Holdings(t.Context(), f.guest(t, v.ID))
	if err != nil || len(after.Profiles) != 1 || after.Profiles[0] != changed || after.StoredProfiles != 1 {
		t.Errorf("after = %+v, %v", after, err)
	}
	if !reflect.DeepEqual(answered, after) {
		t.Errorf("the change answered %+v", answered)
	}
	if f.log.events("guest.created") != 1 || f.log.events("profile.changed") != 1 {
		t.Error("guest.created and profile.changed were not each logged once")
	}
}

func TestAddingAProfileKeepsTheGeneratedOneFirst(t *testing.T) {
	f := open(t)
	v := newGuest()
	if _, err := f.AddProfile(t.Context(), v, SuggestedProfile(uuid.NewString())); err != nil {
		t.Fatal(err)
	}
	if got := f.profiles(t, f.guest(t, v.ID)); len(got) != 2 || got[0] != GeneratedProfile(v.ID) {
		t.Errorf("profiles = %+v", got)
	}
}

func TestAtMostTwelveProfilesCanBeAdded(t *testing.T) {
	f := open(t)
	v := newGuest()
	for range MaxProfiles - 1 {
		if _, err := f.AddProfile(t.Context(), v, SuggestedProfile(uuid.NewString())); err != nil {
			t.Fatal(err)
		}
	}
	limit := new(LimitError)
	if _, err := f.AddProfile(t.Context(), v, SuggestedProfile(uuid.NewString())); !errors.As(err, &limit) {
		t.Errorf("error = %v", err)
	}
	if n := f.count(t, `SELECT count(*) FROM profiles`); n != MaxProfiles {
		t.Errorf("%d profiles", n)
	}
}

func TestTheLastProfileCannotBeDeleted(t *testing.T) {
	f := open(t)
	v := newGuest()
	generated := GeneratedProfile(v.ID)
	if _, err := f.DeleteProfile(t.Context(), v, generated.ID); !errors.Is(err, ErrLastProfile) {
		t.Errorf("not stored yet: %v", err)
	}
	if _, err := f.UpdateProfile(t.Context(), v, generated); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DeleteProfile(t.Context(), v, generated.ID); !errors.Is(err, ErrLastProfile) {
		t.Errorf("stored: %v", err)
	}
	if n := f.count(t, `SELECT count(*) FROM profiles`); n != 1 {
		t.Errorf("%d profiles are left", n)
	}
}

func TestADeletedGeneratedProfileDoesNotComeBack(t *testing.T) {
	f := open(t)
	v := newGuest()
	added := SuggestedProfile(uuid.NewString())
	if _, err := f.AddProfile(t.Context(), v, added); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DeleteProfile(t.Context(), v, GeneratedProfile(v.ID).ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.UpdateProfile(t.Context(), v, GeneratedProfile(v.ID)); !errors.Is(err, ErrNotFound) {
		t.Errorf("changing the deleted one: %v", err)
	}
	if got := f.profiles(t, f.guest(t, v.ID)); len(got) != 1 || got[0] != added {
		t.Errorf("profiles = %+v", got)
	}
}

func TestSomeoneElsesProfileIsNotFound(t *testing.T) {
	f := open(t)
	v, other := newGuest(), newGuest()
	theirs := GeneratedProfile(other.ID)
	if _, err := f.UpdateProfile(t.Context(), other, theirs); err != nil {
		t.Fatal(err)
	}
	if _, err := f.UpdateProfile(t.Context(), v, theirs); !errors.Is(err, ErrNotFound) {
		t.Errorf("update: %v", err)
	}
	if _, err := f.DeleteProfile(t.Context(), v, theirs.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("delete: %v", err)
	}
}

func TestARefusedChangeMakesNoRow(t *testing.T) {
	f := open(t)
	v := newGuest()
	if _, err := f.UpdateProfile(t.Context(), v, Profile{ID: GeneratedProfile(v.ID).ID, Emoji: "x", Name: ""}); err == nil {
		t.Fatal("no error")
	}
	if _, err := f.UpdateProfile(t.Context(), v, Profile{ID: uuid.NewString(), Emoji: "🦊", Name: "Fox"}); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if n := f.count(t, `SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows in users", n)
	}
}

func TestEveryPersonaIsAValidProfileWhoseEmojiIsItsAnimal(t *testing.T) {
	names := make(map[string]string)
	for _, e := range catalogue().all {
		names[e.Emoji] = strings.ToLower(e.Name)
	}
	for _, a := range animals {
		name := names[NormalizedEmoji(a.emoji)]
		if name != a.name && name != a.name+" face" {
			t.Errorf("%s is called %q in the catalogue, not %q", a.emoji, name, a.name)
		}
		if a.emoji != NormalizedEmoji(a.emoji) {
			t.Errorf("%q is not in the form in which it is kept", a.emoji)
		}
	}
	for range 1000 {
		p := GeneratedProfile(uuid.NewString())
		kept := p
		if err := kept.validate(); err != nil || kept != p {
			t.Fatalf("%+v becomes %+v, %v", p, kept, err)
		}
	}
}

func TestAGuestsFullNameEndsInItsProfilesName(t *testing.T) {
	for range 100 {
		id := uuid.NewString()
		shown := strings.ToLower(strings.ReplaceAll(GeneratedProfile(id).Name, " ", "-"))
		if full := GeneratedName(id); !strings.HasSuffix(full, "-"+shown) {
			t.Errorf("%s is shown as %s", full, shown)
		}
	}
}

// A guest has no row that would hold its name: it must stay the same for ever.
func TestThePersonaOfAnIDNeverChanges(t *testing.T) {
	const id = "3f2a91c0-5b1e-4c0e-9d6f-0a1b2c3d4e5f"
	if name, p := GeneratedName(id), GeneratedProfile(id); name != "quiet-plum-rabbit" || p.Emoji != "🐇" || p.Colour() != "plum" {
		t.Errorf("%s, %s on %s", name, p.Emoji, p.Colour())
	}
}
