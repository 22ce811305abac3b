package handlers

import (
	"fmt"
	"slices"
	"time"
)

// This file is the model: what has to be true of the site after everything that was done,
// in plain Go and without a look at how the site does it. The numbers are those that
// people are promised, written down once more.
//
// Time is counted from the beginning, in steps of five minutes. The real time that passes
// meanwhile is less than one: what has lasted exactly as long as it may is over.
const (
	guestExpires  = 30 * day                // without a visit
	guestLasts    = guestExpires + 15*day   // and in the archive
	guestIsGone   = guestLasts + 2*seenLags // when it is purged
	cookieIsFresh = day                     // then a visit renews it
	sessionLasts  = 180 * day
	sessionIdles  = 30 * day
	loginLasts    = 10 * time.Minute
	undoLasts     = 7 * day
	undoAgain     = 5 * time.Minute // for an answer that was lost
	trashLasts    = 30 * day
	seenLags      = time.Hour // how far the note of the last visit lags behind
	mostProfiles  = 12

	day = 24 * time.Hour
)

// world is everything that there is.
type world struct {
	now      time.Duration
	browsers []*browser
	guests   []*owner
	accounts []*owner // one for each person who has signed in
	notes    []*note
	merges   []*merge
	sessions []*session
	// addresses is every public page that there ever was.
	addresses []string
	// copies are cookies that somebody has kept.
	copies []cookies
	words  int
	// noted is whose visit was noted and perhaps not yet on the disk.
	noted []noted
}

// noted is a guest or a session.
type noted struct {
	guest   *owner
	session *session
}

// owner is a guest or a user.
type owner struct {
	name    string // for the report
	id      string // the site's, once it is known
	isGuest bool
	// hasRow is true from the first write on until the purge, for tombstones too.
	hasRow   bool
	seenAt   time.Duration
	isMerged bool
	mergedAt time.Duration
	// profiles are the stored ones. face is the one that is made up while there is none.
	profiles []*profile
	face     *profile
}

type note struct {
	id        string
	text      string
	version   int
	owner     *owner
	isTrashed bool
	trashedAt time.Duration
	address   string // of its public page, if it has one
}

type profile struct {
	id, emoji, name string
	isActive        bool
}

type merge struct {
	id          string
	guest, user *owner
	at          time.Duration
	isUndone    bool
	undoneAt    time.Duration
	undoneTo    *owner
	notes       []*note
	profiles    []*profile
}

type session struct {
	user          *owner
	hash          string // of its token
	begun, seenAt time.Duration
	isOver        bool
}

// browser is one cookie jar and the tabs that are open in it.
type browser struct {
	name string
	*visitor
	cookies
	tabs      []*tab
	flows     []*flow     // logins that are under way
	callbacks []*callback // ways back from GitHub that it has taken
}

// cookies is what a browser holds.
type cookies struct {
	guest    *owner
	issuedAt time.Duration
	session  *session
	flow     *flow
	// values is set for a copy alone.
	values map[string]string
}

// tab is an editor that is open, with what it takes its note for.
type tab struct {
	browser *browser
	form    draft
	sent    *draft // what it has sent last
}

// draft is what a tab sends.
type draft struct {
	id         string
	isNew      bool
	version    int
	isConflict bool
	keep       string
	text       string
	viewer     string // who opened the tab, as its form has it
}

type flow struct {
	name         string
	guest        *owner // who left for GitHub
	isCarrying   bool
	begunAt      time.Duration
	authorizeURL string
}

type callback struct {
	*flow
	person   string
	isDenied bool
	path     string
	isUsed   bool // GitHub takes a code once
}

// modelVisit is one request: who is asking.
type modelVisit struct {
	viewer *owner
	// mayWrite is false for a viewer that this request has made.
	mayWrite bool
}

func (w *world) word() string {
	w.words++
	return fmt.Sprintf("word%d", w.words)
}

// arrive is how every page begins: the cookies say who is asking.
func (w *world) arrive(b *browser) modelVisit {
	if b.session != nil && w.isLive(b.session) {
		if w.seen(&b.session.seenAt) {
			w.noted = append(w.noted, noted{session: b.session})
		}
		b.guest = w.guestIn(b)
		return modelVisit{viewer: b.session.user, mayWrite: true}
	}
	hadSession := b.session != nil
	b.session = nil
	if guest := w.guestIn(b); guest != nil {
		return modelVisit{viewer: guest, mayWrite: !hadSession}
	}
	w.newGuestIn(b)
	return modelVisit{viewer: b.guest}
}

// viewerIn is who would be asking, without a visit; nil for someone new.
func (w *world) viewerIn(b *browser) *owner {
	switch {
	case b.session != nil && w.isLive(b.session):
		return b.session.user
	case w.hasGuest(b):
		return b.guest
	}
	return nil
}

func (w *world) hasGuest(b *browser) bool {
	return b.guest != nil && !b.guest.isMerged && w.now-b.issuedAt < guestLasts
}

func (w *world) isLive(s *session) bool {
	return !s.isOver && w.now-s.begun < sessionLasts && w.now-s.seenAt < sessionIdles
}

// guestIn is the guest of this browser, or nil. It is visited by this.
func (w *world) guestIn(b *browser) *owner {
	if !w.hasGuest(b) {
		return nil
	}
	if w.now-b.issuedAt >= cookieIsFresh {
		b.issuedAt = w.now
	}
	if b.guest.hasRow && w.seen(&b.guest.seenAt) {
		w.noted = append(w.noted, noted{guest: b.guest})
	}
	return b.guest
}

func (w *world) newGuestIn(b *browser) {
	b.guest = &owner{name: fmt.Sprint("guest ", len(w.guests)+1), isGuest: true}
	b.issuedAt = w.now
	w.guests = append(w.guests, b.guest)
}

// seen notes a visit, unless one was noted a short time ago.
func (w *world) seen(at *time.Duration) (isNoted bool) {
	if w.now-*at < seenLags {
		return false
	}
	*at = w.now
	return true
}

// admit is how every write begins: a guest's first one makes its row.
func (w *world) admit(o *owner) {
	if o.isGuest && !o.hasRow {
		o.hasRow, o.seenAt = true, w.now
	}
	w.seen(&o.seenAt)
}

// notesOf is the owner's notes, in the trash or outside of it.
func (w *world) notesOf(o *owner, inTrash bool) (notes []*note) {
	for _, n := range w.notes {
		if n.owner == o && n.isTrashed == inTrash {
			notes = append(notes, n)
		}
	}
	return notes
}

// note is a note that its owner can open, or nil.
func (w *world) note(o *owner, id string) *note {
	if n := w.anyNote(id); n != nil && n.owner == o && !n.isTrashed {
		return n
	}
	return nil
}

func (w *world) anyNote(id string) *note {
	for _, n := range w.notes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// save says what becomes of what a tab has sent: the answer's status, and the notes that
// it made or changed. Their ids are empty where the site chooses them.
func (w *world) save(o *owner, d draft) (status int, saved, givenUp *note) {
	n := w.note(o, d.id)
	switch {
	case n == nil && !d.isNew:
		return 404, nil, nil
	case n == nil:
		saved = &note{text: d.text, version: 1, owner: o}
		if w.anyNote(d.id) == nil {
			saved.id = d.id
		}
	case d.keep == "" && n.text == d.text:
		return 303, n, nil
	case n.version != d.version || d.isNew:
		return 409, n, nil
	case d.keep == "both":
		saved = &note{text: d.text, version: 1, owner: o}
	case d.keep == "theirs":
		saved, givenUp = n, &note{text: d.text, version: 1, owner: o}
	default:
		if d.keep == "mine" {
			givenUp = &note{text: n.text, version: 1, owner: o}
		}
		saved = n
		n.text, n.version = d.text, n.version+1
	}
	w.admit(o)
	if saved != n {
		w.notes = append(w.notes, saved)
	}
	if givenUp != nil {
		givenUp.isTrashed, givenUp.trashedAt = true, w.now
		w.notes = append(w.notes, givenUp)
	}
	return 303, saved, givenUp
}

func (w *world) account(person string) *owner {
	for _, o := range w.accounts {
		if o.name == person {
			return o
		}
	}
	return nil
}

// modelSignIn is what a login has made.
type modelSignIn struct {
	session *session
	merge   *merge // nil: nothing was to move
	own     *profile
}

// signIn is the login of a person, which takes the guest along unless it is nil.
func (w *world) signIn(person, shownName string, guest *owner, former *session) (out modelSignIn) {
	user := w.account(person)
	if user == nil {
		user = &owner{name: person, hasRow: true}
		w.accounts = append(w.accounts, user)
	}
	hadProfile := len(user.profiles) > 0
	arrived := 0
	if guest != nil {
		arrived = len(guest.profiles)
		out.merge = w.rekey(guest, user)
	}
	if !hadProfile {
		out.own = &profile{name: shownName, isActive: arrived == 0}
		user.profiles = append(user.profiles, out.own)
	}
	if former != nil {
		former.isOver = true
	}
	out.session = &session{user: user, begun: w.now, seenAt: w.now}
	w.sessions = append(w.sessions, out.session)
	return out
}

// rekey moves everything of the guest to the user. A guest is merged once: the second
// time, its first merge is found if it went to the same user.
func (w *world) rekey(guest, user *owner) *merge {
	if guest.isMerged {
		for _, m := range w.merges {
			if m.guest == guest && m.user == user {
				return m
			}
		}
		return nil
	}
	m := &merge{guest: guest, user: user, at: w.now, profiles: guest.profiles}
	for _, n := range w.notes {
		if n.owner == guest {
			m.notes = append(m.notes, n)
			n.owner = user
		}
	}
	user.profiles = append(user.profiles, guest.profiles...)
	guest.profiles = nil
	guest.hasRow, guest.isMerged, guest.mergedAt = true, true, w.now
	w.merges = append(w.merges, m)
	return m
}

// undo gives what the user still has of a merge to a guest.
func (w *world) undo(m *merge, guest *owner) {
	w.admit(guest)
	m.isUndone, m.undoneAt, m.undoneTo = true, w.now, guest
	for _, n := range m.notes {
		if n.owner == m.user {
			n.owner = guest
		}
	}
	for _, p := range m.profiles {
		if i := slices.Index(m.user.profiles, p); i >= 0 {
			m.user.profiles = slices.Delete(slices.Clone(m.user.profiles), i, i+1)
			guest.profiles = append(guest.profiles, p)
		}
	}
}

// purge removes what has expired.
func (w *world) purge() {
	for _, g := range w.guests {
		switch {
		case g.isMerged && w.now-g.mergedAt >= guestIsGone:
			g.hasRow = false
		case !g.isMerged && g.hasRow && w.now-g.seenAt >= guestIsGone:
			g.hasRow, g.profiles = false, nil
		}
	}
	w.notes = slices.DeleteFunc(w.notes, func(n *note) bool {
		return !n.owner.hasRow || n.isTrashed && w.now-n.trashedAt >= trashLasts
	})
	for _, s := range w.sessions {
		s.isOver = s.isOver || !w.isLive(s)
	}
}
