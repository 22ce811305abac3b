package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/markbates/goth/providers/github"
	"golang.org/x/oauth2"

	"github.com/guestpad/guestpad/db"
)

// GitHub is the OAuth app that people sign in with.
type GitHub struct {
	ClientID, ClientSecret string
	// URL and APIURL are github.com's, a GitHub Enterprise server's, or a fake's.
	URL, APIURL *url.URL
}

const (
	// gitHubPatience bounds each request to GitHub.
	gitHubPatience = 10 * time.Second
	// avatarPatience is shorter: nobody waits long for a picture.
	avatarPatience = 2 * time.Second
	// maxAnswerBytes bounds what GitHub may answer, pictures included.
	maxAnswerBytes = 512 << 10
)

// errGitHub means that GitHub did not confirm who this is: it refused the code, answered
// nonsense, or did not answer in time.
var errGitHub = errors.New("github")

// githubLogin speaks to GitHub. goth's provider fetches the user; its gothic helpers are
// not used, because they know no PKCE and keep the access token in a readable cookie.
type githubLogin struct {
	origin   string
	oauth    *oauth2.Config
	provider *github.Provider
	client   *http.Client
}

func newGitHubLogin(app GitHub, callbackURL string) *githubLogin {
	authURL := app.URL.JoinPath("login/oauth/authorize").String()
	tokenURL := app.URL.JoinPath("login/oauth/access_token").String()
	client := &http.Client{Timeout: gitHubPatience, Transport: boundedTransport{http.DefaultTransport}}
	// No scope: the public profile is all that is asked for.
	provider := github.NewCustomisedURL(app.ClientID, app.ClientSecret, callbackURL, authURL, tokenURL,
		app.APIURL.JoinPath("user").String(), app.APIURL.JoinPath("user/emails").String())
	provider.HTTPClient = client
	return &githubLogin{
		origin:   app.URL.Scheme + "://" + app.URL.Host,
		provider: provider,
		client:   client,
		oauth: &oauth2.Config{
			ClientID: app.ClientID, ClientSecret: app.ClientSecret, RedirectURL: callbackURL,
			Endpoint: oauth2.Endpoint{AuthURL: authURL, TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams},
		},
	}
}

// authorizeURL is where the browser goes to be asked.
func (g *githubLogin) authorizeURL(state, verifier string) string {
	return g.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// person is who GitHub says came back.
type person struct {
	subject, login, name string
	accessToken          string
	avatarURL            string
}

// whoIs exchanges the code and asks who it stands for. Errors wrap errGitHub.
func (g *githubLogin) whoIs(ctx context.Context, code, verifier string) (person, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, g.client)
	token, err := g.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return person{}, fmt.Errorf("%w: exchange the code: %w", errGitHub, withoutBody(err))
	}
	user, err := g.provider.FetchUser(&github.Session{AccessToken: token.AccessToken})
	if err != nil {
		return person{}, fmt.Errorf("%w: fetch the user: %w", errGitHub, err)
	}
	// goth reads a missing id as 0, which would be one account for everybody.
	if user.UserID == "" || user.UserID == "0" || strings.HasPrefix(user.UserID, "-") {
		return person{}, fmt.Errorf("%w: the user has no id", errGitHub)
	}
	return person{
		subject: user.UserID, login: user.NickName, name: user.Name,
		accessToken: token.AccessToken, avatarURL: user.AvatarURL,
	}, nil
}

// withoutBody drops what GitHub answered from the error: it may hold the token.
func withoutBody(err error) error {
	if retrieve := new(oauth2.RetrieveError); errors.As(err, &retrieve) {
		return fmt.Errorf("status %d, error %q", retrieve.Response.StatusCode, retrieve.ErrorCode)
	}
	return err
}

// withoutURL drops the address from the error: it may hold a token.
func withoutURL(err error) error {
	if at := new(url.Error); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// avatar fetches the picture, so that no page has to ask a third party. No picture is no
// reason not to sign in: then it is nil.
func (g *githubLogin) avatar(ctx context.Context, avatarURL string) (*db.Avatar, error) {
	if avatarURL == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, avatarPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, avatarURL, nil)
	if err != nil {
		return nil, err
	}
	response, err := g.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	image, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	// What the bytes are counts, not what the answer calls them.
	contentType := http.DetectContentType(image)
	switch contentType {
	case "image/png", "image/jpeg", "image/webp", "image/gif":
	default:
		return nil, fmt.Errorf("the avatar is %s, status %d", contentType, response.StatusCode)
	}
	return &db.Avatar{ContentType: contentType, Image: image}, nil
}

// boundedTransport fails on answers that are larger than anything expected. goth reads
// them to the end.
type boundedTransport struct{ next http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswerBytes)
	}
	return response, err
}
