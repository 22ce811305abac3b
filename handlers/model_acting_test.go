package handlers

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/guestpad/guestpad/handlers/fakegithub"
)

// This file is what people do in their browsers: each action does it on the site and in the
// model.

func (m *model) openEditor() {
	b := m.browser()
	m.did("%s opens the editor", b.name)
	b.addTab(formOn(m.t, m.read(b, "/editor")))
}

func (m *model) writeNew() {
	b := m.browser()
	m.did("%s opens the editor to write", b.name)
	m.send(b.addTab(formOn(m.t, m.read(b, "/editor"))), "")
}

// openNote opens a note that exists, whoever owns it.
func (m *model) openNote() {
	b, n := m.browserAndNote(m.notes)
	m.open(b, n)
}

func (m *model) open(b *browser, n *note) *tab {
	m.did("%s opens the note %q of %s", b.name, n.text, n.owner.name)
	a, visit := m.ask(b, "GET", "/editor/"+n.id, nil)
	if m.note(visit.viewer, n.id) == nil {
		a.must(m.t, 404)
		return nil
	}
	return b.addTab(m.showsNote(a.must(m.t, 200), n))
}

func (m *model) openTwice() {
	b, n := m.browserAndNote(m.notes)
	if m.open(b, n) != nil {
		m.send(m.open(b, n), "")
	}
}

// browserAndNote is one of these notes, most often one that somebody can open, and most
// often in a browser of its owner.
func (m *model) browserAndNote(notes []*note) (*browser, *note) {
	var reachable []*note
	for _, n := range notes {
		if len(m.browsersOf(n.owner)) > 0 {
			reachable = append(reachable, n)
		}
	}
	if len(reachable) > 0 {
		notes = reachable
	}
	n := choose(m, "note", notes)
	return m.browserOf(n.owner), n
}

// browserOf is most often one that the owner uses.
func (m *model) browserOf(o *owner) *browser {
	theirs := m.browsersOf(o)
	if len(theirs) == 0 || rapid.IntRange(0, 9).Draw(m.rapid, "is a stranger") == 9 {
		return m.browser()
	}
	return choose(m, "browser", theirs)
}

func (m *model) browsersOf(o *owner) (theirs []*browser) {
	for _, b := range m.browsers {
		if m.viewerIn(b) == o {
			theirs = append(theirs, b)
		}
	}
	return theirs
}

func (m *model) saveTab() { m.saveOneOf(func(*tab) bool { return true }) }

func (m *model) saveStaleTab() {
	m.saveOneOf(func(t *tab) bool {
		n := m.anyNote(t.form.id)
		return n != nil && n.version > t.form.version
	})
}

func (m *model) endConflict() { m.saveOneOf(func(t *tab) bool { return t.form.isConflict }) }

func (m *model) saveOneOf(isMeant func(*tab) bool) {
	t := choose(m, "tab", slices.DeleteFunc(m.tabs(), func(t *tab) bool { return !isMeant(t) }))
	keep := ""
	if t.form.isConflict {
		keep = choose(m, "way out", []string{"mine", "theirs", "both"})
	}
	m.send(t, keep)
}

// send types something new into a tab and saves it.
func (m *model) send(t *tab, keep string) {
	d := t.form
	d.text, d.keep = m.word(), keep
	m.did("%s types %q into the tab of %s and saves it %s", t.browser.name, d.text, d, keep)
	m.sendDraft(t, d)
}

// sendAgain is a browser that got no answer, or an impatient finger. It leaves out the
// ways out of a conflict: sent twice, these keep a text twice.
func (m *model) sendAgain() {
	var again []*tab
	for _, t := range m.tabs() {
		if t.sent != nil && t.sent.keep == "" {
			again = append(again, t)
		}
	}
	t := choose(m, "tab", again)
	m.did("%s saves %q in %s once more", t.browser.name, t.sent.text, t.sent)
	m.sendDraft(t, *t.sent)
}

// isOfAnother tells whether the tab was opened by someone who is not here any more. A guest
// that has signed in is still here.
func (d draft) isOfAnother(now *owner) bool {
	kind, id, _ := strings.Cut(d.viewer, " ")
	return d.viewer != "" && id != now.id && (kind == "user" || now.isGuest)
}

func (d draft) String() string {
	if d.isNew {
		return "a new note"
	}
	return fmt.Sprintf("version %d of %.8s", d.version, d.id)
}

func (m *model) sendDraft(t *tab, d draft) {
	t.sent = &d
	path, form := "/notes/"+d.id, url.Values{"_method": {"PUT"}, "version": {fmt.Sprint(d.version)}, "body": {d.text}}
	if d.isNew {
		path, form = "/notes", url.Values{"new_id": {d.id}, "version": {"0"}, "body": {d.text}}
	}
	if d.keep != "" {
		form.Set("keep", d.keep)
	}
	if d.viewer != "" {
		form.Set("viewer", d.viewer)
	}
	a, visit := m.ask(t.browser, "POST", path, form)
	if !visit.mayWrite {
		a.must(m.t, 403).has(m.t, d.text)
		return
	}
	if d.isOfAnother(visit.viewer) {
		t.form = formOn(m.t, a.must(m.t, 403).has(m.t, d.text))
		return
	}
	status, saved, givenUp := m.save(visit.viewer, d)
	a.must(m.t, status)
	switch status {
	case 303:
		m.learnNotes(a.location(), saved, givenUp)
		t.form = m.showsNote(m.read(t.browser, "/editor/"+saved.id), saved)
	case 404:
		t.form = formOn(m.t, a.has(m.t, d.text))
	case 409:
		t.form = formOn(m.t, a.has(m.t, d.text))
		if t.form.id != saved.id || t.form.version != saved.version {
			m.t.Fatalf("the conflict is with %s", t.form)
		}
	}
}

// learnNotes takes the ids of new notes from the address that a save leads to.
func (m *model) learnNotes(to string, saved, givenUp *note) {
	at, err := url.Parse(to)
	if err != nil {
		m.t.Fatal(err)
	}
	id := strings.TrimPrefix(at.Path, "/editor/")
	if saved.id == "" && m.anyNote(id) == nil {
		saved.id = id
	}
	if saved.id != id || uuid.Validate(id) != nil {
		m.t.Fatalf("the save of %s leads to %q", saved.id, to)
	}
	if givenUp != nil {
		givenUp.id = at.Query().Get("gave-up")
	}
}

func (m *model) deleteNote() {
	b, n := m.browserAndNote(m.notes)
	m.did("%s deletes the note %q of %s", b.name, n.text, n.owner.name)
	_, viewer := m.change(b, "/notes/"+n.id, url.Values{"_method": {"DELETE"}}, func(o *owner) bool { return m.note(o, n.id) != nil })
	if viewer != nil {
		n.isTrashed, n.trashedAt = true, m.now
	}
}

func (m *model) restoreNote() {
	var trash []*note
	for _, n := range m.notes {
		if n.isTrashed {
			trash = append(trash, n)
		}
	}
	b, n := m.browserAndNote(trash)
	m.did("%s restores the note %q of %s", b.name, n.text, n.owner.name)
	_, viewer := m.change(b, "/notes/"+n.id+"/restore", url.Values{}, func(o *owner) bool { return n.owner == o })
	if viewer != nil {
		n.isTrashed = false
	}
}

func (m *model) publish() {
	b, n := m.browserAndNote(m.notes)
	m.did("%s publishes the note %q of %s", b.name, n.text, n.owner.name)
	_, viewer := m.change(b, "/notes/"+n.id+"/publish", url.Values{}, func(o *owner) bool { return m.note(o, n.id) != nil })
	if viewer == nil || n.address != "" {
		return
	}
	found := publicAddress.FindStringSubmatch(m.read(b, "/editor/"+n.id).body)
	if found == nil || slices.Contains(m.addresses, found[2]) {
		m.t.Fatalf("no new address: %v", found)
	}
	n.address = found[2]
	m.addresses = append(m.addresses, n.address)
}

func (m *model) unpublish() {
	var published []*note
	for _, n := range m.notes {
		if n.address != "" {
			published = append(published, n)
		}
	}
	b, n := m.browserAndNote(published)
	m.did("%s unpublishes the note %q of %s", b.name, n.text, n.owner.name)
	_, viewer := m.change(b, "/notes/"+n.id+"/unpublish", url.Values{}, func(o *owner) bool { return m.note(o, n.id) != nil })
	if viewer != nil {
		n.address = ""
	}
}

func (m *model) readPublicPage() {
	address := choose(m, "address", m.addresses)
	m.did("someone reads %s", address)
	m.showsPublicPage(address)
}

var emojis = []string{"🦊", "🦉", "🐝"}

func (m *model) addProfile() {
	b := m.browser()
	p := &profile{name: m.word(), emoji: choose(m, "emoji", emojis), isActive: rapid.Bool().Draw(m.rapid, "is active")}
	m.did("%s adds the profile %q", b.name, p.name)
	m.showsProfiles(m.read(b, "/editor"), m.arrive(b).viewer) // whose face is known then
	a, visit := m.ask(b, "POST", "/profiles", url.Values{"emoji": {p.emoji}, "name": {p.name}, "is_active": {fmt.Sprint(p.isActive)}})
	if len(visit.viewer.profiles) >= mostProfiles {
		a.must(m.t, 422)
		return
	}
	a.must(m.t, 303)
	m.storeFace(visit.viewer)
	visit.viewer.profiles = append(visit.viewer.profiles, p)
	m.showsProfiles(m.read(b, "/editor"), visit.viewer)
}

// storeFace stores the made-up profile of an owner that has no other.
func (m *model) storeFace(o *owner) {
	m.admit(o)
	if len(o.profiles) == 0 {
		face := *o.face
		o.profiles = []*profile{&face}
	}
}

// browserAndProfile is a profile that somebody has, made up or not.
func (m *model) browserAndProfile() (*browser, *owner, *profile) {
	var owners []*owner
	for _, o := range slices.Concat(m.guests, m.accounts) {
		if !o.isMerged && m.face(o) != nil {
			owners = append(owners, o)
		}
	}
	o := choose(m, "owner", owners)
	return m.browserOf(o), o, choose(m, "profile", m.profilesOf(o))
}

func (m *model) changeProfile() {
	b, o, p := m.browserAndProfile()
	to := profile{id: p.id, name: m.word(), emoji: choose(m, "emoji", emojis), isActive: rapid.Bool().Draw(m.rapid, "is active")}
	m.did("%s changes the profile %q of %s to %q", b.name, p.name, o.name, to.name)
	_, viewer := m.change(b, "/profiles/"+p.id, url.Values{"_method": {"PUT"}, "emoji": {to.emoji}, "name": {to.name}, "is_active": {fmt.Sprint(to.isActive)}},
		func(viewer *owner) bool { return viewer == o })
	if viewer != nil {
		m.storeFace(o)
		*o.profile(p.id) = to
	}
}

func (m *model) removeProfile() {
	b, o, p := m.browserAndProfile()
	m.did("%s removes the profile %q of %s", b.name, p.name, o.name)
	a, visit := m.ask(b, "POST", "/profiles/"+p.id, url.Values{"_method": {"DELETE"}})
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
	case visit.viewer != o:
		a.must(m.t, 404)
	case len(o.profiles) <= 1:
		a.must(m.t, 422).has(m.t, "your only profile")
	default:
		a.must(m.t, 303)
		m.admit(o)
		o.profiles = slices.DeleteFunc(slices.Clone(o.profiles), func(has *profile) bool { return has == p })
	}
}

func (m *model) leaveForGitHub() { m.leaveAs(m.browser()) }

// leaveAs begins a login in this browser. A login that was begun before is left behind.
func (m *model) leaveAs(b *browser) *flow {
	f := &flow{name: fmt.Sprintf("%s%d", b.name, len(b.flows)+1), isCarrying: rapid.IntRange(0, 3).Draw(m.rapid, "leave it here") < 3, begunAt: m.now}
	m.did("%s leaves for GitHub (login %s, carry %v)", b.name, f.name, f.isCarrying)
	a, visit := m.ask(b, "POST", "/auth/github", url.Values{"next": {"/editor"}, "carry": {fmt.Sprint(f.isCarrying)}})
	f.authorizeURL = a.must(m.t, 303).location()
	if visit.viewer.isGuest {
		f.guest = visit.viewer
	}
	b.flow = f
	b.flows = append(b.flows, f)
	return f
}

func (m *model) signIn() {
	b := m.browser()
	f := m.leaveAs(b)
	m.goBack(b, m.approve(f))
}

// approve chooses at GitHub.
func (m *model) approve(f *flow) *callback {
	cb := &callback{flow: f, person: choose(m, "person", fakegithub.People[:3]).Login}
	cb.isDenied = rapid.IntRange(0, 9).Draw(m.rapid, "denies") == 9
	choice := url.Values{"person": {cb.person}}
	if cb.isDenied {
		choice = url.Values{"deny": {"1"}}
	}
	back, err := fakegithub.Approve(m.t.Context(), nil, f.authorizeURL, choice)
	if err != nil {
		m.t.Fatal(err)
	}
	cb.path = back.RequestURI()
	return cb
}

// underWay is the logins that a browser has begun lately, in any of its tabs.
func (m *model) underWay() (browsers []*browser) {
	for _, b := range m.browsers {
		if len(b.flows) > 0 {
			browsers = append(browsers, b)
		}
	}
	return browsers
}

func (m *model) comeBack() {
	b := choose(m, "browser", m.underWay())
	m.goBack(b, m.approve(choose(m, "login", b.lastFlows())))
}

func (b *browser) lastFlows() []*flow {
	last := slices.Clone(b.flows[max(0, len(b.flows)-3):])
	slices.Reverse(last)
	return last
}

// loseAnswer is a browser that comes back and never sees the answer: it keeps the cookies
// that it had.
func (m *model) loseAnswer() {
	b := choose(m, "browser", m.underWay())
	before := b.copyCookies()
	cb := m.approve(b.lastFlows()[0])
	m.goBack(b, cb)
	m.did("%s has not seen that answer", b.name)
	b.takeCookies(before)
}

func (m *model) comeBackAgain() {
	var browsers []*browser
	for _, b := range m.browsers {
		if len(b.callbacks) > 0 {
			browsers = append(browsers, b)
		}
	}
	b := choose(m, "browser", browsers)
	m.goBack(b, choose(m, "way back", b.callbacks))
}

func (m *model) openForeignCallback() {
	attacker, victim := choose(m, "browser", m.underWay()), m.browser()
	m.did("%s gets a link from %s", victim.name, attacker.name)
	m.goBack(victim, m.approve(attacker.lastFlows()[0]))
}

// plantGuest puts another browser's guest into one that is about to come back.
func (m *model) plantGuest() {
	b, planter := choose(m, "browser", m.underWay()), m.browser()
	m.openSomething(planter)
	if planter.guest == nil {
		return
	}
	m.did("%s plants its %s into %s", planter.name, planter.guest.name, b.name)
	b.setCookie("__Host-guest", planter.cookie("__Host-guest"))
	b.guest, b.issuedAt = planter.guest, planter.issuedAt
	m.goBack(b, m.approve(b.lastFlows()[0]))
}

// goBack answers a callback.
func (m *model) goBack(b *browser, cb *callback) {
	m.did("%s comes back from GitHub (login %s) as %s, denied %v", b.name, cb.name, cb.person, cb.isDenied)
	b.callbacks = append(b.callbacks, cb)
	sent := b.cookies
	isMine := sent.flow == cb.flow && m.now-cb.begunAt < loginLasts
	a, visit := m.ask(b, "GET", cb.path, nil)
	if isMine {
		b.flow = nil
	}
	switch {
	case !isMine && visit.viewer.isGuest:
		a.must(m.t, 400)
	case !isMine:
		a.must(m.t, 303)
	case cb.isDenied:
		a.must(m.t, 403)
	case cb.isUsed && visit.viewer.isGuest:
		a.must(m.t, 502)
	case cb.isUsed:
		a.must(m.t, 303)
	default:
		cb.isUsed = true
		m.finishSignIn(b, cb, sent, a.must(m.t, 303))
	}
}

// finishSignIn is a callback that works. What comes along is decided by the cookies that
// were sent.
func (m *model) finishSignIn(b *browser, cb *callback, sent cookies, a answer) {
	var carried *owner
	if cb.isCarrying && sent.guest != nil && sent.guest == cb.guest && m.now-sent.issuedAt < guestLasts {
		carried = cb.guest
	}
	out := m.world.signIn(cb.person, personCalled(cb.person).Name, carried, sent.session)
	b.session = out.session
	b.session.hash = hashReference(b.cookie("__Host-session"))
	m.rows.learnAccount(b.session.user, fmt.Sprint(personCalled(cb.person).ID))
	m.learnMerge(a.location(), out.merge)
	page := m.read(b, a.location())
	m.showsProfiles(page, b.session.user)
}

func personCalled(login string) fakegithub.Person {
	i := slices.IndexFunc(fakegithub.People, func(p fakegithub.Person) bool { return p.Login == login })
	return fakegithub.People[i]
}

// learnMerge takes a new merge's id from the address of the receipt.
func (m *model) learnMerge(to string, made *merge) {
	at, err := url.Parse(to)
	if err != nil {
		m.t.Fatal(err)
	}
	id := at.Query().Get("merge")
	switch {
	case made == nil && id == "":
	case made != nil && made.id == "" && id != "":
		made.id = id
	case made == nil || made.id != id:
		m.t.Fatalf("the login leads to %q", to)
	}
}

func (m *model) signOut() {
	b := m.browser()
	m.did("%s signs out", b.name)
	a, visit := m.ask(b, "POST", "/logout", url.Values{})
	a.must(m.t, 303)
	if !visit.viewer.isGuest {
		m.leaveSession(b)
	}
}

// undoMerge undoes any merge, also one of someone else.
func (m *model) undoMerge() {
	mg := choose(m, "merge", m.merges)
	b := m.browserOf(mg.user)
	m.did("%s undoes that %s came to %s", b.name, mg.guest.name, mg.user.name)
	a, visit := m.ask(b, "POST", "/merges/"+mg.id+"/undo", url.Values{})
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
	case visit.viewer != mg.user:
		a.must(m.t, 404)
	case mg.isUndone:
		a.must(m.t, 303)
		if m.guestIn(b) == nil && m.now-mg.undoneAt < undoAgain {
			b.guest, b.issuedAt = mg.undoneTo, m.now
		}
	case m.now-mg.at >= undoLasts:
		a.must(m.t, 409)
	default:
		a.must(m.t, 303)
		if m.guestIn(b) == nil {
			m.newGuestIn(b)
		}
		m.undo(mg, b.guest)
	}
}

func (m *model) copyCookies() {
	b := m.browser()
	m.did("%s keeps a copy of the cookies (copy %d)", b.name, len(m.copies)+1)
	m.copies = append(m.copies, b.copyCookies())
}

// replayCookies puts cookies that somebody has kept into a browser, in place of its own.
func (m *model) replayCookies() {
	c := choose(m, "copy", m.copies)
	b := m.browser()
	m.did("%s takes the copy of the cookies with guest %s", b.name, nameOf(c.guest))
	b.takeCookies(c)
	m.openSomething(b)
}

func nameOf(o *owner) string {
	if o == nil {
		return "none"
	}
	return o.name
}

func (m *model) clearCookies() {
	b := m.browser()
	m.did("%s clears the cookies", b.name)
	b.takeCookies(cookies{})
	m.openSomething(b)
}

// openSomething makes a browser known to the site again.
func (m *model) openSomething(b *browser) { m.read(b, "/editor") }

func (m *model) wait() {
	m.pass(choose(m, "time", []time.Duration{5 * time.Minute, time.Hour, day, 10 * time.Minute, 5 * time.Hour, 2 * day}))
}

// waitLong is long enough for something to expire. The site purges now and then.
func (m *model) waitLong() {
	m.pass(choose(m, "time", []time.Duration{15 * day, 7 * day, 30*day - time.Hour, 22 * day, 31 * day, 46 * day, 180 * day}))
	if rapid.Bool().Draw(m.rapid, "purge") {
		m.purgeNow()
	}
}

func (m *model) pass(d time.Duration) {
	m.did("%s pass", d)
	m.now += d
	m.site.clock.advance(d)
}

func (m *model) purgeNow() {
	m.did("the site purges")
	if _, err := m.site.db.Purge(m.t.Context(), guestExpires); err != nil {
		m.t.Fatal(err)
	}
	m.purge()
}

// pry tries ids of someone else. They must look just like ids that nobody has.
func (m *model) pry() {
	b := m.browser()
	viewer := m.arrive(b).viewer
	m.openSomething(b)
	var paths []string
	for _, n := range m.notes {
		if n.owner != viewer {
			paths = append(paths, "GET /editor/"+n.id, "GET /notes/"+n.id+"/export", "PUT /notes/"+n.id, "DELETE /notes/"+n.id,
				"POST /notes/"+n.id+"/restore", "POST /notes/"+n.id+"/publish", "POST /notes/"+n.id+"/unpublish", "POST /notes/"+n.id+"/pin")
		}
	}
	for _, o := range slices.Concat(m.guests, m.accounts) {
		for _, p := range o.profiles {
			if o != viewer {
				paths = append(paths, "PUT /profiles/"+p.id, "DELETE /profiles/"+p.id)
			}
		}
	}
	for _, mg := range m.merges {
		if mg.user != viewer {
			paths = append(paths, "POST /merges/"+mg.id+"/undo")
		}
	}
	if len(paths) == 0 {
		return
	}
	method, path, _ := strings.Cut(choose(m, "path", paths), " ")
	id := uuidPattern.FindString(path)
	m.did("%s tries %s %s", b.name, method, path)
	none := uuid.NewString()
	found, nothing := m.tryPath(b, method, path), m.tryPath(b, method, strings.Replace(path, id, none, 1))
	found = strings.ReplaceAll(found, id, none)
	if found != nothing {
		m.t.Fatalf("an id of someone else answers\n%s\nand one of nobody\n%s", found, nothing)
	}
}

// tryPath is the answer without what differs each time.
func (m *model) tryPath(b *browser, method, path string) string {
	var form url.Values
	if method != "GET" {
		form = url.Values{"body": {"tried"}, "version": {"1"}, "name": {"tried"}, "emoji": {"🦊"}}
	}
	a, _ := m.ask(b, method, path, form)
	a.must(m.t, 404)
	body := a.body
	for _, differs := range []*regexp.Regexp{requestIDPattern, newIDPattern, agoPattern} {
		body = differs.ReplaceAllString(body, "")
	}
	return body
}
