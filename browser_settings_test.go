package main

import (
	"strings"
	"testing"
)

func TestBrowserSettingsWithoutJavaScript(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	desk, phone := visit(t, program).withoutJavaScript(), visit(t, program)
	phone.open("/editor")
	phone.signInAsAda()
	desk.open("/editor")
	desk.write(body, "Shopping")
	desk.click(save)
	desk.onNote()
	desk.signInAsAda()
	desk.click(theLink("Settings"))
	desk.at("/settings")
	desk.sees("1 note came along from a guest")
	desk.click(theButton("Sign out everywhere else"))
	desk.sees("signed out everywhere but here")
	phone.reload()
	phone.seesIn("card", "Browsing as guest")

	desk.click(theButton("Undo"))
	desk.sees("is a guest's again")
	desk.open("/settings")
	desk.sees("went back to a guest on")
	desk.click(theLink("Erase me"))
	desk.click(theButton("Erase my account and everything in it"))
	desk.sees("Your account is erased")
	desk.seesIn("note-list", "Shopping") // which was the guest's again
	desk.click(theLink("Settings"))
	desk.click(theButton("Forget this browser"))
	desk.sees("has forgotten you")
	desk.seesNo("Shopping")
}

func TestBrowserGuestGoesOnOnAnotherDevice(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	desk, phone := visit(t, program), visit(t, program)
	desk.open("/editor")
	desk.saveNew("Shopping")
	note := desk.path()
	desk.click(theLink("Settings"))
	desk.click(theButton("Continue on another device"))
	desk.sees("Waiting for the other device")
	link := ask[string](desk, the("textbox", "Link for the other device"), `function () { return this.value }`)
	desk.mark()

	phone.withoutJavaScript().open(strings.TrimPrefix(link, program.url))
	phone.click(theButton("Go on here"))
	phone.sees("guest of your other device")
	desk.sees("is you now") // without anybody touching it
	desk.staysMarked()
	phone.click(theLink("Shopping"))
	phone.valueOf(body, "Shopping")
	phone.write(body, " and bread")
	phone.click(save)
	phone.seesIn("note-list", "Shopping and bread")
	desk.open(note)
	desk.valueOf(body, "Shopping and bread")
}
