package markdown

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTasksHaveCheckboxes(t *testing.T) {
	t.Parallel()
	got := Render("- [ ] buy *milk* & \"tea\"\n  for all\n- [X] b\n- c", Options{}).HTML
	want := `<ul dir="auto">
<li class="task"><input type="checkbox" aria-label="buy milk &amp; &quot;tea&quot; for all" disabled> buy <em>milk</em> &amp; &quot;tea&quot;
for all</li>
<li class="task"><input type="checkbox" aria-label="b" checked disabled> b</li>
<li>c</li>
</ul>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestACheckboxKnowsItsLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		lines []string
	}{
		"a list":             {"- [ ] a\n- [x] b\n- c\n- [ ] d", []string{"0", "1", "3"}},
		"after a text":       {"# a\n\ntext\n\n1. [ ] b", []string{"4"}},
		"a list in a list":   {"- a\n  - [ ] b\n    - [ ] c\n\n  d\n\n- [x] e", []string{"1", "2", "6"}},
		"more lines":         {"- [ ] a\nb\nc\n- [ ] d", []string{"0", "3"}},
		"a quote":            {"a\n\n> b\n>\n> - [ ] c\n>   - [ ] d\n> > - [x] e", []string{"4", "5", "6"}},
		"an alert":           {"> [!TIP]\n> - [ ] a", []string{"1"}},
		"after code":         {"```\n- [ ] a\n```\n- [ ] b", []string{"3"}},
		"lines of Windows":   {"a\r\n\r\n- [ ] b\r\n\r\n- [ ] c", []string{"2", "4"}},
		"tabs":               {"-\ta\n\t- [ ] b\n\t\t- [ ] c", []string{"1", "2"}},
		"footnotes":          {"a[^1] b[^2]\n\n[^2]:\n    - [ ] c\n\n[^1]: d\n\n    - [ ] e\n\n- [ ] f", []string{"9", "7", "3"}},
		"definitions before": {"[a]: /b\n\n[c]: /d\n- [ ] e [a]", []string{"3"}},
		"not a task":         {"- \\[ ] a\n- [  ] b\n- [y] c\n- a [ ] d\n[ ] e\n- [x](f)\n- [ ]g\n- `[ ]`", nil},
	} {
		var lines []string
		for _, match := range regexp.MustCompile(`data-line="(\d+)"`).FindAllStringSubmatch(Render(test.text, Options{Tickable: true}).HTML, -1) {
			lines = append(lines, match[1])
		}
		if !slices.Equal(lines, test.lines) {
			t.Errorf("%s: lines %v, want %v", name, lines, test.lines)
		}
		if html := Render(test.text, Options{}).HTML; strings.Contains(html, "data-line") || strings.Count(html, " disabled>") != len(test.lines) {
			t.Errorf("%s: without Tickable it is\n%s", name, html)
		}
	}
}

func TestACheckboxHasAShortName(t *testing.T) {
	t.Parallel()
	for text, name := range map[string]string{
		"- [ ]": "Task",
		"- [ ] `a` [b](/c) ![d](/e) <https://f.g>":   "a b d https://f.g",
		"- [ ] &lt;a&gt; \\*b\\*":                    "&lt;a&gt; *b*",
		"- [ ] " + strings.Repeat("ä", 101):          strings.Repeat("ä", 100) + "…",
		"- [ ] a\n\n  another paragraph\n  - a list": "a",
	} {
		if got := Render(text, Options{}).HTML; !strings.Contains(got, `aria-label="`+name+`"`) {
			t.Errorf("%q is\n%s", text, got)
		}
	}
}
