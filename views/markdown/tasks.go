package markdown

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// tasks leaves "- [x](address)" to links.
type tasks struct{ parser.InlineParser }

// Parse finds a checkbox that has white space behind it.
func (t tasks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); len(line) > 3 && !util.IsSpace(line[3]) {
		return nil
	}
	return t.InlineParser.Parse(parent, block, pc)
}

// isTask tells whether a list item begins with a checkbox.
func isTask(item ast.Node) bool {
	first := item.FirstChild()
	return first != nil && first.FirstChild() != nil && first.FirstChild().Kind() == east.KindTaskCheckBox
}

func (w *writer) checkbox(n *east.TaskCheckBox) {
	w.str(`<input type="checkbox" aria-label="`)
	w.text(label(w.plain(n.Parent())))
	w.str(`"`)
	if n.IsChecked {
		w.str(` checked`)
	}
	if w.options.Tickable {
		w.str(` data-line="`, strconv.Itoa(w.lineAt(n.Pos())), `"`)
	} else {
		w.str(` disabled`)
	}
	w.str("> ")
}

// lineAt is the number of the line that a byte of the text is in. It counts from where it
// was asked the last time, which is near but for footnotes.
func (w *writer) lineAt(at int) int {
	newline := []byte("\n")
	if at >= w.at {
		w.line += bytes.Count(w.source[w.at:at], newline)
	} else {
		w.line -= bytes.Count(w.source[at:w.at], newline)
	}
	w.at = at
	return w.line
}

// label is what a checkbox is called: its item, which may be long.
func label(item string) string {
	const most = 100
	item = strings.Join(strings.Fields(item), " ")
	if item == "" {
		return "Task"
	}
	if runes := []rune(item); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return item
}
