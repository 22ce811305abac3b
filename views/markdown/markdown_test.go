package markdown

import (
	"strings"
	"testing"
)

const rel = `rel="noopener nofollow ugc"`

func TestMarkdownBecomesHTML(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, html string }{
		"nothing":            {"", ""},
		"a paragraph":        {"one\ntwo", `<p dir="auto">one` + "\n" + `two</p>`},
		"a line break":       {"one  \ntwo\\\nthree", `<p dir="auto">one<br>` + "\n" + `two<br>` + "\n" + `three</p>`},
		"lines of Windows":   {"one\r\n\r\ntwo\r\n", `<p dir="auto">one</p>` + "\n" + `<p dir="auto">two</p>`},
		"headings":           {"# one\n\ntwo\n---", `<h1 dir="auto">one</h1>` + "\n" + `<h2 dir="auto">two</h2>`},
		"emphasis":           {"*a* **b** ~~c~~ `d`", `<p dir="auto"><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>`},
		"code of two lines":  {"`a\nb`", `<p dir="auto"><code>a b</code></p>`},
		"entities":           {`&copy; &amp; &#42;a&#42; \*b\*`, `<p dir="auto">© &amp; *a* *b*</p>`},
		"a rule":             {"***", `<hr>`},
		"a list":             {"- a\n- b", `<ul dir="auto">` + "\n<li>a</li>\n<li>b</li>\n</ul>"},
		"a list with spaces": {"- a\n\n- b", `<ul dir="auto">` + "\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>"},
		"a list from three":  {"3. a", `<ol dir="auto" start="3">` + "\n<li>a</li>\n</ol>"},
		"a list in a list":   {"1. a\n   - b", `<ol dir="auto">` + "\n<li>a\n" + `<ul dir="auto">` + "\n<li>b</li>\n</ul>\n</li>\n</ol>"},
		"a quote":            {"> a", `<blockquote dir="auto">` + "\n<p>a</p>\n</blockquote>"},
		"indented code":      {"    a <b>", `<pre dir="ltr" tabindex="0"><code>a &lt;b&gt;` + "\n</code></pre>"},
		"a table": {
			"| a | b |\n|:-:|---|\n| `c\\|d` | e\\|f |\n| g |",
			`<div class="table" tabindex="0"><table>` + "\n<thead>\n<tr>\n" +
				`<th dir="auto" align="center">a</th>` + "\n" + `<th dir="auto">b</th>` + "\n</tr>\n</thead>\n<tbody>\n<tr>\n" +
				`<td dir="auto" align="center"><code>c|d</code></td>` + "\n" + `<td dir="auto">e|f</td>` + "\n</tr>\n<tr>\n" +
				`<td dir="auto" align="center">g</td>` + "\n" + `<td dir="auto"></td>` + "\n</tr>\n</tbody>\n</table></div>",
		},
		"a table without rows": {
			"| a |\n|--:|",
			`<div class="table" tabindex="0"><table>` + "\n<thead>\n<tr>\n" + `<th dir="auto" align="right">a</th>` + "\n</tr>\n</thead>\n</table></div>",
		},
		"HTML":          {"a <b>*c*</b> <!-- d -->", `<p dir="auto">a &lt;b&gt;<em>c</em>&lt;/b&gt; &lt;!-- d --&gt;</p>`},
		"lines of HTML": {"<div>\n\n*a*\n\n</div>", `<p dir="auto">&lt;div&gt;</p>` + "\n" + `<p dir="auto"><em>a</em></p>` + "\n" + `<p dir="auto">&lt;/div&gt;</p>`},
		"open marks":    {"[a *b `c ![d ~~e <f", `<p dir="auto">[a *b ` + "`c ![d ~~e &lt;f</p>"},
		"attributes":    {"# a {#card .b}", `<h1 dir="auto">a {#card .b}</h1>`},
		"bad bytes":     {"a\xffb\x00c", `<p dir="auto">a` + "\ufffdb\ufffdc</p>"},
	} {
		if got := strings.TrimSuffix(Render(test.text, Options{}).HTML, "\n"); got != test.html {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, test.html)
		}
	}
}

func TestAnAlertIsAQuoteThatIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Note", "Tip", "Important", "Warning", "Caution"} {
		for _, spelled := range []string{strings.ToUpper(name), strings.ToLower(name)} {
			want := `<div class="alert alert-` + strings.ToLower(name) + `" dir="auto">` + "\n" +
				`<p class="alert-title"><bdi>` + name + "</bdi></p>\n<p><em>a</em></p>\n</div>\n"
			if got := Render("> [!"+spelled+"] \n> *a*", Options{}).HTML; got != want {
				t.Errorf("%s is\n%s\nwant\n%s", spelled, got, want)
			}
		}
	}
	if got := Render("> [!TIP]\n>\n> - a\n\n[!tip]: /b", Options{}).HTML; !strings.Contains(got, "</bdi></p>\n<ul") {
		t.Errorf("an alert with a list is\n%s", got)
	}
	for _, text := range []string{"[!NOTE]\na", "> [!NOTE] a", "> [!HINT]\n> a", "> a\n> [!NOTE]", "> a\n>\n> [!NOTE]", "> \\[!NOTE]\n> a"} {
		if got := Render(text, Options{}).HTML; strings.Contains(got, "alert") {
			t.Errorf("%q is an alert: %s", text, got)
		}
	}
}

func TestFootnotesAreAtTheEnd(t *testing.T) {
	t.Parallel()
	got := Render("a[^x] b[^y] c[^x] d[^z]\n\n[^y]: two\n[^x]: one\n\n    - more\n", Options{}).HTML
	want := `<p dir="auto">a<sup id="user-content-ref-1"><a class="footnote" href="#user-content-fn-1" aria-label="Footnote 1">1</a></sup>` +
		` b<sup id="user-content-ref-2"><a class="footnote" href="#user-content-fn-2" aria-label="Footnote 2">2</a></sup>` +
		` c<sup id="user-content-ref-1-2"><a class="footnote" href="#user-content-fn-1" aria-label="Footnote 1">1</a></sup> d[^z]</p>
<section class="footnotes" aria-label="Footnotes"><ol dir="auto">
<li id="user-content-fn-1"><p>one</p>
<ul dir="auto">
<li>more</li>
</ul>
 <a class="footnote-back" href="#user-content-ref-1" aria-label="Back to reference 1">↩&#xfe0e;</a>` +
		` <a class="footnote-back" href="#user-content-ref-1-2" aria-label="Back to reference 1-2">↩&#xfe0e;</a></li>
<li id="user-content-fn-2"><p>two <a class="footnote-back" href="#user-content-ref-2" aria-label="Back to reference 2">↩&#xfe0e;</a></p>
</li>
</ol></section>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAFootnoteInsideOfAnotherIsText(t *testing.T) {
	t.Parallel()
	if got := Render("a[^x]\n\n[^x]: [^y]: b", Options{}).HTML; !strings.Contains(got, "<p>[^y]: b ") {
		t.Errorf("%s", got)
	}
}
