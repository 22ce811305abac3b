package fakegithub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/github"
	"golang.org/x/oauth2"

	"github.com/guestpad/guestpad/handlers/fakegithub"
)

const (
	clientID     = "demo:client"  // the colon shows whether Basic credentials are decoded
	clientSecret = "demo+secret%" // and so do these
	callback     = "http://localhost:8080/auth/github/callback"
	state        = "a state & more"
)

// app is the other side of a sign-in: an OAuth client and goth's GitHub provider, both pointed at a fake GitHub.
type app struct {
	fake   *fakegithub.Server
	url    string
	oauth  *oauth2.Config
	github *github.Provider
}

// newApp starts a fake GitHub, lets configure change it before it serves, and returns an app that uses it.
func newApp(t *testing.T, configure ...func(*fakegithub.Server)) *app {
	t.Helper()
	fake := fakegithub.New(clientID, clientSecret)
	for _, change := range configure {
		change(fake)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	endpoint := oauth2.Endpoint{
		AuthURL:  server.URL + "/login/oauth/authorize",
		TokenURL: server.URL + "/login/oauth/access_token",
	}
	return &app{
		fake: fake,
		url:  server.URL,
		oauth: &oauth2.Config{ClientID: clientID, ClientSecret: clientSecret, RedirectURL: callback,
			Endpoint: endpoint},
		github: github.NewCustomisedURL(clientID, clientSecret, callback, endpoint.AuthURL, endpoint.TokenURL,
			server.URL+"/user", server.URL+"/user/emails", "user:email"),
	}
}

func (a *app) authorizeURL(verifier string, more ...oauth2.AuthCodeOption) string {
	return a.oauth.AuthCodeURL(state, append(more, oauth2.S256ChallengeOption(verifier))...)
}

// code is what the app gets from a person who continues as login.
func (a *app) code(t *testing.T, verifier, login string, fault fakegithub.Fault) string {
	t.Helper()
	choice := url.Values{"person": {login}, "fault": {string(fault)}}
	back, err := fakegithub.Approve(t.Context(), nil, a.authorizeURL(verifier), choice)
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Query().Get("state"); got != state {
		t.Fatalf("state %q came back as %q", state, got)
	}
	return back.Query().Get("code")
}

func (a *app) exchange(code, verifier string) (*oauth2.Token, error) {
	return a.oauth.Exchange(context.Background(), code, oauth2.VerifierOption(verifier))
}

func (a *app) fetch(token *oauth2.Token) (goth.User, error) {
	return a.github.FetchUser(&github.Session{AccessToken: token.AccessToken})
}

// token signs in up to the access token.
func (a *app) token(t *testing.T, login string, fault fakegithub.Fault) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	token, err := a.exchange(a.code(t, verifier, login, fault), verifier)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// get fetches a path of the fake GitHub; token may be nil.
func (a *app) get(t *testing.T, path string, token *oauth2.Token) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != nil {
		token.SetAuthHeader(req)
	}
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// wantOAuthError also checks the status 200 that makes GitHub's OAuth errors special.
func wantOAuthError(t *testing.T, err error, code string) {
	t.Helper()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want the OAuth error %s", err, code)
	}
	if refused.ErrorCode != code || refused.ErrorDescription == "" || refused.ErrorURI == "" {
		t.Errorf("got error %q, description %q, uri %q; want error %q and the other two", refused.ErrorCode,
			refused.ErrorDescription, refused.ErrorURI, code)
	}
	if refused.Response.StatusCode != http.StatusOK {
		t.Errorf("got status %d, want 200 as at GitHub", refused.Response.StatusCode)
	}
}

func TestEveryPersonSignsInAndIsTheSameToGoth(t *testing.T) {
	a := newApp(t)
	for _, p := range fakegithub.People {
		t.Run(p.Login, func(t *testing.T) {
			user, err := a.fetch(a.token(t, p.Login, fakegithub.NoFault))
			if err != nil {
				t.Fatal(err)
			}
			got := fakegithub.Person{Login: user.NickName, Name: user.Name, Email: user.Email}
			got.ID, err = strconv.ParseInt(user.UserID, 10, 64)
			if err != nil || got != p {
				t.Errorf("got %+v, %v; want %+v", got, err, p)
			}
			if want := a.url + "/avatars/" + p.Login; user.AvatarURL != want {
				t.Errorf("got avatar %s, want %s", user.AvatarURL, want)
			}
		})
	}
}

func TestSomePersonHasNoNameAndTheAPISaysNull(t *testing.T) {
	a := newApp(t)
	_, body := a.get(t, "/user", a.token(t, "quiet-fox", fakegithub.NoFault))
	for _, want := range []string{`"login":"quiet-fox"`, `"name":null`, `"email":null`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
}

func TestCredentialsMayComeInTheHeaderOrInTheForm(t *testing.T) {
	styles := map[string]oauth2.AuthStyle{
		"detected": oauth2.AuthStyleAutoDetect, "header": oauth2.AuthStyleInHeader, "form": oauth2.AuthStyleInParams,
	}
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			a.oauth.Endpoint.AuthStyle = style
			if token := a.token(t, "ada", fakegithub.NoFault); !strings.HasPrefix(token.AccessToken, "gho_") {
				t.Errorf("got token %q, want it to start with gho_", token.AccessToken)
			}
		})
	}
}

func TestWrongCredentialsAreRefusedAndLeaveTheCodeAlone(t *testing.T) {
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		a := newApp(t)
		verifier := oauth2.GenerateVerifier()
		code := a.code(t, verifier, "ada", fakegithub.NoFault)

		wrongSecret, wrongID := *a.oauth, *a.oauth
		wrongSecret.ClientSecret, wrongSecret.Endpoint.AuthStyle = "guessed", style
		wrongID.ClientID, wrongID.Endpoint.AuthStyle = "guessed", style
		for _, config := range []*oauth2.Config{&wrongSecret, &wrongID} {
			_, err := config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
			wantOAuthError(t, err, "incorrect_client_credentials")
		}

		if _, err := a.exchange(code, verifier); err != nil {
			t.Errorf("the code is gone after failed attempts with other credentials: %v", err)
		}
	}
}

func TestACodeWorksOnce(t *testing.T) {
	a := newApp(t)
	verifier := oauth2.GenerateVerifier()
	code := a.code(t, verifier, "ada", fakegithub.NoFault)
	if _, err := a.exchange(code, verifier); err != nil {
		t.Fatal(err)
	}
	_, err := a.exchange(code, verifier)
	wantOAuthError(t, err, "bad_verification_code")
}

func TestOfManyExchangesAtOnceOneGetsTheToken(t *testing.T) {
	a := newApp(t)
	verifier := oauth2.GenerateVerifier()
	code := a.code(t, verifier, "ada", fakegithub.NoFault)
	var tokens atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := a.exchange(code, verifier); err == nil {
				tokens.Add(1)
			}
		})
	}
	all.Wait()
	if n := tokens.Load(); n != 1 {
		t.Errorf("got %d tokens for one code, want 1", n)
	}
}

func TestAWrongVerifierIsRefusedAndSpendsTheCode(t *testing.T) {
	for name, wrong := range map[string]string{"other": oauth2.GenerateVerifier(), "none": ""} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			verifier := oauth2.GenerateVerifier()
			code := a.code(t, verifier, "ada", fakegithub.NoFault)
			for _, v := range []string{wrong, verifier} {
				_, err := a.exchange(code, v)
				wantOAuthError(t, err, "bad_verification_code")
			}
		})
	}
}

func TestPKCEIsOptionalButAVerifierNeedsAChallenge(t *testing.T) {
	a := newApp(t)
	for verifier, fine := range map[string]bool{"": true, oauth2.GenerateVerifier(): false} {
		back, err := fakegithub.Approve(t.Context(), nil, a.oauth.AuthCodeURL(state), url.Values{"person": {"ada"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.exchange(back.Query().Get("code"), verifier)
		if fine && err != nil {
			t.Error(err)
		}
		if !fine {
			wantOAuthError(t, err, "bad_verification_code")
		}
	}
}

func TestTheExchangeMustRepeatTheRedirectURI(t *testing.T) {
	for _, other := range []string{callback + "/", "http://127.0.0.1:8080/auth/github/callback", ""} {
		a := newApp(t)
		a.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams // detecting it would ask twice
		verifier := oauth2.GenerateVerifier()
		code := a.code(t, verifier, "ada", fakegithub.NoFault)
		a.oauth.RedirectURL = other
		_, err := a.exchange(code, verifier)
		wantOAuthError(t, err, "redirect_uri_mismatch")
	}
}

func TestACodeIsValidForTenMinutes(t *testing.T) {
	tests := map[string]struct {
		age  time.Duration
		fine bool
	}{
		"just before": {10*time.Minute - 1, true},
		"at the end":  {10 * time.Minute, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var now atomic.Int64
			a := newApp(t, func(s *fakegithub.Server) { s.Now = func() time.Time { return time.Unix(0, now.Load()) } })
			verifier := oauth2.GenerateVerifier()
			code := a.code(t, verifier, "ada", fakegithub.NoFault)
			now.Add(int64(tt.age))
			_, err := a.exchange(code, verifier)
			if tt.fine && err != nil {
				t.Error(err)
			}
			if !tt.fine {
				wantOAuthError(t, err, "bad_verification_code")
			}
		})
	}
}

func TestTheTokenEndpointAnswersInTheFormatAskedFor(t *testing.T) {
	tests := map[string]func(string) (string, error){
		"application/json": func(body string) (string, error) {
			var params map[string]string
			err := json.Unmarshal([]byte(body), &params)
			return params["error"], err
		},
		"": func(body string) (string, error) {
			params, err := url.ParseQuery(body)
			return params.Get("error"), err
		},
	}
	a := newApp(t)
	for accept, parse := range tests {
		form := url.Values{"client_id": {clientID}, "client_secret": {clientSecret}, "code": {"made up"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.oauth.Endpoint.TokenURL,
			strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", accept)
		res, body := send(t, req)
		if got, err := parse(body); got != "bad_verification_code" || err != nil {
			t.Errorf("Accept %q: got error %q, %v from %s", accept, got, err, body)
		}
		if got := res.Header.Get("Content-Type"); accept != "" && !strings.HasPrefix(got, accept) {
			t.Errorf("Accept %q: got Content-Type %q", accept, got)
		}
	}
}

func TestAnExpiredCodeIsWhatTheAppGetsOnRequest(t *testing.T) {
	a := newApp(t)
	verifier := oauth2.GenerateVerifier()
	_, err := a.exchange(a.code(t, verifier, "ada", fakegithub.ExpiredCode), verifier)
	wantOAuthError(t, err, "bad_verification_code")
}

func TestATokenServerErrorIs502AsOftenAsTheAppTries(t *testing.T) {
	a := newApp(t)
	verifier := oauth2.GenerateVerifier()
	code := a.code(t, verifier, "ada", fakegithub.TokenServerError)
	for range 2 {
		_, err := a.exchange(code, verifier)
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusBadGateway {
			t.Errorf("got %v, want status 502", err)
		}
	}
}

func TestAFaultOfTheAPIReachesTheApp(t *testing.T) {
	tests := map[fakegithub.Fault]struct {
		status  int
		content string
		errText string // in goth's error, which doesn't wrap
	}{
		fakegithub.ServerError: {http.StatusBadGateway, "application/json", "502"},
		fakegithub.Nonsense:    {http.StatusOK, "text/html", "invalid character '<'"},
	}
	for fault, want := range tests {
		t.Run(string(fault), func(t *testing.T) {
			a := newApp(t)
			token := a.token(t, "ada", fault)
			if _, err := a.fetch(token); err == nil || !strings.Contains(err.Error(), want.errText) {
				t.Errorf("goth got %v, want an error with %q", err, want.errText)
			}
			for _, path := range []string{"/user", "/user/emails"} {
				res, body := a.get(t, path, token)
				if res.StatusCode != want.status || !strings.HasPrefix(res.Header.Get("Content-Type"), want.content) {
					t.Errorf("%s: got %s, %s", path, res.Status, res.Header.Get("Content-Type"))
				}
				if strings.Contains(body, "ada") {
					t.Errorf("%s tells of the user nevertheless: %s", path, body)
				}
			}
		})
	}
}

func TestAnIDOfZeroIsOtherwiseAGoodAnswer(t *testing.T) {
	a := newApp(t)
	user, err := a.fetch(a.token(t, "ada", fakegithub.IDZero))
	if err != nil || user.UserID != "0" || user.NickName != "ada" {
		t.Errorf("got id %q, login %q, %v; want 0, ada", user.UserID, user.NickName, err)
	}
}

func TestASlowAnswerIsRightInTheEnd(t *testing.T) {
	a := newApp(t, func(s *fakegithub.Server) { s.SlowFor = 30 * time.Millisecond })
	token := a.token(t, "ada", fakegithub.Slow)
	start := time.Now()
	res, body := a.get(t, "/user", token)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"id":1815`) {
		t.Errorf("got %s: %s", res.Status, body)
	}
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
}

func TestASlowAnswerStopsWaitingWhenTheClientLeaves(t *testing.T) {
	a := newApp(t, func(s *fakegithub.Server) { s.SlowFor = time.Hour })
	token := a.token(t, "ada", fakegithub.Slow)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/user", nil)
	token.SetAuthHeader(req)
	answer := httptest.NewRecorder()
	a.fake.ServeHTTP(answer, req) // would take an hour
	if answer.Body.Len() > 0 {
		t.Errorf("answered nobody with %s", answer.Body)
	}
}

func TestFaultsOfOneSignInDontTouchAnother(t *testing.T) {
	a := newApp(t, func(s *fakegithub.Server) { s.SlowFor = time.Millisecond })
	faults := []fakegithub.Fault{fakegithub.NoFault, fakegithub.ServerError, fakegithub.Slow, fakegithub.Nonsense,
		fakegithub.IDZero}
	for i := range 40 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			p, fault := fakegithub.People[i%len(fakegithub.People)], faults[i%len(faults)]
			user, err := a.fetch(a.token(t, p.Login, fault))
			switch fault {
			case fakegithub.ServerError, fakegithub.Nonsense:
				if err == nil {
					t.Errorf("%s as %s went well", fault, p.Login)
				}
			case fakegithub.IDZero:
				if user.UserID != "0" || user.NickName != p.Login {
					t.Errorf("%s as %s: got %+v, %v", fault, p.Login, user, err)
				}
			default:
				if user.UserID != strconv.FormatInt(p.ID, 10) {
					t.Errorf("%s as %s: got %+v, %v", fault, p.Login, user, err)
				}
			}
		})
	}
}

func TestTheOldestUnusedCodeIsForgottenWhenThereAreTooMany(t *testing.T) {
	var tick atomic.Int64
	a := newApp(t, func(s *fakegithub.Server) {
		s.Now = func() time.Time { return time.Unix(0, tick.Add(1)) } // no two codes expire together
	})
	verifier := oauth2.GenerateVerifier()
	oldest := a.code(t, verifier, "ada", fakegithub.NoFault)
	second := a.code(t, verifier, "ada", fakegithub.NoFault)
	for range 1023 {
		a.code(t, verifier, "ada", fakegithub.NoFault)
	}
	_, err := a.exchange(oldest, verifier)
	wantOAuthError(t, err, "bad_verification_code")
	if _, err := a.exchange(second, verifier); err != nil {
		t.Errorf("more than the oldest code is gone: %v", err)
	}
}

func TestDenyingSendsTheAppGitHubsError(t *testing.T) {
	a := newApp(t)
	back, err := fakegithub.Deny(t.Context(), nil, a.authorizeURL(oauth2.GenerateVerifier()))
	if err != nil {
		t.Fatal(err)
	}
	query := back.Query()
	if query.Get("error") != "access_denied" || query.Get("state") != state || query.Get("error_description") == "" ||
		query.Get("error_uri") == "" || query.Has("code") {
		t.Errorf("got %s", back)
	}
	if got := back.Scheme + "://" + back.Host + back.Path; got != callback {
		t.Errorf("sent to %s, want %s", got, callback)
	}
}

func TestTheAnswerKeepsTheRedirectURIsOwnQuery(t *testing.T) {
	a := newApp(t)
	a.oauth.RedirectURL = callback + "?tenant=7&state=mine"
	verifier := oauth2.GenerateVerifier()
	back, err := fakegithub.Approve(t.Context(), nil, a.authorizeURL(verifier), url.Values{"person": {"grace"}})
	if err != nil {
		t.Fatal(err)
	}
	query := back.Query()
	if query.Get("tenant") != "7" || len(query["state"]) != 1 || query.Get("state") != state {
		t.Errorf("got %s", back)
	}
	if _, err := a.exchange(query.Get("code"), verifier); err != nil {
		t.Error(err)
	}
}

// requests are the two ways to the authorize endpoint: the page, and its form with a choice made.
func (a *app) requests(t *testing.T, params url.Values) []*http.Request {
	t.Helper()
	page, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.oauth.Endpoint.AuthURL+"?"+params.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !params.Has("person") {
		params.Set("person", "ada")
	}
	form, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.oauth.Endpoint.AuthURL,
		strings.NewReader(params.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return []*http.Request{page, form}
}

func params(t *testing.T, rawURL string) url.Values {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestABadAuthorizeRequestIsRefusedWithoutARedirect(t *testing.T) {
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	del := func(name string) func(url.Values) { return func(v url.Values) { v.Del(name) } }
	tests := map[string]struct {
		change func(url.Values)
		status int
	}{
		"unknown app":            {set("client_id", "other"), http.StatusNotFound},
		"no app":                 {del("client_id"), http.StatusNotFound},
		"no redirect":            {del("redirect_uri"), http.StatusBadRequest},
		"foreign host":           {set("redirect_uri", "https://evil.example/callback"), http.StatusBadRequest},
		"foreign address":        {set("redirect_uri", "http://192.168.0.1/callback"), http.StatusBadRequest},
		"unspecified address":    {set("redirect_uri", "http://0.0.0.0/callback"), http.StatusBadRequest},
		"name like localhost":    {set("redirect_uri", "http://localhost.evil.example/"), http.StatusBadRequest},
		"name like an address":   {set("redirect_uri", "http://127.0.0.1.evil.example/"), http.StatusBadRequest},
		"user like a host":       {set("redirect_uri", "http://localhost:80@evil.example/"), http.StatusBadRequest},
		"user":                   {set("redirect_uri", "http://evil.example@localhost/"), http.StatusBadRequest},
		"backslash":              {set("redirect_uri", `http://evil.example\@localhost/`), http.StatusBadRequest},
		"no scheme":              {set("redirect_uri", "//localhost/callback"), http.StatusBadRequest},
		"no host":                {set("redirect_uri", "http:localhost"), http.StatusBadRequest},
		"script":                 {set("redirect_uri", "javascript://localhost/%0aalert(1)"), http.StatusBadRequest},
		"fragment":               {set("redirect_uri", callback+"#here"), http.StatusBadRequest},
		"challenge, no method":   {del("code_challenge_method"), http.StatusBadRequest},
		"method, no challenge":   {del("code_challenge"), http.StatusBadRequest},
		"plain challenge":        {set("code_challenge_method", "plain"), http.StatusBadRequest},
		"challenge not a SHA256": {set("code_challenge", "short"), http.StatusBadRequest},
	}
	a := newApp(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := params(t, a.authorizeURL(oauth2.GenerateVerifier()))
			tt.change(v)
			for _, req := range a.requests(t, v) {
				res, body := send(t, req)
				if res.StatusCode != tt.status || res.Header.Get("Location") != "" {
					t.Errorf("%s: got %s to %q, want %d and no redirect: %s", req.Method, res.Status,
						res.Header.Get("Location"), tt.status, body)
				}
			}
		})
	}
}

func TestAChoiceThatIsNotOnThePageIsRefused(t *testing.T) {
	a := newApp(t)
	for _, choice := range []url.Values{{}, {"person": {"mallory"}}, {"person": {"ada"}, "fault": {"fire"}}} {
		back, err := fakegithub.Approve(t.Context(), nil, a.authorizeURL(oauth2.GenerateVerifier()), choice)
		if err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("%v: got %v, %v; want status 400", choice, back, err)
		}
	}
}

func TestEveryLoopbackAddressIsFineAndInTheFormsPolicy(t *testing.T) {
	tests := map[string]string{ // redirect_uri: source in form-action
		"http://localhost:8080/callback": " http://localhost:8080",
		"http://LOCALHOST/callback":      " http://LOCALHOST",
		"https://127.0.0.1:8443":         " https://127.0.0.1:8443",
		"http://127.9.9.9/":              " http://127.9.9.9",
		"http://[::1]:8080/callback":     " http:", // CSP can't say more about IPv6
	}
	a := newApp(t)
	for redirect, source := range tests {
		t.Run(redirect, func(t *testing.T) {
			v := params(t, a.authorizeURL(oauth2.GenerateVerifier()))
			v.Set("redirect_uri", redirect)
			requests := a.requests(t, v)
			page, _ := send(t, requests[0])
			policy := page.Header.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") ||
				!strings.HasSuffix(policy, "; form-action 'self'"+source) {
				t.Errorf("got policy %s", policy)
			}
			form, _ := send(t, requests[1])
			if to := form.Header.Get("Location"); form.StatusCode != http.StatusFound || !strings.HasPrefix(to, redirect) {
				t.Errorf("got %s to %s", form.Status, to)
			}
		})
	}
}

func TestThePageOffersEveryPersonAndEveryFault(t *testing.T) {
	a := newApp(t)
	verifier := oauth2.GenerateVerifier()
	page := a.page(t, a.authorizeURL(verifier))
	wants := []string{"not the real GitHub", "localhost:8080", `name="deny" value="1"`,
		`name="code_challenge" value="` + oauth2.S256ChallengeFromVerifier(verifier) + `"`,
		`name="state" value="a state &amp; more"`}
	for _, p := range fakegithub.People {
		name := p.Name
		if name == "" {
			name = p.Login
		}
		wants = append(wants, `name="person" value="`+p.Login+`"`, "Continue as <strong>"+name+"</strong>")
	}
	for _, fault := range []fakegithub.Fault{fakegithub.NoFault, fakegithub.ExpiredCode, fakegithub.TokenServerError,
		fakegithub.ServerError, fakegithub.Slow, fakegithub.Nonsense, fakegithub.IDZero} {
		wants = append(wants, `name="fault" value="`+string(fault)+`"`)
	}
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// page fetches an authorize URL and checks what holds for any page: fresh, whole and without script.
func (a *app) page(t *testing.T, authorizeURL string) string {
	t.Helper()
	res, body := a.get(t, strings.TrimPrefix(authorizeURL, a.url), nil)
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %s, Cache-Control %q: %s", res.Status, res.Header.Get("Cache-Control"), body)
	}
	if !strings.HasSuffix(body, "</html>\n") || strings.Contains(body, "<script") {
		t.Errorf("the page is cut off or has a script: %s", body)
	}
	return body
}

func TestThePageEscapesWhatTheAppSends(t *testing.T) {
	a := newApp(t)
	const attack = `"><script>alert(1)</script>`
	hostile := []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("state", attack), oauth2.SetAuthURLParam("scope", attack),
		oauth2.SetAuthURLParam("login", attack), oauth2.SetAuthURLParam("redirect_uri", callback+"?x="+attack)}
	a.page(t, a.authorizeURL(oauth2.GenerateVerifier(), hostile...))
}

func TestTheSuggestedPersonComesFirst(t *testing.T) {
	a := newApp(t)
	page := a.page(t, a.authorizeURL(oauth2.GenerateVerifier(), oauth2.SetAuthURLParam("login", "katherine")))
	at := func(login string) int { return strings.Index(page, `name="person" value="`+login+`"`) }
	katherine, ada, grace := at("katherine"), at("ada"), at("grace")
	if katherine < 0 || katherine > ada || ada > grace {
		t.Errorf("got katherine at %d, ada at %d, grace at %d", katherine, ada, grace)
	}
}

func TestTheStylesheetIsServed(t *testing.T) {
	res, _ := newApp(t).get(t, "/style.css", nil)
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/css") {
		t.Errorf("got %s, %s", res.Status, got)
	}
}

func TestTheAPIWantsAToken(t *testing.T) {
	a := newApp(t)
	good := a.token(t, "ada", fakegithub.NoFault)
	bad := []*oauth2.Token{nil, {AccessToken: "gho_madeup"}, {TokenType: "Basic", AccessToken: good.AccessToken}}
	for _, path := range []string{"/user", "/user/emails"} {
		for _, token := range bad {
			res, body := a.get(t, path, token)
			if res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"message":"Bad credentials"`) {
				t.Errorf("%s with %+v: got %s: %s", path, token, res.Status, body)
			}
		}
	}
}

func TestAnAvatarIsAPictureThatStaysTheSame(t *testing.T) {
	a := newApp(t)
	pictures := map[string]string{}
	for _, p := range fakegithub.People {
		res, first := a.get(t, "/avatars/"+p.Login, nil)
		_, second := a.get(t, "/avatars/"+p.Login, nil)
		if first != second {
			t.Errorf("%s changes", p.Login)
		}
		if other, taken := pictures[first]; taken {
			t.Errorf("%s looks like %s", p.Login, other)
		}
		pictures[first] = p.Login
		if _, err := png.Decode(bytes.NewReader([]byte(first))); err != nil || res.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: got %s, %v", p.Login, res.Header.Get("Content-Type"), err)
		}
	}
}

func TestAHugeFormIsRefused(t *testing.T) {
	a := newApp(t)
	for _, target := range []string{a.oauth.Endpoint.AuthURL, a.oauth.Endpoint.TokenURL} {
		res, err := http.PostForm(target, url.Values{"client_id": {strings.Repeat("x", 1<<20)}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %s", target, res.Status)
		}
	}
}

// The whole of a sign-in, as an app's test would write it.
func ExampleApprove() {
	server := httptest.NewServer(fakegithub.New("id", "secret"))
	defer server.Close()
	config := oauth2.Config{ClientID: "id", ClientSecret: "secret", RedirectURL: "http://localhost/callback",
		Endpoint: oauth2.Endpoint{AuthURL: server.URL + "/login/oauth/authorize", TokenURL: server.URL + "/login/oauth/access_token"}}

	ctx, verifier := context.Background(), oauth2.GenerateVerifier()
	authorizeURL := config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier))
	back, err := fakegithub.Approve(ctx, nil, authorizeURL, url.Values{"person": {"ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	fmt.Println(back.Host, token.Type(), err)
	// Output: localhost Bearer <nil>
}
