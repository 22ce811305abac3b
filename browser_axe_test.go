//go:build check

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe-core knows what keeps people from using a page.
const axeFile = "testdata/axe-core-4.14.1/axe.min.js"

// everyRule are those of the standards, and what is good practice beside them. In the dark
// nothing but the colours is different.
const (
	everyRule   = `['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']`
	colourRules = `{type: 'rule', values: ['color-contrast', 'link-in-text-block']}`
)

// findings runs axe on the page as it is now. What it cannot decide counts as well. It may
// leave open how signs such as ✕ are read and seen, and the contrast of what a part of the
// page has scrolled away or lies over others: each of these texts is in plain sight on
// another screen, or beside others of its kind.
const findings = `(async () => {
	const {violations, incomplete} = await axe.run(document, {runOnly: %s, resultTypes: ['violations', 'incomplete']});
	const open = new Set(['nonBmp', 'elmPartiallyObscured', 'elmPartiallyObscuring']);
	const isOpen = ({any, all, none}) => [...any, ...all, ...none].every((check) => check.id === 'label-content-name-mismatch' || open.has(check.data?.messageKey));
	const undecided = incomplete.map((rule) => ({...rule, nodes: rule.nodes.filter((node) => !isOpen(node))}));
	return [...violations, ...undecided].flatMap(({id, help, nodes}) => nodes.map(({target, html, failureSummary}) =>
		[id + ': ' + help, target.flat().join(' '), html, failureSummary].join('\n')));
})()`

// A screen is what one looks at the pages on.
type screen struct {
	scheme string
	width  int64
}

var (
	wideScreens = []screen{{"light", 1280}, {"dark", 1280}}
	allScreens  = []screen{{"light", 1280}, {"dark", 1280}, {"dark", 390}, {"light", 390}}
)

// hasNoBarriers fails the test for what axe finds on the page as it is now, on each of
// the screens.
func (p *tab) hasNoBarriers(state string, screens []screen) {
	p.t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		p.t.Fatal(err)
	}
	if !evaluate[bool](p, "typeof axe === 'object'") {
		// Through the protocol, which the page's policy for scripts does not stop.
		evaluate[bool](p, string(axe)+"\ntrue")
	}
	for _, s := range screens {
		p.lookOn(s)
		for _, finding := range p.findings(s) {
			p.t.Errorf("%s, %s, %d px wide: %s", state, s.scheme, s.width, finding)
		}
	}
	p.lookOn(wideScreens[0])
}

func (p *tab) lookOn(s screen) {
	p.t.Helper()
	p.do(
		chromedp.EmulateViewport(s.width, 900),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-reduced-motion", Value: "reduce"},
			{Name: "prefers-color-scheme", Value: s.scheme},
		}}),
	)
}

func (p *tab) findings(s screen) []string {
	p.t.Helper()
	rules := everyRule
	if s.scheme == "dark" {
		rules = colourRules
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(findings, rules), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("axe: %v\n%s", err, p.describe())
	}
	return found
}

// fill puts a text in place of the one in the editor, as a paste would.
func (p *tab) fill(text string) {
	p.t.Helper()
	ask[bool](p, matching("#body"), `function (text) {
		this.setRangeText(text, 0, this.value.length, 'end');
		this.dispatchEvent(new Event('input', {bubbles: true}));
		return true;
	}`, text)
}

// richText has all that a note can be made of.
const richText = `# Boats

Some **bold**, _italic_ and ~~gone~~ text, ` + "`code`" + `, a [link](https://example.org/a) and https://example.org/b.
Here is a footnote.[^1] And the same one again.[^1]

## To do

- [ ] paint the *hull*
- [x] mend the sail
- [ ] 

1. out
   - left
   - right
2. back

> Somebody said so.

> [!NOTE]
> Boats float.

> [!TIP]
> Take two.

> [!IMPORTANT]
> Take a vest.

> [!WARNING]
> It gets ` + "`cold`" + `.

> [!CAUTION]
> [It gets dark](https://example.org/c).

| Boat | Length |
|:-----|-------:|
| Ada  |   12 m |
| Bob  |    9 m |

` + "```go" + `
// sail goes on for as long as there is wind.
func sail(knots int) error {
	for i := 0; i < knots; i++ {
		fmt.Println("on and on and on and on and on and on and on and on and on and on", i)
	}
	return nil
}
` + "```" + `

` + "```diff" + `
- one
+ two
` + "```" + `

![A boat](https://img.example/boat.png)
![](https://img.example/without-words.png)

---

### Words in another direction

سفينة

[^1]: With *text* of its own.
`

func TestBrowserAxeFindsNothingInTheEditor(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.tolerate("status of 413")
	visitor.open("/editor")
	visitor.hasNoBarriers("the first visit", allScreens)
	visitor.fill("A short note\n\nwith a few words.")
	visitor.saved()
	visitor.onNote()
	visitor.click(theButton("New note"))
	visitor.at("/editor")
	visitor.fill(richText)
	visitor.saved()
	visitor.onNote()
	visitor.publishes()
	visitor.seesIn("note-list", "public")
	visitor.click(more)
	visitor.click(theButton("Pin to top"))
	visitor.has(matching("#pinned-items li"))
	visitor.click(share)
	visitor.has(theButton("Unpublish"))
	visitor.hasNoBarriers("the menu of a shared note", wideScreens)
	visitor.reload()
	visitor.hasNoBarriers("notes, one of them pinned and public", allScreens)
	visitor.click(toPreview)
	visitor.has(the("table", "").in("preview"))
	visitor.hasNoBarriers("the preview", allScreens)
	visitor.lookOn(screen{"light", 1700})
	visitor.has(body)
	visitor.hasNoBarriers("the preview beside the text", []screen{{"light", 1700}, {"dark", 1700}})

	visitor.click(theLink("A short note"))
	visitor.seesIn("counts", "7 words")
	visitor.click(share)
	visitor.has(theButton("Publish"))
	visitor.hasNoBarriers("the menu Share", allScreens)
	visitor.click(more)
	visitor.has(theButton("Pin to top"))
	visitor.hasNoBarriers("the menu More", allScreens)
	visitor.click(search)
	visitor.press("few")
	visitor.has(matching("#note-list mark"))
	visitor.hasNoBarriers("a search with a hit", wideScreens)
	visitor.press("er")
	visitor.seesIn("note-list", "Nothing found")
	visitor.hasNoBarriers("a search with none", wideScreens)
	visitor.click(theButton("Markdown help"))
	visitor.has(the("dialog", "Help"))
	visitor.hasNoBarriers("the help", allScreens)

	visitor.open("/editor")
	visitor.fill(strings.Repeat("x", 512<<10+1))
	visitor.seesIn("note-messages", "longer")
	visitor.hasNoBarriers("a text that is refused", wideScreens)
	// A browser takes seconds to lay it out in a narrow column.
	evaluate[bool](visitor, "(document.querySelector('#body').value = 'x', true)")
	visitor.hasNoBarriers("a text that was refused", allScreens[2:])
}

func TestBrowserAxeFindsNothingInProfiles(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.tolerate("status of 422", "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
	visitor.open("/editor")
	visitor.click(theButton("Add a profile"))
	visitor.click(thePalette.number(2))
	visitor.has(theSearch)
	visitor.hasNoBarriers("an open palette", allScreens)
	visitor.write(theSearch, "nothing like this")
	visitor.seesIn("profiles", "Nothing found")
	visitor.hasNoBarriers("a palette with nothing in it", wideScreens)
	visitor.rewrite(theName.number(1), strings.Repeat("abcdefghij", 4)+"k")
	visitor.press(kb.Enter)
	visitor.has(the("alert", "").in("profiles"))
	visitor.hasNoBarriers("a profile that is refused", allScreens)
	visitor.offline(true)
	visitor.click(theButton("Add a profile"))
	visitor.seesIn("notice", "could not be reached")
	visitor.hasNoBarriers("an action without a network", wideScreens)
}

func TestBrowserAxeFindsNothingInAConflict(t *testing.T) {
	t.Parallel()
	mine, _ := conflicting(t)
	mine.hasNoBarriers("a conflict", allScreens)
	mine.click(theButton("Take theirs"))
	mine.has(theButton("Restore as a note"))
	mine.hasNoBarriers("a conflict that is over", wideScreens)
}

func TestBrowserAxeFindsNothingOnTheOtherPages(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.tolerate("status of 400", "status of 404", "NavigationEntryMarkedSkippable") // of the form that nobody clicked
	visitor.open("/login")
	visitor.hasNoBarriers("/login without notes", wideScreens)
	visitor.open("/trash")
	visitor.hasNoBarriers("an empty trash", wideScreens)
	visitor.open("/import")
	visitor.hasNoBarriers("/import", wideScreens)
	visitor.open("/editor")
	visitor.fill(richText)
	visitor.saved()
	visitor.onNote()
	note := visitor.path()
	published := visitor.publishes()
	visitor.open("/login?next=" + note)
	visitor.hasNoBarriers("/login with a note", allScreens)
	visitor.open("/auth/github/callback?code=x&state=y")
	visitor.has(the("alert", ""))
	visitor.hasNoBarriers("a sign-in that failed", allScreens)
	visitor.open("/nothing")
	visitor.hasNoBarriers("404", allScreens)
	visitor.sends("/notes/"+strings.Repeat("0", 36)+"/restore", map[string]string{"body": "typed", "version": "1"})
	visitor.has(theButton("Try again"))
	visitor.hasNoBarriers("an error that keeps what was typed", wideScreens)
	visitor.open(published)
	visitor.has(the("table", ""))
	visitor.hasNoBarriers("a published note", allScreens)
	visitor.open("/editor")
	visitor.fill("No heading")
	visitor.saved()
	visitor.onNote()
	visitor.open(visitor.publishes())
	visitor.hasNoBarriers("a published note without a heading", wideScreens)

	visitor.open("/import")
	visitor.importsFiles(map[string][]byte{"boat.md": []byte("# A boat"), "boat.exe": []byte("MZ")})
	visitor.sees("1 note came in")
	visitor.sees("boat.exe")
	visitor.hasNoBarriers("files that came in, and one that did not", allScreens)
	visitor.open("/editor")
	visitor.click(theLink("A boat"))
	visitor.click(more)
	visitor.click(theButton("Delete"))
	visitor.seesIn("notice", "in the trash")
	visitor.hasNoBarriers("a note that was deleted", wideScreens)
	visitor.open("/trash")
	visitor.sees("A boat")
	visitor.hasNoBarriers("a trash with a note", allScreens)

	visitor.open("/settings")
	visitor.hasNoBarriers("the settings of a guest", allScreens)
	visitor.open("/erase")
	visitor.hasNoBarriers("before a guest is erased", wideScreens)
	visitor.open("/settings")
	visitor.click(theButton("Continue on another device"))
	visitor.sees("Waiting for the other device")
	visitor.hasNoBarriers("a link for another device", allScreens)

	visitor.open(note)
	visitor.signInAsAda()
	visitor.seesIn("notice", "came with you")
	visitor.hasNoBarriers("the editor of a user", allScreens)
	visitor.open("/settings")
	visitor.hasNoBarriers("the settings of a user", allScreens)
	visitor.open("/erase")
	visitor.hasNoBarriers("before a user is erased", wideScreens)
	visitor.open(note)
	visitor.click(signOut)
	visitor.seesIn("notice", "signed out")
	visitor.hasNoBarriers("after signing out", wideScreens)
}

// publishes makes the note public in the editor, and says at which path.
func (p *tab) publishes() string {
	p.t.Helper()
	p.click(share)
	p.click(theButton("Publish"))
	address := ask[string](p, matching("#note-menus input"), `function () { return this.value }`)
	return strings.TrimPrefix(address, p.program.url)
}

// sends posts a form that no page has, as one without JavaScript would.
func (p *tab) sends(action string, fields map[string]string) {
	p.t.Helper()
	ask[bool](p, matching("body"), `function (action, fields) {
		const form = Object.assign(document.createElement('form'), {method: 'post', action});
		for (const [name, value] of Object.entries(fields)) {
			form.append(Object.assign(document.createElement('textarea'), {name, value}));
		}
		this.append(form);
		form.submit();
		return true;
	}`, action, fields)
}

// choosesFiles fills in the form that takes files.
func (p *tab) choosesFiles(files map[string][]byte) {
	p.t.Helper()
	ask[bool](p, matching("#files"), `function (files) {
		const data = new DataTransfer();
		for (const [name, bytes] of Object.entries(files)) {
			data.items.add(new File([Uint8Array.from(atob(bytes), (byte) => byte.charCodeAt(0))], name));
		}
		this.files = data.files;
		return true;
	}`, files)
}

func (p *tab) importsFiles(files map[string][]byte) {
	p.t.Helper()
	p.choosesFiles(files)
	p.click(theButton("Import"))
}
