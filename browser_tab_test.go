package main

import (
	"strings"
	"testing"
)

func TestBrowserLateTabSavesIntoTheAccountAndSaysSo(t *testing.T) {
	t.Parallel()
	early := visit(t, startProgram(t, "--demo"))
	early.open("/editor")
	early.saveNew("Written before")
	note := early.path()
	other := early.another()
	other.open("/editor")
	other.signInAsAda()

	early.mark()
	early.write(body, ", and after")
	early.saved()
	early.seesIn("notice", "Saved into the account of Ada Lovelace")
	early.seesIn("card", "Signed in as Ada Lovelace")
	early.seesIn("profiles", "Ada Lovelace")
	early.staysMarked()
	other.open(note)
	other.valueOf(body, "Written before, and after")
	// It is said once.
	early.write(body, ", and again")
	early.saved()
	early.hasNo(matching("#notice .notice"))
}

func TestBrowserTabOfSomeoneWhoHasSignedOutKeepsTheTextAndAsks(t *testing.T) {
	t.Parallel()
	late := visit(t, startProgram(t, "--demo"))
	late.tolerate("status of 403")
	late.open("/editor")
	late.signInAsAda()
	late.open("/editor")
	late.saveNew("Ada's diary")
	note := late.path()
	other := late.another()
	other.open("/editor")
	other.click(signOut)
	other.seesIn("card", "Browsing as guest")

	late.write(body, ", second part")
	late.seesIn("note-messages", "In another tab you signed out")
	late.valueOf(body, "Ada's diary, second part")
	late.seesIn("card", "Browsing as guest")
	if list := evaluate[string](late, "document.getElementById('note-list').innerText"); strings.Contains(list, "diary") {
		t.Errorf("the list still names the notes of who has signed out:\n%s", list)
	}
	late.write(body, ", third part") // is not saved by itself for whoever is here now
	late.asksToStay()
	late.click(theButton("Copy the text"))
	late.has(theButton("Copied"))
	late.click(save)
	late.saved()
	late.onNote()
	if late.path() == note {
		t.Error("it was saved into the note of who has signed out")
	}
	other.reload()
	other.seesIn("note-list", "Ada's diary, second part, third part")
}
