package fakegithub

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

var (
	errUnknownClient = errors.New("no OAuth app has this client_id")
	errRedirectURI   = errors.New("redirect_uri must be an http or https URL of this computer (localhost, 127.0.0.1, [::1]), without user or fragment")
	errChallenge     = errors.New("PKCE needs both code_challenge_method=S256 and a code_challenge of 43 characters")
	errNoPerson      = errors.New("person must be the login of someone on the page")
	errNoFault       = errors.New("fault must be one of those on the page")
)

var authorizeTemplate = template.Must(template.ParseFS(files, "authorize.html"))

// authorization is an app's request to know who someone is: the query of the authorize page, then its hidden fields.
type authorization struct {
	ClientID    string
	RedirectURI string // exactly as sent; the exchange must repeat it
	State       string
	Challenge   string
	Method      string
	Scope       string // shown on the page, otherwise without effect
	Login       string // the account that the app suggests, if any

	redirect *url.URL // RedirectURI, parsed and known to be a loopback address
}

// authorizationFrom reads and checks an app's request. Its errors are for the page only: as long as the redirect_uri
// is in doubt, sending anybody there would make an open redirect.
func (s *Server) authorizationFrom(v url.Values) (authorization, error) {
	a := authorization{
		ClientID:    v.Get("client_id"),
		RedirectURI: v.Get("redirect_uri"),
		State:       v.Get("state"),
		Challenge:   v.Get("code_challenge"),
		Method:      v.Get("code_challenge_method"),
		Scope:       v.Get("scope"),
		Login:       v.Get("login"),
	}
	if a.ClientID != s.clientID {
		return a, errUnknownClient
	}
	var ok bool
	if a.redirect, ok = parseRedirect(a.RedirectURI); !ok {
		return a, errRedirectURI
	}
	if !validChallenge(a.Challenge, a.Method) {
		return a, errChallenge
	}
	return a, nil
}

// parseRedirect accepts what can only lead back to this computer.
func parseRedirect(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Fragment != "" {
		return nil, false
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	return u, isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// validChallenge wants PKCE whole or not at all. Like GitHub, it knows no method "plain".
func validChallenge(challenge, method string) bool {
	if challenge == "" && method == "" {
		return true
	}
	return method == "S256" && len(challenge) == len(s256(""))
}

// answer returns where the browser goes back to, with more parameters beside those of the redirect_uri itself.
func (a authorization) answer(params url.Values) string {
	if a.State != "" {
		params.Set("state", a.State)
	}
	back := *a.redirect
	query := back.Query()
	for name := range params {
		query.Set(name, params.Get(name))
	}
	back.RawQuery = query.Encode()
	return back.String()
}

// authorizePage shows the page on which one picks who to be: GET /login/oauth/authorize.
func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	a, err := s.authorizationFrom(r.URL.Query())
	if err != nil {
		refuse(w, err)
		return
	}
	var page bytes.Buffer
	if err := authorizeTemplate.Execute(&page, newAuthorizeView(a)); err != nil {
		http.Error(w, "render the authorize page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", pagePolicy(a.redirect))
	_, _ = page.WriteTo(w) // fails only when the browser is gone
}

// pagePolicy is the page's Content-Security-Policy. Chromium applies form-action to the redirects after a form, too, so
// the app's origin must be in it.
func pagePolicy(redirect *url.URL) string {
	target := redirect.Scheme + "://" + redirect.Host
	if strings.HasPrefix(redirect.Host, "[") {
		target = redirect.Scheme + ":" // CSP has no way to write an IPv6 address
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' " + target
}

type authorizeView struct {
	authorization
	App    string // the host that asks, as people see it in their address bar
	People []Person
	Faults []faultChoice
}

type faultChoice struct {
	Fault Fault
	Label string
}

// faultChoices is what the page offers and what the form accepts.
var faultChoices = []faultChoice{
	{NoFault, "Nothing"},
	{ExpiredCode, "The code has expired"},
	{TokenServerError, "The token endpoint answers 502"},
	{ServerError, "The API answers 502"},
	{Slow, "The API takes very long"},
	{Nonsense, "The API answers with a web page"},
	{IDZero, "The API says that my id is 0"},
}

// newAuthorizeView puts the person that the app suggests first.
func newAuthorizeView(a authorization) authorizeView {
	view := authorizeView{authorization: a, App: a.redirect.Host, People: slices.Clone(People), Faults: faultChoices}
	rank := func(p Person) int {
		if p.Login == a.Login {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(view.People, func(p, q Person) int { return cmp.Compare(rank(p), rank(q)) })
	return view
}

// authorize takes what was chosen on the page, and sends the browser back to the app: POST /login/oauth/authorize.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, fmt.Errorf("read the form: %w", err))
		return
	}
	a, err := s.authorizationFrom(r.PostForm)
	if err != nil {
		refuse(w, err)
		return
	}
	if r.PostForm.Has("deny") {
		http.Redirect(w, r, a.answer(accessDenied()), http.StatusFound)
		return
	}
	code, err := s.issueCode(a, r.PostForm.Get("person"), Fault(r.PostForm.Get("fault")))
	if err != nil {
		refuse(w, err)
		return
	}
	http.Redirect(w, r, a.answer(url.Values{"code": {code}}), http.StatusFound)
}

func (s *Server) issueCode(a authorization, login string, fault Fault) (string, error) {
	who := slices.IndexFunc(People, func(p Person) bool { return p.Login == login })
	if who < 0 {
		return "", errNoPerson
	}
	if !slices.ContainsFunc(faultChoices, func(c faultChoice) bool { return c.Fault == fault }) {
		return "", errNoFault
	}
	now := s.Now()
	g := grant{
		person:      People[who],
		fault:       fault,
		redirectURI: a.RedirectURI,
		challenge:   a.Challenge,
		expires:     now.Add(codeLife),
	}
	if fault == ExpiredCode {
		g.expires = now
	}
	code := rand.Text()
	s.codes.put(code, g, now)
	return code, nil
}

func accessDenied() url.Values {
	return url.Values{
		"error":             {"access_denied"},
		"error_description": {"The user has denied your application access."},
		"error_uri":         {docsURL + "troubleshooting-authorization-request-errors/#access-denied"},
	}
}

// refuse tells the developer of the app what is wrong with its request. An unknown app is a 404, as at GitHub.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if errors.Is(err, errUnknownClient) {
		status = http.StatusNotFound
	}
	http.Error(w, "Pretend GitHub: "+err.Error()+".", status)
}
