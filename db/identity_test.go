package db

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestSigningInBringsEverythingAlong(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "one")
	trashed := f.note(t, v, "two")
	if err := f.DeleteNote(t.Context(), v, trashed.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddProfile(t.Context(), v, SuggestedProfile(uuid.NewString())); err != nil {
		t.Fatal(err)
	}

	user, out := f.signIn(t, "1815", v.ID)
	if !out.IsNew || user.IsGuest || user.ID == v.ID {
		t.Errorf("user = %+v, outcome = %+v", user, out)
	}
	for _, table := range ownedTables {
		if n := f.count(t, `SELECT count(*) FROM `+table.name+` WHERE owner_id = $1`, v.ID); n != 0 {
			t.Errorf("%d rows of %s stayed with the guest", n, table.name)
		}
	}
	if got := bodies(t, f, user); !slices.Equal(got, []string{"one"}) {
		t.Errorf("notes = %v", got)
	}
	// The receipt counts what one sees: not the trash, which came along too.
	if merge, err := f.Merge(t.Context(), user, out.MergeID); err != nil || merge.Notes != 1 {
		t.Errorf("merge = %+v, %v", merge, err)
	}
	if err := f.RestoreNote(t.Context(), user, trashed.ID); err != nil {
		t.Errorf("the trash did not come along: %v", err)
	}
	merge, err := f.Merge(t.Context(), user, out.MergeID)
	if err != nil || merge.Notes != 2 || merge.Profiles != 2 {
		t.Errorf("merge = %+v, %v", merge, err)
	}
	if f.log.events("rekey") != 1 || f.log.events("login") != 1 {
		t.Error("rekey and login were not each logged once")
	}
}

func TestAMergedGuestNeverOwnsARowAgain(t *testing.T) {
	writes := map[string]func(f *fixture, v Viewer, n Note) error{
		"create note":  func(f *fixture, v Viewer, _ Note) error { _, err := f.CreateNote(t.Context(), v, "", "x"); return err },
		"save note":    func(f *fixture, v Viewer, n Note) error { _, err := f.SaveNote(t.Context(), v, n); return err },
		"delete note":  func(f *fixture, v Viewer, n Note) error { return f.DeleteNote(t.Context(), v, n.ID) },
		"restore note": func(f *fixture, v Viewer, n Note) error { return f.RestoreNote(t.Context(), v, n.ID) },
		"add profile": func(f *fixture, v Viewer, _ Note) error {
			_, err := f.AddProfile(t.Context(), v, GeneratedProfile("a"))
			return err
		},
		"update profile": func(f *fixture, v Viewer, _ Note) error {
			_, err := f.UpdateProfile(t.Context(), v, GeneratedProfile(v.ID))
			return err
		},
		"delete profile": func(f *fixture, v Viewer, _ Note) error {
			_, err := f.DeleteProfile(t.Context(), v, GeneratedProfile(v.ID).ID)
			return err
		},
	}
	for _, hasWritten := range []bool{false, true} {
		for name, write := range writes {
			t.Run(fmt.Sprintf("%s, written before: %v", name, hasWritten), func(t *testing.T) {
				f := open(t)
				v, n := newGuest(), Note{}
				if hasWritten {
					n = f.note(t, v, "x")
				}
				f.signIn(t, "1815", v.ID)
				if err := write(f, v, n); !errors.Is(err, ErrViewerGone) {
					t.Errorf("error = %v", err)
				}
				if _, err := f.Guest(t.Context(), v.ID); !errors.Is(err, ErrViewerGone) {
					t.Errorf("the merged guest is still let in: %v", err)
				}
			})
		}
	}
}

func TestAMergedGuestStaysDeadWhenItsUserIsErased(t *testing.T) {
	f := open(t)
	v := newGuest()
	f.note(t, v, "x")
	user, _ := f.signIn(t, "1815", v.ID)
	mustExec(t, raw(t, f.path), `DELETE FROM users WHERE id = $1`, user.ID)
	if _, err := f.CreateNote(t.Context(), v, "", "back"); !errors.Is(err, ErrViewerGone) {
		t.Errorf("error = %v", err)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("%d notes are left of the erased user", n)
	}
}

func TestAnExistingAccountKeepsItsOwnAndGainsTheRest(t *testing.T) {
	f := open(t)
	user, _ := f.signIn(t, "1815", "")
	own := f.profiles(t, user)
	f.note(t, user, "own")

	guest := newGuest()
	f.note(t, guest, "brought")
	brought := Profile{ID: GeneratedProfile(guest.ID).ID, Emoji: "🦉", Name: "Night me"}
	if _, err := f.UpdateProfile(t.Context(), guest, brought); err != nil {
		t.Fatal(err)
	}
	user, out := f.signIn(t, "1815", guest.ID)
	if out.IsNew {
		t.Error("the same person got a second account")
	}
	if got := f.profiles(t, user); !slices.Equal(got, append(own, brought)) {
		t.Errorf("profiles = %+v", got)
	}
	if got := bodies(t, f, user); len(got) != 2 {
		t.Errorf("notes = %v", got)
	}
}

func TestAMergeMayBringMoreProfilesThanCanBeAdded(t *testing.T) {
	f := open(t)
	var user Viewer
	for range 2 {
		guest := newGuest()
		for range MaxProfiles - 1 {
			if _, err := f.AddProfile(t.Context(), guest, SuggestedProfile(uuid.NewString())); err != nil {
				t.Fatal(err)
			}
		}
		user, _ = f.signIn(t, "1815", guest.ID)
	}
	if got := f.profiles(t, user); len(got) != 2*MaxProfiles+1 {
		t.Errorf("%d profiles", len(got))
	}
	limit := new(LimitError)
	if _, err := f.AddProfile(t.Context(), user, SuggestedProfile(uuid.NewString())); !errors.As(err, &limit) {
		t.Errorf("error = %v", err)
	}
}

func TestTheProfileFromGitHubIsActiveUnlessAGuestsArrives(t *testing.T) {
	f := open(t)
	alone, _ := f.signIn(t, "1", "")
	got := f.profiles(t, alone)
	if len(got) != 1 || got[0].Name != "Person 1" || !got[0].IsActive {
		t.Errorf("alone: %+v", got)
	}
	guest := newGuest()
	if _, err := f.UpdateProfile(t.Context(), guest, GeneratedProfile(guest.ID)); err != nil {
		t.Fatal(err)
	}
	with, _ := f.signIn(t, "2", guest.ID)
	got = f.profiles(t, with)
	if len(got) != 2 || got[0].Name != "Person 2" || got[0].IsActive || !got[1].IsActive {
		t.Errorf("with a guest: %+v", got)
	}
}

func TestSigningInTwiceWithOneGuestIsOneMerge(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "x")
	_, first := f.signIn(t, "1815", guest.ID)
	_, second := f.signIn(t, "1815", guest.ID)
	if first.MergeID == "" || first.MergeID != second.MergeID || second.IsNew {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if n := f.count(t, `SELECT count(*) FROM merges`); n != 1 {
		t.Errorf("%d merges", n)
	}
}

func TestTheRecordOfAMergeOutlivesTheTombstone(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "x")
	f.signIn(t, "1815", guest.ID)
	mustExec(t, raw(t, f.path), `DELETE FROM users WHERE id = $1`, guest.ID)
	if _, again := f.signIn(t, "1815", guest.ID); again.MergeID == "" {
		t.Error("the merge was not found again")
	}
	if _, other := f.signIn(t, "1906", guest.ID); other.MergeID != "" {
		t.Error("one guest was merged twice")
	}
}

func TestAGuestGoesToTheFirstOfTwoAccounts(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "x")
	ada, _ := f.signIn(t, "1815", guest.ID)
	grace, out := f.signIn(t, "1906", guest.ID)
	if out.MergeID != "" || len(bodies(t, f, grace)) != 0 || len(bodies(t, f, ada)) != 1 {
		t.Errorf("outcome %+v, ada %v, grace %v", out, bodies(t, f, ada), bodies(t, f, grace))
	}
}

func TestAUsersIDIsNeverWrittenAsAGuest(t *testing.T) {
	f := open(t)
	user, _ := f.signIn(t, "1815", "")
	if _, err := f.Guest(t.Context(), user.ID); !errors.Is(err, ErrViewerGone) {
		t.Errorf("reading: %v", err)
	}
	forged := NewGuest(user.ID)
	if _, err := f.CreateNote(t.Context(), forged, "", "x"); !errors.Is(err, ErrViewerGone) {
		t.Errorf("writing: %v", err)
	}
	// And a login with it does not turn a user into a tombstone.
	if _, out := f.signIn(t, "1906", user.ID); out.MergeID != "" {
		t.Errorf("a user was merged: %+v", out)
	}
}

func TestSomeoneElsesMergeIsNotFound(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "x")
	_, out := f.signIn(t, "1815", guest.ID)
	grace, _ := f.signIn(t, "1906", "")
	if _, err := f.Merge(t.Context(), grace, out.MergeID); !errors.Is(err, ErrNotFound) {
		t.Errorf("error = %v", err)
	}
}

func TestAFailureAnywhereInTheLoginUndoesAllOfIt(t *testing.T) {
	for _, statement := range []string{
		"INSERT ON users", "UPDATE ON users", "INSERT ON identities", "INSERT ON avatars", "INSERT ON sessions",
		"INSERT ON merges", "INSERT ON merged_rows", "UPDATE ON notes", "UPDATE ON profiles", "INSERT ON profiles",
	} {
		t.Run(statement, func(t *testing.T) {
			f := open(t)
			guest := newGuest()
			n := f.note(t, guest, "x")
			if _, err := f.AddProfile(t.Context(), guest, SuggestedProfile(uuid.NewString())); err != nil {
				t.Fatal(err)
			}
			handle := raw(t, f.path)
			mustExec(t, handle, `CREATE TRIGGER fail BEFORE `+statement+` BEGIN SELECT raise(ABORT, 'injected'); END`)
			_, err := f.SignIn(t.Context(), SignIn{Provider: "github", Subject: "1", Login: "a", GuestID: guest.ID,
				SessionHash: "s", Avatar: &Avatar{ContentType: "image/png", Image: []byte("x")}})
			if err == nil {
				t.Fatal("the injected error was swallowed")
			}
			mustExec(t, handle, `DROP TRIGGER fail`)
			if f.count(t, `SELECT count(*) FROM users WHERE NOT is_guest OR merged_at IS NOT NULL`)+
				f.count(t, `SELECT count(*) FROM sessions`)+f.count(t, `SELECT count(*) FROM merges`)+
				f.count(t, `SELECT count(*) FROM merged_rows`)+f.count(t, `SELECT count(*) FROM identities`) != 0 {
				t.Error("the failed login left something")
			}
			if _, err := f.SaveNote(t.Context(), guest, Note{ID: n.ID, Version: 1, Body: "y"}); err != nil {
				t.Errorf("the guest cannot go on: %v", err)
			}
		})
	}
}

// visit is what a request of a signed-in browser does.
func visit(t *testing.T, f *fixture, user Viewer) {
	t.Helper()
	if _, err := f.Session(t.Context(), user.SessionHash); err != nil {
		t.Fatal(err)
	}
	if err := f.Touch(t.Context(), user); err != nil {
		t.Fatal(err)
	}
}

func TestASessionEndsWhenIdleOrOldOrSignedOut(t *testing.T) {
	f := open(t)
	user, _ := f.signIn(t, "1815", "")
	for range 3 { // visits keep it alive
		f.clock.advance(SessionIdle - time.Hour)
		visit(t, f, user)
	}
	f.clock.advance(SessionIdle + time.Second)
	if _, err := f.Session(t.Context(), user.SessionHash); !errors.Is(err, ErrNotFound) {
		t.Errorf("idle: %v", err)
	}

	user, _ = f.signIn(t, "1815", "")
	for range SessionMax / (24 * time.Hour) {
		f.clock.advance(24 * time.Hour)
		if err := f.Touch(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Session(t.Context(), user.SessionHash); !errors.Is(err, ErrNotFound) {
		t.Errorf("old: %v", err)
	}

	user, _ = f.signIn(t, "1815", "")
	if err := f.SignOut(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(t.Context(), user.SessionHash); !errors.Is(err, ErrNotFound) {
		t.Errorf("signed out: %v", err)
	}
	if _, err := f.CreateNote(t.Context(), user, "", "x"); !errors.Is(err, ErrViewerGone) {
		t.Errorf("a write that raced the sign-out: %v", err)
	}
	if err := f.SignOut(t.Context(), user); err != nil || f.log.events("logout") != 1 {
		t.Errorf("signing out twice: %v, %d events", err, f.log.events("logout"))
	}
}

func TestSigningInEndsTheSessionBefore(t *testing.T) {
	f := open(t)
	before, _ := f.signIn(t, "1815", "")
	_, err := f.SignIn(t.Context(), SignIn{Provider: "github", Subject: "1815", Login: "a", SessionHash: "new", EndSession: before.SessionHash})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(t.Context(), before.SessionHash); !errors.Is(err, ErrNotFound) {
		t.Errorf("the former session lives: %v", err)
	}
}

func TestTheNameFollowsGitHub(t *testing.T) {
	f := open(t)
	for _, c := range []struct{ name, login, want string }{
		{"Ada Lovelace", "ada", "Ada Lovelace"},
		{"", "ada", "ada"},
		{"\u202eevil", "ada", "evil"},
		{"\u200b", "ada", "ada"},
	} {
		if _, err := f.SignIn(t.Context(), SignIn{Provider: "github", Subject: "1", Name: c.name, Login: c.login, SessionHash: c.name + c.login}); err != nil {
			t.Fatal(err)
		}
		v, err := f.Session(t.Context(), c.name+c.login)
		if err != nil || v.Name != c.want {
			t.Errorf("%q, %q: name = %q, %v", c.name, c.login, v.Name, err)
		}
	}
}

func TestPurgeTakesOnlyWhatHasExpired(t *testing.T) {
	f := open(t)
	const ttl = 30 * 24 * time.Hour
	old, merged := newGuest(), newGuest()
	f.note(t, old, "old")
	f.note(t, merged, "merged")
	user, _ := f.signIn(t, "1815", merged.ID)
	f.clock.advance(ttl + ArchivedFor)
	if p, err := f.Purge(t.Context(), ttl); err != nil || p != (Purged{Sessions: 1}) {
		t.Fatalf("too early: %+v, %v", p, err)
	}
	visitor := newGuest()
	f.note(t, visitor, "written just before the others expire")
	f.clock.advance(3 * time.Hour)
	if p, err := f.Purge(t.Context(), ttl); err != nil || p != (Purged{Guests: 1, Tombstones: 1}) {
		t.Errorf("purged %+v, %v", p, err)
	}
	if n := f.count(t, `SELECT count(*) FROM notes WHERE owner_id IN ($1, $2)`, user.ID, visitor.ID); n != 2 {
		t.Errorf("%d of the two notes are left", n)
	}
}

func TestAClockThatJumpsPurgesOneSmallBatch(t *testing.T) {
	f := open(t)
	mustExec(t, raw(t, f.path), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO users (id, is_guest, name, created_at, seen_at) SELECT 'g' || i, TRUE, 'x', $2, $2 FROM n`,
		PurgeBatch+50, millis(f.clock.Now()))
	f.clock.advance(10 * 365 * 24 * time.Hour)
	if p, err := f.Purge(t.Context(), 720*time.Hour); err != nil || p.Guests != PurgeBatch {
		t.Errorf("purged %+v, %v", p, err)
	}
}

func TestAGuestOfManyNotesIsPurgedWithoutHoldingTheWriter(t *testing.T) {
	f := open(t)
	guest := newGuest()
	f.note(t, guest, "one")
	mustExec(t, raw(t, f.path), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
		INSERT INTO notes (id, owner_id, version, created_at, updated_at, is_pinned, title, excerpt, body)
		SELECT 'n' || i, $1, 1, 0, 0, FALSE, 'x', '', hex(zeroblob(5000)) FROM n`, guest.ID)
	f.clock.advance(365 * 24 * time.Hour)
	notes := f.count(t, `SELECT count(*) FROM notes`)
	parts := 0
	for isDone := false; !isDone; parts++ {
		if err := f.inTx(t.Context(), func(t *tx) (err error) {
			isDone, err = purgeGuest(t, guest.ID, millis(f.clock.Now()))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if parts < 2 || parts > notes {
		t.Errorf("the guest of %d notes went in %d parts", notes, parts)
	}
	if n := f.count(t, `SELECT count(*) FROM notes`) + f.count(t, `SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestAGuestComesBackFromTheArchive(t *testing.T) {
	f := open(t)
	const ttl = 30 * 24 * time.Hour
	guest := newGuest()
	f.note(t, guest, "still here")
	for range 3 {
		f.clock.advance(ttl + ArchivedFor - time.Hour)
		if p, err := f.Purge(t.Context(), ttl); err != nil || p != (Purged{}) {
			t.Fatalf("purged %+v, %v", p, err)
		}
		guest = f.guest(t, guest.ID)
		if err := f.Touch(t.Context(), guest); err != nil {
			t.Fatal(err)
		}
	}
	if got := bodies(t, f, guest); len(got) != 1 {
		t.Errorf("notes %q", got)
	}
}
