package fakegithub

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// user is the part of GitHub's user object that a sign-in could care about.
type user struct {
	Login     string  `json:"login"`
	ID        int64   `json:"id"`
	AvatarURL string  `json:"avatar_url"`
	HTMLURL   string  `json:"html_url"`
	Type      string  `json:"type"`
	SiteAdmin bool    `json:"site_admin"`
	Name      *string `json:"name"`  // null if never set
	Email     *string `json:"email"` // the public one; null, as it is for most
	CreatedAt string  `json:"created_at"`
}

type email struct {
	Email      string `json:"email"`
	Primary    bool   `json:"primary"`
	Verified   bool   `json:"verified"`
	Visibility string `json:"visibility"`
}

type apiError struct {
	Message          string `json:"message"`
	DocumentationURL string `json:"documentation_url"`
	Status           string `json:"status"`
}

// withGrant lets in who brings an access token, and makes go wrong what was chosen to go wrong with it.
func (s *Server) withGrant(next func(http.ResponseWriter, *http.Request, grant)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g, ok := s.tokens.get(bearerToken(r), s.Now())
		if !ok {
			writeJSON(w, http.StatusUnauthorized, apiError{"Bad credentials", "https://docs.github.com/rest", "401"})
			return
		}
		switch g.fault {
		case ServerError:
			writeBadGateway(w)
			return
		case Nonsense:
			writeNonsense(w)
			return
		case Slow:
			if !s.waitSlowly(r) {
				return
			}
		case IDZero:
			g.person.ID = 0
		}
		next(w, r, g)
	}
}

// waitSlowly reports whether somebody still waits for the answer afterwards.
func (s *Server) waitSlowly(r *http.Request) bool {
	select {
	case <-time.After(s.SlowFor):
		return true
	case <-r.Context().Done():
		return false
	}
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// user says who signed in: GET /user.
func (s *Server) user(w http.ResponseWriter, r *http.Request, g grant) {
	base := baseURL(r)
	u := user{
		Login:     g.person.Login,
		ID:        g.person.ID,
		AvatarURL: base + "/avatars/" + g.person.Login,
		HTMLURL:   base + "/" + g.person.Login, // a dead end: at github.com it would be a stranger's page
		Type:      "User",
		CreatedAt: "2008-04-10T00:00:00Z",
	}
	if g.person.Name != "" {
		u.Name = &g.person.Name
	}
	writeJSON(w, http.StatusOK, u)
}

// emails says how to reach who signed in: GET /user/emails. GitHub wants the scope user:email for it, this doesn't.
func (s *Server) emails(w http.ResponseWriter, _ *http.Request, g grant) {
	writeJSON(w, http.StatusOK, []email{{Email: g.person.Email, Primary: true, Verified: true, Visibility: "private"}})
}

// baseURL is this server as the client knows it, without a trailing slash.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the client is gone
}

func writeBadGateway(w http.ResponseWriter) {
	writeJSON(w, http.StatusBadGateway, apiError{"Server Error", "https://docs.github.com/rest", "502"})
}

// writeNonsense answers what a captive portal or a proxy in between would.
func writeNonsense(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>Welcome</title><p>Accept our terms to use this Wi-Fi.</html>\n")
}
