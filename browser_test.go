package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The browser tests do what people do: they find things by role and name, as a screen
// reader does, click where a mouse clicks, and wait for what a person would see.

// patience is how long something may take to show its effect.
const patience = 30 * time.Second

// chromium is the one browser of all tests; each visitor has a profile of their own in it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
}

var errNoChromium = errors.New("no Chromium found: to run the browser tests, install one (apt-get install chromium)")

// startBrowser starts Chromium for the first test that wants it.
func startBrowser(t testing.TB) context.Context {
	t.Helper()
	chromium.once.Do(func() { chromium.ctx, chromium.err = launchChromium() })
	if errors.Is(chromium.err, errNoChromium) && os.Getenv("CI") == "" {
		t.Skip(chromium.err)
	}
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.ctx
}

func launchChromium() (context.Context, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	found := slices.IndexFunc(names, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
	if found < 0 {
		return nil, errNoChromium
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(names[found]),
		// Beside the binary, so that it goes away with it.
		chromedp.UserDataDir(filepath.Join(filepath.Dir(binary), "chromium")),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// Otherwise a click before the first frame of a new page is dropped.
		chromedp.Flag("allow-pre-commit-input", true),
		// And each window would get pages of its own for what nobody types into its address bar.
		chromedp.Flag("disable-features", "PaintHolding,Translate,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
	)
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return ctx, nil
}

// stopBrowser ends Chromium, if a test has started it.
func stopBrowser() {
	if chromium.ctx == nil {
		return
	}
	ctx, cancel := context.WithTimeout(chromium.ctx, patience)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "stop Chromium:", err)
	}
}

// A tab is one page of a visitor. It fails its test on whatever a developer would see in
// red in the browser's console, and on every request to a stranger.
type tab struct {
	t       testing.TB
	program *program
	ctx     context.Context
	known   []string // the beginnings of URLs that are no strangers'

	mu        sync.Mutex
	problems  []string
	tolerated []string
	documents []string // what was asked for as a page, oldest first
	restored  int      // how often a page came out of the back/forward cache
}

// visit is a new visitor with an empty tab: a browser profile that knows nothing yet.
func visit(t testing.TB, p *program) *tab {
	t.Helper()
	return openTab(t, p, startBrowser(t), chromedp.WithNewBrowserContext())
}

// another is a second tab of the same visitor, with the same cookies.
func (p *tab) another() *tab {
	p.t.Helper()
	return openTab(p.t, p.program, p.ctx)
}

func openTab(t testing.TB, program *program, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	p := &tab{t: t, program: program, known: []string{program.url + "/", gitHubOf(t, program) + "/"}}
	ctx, cancel := chromedp.NewContext(parent, options...)
	p.ctx = ctx
	t.Cleanup(cancel)
	err := chromedp.Listen(ctx, p.watch)
	if err == nil {
		err = chromedp.Do(ctx,
			command(audits.Enable, cdp.Empty{}),
			// Each tab behaves as the one in front, and nothing scrolls or fades.
			command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
			command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
			}),
		)
	}
	if err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(p.report)
	return p
}

// gitHubOf is the origin of the program's fake GitHub: where a login leads.
func gitHubOf(t testing.TB, p *program) string {
	t.Helper()
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.PostForm(p.url+"/auth/github", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	to, err := response.Location()
	if err != nil {
		t.Fatalf("POST /auth/github: %s: %v", response.Status, err)
	}
	return to.Scheme + "://" + to.Host
}

// withoutJavaScript switches JavaScript off, for this tab.
func (p *tab) withoutJavaScript() *tab {
	p.t.Helper()
	p.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	return p
}

// watch sees every event of the tab, in order.
func (p *tab) watch(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if event.Type == network.ResourceTypeDocument {
			p.documents = append(p.documents, event.Request.URL)
		}
		isKnown := slices.ContainsFunc(p.known, func(known string) bool { return strings.HasPrefix(event.Request.URL, known) })
		if !isKnown {
			p.problems = append(p.problems, "request to a stranger: "+event.Request.URL)
		}
	case *network.EventWebSocketCreated:
		p.problems = append(p.problems, "web socket: "+event.URL)
	case *page.EventFrameNavigated:
		if event.Type == page.NavigationTypeBackForwardCacheRestore {
			p.restored++
		}
	case *page.EventJavascriptDialogOpening:
		p.problems = append(p.problems, "dialog: "+string(event.Type)+" "+event.Message)
		go chromedp.Do(p.ctx, command(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}))
	case *cdpruntime.EventExceptionThrown:
		p.problems = append(p.problems, "uncaught: "+(&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error())
	case *cdpruntime.EventConsoleAPICalled:
		if event.Type == cdpruntime.ConsoleAPICalledTypeError || event.Type == cdpruntime.ConsoleAPICalledTypeWarning {
			p.problems = append(p.problems, "console: "+consoleText(event.Args))
		}
	case *cdplog.EventEntryAdded:
		if event.Entry.Level == cdplog.EntryLevelError || event.Entry.Level == cdplog.EntryLevelWarning {
			p.problems = append(p.problems, fmt.Sprintf("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	case *audits.EventIssueAdded:
		details, _ := json.Marshal(event.Issue.Details)
		p.problems = append(p.problems, fmt.Sprintf("%s: %s", event.Issue.Code, details))
	}
}

func consoleText(args []*cdpruntime.RemoteObject) string {
	var words []string
	for _, arg := range args {
		if arg.Description != "" {
			words = append(words, arg.Description)
		} else {
			words = append(words, string(arg.Value))
		}
	}
	return strings.Join(words, " ")
}

// tolerate names a line of the console that the test provokes, by a part of it.
func (p *tab) tolerate(parts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tolerated = append(p.tolerated, parts...)
}

// report fails the test for what went wrong behind the scenes.
func (p *tab) report() {
	_ = chromedp.Do(p.ctx, command(cdpruntime.Evaluate, cdpruntime.EvaluateParams{Expression: "0"})) // what was seen before it is here after it
	for _, problem := range p.unexpected() {
		p.t.Errorf("the console says: %s", problem)
	}
}

func (p *tab) unexpected() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.problems), func(problem string) bool {
		return slices.ContainsFunc(p.tolerated, func(part string) bool { return strings.Contains(problem, part) })
	})
}

// asked are the paths that were asked for as a page since the tab was opened.
func (p *tab) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var paths []string
	for _, document := range p.documents {
		to, err := url.Parse(document)
		if err != nil {
			p.t.Error(err)
			continue
		}
		paths = append(paths, to.Path)
	}
	return paths
}

// cameFromCache tells whether a page came out of the back/forward cache, as it was left.
func (p *tab) cameFromCache() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.restored > 0
}

// command makes an action of a protocol command whose answer does not matter.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// do runs actions that must work at once.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.describe())
	}
}

// until tries again and again; try says whether it has happened. An error counts as not
// yet: the page may be going away under it.
func (p *tab) until(what string, try func(ctx context.Context) (bool, error)) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var last error
	for pause := 20 * time.Millisecond; ; pause = min(pause*3/2, 200*time.Millisecond) {
		done, err := try(ctx)
		if done {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("waited %s in vain for %s (%v)\n%s", patience, what, last, p.describe())
		case <-time.After(pause):
		}
	}
}

// describe says what is on the page, for a test that fails.
func (p *tab) describe() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + '\nfocus: ' + document.activeElement?.outerHTML.slice(0, 200) +
		'\n' + document.body.innerText + '\nfields: ' + JSON.stringify([...document.querySelectorAll('textarea, input:not([type=hidden])')].map((field) => field.value))`))
	if err != nil {
		text = err.Error()
	}
	return fmt.Sprintf("the page: %s\nthe console: %q", text, p.unexpected())
}

// evaluate asks the page, which must have an answer.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", expression, err, p.describe())
	}
	return value
}

// holds waits until the page has loaded and the expression is true on it.
func (p *tab) holds(expression string) {
	p.t.Helper()
	p.until(expression, func(ctx context.Context) (bool, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[bool](loaded+` && Boolean(`+expression+`)`))
	})
}

// open goes to a path of the program and waits until it has loaded.
func (p *tab) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.program.url + path))
}

func (p *tab) reload() {
	p.t.Helper()
	p.do(chromedp.Reload())
}

// at waits until the page of the path has loaded.
func (p *tab) at(path string) {
	p.t.Helper()
	p.holds("location.pathname === " + quote(path))
}

func (p *tab) path() string {
	p.t.Helper()
	return evaluate[string](p, "location.pathname")
}

const loaded = "document.readyState === 'complete'"

// seen is the text of the whole page as it is shown, without what is in fields.
const seen = "document.body.innerText"

func (p *tab) sees(text string) {
	p.t.Helper()
	p.holds(fmt.Sprintf("%s.includes(%s)", seen, quote(text)))
}

// seesIn waits for a text in the part of the page that has the id.
func (p *tab) seesIn(id, text string) {
	p.t.Helper()
	p.holds(fmt.Sprintf("document.getElementById(%s).innerText.includes(%s)", quote(id), quote(text)))
}

func (p *tab) seesNo(text string) {
	p.t.Helper()
	p.holds(fmt.Sprintf("!%s.includes(%s)", seen, quote(text)))
}

// everything is all that the document holds: markup, and what is in the fields.
const everything = `(document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((field) => field.value).join('\n'))`

// quote makes a JavaScript string.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A control is something on the page, by its role and accessible name, or by a selector.
type control struct {
	role, name string
	selector   string
	within     string
	nth        int // counted from 1; 0 wants it to be the only one
}

func the(role, name string) control    { return control{role: role, name: name} }
func theButton(name string) control    { return the("button", name) }
func theLink(name string) control      { return the("link", name) }
func matching(selector string) control { return control{selector: selector} }
func (c control) in(id string) control { c.within = "#" + id; return c }
func (c control) number(n int) control { c.nth = n; return c }

func (c control) String() string {
	text := c.selector
	if c.role != "" {
		text = fmt.Sprintf("%s %q", c.role, c.name)
	}
	if c.within != "" {
		text += " in " + c.within
	}
	if c.nth > 0 {
		text += fmt.Sprintf(" number %d", c.nth)
	}
	return text
}

// find counts the controls that people can perceive, and hands over the one that is meant.
func (p *tab) find(ctx context.Context, c control) (count int, object cdpruntime.RemoteObjectID, err error) {
	root := "document"
	if c.within != "" {
		root = "document.querySelector(" + quote(c.within) + ")"
	}
	_, err = chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if c.role == "" {
			count, object, err = bySelector(ctx, target, root, c)
		} else {
			count, object, err = byRole(ctx, target, root, c)
		}
		return chromedp.Void{}, err
	})
	return count, object, err
}

func byRole(ctx context.Context, target *chromedp.Target, root string, c control) (count int, object cdpruntime.RemoteObjectID, err error) {
	top, err := chromedp.Evaluate[*cdpruntime.RemoteObject](root)(ctx, target)
	if err != nil || top.ObjectID == "" {
		return 0, "", err
	}
	tree, err := cdp.Call(ctx, target, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: top.ObjectID, Role: c.role})
	if err != nil {
		return 0, "", err
	}
	var ids []cdp.BackendNodeID
	for _, node := range tree.Nodes {
		var name string
		if !node.Ignored && node.Name != nil && json.Unmarshal(node.Name.Value, &name) == nil && strings.Contains(name, c.name) {
			ids = append(ids, node.BackendDOMNodeID)
		}
	}
	if !c.isAmong(len(ids)) {
		return len(ids), "", nil
	}
	node, err := cdp.Call(ctx, target, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: ids[c.index()]})
	if err != nil {
		return 0, "", err
	}
	return len(ids), node.Object.ObjectID, nil
}

func bySelector(ctx context.Context, target *chromedp.Target, root string, c control) (count int, object cdpruntime.RemoteObjectID, err error) {
	found := fmt.Sprintf("[...%s?.querySelectorAll(%s) ?? []].filter((found) => found.checkVisibility())", root, quote(c.selector))
	count, err = chromedp.Evaluate[int](found+".length")(ctx, target)
	if err != nil || !c.isAmong(count) {
		return count, "", err
	}
	one, err := chromedp.Evaluate[*cdpruntime.RemoteObject](fmt.Sprintf("%s[%d]", found, c.index()))(ctx, target)
	if err != nil {
		return 0, "", err
	}
	return count, one.ObjectID, nil
}

// isAmong tells whether the control is meant by what was found.
func (c control) isAmong(count int) bool {
	return c.nth == 0 && count == 1 || c.nth > 0 && c.nth <= count
}

func (c control) index() int { return max(c.nth-1, 0) }

// on calls a function with the control as its this, once the page has loaded.
func on[T any](ctx context.Context, p *tab, c control, function string, args ...any) (value T, err error) {
	isLoaded, err := chromedp.Run(ctx, chromedp.Evaluate[bool](loaded))
	if err != nil || !isLoaded {
		return value, errors.Join(errors.New("the page has not loaded"), err)
	}
	count, object, err := p.find(ctx, c)
	if err != nil {
		return value, err
	}
	if object == "" {
		return value, fmt.Errorf("there are %d", count)
	}
	return chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(params *cdpruntime.CallFunctionOnParams) {
		params.ObjectID = object
	}, args...))
}

// ask is on, for a control that is there or comes soon.
func ask[T any](p *tab, c control, function string, args ...any) (value T) {
	p.t.Helper()
	p.until(c.String(), func(ctx context.Context) (bool, error) {
		var err error
		value, err = on[T](ctx, p, c, function, args...)
		return err == nil, err
	})
	return value
}

func (p *tab) count(c control) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	count, _, err := p.find(ctx, c)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", c, err, p.describe())
	}
	return count
}

// has waits until the control is there.
func (p *tab) has(c control) {
	p.t.Helper()
	ask[bool](p, c, `function () { return true }`)
}

// hasNo waits until the control is not there.
func (p *tab) hasNo(c control) {
	p.t.Helper()
	p.until("no "+c.String(), func(ctx context.Context) (bool, error) {
		count, _, err := p.find(ctx, c)
		return err == nil && count == 0, err
	})
}

// valueOf waits until the field holds the value.
func (p *tab) valueOf(c control, want string) {
	p.t.Helper()
	var got string
	p.until(fmt.Sprintf("%s to hold %q", c, want), func(ctx context.Context) (bool, error) {
		var err error
		if got, err = on[string](ctx, p, c, `function () { return this.value }`); err != nil {
			return false, err
		}
		return got == want, fmt.Errorf("it holds %q", got)
	})
}

// isOn waits until the switch or checkbox is on, or off.
func (p *tab) isOn(c control, want bool) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s to be %t", c, want), func(ctx context.Context) (bool, error) {
		got, err := on[bool](ctx, p, c, `function () { return this.checked }`)
		return err == nil && got == want, err
	})
}

// spot is where a control can be clicked.
type spot struct {
	X, Y float64
	// IsOpen is false while something else is in front of it.
	IsOpen bool
}

const findSpot = `function () {
	this.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
	const box = [...this.getClientRects()].find((box) => box.width > 0 && box.height > 0);
	if (!box) return {X: 0, Y: 0, IsOpen: false};
	const X = box.x + box.width / 2, Y = box.y + box.height / 2;
	const top = document.elementFromPoint(X, Y);
	return {X, Y, IsOpen: this.contains(top) || [...this.labels ?? []].some((label) => label.contains(top))};
}`

// click clicks once the control is there, keeps still, and has nothing in front of it.
func (p *tab) click(c control) {
	p.t.Helper()
	var last spot
	p.until("a click on "+c.String(), func(ctx context.Context) (bool, error) {
		now, err := on[spot](ctx, p, c, findSpot)
		if err != nil {
			return false, err
		}
		isStill := now == last
		last = now
		if !now.IsOpen || !isStill {
			return false, errors.New("something is in front of it")
		}
		return true, nil
	})
	p.do(chromedp.MouseClickXY(last.X, last.Y))
}

// press presses keys, one after the other: characters, or those of package kb.
func (p *tab) press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...), asKeyboard))
}

// asKeyboard makes a key event the one that a keyboard causes: when the page acts on the
// key itself, no character follows.
func asKeyboard(event *input.DispatchKeyEventParams) {
	if event.Type == input.DispatchKeyEventTypeKeyDown {
		event.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

// write adds to the end of a field, all at once as a dictation does: keys take their time.
func (p *tab) write(c control, text string) {
	p.t.Helper()
	p.click(c)
	ask[bool](p, c, `function () { this.setSelectionRange(this.value.length, this.value.length); return true }`)
	p.insert(text)
}

// rewrite writes in place of what is in a field.
func (p *tab) rewrite(c control, text string) {
	p.t.Helper()
	p.click(c)
	ask[bool](p, c, `function () { this.select(); return true }`)
	p.insert(text)
}

func (p *tab) insert(text string) {
	p.t.Helper()
	p.do(command(input.InsertText, input.InsertTextParams{Text: text}))
}
