package markdown

import (
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/text"
)

// To colour a kilobyte of code takes as long as to lay out twenty of text, and the
// patterns of a language may go back and forth over what they do not understand. So there
// is an end to it, after which the code of a text is plain.
const (
	// maxHighlighted is how much code has colours, in bytes.
	maxHighlighted = 64 << 10
	// maxHighlightedLine is how long a line of it is. Longer ones are data.
	maxHighlightedLine = 1000
	// maxHighlightTime is how long it takes. Ordinary code takes half as long at most.
	maxHighlightTime = 300 * time.Millisecond
)

// colourful are the languages that have colours, and whose patterns are quick to give up
// on what they do not understand. Chroma knows many more; each that somebody names stays
// in memory.
var colourful = strings.Fields(`bash c c++ c# clojure cmake css dart diff docker elixir elm
	erlang fish fsharp go graphql groovy haskell html ini java javascript json julia kotlin lua
	make matlab nginx nix objective-c ocaml perl php powershell protobuf python r react ruby rust
	scala scss sql swift terraform tex toml typescript vim vue xml yaml zig`)

// languages are the lexers by every name that they have, and by the endings of their
// files where no language has that name.
var languages = sync.OnceValue(func() map[string]chroma.Lexer {
	names, endings := map[string]chroma.Lexer{}, map[string]chroma.Lexer{}
	for _, name := range colourful {
		lexer := lexers.Get(name)
		for _, alias := range append(lexer.Config().Aliases, name) {
			names[alias] = lexer
		}
		for _, pattern := range lexer.Config().Filenames {
			if _, isTaken := endings[pattern]; !isTaken {
				endings[pattern] = lexer
			}
		}
	}
	for pattern, lexer := range endings {
		ending, isEnding := strings.CutPrefix(pattern, "*.")
		if _, isTaken := names[ending]; isEnding && !isTaken {
			names[ending] = lexer
		}
	}
	return names
})

// code writes a block of code, which reads from left to right in every language.
func (w *writer) code(lines *text.Segments, language string) {
	code := string(lines.Value(w.source))
	w.str(`<pre dir="ltr" tabindex="0"><code>`)
	if lexer := languages()[strings.ToLower(language)]; lexer != nil && w.mayHighlight(code) {
		code = w.highlight(lexer, code)
	}
	w.text(code)
	w.str("</code></pre>\n")
}

func (w *writer) mayHighlight(code string) bool {
	for line := range strings.Lines(code) {
		if len(line) > maxHighlightedLine {
			return false
		}
	}
	w.highlighted += len(code)
	return w.highlighted <= maxHighlighted
}

// highlight writes code with colours as far as it comes, and returns the rest.
func (w *writer) highlight(lexer chroma.Lexer, code string) (rest string) {
	next, err := lexer.Tokenise(nil, code)
	if err != nil {
		return code
	}
	// The clock starts here, because a lexer takes its time when it is first used.
	start := time.Now()
	defer func() { w.highlightTime += time.Since(start) }()
	class := ""
	for w.highlightTime+time.Since(start) < maxHighlightTime {
		token := next()
		after, found := strings.CutPrefix(code, token.Value)
		if token == chroma.EOF || !found { // A lexer may change the code, or add to it.
			break
		}
		code = after
		if c := tokenClass(token.Type); c != class && strings.TrimSpace(token.Value) != "" {
			w.span(class, c)
			class = c
		}
		w.text(token.Value)
	}
	w.span(class, "")
	return code
}

// span ends what has one class and begins what has another.
func (w *writer) span(from, to string) {
	if from != "" {
		w.str("</span>")
	}
	if to != "" {
		w.str(`<span class="`, to, `">`)
	}
}

// tokenClass is what a token is called in static/highlight.css, or "".
func tokenClass(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Keyword), t.InSubCategory(chroma.CommentPreproc):
		return "hl-keyword"
	case t.InCategory(chroma.Comment):
		return "hl-comment"
	case t.InSubCategory(chroma.LiteralNumber):
		return "hl-number"
	case t.InCategory(chroma.Literal):
		return "hl-string"
	}
	switch t {
	case chroma.NameFunction, chroma.NameFunctionMagic, chroma.NameClass, chroma.NameTag, chroma.NameAttribute,
		chroma.NameDecorator, chroma.NameBuiltin, chroma.GenericHeading, chroma.GenericSubheading:
		return "hl-name"
	case chroma.GenericInserted:
		return "hl-added"
	case chroma.GenericDeleted:
		return "hl-removed"
	}
	return ""
}
