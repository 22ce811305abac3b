package fakegithub

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// docsURL is where GitHub's error_uri values point to.
const docsURL = "https://docs.github.com/apps/managing-oauth-apps/"

const tokenDocsURL = docsURL + "troubleshooting-oauth-app-access-token-request-errors/"

// accessToken exchanges a code for an access token: POST /login/oauth/access_token.
//
// An OAuth error has the status 200: GitHub's way, and a trap for clients that look at the status alone.
func (s *Server) accessToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "read the form: "+err.Error(), http.StatusBadRequest)
		return
	}
	// First of all, so that a failed attempt leaves the code alone: golang.org/x/oauth2 finds out by trial whether
	// the credentials belong into the header or the form, and sends the same code twice.
	if !s.knowsClient(r) {
		writeParams(w, r, oauthError("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.",
			tokenDocsURL+"#incorrect-client-credentials"))
		return
	}
	code, now := r.PostForm.Get("code"), s.Now()
	if g, ok := s.codes.get(code, now); ok && g.fault == TokenServerError {
		writeBadGateway(w)
		return
	}
	g, ok := s.codes.take(code, now)
	if !ok || !provesChallenge(g.challenge, r.PostForm.Get("code_verifier")) {
		writeParams(w, r, oauthError("bad_verification_code", "The code passed is incorrect or expired.",
			tokenDocsURL+"#bad-verification-code"))
		return
	}
	if r.PostForm.Get("redirect_uri") != g.redirectURI {
		writeParams(w, r, oauthError("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.",
			docsURL+"troubleshooting-authorization-request-errors/#redirect-uri-mismatch2"))
		return
	}
	writeParams(w, r, map[string]string{"access_token": s.issueToken(g), "token_type": "bearer", "scope": ""})
}

// knowsClient takes the credentials from the Authorization header or, without one, from the form.
func (s *Server) knowsClient(r *http.Request) bool {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		// RFC 6749, section 2.3.1: both halves are form-encoded before they are joined. What doesn't decode
		// becomes empty here, and is wrong.
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	sameID := sameText(id, s.clientID)
	return sameText(secret, s.clientSecret) && sameID
}

// provesChallenge tells whether verifier is the secret behind a PKCE challenge. A verifier without a challenge is
// refused: someone between the app and here may have removed the challenge (RFC 9700, section 4.8.2).
func provesChallenge(challenge, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	return sameText(s256(verifier), challenge)
}

func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sameText compares in a time that depends on the lengths only.
func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Server) issueToken(g grant) string {
	token, now := "gho_"+rand.Text(), s.Now()
	g.expires = now.Add(tokenLife)
	s.tokens.put(token, g, now)
	return token
}

func oauthError(code, description, uri string) map[string]string {
	return map[string]string{"error": code, "error_description": description, "error_uri": uri}
}

// writeParams answers in the format that the client accepts. Like GitHub, it form-encodes for a client that doesn't say.
func writeParams(w http.ResponseWriter, r *http.Request, params map[string]string) {
	w.Header().Set("Cache-Control", "no-store")
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, http.StatusOK, params)
		return
	}
	form := make(url.Values, len(params))
	for name, value := range params {
		form.Set(name, value)
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	_, _ = w.Write([]byte(form.Encode())) // fails only when the client is gone
}
