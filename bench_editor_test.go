//go:build bench

package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/guestpad/guestpad/views/markdown"
)

const (
	autosaveBytes = 4 << 10
	previewBytes  = 10 << 10
	manyNotes     = 5_000
	importedFiles = 1_000
)

// benchAutosave compares saving a note, as an open page does while somebody types, with
// the UPDATE that it comes down to.
func benchAutosave(t *testing.T, out *table) {
	s := startSite(t)
	clients, guests, versions := connectAllTo(t, s.addr, writers), make([]guest, writers), make([]int, writers)
	for i := range guests {
		guests[i], versions[i] = s.newGuest(1, 1, markdownText(autosaveBytes)), 1
	}
	text := markdownText(autosaveBytes)
	save := func(n, _ int) error {
		g, c := guests[n], clients[n]
		form := url.Values{"body": {fmt.Sprintf("# Draft %d of %d\n\n%s", versions[n], n, text)}, "version": {fmt.Sprint(versions[n])}}
		versions[n]++
		return c.want(c.form(http.MethodPut, "/notes/"+g.notes[0], g.cookie, form), http.StatusOK, fmt.Sprintf(`name="version" value="%d"`, versions[n]), "")
	}
	raw := openRawUpdates(t)
	taken := inTurns(rounds,
		func() float64 { return perSecond(t, 1, save) },
		func() float64 { return perSecond(t, writers, save) },
		func() float64 { return raw.notesOneByOne(t, text) },
	)
	for n, g := range guests {
		stored, err := s.store.Note(t.Context(), g.Viewer, g.notes[0])
		must(t, err)
		if stored.Version != int64(versions[n]) {
			t.Fatalf("client %d has saved version %d, and %d is stored", n, versions[n], stored.Version)
		}
	}
	out.compare("autosaves of 4 kB, 1 client, to raw UPDATEs one by one", "/s", taken[0], taken[2], noAim)
	out.compare(fmt.Sprintf("autosaves of 4 kB, %d clients, to raw UPDATEs one by one", writers), "/s", taken[1], taken[2], noAim)
}

// notesOneByOne updates notes as oneByOne does profiles.
func (r *rawUpdates) notesOneByOne(t *testing.T, text string) float64 {
	_, err := r.pool.Exec(`INSERT INTO notes (id, owner_id, version, created_at, updated_at, is_pinned, title, excerpt, body)
		VALUES ('raw', $1, 1, 0, 0, FALSE, 'Draft', '', $2) ON CONFLICT DO NOTHING`, rawOwner(0), text)
	must(t, err)
	update, err := r.pool.Prepare(`UPDATE notes SET body = $1, version = version + 1, updated_at = $2 WHERE id = $3 AND owner_id = $4`)
	must(t, err)
	defer update.Close()
	return perSecond(t, 1, func(int, int) error {
		r.done++
		_, err := update.Exec(fmt.Sprintf("# Draft %d\n\n%s", r.done, text), time.Now().UnixMilli(), "raw", rawOwner(0))
		return err
	})
}

// benchPreview compares the renderer with goldmark alone, with the same extensions.
func benchPreview(t *testing.T, out *table) {
	text := markdownText(previewBytes)
	bare := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))
	milliseconds := func(render func()) func() float64 {
		return func() float64 { return 1000 / perSecond(t, 1, func(int, int) error { render(); return nil }) }
	}
	taken := inTurns(rounds,
		milliseconds(func() {
			if doc := markdown.Render(text, markdown.Options{Tickable: true}); !strings.Contains(doc.HTML, "a walk</a>") {
				t.Fatal("the text was not rendered")
			}
		}),
		milliseconds(func() { must(t, bare.Convert([]byte(text), io.Discard)) }),
	)
	out.compare("preview of 10 kB, to goldmark alone", "ms", taken[0], taken[1], atMost(1.3))
}

// benchManyNotes opens the editor and searches where there are many notes.
func benchManyNotes(t *testing.T, out *table) {
	s := startSite(t)
	g := s.newGuest(1, manyNotes, markdownText(4<<10))
	page := s.browser.get("/editor", g.cookie)
	ours, bare := s.againstCopies(t, page, "/editor/"+g.notes[manyNotes-1], "</html>")
	out.compare("editor, 5,000 notes of 4 kB", "/s", ours, bare, atLeast(0.15))

	var took samples
	for i := range 200 {
		// Words that are in no note, in few, and in all of them.
		query := []string{"zebra", "giraffe walk", "note " + fmt.Sprint(i*20), "herons", "kilimanjaro"}[i%5]
		start := time.Now()
		a := s.browser.must(s.browser.get("/editor?q="+url.QueryEscape(query), g.cookie, "HX-Request: true"))
		took = append(took, time.Since(start).Seconds()*1000)
		if !bytes.Contains(a.body, []byte(`id="note-list"`)) {
			t.Fatalf("no list in:\n%s", a.body)
		}
	}
	slices.Sort(took)
	out.figure("search in 5,000 notes of 4 kB, median", "ms", samples{took.median()}, noAim)
	out.figure("  the same, 99th percentile of 200", "ms", samples{took[len(took)*99/100]}, atMost(50))
}

// benchImport brings in many files in one zip.
func benchImport(t *testing.T, out *table) {
	s := startSite(t)
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for i := range importedFiles {
		file, err := archive.Create(fmt.Sprintf("note %d.md", i))
		must(t, err)
		_, err = fmt.Fprintf(file, "# Imported %d\n\n%s", i, markdownText(4<<10))
		must(t, err)
	}
	must(t, archive.Close())
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("files", "notes.zip")
	must(t, err)
	_, err = part.Write(packed.Bytes())
	must(t, err)
	must(t, form.Close())
	var took samples
	for range 3 {
		g := s.newGuest(0, 0, "")
		c := connectTo(t, s.addr)
		start := time.Now()
		must(t, c.want(c.request(http.MethodPost, "/import", g.cookie, body.String(),
			"HX-Request: true", "Sec-Fetch-Site: same-origin", "Content-Type: "+form.FormDataContentType()), http.StatusOK, "Imported", ""))
		took = append(took, time.Since(start).Seconds()*1000)
		id, err := guestID(g.cookie)
		must(t, err)
		viewer, err := s.store.Guest(t.Context(), id)
		must(t, err)
		if has, err := s.store.Holdings(t.Context(), viewer); err != nil || has.Notes != importedFiles {
			t.Fatalf("%d notes came in, error %v", has.Notes, err)
		}
	}
	out.figure("import of 1,000 files of 4 kB in a zip", "ms", took, noAim)
}
