//go:build check

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What a visitor writes is put on every page that shows it, and nothing may come of it: no
// script, no request, no element that the page does not have with harmless words as well.
// A tour walks through the pages twice, with harmless words and with hostile ones, and the
// second walk may not do anything that the first one does not. The policy for scripts
// would stop some of it; what it stops stands in the console, and fails the test.

// hostileTexts are those that the renderer of Markdown is tested with, and some that set a
// variable.
func hostileTexts(t *testing.T) []string {
	t.Helper()
	file, err := os.ReadFile("views/markdown/testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts := slices.Clone(hostileWords)
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "//") {
			texts = append(texts, strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\x01`, "\x01").Replace(line))
		}
	}
	if len(texts) < 200 {
		t.Fatalf("%d texts", len(texts))
	}
	return texts
}

// hostileWords are short enough for a name.
var hostileWords = []string{
	`<img src=x onerror=xss=1>`,
	`"><script>xss=1</script>`,
	`'onfocus='xss=1'autofocus='`,
	`" onfocus="xss=1" autofocus="`,
	`</title><script>xss=1</script>`,
	`</textarea><script>xss=1</script>`,
	`</bdi><svg onload=xss=1>`,
	`javascript:xss=1`,
	`<i hx-get=/trash hx-trigger=load>`,
	`<hx-partial hx-target=body>xss`,
	`&lt;img src=x onerror=xss=1&gt;`,
}

// hostilePaths are for where to go next.
var hostilePaths = []string{
	"//evil.example/", `/\evil.example/`, "/\t/evil.example/", "https://evil.example/", "javascript:xss=1//",
	"data:text/html,<script>xss=1</script>", `/editor"onfocus="xss=1"autofocus="`, "/editor?'><script>xss=1</script>", "/%2f/evil.example/",
}

// hostileFiles are names of files, some of which are taken.
var hostileFiles = []string{
	`<img src=x onerror=xss=1>.md`, `"><script>xss=1<!--.txt`, `javascript:xss=1.md`,
	`<img src=x onerror=xss=1>.exe`, `"onfocus="xss=1"autofocus=".png`,
	`<i hx-get=/trash hx-trigger=load>.html`, `<hx-partial hx-target=body>.exe`,
}

// words is what a tour writes. Of more there are notes, and nothing else; common is found
// in many notes.
type words struct {
	texts, more, names, paths, files []string
	common                           string
}

func hostile(t *testing.T) words {
	t.Helper()
	return words{texts: hostileTexts(t), names: hostileWords, paths: hostilePaths, files: hostileFiles, common: "alert"}
}

// harmless is as much as it takes to see every kind of thing that the pages show.
func harmless() words {
	w := words{
		texts: []string{"A *text*\n\nof two [parts](/a).", "- [ ] a task", "![A boat](https://img.example/boat.png)"},
		names: []string{"Ada", "Bob"},
		paths: []string{"/editor", ""},
		files: []string{"ada.md", "ada.exe"}, common: "Number",
	}
	for n := range 101 { // of which the trash shows a hundred
		w.more = append(w.more, fmt.Sprintf("Number %d", n))
	}
	return w
}

// A tour is a visitor's walk through the pages.
type tour struct {
	*tab
	words words

	mu   sync.Mutex
	stop string // where it is
	// requests are what was asked for, kinds what elements there were, and images what
	// addresses they had. Each maps to where it was seen first.
	requests, kinds, images map[string]string
	// strangers are the requests to others.
	strangers map[string]string
}

func startTour(p *tab, w words) *tour {
	p.t.Helper()
	u := &tour{tab: p, words: w, requests: map[string]string{}, kinds: map[string]string{}, images: map[string]string{}, strangers: map[string]string{}}
	err := chromedp.Listen(p.ctx, func(event any) {
		if event, ok := event.(*network.EventRequestWillBeSent); ok {
			u.asks(event)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

var idInPath = regexp.MustCompile(`^/(editor|notes|profiles|n)/[^/]+`)

// asks notes a request without what differs from note to note.
func (u *tour) asks(event *network.EventRequestWillBeSent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	address, isOurs := strings.CutPrefix(event.Request.URL, u.program.url)
	if !isOurs {
		remember(u.strangers, fmt.Sprintf("%s %s", event.Type, address), u.stop) // and the tab finds them
		return
	}
	path, query, _ := strings.Cut(address, "?")
	var fields []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		fields = append(fields, name)
	}
	remember(u.requests, fmt.Sprintf("%s %s %s?%s", event.Type, event.Request.Method, idInPath.ReplaceAllString(path, "/$1/:id"), strings.Join(fields, "&")),
		u.stop+", "+event.Request.URL)
}

func remember(seen map[string]string, what, where string) {
	if _, found := seen[what]; !found {
		seen[what] = where
	}
}

// goesTo says where what follows takes place.
func (u *tour) goesTo(stop string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stop = stop
}

// inspect looks at the whole page: which kinds of elements it has, by their attributes,
// and what about them is wrong in any case. Of Markdown it knows what may be in it, and
// does to it what a visitor may do.
const inspect = `
	const elements = new Set('H1 H2 H3 H4 H5 H6 P BLOCKQUOTE DIV UL OL LI HR BR EM STRONG DEL BDI CODE PRE SPAN TABLE THEAD TBODY TR TH TD SECTION SUP A IMG INPUT'.split(' '));
	const attributes = new Set('dir class tabindex start id align aria-label href title rel src alt loading referrerpolicy type checked disabled data-line'.split(' '));
	// These come and go with time.
	const fleeting = new Set(['class', 'open', 'data-saved', 'hidden', 'checked']);
	const stay = (event) => event.preventDefault();
	const inspect = () => {
		const bad = 'xss' in window ? ['a script ran'] : [];
		const kinds = new Set();
		const images = new Set();
		window.addEventListener('click', stay);
		for (const element of document.querySelectorAll('*')) {
			const refuse = (why) => bad.push(why + ': ' + element.outerHTML.slice(0, 300));
			const names = element.getAttributeNames();
			for (const name of ['href', 'src', 'action', 'formaction']) {
				const address = URL.parse(element.getAttribute(name) ?? '', document.baseURI);
				if (address !== null && !['http:', 'https:', 'mailto:'].includes(address.protocol)) refuse('an address');
			}
			if (names.some((name) => name.startsWith('on') || name === 'style')) refuse('an attribute');
			if (!element.parentElement?.closest('.prose') || element.matches('.images, .images *')) {
				kinds.add([element.localName, ...names.filter((name) => !fleeting.has(name)).sort()].join(' '));
				continue;
			}
			if (!elements.has(element.tagName) || (element.tagName === 'INPUT' && element.type !== 'checkbox')) refuse('an element');
			if (names.some((name) => !attributes.has(name))) refuse('an attribute');
			if (element.id !== '' && !element.id.startsWith('user-content-')) refuse('an id');
			if (element.tagName === 'IMG' && URL.canParse(element.src)) images.add(element.src);
			element.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
			element.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
			element.dispatchEvent(new FocusEvent('focus'));
		}
		window.removeEventListener('click', stay);
		return {bad, kinds: [...kinds], images: [...images]};
	};`

// inspected is what inspect finds.
type inspected struct{ Bad, Kinds, Images []string }

// looks takes in the page as it is now.
func (u *tour) looks() {
	u.t.Helper()
	u.found(work[inspected](u.tab, `async function () {`+inspect+` return inspect(); }`))
}

func (u *tour) found(found inspected) {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, bad := range found.Bad {
		u.t.Errorf("%s: %s", u.stop, bad)
	}
	for _, kind := range found.Kinds {
		remember(u.kinds, kind, u.stop)
	}
	for _, address := range found.Images {
		remember(u.images, address, u.stop)
	}
}

// tries does something with each of the texts, one after the other, and looks at the page
// each time. The function gets a text, and something to wait with for htmx.
func (u *tour) tries(texts []string, function string) {
	u.t.Helper()
	u.found(work[inspected](u.tab, `async function (texts) {`+inspect+`
		const answer = () => new Promise((resolve) => { document.addEventListener('htmx:finally:request', resolve, {once: true}); });
		const act = `+function+`;
		const all = {bad: [], kinds: new Set(), images: new Set()};
		for (const text of texts) {
			await act(text, answer);
			const {bad, kinds, images} = inspect();
			all.bad.push(...bad.map((why) => JSON.stringify(text) + ': ' + why));
			for (const kind of kinds) all.kinds.add(kind);
			for (const address of images) all.images.add(address);
		}
		return {bad: all.bad, kinds: [...all.kinds], images: [...all.images]};
	}`, texts))
}

// work calls an asynchronous function in the page, and waits for what it makes.
func work[T any](p *tab, function string, args ...any) T {
	p.t.Helper()
	p.has(matching("body"))
	ctx, cancel := context.WithTimeout(p.ctx, 2*patience)
	defer cancel()
	_, object, err := p.find(ctx, matching("body"))
	if err != nil {
		p.t.Fatal(err)
	}
	made, err := chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(params *cdpruntime.CallFunctionOnParams) {
		wait := true
		params.ObjectID, params.AwaitPromise = object, &wait
	}, args...))
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.describe())
	}
	return made
}

// didNoMoreThan compares a tour with the one of harmless words.
func (u *tour) didNoMoreThan(other *tour) {
	u.t.Helper()
	for request, where := range u.requests {
		if _, seen := other.requests[request]; !seen {
			u.t.Errorf("%s: a request that harmless words do not make: %s", where, request)
		}
	}
	for kind, where := range u.kinds {
		if _, seen := other.kinds[kind]; !seen {
			u.t.Errorf("%s: an element that harmless words do not make: <%s>", where, kind)
		}
	}
}

// compare walks with harmless words and then with hostile ones, which is another visitor.
func compare(t *testing.T, walk func(*tour)) (first, second *tour) {
	t.Helper()
	program := startProgram(t, "--demo", "--writes-per-minute=1000000")
	tours := make([]*tour, 2)
	for i, w := range []words{harmless(), hostile(t)} {
		tours[i] = startTour(visit(t, program), w)
		tours[i].tolerate("status of 409", "status of 422", "status of 404", "status of 400", "NavigationEntryMarkedSkippable")
		walk(tours[i])
	}
	tours[1].didNoMoreThan(tours[0])
	return tours[0], tours[1]
}

// lendsImages answers all requests for images of others with one, and lets nothing out.
func (u *tour) lendsImages() {
	u.t.Helper()
	// A dot, as small as a GIF can be.
	const dot = "GIF89a\x01\x00\x01\x00\x80\x01\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x01\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;"
	answer := func(request *fetch.EventRequestPaused) {
		// If it fails, the page waits in vain.
		if strings.HasPrefix(request.Request.URL, u.program.url+"/") {
			_, _ = chromedp.Call(u.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: request.RequestID})
			return
		}
		_, _ = chromedp.Call(u.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
			RequestID: request.RequestID, ResponseCode: http.StatusOK, Body: []byte(dot),
			ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "image/gif"}},
		})
	}
	err := chromedp.Listen(u.ctx, func(event any) {
		if paused, ok := event.(*fetch.EventRequestPaused); ok {
			go answer(paused) // a listener may not wait for the browser
		}
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.do(command(fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{ResourceType: network.ResourceTypeImage}}}))
}

// askedForItsImagesAlone makes sure that nobody but the hosts of the images was asked.
func (u *tour) askedForItsImagesAlone() {
	u.t.Helper()
	want := map[string]bool{}
	for address, where := range u.images {
		if u.strangers["Image "+address] == "" {
			u.t.Errorf("%s: the image %s was not asked for", where, address)
		}
		want["Image "+address] = true
		u.tolerate("request to a stranger: " + address)
	}
	for request, where := range u.strangers {
		if !want[request] {
			u.t.Errorf("%s: a request to a stranger that is no image: %s", where, request)
		}
	}
}

// stores makes a note of each text, without what no note may hold, and says which.
func (u *tour) stores(texts []string) []string {
	u.t.Helper()
	return work[[]string](u.tab, `async function (texts) {
		const store = async (body) => {
			const id = crypto.randomUUID();
			const answer = await fetch('/notes', {method: 'POST', redirect: 'manual', body: new URLSearchParams({new_id: id, body: body.replaceAll('\0', '')})});
			if (answer.type !== 'opaqueredirect') throw new Error(answer.status + ': ' + body);
			return id;
		};
		return [await store(texts[0]), ...await Promise.all(texts.slice(1).map(store))];
	}`, texts)
}

// scrolls goes on down the list until the function is true.
func (u *tour) scrolls(what, function string, args ...any) {
	u.t.Helper()
	u.until(what, func(ctx context.Context) (bool, error) {
		if _, err := on[bool](ctx, u.tab, matching("#notes"), `function () { this.scrollTop = 1e9; return true; }`); err != nil {
			return false, err
		}
		return on[bool](ctx, u.tab, matching("body"), function, args...)
	})
}

// together is one text of many, of what a note may hold.
func together(texts []string, around string) string {
	var all []string
	for _, text := range texts {
		all = append(all, strings.ReplaceAll(around, "%", text))
	}
	return strings.ReplaceAll(strings.Join(all, "\n\n"), "\x00", "")
}

// defines tells whether a text says what a link of others leads to.
func defines(text string) bool { return strings.Contains(text, "\n\n[") }

// undefined are the texts that can stand beside others.
func (u *tour) undefined() []string { return slices.DeleteFunc(slices.Clone(u.words.texts), defines) }

const previewOf = `async (text, answer) => {
	const body = document.getElementById('body');
	const preview = document.getElementById('preview');
	const kept = body.value;
	body.value = text;
	const answered = answer();
	preview.dispatchEvent(new CustomEvent('refresh'));
	await answered;
	body.value = kept;
	if (preview.children.length === 0) throw new Error('an empty preview of ' + text);
` + showImages + `
}`

const showImages = `
	const images = [...document.querySelectorAll('.prose img')];
	for (const image of images) image.loading = 'eager';
	await Promise.all(images.map((image) => image.decode().catch(() => {})));`

func TestBrowserXSSWhatIsWrittenInNotesDoesNothingAnywhere(t *testing.T) {
	t.Parallel()
	compare(t, func(u *tour) {
		u.open("/editor")
		ids := u.stores(slices.Concat(u.words.texts, u.words.more))
		u.goesTo("the list")
		u.open("/editor")
		u.scrolls("all notes", `function (count) { return document.querySelectorAll('#note-items li:has(strong)').length === count; }`, len(ids))
		u.looks()
		u.goesTo("a search")
		u.open("/editor")
		u.tries(slices.Concat(u.words.names, []string{"nothing like this", u.words.common}), `async (text, answer) => {
			const search = document.querySelector('search input');
			search.value = text;
			const answered = answer();
			search.dispatchEvent(new Event('search', {bubbles: true}));
			await answered;
		}`)
		u.scrolls("the end of what was found", `function () { return document.querySelector('#note-list mark') !== null && document.querySelector('#note-list li.fine') === null; }`)
		u.looks()
		u.goesTo("a preview")
		u.open("/editor")
		u.click(toPreview)
		u.seesIn("preview", "Nothing to preview yet") // what is asked for twice is broken off
		texts := slices.DeleteFunc(slices.Clone(u.words.texts), func(text string) bool { return !defines(text) })
		for some := range slices.Chunk(u.undefined(), 8) {
			texts = append(texts, together(some, "%"))
		}
		for _, around := range []string{"> %", "- [ ] %", "# %", "*%*", "| a |\n|---|\n| % |", "[%](/a)", "`%`", "> [!NOTE]\n> %"} {
			texts = append(texts, together(u.undefined(), around))
		}
		u.tries(texts, previewOf)

		text := together(u.undefined(), "%")
		u.goesTo("a note that was just saved")
		u.open("/editor")
		u.fill(text)
		u.saved()
		u.onNote()
		u.looks()
		path := u.path()
		u.goesTo("a note beside its preview")
		u.open(path)
		u.lookOn(screen{"light", 1700})
		u.holds("document.querySelector('#preview').children.length > 1")
		u.looks()
		u.goesTo("a conflict")
		elsewhere := u.another()
		elsewhere.open(path)
		elsewhere.fill(together(u.undefined(), "%, elsewhere"))
		elsewhere.saved()
		u.fill(together(u.undefined(), "%, here"))
		u.has(matching("#note-messages mark").number(1))
		u.looks()
		u.click(theButton("Take theirs"))
		u.seesIn("notice", "in the trash")
		u.looks()
		u.goesTo("the preview without JavaScript")
		evaluate[bool](u.tab, "(document.getElementById('note').action = '/preview', HTMLFormElement.prototype.submit.call(document.getElementById('note')), true)")
		u.at("/preview")
		u.looks()
		u.goesTo("a published note")
		u.open(path)
		u.open(u.publishes())
		u.has(matching(".publication"))
		u.looks()
		u.goesTo("the sign-in")
		u.open("/login?next=" + path)
		u.looks()

		u.goesTo("the trash")
		work[bool](u.tab, `async function (ids) {
			await Promise.all(ids.map((id) => fetch('/notes/' + id, {method: 'DELETE', redirect: 'manual'})));
			return true;
		}`, ids)
		deleted := 0
		for next := "/trash"; next != ""; {
			u.open(next)
			u.looks()
			deleted += u.count(theButton("Restore"))
			next = evaluate[string](u.tab, "document.querySelector('a[href^=\"/trash?\"]')?.getAttribute('href') ?? ''")
		}
		if deleted <= 100 {
			t.Errorf("there are %d notes in the trash", deleted)
		}
	})
}

func TestBrowserXSSImagesThatAreShownAreAllThatANoteAsksFor(t *testing.T) {
	t.Parallel()
	plain, hostile := compare(t, func(u *tour) {
		u.lendsImages()
		u.tolerate("LazyLoadImageIssue", "RequestedSubresourceWithEmbeddedCredentials") // of addresses with a name and a password
		u.words.texts = slices.DeleteFunc(slices.Clone(u.words.texts), func(text string) bool { return !strings.Contains(text, "![") })
		u.open("/editor")
		note := "/editor/" + u.stores([]string{together(u.undefined(), "%")})[0]
		u.goesTo("a published note")
		u.open(note)
		published := u.publishes()
		u.open(published)
		u.looks()
		if len(u.images) > 0 || len(u.strangers) > 0 {
			t.Errorf("images that nobody asked for are shown: %v, %v", u.images, u.strangers)
		}
		u.goesTo("a published note with its images")
		u.open(published + "?images=1")
		u.showsImages()
		u.looks()
		u.goesTo("a note beside its preview with images")
		u.open(note + "?images=1")
		u.lookOn(screen{"light", 1700})
		u.has(matching("#preview img").number(1))
		u.showsImages()
		u.looks()
		u.goesTo("a preview with images")
		u.tries(u.words.texts, previewOf)
	})
	plain.askedForItsImagesAlone()
	hostile.askedForItsImagesAlone()
}

// showsImages waits for the images of the page, also for those far down.
func (u *tour) showsImages() {
	u.t.Helper()
	work[bool](u.tab, `async function () {`+showImages+` return true; }`)
}

func TestBrowserXSSNamesDoNothingAnywhere(t *testing.T) {
	t.Parallel()
	compare(t, func(u *tour) {
		u.open("/editor")
		u.goesTo("a profile that is changed")
		u.tries(slices.Concat(u.words.names, []string{"", together(u.words.names, "%")}), `async (name, answer) => {
			const field = document.querySelector('#profiles [name=name]');
			field.value = name;
			const answered = answer();
			field.dispatchEvent(new Event('change', {bubbles: true}));
			await answered;
		}`)
		u.goesTo("profiles")
		work[bool](u.tab, `async function (names) {
			for (const name of names) {
				const answer = await fetch('/profiles', {method: 'POST', redirect: 'manual', body: new URLSearchParams({name, emoji: '🦊', is_active: true})});
				if (answer.type !== 'opaqueredirect') throw new Error(answer.status + ': ' + name);
			}
			return true;
		}`, u.words.names)
		u.open("/editor")
		u.looks()
		u.click(thePalette.number(1))
		u.click(theButton("Remove")) // so that the first name is a hostile one
		u.seesIn("card", u.words.names[0])
		u.looks()
		u.goesTo("a published note")
		u.fill("Signed by all")
		u.saved()
		u.onNote()
		u.open(u.publishes())
		u.sees(u.words.names[0])
		u.looks()
		u.goesTo("the sign-in")
		u.open("/login")
		u.sees(u.words.names[0])
		u.looks()
	})
}

func TestBrowserXSSAddressesAndFormsDoNothing(t *testing.T) {
	t.Parallel()
	compare(t, func(u *tour) {
		u.tolerate("status of 502", "QuirksModeIssue")
		for _, word := range u.words.names {
			u.goesTo(fmt.Sprintf("the editor with %q", word))
			u.open(strings.ReplaceAll("/editor?q=%&from=%&images=%&deleted=%&gave-up=%&merge=%", "%", url.QueryEscape(word)))
			u.looks()
		}
		all := strings.Join(u.words.names, " ")
		for _, address := range []string{
			"/editor?done=%", "/settings?done=%", "/continue?code=%", "/trash?from=%", "/auth/github/callback?code=%&state=%&error=%", "/emoji?q=%&emoji=%&profile=%", "/n/%",
		} {
			u.goesTo(address)
			u.open(strings.ReplaceAll(address, "%", strings.ReplaceAll(url.QueryEscape(all), "+", "%20")))
			u.looks()
		}
		for _, path := range u.words.paths {
			u.goesTo(fmt.Sprintf("the sign-in on the way to %q", path))
			u.open("/login?next=" + url.QueryEscape(path))
			u.looks()
			u.holds(`[...document.links].every((link) => link.origin === location.origin) &&
				new URL(document.querySelector('[name=next]').value, location).origin === location.origin`)
		}
		u.goesTo("a form that is shown again")
		fields := map[string]string{"body": all}
		for i, name := range u.words.names {
			fields[name] = u.words.names[len(u.words.names)-1-i]
		}
		u.sends("/notes/"+url.PathEscape(all)+"/restore", fields)
		u.has(theButton("Try again"))
		u.looks()
	})
}

func TestBrowserXSSNamesOfFilesDoNothing(t *testing.T) {
	t.Parallel()
	compare(t, func(u *tour) {
		files := map[string][]byte{}
		var archive bytes.Buffer
		zipped := zip.NewWriter(&archive)
		for _, name := range u.words.files {
			files[name] = []byte("\n")
			if strings.HasSuffix(name, ".md") {
				files[name] = []byte("no title of its own")
			}
			entry, err := zipped.Create("zipped " + name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := entry.Write(files[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := zipped.Close(); err != nil {
			t.Fatal(err)
		}
		files["all.zip"] = archive.Bytes()

		u.goesTo("an import")
		u.open("/editor")
		u.open("/import")
		u.importsFiles(files)
		u.seesIn("import-status", "not taken")
		u.looks()
		u.goesTo("an import without JavaScript")
		u.open("/import")
		u.choosesFiles(files)
		evaluate[bool](u.tab, "(HTMLFormElement.prototype.submit.call(document.getElementById('import-form')), true)")
		u.seesIn("import-status", "not taken")
		u.looks()
	})
}
