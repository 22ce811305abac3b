package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

var (
	body = matching("#body")
	save = theButton("Save").in("note") // without JavaScript, or when a save was refused
	more = matching("#note-menus summary[aria-label=More]")
)

// saved waits until the page has saved what was typed, and says so.
func (p *tab) saved() {
	p.t.Helper()
	p.holds("document.querySelector('#state[data-saved]') !== null && " + wouldLeave)
}

// mark marks the page, so that staysMarked can tell whether it was changed or replaced.
func (p *tab) mark() {
	p.t.Helper()
	evaluate[bool](p, "window.isMarked = true")
}

func (p *tab) staysMarked() {
	p.t.Helper()
	if !evaluate[bool](p, "window.isMarked === true") {
		p.t.Errorf("the page was replaced by another one:\n%s", p.describe())
	}
}

// onNote waits until the address is that of a note.
func (p *tab) onNote() {
	p.t.Helper()
	p.holds("/^\\/editor\\/[0-9a-f-]{36}$/.test(location.pathname)")
}

// answers come from the server to a tab; they can be kept back on the way.
type answers struct {
	p      *tab
	mu     sync.Mutex
	isHeld bool
	held   []fetch.RequestID
}

// answersTo stands in the way of answers to requests whose URL matches. It has to be
// there before a page is opened: the network of an open page may take no notice.
func (p *tab) answersTo(pattern string) *answers {
	p.t.Helper()
	a := &answers{p: p}
	err := chromedp.Listen(p.ctx, func(event any) {
		if paused, ok := event.(*fetch.EventRequestPaused); ok {
			a.arrived(paused.RequestID)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(command(fetch.Enable, fetch.EnableParams{
		Patterns: []*fetch.RequestPattern{{URLPattern: pattern, RequestStage: fetch.RequestStageResponse}},
	}))
	return a
}

func (a *answers) arrived(id fetch.RequestID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isHeld {
		a.held = append(a.held, id)
		return
	}
	go a.pass(id) // a listener may not wait for the browser
}

// pass lets an answer through. If that fails, the page and the test wait for it in vain.
func (a *answers) pass(id fetch.RequestID) {
	_, _ = chromedp.Call(a.p.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: id})
}

func (a *answers) hold() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.isHeld = true
}

// await waits until an answer is held back: the server has done its part.
func (a *answers) await() {
	a.p.t.Helper()
	a.p.until("an answer", func(context.Context) (bool, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.held) > 0, nil
	})
}

// release lets the answers go, and those that come later.
func (a *answers) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range a.held {
		a.pass(id)
	}
	a.isHeld, a.held = false, nil
}

func TestBrowserSavingChangesThePageInPlace(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.mark()
	writer.write(body, "Shopping\nbread")
	writer.saved()
	writer.onNote()
	note := writer.path()
	writer.seesIn("note-list", "Shopping")
	writer.has(matching("#note-list [aria-current=page]"))

	writer.write(body, ", and salt")
	writer.press("s", chromedp.ModifierCtrl)
	writer.seesIn("note-list", "and salt")
	writer.valueOf(body, "Shopping\nbread, and salt")
	writer.rewrite(body, "Groceries\nbread")
	writer.press("s", chromedp.ModifierCtrl)
	writer.seesIn("note-list", "Groceries")
	if writer.path() != note {
		t.Errorf("the note moved from %s to %s", note, writer.path())
	}
	if asked := writer.asked(); len(asked) != 1 {
		t.Errorf("the browser asked for the pages %q, want one", asked)
	}
	writer.staysMarked()

	second := writer.another()
	second.open(note)
	second.valueOf(body, "Groceries\nbread")
	second.write(body, ", and milk")
	second.click(theButton("New note"))
	second.at("/editor")
	second.seesIn("note-list", "and milk")
	second.valueOf(body, "")
	second.mark()
	second.focuses(body)
	second.press("Written without the mouse")
	second.press("s", chromedp.ModifierCtrl)
	second.onNote()
	second.seesIn("note-list", "Written without the mouse")
	second.seesIn("note-list", "Groceries")
	second.staysMarked()
	if second.path() == note {
		t.Error("the new note has the address of the first one")
	}
}

func TestBrowserWhatCannotBeSavedSaysSoAndStays(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.tolerate("status of 413")
	writer.open("/editor")
	writer.mark()
	evaluate[bool](writer, `(document.querySelector('#body').value = 'x'.repeat(512 * 1024), true)`)
	writer.write(body, "tail")
	writer.has(the("alert", ""))
	writer.seesIn("note-messages", "4 bytes longer")
	writer.seesIn("state", "Not saved")
	writer.has(save)
	writer.at("/editor")
	writer.rewrite(body, "Something shorter")
	writer.saved()
	writer.onNote()
	writer.hasNo(the("alert", ""))
	writer.hasNo(save)
	writer.staysMarked()
}

func TestBrowserAnswerThatComesWhileTypingDisturbsNothing(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	answers := writer.answersTo("*/notes*")
	writer.open("/editor")
	writer.mark()
	writer.write(body, "one")
	answers.hold()
	writer.press("s", chromedp.ModifierCtrl)
	answers.await()
	writer.press(" two")
	ask[bool](writer, body, `function () { this.setSelectionRange(2, 2); return true }`)
	answers.release()
	writer.onNote()
	writer.seesIn("note-list", "one")
	writer.valueOf(body, "one two")
	if at := evaluate[int](writer, "document.activeElement.id === 'body' ? document.activeElement.selectionStart : -1"); at != 2 {
		t.Errorf("the caret is at %d, want 2", at)
	}
	writer.staysMarked()
}

func TestBrowserSavingAgainWhileASaveIsUnderWayLosesNothing(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	t.Run("a new note", func(t *testing.T) {
		writer := visit(t, program)
		answers := writer.answersTo("*/notes*")
		writer.open("/editor")
		writer.saveTwiceAtOnce(answers)
	})
	t.Run("a saved note", func(t *testing.T) {
		writer := visit(t, program)
		answers := writer.answersTo("*/notes*")
		writer.open("/editor")
		writer.write(body, "saved before, ")
		writer.saved()
		writer.onNote()
		writer.saveTwiceAtOnce(answers)
	})
}

// saveTwiceAtOnce saves again before the answer to the first time is there.
func (p *tab) saveTwiceAtOnce(answers *answers) {
	p.t.Helper()
	answers.hold()
	p.write(body, "once")
	p.press("s", chromedp.ModifierCtrl)
	answers.await()
	p.press(" and again")
	p.press("s", chromedp.ModifierCtrl)
	answers.release()
	p.onNote()
	p.seesIn("note-list", "once and again")
	p.saved()
	p.seesNo("changed elsewhere")
	if notes := p.count(matching("#note-list li")); notes != 1 {
		p.t.Errorf("there are %d notes, want 1", notes)
	}
}

func TestBrowserAsksBeforeItDropsTextAndOnlyThen(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.letsGo()
	writer.write(body, "Hold on")
	writer.asksToStay()
	writer.saved()
	writer.onNote()
	writer.letsGo()
	writer.write(body, " a moment")
	writer.asksToStay()
	writer.press("s", chromedp.ModifierCtrl)
	writer.seesIn("note-list", "Hold on a moment")
	writer.letsGo()
	writer.reload()
	writer.letsGo()
}

// wouldLeave asks the page what it says to being left.
const wouldLeave = "dispatchEvent(new Event('beforeunload', {cancelable: true}))"

func (p *tab) letsGo() {
	p.t.Helper()
	p.holds(wouldLeave)
}

func (p *tab) asksToStay() {
	p.t.Helper()
	p.holds("!" + wouldLeave)
}

func TestBrowserConflictShowsBothTextsAndKeepsMine(t *testing.T) {
	t.Parallel()
	mine := visit(t, startProgram(t, "--demo"))
	mine.tolerate("status of 409")
	mine.open("/editor")
	mine.write(body, "Plan")
	mine.saved()
	mine.onNote()

	theirs := mine.another()
	theirs.open(mine.path())
	theirs.write(body, " of theirs")
	theirs.saved()
	theirs.seesIn("note-list", "Plan of theirs")

	mine.mark()
	mine.write(body, " of mine")
	mine.has(the("alert", ""))
	mine.seesIn("note-messages", "changed elsewhere")
	mine.seesIn("note-messages", "Plan of theirs")
	mine.valueOf(body, "Plan of mine")
	mine.click(theButton("Keep mine"))
	mine.seesIn("note-list", "Plan of mine")
	mine.seesNo("changed elsewhere")
	mine.seesIn("notice", "in the trash")
	mine.saved()
	mine.valueOf(body, "Plan of mine")
	mine.staysMarked()

	theirs.reload()
	theirs.valueOf(body, "Plan of mine")
}

func TestBrowserBackShowsANoteAsItIsStored(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.saveNew("Another note")
	other := writer.path()
	writer.click(theButton("New note"))
	writer.at("/editor")
	writer.saveNew("First draft")
	note := writer.path()
	writer.open(note)
	writer.write(body, ", corrected")
	writer.saved()
	writer.seesIn("note-list", "First draft, corrected")
	writer.letsGo()
	writer.open(other)

	elsewhere := writer.another()
	elsewhere.open(note)
	elsewhere.rewrite(body, "Second draft")
	elsewhere.saved()
	elsewhere.seesIn("note-list", "Second draft")

	writer.back()
	writer.at(note)
	writer.valueOf(body, "Second draft")
}

func TestBrowserDeletedNoteComesBackWithUndo(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	t.Run("as soon as it was saved", func(t *testing.T) {
		writer := visit(t, program)
		writer.open("/editor")
		writer.write(body, "Not so important")
		writer.saved()
		writer.onNote()
		writer.deleteAndUndo("Not so important")
	})
	t.Run("later", func(t *testing.T) {
		writer := visit(t, program)
		writer.open("/editor")
		writer.write(body, "Not so important")
		writer.saved()
		writer.onNote()
		later := writer.another()
		later.open(writer.path())
		later.deleteAndUndo("Not so important")
	})
}

func (p *tab) deleteAndUndo(text string) {
	p.t.Helper()
	note := p.path()
	p.click(more)
	p.click(theButton("Delete"))
	p.at("/editor")
	p.seesNo(text)
	p.valueOf(body, "")
	p.click(theButton("Undo"))
	p.at(note)
	p.valueOf(body, text)
	p.seesIn("note-list", text)
}

func TestBrowserKeepsTheTextWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	writer := visit(t, program)
	writer.open("/editor")
	writer.mark()
	writer.write(body, "Before the storm")
	writer.saved()
	writer.onNote()

	program.stop()
	writer.tolerate("ERR_CONNECTION_REFUSED", "Failed to fetch")
	writer.write(body, ", and during it")
	writer.seesIn("state", "Not saved: the server is away, trying again")
	writer.press(" and after it")
	writer.valueOf(body, "Before the storm, and during it and after it")

	program.startAgain()
	writer.saved()
	writer.seesIn("note-list", "and after it")
	writer.valueOf(body, "Before the storm, and during it and after it")
	writer.staysMarked()
	writer.letsGo()
	writer.reload()
	writer.valueOf(body, "Before the storm, and during it and after it")
}

// startAgain starts a stopped program on the same data and at the same address.
func (p *program) startAgain() {
	p.t.Helper()
	p.start("--demo", "--addr="+strings.TrimPrefix(p.url, "http://"))
}
