package handlers

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// route is a line of the route table as Echo knows it.
type route struct{ method, path string }

func (s *site) routes() []route {
	var all []route
	for _, r := range s.router.Routes() {
		if r.Method != echo.RouteNotFound {
			all = append(all, route{r.Method, r.Path})
		}
	}
	if len(all) < 20 {
		s.t.Fatalf("only %d routes: %v", len(all), all)
	}
	return all
}

// fill puts an id into a route's path.
func (r route) fill(id string) string {
	path := strings.NewReplacer(":id", id, ":note", id, "*", "x").Replace(r.path)
	return path
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	s := newSite(t)
	s.router.GET("/boom", func(echo.Context) error { panic("boom") })
	v := s.newGuest()
	check := func(a answer) {
		t.Helper()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q", a.Request.Method, a.Request.URL, name, got)
			}
		}
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || a.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s %s: policy %q", a.Request.Method, a.Request.URL, csp)
		}
		if a.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: no request id", a.Request.Method, a.Request.URL)
		}
	}
	for _, r := range s.routes() {
		check(v.do(r.method, r.fill(uuid.NewString()), nil))
	}
	check(v.get("/no/such/page").must(t, 404))
	check(v.do("PATCH", "/notes", url.Values{}).must(t, 405))
	check(v.get("/boom").must(t, 500).has(t, "our fault", "Request ").hasNot(t, "boom"))
	check(v.post("/notes", url.Values{"body": {strings.Repeat("x", noteBody)}}).must(t, 413))
	check(v.post("/notes", url.Values{"body": {"x"}}, header{"Sec-Fetch-Site", "cross-site"}).must(t, 403))
}

func TestHSTSGoesWithHTTPSAlone(t *testing.T) {
	if got := newSite(t).visitor().get("/healthz").Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over http: %q", got)
	}
	s := newSite(t, func(c *Config) { c.PublicURL = &url.URL{Scheme: "https", Host: "notes.example.org"} })
	if got := s.visitor().get("/healthz").Header.Get("Strict-Transport-Security"); got == "" {
		t.Error("over https: none")
	}
}

func TestFormsMayLeadToGitHubAndNowhereElse(t *testing.T) {
	s := newSite(t)
	csp := s.visitor().get("/login").Header.Get("Content-Security-Policy")
	to, err := url.Parse(s.newGuest().leave(url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(csp, "form-action 'self' http://"+to.Host+";") {
		t.Errorf("policy %q", csp)
	}
}

func TestPersonalPagesAreNotStored(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("x")
	for _, path := range []string{"/editor", "/editor/" + id, "/login", "/emoji?q=fox", "/editor/none", "/nothing"} {
		a := v.get(path)
		vary := strings.Join(a.Header.Values("Vary"), ",")
		if a.Header.Get("Cache-Control") != "private, no-store" || !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "HX-Request") {
			t.Errorf("%s: Cache-Control %q, Vary %q", path, a.Header.Get("Cache-Control"), vary)
		}
	}
}

// unsafeRoutes and idRoutes list what the two tests below try. A route that is missing
// here fails them, so that nobody can add one and forget.
var unsafeRoutes = map[route]bool{
	{"POST", "/auth/github"}: true, {"POST", "/logout"}: true,
	{"POST", "/profiles"}: true, {"PUT", "/profiles/:id"}: true, {"DELETE", "/profiles/:id"}: true, {"POST", "/profiles/:id"}: true,
	{"POST", "/notes"}: true, {"PUT", "/notes/:id"}: true, {"DELETE", "/notes/:id"}: true, {"POST", "/notes/:id"}: true,
	{"POST", "/notes/:id/restore"}: true, {"POST", "/notes/:id/pin"}: true, {"POST", "/notes/:id/unpin"}: true,
	{"POST", "/notes/:id/publish"}: true, {"POST", "/notes/:id/unpublish"}: true, {"POST", "/preview"}: true, {"POST", "/merges/:id/undo"}: true,
	{"POST", "/import"}: true, {"POST", "/forget"}: true, {"POST", "/erase"}: true,
	{"POST", "/continue"}: true, {"POST", "/continue/start"}: true,
	{"DELETE", "/sessions"}: true, {"POST", "/sessions"}: true, {"DELETE", "/sessions/:id"}: true, {"POST", "/sessions/:id"}: true,
}

var idRoutes = map[route]url.Values{
	{"GET", "/editor/:note"}: nil, {"HEAD", "/editor/:note"}: nil,
	{"PUT", "/profiles/:id"}:       {"emoji": {"🦊"}, "name": {"x"}},
	{"DELETE", "/profiles/:id"}:    nil,
	{"POST", "/profiles/:id"}:      {"_method": {"DELETE"}},
	{"PUT", "/notes/:id"}:          {"body": {"x"}, "version": {"1"}},
	{"DELETE", "/notes/:id"}:       nil,
	{"POST", "/notes/:id"}:         {"_method": {"PUT"}, "body": {"x"}, "version": {"1"}},
	{"POST", "/notes/:id/restore"}: {}, {"POST", "/notes/:id/pin"}: {}, {"POST", "/notes/:id/unpin"}: {},
	{"POST", "/notes/:id/publish"}: {}, {"POST", "/notes/:id/unpublish"}: {},
	{"POST", "/merges/:id/undo"}: {},
	{"DELETE", "/sessions/:id"}:  nil,
	{"POST", "/sessions/:id"}:    {"_method": {"DELETE"}},
	{"GET", "/n/:id"}:            nil, {"HEAD", "/n/:id"}: nil,
	{"GET", "/notes/:id/export"}: nil, {"HEAD", "/notes/:id/export"}: nil,
}

func TestAnotherSiteCanChangeNothing(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	noteID := v.write("as it was")
	tables := func() string {
		return fmt.Sprint(s.rows(`SELECT count(*) FROM users`), s.rows(`SELECT count(*) FROM notes WHERE body = 'as it was' AND deleted_at IS NULL`),
			s.rows(`SELECT count(*) FROM notes`), s.rows(`SELECT count(*) FROM profiles`), s.rows(`SELECT count(*) FROM sessions`))
	}
	before := tables()
	foreign := map[string][]header{
		"Sec-Fetch-Site cross-site":       {{"Sec-Fetch-Site", "cross-site"}},
		"Sec-Fetch-Site same-site":        {{"Sec-Fetch-Site", "same-site"}},
		"Origin of another site":          {{"Sec-Fetch-Site", ""}, {"Origin", "https://evil.example"}},
		"Origin null":                     {{"Sec-Fetch-Site", ""}, {"Origin", "null"}},
		"another port of this host":       {{"Sec-Fetch-Site", ""}, {"Origin", "http://127.0.0.1:1"}},
		"neither header, but with cookie": {{"Sec-Fetch-Site", ""}},
	}
	seen := 0
	for _, r := range s.routes() {
		if r.method == "GET" || r.method == "HEAD" {
			continue
		}
		seen++
		if !unsafeRoutes[r] {
			t.Errorf("%v is missing in unsafeRoutes", r)
		}
		for what, headers := range foreign {
			form := url.Values{"body": {"taken over"}, "version": {"1"}, "emoji": {"🦊"}, "name": {"x"}, "_method": {"DELETE"}}
			if r.method == "DELETE" {
				form = nil
			}
			if a := v.do(r.method, r.fill(noteID), form, headers...); a.StatusCode != 403 || a.sets("__Host-login") != nil {
				t.Errorf("%v, %s: status %d", r, what, a.StatusCode)
			}
		}
	}
	if seen != len(unsafeRoutes) {
		t.Errorf("%d unsafe routes are listed, %d exist", len(unsafeRoutes), seen)
	}
	if after := tables(); after != before {
		t.Errorf("rows before %s, after %s", before, after)
	}
	// The same requests from our own pages are taken.
	v.post("/notes", url.Values{"body": {"mine"}}, header{"Sec-Fetch-Site", ""}, header{"Origin", s.url.String()}).must(t, 303)
}

func TestNoGETChangesAnything(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	id := v.write("x")
	for _, path := range []string{"/notes/" + id, "/notes/" + id + "?_method=DELETE", "/logout", "/profiles", "/notes/" + id + "/restore", "/auth/github"} {
		v.get(path).must(t, 405)
	}
	v.get("/editor/"+id+"?_method=DELETE").must(t, 200)
	v.do("POST", "/notes/"+id+"?_method=DELETE", url.Values{"body": {"x"}}).must(t, 405) // the query is no form
	v.get("/editor/"+id).must(t, 200)
}

func TestSomeoneElsesIDIsTheSame404AsNone(t *testing.T) {
	s := newSite(t)
	owner, other := s.newGuest(), s.newGuest()
	noteID := owner.write("secret")
	owner.do("POST", "/profiles", url.Values{"emoji": {"🦉"}, "name": {"Night me"}}).must(t, 303)
	profileID := s.text(`SELECT id FROM profiles WHERE name = 'Night me'`)
	other.write("own")
	other.do("POST", "/profiles", url.Values{}).must(t, 303)
	ids := map[string]string{"profiles": profileID, "notes": noteID, "editor": noteID}
	for _, r := range s.routes() {
		form, isListed := idRoutes[r]
		if strings.Contains(r.path, ":") != isListed {
			t.Errorf("%v: has an id and is missing in idRoutes, or the reverse", r)
			continue
		}
		if !isListed {
			continue
		}
		theirs := ids[strings.Split(r.path, "/")[1]]
		a := other.do(r.method, r.fill(theirs), form)
		b := other.do(r.method, r.fill(uuid.NewString()), form)
		if a.StatusCode != 404 || b.StatusCode != 404 {
			t.Errorf("%v: someone else's %d, none %d", r, a.StatusCode, b.StatusCode)
		}
		a.hasNot(t, "secret", "Night me")
	}
	owner.get("/editor/"+noteID).must(t, 200).has(t, "secret", "Night me")
}

// text asks the database for a text.
func (s *site) text(query string, args ...any) (text string) {
	s.t.Helper()
	handle := rawHandle(s.t, s.dbPath)
	defer handle.Close()
	if err := handle.QueryRow(query, args...).Scan(&text); err != nil {
		s.t.Fatal(err)
	}
	return text
}

func TestHTMLInNamesAndTextsIsText(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	const evil = `</textarea><script>alert(1)</script><img src=x onerror=alert(1)><hx-partial hx-target="body">`
	id := v.write("# " + evil)
	v.post("/profiles", url.Values{"emoji": {"🦊"}, "name": {`"><script>x</script>`}}).must(t, 303)
	for _, path := range []string{"/editor", "/editor/" + id, "/login"} {
		body := v.get(path).must(t, 200).body
		for _, raw := range []string{"<script>alert", "<script>x", "<img src=x", "<hx-partial hx-target=\"body\"", "</textarea><script"} {
			if strings.Contains(body, raw) {
				t.Errorf("%s shows %s as HTML", path, raw)
			}
		}
	}
}

func TestBodiesAndHeadersAreBounded(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("x")
	v.post("/profiles", url.Values{"name": {strings.Repeat("x", smallBody)}}).must(t, 413)
	v.post("/logout", url.Values{"x": {strings.Repeat("x", smallBody)}}).must(t, 413)
	// Chunked, so that no Content-Length gives it away.
	r, err := http.NewRequest("POST", s.url.String()+"/notes", struct{ *strings.Reader }{strings.NewReader("body=" + strings.Repeat("x", noteBody))})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	v.send(r).must(t, 413)
	for _, contentType := range []string{"application/json", "multipart/form-data; boundary=x", "text/plain", ""} {
		v.post("/notes", url.Values{"body": {"x"}}, header{"Content-Type", contentType}).must(t, 415)
	}
	v.post("/notes", nil).must(t, 422)
	if n := s.rows(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
}

func TestFirstWritesAreLimitedByAddressAndSayWhenToTryAgain(t *testing.T) {
	s := newSite(t)
	start := time.Now()
	var refused answer
	for i := range 200 {
		a := s.newGuest().post("/notes", url.Values{"body": {fmt.Sprint("text ", i)}})
		if a.StatusCode == 429 {
			refused = a
			break
		}
		a.must(t, 303)
	}
	if refused.Response == nil {
		t.Fatal("two hundred guests wrote from one address")
	}
	if refused.Header.Get("Retry-After") != "6" {
		t.Errorf("Retry-After is %q", refused.Header.Get("Retry-After"))
	}
	refused.has(t, "text ", "What you typed is still here")
	// The limit counts by the real clock: each six seconds there may be one more.
	more := int(time.Since(start)/(6*time.Second)) + 1
	if made := s.rows(`SELECT count(*) FROM users`); made < 100 || made > 100+more {
		t.Errorf("%d guests were made", made)
	}
}

func TestAGuestThatHasWrittenIsNotHeldBackByItsNeighbours(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.write("first")
	for range 120 {
		s.newGuest().post("/notes", url.Values{"body": {"x"}})
	}
	v.write("second")
}

func TestLoginsAreLimitedByAddress(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	for range 30 {
		v.leave(url.Values{})
	}
	if a := v.post("/auth/github", url.Values{}).must(t, 429); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestAddressesCountByIPv4AndByIPv6Network(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false}, {"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2", true},
	} {
		if got := addressKey(c.a) == addressKey(c.b); got != c.same {
			t.Errorf("%s and %s: same %v", c.a, c.b, got)
		}
	}
}

func TestForwardedForIsBelievedFromTrustedProxiesAlone(t *testing.T) {
	for _, c := range []struct{ trusted, peer, forwarded, want string }{
		{"", "10.0.0.1:1", "192.0.2.7", "10.0.0.1"},
		{"10.0.0.0/8", "10.0.0.1:1", "192.0.2.7", "192.0.2.7"},
		{"10.0.0.0/8", "10.0.0.1:1", "1.1.1.1, 192.0.2.7", "192.0.2.7"}, // what the client made up stands to the left
		{"10.0.0.0/8", "192.0.2.9:1", "192.0.2.7", "192.0.2.9"},
		{"192.0.2.0/24", "10.0.0.1:1", "192.0.2.7", "10.0.0.1"}, // private networks are not trusted by themselves
	} {
		var trusted []netip.Prefix
		if c.trusted != "" {
			trusted = append(trusted, netip.MustParsePrefix(c.trusted))
		}
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := clientAddress(trusted)(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestTheLogTellsWhatHappenedAndNoSecret(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	first := v.cookie("__Host-guest")
	v.write("the text of the note")
	v.post("/profiles", url.Values{"emoji": {"🦊"}, "name": {"Fox"}}).must(t, 303)
	authorize := v.leave(url.Values{})
	flow := v.cookie("__Host-login")
	callback := v.approve(authorize, "ada", "")
	v.get(callback).must(t, 303)
	session := v.cookie("__Host-session")
	v.post("/logout", url.Values{}).must(t, 303)
	v.get("/%0atime=2026 level=ERROR msg=forged").must(t, 404)

	log := s.log.String()
	for _, event := range []string{"guest.created", "profile.changed", "login", "rekey", "logout"} {
		if n := strings.Count(log, "msg="+event+" "); n != 1 {
			t.Errorf("%s was logged %d times", event, n)
		}
	}
	query, _ := url.Parse(callback)
	code, state := query.Query().Get("code"), query.Query().Get("state")
	for name, secret := range map[string]string{
		"guest cookie": first, "login cookie": flow, "session cookie": session, "code": code, "state": state,
		"note": "the text of the note", "access token": "gho_",
	} {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log holds the %s (%q)", name, secret)
		}
	}
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "time=") || strings.HasPrefix(line, "time=2026 ") || !strings.Contains(line, "request=") {
			t.Errorf("line %q", line)
		}
	}
}

func TestStaticFilesAreKeptForEverAndNothingElseIsServed(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	page := v.get("/editor").body
	start := strings.Index(page, `href="/static/`)
	prefix := page[start+6:][:len("/static/")+17]
	for _, name := range []string{"guestpad.css", "guestpad.js", "icon.svg", "vendor/htmx/htmx-4.0.1.min.js"} {
		a := v.get(prefix+name).must(t, 200)
		if !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || a.sets("__Host-guest") != nil {
			t.Errorf("%s: %v", name, a.Header)
		}
	}
	for _, path := range []string{prefix, prefix + "vendor", prefix + "vendor/", prefix + "none", prefix + "../go.mod", prefix + "..%2fgo.mod", prefix + "%2e%2e/static.go", "/static/guestpad.css", prefix + "static.go"} {
		a := v.get(path)
		if a.StatusCode != 404 || strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %q", path, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
}

func TestTheFirstLoadIsSmall(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	compressed := header{"Accept-Encoding", "gzip"}
	page := v.get("/editor", compressed).must(t, 200)
	size := len(page.body)
	html := v.get("/editor").must(t, 200).body
	assets := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(assets) != 11 {
		t.Fatalf("assets = %v", assets)
	}
	for _, asset := range assets {
		size += len(v.get(asset[1], compressed).must(t, 200).body)
	}
	t.Logf("%d bytes", size)
	if size > 60_000 {
		t.Errorf("the first load takes %d bytes", size)
	}
}

func TestADatabaseThatFailsKeepsTheTypedText(t *testing.T) {
	t.Parallel() // it waits as long as a write does
	s := newSite(t)
	v := s.newGuest()
	id := v.write("before")
	other := rawHandle(t, s.dbPath)
	defer other.Close()
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	a := v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"typed in vain"}}).must(t, 503).has(t, "typed in vain", "Try again")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	v.get("/editor/"+id).must(t, 200).has(t, "before") // reading goes on
	if _, err := other.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	v.post("/notes/"+id, url.Values{"_method": {"PUT"}, "version": {"1"}, "body": {"typed in vain"}}).must(t, 303)
}

func TestHealthAndReadiness(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.get("/healthz").must(t, 200)
	if a := v.get("/readyz").must(t, 200); a.sets("__Host-guest") != nil {
		t.Error("a monitor became a guest")
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	v.get("/healthz").must(t, 200)
	if v.get("/readyz").StatusCode < 500 {
		t.Error("ready without a database")
	}
}

func TestTheOtherNameOfThisMachineLeadsToTheRightOne(t *testing.T) {
	s := newSite(t)
	_, port, err := net.SplitHostPort(s.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("GET", "http://localhost:"+port+"/editor?x=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.visitor().send(r).must(t, 307); a.location() != s.url.String()+"/editor?x=1" {
		t.Errorf("leads to %s", a.location())
	}
	r.Host = "notes.example.org" // a reverse proxy's name is not touched
	s.visitor().send(r).must(t, 200)
}
