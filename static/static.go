// Package static carries the stylesheets, htmx and our one small script in the binary,
// and serves them under a path that names their content.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed *.css *.js *.svg vendor
var files embed.FS

// Assets serves the embedded files.
type Assets struct {
	prefix string
}

// New reads every file once to compute the path that they are served under.
func New() (Assets, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		sum.Write([]byte(path))
		sum.Write(content)
		return err
	})
	if err != nil {
		return Assets{}, err
	}
	return Assets{prefix: "/static/" + hex.EncodeToString(sum.Sum(nil))[:16] + "/"}, nil
}

// URL is the path of a file, such as "guestpad.css". It changes when any file does.
func (a Assets) URL(name string) string { return a.prefix + name }

// ServeHTTP answers with a file that browsers may keep for a year, or with 404. There are
// no listings, and a path cannot leave the embedded files.
func (a Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, found := strings.CutPrefix(r.URL.Path, a.prefix)
	if info, err := fs.Stat(files, name); !found || err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, files, name)
}
