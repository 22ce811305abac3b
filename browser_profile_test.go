package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

var (
	theName    = the("textbox", "Name").in("profiles")
	theSwitch  = the("switch", "Active").in("profiles")
	thePalette = the("DisclosureTriangle", "emoji").in("profiles")
	theSearch  = the("searchbox", "Find an emoji").in("profiles")
)

// pick is an emoji of the palette.
func pick(emoji string) control {
	return matching(`label:has([name=emoji][value="` + emoji + `"])`).in("profiles")
}

// signs tells whether the name is among those that sign what is shared.
func (p *tab) signs(name string, want bool) {
	p.t.Helper()
	if byline := the("image", name).in("byline"); want {
		p.has(byline)
	} else {
		p.hasNo(byline)
	}
}

func TestBrowserProfileChangesInPlaceAndForGood(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	visitor := visit(t, program)
	visitor.open("/editor")
	visitor.mark()
	visitor.signs(visitor.persona().name, true)
	visitor.rewrite(theName, "Cordelia")
	visitor.press(kb.Tab)
	visitor.seesIn("card", "Cordelia")
	visitor.signs("Cordelia", true)
	visitor.click(theSwitch)
	visitor.signs("Cordelia", false)
	visitor.click(thePalette)
	visitor.write(theSearch, "volcano")
	visitor.click(pick("🌋"))
	visitor.seesIn("card", "🌋")
	visitor.valueOf(theName, "Cordelia")
	visitor.isOn(theSwitch, false)
	visitor.staysMarked()

	second := visitor.another()
	second.open("/editor")
	second.showsVolcanicCordelia()
	visitor.reload()
	visitor.showsVolcanicCordelia()
	program.stop()
	program.startAgain()
	visitor.reload()
	visitor.showsVolcanicCordelia()
}

func (p *tab) showsVolcanicCordelia() {
	p.t.Helper()
	p.seesIn("card", "Cordelia")
	p.seesIn("card", "🌋")
	p.valueOf(theName, "Cordelia")
	p.isOn(theSwitch, false)
}

func TestBrowserProfilesComeAndGo(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.mark()
	first := visitor.persona().name
	visitor.click(thePalette)
	visitor.has(theSearch)
	visitor.hasNo(theButton("Remove"))

	visitor.click(theButton("Add a profile"))
	visitor.rewrite(theName.number(2), "Second")
	visitor.press(kb.Tab)
	visitor.signs("Second", true)
	visitor.signs(first, true)
	visitor.seesIn("card", first)
	visitor.staysMarked()

	second := visitor.another()
	second.open("/editor")
	second.valueOf(theName.number(1), first)
	second.valueOf(theName.number(2), "Second")
	second.click(thePalette.number(1))
	second.click(theButton("Remove"))
	second.valueOf(theName, "Second")
	second.seesIn("card", "Second")
	second.signs(first, false)
	second.click(thePalette)
	second.has(theSearch)
	second.hasNo(theButton("Remove"))
	second.reload()
	second.valueOf(theName, "Second")
}

func TestBrowserBadNameStaysInItsFieldWithAMessage(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.tolerate("status of 422")
	visitor.open("/editor")
	visitor.mark()
	before := visitor.persona()
	long := strings.Repeat("abcdefghij", 4) + "k"
	visitor.rewrite(theName, long)
	visitor.press(kb.Enter)
	visitor.has(the("alert", "").in("profiles"))
	visitor.seesIn("profiles", "40")
	visitor.valueOf(theName, long)
	if !ask[bool](visitor, theName, `function () { return this === document.activeElement && this.getAttribute('aria-invalid') === 'true' }`) {
		t.Errorf("the field has lost the focus, or is not marked as invalid:\n%s", visitor.describe())
	}
	if now := visitor.persona(); now != before {
		t.Errorf("the card shows %v, want %v", now, before)
	}
	visitor.press(kb.Backspace + kb.Enter)
	visitor.seesIn("card", long[:40])
	visitor.hasNo(the("alert", "").in("profiles"))
	visitor.valueOf(theName, long[:40])
	visitor.staysMarked()
}
