package markdown

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// slow is what is known to keep Markdown parsers busy, each about size bytes long.
func slow(size int) []string {
	fill := func(s string, n int) string { return strings.Repeat(s, n/len(s)+1) }
	var texts []string
	for _, again := range []string{
		// Blocks inside of blocks, and many beside each other.
		">", "> ", "- ", "+ ", "1. ", "- > 1. ", "-\t", "> - [ ] a\n", "- a\n", "- a\n\n", "-\n", "-\n\n", "- a\n+ a\n", "1) a\n",
		"- [ ] a\n  - [x] b\n", "> [!NOTE]\n\n", "#", "# a\n", "a\n=\n", "***\n", "* * ", "```\n", "```go\nx := a\n```\n", "~~~",
		"    a\n\n\n", "a\n", "a  \n", "\n", " ", "\t", "a", "word ", "a\r\n", "- a\r\n\r\n", "\r", "\x00", "\xff", "ẞ",
		// Marks.
		"*", "_", "*a ", "_a ", "*a **a ", "a**b*c", "*_* _ ", "~", "~a ", "~~a ~b", "`", "`a``", "e`", "\\", "\\*",
		"[", "]", "[a](", "[a](<b", "[a](b\"", "[a](b (", "[a][", "[a]", "[[a](b)](c)", "[a](b) ", "*[a](b)", "[*a](b)",
		"!", "![", "![a](", "![a](http://b.c)", "[^", "[^z]", "[^z]\n\n",
		// What begins like HTML, an entity or an address.
		"<", "<a ", "<a:b", "a <?", "a <![CDATA[", "a <!A ", "a <!-- ", "<http:b>\n", "&", "&#", "&amp;", "\"",
		"www.", "www.a", "(www.a_", "http://", " http://a", "(http://a.b", "http://a.b\n", "a@", "a_", "a@b.c ", "(a", "(aaaa@" + fill("a.", 200),
		// Tables, footnotes and definitions.
		"|", "|\n", "-|-\n", "a\n-|-\n", "a|b\n-|-\n", "a|b\n-|-\na|b\n\n", "[^a]:", "> [^a]: ", "[^a]:\n", "[a]: b\n", "[a]: b\n(x\n",
		"[aaa\n", "[" + strings.Repeat("ẞ", 300) + "]",
	} {
		texts = append(texts, fill(again, size))
	}
	half := func(a, b string) { texts = append(texts, fill(a, size/2)+fill(b, size/2)) }
	half("[", "]")
	half("[", "](b)")
	half("![", "](b)")
	half("*a ", "a_ ")
	half("*a **a ", "a* a** ")
	half("`", "\n`")
	after := func(a, b string) { texts = append(texts, a+fill(b, size)) }
	after(strings.Repeat("- ", maxDepth/2)+"a\n", "\n")
	after(strings.Repeat(">", maxDepth), "a\n")
	after("# ", "*a ")
	after("```\n", "a\n")
	after("&#x", "1")
	after("http://a.b/", ")")
	after("http://a.b/", "&a;")
	after("[^a]:", "\n")
	after("[^a]: b\n\n", "[^a] b\n\n")
	after("a|b\n-|-\n", "c|d\n")
	after("a|b\n-|-\n", "`\\|`|")
	after(fill("a|", size/4)+"\n"+fill("-|", size/4)+"\n", "a\n")
	after(fill("a|", 200)+"\n"+fill("-|", 200)+"\n", "a\n")
	after("[a]: http://b/"+fill("b", size/2)+"\n\n", "[a] ")
	after("[a]: http://b/"+fill("b", size/2)+"\n\n", "![a] ")
	blocks := func(a, b string, n int) { texts = append(texts, fill(fill(a, n)+fill(b, n)+"\n\n", size)) }
	blocks("[", "]", 499)
	blocks("[", "a\n", maxBlockLines)
	blocks("*a ", "c_ ", maxMarks*3/2)
	blocks("[a]: b\n", "(x\n", maxBlockLines*3)
	counted := func(format, between string) {
		var text strings.Builder
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, format, i)
		}
		texts = append(texts, text.String()+fill(between, size))
	}
	counted("[^%d]:a\n\n", "[^z]\n\n")
	counted("[%d]: a\n", "[0]")
	counted("%[1]*[1]d- a\n", "a")
	var backquotes strings.Builder
	for i := 1; backquotes.Len() < size; i++ {
		backquotes.WriteString("e" + strings.Repeat("`", i))
	}
	return append(texts, backquotes.String())
}

func TestNoTextKeepsTheServerBusy(t *testing.T) {
	t.Parallel()
	for _, text := range slow(16 << 10) {
		// It takes milliseconds.
		late := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("%.40q is not done", text)) })
		document := render(text, Options{Tickable: true})
		late.Stop()
		if most := 8*len(text) + maxGrowth*len(text) + minRoom; len(document.HTML) > most {
			t.Errorf("%.40q: %d bytes become %d", text, len(text), len(document.HTML))
		}
	}
}

func isAsTyped(html string) bool { return strings.HasPrefix(html, `<p class="as-typed">`) }

func TestBlocksAreNotInsideEachOtherWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, tag string }{
		{strings.Repeat("> ", 1000) + "a", "<blockquote"},
		{strings.Repeat("- ", 1000) + "a", "<li"},
	} {
		html := render(test.text, Options{}).HTML
		if n := strings.Count(html, test.tag); n < maxDepth/2 || n > maxDepth {
			t.Errorf("%d of %s", n, test.tag)
		}
	}
}

func TestATextOfManyBlocksInBlocksIsShownAsTyped(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(">", maxDepth) + "a\n"
	if html := render(strings.Repeat(text, maxSteps/maxDepth*9/10), Options{}).HTML; isAsTyped(html) {
		t.Error("it is shown as typed too early")
	}
	text = strings.Repeat("- ", maxDepth/2) + "<a>\n" + strings.Repeat("\n", maxSteps/maxDepth) + "b"
	if html := render(text, Options{}).HTML; !isAsTyped(html) || !strings.Contains(html, "&lt;a&gt;\n") || !strings.HasSuffix(html, "\nb</code></pre>\n") {
		t.Errorf("%.200s", html)
	}
	if _, spent := parse([]byte(text[:len(text)-1] + strings.Repeat("\n", 1000))); spent.steps > maxSteps+maxDepth {
		t.Errorf("%d steps", spent.steps)
	}
}

func TestABlockHasOnlySoManyMarks(t *testing.T) {
	t.Parallel()
	html := render(strings.Repeat("*a* ", maxMarks)+"\n\n*b*", Options{}).HTML
	if n := strings.Count(html, "<em>a"); n != maxMarks/2 {
		t.Errorf("%d of %d are marked", n, maxMarks)
	}
	if n := strings.Count(render(strings.Repeat("[a](/b) ", maxMarks), Options{}).HTML, "<a "); n != maxMarks/2 {
		t.Errorf("%d of %d are links", n, maxMarks)
	}
	if !strings.HasSuffix(html, "*a*</p>\n<p dir=\"auto\"><em>b</em></p>\n") {
		t.Errorf("…%s", html[len(html)-100:])
	}
}

func TestALongBlockHasNoMarksButLinks(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"bytes": "*a* https://example.org [b](c) " + strings.Repeat("d", maxBlock),
		"lines": "*a* https://example.org [b](c)" + strings.Repeat("\nd", maxBlockLines),
	} {
		html := render(text, Options{}).HTML
		want := `<p dir="auto">*a* <a href="https://example.org" rel="noopener nofollow ugc">https://example.org</a> [b](c)`
		if !strings.HasPrefix(html, want) {
			t.Errorf("%s: %.200s", name, html)
		}
	}
}

func TestBracketsAreNotOpenWithoutEnd(t *testing.T) {
	t.Parallel()
	opened := strings.Repeat("[", maxBrackets)
	html := render(opened+"[a](b) [c](d)", Options{}).HTML
	if !strings.Contains(html, `">[a</a>`) || !strings.Contains(html, `">c</a>`) {
		t.Errorf("%s", html)
	}
	// Those of one block do not count in the next.
	if html := render(opened+"\n\n[a](b)", Options{}).HTML; !strings.Contains(html, `">a</a>`) {
		t.Errorf("%s", html)
	}
}

func TestTagsAreNotInsideEachOtherWithoutEnd(t *testing.T) {
	t.Parallel()
	html := render(strings.Repeat("*a **a ", maxMarks/4)+strings.Repeat("a** a* ", maxMarks/4), Options{}).HTML
	if n := strings.Count(html, "<em>") + strings.Count(html, "<strong>"); n < maxTags/2 || n > maxTags {
		t.Errorf("%d tags", n)
	}
	if n := strings.Count(html, "a"); n < maxMarks {
		t.Errorf("only %d letters are left", n)
	}
}

func TestALongListOfDefinitionsIsText(t *testing.T) {
	t.Parallel()
	definitions := strings.Repeat("[a]: /b\n", maxBlockLines)
	if html := render(definitions+"\n[a]", Options{}).HTML; !strings.Contains(html, `<a href="/b"`) || strings.Contains(html, "[a]:") {
		t.Errorf("%.200s", html)
	}
	if html := render(definitions+"[a]: /b\n\n[a]", Options{}).HTML; strings.Contains(html, "<a ") || !strings.Contains(html, "[a]: /b") {
		t.Errorf("%.200s", html)
	}
}

func TestATextWithTooManyFootnotesIsShownAsTyped(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range maxFootnotes {
		fmt.Fprintf(&text, "[^%d]: a\n\n", i)
	}
	text.WriteString("b[^0]\n\n")
	if html := render(text.String(), Options{}).HTML; !strings.Contains(html, `<section class="footnotes"`) {
		t.Errorf("%.200s", html)
	}
	text.WriteString("[^a]: a\n\n")
	if html := render(text.String(), Options{}).HTML; !isAsTyped(html) {
		t.Errorf("%.200s", html)
	}
}

func TestTablesHaveOnlySoManyCells(t *testing.T) {
	t.Parallel()
	const columns = 100
	table := strings.Repeat("a|", columns) + "\n" + strings.Repeat("-|", columns) + "\n" + strings.Repeat(strings.Repeat("b|", columns)+"\n", maxCells/columns/3)
	html := render(strings.Repeat(table+"\n", 4), Options{}).HTML
	if n := strings.Count(html, "<table>"); n != 2 {
		t.Errorf("%d tables", n)
	}
	if n := strings.Count(html, "<td"); n > maxCells {
		t.Errorf("%d cells", n)
	}
}

func TestATextThatGrowsIsShownAsTyped(t *testing.T) {
	t.Parallel()
	for _, image := range []string{"", "!"} {
		text := "[a]: https://b.example/" + strings.Repeat("b", 10_000) + "\n\n"
		if html := render(text+strings.Repeat(image+"[a] ", 10), Options{}).HTML; strings.Count(html, "<a ") != 10 {
			t.Errorf("%.200s", html)
		}
		document := render(text+strings.Repeat(image+"[a] ", 100), Options{})
		if !isAsTyped(document.HTML) || document.RemoteImages != 0 {
			t.Errorf("%.200s", document.HTML)
		}
	}
}
