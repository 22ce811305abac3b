// Package fakegithub is a GitHub to sign in with when there is none: for tests and for --demo.
//
// It speaks the few GitHub endpoints that a sign-in needs, over real HTTP, so that nothing on the other side is
// mocked: the same OAuth client, the same redirects, the same JSON. A sign-in goes through it like this:
//
//  1. The app sends the browser to GET /login/oauth/authorize, a page where one picks who to be and, if one likes,
//     what should go wrong (see [Fault]).
//  2. The page posts that choice, and the browser is sent back to the app with a single-use code.
//  3. The app exchanges the code for an access token at POST /login/oauth/access_token, proving with PKCE that it is
//     the one who asked.
//  4. The app reads GET /user and GET /user/emails with the token.
//
// The chosen fault travels with the code and then with the token. One Server therefore serves any number of happy and
// unhappy sign-ins at the same time, and a person and a test choose a fault in the same way: one form field.
//
// Where GitHub's behaviour is surprising it is kept (an OAuth error is a 200, a name may be null). Where GitHub is
// lenient this package is strict, because it is here to find mistakes: the redirect_uri must be repeated exactly in
// the exchange, and a code_verifier needs a code_challenge.
//
// Whoever reaches a Server can be anybody. It therefore sends codes only to loopback addresses, and it belongs on one.
package fakegithub

import (
	"embed"
	"net/http"
	"time"
)

// maxBody bounds a request's body, in bytes. The largest honest one is an authorize form of about 1 kB.
const maxBody = 64 << 10

//go:embed authorize.html style.css
var files embed.FS

// Person is someone to sign in as.
type Person struct {
	ID    int64  // what GitHub identifies an account by; it never changes, the other fields do
	Login string // unique, the handle in URLs
	Name  string // may be empty, as on GitHub: the API then says null
	Email string // primary, verified and private: only /user/emails tells it
}

// People are those that every Server knows. Read only.
var People = []Person{
	{ID: 1815, Login: "ada", Name: "Ada Lovelace", Email: "ada@example.com"},
	{ID: 1906, Login: "grace", Name: "Grace Hopper", Email: "grace@example.com"},
	{ID: 1918, Login: "katherine", Name: "Katherine Johnson", Email: "katherine@example.com"},
	{ID: 2008, Login: "quiet-fox", Email: "quiet-fox@example.com"}, // GitHub doesn't insist on a name
}

// Fault is what goes wrong with one sign-in. Its text is the value of the form field "fault".
type Fault string

// The faults, in the order in which a sign-in would meet them.
const (
	NoFault          Fault = ""                   // all is well
	ExpiredCode      Fault = "expired-code"       // the code is expired before the app can exchange it
	TokenServerError Fault = "token-server-error" // the exchange answers 502, as often as it is tried
	ServerError      Fault = "server-error"       // the API answers 502
	Slow             Fault = "slow"               // the API answers correctly, but after Server.SlowFor
	Nonsense         Fault = "nonsense"           // the API answers 200 with an HTML page
	IDZero           Fault = "id-zero"            // the API answers a user with the id 0, which nobody has
)

// Server is the fake GitHub, an http.Handler. It is safe for concurrent use; codes and tokens live in memory and are
// gone with it. Make one with New, and change its fields only before it serves.
type Server struct {
	// SlowFor is how long the API keeps a request with the fault Slow waiting; 30 seconds unless changed. The wait
	// ends early when the request's context does. An http.Server with a shorter WriteTimeout cuts the answer off.
	SlowFor time.Duration

	// Now is the clock that codes and tokens expire by; time.Now unless changed. Requests call it concurrently.
	Now func() time.Time

	clientID, clientSecret string
	codes, tokens          grants
	routes                 *http.ServeMux
}

// New returns a Server that knows one OAuth app by its credentials.
func New(clientID, clientSecret string) *Server {
	s := &Server{
		SlowFor:      30 * time.Second,
		Now:          time.Now,
		clientID:     clientID,
		clientSecret: clientSecret,
		routes:       http.NewServeMux(),
	}
	s.routes.HandleFunc("GET /login/oauth/authorize", s.authorizePage)
	s.routes.HandleFunc("POST /login/oauth/authorize", s.authorize)
	s.routes.HandleFunc("POST /login/oauth/access_token", s.accessToken)

	s.routes.HandleFunc("GET /user", s.withGrant(s.user))
	s.routes.HandleFunc("GET /user/emails", s.withGrant(s.emails))

	s.routes.HandleFunc("GET /avatars/{login}", s.avatar)
	s.routes.HandleFunc("GET /style.css", s.stylesheet)
	return s
}

// ServeHTTP answers GitHub's web and API paths alike: the base URL of both is this server's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.routes.ServeHTTP(w, r)
}

func (s *Server) stylesheet(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "style.css")
}
