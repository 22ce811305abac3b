package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var (
	signIn  = theButton("Sign in with GitHub")
	goOn    = theButton("Continue with GitHub")
	asAda   = theButton("Continue as Ada Lovelace")
	signOut = theButton("Sign out")
	carry   = the("checkbox", "Bring it all along")
)

// signInAsAda goes through GitHub and back.
func (p *tab) signInAsAda() {
	p.t.Helper()
	p.click(signIn)
	p.click(goOn)
	p.click(asAda)
	p.seesIn("card", "Signed in as Ada Lovelace")
}

// saveNew writes a new note and saves it.
func (p *tab) saveNew(text string) {
	p.t.Helper()
	p.write(body, text)
	p.saved()
	p.onNote()
	p.seesIn("note-list", text)
	p.letsGo()
}

func TestBrowserSignInBringsEverythingAlong(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.saveNew("Seeds to buy")
	visitor.click(theButton("Add a profile"))
	visitor.rewrite(theName.number(2), "Gardener")
	visitor.press(kb.Tab)
	visitor.signs("Gardener", true)
	first := visitor.persona()
	note := visitor.path()

	visitor.write(body, ": beans, peas")
	visitor.click(signIn)
	visitor.at("/login")
	visitor.sees("1 note and 2 profiles")
	visitor.sees("Seeds to buy: beans, peas")
	visitor.isOn(carry, true)
	visitor.click(goOn)
	visitor.click(asAda)

	visitor.at(note)
	visitor.seesIn("notice", "1 note and 2 profiles came with you")
	visitor.seesIn("card", "Signed in as Ada Lovelace")
	visitor.seesNo("Browsing as guest")
	visitor.valueOf(body, "Seeds to buy: beans, peas")
	visitor.seesIn("note-list", "Seeds to buy: beans, peas")
	names := visitor.profileNames()
	if !slices.Contains(names, first.name) || !slices.Contains(names, "Gardener") {
		t.Errorf("the profiles are %q, want %q and Gardener among them", names, first.name)
	}
	visitor.signs("Gardener", true)
	visitor.reload()
	visitor.valueOf(body, "Seeds to buy: beans, peas")
}

func TestBrowserSignInSavesANewNoteOnTheWay(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.write(body, "Never saved by hand")
	visitor.signInAsAda()
	visitor.onNote()
	visitor.valueOf(body, "Never saved by hand")
	visitor.seesIn("note-list", "Never saved by hand")
	visitor.seesIn("notice", "1 note")
}

func TestBrowserSecondDeviceSeesTheNotesAndAddsItsOwn(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	laptop, phone := visit(t, program), visit(t, program)
	laptop.open("/editor")
	laptop.saveNew("From the laptop")
	laptop.signInAsAda()

	phone.open("/editor")
	phone.saveNew("From the phone")
	phone.signInAsAda()
	phone.valueOf(body, "From the phone")
	phone.seesIn("note-list", "From the laptop")
	phone.seesIn("note-list", "From the phone")

	laptop.open("/editor")
	laptop.seesIn("note-list", "From the laptop")
	laptop.seesIn("note-list", "From the phone")
}

func TestBrowserWhatIsNotCarriedIsHereAgainAfterSignOut(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.saveNew("Stays in this browser")
	note, guest := visitor.path(), visitor.persona()
	visitor.tolerate("status of 404")

	visitor.click(signIn)
	visitor.click(carry)
	visitor.isOn(carry, false)
	visitor.click(goOn)
	visitor.click(asAda)
	visitor.sees("There is nothing here") // the note is the guest's
	visitor.open("/editor")
	visitor.seesIn("card", "Signed in as Ada Lovelace")
	if strings.Contains(evaluate[string](visitor, everything), "Stays in this browser") {
		t.Error("the user sees what the guest did not bring along")
	}

	visitor.click(signOut)
	visitor.seesIn("card", "Browsing as guest")
	if now := visitor.persona(); now != guest {
		t.Errorf("after signing out the guest is %v, want %v", now, guest)
	}
	visitor.seesIn("note-list", "Stays in this browser")
	visitor.open(note)
	visitor.valueOf(body, "Stays in this browser")
}

func TestBrowserFailedSignInKeepsEverythingAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	fails := func(name, status string, fail func(*tab)) {
		t.Run(name, func(t *testing.T) {
			visitor := visit(t, program)
			visitor.open("/editor")
			visitor.saveNew("Safe and sound")
			note, guest := visitor.path(), visitor.persona()
			visitor.tolerate(status)
			visitor.click(signIn)
			visitor.click(goOn)
			fail(visitor)

			visitor.has(the("alert", ""))
			visitor.sees("Your 1 note is safe")
			visitor.isOn(carry, true)
			if stored := visitor.fetched(note); !strings.Contains(stored, "Safe and sound") || !strings.Contains(stored, guest.id) {
				t.Errorf("in another tab the note looks like this:\n%s", stored)
			}

			visitor.click(goOn)
			visitor.click(asAda)
			visitor.at(note)
			visitor.seesIn("card", "Signed in as Ada Lovelace")
			visitor.seesIn("notice", "1 note")
			visitor.valueOf(body, "Safe and sound")
		})
	}
	withFault := func(label string) func(*tab) {
		return func(p *tab) {
			p.click(the("DisclosureTriangle", "Make something go wrong"))
			p.click(the("radio", label))
			p.click(asAda)
		}
	}
	fails("denied", "status of 403", func(p *tab) { p.click(theButton("Deny")) })
	fails("GitHub answers 502", "status of 502", withFault("The API answers 502"))
}

// fetched is a page as another tab of this browser would get it now.
func (p *tab) fetched(path string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		fmt.Sprintf("fetch(%s).then((answer) => answer.text())", quote(path)), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("fetch %s: %v", path, err)
	}
	return text
}

func TestBrowserBackAfterSignOutShowsNothing(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	secrets := []string{"Diary", "Cordelia", "Ada Lovelace"}
	leave := func(name string, do func(*tab)) {
		t.Run(name, func(t *testing.T) {
			visitor := visit(t, program)
			visitor.tolerate("status of 404", "status of 403") // a save may come after the sign-out
			visitor.open("/editor")
			visitor.rewrite(theName, "Cordelia")
			visitor.press(kb.Tab)
			visitor.seesIn("card", "Cordelia")
			visitor.write(body, "Diary")
			visitor.signInAsAda()
			do(visitor)
			visitor.click(signOut)
			visitor.seesIn("card", "Browsing as guest")
			visitor.knowsNoSecret("after signing out", secrets...)
			visitor.back()
			visitor.knowsNoSecret("one step back", secrets...)
			if visitor.cameFromCache() {
				t.Errorf("the browser showed a page again that it had kept:\n%s", visitor.describe())
			}
		})
	}
	leave("at once", func(*tab) {})
	leave("at once, with text not saved", func(p *tab) {
		p.write(body, ", second part")
		p.tolerate("dialog: beforeunload") // it may ask what is to become of the text
	})
	leave("from the login without JavaScript", func(p *tab) { p.withoutJavaScript() })
	leave("with a new note not saved", func(p *tab) {
		p.open("/editor")
		p.write(body, "Diary, second part")
		p.tolerate("dialog: beforeunload")
	})
}

// back presses the button Back, and waits for the page before this one.
func (p *tab) back() {
	p.t.Helper()
	evaluate[bool](p, "window.isLeft = true")
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		history, err := cdp.Call(ctx, target, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		before := history.Entries[history.CurrentIndex-1]
		_, err = cdp.Call(ctx, target, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: before.ID})
		return err
	}))
	p.holds("!window.isLeft && document.body?.innerText.trim()")
}

// knowsNoSecret makes sure that nothing in the document tells who was here.
func (p *tab) knowsNoSecret(when string, secrets ...string) {
	p.t.Helper()
	document := evaluate[string](p, everything)
	for _, secret := range secrets {
		if strings.Contains(document, secret) {
			p.t.Errorf("%s the document holds %q:\n%s", when, secret, p.describe())
		}
	}
}

// profileNames are the names in the fields of the profiles.
func (p *tab) profileNames() []string {
	p.t.Helper()
	var names []string
	for n := range p.count(theName) {
		names = append(names, ask[string](p, theName.number(n+1), `function () { return this.value }`))
	}
	return names
}
