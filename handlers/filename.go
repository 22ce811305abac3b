package handlers

import (
	"mime"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxFileName is how long the name of an exported file may be without its ending and a
// number, in bytes. File systems take 255, and the folders around it count on some.
const maxFileName = 70

// reserved are names that Windows takes for devices, with whatever ending.
var reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)`)

// fileName makes a name that every file system takes, without an ending, from a title.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, r) {
			return '-'
		}
		return r
	}, printable(title))
	// Some programs hide what begins with a dot or take a dash for an option, and Windows
	// drops dots and spaces at the end.
	name = strings.TrimLeft(norm.NFC.String(name), " .-~")
	end := 0
	for g := graphemes.FromString(name); g.Next() && end+len(g.Value()) <= maxFileName; {
		end += len(g.Value())
	}
	name = strings.TrimRight(name[:end], " .")
	switch {
	case name == "":
		return "Untitled"
	case reserved.MatchString(name):
		return "_" + name
	}
	return name
}

// printable drops what is not seen: control and bidi characters, line ends, invalid bytes.
// Other white space becomes a space.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar:
			return -1
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, s)
}

// fileNames gives every file of a folder a name of its own, also where the file system
// takes Ä for ä. Of one spelling of ä and another, fileName has made the same.
type fileNames struct {
	taken map[string]bool
	// counts is how many files wanted a name.
	counts map[string]int
}

func newFileNames() fileNames {
	return fileNames{taken: map[string]bool{}, counts: map[string]int{}}
}

// of is the name of a file for a note with this title.
func (f fileNames) of(title string) string {
	base := fileName(title)
	name := base
	for f.taken[folded(name)] {
		f.counts[folded(base)]++
		name = base + " (" + strconv.Itoa(f.counts[folded(base)]+1) + ")"
	}
	f.taken[folded(name)] = true
	return name + ".md"
}

func folded(name string) string { return cases.Fold().String(name) }

// attach says that the answer is a file to keep. The name is encoded (RFC 6266), so that
// a title can put nothing else into the header.
func attach(c echo.Context, name string) {
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}
