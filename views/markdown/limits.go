package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// How much of everything a text may have. A person meets none of these. Beyond maxDepth,
// maxMarks, maxBlock and maxCells Markdown is not looked for and text is text; beyond the
// others the whole text is shown as it was typed.
const (
	// maxDepth is how many quotes, lists and list items there are inside each other.
	maxDepth = 100
	// maxSteps is how often a line is looked at by a quote, a list or a list item that it
	// is part of. Each time also costs memory.
	maxSteps = 300_000
	// maxMarks is how many marks (stars, brackets, backquotes) a block may have: a mark
	// looks for its partner among all others.
	maxMarks = 1000
	// maxBrackets is how many of them are open at a time. Behind each that closes there
	// may be a definition of all that is between it and its partner.
	maxBrackets = 32
	// maxBlock and maxBlockLines are how long a block with marks may be, in bytes and
	// lines: some marks look through all of it.
	maxBlock, maxBlockLines = 32 << 10, 1000
	// maxFootnotes is for the whole text: each reference looks through all of them.
	maxFootnotes = 1000
	// maxCells is for all tables together. A row of one character has as many cells as
	// its table has columns.
	maxCells = 100_000
	// The HTML may take this many bytes for each byte of the text, and these to begin
	// with. A link that is defined once and used a thousand times takes more.
	maxGrowth, minRoom = 16, 64 << 10
)

// limits is what a text has spent so far.
type limits struct {
	steps, footnotes, cells int

	block ast.Node // the one whose marks are counted
	at    int      // where the last of them is
	marks int
	open  int // brackets
}

var limitsKey = parser.NewContextKey()

func limitsOf(pc parser.Context) *limits { return pc.Get(limitsKey).(*limits) }

// container limits blocks that hold blocks.
type container struct{ parser.BlockParser }

// Open opens no block below maxDepth.
func (c container) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	// An item goes into the list that was just opened for it.
	if _, isList := parent.(*ast.List); !isList && depth(parent) >= maxDepth {
		return nil, parser.NoChildren
	}
	return c.BlockParser.Open(parent, reader, pc)
}

// Continue ends the block when the steps are spent, so that the rest costs nothing.
func (c container) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	spent := limitsOf(pc)
	if spent.steps++; spent.isOver() {
		return parser.Close
	}
	return c.BlockParser.Continue(node, reader, pc)
}

func depth(n ast.Node) int {
	depth := 0
	for n = n.Parent(); n != nil; n = n.Parent() {
		depth++
	}
	return depth
}

// isOver tells that the rest of the text need not be read.
func (l *limits) isOver() bool { return l.steps > maxSteps || l.footnotes > maxFootnotes }

// footnotes limits their number, and keeps them out of each other: goldmark loses the
// text of both.
type footnotes struct{ parser.BlockParser }

// Open opens a footnote unless it is one too many, or inside of another.
func (f footnotes) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	spent := limitsOf(pc)
	if spent.isOver() {
		return nil, parser.NoChildren
	}
	for outer := parent; outer != nil; outer = outer.Parent() {
		if outer.Kind() == east.KindFootnote {
			return nil, parser.NoChildren
		}
	}
	node, state := f.BlockParser.Open(parent, reader, pc)
	if node != nil {
		spent.footnotes++
	}
	return node, state
}

// mark limits how many marks a block has.
type mark struct{ parser.InlineParser }

// Parse takes a mark for text when its block is too long or has too many.
func (m mark) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	// Bare links begin after white space, where each is looked at once and for all.
	if util.IsPunct(block.Peek()) {
		_, at := block.Position()
		if !limitsOf(pc).mark(parent, at.Start) {
			return nil
		}
	}
	return m.InlineParser.Parse(parent, block, pc)
}

// mark counts one more mark and is false when there are too many. Several parsers may
// look at the same.
func (l *limits) mark(block ast.Node, at int) bool {
	switch {
	case l.block != block:
		l.block, l.marks, l.open = block, 1, 0
		lines := block.Lines()
		if n := lines.Len(); n > maxBlockLines || lines.At(n-1).Stop-lines.At(0).Start > maxBlock {
			l.marks = maxMarks + 1
		}
	case l.at != at:
		l.marks++
	}
	l.at = at
	return l.marks <= maxMarks
}

// brackets limits how many brackets are open.
type brackets struct{ mark }

// Parse takes a bracket for text when it would be one too many.
func (b brackets) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	spent := limitsOf(pc)
	closes := block.Peek() == ']'
	if !closes && spent.block == parent && spent.open >= maxBrackets {
		return nil
	}
	node := b.mark.Parse(parent, block, pc)
	switch {
	case closes:
		spent.open = max(spent.open-1, 0)
	case node != nil:
		spent.open++
	}
	return node
}

// CloseBlock gives up the brackets that are still open.
func (b brackets) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	b.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

// references limits the paragraphs that are searched for link definitions: each that is
// found moves all lines after it.
type references struct{ parser.ParagraphTransformer }

// Transform takes the definitions out of a paragraph that is not too long. What looks
// like a footnote and is none stays text.
func (r references) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	first := node.Lines().At(0)
	isFootnote := bytes.HasPrefix(bytes.TrimSpace(first.Value(reader.Source())), []byte("[^"))
	if node.Lines().Len() <= maxBlockLines && !isFootnote {
		r.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// tables limits the cells of all tables.
type tables struct{ parser.ParagraphTransformer }

// Transform makes a table of a paragraph unless that has too many cells.
func (t tables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines, source := node.Lines(), reader.Source()
	columns := 0
	for i := 1; i < lines.Len(); i++ {
		line := lines.At(i)
		if value := line.Value(source); len(bytes.Trim(value, "|-: \t\n")) == 0 {
			columns = max(columns, bytes.Count(value, []byte("|"))+1)
		}
	}
	spent := limitsOf(pc)
	if cells := columns * lines.Len(); cells > 0 && spent.cells+cells <= maxCells {
		spent.cells += cells
		t.ParagraphTransformer.Transform(node, reader, pc)
	}
}
