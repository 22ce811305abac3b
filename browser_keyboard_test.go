package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused describes what has the focus, and whether that can be seen.
type focused struct {
	What      string
	IsLost    bool
	IsVisible bool
	// IsSettled is false while an answer is on the way, which may move the focus.
	IsSettled bool
}

const findFocus = `(() => {
	const it = document.activeElement;
	const style = getComputedStyle(it);
	const box = it.getBoundingClientRect();
	const isMarked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== 'none';
	return {
		What: it.outerHTML.slice(0, 160),
		IsLost: it === document.body || it === document.documentElement,
		IsVisible: it.matches(':focus-visible') && isMarked && box.width > 1 && box.height > 1 &&
			box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
		IsSettled: !document.querySelector('.htmx-request'),
	};
})()`

// keepsFocus waits until all answers have come, and makes sure that one can see where
// one is.
func (p *tab) keepsFocus() {
	p.t.Helper()
	p.until("a focus that can be seen", func(ctx context.Context) (bool, error) {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[focused](findFocus))
		if err != nil {
			return false, err
		}
		return at.IsSettled && !at.IsLost && at.IsVisible, fmt.Errorf("%+v", at)
	})
}

// tabTo presses Tab, or Shift+Tab, until the control has the focus.
func (p *tab) tabTo(c control, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.has(c)
	for range 100 {
		p.press(kb.Tab, modifiers...)
		p.keepsFocus()
		if p.isFocused(c) {
			return
		}
	}
	p.t.Fatalf("Tab does not lead to %s\n%s", c, p.describe())
}

func (p *tab) isFocused(c control) bool {
	p.t.Helper()
	return ask[bool](p, c, `function () { return this === document.activeElement }`)
}

// focuses waits until the control has the focus.
func (p *tab) focuses(c control) {
	p.t.Helper()
	p.until("the focus on "+c.String(), func(ctx context.Context) (bool, error) {
		return on[bool](ctx, p, c, `function () { return this === document.activeElement }`)
	})
	p.keepsFocus()
}

func TestBrowserKeyboardAloneDoesTheWholeJob(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.focuses(body)
	visitor.press("Written by hand")
	visitor.press("s", chromedp.ModifierCtrl)
	visitor.onNote()
	visitor.seesIn("note-list", "Written by hand")
	visitor.focuses(body)

	// A note that is there already starts at the top, with the way past the list.
	note := visitor.path()
	visitor = visitor.another()
	visitor.open(note)
	visitor.press(kb.Tab)
	visitor.focuses(theLink("Skip to the text"))
	visitor.press(kb.Enter)
	visitor.focuses(body)
	visitor.press(kb.End)
	visitor.press(", with care")
	visitor.press("s", chromedp.ModifierCtrl)
	visitor.seesIn("note-list", "with care")
	visitor.focuses(body)
	visitor.valueOf(body, "Written by hand, with care")

	visitor.tabTo(toPreview, chromedp.ModifierShift)
	visitor.press(kb.Enter)
	visitor.has(preview)
	visitor.tabTo(toWrite, chromedp.ModifierShift)
	visitor.press(kb.Enter)
	visitor.focuses(body)
	visitor.tabTo(theButton("Heading"), chromedp.ModifierShift)
	visitor.press(kb.ArrowRight)
	visitor.focuses(theButton("Bold"))
	visitor.tabTo(share, chromedp.ModifierShift)
	visitor.press(kb.Enter)
	visitor.tabTo(theButton("Publish"))
	visitor.press(kb.Enter)
	visitor.seesIn("note-list", "public")
	visitor.keepsFocus()
	visitor.press(kb.Escape)
	visitor.tabTo(body)

	visitor.tabTo(thePalette)
	visitor.press(kb.Enter)
	visitor.tabTo(theSearch)
	visitor.press("volcano")
	visitor.hasNo(pick("🦊"))
	visitor.tabTo(matching(`[name=emoji][value="🌋"]`).in("profiles"))
	visitor.press(" ")
	visitor.seesIn("card", "🌋")
	visitor.keepsFocus()
	visitor.tabTo(theSwitch, chromedp.ModifierShift)
	visitor.isOn(theSwitch, true)
	name := visitor.persona().name
	visitor.press(" ")
	visitor.signs(name, false)
	visitor.isOn(theSwitch, false)
	visitor.focuses(theSwitch)

	visitor.tabTo(signIn, chromedp.ModifierShift)
	visitor.press(kb.Enter)
	visitor.tabTo(goOn)
	visitor.press(kb.Enter)
	visitor.tabTo(asAda)
	visitor.press(kb.Enter)
	visitor.at(note)
	visitor.seesIn("card", "Signed in as Ada Lovelace")
	visitor.valueOf(body, "Written by hand, with care")
	visitor.tabTo(signOut)
	visitor.press(kb.Enter)
	visitor.seesIn("card", "Browsing as guest")
}

func TestBrowserKeyboardFocusStaysWhenProfilesComeAndGo(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.focuses(body)
	visitor.tabTo(theName)
	visitor.press("Cordelia" + kb.Tab)
	visitor.seesIn("card", "Cordelia")
	visitor.focuses(theSwitch)
	visitor.tabTo(theButton("Add a profile"))
	visitor.press(kb.Enter)
	visitor.has(theName.number(2))
	visitor.keepsFocus()
	visitor.tabTo(thePalette.number(2), chromedp.ModifierShift)
	visitor.press(kb.Enter)
	visitor.tabTo(theButton("Remove"))
	visitor.press(kb.Enter)
	visitor.has(theName)
	visitor.keepsFocus()
}

// Safari gives a button no focus when it is clicked.
func TestBrowserAnswerTakesNoFocusWhereThereWasNone(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.open("/editor")
	visitor.saveNew("Somewhere else")
	visitor.write(body, " entirely")
	evaluate[bool](visitor, "(document.activeElement.blur(), true)")
	visitor.press("s", chromedp.ModifierCtrl)
	visitor.seesIn("note-list", "Somewhere else entirely")
	visitor.holds("!document.querySelector('.htmx-request')")
	if at := evaluate[focused](visitor, findFocus); !at.IsLost {
		t.Errorf("the answer has moved the focus to %s", at.What)
	}
}
