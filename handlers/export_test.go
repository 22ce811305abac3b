package handlers

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestpad/guestpad/db"
)

// unzipped is the files of an exported zip, in their order.
func unzipped(t testing.TB, archive string) []file {
	t.Helper()
	reader, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	for _, f := range reader.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		files = append(files, file{f.Name, string(content)})
	}
	return files
}

// name is the file name that an answer gives itself.
func (a answer) name(t testing.TB) string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" {
		t.Errorf("Content-Disposition is %q: %v", a.Header.Get("Content-Disposition"), err)
	}
	return params["filename"]
}

func TestANoteIsDownloadedAsAFile(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("# Übersicht: \"a\" / b\n\n- x\n")
	a := v.get("/notes/"+id+"/export").must(t, 200)
	if got := a.name(t); got != "Übersicht- -a- - b.md" {
		t.Errorf("it is called %q", got)
	}
	if got := a.Header.Get("Content-Type"); got != "text/markdown; charset=utf-8" {
		t.Errorf("its type is %q", got)
	}
	if !strings.HasPrefix(a.body, "---\n"+frontMatterMark+"\ntitle: \"Übersicht: \\\"a\\\" / b\"\ncreated: 20") || !strings.HasSuffix(a.body, "\n---\n\n# Übersicht: \"a\" / b\n\n- x\n") {
		t.Errorf("it holds\n%s", a.body)
	}
	s.newGuest().get("/notes/"+id+"/export").must(t, 404).hasNot(t, "bersicht")
	v.do("DELETE", "/notes/"+id, nil).must(t, 303)
	v.get("/notes/"+id+"/export").must(t, 404) // what is in the trash cannot be read
}

func TestAllNotesAreDownloadedByGuestsAndByUsers(t *testing.T) {
	s := newSite(t)
	v, other := s.newGuest(), s.newGuest()
	other.write("someone else's")
	v.get("/export").must(t, 404).has(t, "nothing to download yet")
	v.write("# One\n\nfirst")
	second := "# one\n\nsecond " + noise(3000)
	v.write(second)
	v.do("DELETE", "/notes/"+v.write("deleted"), nil).must(t, 303)
	v.post("/profiles", url.Values{"emoji": {"🦊"}, "name": {`Fox: "red" #1`}, "is_active": {"true"}}).must(t, 303)
	check := func() {
		t.Helper()
		a := v.get("/export", header{"Accept-Encoding", "gzip"}).must(t, 200)
		if a.name(t) != "guestpad-"+s.clock.now().Format(time.DateOnly)+".zip" || a.Header.Get("Content-Type") != "application/zip" || a.Header.Get("Content-Encoding") != "" {
			t.Errorf("header %v", a.Header)
		}
		files := unzipped(t, a.body)
		if len(files) != 2 || files[0].name != "one.md" || files[1].name != "One (2).md" || !strings.HasSuffix(files[0].content, "\n---\n\n"+second) {
			t.Fatalf("files %q", files)
		}
		if !strings.Contains(files[0].content, `🦊 Fox: \"red\" #1"]`) {
			t.Errorf("front matter %q", files[0].content)
		}
	}
	check()
	v.signIn("ada")
	check()
	if a := v.do("HEAD", "/export", nil).must(t, 200); a.body != "" || a.name(t) == "" {
		t.Errorf("HEAD: %v", a.Header)
	}
}

func TestAnEndedSessionDoesNotExportTheGuestInItsPlace(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("mine")
	v.signIn("ada")
	session := v.cookie("__Host-session")
	v.post("/logout", url.Values{}).must(t, 303)
	v.write("a guest's")
	v.setCookie("__Host-session", session)
	v.get("/export").must(t, 403).has(t, "You are signed out", "They are safe").hasNot(t, "a guest's")
}

func TestWhatIsExportedComesInAgainAsItWas(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	texts := []string{
		"# Plain\n\ntext", "same", "same", "no title\n\n\n", "\n\n  leading", "---\n", "---\ntitle: theirs\n---\n\nbody", "\ufeffwith a mark",
		"---\n" + frontMatterMark + "\ntitle: \"x\"\ncreated: 2020-01-01T00:00:00Z\nupdated: 2020-01-01T00:00:00Z\nprofiles: []\n---\n\npasted from an export",
		"שלום\u202e עולם", "👩‍💻 emoji", "tab\tand\u0085next line\u2028and\x7f more", "# CON", "# ...", "# ../../etc/passwd", "# a\\b:c*d?e\"f<g>h|i", "a\x01b", "  ",
		strings.Repeat("x", db.MaxNoteBytes), "# " + strings.Repeat("long ", 100), "# Ä", "# A\u0308", "# ä",
	}
	id := v.write("emptied")
	v.do("PUT", "/notes/"+id, url.Values{"body": {""}, "version": {"1"}}, htmx).must(t, 200)
	id = v.write("blanked")
	v.do("PUT", "/notes/"+id, url.Values{"body": {"  "}, "version": {"1"}}, htmx).must(t, 200)
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			v.write(text)
		}
		s.clock.advance(time.Minute)
	}
	archive := v.get("/export").must(t, 200).body
	seen := map[string]bool{}
	for _, f := range unzipped(t, archive) {
		if key := strings.ToLower(f.name); seen[key] {
			t.Errorf("two files are called %q", f.name)
		}
		seen[strings.ToLower(f.name)] = true
	}
	other := s.newGuest()
	other.imports([]file{{"all.zip", archive}}).must(t, 200).has(t, fmt.Sprint(len(texts)+1, " notes came in.")).hasNot(t, "not taken,")
	notes := func(v *visitor) string {
		return s.text(`SELECT group_concat(line, char(10)) FROM (SELECT created_at || ' ' || updated_at || ' ' || title || ' ' || hex(body) AS line FROM notes WHERE owner_id = ? ORDER BY updated_at, hex(body))`, v.guestID())
	}
	if mine, theirs := notes(v), notes(other); mine != theirs {
		for i, line := range strings.Split(mine, "\n") {
			if other := strings.Split(theirs, "\n")[i]; line != other {
				t.Errorf("\n%.200s became\n%.200s", line, other)
			}
		}
	}
}

func TestATitlePutsNothingIntoAHeader(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for _, title := range []string{
		"x\r\nSet-Cookie: a=b", `x"; filename="evil.exe`, "x\x01y", "x\u202egnp.exe", "../../.bashrc", "x\nLocation: https://evil.example", "%0d%0aX: y", "é\"'\\;=",
	} {
		a := v.get("/notes/"+v.write("# "+title)+"/export").must(t, 200)
		name := a.name(t)
		if a.sets("a") != nil || a.location() != "" || a.Header.Get("X") != "" || !strings.HasSuffix(name, ".md") || strings.ContainsAny(name, "/\\\"\r\n\x01\u202e") {
			t.Errorf("%q: %v", title, a.Header)
		}
		if raw := a.Header.Get("Content-Disposition"); strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: %q", title, raw)
		}
	}
}

func TestFileNamesSuitEveryFileSystem(t *testing.T) {
	for title, want := range map[string]string{
		"Trip to Lisbon": "Trip to Lisbon", "": "Untitled", "   ": "Untitled", "...": "Untitled", "???": "Untitled",
		"a/b\\c": "a-b-c", `<a>:"b"|c?*`: "a---b--c--", "../../etc/passwd": "etc-passwd", ".hidden": "hidden", "-rf": "rf", "~": "Untitled",
		"CON": "_CON", "con.txt": "_con.txt", "Lpt1": "_Lpt1", "COM¹": "_COM¹", "aux .md": "_aux .md", "console": "console", "NUL": "_NUL", "conout$": "_conout$",
		"ends with. ": "ends with", "a\u202eb\u200bc\x07d": "abcd", "tab\there": "tab here", "A\u0308": "Ä", "日本語": "日本語",
		strings.Repeat("x", 200): strings.Repeat("x", maxFileName), strings.Repeat("é", 200): strings.Repeat("é", maxFileName/2), "a\xffb": "ab",
	} {
		if got := fileName(title); got != want {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
	names := newFileNames()
	var got []string
	for _, title := range []string{"a", "A", "a (2)", "a", "Ä", "a\u0308", "", "Untitled", "straße", "STRASSE"} {
		got = append(got, names.of(title))
	}
	if want := []string{"a.md", "A (2).md", "a (2) (2).md", "a (3).md", "Ä.md", "ä (2).md", "Untitled.md", "Untitled (2).md", "straße.md", "STRASSE (2).md"}; !slices.Equal(got, want) {
		t.Errorf("names %q", got)
	}
}

// noise is a text that does not get shorter.
func noise(bytes int) string {
	text := make([]byte, bytes)
	for i := range text {
		text[i] = byte('!' + rand.IntN(90))
	}
	return string(text)
}

func TestALongExportMayTakeAMinuteForEachNote(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for range 5 {
		v.write(noise(10_000))
	}
	w := &slowWriter{ResponseRecorder: httptest.NewRecorder()}
	longest := 0
	w.onWrite = func() {
		if len(w.writes) == 0 || time.Until(w.writes[len(w.writes)-1]) < notePatience/2 {
			t.Error("a write without time for it")
		}
		longest = max(longest, len(w.writes))
	}
	v.serve(w, httptest.NewRequest("GET", "/export", nil))
	if w.Code != 200 || len(w.writes) != 6 || longest < 5 || len(w.reads) == 0 || !w.reads[0].IsZero() {
		t.Errorf("status %d, %d deadlines, %v", w.Code, len(w.writes), w.reads)
	}
}

func TestANoteThatIsSavedDuringTheExportIsInItOnce(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	ids := []string{v.write("0" + noise(10_000)), v.write("1" + noise(10_000)), v.write("2" + noise(10_000)), v.write("3" + noise(10_000))}
	w := &slowWriter{ResponseRecorder: httptest.NewRecorder()}
	w.onWrite = func() {
		w.onWrite = nil
		v.do("PUT", "/notes/"+ids[0], url.Values{"body": {"0 saved again"}, "version": {"1"}}, htmx).must(t, 200)
		v.do("DELETE", "/notes/"+ids[1], nil).must(t, 303)
		v.write("written meanwhile")
	}
	v.serve(w, httptest.NewRequest("GET", "/export", nil))
	var begin []string
	for _, f := range unzipped(t, w.Body.String()) {
		_, body, _ := strings.Cut(f.content, "---\n\n")
		begin = append(begin, body[:1])
	}
	if got := strings.Join(begin, ""); got != "320" {
		t.Errorf("the zip holds %q", got)
	}
}

func TestAnExportWhoseNotesMoveAwayIsCutOffAndNotCutShort(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for range 4 {
		v.write(noise(10_000))
	}
	w := &slowWriter{ResponseRecorder: httptest.NewRecorder()}
	w.onWrite = func() {
		w.onWrite = nil
		v.signIn("ada")
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("the answer ended with %v", err)
		}
		if !strings.Contains(s.log.String(), "export broken off") {
			t.Error("the log does not say so")
		}
	}()
	v.serve(w, httptest.NewRequest("GET", "/export", nil))
}
