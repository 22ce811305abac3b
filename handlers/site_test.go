package handlers

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/handlers/fakegithub"
)

// site is Guestpad over real HTTP: the whole router, a real database in a file, and the
// fake GitHub on a port of its own.
type site struct {
	t       testing.TB
	url     *url.URL
	router  *echo.Echo
	db      *db.DB
	dbPath  string
	github  *fakegithub.Server
	clock   *clock
	log     *logBuffer
	secrets [][]byte
}

// newSite starts a site. Each change is made to the configuration before it is used.
func newSite(t testing.TB, changes ...func(*Config)) *site {
	t.Helper()
	s := &site{
		t: t, clock: &clock{}, log: &logBuffer{}, github: fakegithub.New("id", "secret"),
		dbPath: filepath.Join(t.TempDir(), "guestpad.db"), secrets: [][]byte{bytes.Repeat([]byte("1"), 32)},
	}
	s.github.SlowFor = time.Minute
	fake := httptest.NewServer(s.github)
	t.Cleanup(fake.Close)
	log := slog.New(LogHandler(slog.NewTextHandler(s.log, nil)))
	store, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + s.dbPath, Log: log, Now: s.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	s.db = store

	server := httptest.NewUnstartedServer(nil)
	s.url = &url.URL{Scheme: "http", Host: server.Listener.Addr().String()}
	at, _ := url.Parse(fake.URL)
	cfg := Config{
		DB: store, Secrets: s.secrets, PublicURL: s.url, GuestTTL: 720 * time.Hour, Log: log, Now: s.clock.now,
		GitHub: &GitHub{ClientID: "id", ClientSecret: "secret", URL: at, APIURL: at},
	}
	for _, change := range changes {
		change(&cfg)
	}
	handler, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.router = handler.(*echo.Echo)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// clock is the real time, moved by what the test says.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// visitor is a browser without JavaScript: it keeps cookies and says where its requests
// come from. It does not follow redirects.
type visitor struct {
	t      testing.TB
	site   *site
	client *http.Client
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t: s.t, site: s, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

// header changes a request before it is sent.
type header struct{ name, value string }

var htmx = header{"HX-Request", "true"}

func (v *visitor) do(method, path string, form url.Values, headers ...header) answer {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.Background(), method, v.site.url.String()+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
		if h.value == "" {
			r.Header.Del(h.name)
		}
	}
	return v.send(r)
}

func (v *visitor) send(r *http.Request) answer {
	v.t.Helper()
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{response, string(text)}
}

func (v *visitor) get(path string, headers ...header) answer {
	v.t.Helper()
	return v.do("GET", path, nil, headers...)
}

func (v *visitor) post(path string, form url.Values, headers ...header) answer {
	v.t.Helper()
	return v.do("POST", path, form, headers...)
}

// must ends the test unless the answer has the status.
func (a answer) must(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%.600s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	return a
}

// shown is the page with entities resolved and names not isolated.
func (a answer) shown() string {
	return html.UnescapeString(strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(a.body))
}

// has and hasNot look at what is shown.
func (a answer) has(t testing.TB, parts ...string) answer {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(a.shown(), part) {
			t.Errorf("%s %s: %q is missing in\n%.3000s", a.Request.Method, a.Request.URL, part, a.body)
		}
	}
	return a
}

func (a answer) hasNot(t testing.TB, parts ...string) answer {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(a.shown(), part) {
			t.Errorf("%s %s: %q must not be in\n%.3000s", a.Request.Method, a.Request.URL, part, a.body)
		}
	}
	return a
}

func (a answer) location() string { return a.Header.Get("Location") }

// sets is the cookie that the answer sets, or nil.
func (a answer) sets(name string) *http.Cookie {
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// cookie is the value that the visitor's browser holds.
func (v *visitor) cookie(name string) string {
	for _, c := range v.client.Jar.Cookies(v.site.url) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) setCookie(name, value string) {
	v.client.Jar.SetCookies(v.site.url, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// newGuest is a visitor whose browser has a guest cookie.
func (s *site) newGuest() *visitor {
	v := s.visitor()
	v.get("/editor").must(v.t, 200)
	return v
}

// guestID is the id in the guest cookie.
func (v *visitor) guestID() string {
	v.t.Helper()
	var token guestClaims
	if _, err := v.site.keys().open(guestToken, v.cookie("__Host-guest"), 1<<62, &token); err != nil {
		v.t.Fatal(err)
	}
	return token.ID
}

// keys is a key ring as the site has it.
func (s *site) keys() *keyring {
	s.t.Helper()
	keys, err := newKeyring(s.secrets, s.clock.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

var noteAddress = regexp.MustCompile(`^/editor/([0-9a-f-]{36})$`)

// write saves a new note and returns its id.
func (v *visitor) write(body string) (noteID string) {
	v.t.Helper()
	to := v.post("/notes", url.Values{"body": {body}}).must(v.t, 303).location()
	found := noteAddress.FindStringSubmatch(to)
	if found == nil {
		v.t.Fatalf("a new note leads to %q", to)
	}
	return found[1]
}

// leave goes to GitHub's door and returns its address.
func (v *visitor) leave(form url.Values) (authorizeURL string) {
	v.t.Helper()
	return v.post("/auth/github", form).must(v.t, 303).location()
}

// approve chooses at GitHub and returns the callback's path and query.
func (v *visitor) approve(authorizeURL, login string, fault fakegithub.Fault) (callback string) {
	v.t.Helper()
	back, err := fakegithub.Approve(v.t.Context(), nil, authorizeURL, url.Values{"person": {login}, "fault": {string(fault)}})
	if err != nil {
		v.t.Fatal(err)
	}
	return back.RequestURI()
}

// signIn does the whole round trip, with everything coming along.
func (v *visitor) signIn(login string) answer {
	v.t.Helper()
	return v.get(v.approve(v.leave(url.Values{"next": {"/editor"}, "carry": {"true"}}), login, fakegithub.NoFault)).must(v.t, 303)
}

// rows counts in the database, over a handle of its own.
func (s *site) rows(query string, args ...any) int {
	s.t.Helper()
	handle := rawHandle(s.t, s.dbPath)
	defer handle.Close()
	var n int
	if err := handle.QueryRow(query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}
