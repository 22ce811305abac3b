package handlers

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// steps is how many steps TestTheSiteDoesWhatTheModelSays takes in all.
var steps = flag.Int("steps", 200, "how many random steps are compared with the model")

// stepsARun is how many steps one site lives through, on average: enough for things that
// need many, and few enough to be made shorter.
const stepsARun = 80

// TestTheSiteDoesWhatTheModelSays lets guests and users act in random order, in browsers
// with several tabs, and compares the site with a model (model_world_test.go) after each
// step: every word is where the model says, once; nobody sees another's; nothing belongs to
// nobody. A failure prints what was done, made as short as can be, and the seed that
// repeats it.
func TestTheSiteDoesWhatTheModelSays(t *testing.T) {
	for name, value := range map[string]string{
		"rapid.nofailfile": "true", "rapid.checks": "1", "rapid.steps": fmt.Sprint(stepsARun),
	} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	taken := 0
	for taken < *steps {
		rapid.Check(t, func(r *rapid.T) {
			m := newModel(t, r)
			r.Repeat(m.actions())
			m.everyoneReads()
			taken += m.step
		})
	}
}

// everyAction is what can happen. The first ones happen more often than their weights say.
var everyAction = []struct {
	name   string
	weight int
	do     func(*model)
}{
	{"write a new note", 3, (*model).writeNew},
	{"save what is in a tab", 4, (*model).saveTab},
	{"sign in", 3, (*model).signIn},
	{"undo a merge", 2, (*model).undoMerge},
	{"open a note in a tab", 3, (*model).openNote},
	{"wait", 2, (*model).wait},
	{"open a note in two tabs and save it in one", 2, (*model).openTwice},
	{"save what is in a tab that is behind", 2, (*model).saveStaleTab},
	{"end a conflict", 2, (*model).endConflict},
	{"open the editor", 1, (*model).openEditor},
	{"send once more what a tab has sent", 2, (*model).sendAgain},
	{"delete a note", 3, (*model).deleteNote},
	{"restore a note", 2, (*model).restoreNote},
	{"publish a note", 2, (*model).publish},
	{"unpublish a note", 1, (*model).unpublish},
	{"read a public page", 2, (*model).readPublicPage},
	{"add a profile", 2, (*model).addProfile},
	{"change a profile", 2, (*model).changeProfile},
	{"remove a profile", 1, (*model).removeProfile},
	{"leave for GitHub", 2, (*model).leaveForGitHub},
	{"come back from GitHub", 3, (*model).comeBack},
	{"come back from GitHub and lose the answer", 1, (*model).loseAnswer},
	{"come back once more", 1, (*model).comeBackAgain},
	{"open another browser's way back from GitHub", 1, (*model).openForeignCallback},
	{"come back from GitHub with a planted guest", 1, (*model).plantGuest},
	{"sign out", 2, (*model).signOut},
	{"keep a copy of the cookies", 1, (*model).copyCookies},
	{"use a copy of cookies", 2, (*model).replayCookies},
	{"clear the cookies", 1, (*model).clearCookies},
	{"try ids of someone else", 2, (*model).pry},
	{"erase oneself", 1, (*model).eraseMe},
	{"let the browser forget", 1, (*model).forgetBrowser},
	{"revoke a session", 1, (*model).revokeSession},
	{"sign out everywhere else", 1, (*model).revokeOtherSessions},
	{"go on with another device", 2, (*model).goOnElsewhere},
	{"wait long", 2, (*model).waitLong},
	{"purge", 2, (*model).purgeNow},
	{"read everything", 1, (*model).readEverything},
}

// model is the site beside the world that it should be.
type model struct {
	world
	t     modelTB
	rapid *rapid.T
	site  *site
	rows  *rowReader
	step  int
	// guestIDs are those of the guest cookies that were looked at.
	guestIDs map[string]string
}

// people is how many browsers there are.
const people = 5

func newModel(t *testing.T, r *rapid.T) *model {
	tb := modelTB{TB: t, rapid: r, did: new([]string)}
	s := newSite(tb, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	m := &model{t: tb, rapid: r, site: s, guestIDs: make(map[string]string)}
	m.rows = newRowReader(tb, s.dbPath, s.clock.now())
	for i := range people {
		v := s.visitor()
		v.client.Transport = &inProcess{handler: s.router}
		m.browsers = append(m.browsers, &browser{name: string(rune('A' + i)), visitor: v})
	}
	return m
}

// actions is everyAction as rapid takes it: it chooses among the names, in their order.
func (m *model) actions() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": func(*rapid.T) { m.compare() }}
	for i, action := range everyAction {
		for n := range action.weight {
			all[fmt.Sprintf("%02d.%d %s", i, n, action.name)] = func(*rapid.T) {
				if m.step < 2*stepsARun { // rapid sometimes wants many more
					action.do(m)
					m.step++
				}
			}
		}
	}
	return all
}

// did notes for the report what was done.
func (m *model) did(format string, args ...any) {
	*m.t.did = append(*m.t.did, fmt.Sprintf(format, args...))
}

// choose lets rapid choose one. If there is none, another action is taken.
func choose[E any](m *model, what string, from []E) E {
	if len(from) == 0 {
		m.rapid.SkipNow()
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(m.rapid, what)]
}

// ask sends a request as this browser, and looks that the answer shows nobody else's words.
func (m *model) ask(b *browser, method, path string, form url.Values) (answer, modelVisit) {
	visit := m.arrive(b)
	a := b.do(method, path, form)
	if b.guest != nil && b.guest.id == "" && b.cookie("__Host-guest") != "" {
		b.guest.id = m.guestIDOf(b)
	}
	m.settle()
	mine := m.wordsOf(visit.viewer)
	for _, values := range form {
		mine = append(mine, strings.Join(values, " "))
	}
	m.onlyShows(a, mine)
	return a, visit
}

// read asks for a page.
func (m *model) read(b *browser, path string) answer {
	a, _ := m.ask(b, "GET", path, nil)
	return a.must(m.t, 200)
}

// change asks for a change that answers 303 when the viewer may make it, and 404 when not.
// It tells whether it was made.
func (m *model) change(b *browser, path string, form url.Values, isTheirs func(viewer *owner) bool) (to string, viewer *owner) {
	a, visit := m.ask(b, "POST", path, form)
	switch {
	case !visit.mayWrite:
		a.must(m.t, 403)
		return "", nil
	case !isTheirs(visit.viewer):
		a.must(m.t, 404)
		return "", nil
	}
	a.must(m.t, 303)
	m.admit(visit.viewer)
	return a.location(), visit.viewer
}

func (m *model) browser() *browser { return choose(m, "browser", m.browsers) }

// tabs is all tabs of all browsers.
func (m *model) tabs() (tabs []*tab) {
	for _, b := range m.browsers {
		tabs = append(tabs, b.tabs...)
	}
	return tabs
}

// addTab opens one more tab, and closes the oldest when there are too many.
func (b *browser) addTab(form draft) *tab {
	t := &tab{browser: b, form: form}
	b.tabs = append(b.tabs, t)
	b.tabs = b.tabs[max(0, len(b.tabs)-3):]
	return t
}

// inProcess is a connection straight into the router: no socket, and each request comes
// from an address of its own, so that no limit is met.
type inProcess struct {
	handler http.Handler
	sent    int
}

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	p.sent++
	in := r.Clone(r.Context())
	in.RequestURI, in.Host = r.URL.RequestURI(), r.URL.Host
	in.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", p.sent>>16&255, p.sent>>8&255, p.sent&255)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := httptest.NewRecorder()
	p.handler.ServeHTTP(out, in)
	answer := out.Result()
	answer.Request = r
	return answer, nil
}

// modelTB stands between the harness and rapid: a failure of one run is rapid's, which
// makes it shorter, and what a run has opened is closed at its end.
type modelTB struct {
	testing.TB
	rapid *rapid.T
	did   *[]string
}

func (t modelTB) Helper() {}

// Fatalf always fails with the same words, by which rapid knows a failure again.
func (t modelTB) Fatalf(format string, args ...any) {
	t.rapid.Logf("%s\n\nThe site and the model differ:\n"+format, append([]any{t.story()}, args...)...)
	t.rapid.Fatal("the site and the model differ")
}

func (t modelTB) story() string {
	var story strings.Builder
	story.WriteString("What was done:")
	for i, did := range *t.did {
		fmt.Fprintf(&story, "\n%4d. %s", i+1, did)
	}
	return story.String()
}

func (t modelTB) Errorf(format string, args ...any) { t.Fatalf(format, args...) }
func (t modelTB) Fatal(args ...any)                 { t.Fatalf("%s", fmt.Sprint(args...)) }
func (t modelTB) Error(args ...any)                 { t.Fatal(args...) }
func (t modelTB) Cleanup(do func())                 { t.rapid.Cleanup(do) }
func (t modelTB) Context() context.Context          { return context.Background() }

// TempDir is removed with its run: there are many.
func (t modelTB) TempDir() string {
	dir := t.TB.TempDir()
	t.rapid.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
