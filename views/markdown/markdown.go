// Package markdown turns the text of a note into HTML that is safe to put into a page.
//
// The text is GitHub-flavoured Markdown. Goldmark reads it, without the part of it that
// knows HTML: a tag in a note is text like any other and is shown as it was typed, which
// loses nothing of what somebody wrote. What comes out is therefore made of the tags and
// attributes in html.go alone, and the only parts of them that the note decides are
// texts, which are escaped, and addresses, which links.go lets through or not.
//
// Anybody may write a note, and a few kilobytes can keep a parser busy for minutes.
// limits.go says how much of everything there may be. A text that wants more than that
// is shown as it was typed.
package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Options say how a text is shown.
type Options struct {
	// Images shows images from elsewhere, which tells their hosts who is reading. Each is
	// a link otherwise.
	Images bool
	// Tickable lets the items of task lists be ticked: each checkbox has data-line, the
	// number of its line in the text, from 0. Otherwise they are disabled.
	Tickable bool
}

// Document is a text turned into HTML.
type Document struct {
	HTML string
	// RemoteImages is how many images from elsewhere the text has, shown or not.
	RemoteImages int
}

// Render turns a text into HTML. It has an answer for every text.
func Render(note string, o Options) (d Document) {
	// An error in a library must not keep people from their notes.
	defer func() {
		if recover() != nil {
			d = asTyped(note)
		}
	}()
	return render(note, o)
}

func render(note string, o Options) Document {
	source := clean(note)
	root, spent := parse(source)
	if spent.isOver() {
		return asTyped(note)
	}
	w := &writer{source: source, options: o, room: maxGrowth*len(source) + minRoom}
	w.node(root)
	if w.isFull() {
		return asTyped(note)
	}
	return Document{HTML: w.String(), RemoteImages: w.remoteImages}
}

// clean makes the bytes what the parser and the browser take for granted. It keeps the
// number of each line.
func clean(note string) []byte {
	if strings.Contains(note, "\r\n") {
		note = strings.ReplaceAll(note, "\r\n", "\n")
	}
	if !utf8.ValidString(note) {
		note = strings.ToValidUTF8(note, "\ufffd")
	}
	return []byte(note)
}

func parse(source []byte) (ast.Node, *limits) {
	spent := &limits{}
	pc := parser.NewContext()
	pc.Set(limitsKey, spent)
	return syntax.Parse(text.NewReader(source), parser.WithContext(pc)), spent
}

// syntax is GitHub-flavoured Markdown as goldmark's own options would put it together,
// but without HTML and inside the limits. The numbers are goldmark's: what comes first.
var syntax = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(container{parser.NewListParser()}, 300),
		util.Prioritized(container{parser.NewListItemParser()}, 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(container{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(container{footnotes{extension.NewFootnoteBlockParser()}}, 999),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(tasks{extension.NewTaskCheckBoxParser()}, 0),
		util.Prioritized(mark{parser.NewCodeSpanParser()}, 100),
		util.Prioritized(mark{extension.NewFootnoteParser()}, 101),
		util.Prioritized(brackets{mark{parser.NewLinkParser()}}, 200),
		util.Prioritized(mark{parser.NewAutoLinkParser()}, 300),
		util.Prioritized(mark{parser.NewEmphasisParser()}, 500),
		util.Prioritized(mark{extension.NewStrikethroughParser()}, 500),
		util.Prioritized(mark{bareLinks}, 999),
	),
	parser.WithParagraphTransformers(
		util.Prioritized(alerts{}, 0),
		util.Prioritized(references{parser.LinkReferenceParagraphTransformer}, 100),
		util.Prioritized(tables{extension.NewTableParagraphTransformer()}, 200),
	),
	parser.WithASTTransformers(
		util.Prioritized(extension.NewFootnoteASTTransformer(), 999),
	),
)
