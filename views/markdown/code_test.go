package markdown

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
)

func TestCodeHasColours(t *testing.T) {
	t.Parallel()
	got := Render("```Go\nfunc main() { // <b>\n\treturn \"a\" + 1\n}\n```", Options{}).HTML
	want := `<pre dir="ltr" tabindex="0"><code><span class="hl-keyword">func </span><span class="hl-name">main</span>() { ` +
		`<span class="hl-comment">// &lt;b&gt;` + "\n\t" + `</span><span class="hl-keyword">return </span><span class="hl-string">&quot;a&quot; </span>+ <span class="hl-number">1` +
		"\n</span>}\n</code></pre>\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Render("```go\r\nfunc main() { // <b>\r\n\treturn \"a\" + 1\r\n}\r\n```", Options{}).HTML; got != want {
		t.Errorf("with the lines of Windows it is\n%s", got)
	}
	got = Render("```diff\n-a\n+b\n```", Options{}).HTML
	if !strings.Contains(got, `<span class="hl-removed">-a`) || !strings.Contains(got, `<span class="hl-added">+b`) {
		t.Errorf("%s", got)
	}
}

func TestEveryLanguageCanBeNamed(t *testing.T) {
	t.Parallel()
	for _, name := range append(colourful, "js", "ts", "jsx", "py", "yml", "sh", "html", "go", "rs", "cs", "h", "hcl", "dockerfile") {
		// One that reads to the end before it gives the first token could not be stopped.
		if _, canStop := languages()[name].(*chroma.RegexLexer); !canStop {
			t.Errorf("%s is no lexer that can be stopped", name)
		}
	}
}

func TestCodeKeepsEveryCharacter(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile(`</?span[^>]*>`)
	code := "\n\ta = {'b': [1.5, \"c\\n\"]} <?php if (d) { /* e */ } ?>\n# <f g=\"h\">i</f> \ufffd ü 🦊\n\n-- j; k := `l`\n\n\rm\n"
	for _, name := range colourful {
		got := Render("```"+name+"\n"+code+"```", Options{}).HTML
		want := Render("```\n"+code+"```", Options{}).HTML
		if got := tag.ReplaceAllString(got, ""); got != want {
			t.Errorf("%s becomes\n%s", name, got)
		}
	}
}

func TestSomeCodeHasNoColours(t *testing.T) {
	t.Parallel()
	line := "return 1\n"
	for name, text := range map[string]string{
		"an unknown language": "```unknown\n" + line + "```",
		"no language":         "```\n" + line + "```",
		"a long line":         "```go\nreturn " + strings.Repeat("1", maxHighlightedLine) + "\n```",
		"a long block":        "```go\n" + strings.Repeat(line, maxHighlighted/len(line)+1) + "```",
	} {
		if got := Render(text, Options{}).HTML; strings.Contains(got, "<span") {
			t.Errorf("%s has colours", name)
		}
	}
	// The length is that of all blocks together.
	half := "```go\n" + strings.Repeat(strings.Repeat("a ", maxHighlightedLine/2-1)+"\n", maxHighlighted/maxHighlightedLine/2) + line + "```\n"
	if got := Render(strings.Repeat(half, 3), Options{}).HTML; strings.Count(got, `<span class="hl-keyword">`) > 2 {
		t.Error("there is no end to it")
	}
}

func TestColouringStopsInTime(t *testing.T) {
	t.Parallel()
	w := &writer{highlightTime: maxHighlightTime}
	if rest := w.highlight(languages()["go"], "return 1"); rest != "return 1" || w.Len() > 0 {
		t.Errorf("it wrote %q and left %q", w.String(), rest)
	}
	w.highlightTime = 0
	if rest := w.highlight(languages()["go"], "return 1"); rest != "" || w.highlightTime == 0 {
		t.Errorf("it left %q after %s", rest, w.highlightTime)
	}
}

func TestEveryColourIsInTheStylesheet(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("../../static/highlight.css")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	for _, name := range regexp.MustCompile(`hl-[a-z]+`).FindAllString(string(css), -1) {
		defined[name] = true
	}
	for _, kind := range chroma.TokenTypeValues() {
		if class := tokenClass(kind); class != "" && !defined[class] {
			t.Errorf("%s has the class %s, which the stylesheet does not know", kind, class)
		}
	}
}
