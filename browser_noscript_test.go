package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// Without JavaScript every action is a form, and each answer is a page.

func TestBrowserWithoutJavaScriptNotesAreWrittenAndChanged(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	writer.open("/")
	writer.write(body, "Shopping\nbread")
	writer.click(save)
	writer.onNote()
	note := writer.path()
	writer.seesIn("note-list", "Shopping")
	writer.seesIn("state", "Saved")
	writer.write(body, ", and salt")
	writer.click(save)
	writer.seesIn("note-list", "and salt")
	writer.valueOf(body, "Shopping\nbread, and salt")

	writer.click(theButton("New note"))
	writer.at("/editor")
	writer.valueOf(body, "")
	writer.click(theLink("Shopping"))
	writer.at(note)
	writer.click(more)
	writer.click(theButton("Delete"))
	writer.at("/editor")
	writer.hasNo(theLink("Shopping"))
	writer.click(theButton("Undo"))
	writer.at(note)
	writer.valueOf(body, "Shopping\nbread, and salt")
}

func TestBrowserWithoutJavaScriptConflictShowsBothTexts(t *testing.T) {
	t.Parallel()
	mine := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	mine.tolerate("status of 409")
	mine.open("/editor")
	mine.write(body, "Plan")
	mine.click(save)
	mine.onNote()
	note := mine.path()
	theirs := mine.another().withoutJavaScript()
	theirs.open(note)
	theirs.write(body, " of theirs")
	theirs.click(save)
	theirs.seesIn("note-list", "Plan of theirs")

	mine.write(body, " of mine")
	mine.click(save)
	mine.has(the("alert", ""))
	mine.seesIn("note-messages", "Plan of theirs")
	mine.valueOf(body, "Plan of mine")
	mine.click(theButton("Keep mine"))
	mine.at(note)
	mine.seesIn("note-list", "Plan of mine")
	mine.valueOf(body, "Plan of mine")
	mine.seesNo("changed elsewhere")
	theirs.reload()
	theirs.valueOf(body, "Plan of mine")
}

func TestBrowserWithoutJavaScriptProfilesAreChanged(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	visitor.tolerate("status of 422")
	visitor.open("/editor")
	before := visitor.persona()

	long := strings.Repeat("abcdefghij", 4) + "k"
	visitor.rewrite(theName, long)
	visitor.click(theButton("Save").in("profiles"))
	visitor.has(the("alert", "").in("profiles"))
	visitor.valueOf(theName, long)
	if now := visitor.persona(); now != before {
		t.Errorf("the card shows %v, want %v", now, before)
	}
	visitor.rewrite(theName, "Cordelia")
	visitor.click(theSwitch)
	visitor.click(theButton("Save").in("profiles"))
	visitor.at("/editor")
	visitor.seesIn("card", "Cordelia")
	visitor.signs("Cordelia", false)
	visitor.isOn(theSwitch, false)

	visitor.click(thePalette)
	visitor.write(theSearch, "volcano")
	visitor.click(theButton("Find").in("profiles"))
	visitor.hasNo(pick("🦊"))
	visitor.valueOf(theSearch, "volcano")
	visitor.click(pick("🌋"))
	visitor.click(theButton("Save").in("profiles"))
	visitor.seesIn("card", "🌋")
	visitor.valueOf(theName, "Cordelia")
	visitor.isOn(theSwitch, false)

	visitor.click(theButton("Add a profile"))
	visitor.has(theName.number(2))
	visitor.click(thePalette.number(1))
	visitor.click(theButton("Remove"))
	visitor.seesNo("Cordelia")
	visitor.has(theName)
}

func TestBrowserWithoutJavaScriptSignInBringsEverythingAlong(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	visitor.open("/editor")
	visitor.write(body, "Seeds to buy")
	visitor.click(save)
	visitor.onNote()
	note := visitor.path()
	visitor.click(theButton("Add a profile"))
	visitor.rewrite(theName.number(2), "Gardener")
	visitor.click(theButton("Save").in("profiles").number(2))
	visitor.at(note)
	visitor.signs("Gardener", true)

	visitor.write(body, ": beans, peas")
	visitor.click(signIn)
	visitor.sees("1 note and 2 profiles")
	visitor.sees("Seeds to buy: beans, peas")
	visitor.click(goOn)
	visitor.click(asAda)
	visitor.at(note)
	visitor.seesIn("card", "Signed in as Ada Lovelace")
	visitor.seesIn("notice", "1 note and 2 profiles came with you")
	visitor.valueOf(body, "Seeds to buy: beans, peas")
	if names := visitor.profileNames(); !slices.Contains(names, "Gardener") {
		t.Errorf("the profiles are %q, want Gardener among them", names)
	}

	visitor.click(signOut)
	visitor.at("/editor")
	visitor.seesIn("card", "Browsing as guest")
	visitor.knowsNoSecret("after signing out", "Seeds", "Gardener", "Ada Lovelace")
}

func TestBrowserWithoutJavaScriptTheEditorDoesItsJob(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	writer := visit(t, program).withoutJavaScript()
	writer.open("/editor")
	writer.write(body, "# Soup\n\n- [ ] **leek**")
	writer.click(toPreview)
	writer.has(the("heading", "Soup").in("preview"))
	writer.has(the("checkbox", "leek"))
	writer.valueOf(body, "# Soup\n\n- [ ] **leek**")
	writer.click(save)
	writer.onNote()
	note := writer.path()

	writer.click(theButton("New note"))
	writer.at("/editor")
	writer.write(body, "# Bread")
	writer.click(save)
	writer.onNote()
	writer.write(search, "LEEK")
	writer.press(kb.Enter)
	writer.seesIn("note-list", "1 note found")
	writer.hasNo(theLink("Bread"))
	writer.click(theLink("Soup"))
	writer.at(note)

	writer.click(more)
	writer.click(theButton("Pin to top"))
	writer.has(matching("#pinned-items li"))
	writer.click(share)
	writer.click(theButton("Publish"))
	writer.seesIn("note-list", "public")
	writer.click(share)
	writer.has(theLink("Open the page"))
	reader := visit(t, program).withoutJavaScript()
	reader.tolerate("status of 404")
	public := strings.TrimPrefix(ask[string](writer, matching("#public-url"), `function () { return this.value }`), program.url)
	reader.open(public)
	reader.has(the("heading", "Soup"))
	writer.click(theButton("Unpublish"))
	writer.hasNo(matching("#public-url"))
	writer.at(note)
	reader.reload()
	reader.sees("There is nothing here")

	writer.click(more)
	writer.click(theButton("Delete"))
	writer.at("/editor")
	writer.click(theLink("Trash"))
	writer.click(theButton("Restore"))
	writer.at(note)
	writer.valueOf(body, "# Soup\n\n- [ ] **leek**")
}
