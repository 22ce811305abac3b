package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// alertTitle is the first block of a quote that is an alert:
//
//	> [!NOTE]
//	> This is for everybody.
type alertTitle struct {
	ast.BaseBlock
	name string
}

var kindAlertTitle = ast.NewNodeKind("AlertTitle")

// Kind implements ast.Node.
func (t *alertTitle) Kind() ast.NodeKind { return kindAlertTitle }

// IsRaw implements ast.Node: there are no marks in a title.
func (t *alertTitle) IsRaw() bool { return true }

// Dump implements ast.Node.
func (t *alertTitle) Dump(source []byte, level int) {
	ast.DumpHelper(t, source, level, map[string]string{"Name": t.name}, nil)
}

// class is part of the quote's class.
func (t *alertTitle) class() string { return strings.ToLower(t.name) }

// alerts finds alerts as soon as a paragraph ends, so that its first line is never taken
// for a link.
type alerts struct{}

// Transform makes a title of the line that names an alert.
func (alerts) Transform(node *ast.Paragraph, reader text.Reader, _ parser.Context) {
	quote, isQuote := node.Parent().(*ast.Blockquote)
	if !isQuote || quote.FirstChild() != node {
		return
	}
	lines := node.Lines()
	first := lines.At(0)
	name := alertName(first.Value(reader.Source()))
	if name == "" {
		return
	}
	quote.InsertBefore(quote, node, &alertTitle{name: name})
	lines.SetSliced(1, lines.Len())
	if lines.Len() == 0 {
		quote.RemoveChild(quote, node)
	}
}

// alertName is "" for a line that names none.
func alertName(line []byte) string {
	switch strings.ToUpper(string(bytes.TrimSpace(line))) {
	case "[!NOTE]":
		return "Note"
	case "[!TIP]":
		return "Tip"
	case "[!IMPORTANT]":
		return "Important"
	case "[!WARNING]":
		return "Warning"
	case "[!CAUTION]":
		return "Caution"
	}
	return ""
}
