package markdown

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// allowed is every element that a note can become, and what each attribute of it may be.
// Attributes with a text of the note are escaped, and may be anything.
var allowed = func() map[string]map[string]*regexp.Regexp {
	one := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + pattern + `)\z`) }
	anything, nothing := one(`(?s:.*)`), one(``)
	dir, zero, number := one(`auto`), one(`0`), one(`0|[1-9][0-9]*`)
	cell := map[string]*regexp.Regexp{"dir": dir, "align": one(`left|center|right`)}
	heading := map[string]*regexp.Regexp{"dir": dir}
	return map[string]map[string]*regexp.Regexp{
		"h1": heading, "h2": heading, "h3": heading, "h4": heading, "h5": heading, "h6": heading,
		"p":          {"dir": dir, "class": one(`alert-title|as-typed`)},
		"blockquote": {"dir": dir},
		"div":        {"dir": dir, "class": one(`table|alert alert-(note|tip|important|warning|caution)`), "tabindex": zero},
		"ul":         {"dir": dir},
		"ol":         {"dir": dir, "start": number},
		"li":         {"class": one(`task`), "id": one(`user-content-fn-[0-9]+`)},
		"hr":         {}, "br": {}, "em": {}, "strong": {}, "del": {}, "bdi": {}, "code": {},
		"pre":   {"dir": one(`ltr`), "tabindex": zero},
		"span":  {"class": one(`hl-(keyword|comment|number|string|name|added|removed)`)},
		"table": {}, "thead": {}, "tbody": {}, "tr": {}, "th": cell, "td": cell,
		"section": {"class": one(`footnotes`), "aria-label": one(`Footnotes`)},
		"sup":     {"id": one(`user-content-ref-[0-9]+(-[0-9]+)?`)},
		"a": {
			"href": anything, "title": anything, "rel": one(`noopener nofollow ugc`),
			"class":      one(`image-link|footnote|footnote-back`),
			"aria-label": one(`(Footnote|Back to reference) [0-9]+(-[0-9]+)?`),
		},
		"img":   {"src": anything, "alt": anything, "title": anything, "loading": one(`lazy`), "referrerpolicy": one(`no-referrer`)},
		"input": {"type": one(`checkbox`), "aria-label": one(`(?s:.+)`), "checked": nothing, "disabled": nothing, "data-line": number},
	}
}()

// unsafe says what in a piece of HTML is not allowed, or "".
func unsafe(document string) string {
	body := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(document), body)
	if err != nil {
		return err.Error()
	}
	var found []string
	for _, n := range nodes {
		body.AppendChild(n)
	}
	for n := range body.Descendants() {
		if n.Type == html.TextNode {
			continue
		}
		if n.Type != html.ElementNode || n.Namespace != "" {
			return "a node that is no element: " + n.Data
		}
		if problem := unsafeElement(n); problem != "" {
			return problem
		}
		found = append(found, elementAt(n.Data, len(slices.Collect(n.Ancestors()))-1))
	}
	// A browser that has to mend HTML may make something else of it.
	if !slices.Equal(found, written(document)) {
		return "a browser finds other elements than were written"
	}
	return ""
}

func elementAt(name string, depth int) string { return strings.Repeat(" ", depth) + name }

// written is the elements of a document as its tags say.
func written(document string) []string {
	var elements, open []string
	for z := html.NewTokenizer(strings.NewReader(document)); ; {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return append(elements, open...)
		case html.StartTagToken:
			tag, _ := z.TagName()
			name := string(tag)
			elements = append(elements, elementAt(name, len(open)))
			if !slices.Contains([]string{"br", "hr", "img", "input"}, name) {
				open = append(open, name)
			}
		case html.EndTagToken:
			if tag, _ := z.TagName(); len(open) == 0 || open[len(open)-1] != string(tag) {
				return nil
			}
			open = open[:len(open)-1]
		case html.TextToken:
		default:
			return nil
		}
	}
}

func unsafeElement(n *html.Node) string {
	attributes, isAllowed := allowed[n.Data]
	if !isAllowed {
		return "the element " + n.Data
	}
	has := map[string]string{}
	for _, a := range n.Attr {
		value, isAllowed := attributes[a.Key]
		if !isAllowed || a.Namespace != "" {
			return "the attribute " + a.Key + " of " + n.Data
		}
		if !value.MatchString(a.Val) {
			return n.Data + " with " + a.Key + "=" + a.Val
		}
		has[a.Key] = a.Val
	}
	switch n.Data {
	case "a":
		isOurs := strings.HasPrefix(has["class"], "footnote")
		if isOurs != strings.HasPrefix(has["href"], "#user-content-") && isOurs || !isOurs && has["rel"] == "" {
			return "a link without rel: " + has["href"]
		}
		return unsafeAddress(has["href"], "http", "https", "mailto", "")
	case "img":
		if has["loading"] == "" || has["referrerpolicy"] == "" {
			return "an image that tells who reads: " + has["src"]
		}
		return unsafeAddress(has["src"], "http", "https")
	case "input":
		if _, isDisabled := has["disabled"]; has["type"] == "" || has["aria-label"] == "" || isDisabled == (has["data-line"] != "") {
			return "an input that is no checkbox"
		}
	}
	return ""
}

// scheme is what a browser takes for one, after it has removed what it removes.
var scheme = regexp.MustCompile(`\A([A-Za-z][A-Za-z0-9+.-]*):`)

func unsafeAddress(address string, schemes ...string) string {
	seen := strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.TrimLeftFunc(address, func(r rune) bool { return r <= ' ' }))
	found := ""
	if match := scheme.FindStringSubmatch(seen); match != nil {
		found = strings.ToLower(match[1])
	}
	if address == "" || !slices.Contains(schemes, found) {
		return "the address " + address
	}
	return ""
}

var everyOption = []Options{{}, {Images: true, Tickable: true}}

func hostileTexts(t testing.TB) []string {
	file, err := os.ReadFile("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "//") {
			texts = append(texts, strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\x01`, "\x01").Replace(line))
		}
	}
	return texts
}

func TestHostileTextsBecomeNothingButWhatIsAllowed(t *testing.T) {
	t.Parallel()
	texts := hostileTexts(t)
	if len(texts) < 150 {
		t.Fatalf("%d texts", len(texts))
	}
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[text] {
			t.Errorf("%q is there twice", text)
		}
		seen[text] = true
		// A text must be as harmless inside of others.
		for _, around := range []string{"%", "> %", "- [ ] %", "# %", "| a |\n|---|\n| % |", "[^1]\n\n[^1]: %", "[%](/a)", "![%](https://img.example/a.png)", "[a](% \"%\")", "*%*", "```\n%\n```", "`%`", "> [!NOTE]\n> %", "[x]: %\n\n[x]"} {
			whole := strings.ReplaceAll(around, "%", text)
			for _, o := range everyOption {
				document := render(whole, o).HTML
				if problem := unsafe(document); problem != "" {
					t.Errorf("%q: %s\n%s", whole, problem, document)
				}
			}
		}
	}
}

// TestTheCheckFindsWhatIsNotAllowed is about the test above.
func TestTheCheckFindsWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`<script>alert(1)</script>`,
		`<p onclick="alert(1)">a</p>`,
		`<p style="color: red">a</p>`,
		`<p hx-get="/you">a</p>`,
		`<p id="note">a</p>`,
		`<p class="primary">a</p>`,
		`<svg><a href="/">a</a></svg>`,
		`<p>a<p>b</p></p>`,
		`<p><em>a</p></em>`,
		`<em>a`,
		`<a href="/" rel="noopener nofollow ugc"><sup><a href="/" rel="noopener nofollow ugc">a</a></sup></a>`,
		`<!-- a -->`,
		`<a href="/">a</a>`,
		`<a href="javascript:alert(1)" rel="noopener nofollow ugc">a</a>`,
		`<a href=" JAVA` + "\t" + `SCRIPT:alert(1)" rel="noopener nofollow ugc">a</a>`,
		`<a href="data:text/html,a" rel="noopener nofollow ugc">a</a>`,
		`<a href="" rel="noopener nofollow ugc">a</a>`,
		`<a href="/" class="footnote">a</a>`,
		`<img src="/a.png" alt="" loading="lazy" referrerpolicy="no-referrer">`,
		`<img src="https://img.example/a.png" alt="">`,
		`<input type="checkbox" aria-label="a">`,
		`<input type="text" aria-label="a" disabled>`,
		`<table><tr><td>a</td></tr></table>`,
	} {
		if unsafe(document) == "" {
			t.Errorf("%s is allowed", document)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, text := range hostileTexts(f) {
		f.Add(text)
	}
	f.Add(usualText)
	for _, hostile := range slow(300) {
		f.Add(hostile)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range everyOption {
			document := render(text, o)
			if problem := unsafe(document.HTML); problem != "" {
				t.Errorf("%q: %s\n%s", text, problem, document.HTML)
			}
			if !utf8.ValidString(document.HTML) {
				t.Errorf("%q becomes no UTF-8", text)
			}
			if most := 2 * (maxGrowth*len(text) + minRoom); len(document.HTML) > most {
				t.Errorf("%d bytes become %d", len(text), len(document.HTML))
			}
			if images := strings.Count(document.HTML, "<img "); o.Images && images != document.RemoteImages || !o.Images && images != 0 {
				t.Errorf("%q: %d images are shown and %d counted", text, images, document.RemoteImages)
			}
		}
	})
}
