package markdown

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/util"
)

// bareLinks finds addresses that no mark is around. Goldmark's own patterns end at the
// first letter that is not English, and count to 256 for each.
var bareLinks = extension.NewLinkifyParser(
	extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}),
	extension.WithLinkifyURLRegexp(regexp.MustCompile(`^https?://[\p{L}\p{N}]`+untilSpace)),
	extension.WithLinkifyWWWRegexp(regexp.MustCompile(`^www\.[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+(?:[:/?#]`+untilSpace+`)?`)),
)

// untilSpace ends an address also where a script goes on that is written without spaces.
const untilSpace = `[^\s\p{Z}<\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\x{3000}-\x{303f}\x{ff00}-\x{ffef}]*`

// safeURL is the address of a link or an image as the page has it, or "" when a browser
// must not see it. Addresses that stay on this site stay relative. A literal address
// stands for itself; in others &#106; is a j, as in text.
func safeURL(destination []byte, isLiteral bool) string {
	// White space, control characters, quotes and backslashes are escaped here, so that a
	// browser reads the same scheme as we do.
	address := string(util.URLEscape(destination, !isLiteral))
	for i := range len(address) {
		if address[i] <= ' ' || address[i] > '~' {
			return ""
		}
	}
	if end := strings.IndexAny(address, ":/?#"); end >= 0 && address[end] == ':' {
		switch strings.ToLower(address[:end]) {
		case "http", "https", "mailto":
		default:
			return ""
		}
	}
	return address
}

// remote is the whole address and the host of an image from elsewhere, or "".
func remote(address string) (whole, host string) {
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", ""
	}
	return address, u.Host
}

func (w *writer) link(n *ast.Link) {
	w.anchor(safeURL(n.Destination, false), n.Title, func() { w.children(n) })
}

func (w *writer) autoLink(n *ast.AutoLink) {
	address := n.URL(w.source)
	if n.AutoLinkType == ast.AutoLinkEmail {
		address = append([]byte("mailto:"), n.Label(w.source)...)
	}
	w.anchor(safeURL(address, true), nil, func() { w.text(string(n.Label(w.source))) })
}

// anchor writes a link around its content, or the content alone when the address is not
// safe or a link is around it already: HTML has none inside of another.
func (w *writer) anchor(address string, title []byte, content func()) {
	if address == "" || w.inLink {
		content()
		return
	}
	w.inLink = true
	w.str(`<a href="`)
	w.text(address)
	w.title(title)
	// What a guest links to must not gain from it, nor get hold of this page.
	w.str(`" rel="noopener nofollow ugc">`)
	content()
	w.str(`</a>`)
	w.inLink = false
}

// image shows an image from elsewhere, or a link to it. Of any other there is only the
// description: a data: address may be a whole document, and this site keeps no images.
func (w *writer) image(n *ast.Image) {
	description := w.plain(n)
	whole, host := remote(safeURL(n.Destination, false))
	switch {
	case whole == "":
		w.text(description)
		return
	case w.options.Images:
		w.str(`<img src="`)
		w.text(whole)
		w.str(`" alt="`)
		w.text(description)
		w.title(n.Title)
		w.str(`" loading="lazy" referrerpolicy="no-referrer">`)
	default:
		w.imageLink(whole, host, description)
	}
	w.remoteImages++
}

func (w *writer) imageLink(address, host, description string) {
	if description != "" {
		description = ": " + description
	}
	if !w.inLink {
		w.str(`<a class="image-link" href="`)
		w.text(address)
		w.str(`" rel="noopener nofollow ugc">`)
		defer w.str(`</a>`)
	}
	w.text("Image" + description + " (" + host + ")")
}
