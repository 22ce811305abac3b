package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var (
	preview   = matching("#preview")
	toPreview = theButton("Preview")
	toWrite   = theButton("Write")
	search    = the("searchbox", "Search notes")
	share     = matching("#note-menus summary:not([aria-label])")
)

// caret is where the caret stands in the text, or -1 if it is not there.
func (p *tab) caret() int {
	p.t.Helper()
	return evaluate[int](p, "document.activeElement.id === 'body' ? document.activeElement.selectionStart : -1")
}

// putCaret puts the caret at a place of the text.
func (p *tab) putCaret(at int) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf("(document.querySelector('#body').focus(), document.querySelector('#body').setSelectionRange(%d, %d), true)", at, at))
}

// pressUntil presses keys until the text is as wanted: how much one undo takes back is the
// browser's to decide.
func (p *tab) pressUntil(want, keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	for range 10 {
		if ask[string](p, body, `function () { return this.value }`) == want {
			return
		}
		p.press(keys, modifiers...)
	}
	p.valueOf(body, want)
}

func TestBrowserSavesWhileSomebodyTypesAndNothingJumps(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.mark()
	writer.write(body, "one three")
	writer.saved()
	writer.onNote()
	writer.seesIn("state", "Saved")
	writer.putCaret(3)
	writer.press(" two")
	writer.saved()
	if at := writer.caret(); at != 7 {
		t.Errorf("after a save the caret is at %d, want 7", at)
	}
	writer.seesIn("counts", "3 words")
	writer.pressUntil("one three", "z", chromedp.ModifierCtrl)
	writer.saved()
	writer.pressUntil("one two three", "z", chromedp.ModifierCtrl, chromedp.ModifierShift)
	writer.saved()
	writer.staysMarked()
	other := writer.another()
	other.open(writer.path())
	other.valueOf(body, "one two three")
}

func TestBrowserSavesAtOnceWhenToldAndWhenTheTextIsLeft(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	// Nothing is saved because time goes by.
	evaluate[bool](writer, `(() => {
		const soon = window.setTimeout;
		window.setTimeout = (act, delay, ...rest) => (delay < 400 ? soon(act, delay, ...rest) : 0);
		return true;
	})()`)
	writer.write(body, "told")
	writer.seesIn("state", "Not saved yet")
	writer.press("s", chromedp.ModifierCtrl)
	writer.saved()
	writer.onNote()
	writer.write(body, " and left")
	writer.seesIn("state", "Not saved yet")
	writer.press(kb.Escape + kb.Tab) // the field keeps Tab otherwise
	writer.saved()
	writer.seesIn("note-list", "told and left")
}

func TestBrowserLosesNoCharacterWhileTheServerIsAwayForTenSeconds(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	writer := visit(t, program)
	writer.tolerate("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "Failed to fetch")
	writer.open("/editor")
	writer.write(body, "0")
	writer.saved()
	writer.onNote()

	_ = program.cmd.Process.Kill()
	program.stop()
	want := "0"
	for i, end := 1, time.Now().Add(10*time.Second); time.Now().Before(end); i++ {
		word := fmt.Sprintf(" %d", i)
		writer.press(word)
		want += word
	}
	writer.seesIn("state", "trying again")
	writer.asksToStay()
	program.startAgain()
	writer.press(" end")
	want += " end"
	writer.saved()
	writer.valueOf(body, want)
	other := writer.another()
	other.open(writer.path())
	other.valueOf(body, want)
}

// offline takes the network from the tab, or gives it back.
func (p *tab) offline(isOffline bool) {
	p.t.Helper()
	p.do(
		command(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: isOffline, DownloadThroughput: -1, UploadThroughput: -1}},
		}),
		command(network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: isOffline, DownloadThroughput: -1, UploadThroughput: -1,
		}),
	)
}

func TestBrowserSaysThatItIsOfflineAndSavesWhenItIsNot(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.tolerate("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
	writer.open("/editor")
	writer.write(body, "in the train")
	writer.saved()
	writer.offline(true)
	writer.press(", in the tunnel")
	writer.seesIn("state", "Not saved: offline, trying again")
	writer.offline(false)
	writer.saved()
	other := writer.another()
	other.open(writer.path())
	other.valueOf(body, "in the train, in the tunnel")
}

func TestBrowserTriesAgainWhenItHasSavedTooMuch(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo", "--writes-per-minute=6")) // 3 at once, then one every ten seconds
	writer.tolerate("status of 429")
	writer.open("/editor")
	writer.write(body, "slowly")
	writer.saved()
	writer.onNote()
	evaluate[bool](writer, `(Promise.all([1, 2, 3].map(() => fetch('/notes/' + location.pathname.slice(8) + '/pin', {method: 'POST', body: new URLSearchParams()})))
		.then(() => { window.pinned = true; }), true)`)
	writer.holds("window.pinned")
	writer.write(body, " but surely")
	writer.seesIn("state", "too much at once, trying again")
	writer.saved()
	other := writer.another()
	other.open(writer.path())
	other.valueOf(body, "slowly but surely")
}

// conflicting is two tabs of one note, of which each has typed something else.
func conflicting(t *testing.T) (mine, theirs *tab) {
	t.Helper()
	mine = visit(t, startProgram(t, "--demo"))
	mine.tolerate("status of 409")
	mine.open("/editor")
	mine.write(body, "Plan")
	mine.saved()
	mine.onNote()
	theirs = mine.another()
	theirs.open(mine.path())
	theirs.write(body, " of theirs")
	theirs.saved()
	mine.write(body, " of mine")
	mine.seesIn("note-messages", "changed elsewhere")
	mine.has(matching("#note-messages mark").number(1))
	return mine, theirs
}

func TestBrowserConflictTakesTheirsAndMineIsInTheTrash(t *testing.T) {
	t.Parallel()
	mine, _ := conflicting(t)
	note := mine.path()
	mine.click(theButton("Take theirs"))
	mine.seesIn("notice", "in the trash")
	mine.at(note)
	mine.valueOf(body, "Plan of theirs")
	mine.click(theButton("Restore as a note"))
	mine.valueOf(body, "Plan of mine")
	if mine.path() == note {
		t.Error("the restored text stands in the same note")
	}
}

func TestBrowserConflictKeepsBoth(t *testing.T) {
	t.Parallel()
	mine, theirs := conflicting(t)
	note := mine.path()
	mine.press(", and on and on") // goes on being typed, and waits for the person to choose
	mine.click(theButton("Keep both"))
	mine.holds("location.pathname !== " + quote(note))
	mine.onNote()
	mine.valueOf(body, "Plan of mine, and on and on")
	theirs.reload()
	theirs.valueOf(body, "Plan of theirs")
	theirs.seesIn("note-list", "Plan of mine, and on and on")
}

func TestBrowserPreviewFollowsTheTextAndTicksItsTasks(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.mark()
	writer.write(body, "# List\n\n- [ ] bread")
	writer.click(toPreview)
	writer.has(the("heading", "List").in("preview"))
	writer.hasNo(body)
	writer.click(the("checkbox", "bread"))
	writer.isOn(the("checkbox", "bread"), true)
	writer.saved()
	writer.click(toWrite)
	writer.valueOf(body, "# List\n\n- [x] bread")
	writer.focuses(body)

	// On a wide screen both are there, and the preview follows while one types.
	writer.do(chromedp.EmulateViewport(1700, 900))
	writer.has(preview)
	writer.has(body)
	writer.press(kb.End + kb.Enter + "**salt**")
	writer.has(the("checkbox", "salt"))
	writer.click(the("checkbox", "salt"))
	writer.valueOf(body, "# List\n\n- [x] bread\n- [x] **salt**")
	writer.press("z", chromedp.ModifierCtrl)
	writer.valueOf(body, "# List\n\n- [x] bread\n- [ ] **salt**")
	writer.isOn(the("checkbox", "salt"), false)
	writer.staysMarked()
}

func TestBrowserToolbarAndKeysWriteMarkdown(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.write(body, "word")
	writer.putCaret(2)
	writer.click(theButton("Bold"))
	writer.valueOf(body, "**word**")
	writer.press("z", chromedp.ModifierCtrl)
	writer.valueOf(body, "word")
	writer.putCaret(2)
	writer.press("i", chromedp.ModifierCtrl)
	writer.valueOf(body, "_word_")

	writer.rewrite(body, "- one")
	writer.press(kb.Enter + "two")
	writer.valueOf(body, "- one\n- two")
	writer.press(kb.Tab)
	writer.valueOf(body, "- one\n  - two")
	writer.press(kb.Tab, chromedp.ModifierShift)
	writer.valueOf(body, "- one\n- two")
	writer.press(kb.Enter + kb.Enter + "after")
	writer.valueOf(body, "- one\n- two\nafter")
	writer.rewrite(body, "9. [x] nine")
	writer.press(kb.Enter + "ten")
	writer.valueOf(body, "9. [x] nine\n10. [ ] ten")
	writer.press(kb.Escape + kb.Tab)
	writer.valueOf(body, "9. [x] nine\n10. [ ] ten")
	if writer.isFocused(body) {
		t.Error("Escape and Tab do not leave the text")
	}
	writer.saved()

	writer.press("?")
	writer.has(the("dialog", "Help"))
	writer.press(kb.Escape)
	writer.hasNo(the("dialog", "Help"))
	writer.press("n", chromedp.ModifierAlt)
	writer.at("/editor")
	writer.valueOf(body, "")
	writer.focuses(body)
	writer.press("Is this? Yes.")
	writer.hasNo(the("dialog", "Help"))
	writer.valueOf(body, "Is this? Yes.")
}

func TestBrowserListIsSearchedPinnedAndScrolled(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo", "--writes-per-minute=100000")
	writer := visit(t, program)
	writer.open("/editor")
	for i := range 45 {
		evaluate[bool](writer, fmt.Sprintf(`(fetch('/notes', {method: 'POST', body: new URLSearchParams({body: '# Note %02d\n\nabout %s'})})
			.then(() => { window.made = %d; }), true)`, i, strings.Repeat("x", i+1), i))
		writer.holds(fmt.Sprintf("window.made === %d", i))
	}
	writer.open("/editor")
	writer.seesIn("note-list", "Note 44")
	writer.mark()
	if n := writer.count(matching("#note-items li")); n > 25 {
		t.Errorf("the page begins with %d notes", n)
	}
	writer.until("older notes", func(ctx context.Context) (bool, error) {
		n, err := on[int](ctx, writer, matching("#notes"), `function () { this.scrollTop = 1e6; return document.querySelectorAll('#note-items li:has(strong)').length }`)
		return n == 45, err
	})
	writer.seesIn("note-list", "Note 00")

	writer.click(search)
	writer.press("ABOUT xxx")
	writer.seesIn("note-list", "and more")
	writer.has(matching("#note-list mark").number(1))
	writer.rewrite(search, "note 07")
	writer.seesIn("note-list", "1 note found")
	writer.click(theLink("Note 07"))
	writer.onNote()
	writer.click(more)
	writer.click(theButton("Pin to top"))
	writer.has(matching("#pinned-items li"))
	writer.seesIn("note-list", "pinned")
	writer.reload()
	writer.holds("document.querySelector('#note-list li strong').textContent === 'Note 07'")
	writer.write(body, "changed")
	writer.saved()
	writer.holds("document.querySelectorAll('#pinned-items li').length === 1")
	writer.click(more)
	writer.click(theButton("Unpin"))
	writer.holds("document.querySelectorAll('#pinned-items li').length === 0")
	writer.holds("document.querySelector('#note-items li strong').textContent === 'Note 07'")
}

func TestBrowserSharesANoteAndTakesItBack(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	writer, reader := visit(t, program), visit(t, program)
	reader.tolerate("status of 404")
	writer.open("/editor")
	writer.write(body, "# For everyone\n\nHello.")
	writer.saved()
	writer.mark()
	writer.click(share)
	writer.click(theButton("Publish"))
	writer.seesIn("note-list", "public")
	address := ask[string](writer, matching("#note-menus input"), `function () { return this.value }`)
	path := strings.TrimPrefix(address, program.url)
	reader.open(path)
	reader.has(the("heading", "For everyone"))
	reader.sees(writer.persona().name)
	reader.sees("Hello.")

	// On paper there is the note and who signed it, black on white, and nothing to click.
	reader.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	reader.sees("Hello.")
	reader.has(the("heading", "For everyone"))
	reader.hasNo(matching(".publication footer"))
	reader.holds("getComputedStyle(document.documentElement).colorScheme === 'light'")
	reader.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}))

	writer.write(body, " And more.")
	writer.saved()
	reader.reload()
	reader.sees("And more.")
	writer.click(share)
	writer.click(theButton("Unpublish"))
	writer.has(theButton("Publish")) // which stands in its place
	writer.staysMarked()
	reader.reload()
	reader.sees("There is nothing here")
}

func TestBrowserTrashGivesBackWhatWasDeleted(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.write(body, "Gone too soon")
	writer.saved()
	note := writer.path()
	writer.click(more)
	writer.click(theButton("Delete"))
	writer.at("/editor")
	writer.click(theLink("Trash"))
	writer.sees("Gone too soon")
	writer.sees("more days")
	writer.click(theButton("Restore"))
	writer.at(note)
	writer.valueOf(body, "Gone too soon")
}
