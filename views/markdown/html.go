package markdown

import (
	"bytes"
	"strconv"
	"time"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// idPrefix is before every id, so that a note has none that the page uses.
const idPrefix = "user-content-"

// maxTags is how many tags are inside each other. Browsers make a mess of some hundreds.
const maxTags = 200

// writer writes the nodes of a text as HTML. What it does not know it passes over, and
// writes what is inside of it.
//
// About dir="auto": it takes no notice of text inside an element that has it, too. So it
// is on the outermost block whose side matters: a list, a quote, or a paragraph that is in
// none of them.
type writer struct {
	bytes.Buffer
	source  []byte
	options Options
	room    int // the most bytes to write

	depth          int
	inLink, inCell bool
	at, line       int // where lineAt was
	highlighted    int // bytes of code
	highlightTime  time.Duration
	remoteImages   int
}

// str writes what this package says.
func (w *writer) str(parts ...string) {
	for _, s := range parts {
		_, _ = w.WriteString(s)
	}
}

// text writes what a text says.
func (w *writer) text(s string) {
	_, _ = w.Write(util.EscapeHTML([]byte(s)))
}

// title is what a link or an image says when it is pointed at. The quotation mark that
// ends the attribute before it is still to be written, and so is its own.
func (w *writer) title(title []byte) {
	if len(title) > 0 {
		w.str(`" title="`)
		html.DefaultWriter.Write(w, title)
	}
}

// Buffered and Flush are for goldmark, which wants a bufio.Writer.
func (w *writer) Buffered() int { return 0 }

// Flush implements util.BufWriter.
func (w *writer) Flush() error { return nil }

func (w *writer) isFull() bool { return w.Len() > w.room }

func (w *writer) node(n ast.Node) {
	if w.isFull() {
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	switch {
	case w.depth > maxTags && n.Kind() != ast.KindText:
		w.children(n)
	case n.Type() == ast.TypeInline:
		w.inline(n)
	default:
		w.block(n)
	}
}

func (w *writer) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		level := strconv.Itoa(n.Level)
		w.element(n, "<h"+level+w.dir(n)+">", "</h"+level+">\n")
	case *ast.Paragraph:
		w.element(n, "<p"+w.dir(n)+">", "</p>\n")
	case *ast.TextBlock:
		w.children(n)
		if n.NextSibling() != nil {
			w.str("\n")
		}
	case *ast.ThematicBreak:
		w.str("<hr>\n")
	case *ast.Blockquote:
		w.quote(n)
	case *alertTitle:
		// Without bdi our word would decide which way the alert reads.
		w.str(`<p class="alert-title"><bdi>`, n.name, "</bdi></p>\n")
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.item(n)
	case *ast.CodeBlock:
		w.code(n.Lines(), "")
	case *ast.FencedCodeBlock:
		w.code(n.Lines(), string(n.Language(w.source)))
	case *east.Table:
		w.table(n)
	case *east.FootnoteList:
		w.element(n, `<section class="footnotes" aria-label="Footnotes"><ol dir="auto">`+"\n", "</ol></section>\n")
	case *east.Footnote:
		w.element(n, `<li id="`+idPrefix+"fn-"+strconv.Itoa(n.Index)+`">`, "</li>\n")
	default:
		w.children(n)
	}
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.words(n)
	case *ast.String:
		w.text(string(n.Value))
	case *ast.CodeSpan:
		w.codeSpan(n)
	case *ast.Emphasis:
		if n.Level == 2 {
			w.element(n, "<strong>", "</strong>")
		} else {
			w.element(n, "<em>", "</em>")
		}
	case *east.Strikethrough:
		w.element(n, "<del>", "</del>")
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.Image:
		w.image(n)
	case *east.TaskCheckBox:
		w.checkbox(n)
	case *east.FootnoteLink:
		w.footnoteLink(n)
	case *east.FootnoteBacklink:
		w.footnoteBacklink(n)
	default:
		w.children(n)
	}
}

func (w *writer) element(n ast.Node, start, end string) {
	w.str(start)
	w.children(n)
	w.str(end)
}

func (w *writer) dir(n ast.Node) string {
	switch n.Parent().(type) {
	case *ast.ListItem, *ast.Blockquote, *east.Footnote:
		return ""
	}
	return ` dir="auto"`
}

func (w *writer) quote(n *ast.Blockquote) {
	if title, isAlert := n.FirstChild().(*alertTitle); isAlert {
		w.element(n, `<div class="alert alert-`+title.class()+`" dir="auto">`+"\n", "</div>\n")
		return
	}
	w.element(n, `<blockquote dir="auto">`+"\n", "</blockquote>\n")
}

func (w *writer) list(n *ast.List) {
	if !n.IsOrdered() {
		w.element(n, `<ul dir="auto">`+"\n", "</ul>\n")
		return
	}
	start := `<ol dir="auto"`
	if n.Start != 1 {
		start += ` start="` + strconv.Itoa(n.Start) + `"`
	}
	w.element(n, start+">\n", "</ol>\n")
}

func (w *writer) item(n *ast.ListItem) {
	if isTask(n) {
		w.element(n, `<li class="task">`, "</li>\n")
		return
	}
	w.element(n, "<li>", "</li>\n")
}

func (w *writer) words(n *ast.Text) {
	value := n.Segment.Value(w.source)
	if n.IsRaw() {
		html.DefaultWriter.RawWrite(w, value)
	} else {
		html.DefaultWriter.Write(w, value)
	}
	switch {
	case n.HardLineBreak():
		w.str("<br>\n")
	case n.SoftLineBreak():
		w.str("\n")
	}
}

func (w *writer) codeSpan(n *ast.CodeSpan) {
	w.str("<code>")
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			value := bytes.ReplaceAll(t.Segment.Value(w.source), []byte("\n"), []byte(" "))
			if w.inCell {
				value = bytes.ReplaceAll(value, []byte(`\|`), []byte("|"))
			}
			html.DefaultWriter.RawWrite(w, value)
		}
	}
	w.str("</code>")
}

// table can be scrolled sideways, also with a keyboard.
func (w *writer) table(n *east.Table) {
	w.str(`<div class="table" tabindex="0"><table>`, "\n")
	w.inCell = true
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		switch {
		case row.Kind() == east.KindTableHeader:
			w.str("<thead>\n")
			w.row(row, "th")
			w.str("</thead>\n")
			if row.NextSibling() != nil {
				w.str("<tbody>\n")
			}
		default:
			w.row(row, "td")
		}
	}
	if n.FirstChild() != n.LastChild() {
		w.str("</tbody>\n")
	}
	w.inCell = false
	w.str("</table></div>\n")
}

func (w *writer) row(row ast.Node, tag string) {
	w.str("<tr>\n")
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		start := "<" + tag + ` dir="auto"`
		// The attribute is old, but needs neither a style, which the page forbids, nor
		// a stylesheet.
		if cell, ok := c.(*east.TableCell); ok && cell.Alignment != east.AlignNone {
			start += ` align="` + cell.Alignment.String() + `"`
		}
		w.element(c, start+">", "</"+tag+">\n")
	}
	w.str("</tr>\n")
}

// footnoteLink counts the references to each footnote, so that there is a way back to all.
func (w *writer) footnoteLink(n *east.FootnoteLink) {
	index := strconv.Itoa(n.Index)
	w.str(`<sup id="`, idPrefix, "ref-", referenceNumber(n.Index, n.RefIndex), `">`)
	if w.inLink {
		w.str(index)
	} else {
		w.str(`<a class="footnote" href="#`, idPrefix, "fn-", index, `" aria-label="Footnote `, index, `">`, index, "</a>")
	}
	w.str("</sup>")
}

func (w *writer) footnoteBacklink(n *east.FootnoteBacklink) {
	number := referenceNumber(n.Index, n.RefIndex)
	w.str(` <a class="footnote-back" href="#`, idPrefix, "ref-", number, `" aria-label="Back to reference `, number,
		`">↩&#xfe0e;</a>`)
}

func referenceNumber(index, reference int) string {
	if reference == 0 {
		return strconv.Itoa(index)
	}
	return strconv.Itoa(index) + "-" + strconv.Itoa(reference+1)
}

// plain is the text of a node without any tags, for attributes. It is not escaped.
func (w *writer) plain(n ast.Node) string {
	var plain bytes.Buffer
	w.appendPlain(&plain, n)
	return plain.String()
}

func (w *writer) appendPlain(plain *bytes.Buffer, n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			value := c.Segment.Value(w.source)
			if !c.IsRaw() {
				value = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value)))
			}
			plain.Write(value)
			if c.SoftLineBreak() || c.HardLineBreak() {
				plain.WriteByte(' ')
			}
		case *ast.AutoLink:
			plain.Write(c.Label(w.source))
		default:
			w.appendPlain(plain, c)
		}
	}
}

// asTyped shows a text without turning any of it into something else.
func asTyped(note string) Document {
	w := &writer{}
	w.str(`<p class="as-typed">This text is too intricate to be laid out. Here it is as it was typed.</p>`,
		"\n", `<pre tabindex="0"><code>`)
	html.DefaultWriter.RawWrite(w, clean(note))
	w.str("</code></pre>\n")
	return Document{HTML: w.String()}
}
