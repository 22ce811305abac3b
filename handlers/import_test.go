package handlers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/guestpad/guestpad/db"
)

// A file is what a form sends: a file, or a field when it has no name.
type file struct{ name, content string }

func value(name, value string) file { return file{"=" + name, value} }

// form is a form with files, as browsers send it.
func form(t testing.TB, files ...file) (contentType string, body []byte) {
	t.Helper()
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	for _, f := range files {
		if name, isField := strings.CutPrefix(f.name, "="); isField {
			if err := w.WriteField(name, f.content); err != nil {
				t.Fatal(err)
			}
			continue
		}
		part, err := w.CreateFormFile("files", f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), buffer.Bytes()
}

// imports sends files as the form of the import page does.
func (v *visitor) imports(files []file, headers ...header) answer {
	v.t.Helper()
	contentType, body := form(v.t, files...)
	r, err := http.NewRequestWithContext(v.t.Context(), "POST", v.site.url.String()+"/import", bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", contentType)
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
	}
	return v.send(r)
}

// titles is what stands in the list of notes, from the top.
func (v *visitor) titles() []string {
	v.t.Helper()
	guest, err := v.site.db.Guest(v.t.Context(), v.guestID())
	if err != nil {
		v.t.Fatal(err)
	}
	notes, _, err := v.site.db.Notes(v.t.Context(), guest, db.Cursor{}, 100)
	if err != nil {
		v.t.Fatal(err)
	}
	var titles []string
	for _, n := range notes {
		titles = append(titles, n.Title)
	}
	return titles
}

func TestFilesBecomeNotesWithoutJavaScript(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.get("/import").must(t, 200).has(t, `enctype="multipart/form-data"`, `name="files"`, `name="key"`, "512 KiB", "32 MiB")
	a := v.imports([]file{
		value("key", "k"), {"one.md", "# One\r\n\r\ntext"}, {"TWO.TXT", "\ufeffTwo"}, {"three.markdown", "Three"},
	}).must(t, 200).has(t, "<html", "3 notes came in.", ">One</a>", ">Two</a>", ">Three</a>").hasNot(t, "not taken,", "\ufeff")
	if got := v.titles(); !slices.Equal(got, []string{"One", "Two", "Three"}) {
		t.Errorf("the list shows %q", got)
	}
	link := a.body[strings.Index(a.body, `href="/editor/`)+6:]
	link = link[:strings.Index(link, `"`)]
	v.get(link).must(t, 200).has(t, "# One\n\ntext</textarea>")
}

func TestImportingByScriptAnswersWithPartsAndCountsOn(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.imports([]file{{"a.md", "A"}, {"b.png", ""}}, htmx).must(t, 200).
		has(t, `hx-target="#import-summary"`, `data-came="1" data-refused="1"`, `hx-target="#import-refused" hx-swap="afterbegin"`, "b.png", `hx-target="#import-came"`, ">A</a>", "1 note comes along").
		hasNot(t, "<html")
	v.imports([]file{value("came", "1"), value("refused", "1"), value("too_large", "big.zip"), value("too_large", "big.md"), {"c.md", "C"}}, htmx).must(t, 200).
		has(t, `data-came="2" data-refused="3"`, "2 notes came in.", "3 files were not taken", "big.zip", "larger than 32 MiB", "big.md", "512 KiB").hasNot(t, "b.png")
	v.imports([]file{value("came", "-1"), value("refused", "9999999999999999999"), {"d.md", "D"}}, htmx).must(t, 200).has(t, `data-came="1" data-refused="0"`)
}

func TestEachFileThatIsNotTakenSaysWhy(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	const limit = db.MaxNoteBytes
	refused := []struct{ name, content, why string }{
		{"photo.png", "x", "takes .md and .txt files"},
		{"README", "x", "takes .md and .txt files"},
		{"latin.txt", "caf\xe9", "not UTF-8"},
		{"wide.txt", "\xff\xfeh\x00i\x00", "not UTF-8"},
		{"nul.md", "a\x00b", "NUL characters"},
		{"long.md", strings.Repeat("x", limit+1), "longer than the 512 KiB"},
		{"longer.md", strings.Repeat("x", 3*limit), "longer than the 512 KiB"},
		{"empty.md", "", "nothing in it"},
		{"blank.md", "\ufeff \r\n\t", "nothing in it"},
		{"broken.zip", "PK nothing", "no zip, or it is damaged"},
		{"\u202egnp.exe", "x", "takes .md and .txt files"},
		{"<script>alert(1)</script>.exe", "x", "takes .md and .txt files"},
		{`C:\secret\plan.doc`, "x", "takes .md and .txt files"},
	}
	var files []file
	for _, r := range refused {
		files = append(files, file{r.name, r.content})
	}
	a := v.imports(files).must(t, 422).has(t, "No note came in.", "13 files were not taken, and are as they were")
	a.hasNot(t, "\u202e", "secret", `C:\`)
	for _, r := range refused {
		b := v.imports([]file{{r.name, r.content}}).must(t, 422).has(t, r.why)
		if strings.Contains(b.body, "<script>alert") {
			t.Errorf("%q is shown as HTML", r.name)
		}
	}
	if n := s.rows(`SELECT count(*) FROM notes`) + s.rows(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d rows were made for nothing", n)
	}
	// What the line ends and the front matter take is no part of the note.
	v.imports([]file{
		{"crlf.md", strings.Repeat("\r\n", limit/2) + strings.Repeat("x", limit/2)},
		{"full.md", "---\n" + frontMatterMark + "\ntitle: \"\"\ncreated: \nupdated: \nprofiles: []\n---\n\n" + strings.Repeat("x", limit)},
	}).must(t, 200).has(t, "2 notes came in.")
}

func TestAFormWithoutFilesSaysWhatToDo(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.imports([]file{value("key", "k"), {"", ""}}).must(t, 422).has(t, "Choose one or more files first.")
	v.imports(nil, header{"Content-Type", "multipart/form-data"}).must(t, 400)
	v.imports(nil, header{"Content-Type", "multipart/form-data; boundary=none"}).must(t, 422).has(t, "Choose one or more files first.")
	v.post("/import", map[string][]string{"files": {"x"}}).must(t, 415)
}

func TestAThousandFilesComeInAtOnce(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	files := []file{value("key", "k")}
	for i := range 1000 {
		files = append(files, file{fmt.Sprintf("note-%04d.md", i), fmt.Sprintf("# Note %d\n\n%s", i, strings.Repeat("some words ", 100))})
	}
	start := time.Now()
	a := v.imports(files).must(t, 200)
	t.Logf("1000 files in %s", time.Since(start).Round(time.Millisecond))
	a.has(t, "1000 notes came in.", "Note 0</a>", "and 900 more notes").hasNot(t, "not taken,")
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1000 {
		t.Errorf("%d notes", n)
	}
	if got := v.titles()[:3]; !slices.Equal(got, []string{"Note 0", "Note 1", "Note 2"}) {
		t.Errorf("the list begins with %q", got)
	}
	// Sent again, as after an answer that was lost, they are the same notes.
	v.imports(files).must(t, 200).has(t, "1000 notes came in.")
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1000 {
		t.Errorf("sent twice they are %d notes", n)
	}
}

func TestMoreFilesThanAnImportLooksAtAreNamedAsProblem(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	files := make([]file, 0, maxFiles+2)
	for range maxFiles + 1 {
		files = append(files, file{"a.png", ""})
	}
	v.imports(append(files, file{"last.md", "last"})).must(t, 422).has(t, "More than 5,000 files", "5000 files were not taken").hasNot(t, ">last</a>")
}

func TestTheSameTextTwiceInAnImportIsTwoNotes(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	files := []file{value("key", "k"), {"a.md", "same"}, {"b.md", "same"}}
	v.imports(files).must(t, 200).has(t, "2 notes came in.")
	v.imports(files).must(t, 200).has(t, "2 notes came in.")
	if n := s.rows(`SELECT count(*) FROM notes`); n != 2 {
		t.Errorf("%d notes", n)
	}
	v.imports(files[1:]).must(t, 200) // without a key every time counts
	files[0].content = "another"
	v.imports(files).must(t, 200)
	if n := s.rows(`SELECT count(*) FROM notes`); n != 6 {
		t.Errorf("%d notes", n)
	}
	// The key is no way to someone else's notes.
	other := s.newGuest()
	other.imports(files).must(t, 200)
	other.imports(files).must(t, 200)
	if n := s.rows(`SELECT count(*) FROM notes WHERE owner_id = ?`, other.guestID()); n != 2 {
		t.Errorf("the other has %d notes", n)
	}
}

func TestFilesBeyondTheLimitOfNotesAreNamed(t *testing.T) {
	s := newSite(t, func(c *Config) {
		store, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "small.db"), MaxNotes: 60, Log: c.Log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		c.DB = store
	})
	v := s.newGuest()
	var files []file
	for i := range 70 {
		files = append(files, file{fmt.Sprintf("n%02d.md", i), fmt.Sprint("note ", i)})
	}
	v.imports(files).must(t, 200).has(t, "60 notes came in.", "10 files were not taken", "n60.md", "n69.md", "as many notes as there can be").hasNot(t, "n59.md")
	v.imports([]file{{"late.md", "late"}}).must(t, 422).has(t, "late.md", "as many notes as there can be")
}

func TestTimesOfOurFrontMatterAreRestoredWhenTheyCanBe(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	const before, after = "---\n" + frontMatterMark + "\ntitle: \"x: y\"\n", "\nprofiles: [\"🦊 Red Fox\"]\n---\n\n"
	times := func(created, updated string) string {
		return before + "created: " + created + "\nupdated: " + updated + after
	}
	future := s.clock.now().Add(time.Hour).Format(time.RFC3339)
	for name, c := range map[string]struct{ text, created, updated, body string }{
		"both":                     {times("2020-01-02T03:04:05.678Z", "2021-01-02T03:04:05.999Z"), "1577934245678", "1609556645999", "body 1"},
		"with a zone":              {times("2020-01-02T04:04:05.678+01:00", "2021-01-02T03:04:05.999Z"), "1577934245678", "1609556645999", "body 2"},
		"saved in the future":      {times("2020-01-02T03:04:05.678Z", future), "1577934245678", "", "body 3"},
		"made in the future":       {times(future, "2021-01-02T03:04:05.999Z"), "1609556645999", "1609556645999", "body 4"},
		"made after it was saved":  {times("2022-01-02T03:04:05Z", "2021-01-02T03:04:05.999Z"), "1609556645999", "1609556645999", "body 5"},
		"no times":                 {times("yesterday", "1/2/2020"), "", "", "body 6"},
		"before there were any":    {times("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"), "", "", "body 7"},
		"with Windows' line ends ": {strings.ReplaceAll(times("2020-01-02T03:04:05.678Z", "2021-01-02T03:04:05.999Z"), "\n", "\r\n"), "1577934245678", "1609556645999", "body 8"},
	} {
		v.imports([]file{{"a.md", c.text + c.body}}).must(t, 200)
		created := s.text(`SELECT created_at FROM notes WHERE body = ?`, c.body)
		updated := s.text(`SELECT updated_at FROM notes WHERE body = ?`, c.body)
		now := strconv.FormatInt(s.clock.now().UnixMilli(), 10)
		isPresent := func(ms string) bool { return ms > "17" && ms <= now }
		if c.created != created && (c.created != "" || !isPresent(created)) || c.updated != updated && (c.updated != "" || !isPresent(updated)) {
			t.Errorf("%s: created %s, updated %s", name, created, updated)
		}
	}
}

func TestFrontMatterOfOthersIsText(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for _, text := range []string{
		"---\ntitle: \"x\"\ncreated: 2020-01-02T03:04:05Z\nupdated: 2020-01-02T03:04:05Z\nprofiles: []\n---\n\nHugo's",
		"---\n" + frontMatterMark + "\ntitle: \"x\"\ntags: [a]\ncreated: 2020-01-02T03:04:05Z\nupdated: 2020-01-02T03:04:05Z\nprofiles: []\n---\n\nedited",
		"---\n" + frontMatterMark + "\ntitle: \"x\"\n",
		"---\n" + frontMatterMark,
		"\n---\n" + frontMatterMark + "\ntitle: \"\"\ncreated: \nupdated: \nprofiles: []\n---\n\nnot at the beginning",
		"---\n\n---\n", "one\ntwo\nthree\nfour\n---\n\nfive",
	} {
		v.imports([]file{{"a.md", text}}).must(t, 200)
		if n := s.rows(`SELECT count(*) FROM notes WHERE body = ?`, text); n != 1 {
			t.Errorf("%q is stored %d times", text, n)
		}
	}
}

func TestAnUploadIsBounded(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	large := []file{{"a.md", "a"}, {"large.zip", strings.Repeat("x", uploadBody)}}
	v.imports(large).must(t, 413).has(t, "nothing was imported", "Your files are as they were")
	v.imports(large, htmx).must(t, 413).has(t, "nothing was imported").hasNot(t, "<html")
	// Chunked, so that no Content-Length gives it away.
	contentType, body := form(t, large...)
	r, err := http.NewRequest("POST", s.url.String()+"/import", struct{ io.Reader }{bytes.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	v.send(r).must(t, 413)
	s.visitor().imports([]file{{"a.zip", strings.Repeat("x", 8<<20)}}).must(t, 403).has(t, "Your browser did not say who you are")
	if n := s.rows(`SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("%d notes", n)
	}
}

func TestABrowserThatSendsEverythingBeforeItReadsLearnsWhyItWasRefused(t *testing.T) {
	s := newSite(t)
	conn, err := net.Dial("tcp", s.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	contentType, body := form(t, file{"a.zip", strings.Repeat("x", 16<<20)})
	_, err = fmt.Fprintf(conn, "POST /import HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", s.url.Host, contentType, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 403 {
		t.Errorf("%v, %v", response, err)
	}
}

func TestAnUploadThatBreaksOffImportsNothingAndLeavesNoFile(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := newSite(t)
	v := s.newGuest()
	contentType, body := form(t, file{"a.md", "first"}, file{"b.md", strings.Repeat("x", 100_000)})
	for _, c := range []struct {
		fault  error
		status int
	}{{io.ErrUnexpectedEOF, 400}, {os.ErrDeadlineExceeded, 408}} {
		r := httptest.NewRequest("POST", "/import", io.MultiReader(bytes.NewReader(body[:50_000]), iotest.ErrReader(c.fault)))
		r.Host = s.url.Host
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "__Host-guest", Value: v.cookie("__Host-guest")})
		w := httptest.NewRecorder()
		s.router.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%v: status %d\n%s", c.fault, w.Code, w.Body)
		}
	}
	v.imports([]file{{"whole.md", "whole"}, {"a.zip", "no zip"}}).must(t, 200)
	if got := v.titles(); !slices.Equal(got, []string{"whole"}) {
		t.Errorf("the list shows %q", got)
	}
	if left, err := os.ReadDir(temp); err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "guestpad-upload") }) {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

func TestAServerThatCannotKeepUploadsSaysSo(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	v.imports([]file{{"a.md", "a"}}).must(t, 503).has(t, "There is no room for files", "nothing was imported").hasNot(t, "/none")
}

func TestADatabaseThatFailsAsksForTheFilesAgain(t *testing.T) {
	t.Parallel() // it waits as long as a write does
	s := newSite(t)
	v := s.newGuest()
	files := []file{value("key", "k"), {"a.md", "a"}}
	other := rawHandle(t, s.dbPath)
	defer other.Close()
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	if a := v.imports(files).must(t, 503).has(t, "They are as they were", "does not come twice"); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if _, err := other.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	v.imports(files).must(t, 200).has(t, "1 note came in.")
}

// slowWriter notes what time a handler takes itself, and runs a hook with every write.
type slowWriter struct {
	*httptest.ResponseRecorder
	reads, writes []time.Time
	onWrite       func()
}

func (w *slowWriter) SetReadDeadline(at time.Time) error { w.reads = append(w.reads, at); return nil }
func (w *slowWriter) SetWriteDeadline(at time.Time) error {
	w.writes = append(w.writes, at)
	return nil
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if w.onWrite != nil {
		w.onWrite()
	}
	return w.ResponseRecorder.Write(p)
}

// serve answers a request of the visitor without a network.
func (v *visitor) serve(w http.ResponseWriter, r *http.Request) {
	r.Host = v.site.url.Host
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, name := range []string{"__Host-guest", "__Host-session"} {
		if value := v.cookie(name); value != "" {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	v.site.router.ServeHTTP(w, r)
}

func TestAnUploadMayTakeLongerThanAPage(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	contentType, body := form(t, file{"a.md", "a"})
	r := httptest.NewRequest("POST", "/import", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := &slowWriter{ResponseRecorder: httptest.NewRecorder()}
	v.serve(w, r)
	if w.Code != 200 || len(w.reads) != 2 || time.Until(w.reads[0]) < uploadPatience-time.Minute || !w.reads[1].IsZero() {
		t.Errorf("status %d, deadlines for reading %v", w.Code, w.reads)
	}
	if len(w.writes) == 0 || time.Until(w.writes[len(w.writes)-1]) < importPatience-time.Minute {
		t.Errorf("deadlines for the answer %v", w.writes)
	}
}

func TestOnlySoManyUploadsAreKeptAtOnce(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	contentType, body := form(t, file{"a.md", "a"})
	// Each of these stands still in the middle of its upload.
	arrived, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan int)
	for range uploadsAtOnce {
		go func() {
			var once sync.Once
			r := httptest.NewRequest("POST", "/import", io.MultiReader(bytes.NewReader(body[:10]), readerFunc(func([]byte) (int, error) {
				once.Do(func() {
					arrived <- struct{}{}
					<-goOn
				})
				return 0, io.ErrUnexpectedEOF
			})))
			r.Header.Set("Content-Type", contentType)
			w := httptest.NewRecorder()
			v.serve(w, r)
			ended <- w.Code
		}()
	}
	for range uploadsAtOnce {
		<-arrived
	}
	ninth := make(chan answer)
	go func() { ninth <- v.imports([]file{{"b.md", "b"}}) }()
	select {
	case <-ninth:
		t.Error("one more was taken")
	case goOn <- struct{}{}:
		<-ended
	}
	(<-ninth).must(t, 200)
	for range uploadsAtOnce - 1 {
		goOn <- struct{}{}
		<-ended
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnImportThatSomeoneElseSendsIsRefused(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.imports([]file{{"a.md", "planted"}}, header{"Sec-Fetch-Site", "cross-site"}).must(t, 403)
	if n := s.rows(`SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("%d notes", n)
	}
	// A guest that was merged in the meantime is told so.
	old := s.newGuest()
	old.write("mine")
	guest, err := s.db.Guest(t.Context(), old.guestID())
	if err != nil {
		t.Fatal(err)
	}
	old.signIn("ada")
	in := &intake{db: s.db, ctx: t.Context(), viewer: guest, now: s.clock.now()}
	if err := in.readText("a.md", strings.NewReader("late")); err != nil {
		t.Fatal(err)
	}
	if err := in.store(); !errors.Is(err, db.ErrViewerGone) {
		t.Errorf("after the merge: %v", err)
	}
}
