package handlers

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// This file is what can be done about who one is, beside signing in: the settings.

// erase removes the owner with all that it has. A guest leaves a tombstone.
func (w *world) erase(o *owner) {
	w.notes = slices.DeleteFunc(w.notes, func(n *note) bool { return n.owner == o })
	o.profiles = nil
	if o.isGuest {
		o.isMerged, o.mergedAt = true, w.now
		return
	}
	o.hasRow = false
	w.accounts = slices.DeleteFunc(w.accounts, func(a *owner) bool { return a == o })
	w.merges = slices.DeleteFunc(w.merges, func(m *merge) bool { return m.user == o })
	for _, s := range w.sessions {
		s.isOver = s.isOver || s.user == o
	}
}

// leaveSession makes the browser a guest again: the one that waits in it, or a new one.
func (w *world) leaveSession(b *browser) {
	b.session.isOver = true
	b.session = nil
	if w.guestIn(b) == nil {
		w.newGuestIn(b)
	}
}

func (m *model) eraseMe() {
	b := m.browser()
	m.did("%s erases itself", b.name)
	a, visit := m.ask(b, "POST", "/erase", url.Values{})
	if !visit.mayWrite {
		a.must(m.t, 403)
		return
	}
	a.must(m.t, 303)
	if visit.viewer.hasRow {
		m.erase(visit.viewer)
	}
	if visit.viewer.isGuest {
		m.newGuestIn(b)
	} else {
		m.leaveSession(b)
	}
}

func (m *model) forgetBrowser() {
	b := m.browser()
	m.did("%s lets the browser forget who it is", b.name)
	a, visit := m.ask(b, "POST", "/forget", url.Values{})
	a.must(m.t, 303)
	if visit.viewer.isGuest {
		m.newGuestIn(b)
	}
}

// revokeSession ends a session from any browser, also from one of someone else.
func (m *model) revokeSession() {
	s := choose(m, "session", slices.DeleteFunc(slices.Clone(m.sessions), func(s *session) bool { return s.isOver }))
	b := m.browserOf(s.user)
	m.did("%s revokes a session of %s", b.name, s.user.name)
	a, visit := m.ask(b, "POST", "/sessions/"+s.hash, url.Values{"_method": {"DELETE"}})
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
	case visit.viewer != s.user:
		a.must(m.t, 404)
	case s == b.session:
		a.must(m.t, 303)
		m.leaveSession(b)
	default:
		a.must(m.t, 303)
		s.isOver = true
	}
}

func (m *model) revokeOtherSessions() {
	b := m.browser()
	m.did("%s signs out everywhere else", b.name)
	a, visit := m.ask(b, "POST", "/sessions", url.Values{"_method": {"DELETE"}})
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
	case visit.viewer.isGuest:
		a.must(m.t, 404)
	default:
		a.must(m.t, 303)
		for _, s := range m.sessions {
			s.isOver = s.isOver || s.user == visit.viewer && s != b.session
		}
	}
}

// goOnElsewhere makes a link in one browser and uses it in another one, once too often.
func (m *model) goOnElsewhere() {
	from, to := m.browser(), m.browser()
	m.did("%s makes a link for %s", from.name, to.name)
	a, visit := m.ask(from, "POST", "/continue/start", url.Values{})
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
		return
	case !visit.viewer.isGuest:
		a.must(m.t, 303)
		return
	}
	found := handoffLink.FindStringSubmatch(a.must(m.t, 200).body)
	m.admit(visit.viewer)
	_, code, _ := strings.Cut(found[1], "code=")
	waited := choose(m, "time", []time.Duration{0, 0, 5 * time.Minute})
	m.pass(waited)
	isAlive := waited == 0
	for range 2 {
		a, here := m.ask(to, "POST", "/continue", url.Values{"code": {code}})
		switch {
		case !here.viewer.isGuest:
			a.must(m.t, 409)
		case !isAlive:
			a.must(m.t, 404)
		default:
			a.must(m.t, 303)
			to.guest, to.issuedAt, isAlive = visit.viewer, m.now, false
		}
	}
}
