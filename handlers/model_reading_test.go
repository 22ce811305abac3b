package handlers

import (
	"database/sql"
	"fmt"
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file reads what the site shows and what its database holds, and compares both with
// the model.

var (
	wordPattern      = regexp.MustCompile(`word\d+`)
	uuidPattern      = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	requestIDPattern = regexp.MustCompile(`Request [A-Z2-7]{12}`)
	agoPattern       = regexp.MustCompile(`>[^<]*</relative-time>`)
	newIDPattern     = regexp.MustCompile(`name="new_id" value="([^"]+)"`)
	noteIDPattern    = regexp.MustCompile(`name="note" value="([^"]+)"`)
	versionPattern   = regexp.MustCompile(`name="version" value="(\d+)"`)
	textPattern      = regexp.MustCompile(`(?s)<textarea\s+id="body"[^>]*>\s*(.*?)</textarea>`)
	linePattern      = regexp.MustCompile(`(?s)<li id="item-([^"]+)".*?<strong dir="auto">(.*?)</strong>(.*?)</li>`)
	olderPattern     = regexp.MustCompile(`href="((?:/editor|/trash)\?from=[^"]+)"`)
	trashPattern     = regexp.MustCompile(`(?s)<strong dir="auto">([^<]*)</strong>.*?action="/notes/([^/]+)/restore"`)
	profilePattern   = regexp.MustCompile(`(?s)<li class="profile" id="profile-([^"]+)">.*?name="emoji" value="([^"]*)".*?name="name" value="([^"]*)".*?role="switch" name="is_active" value="true"( checked)?`)
)

// formOn is the draft that the editor's form on a page would send.
func formOn(t modelTB, a answer) draft {
	version := versionPattern.FindStringSubmatch(a.body)
	id, isNew := noteIDPattern.FindStringSubmatch(a.body), false
	if id == nil {
		id, isNew = newIDPattern.FindStringSubmatch(a.body), true
	}
	if version == nil || id == nil {
		t.Fatalf("there is no form on\n%s", a.body)
	}
	n, _ := strconv.Atoi(version[1])
	viewer := viewerField.FindStringSubmatch(a.body)
	if viewer == nil {
		t.Fatalf("the form does not say whose it is:\n%s", a.body)
	}
	return draft{viewer: viewer[1], id: id[1], isNew: isNew, version: n, isConflict: strings.Contains(a.body, `name="keep" value="mine"`)}
}

// showsNote compares a page with the note that it shows, and returns its form.
func (m *model) showsNote(a answer, n *note) draft {
	form := formOn(m.t, a)
	text := textPattern.FindStringSubmatch(a.body)
	if text == nil || text[1] != n.text || form.id != n.id || form.version != n.version || form.isNew || form.isConflict {
		m.t.Fatalf("the page shows %q, %s; want %q, version %d of %s", text, form, n.text, n.version, n.id)
	}
	address := publicAddress.FindStringSubmatch(a.body)
	if (address != nil) != (n.address != "") || address != nil && address[2] != n.address {
		m.t.Fatalf("the page says that %q is public at %q; want %q", n.text, address, n.address)
	}
	return form
}

// wordsOf is everything that an owner may read: notes and profiles.
func (m *model) wordsOf(o *owner) (words []string) {
	for _, n := range m.notes {
		if n.owner == o {
			words = append(words, n.text)
		}
	}
	for _, p := range o.profiles {
		words = append(words, p.name)
	}
	return words
}

// onlyShows fails when an answer has words that are none of these.
func (m *model) onlyShows(a answer, words []string) {
	for _, word := range wordPattern.FindAllString(a.body, -1) {
		if !slices.Contains(words, word) {
			m.t.Fatalf("%s %s shows %q, and may show %q\n%s", a.Request.Method, a.Request.URL.Path, word, words, a.body)
		}
	}
}

// face is the made-up profile of an owner, or the first stored one; nil while nobody has
// seen it.
func (m *model) face(o *owner) *profile {
	if len(o.profiles) > 0 {
		return o.profiles[0]
	}
	return o.face
}

// profilesOf is the profiles that an owner is shown.
func (m *model) profilesOf(o *owner) []*profile {
	if len(o.profiles) > 0 {
		return o.profiles
	}
	return []*profile{o.face}
}

func (o *owner) profile(id string) *profile {
	for _, p := range o.profiles {
		if p.id == id {
			return p
		}
	}
	return nil
}

// showsProfiles compares a page with the viewer's profiles, and learns the ids that the
// site chose.
func (m *model) showsProfiles(a answer, o *owner) {
	var shown []*profile
	for _, found := range profilePattern.FindAllStringSubmatch(a.body, -1) {
		shown = append(shown, &profile{id: found[1], emoji: html.UnescapeString(found[2]), name: html.UnescapeString(found[3]), isActive: found[4] != ""})
	}
	if len(o.profiles) == 0 {
		if o.face == nil && len(shown) == 1 {
			o.face = shown[0]
		}
		if len(shown) != 1 || *shown[0] != *o.face {
			m.t.Fatalf("%s is shown as %v, want %v", o.name, describe(shown), *o.face)
		}
		return
	}
	for _, p := range o.profiles {
		i := slices.IndexFunc(shown, func(s *profile) bool {
			return s.id == p.id || p.id == "" && s.name == p.name
		})
		if i < 0 {
			m.t.Fatalf("%s has no profile %v, only %v", o.name, *p, describe(shown))
		}
		if p.id == "" {
			p.id = shown[i].id
		}
		if p.emoji == "" {
			p.emoji = shown[i].emoji
		}
		if *p != *shown[i] {
			m.t.Fatalf("%s has the profile %v, want %v", o.name, *shown[i], *p)
		}
	}
	if len(shown) != len(o.profiles) {
		m.t.Fatalf("%s has the profiles %v, want %v", o.name, describe(shown), describe(o.profiles))
	}
}

func describe(profiles []*profile) (all []profile) {
	for _, p := range profiles {
		all = append(all, *p)
	}
	return all
}

// everyoneReads reads everything that each browser is shown, and every public page.
func (m *model) everyoneReads() {
	for _, b := range m.browsers {
		m.readAs(b)
	}
	for _, address := range m.addresses {
		m.showsPublicPage(address)
	}
}

func (m *model) readEverything() { m.readAs(m.browser()) }

// readAs reads everything that a browser is shown.
func (m *model) readAs(b *browser) {
	viewer := m.arrive(b).viewer
	m.did("%s reads everything, as %s", b.name, viewer.name)
	page := m.read(b, "/editor")
	m.showsProfiles(page, viewer)
	m.showsWho(page, b)
	m.showsList(b, page, viewer)
	m.showsTrash(b, viewer)
	m.read(b, "/settings")
}

// showsWho compares the badge with who is asking.
func (m *model) showsWho(page answer, b *browser) {
	if b.session != nil {
		page.has(m.t, "Signed in as "+personCalled(b.session.user.name).Name).hasNot(m.t, "Browsing as guest")
		return
	}
	page.has(m.t, "Browsing as guest · id "+b.guestID()[:8]).hasNot(m.t, "Signed in as")
}

func (m *model) showsList(b *browser, page answer, viewer *owner) {
	want := make(map[string]string)
	for _, n := range m.notesOf(viewer, false) {
		want[n.id] = fmt.Sprint(n.text, n.address != "")
		m.showsNote(m.read(b, "/editor/"+n.id), n)
	}
	shown := make(map[string]string)
	for {
		for _, line := range linePattern.FindAllStringSubmatch(page.body, -1) {
			shown[line[1]] = fmt.Sprint(line[2], strings.Contains(line[3], ">public<"))
		}
		older := olderPattern.FindStringSubmatch(page.body)
		if older == nil {
			break
		}
		page = m.read(b, html.UnescapeString(older[1]))
	}
	if !maps.Equal(shown, want) {
		m.t.Fatalf("%s sees the notes %v, want %v", b.name, shown, want)
	}
}

func (m *model) showsTrash(b *browser, viewer *owner) {
	want := make(map[string]string)
	for _, n := range m.notesOf(viewer, true) {
		want[n.id] = n.text
	}
	shown := make(map[string]string)
	for path := "/trash"; path != ""; {
		page := m.read(b, path)
		for _, line := range trashPattern.FindAllStringSubmatch(page.body, -1) {
			shown[line[2]] = line[1]
		}
		path = ""
		if older := olderPattern.FindStringSubmatch(page.body); older != nil {
			path = html.UnescapeString(older[1])
		}
	}
	if !maps.Equal(shown, want) {
		m.t.Fatalf("%s sees in the trash %v, want %v", b.name, shown, want)
	}
}

// showsPublicPage compares the page of an address, which is the same for everyone, with the
// note that has it.
func (m *model) showsPublicPage(address string) {
	stranger := m.site.visitor()
	stranger.client.Transport = &inProcess{handler: m.site.router}
	a := stranger.get(address)
	i := slices.IndexFunc(m.notes, func(n *note) bool { return n.address == address && !n.isTrashed })
	if i < 0 {
		m.onlyShows(a.must(m.t, 404), nil)
		return
	}
	n := m.notes[i]
	words := []string{n.text}
	for _, p := range n.owner.profiles {
		if p.isActive {
			words = append(words, p.name)
		}
	}
	m.onlyShows(a.must(m.t, 200).has(m.t, words...), words)
	if len(a.Cookies()) > 0 {
		m.t.Fatalf("%s sets cookies", address)
	}
}

// compare is done after each step: the browsers' cookies and every row.
func (m *model) compare() {
	for _, b := range m.browsers {
		m.compareCookies(b)
	}
	m.rows.compare(m.wantRows())
}

var allCookies = []string{"__Host-guest", "__Host-session", "__Host-login"}

func (m *model) compareCookies(b *browser) {
	has := []bool{b.guest != nil, b.session != nil, b.flow != nil}
	for i, name := range allCookies {
		if isThere := b.cookie(name) != ""; isThere != has[i] {
			m.t.Fatalf("%s has the cookie %s: %v, want %v", b.name, name, isThere, has[i])
		}
	}
	if b.guest == nil {
		return
	}
	id := m.guestIDOf(b)
	if b.guest.id == "" {
		b.guest.id = id // the guest came with an undo
	}
	if b.guest.id != id {
		m.t.Fatalf("%s is the guest %s, want %s (%s)", b.name, id, b.guest.id, b.guest.name)
	}
}

// guestIDOf opens each cookie once.
func (m *model) guestIDOf(b *browser) string {
	value := b.cookie("__Host-guest")
	if m.guestIDs[value] == "" {
		m.guestIDs[value] = b.guestID()
	}
	return m.guestIDs[value]
}

// copyCookies is what could be stolen from this browser.
func (b *browser) copyCookies() cookies {
	c := b.cookies
	c.values = make(map[string]string)
	for _, name := range allCookies {
		c.values[name] = b.cookie(name)
	}
	return c
}

// takeCookies replaces everything that this browser holds. Its tabs stay open.
func (b *browser) takeCookies(c cookies) {
	for _, name := range allCookies {
		if value := c.values[name]; value != "" {
			b.setCookie(name, value)
			continue
		}
		b.client.Jar.SetCookies(b.site.url, []*http.Cookie{{Name: name, Path: "/", MaxAge: -1, Secure: true}})
	}
	c.values = nil
	b.cookies = c
}

// wantRows describes every row that the model has.
func (m *model) wantRows() (want []string) {
	add := func(format string, args ...any) { want = append(want, fmt.Sprintf(format, args...)) }
	for _, g := range m.guests {
		if g.hasRow && g.isMerged {
			add("tombstone %s", g.id)
		} else if g.hasRow {
			add("guest %s seen %d", g.id, tick(g.seenAt))
		}
	}
	for _, o := range m.accounts {
		add("user %s", o.id)
	}
	for _, n := range m.notes {
		add("note %s of %s version %d in trash %v at %q: %s", n.id, n.owner.id, n.version, n.isTrashed, strings.TrimPrefix(n.address, "/n/"), n.text)
	}
	for _, o := range slices.Concat(m.guests, m.accounts) {
		for _, p := range o.profiles {
			add("profile %s of %s %s active %v: %s", p.id, o.id, p.emoji, p.isActive, p.name)
		}
	}
	for _, mg := range m.merges {
		add("merge %s of %s to %s undone %v", mg.id, mg.guest.id, mg.user.id, mg.isUndone)
	}
	for _, s := range m.sessions {
		if !s.isOver {
			add("session of %s seen %d", s.user.id, tick(s.seenAt))
		}
	}
	slices.Sort(want)
	return want
}

// tick is a time as the rows are compared with: in steps of five minutes.
func tick(at time.Duration) int64 { return int64(at / (5 * time.Minute)) }

// rowReader reads the database over a handle of its own.
type rowReader struct {
	t      modelTB
	begun  time.Time
	handle *sql.DB
}

func newRowReader(t modelTB, path string, begun time.Time) *rowReader {
	handle := rawHandle(t, path)
	t.Cleanup(func() { _ = handle.Close() })
	return &rowReader{t, begun, handle}
}

// everyRow describes the rows as wantRows does, and those that belong to nobody. $1 is when
// it began.
const everyRow = `
	SELECT CASE WHEN merged_at IS NOT NULL THEN 'tombstone ' || id WHEN is_guest THEN 'guest ' || id || ' seen ' || ((seen_at - $1) / 300000)
		ELSE 'user ' || id END FROM users
	UNION ALL SELECT 'note ' || id || ' of ' || owner_id || ' version ' || version || ' in trash ' || iif(deleted_at IS NULL, 'false', 'true') ||
		' at "' || coalesce(public_id, '') || '": ' || body FROM notes
	UNION ALL SELECT 'profile ' || id || ' of ' || owner_id || ' ' || emoji || ' active ' || iif(is_active, 'true', 'false') || ': ' || name FROM profiles
	UNION ALL SELECT 'merge ' || id || ' of ' || guest_id || ' to ' || user_id || ' undone ' || iif(undone_at IS NULL, 'false', 'true') FROM merges
	UNION ALL SELECT 'session of ' || user_id || ' seen ' || ((seen_at - $1) / 300000) FROM sessions
	UNION ALL SELECT 'of nobody: ' || o.id FROM (SELECT id, owner_id FROM notes UNION ALL SELECT id, owner_id FROM profiles) o
		LEFT JOIN users u ON u.id = o.owner_id WHERE u.id IS NULL OR u.merged_at IS NOT NULL`

// seenPatience is how long the note of a visit may take: it is made beside the request.
const seenPatience = 2 * time.Second

// settle waits until the visits of a request are noted. The site does that beside the
// request, and once more if another one comes before it is done.
func (m *model) settle() {
	for _, n := range m.noted {
		if n.session != nil {
			m.rows.waitFor(`SELECT count(*) FROM sessions WHERE token_hash = $1 AND (seen_at - $2) / 300000 < $3`, n.session.hash, tick(n.session.seenAt))
		} else {
			m.rows.waitFor(`SELECT count(*) FROM users WHERE id = $1 AND merged_at IS NULL AND (seen_at - $2) / 300000 < $3`, n.guest.id, tick(n.guest.seenAt))
		}
	}
	m.noted = nil
}

func (r *rowReader) waitFor(nothing, id string, at int64) {
	deadline := time.Now().Add(seenPatience)
	for rows := 1; rows > 0; time.Sleep(100 * time.Microsecond) {
		if err := r.handle.QueryRow(nothing, id, r.begun.UnixMilli(), at).Scan(&rows); err != nil {
			r.t.Fatal(err)
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the visit of %s is not noted", id)
		}
	}
}

func (r *rowReader) compare(want []string) {
	if got := r.read(); !slices.Equal(got, want) {
		r.t.Fatalf("the site alone has\n  %s\nthe model alone has\n  %s", without(got, want), without(want, got))
	}
}

// without is the rows that the others lack.
func without(rows, others []string) string {
	rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool { return slices.Contains(others, row) })
	return strings.Join(rows, "\n  ")
}

func (r *rowReader) read() (got []string) {
	rows, err := r.handle.Query(everyRow, r.begun.UnixMilli())
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			r.t.Fatal(err)
		}
		got = append(got, row)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

// learnAccount takes the id of a person's account from the identity. It never changes.
func (r *rowReader) learnAccount(o *owner, subject string) {
	var id string
	if err := r.handle.QueryRow(`SELECT user_id FROM identities WHERE provider = 'github' AND subject = $1`, subject).Scan(&id); err != nil {
		r.t.Fatal(err)
	}
	if o.id == "" {
		o.id = id
	}
	if o.id != id {
		r.t.Fatalf("%s has another account now", o.name)
	}
}
