package handlers

import (
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"
)

var undoAction = regexp.MustCompile(`action="(/merges/[0-9a-f-]{36}/undo)"`)

// undo is the way back that the receipt offers.
func (a answer) undo(t *testing.T) string {
	t.Helper()
	found := undoAction.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("the receipt offers no undo:\n%.2000s", a.body)
	}
	return found[1]
}

func TestWhatCameAlongGoesBackToAGuestOfThisBrowser(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID, deleted := v.write("# From the guest"), v.write("# Deleted later")
	public := v.publish(noteID)
	receipt := v.get(v.signIn("ada").location()).must(t, 200).has(t, "2 notes came with you", "Undo")
	own := v.write("# The account's own")
	v.post("/notes/"+deleted, url.Values{"_method": {"DELETE"}}).must(t, 303)
	v.post("/notes/"+noteID, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"# Edited meanwhile"}}).must(t, 303)

	undo := receipt.undo(t)
	to := v.post(undo, url.Values{}).must(t, 303).location()
	v.get(to).must(t, 200).has(t, "is a guest's again", "The account's own", "Signed in as").hasNot(t, "Edited meanwhile", "Undo")
	v.get("/editor/"+noteID).must(t, 404)
	again := v.post(undo, url.Values{}).must(t, 303)
	v.get(again.location()).must(t, 200).has(t, "is a guest's again")
	s.visitor().get(public).must(t, 200).has(t, "Edited meanwhile")

	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor/"+noteID).must(t, 200).has(t, "# Edited meanwhile", "Browsing as guest")
	v.get("/trash").must(t, 200).has(t, "Deleted later")
	v.get("/editor/"+own).must(t, 404)

	// And it can come along once more.
	v.get(v.signIn("ada").location()).must(t, 200).has(t, "1 note came with you")
}

func TestNobodyUndoesAMergeOfSomeoneElseOrTooLate(t *testing.T) {
	s := newSite(t)
	v, other := s.newGuest(), s.newGuest()
	v.write("# Mine")
	undo := v.get(v.signIn("ada").location()).must(t, 200).undo(t)
	other.post(undo, url.Values{}).must(t, 404)
	other.signIn("grace")
	other.post(undo, url.Values{}).must(t, 404)
	s.clock.advance(7*24*time.Hour + time.Minute)
	v.post(undo, url.Values{}).must(t, 409).has(t, "nothing has changed")
	if n := s.rows(`SELECT count(*) FROM merges WHERE undone_at IS NOT NULL`); n != 0 {
		t.Errorf("%d merges were undone", n)
	}
}

func TestAnUndoWhoseAnswerWasLostIsAskedForAgain(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("# From the guest")
	undo := v.get(v.signIn("ada").location()).must(t, 200).undo(t)
	session := v.cookie("__Host-session")
	// Another browser of the same user does what this one does, and the answer is lost.
	lost := s.visitor()
	lost.setCookie("__Host-session", session)
	lost.post(undo, url.Values{}).must(t, 303)

	if a := v.post(undo, url.Values{}).must(t, 303); a.sets("__Host-guest") == nil {
		t.Error("the guest cannot be opened")
	}
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor/"+noteID).must(t, 200).has(t, "# From the guest")
	// Not for long: that guest may be somebody else's by then.
	s.clock.advance(6 * time.Minute)
	late := s.visitor()
	late.signIn("ada")
	late.post(undo, url.Values{}).must(t, 303)
	late.post("/logout", url.Values{}).must(t, 303)
	late.get("/editor/"+noteID).must(t, 404)
}

func TestUndosAtOneInstantUndoOnce(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("# From the guest")
	undo := v.get(v.signIn("ada").location()).must(t, 200).undo(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { v.post(undo, url.Values{}).must(t, 303) })
	}
	wg.Wait()
	if n := s.rows(`SELECT count(*) FROM users WHERE is_guest AND merged_at IS NULL`); n != 1 {
		t.Errorf("%d guests", n)
	}
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor/"+noteID).must(t, 200).has(t, "# From the guest")
}

func TestWhatAnOperatorTookAwayIsNotGivenBack(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("# Of somebody else")
	undo := v.get(v.signIn("ada").location()).must(t, 200).undo(t)
	merge := s.text(`SELECT id FROM merges`)
	if _, _, err := s.db.UndoMergeForNobody(t.Context(), merge); err != nil {
		t.Fatal(err)
	}
	if a := v.post(undo, url.Values{}).must(t, 303); a.sets("__Host-guest") != nil {
		t.Error("undoing again makes the user the guest that has the rows")
	}
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/editor/"+noteID).must(t, 404)
}
