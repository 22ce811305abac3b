package main

import (
	"context"
	"database/sql"
	"flag"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite"

	"github.com/guestpad/guestpad/handlers/fakegithub"
)

// crashes is how often TestKilledAtAnyMomentItKeepsEveryAcknowledgedWord kills the program.
var crashes = flag.Int("crashes", 2, "how often the program is killed in the middle of its work")

const (
	// crashesAFolder is how often one data folder lives through it.
	crashesAFolder = 100
	// startPatience is how long a start may take after that, up to the first answer.
	startPatience   = time.Second
	crashBrowsers   = 3
	killedWithin    = 150 * time.Millisecond
	loginWithin     = 10 * time.Millisecond
	crashingSignIns = 2 // of so many browsers one signs in
)

// TestKilledAtAnyMomentItKeepsEveryAcknowledgedWord kills the program with SIGKILL while
// browsers write, save and sign in, and starts it again. What was acknowledged is there,
// once, for whom it belongs to. What was under way has happened or has not, as a whole, and
// sending it again puts it right.
func TestKilledAtAnyMomentItKeepsEveryAcknowledgedWord(t *testing.T) {
	for left := *crashes; left > 0; left -= crashesAFolder {
		c := &crashing{program: &program{t: t, data: t.TempDir()}}
		c.launch()
		t.Cleanup(c.stop)
		for range min(left, crashesAFolder) {
			c.round()
		}
		c.stop()
		t.Logf("%d starts took up to %s; %d notes; of %d logins whose answers were lost, %d had happened",
			c.starts, c.slowest.Round(time.Millisecond), c.notes, c.lost, c.happened)
	}
}

// crashing is a program that is killed again and again.
type crashing struct {
	*program
	starts, notes  int
	lost, happened int // logins
	slowest        time.Duration
}

// launch starts the program and waits for its first answer.
func (c *crashing) launch() {
	c.t.Helper()
	begun := time.Now()
	c.start("--demo", "--writes-per-minute=1000000", "--max-notes=1000000")
	b := c.newCrashBrowser()
	if status, _, err := b.send("GET", "/editor", nil); err != nil || status != 200 {
		c.t.Fatalf("the first answer is %d, %v", status, err)
	}
	took := time.Since(begun)
	if took > startPatience {
		c.t.Errorf("the first answer came after %s", took)
	}
	c.starts++
	c.slowest = max(c.slowest, took)
}

// round lets browsers work, kills the program at some moment, starts it again and looks.
func (c *crashing) round() {
	c.t.Helper()
	browsers := make([]*crashBrowser, crashBrowsers)
	back := make(chan bool, crashBrowsers)
	var working sync.WaitGroup
	for i := range browsers {
		b := c.newCrashBrowser()
		browsers[i] = b
		_, page, err := b.send("GET", "/editor", nil)
		if err != nil {
			c.t.Fatal(err)
		}
		b.viewer = crashViewer.FindStringSubmatch(page.body)[1]
		working.Go(b.writeOn)
		if rand.N(crashingSignIns) == 0 {
			b.person = fakegithub.People[i].Login
			working.Go(func() { b.signInSometime(back) })
		}
	}
	select {
	case <-back: // more often than chance would have it, a login is in the middle
		time.Sleep(rand.N(loginWithin))
	case <-time.After(rand.N(killedWithin)):
	}
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	working.Wait()
	<-c.done
	c.launch()
	c.checkRows(browsers)
	for _, b := range browsers {
		b.base = c.url
		b.findEverything()
		c.notes += len(b.notes)
	}
	c.checkNotes()
}

// crashBrowser is a browser with two tabs: one writes, and one may sign in.
type crashBrowser struct {
	t      testing.TB
	base   string
	client *http.Client
	notes  []*crashNote // its writing tab's
	viewer string       // who opened that tab, as its form says
	// person is who signs in, or "". asked and signedIn tell how far that came.
	person          string
	asked, signedIn bool
}

// crashNote is a note with the text that was acknowledged last, and the one that was on
// its way when the program was killed.
type crashNote struct {
	id            string
	text, pending string
	version       int
}

func (c *crashing) newCrashBrowser() *crashBrowser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	transport := &http.Transport{}
	c.t.Cleanup(transport.CloseIdleConnections)
	return &crashBrowser{t: c.t, base: c.url, client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send returns an error when no whole answer came.
func (b *crashBrowser) send(method, path string, form url.Values) (status int, answer *crashAnswer, err error) {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := b.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, &crashAnswer{location: response.Header.Get("Location"), body: string(body)}, nil
}

type crashAnswer struct{ location, body string }

// writeOn writes new notes and saves old ones until the program is gone.
func (b *crashBrowser) writeOn() {
	for b.writeOne() {
	}
}

func (b *crashBrowser) writeOne() (goOn bool) {
	n := &crashNote{id: uuid.NewString()}
	if len(b.notes) > 0 && rand.N(2) == 0 {
		n = b.notes[rand.N(len(b.notes))]
	} else {
		b.notes = append(b.notes, n)
	}
	n.pending = "text " + uuid.NewString()
	for {
		status, err := b.save(n)
		switch {
		case err != nil:
			return false // it was killed
		case status == 303:
			return true
		case status != 403: // the other tab has signed in, and this one's cookies are a moment behind
			b.t.Errorf("saving answers %d", status)
			return false
		}
	}
}

// save sends what is pending.
func (b *crashBrowser) save(n *crashNote) (status int, err error) {
	path, form := "/notes/"+n.id, url.Values{"_method": {"PUT"}, "version": {strconv.Itoa(n.version)}, "body": {n.pending}}
	if n.version == 0 {
		path, form = "/notes", url.Values{"new_id": {n.id}, "body": {n.pending}}
	}
	form.Set("viewer", b.viewer)
	status, answer, err := b.send("POST", path, form)
	if err != nil || status != 303 {
		return status, err
	}
	if to, _, _ := strings.Cut(answer.location, "?"); to != "/editor/"+n.id {
		b.t.Errorf("saving %s leads to %s", n.id, answer.location)
	}
	n.text, n.pending = n.pending, ""
	n.version++
	return status, nil
}

// signInSometime signs in while the other tab writes.
func (b *crashBrowser) signInSometime(back chan<- bool) {
	time.Sleep(rand.N(killedWithin))
	_ = b.signIn(back)
}

// signIn returns an error when the program went away. It tells when the browser comes back
// from GitHub.
func (b *crashBrowser) signIn(back chan<- bool) error {
	status, begun, err := b.send("POST", "/auth/github", url.Values{"next": {"/editor"}, "carry": {"true"}})
	if err != nil {
		return err
	}
	if status != 303 {
		b.t.Errorf("leaving for GitHub answers %d", status)
		return nil
	}
	callback, err := fakegithub.Approve(context.WithoutCancel(b.t.Context()), b.client, begun.location, url.Values{"person": {b.person}})
	if err != nil {
		return err
	}
	b.asked = true
	back <- true
	status, _, err = b.send("GET", callback.RequestURI(), nil)
	if err != nil {
		return err
	}
	// Its GitHub may have been killed first.
	if b.signedIn = status == 303; !b.signedIn && status != 502 {
		b.t.Errorf("coming back from GitHub answers %d", status)
	}
	return nil
}

// findEverything reads every note as the browser that wrote it, and sends again what was on
// its way.
func (b *crashBrowser) findEverything() {
	b.t.Helper()
	if b.person != "" && !b.signedIn {
		// Whether it happened or not: signing in brings everything together.
		if err := b.signIn(make(chan bool, 1)); err != nil || !b.signedIn {
			b.t.Fatalf("signing in again: %v", err)
		}
	}
	for _, n := range b.notes {
		text, version := b.read(n.id)
		isOld, isNew := text == n.text && version == n.version, text == n.pending && version == n.version+1
		if !isOld && (!isNew || n.pending == "") {
			b.t.Errorf("note %s reads %q, version %d; want %q, version %d, or perhaps %q", n.id, text, version, n.text, n.version, n.pending)
		}
		if n.pending == "" {
			continue
		}
		want := n.pending
		if status, err := b.save(n); err != nil || status != 303 {
			b.t.Errorf("saving again answers %d, %v", status, err)
		}
		if text, version := b.read(n.id); text != want || version != n.version {
			b.t.Errorf("note %s reads %q, version %d, after saving again", n.id, text, version)
		}
	}
}

var (
	crashText    = regexp.MustCompile(`(?s)<textarea\s+id="body"[^>]*>\s*(.*?)</textarea>`)
	crashViewer  = regexp.MustCompile(`name="viewer" value="([^"]+)"`)
	crashVersion = regexp.MustCompile(`name="version" value="(\d+)"`)
)

// read opens a note. The version of one that is not there is 0.
func (b *crashBrowser) read(id string) (text string, version int) {
	b.t.Helper()
	status, page, err := b.send("GET", "/editor/"+id, nil)
	if err != nil || status != 200 && status != 404 {
		b.t.Fatalf("opening a note answers %d, %v", status, err)
	}
	if status == 404 {
		return "", 0
	}
	found, at := crashText.FindStringSubmatch(page.body), crashVersion.FindStringSubmatch(page.body)
	if found == nil || at == nil {
		b.t.Fatalf("there is no text on\n%s", page.body)
	}
	version, _ = strconv.Atoi(at[1])
	return html.UnescapeString(found[1]), version
}

// checkRows looks into the file before any browser is back.
func (c *crashing) checkRows(browsers []*crashBrowser) {
	c.t.Helper()
	handle, err := sql.Open("sqlite", "file:"+filepath.Join(c.data, "guestpad.db")+"?_busy_timeout=5000&_query_only=1")
	if err != nil {
		c.t.Fatal(err)
	}
	defer handle.Close()
	for query, want := range map[string]string{
		`PRAGMA integrity_check`:                        "ok",
		`SELECT count(*) FROM pragma_foreign_key_check`: "0",
		`SELECT count(*) FROM (` + crashOwned + `) o LEFT JOIN users u ON u.id = o.owner_id WHERE u.id IS NULL OR u.merged_at IS NOT NULL`: "0",
		`SELECT count(*) FROM users u FULL JOIN merges m ON m.guest_id = u.id WHERE (u.merged_at IS NULL) <> (m.id IS NULL)`:               "0",
		`SELECT count(*) FROM merged_rows r LEFT JOIN (` + crashOwned + `) o ON o.id = r.row_id JOIN merges m ON m.id = r.merge_id
			WHERE m.user_id IS NOT o.owner_id`: "0",
		`SELECT count(*) FROM users u WHERE NOT u.is_guest AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.user_id = u.id)`: "0",
		`SELECT count(*) FROM identities i WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = i.user_id)`:            "0",
	} {
		var got string
		if err := handle.QueryRow(query).Scan(&got); err != nil || got != want {
			c.t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	for _, b := range browsers {
		c.checkOwner(handle, b)
	}
}

const crashOwned = `SELECT id, owner_id FROM notes UNION ALL SELECT id, owner_id FROM profiles`

// checkOwner looks that all notes of a browser belong to one owner: the guest, or the user
// after a login that was acknowledged. One whose answer was lost may have happened.
func (c *crashing) checkOwner(handle *sql.DB, b *crashBrowser) {
	c.t.Helper()
	owners := make(map[string]bool) // by id; true for a guest
	for _, n := range b.notes {
		var id string
		var isGuest bool
		err := handle.QueryRow(`SELECT u.id, u.is_guest FROM notes n JOIN users u ON u.id = n.owner_id WHERE n.id = $1`, n.id).Scan(&id, &isGuest)
		if err != nil {
			if n.version > 0 {
				c.t.Errorf("%q was acknowledged: %v", n.text, err)
			}
			continue
		}
		owners[id] = isGuest
		if b.signedIn && isGuest || !b.asked && !isGuest {
			c.t.Errorf("%q: signed in: %v, of a guest: %v", n.text, b.signedIn, isGuest)
		}
	}
	if b.asked && !b.signedIn && len(owners) == 1 {
		c.lost++
		for _, isGuest := range owners {
			if !isGuest {
				c.happened++
			}
		}
	}
	if len(owners) > 1 {
		c.t.Errorf("the notes of one browser belong to %d owners", len(owners))
	}
}

// checkNotes looks that every note is there once, and no other.
func (c *crashing) checkNotes() {
	c.t.Helper()
	handle, err := sql.Open("sqlite", "file:"+filepath.Join(c.data, "guestpad.db")+"?_busy_timeout=5000&_query_only=1")
	if err != nil {
		c.t.Fatal(err)
	}
	defer handle.Close()
	var notes, texts int
	if err := handle.QueryRow(`SELECT count(*), count(DISTINCT body) FROM notes`).Scan(&notes, &texts); err != nil {
		c.t.Fatal(err)
	}
	if notes != c.notes || texts != c.notes {
		c.t.Fatalf("there are %d notes with %d texts, want %d", notes, texts, c.notes)
	}
}
