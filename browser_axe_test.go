package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe.min.js is axe-core, which knows what keeps people from using a page.
const axeFile = "testdata/axe-core-4.14.1/axe.min.js"

// findings runs axe on the page as it is now. A rule that is not part of a standard
// (best-practice) counts as much as one that is.
const findings = `axe.run(document, {
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
	resultTypes: ['violations'],
}).then(({violations}) => violations.flatMap(({id, help, nodes}) => nodes.map(({target, html, failureSummary}) =>
	[id + ': ' + help, target.flat().join(' '), html, failureSummary].join('\n'))))`

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
		for _, finding := range p.found() {
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

func (p *tab) found() []string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](findings, chromedp.EvalAwaitPromise))
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

---

### Words in another direction

سفينة

[^1]: With *text* of its own.
`

func TestBrowserAxeFindsNothingInTheEditor(t *testing.T) {
	t.Parallel()
	visitor := visit(t, startProgram(t, "--demo"))
	visitor.tolerate("status of 413", "status of 422", "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
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
	visitor.hasNoBarriers("a note that was just saved", wideScreens)
	visitor.click(share)
	visitor.click(theButton("Publish"))
	visitor.seesIn("note-list", "public")
	visitor.hasNoBarriers("the menu of a shared note", allScreens)
	visitor.click(more)
	visitor.click(theButton("Pin to top"))
	visitor.has(matching("#pinned-items li"))
	visitor.reload()
	visitor.hasNoBarriers("notes, one of them pinned and public", allScreens)
	visitor.click(theLink("A short note"))
	visitor.seesIn("counts", "7 words")
	visitor.click(share)
	visitor.has(theButton("Publish"))
	visitor.hasNoBarriers("the menu Share", allScreens)
	visitor.click(more)
	visitor.has(theButton("Pin to top"))
	visitor.hasNoBarriers("the menu More", allScreens)

	visitor.click(search)
	visitor.press("boats")
	visitor.seesIn("note-list", "1 note found")
	visitor.has(matching("#note-list mark").number(1))
	visitor.hasNoBarriers("a search with a hit", allScreens)
	visitor.press("xyz")
	visitor.seesIn("note-list", "Nothing found")
	visitor.hasNoBarriers("a search with none", wideScreens)
	visitor.rewrite(search, "boats")
	visitor.click(theLink("Boats"))
	visitor.at(visitor.path())
	visitor.holds("document.querySelector('#body').value.startsWith('# Boats')")
	visitor.press(kb.Escape)
	visitor.click(theButton("Markdown help"))
	visitor.has(the("dialog", "Help"))
	visitor.hasNoBarriers("the help", allScreens)
	visitor.press(kb.Escape)
	visitor.hasNo(the("dialog", "Help"))
	visitor.click(toPreview)
	visitor.has(the("table", "").in("preview"))
	visitor.hasNoBarriers("the preview", allScreens)
	visitor.lookOn(screen{"light", 1700})
	visitor.has(body)
	visitor.hasNoBarriers("the preview beside the text", []screen{{"light", 1700}, {"dark", 1700}})

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
	visitor.offline(false)

	visitor.open("/editor")
	visitor.fill(strings.Repeat("x", 512<<10+1))
	visitor.seesIn("note-messages", "1 byte")
	visitor.fill(strings.Repeat("x", 512<<10+2))
	visitor.seesIn("note-messages", "2 bytes longer")
	visitor.hasNoBarriers("a text that is refused", allScreens)
}
