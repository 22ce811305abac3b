package handlers

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// loginPatience is how long a login may take, from leaving for GitHub to coming back.
const loginPatience = 10 * time.Minute

// login answers GET /login (next): what will come along, before leaving for GitHub.
func (h *Handlers) login(c echo.Context) error {
	next := safeNext(c.QueryParam("next"))
	if !viewer(c).IsGuest {
		return c.Redirect(http.StatusSeeOther, next)
	}
	return h.showLogin(c, http.StatusOK, next, true, "")
}

// titlesOnLogin is how many notes the login page names.
const titlesOnLogin = 5

func (h *Handlers) showLogin(c echo.Context, status int, next string, carry bool, problem string) error {
	ctx, v := c.Request().Context(), viewer(c)
	has, err := h.DB.Holdings(ctx, v)
	if err != nil {
		return err
	}
	notes, _, err := h.DB.Notes(ctx, v, db.Cursor{}, titlesOnLogin)
	if err != nil {
		return err
	}
	page := views.Login{
		Page: h.page("Sign in"), Problem: problem, Disc: disc(has.Profiles[0]), Name: has.Profiles[0].Name,
		Holdings: holdings(has).String(), More: has.Notes - len(notes), HasManyMore: has.HasMore,
		Next: next, Carry: carry, MayWrite: !h.isBarred(c),
	}
	for _, n := range notes {
		page.Titles = append(page.Titles, orUntitled(n.Title))
	}
	if has.StoredProfiles > 0 {
		for _, p := range has.Profiles {
			d := disc(p)
			d.Label = p.Name
			page.Profiles = append(page.Profiles, d)
		}
	}
	if h.github == nil {
		page.TurnsItOn = signInIsOff
	}
	return h.render(c, status, views.LoginPage(page))
}

// githubBegin answers POST /auth/github (next, carry): off to GitHub.
func (h *Handlers) githubBegin(c echo.Context) error {
	next, carry := safeNext(field(c, "next")), field(c, "carry") != "false"
	if h.github == nil {
		return h.showLogin(c, http.StatusNotFound, next, carry, "")
	}
	flow := loginClaims{
		State: newReference(), Verifier: oauth2.GenerateVerifier(),
		Carry: carry, Next: next,
	}
	if v := viewer(c); v.IsGuest {
		flow.GuestID = v.ID
	}
	token, err := h.keys.seal(loginToken, &flow)
	if err != nil { // too long for a cookie, because of where to go next
		flow.Next = safeNext("")
		token, err = h.keys.seal(loginToken, &flow)
	}
	if err != nil {
		return err
	}
	h.setCookie(c, h.cookies.login, token, loginPatience)
	return c.Redirect(http.StatusSeeOther, h.github.authorizeURL(flow.State, flow.Verifier))
}

// githubCallback answers GET /auth/github/callback (code and state, or error): it signs
// in and rekeys the guest. It changes things though it is a GET, as OAuth has it; the
// state in the encrypted cookie is what proves that this browser asked for it.
func (h *Handlers) githubCallback(c echo.Context) error {
	if h.github == nil {
		return notFound()
	}
	if strings.Contains(c.Request().Header.Get("Sec-Purpose"), "prefetch") {
		return c.NoContent(http.StatusServiceUnavailable) // browsers ask again for the real visit
	}
	flow, err := h.loginFlow(c)
	if err != nil {
		return err
	}
	if flow == nil && !viewer(c).IsGuest {
		return c.Redirect(http.StatusSeeOther, "/editor") // another tab has signed in
	}
	if flow == nil {
		return h.showProblem(c, http.StatusBadRequest, &loginClaims{Next: "/editor", Carry: true},
			"This browser has no sign-in under way that matches. It may have taken longer than ten minutes, or a cookie was lost.")
	}
	h.clearCookie(c, h.cookies.login)
	switch reason := c.QueryParam("error"); reason {
	case "":
	case "access_denied":
		return h.showProblem(c, http.StatusForbidden, flow, "GitHub did not sign you in, because you chose to cancel there.")
	default:
		h.Log.WarnContext(c.Request().Context(), "github refused a login", slog.String("reason", cut(reason, 64)))
		return h.showProblem(c, http.StatusBadGateway, flow, "GitHub refused the sign-in.")
	}
	outcome, err := h.finishLogin(c, *flow)
	if errors.Is(err, errGitHub) {
		h.Log.WarnContext(c.Request().Context(), "login failed", slog.Any("error", err))
		if !viewer(c).IsGuest {
			// Back and forward again: an earlier answer has signed this browser in.
			return c.Redirect(http.StatusSeeOther, flow.Next)
		}
		return h.showProblem(c, http.StatusBadGateway, flow, "GitHub could not confirm who you are just now.")
	}
	if err != nil {
		h.Log.ErrorContext(c.Request().Context(), "login failed", slog.Any("error", err))
		return h.showProblem(c, explain(err).Code, flow, "You could not be signed in just now, because of a fault on this server.")
	}
	h.setCookie(c, h.cookies.session, outcome.session, db.SessionMax)
	// The guest cookie is left to keepGuest: another tab may have become a new guest while this
	// answer is on its way, and have written.
	return c.Redirect(http.StatusSeeOther, withReceipt(flow.Next, outcome.MergeID))
}

// loginFlow is the flow of the login cookie, if the callback's state is the one in it.
func (h *Handlers) loginFlow(c echo.Context) (*loginClaims, error) {
	value, err := cookie(c, h.cookies.login)
	if err != nil {
		return nil, err
	}
	var flow loginClaims
	if _, err := h.keys.open(loginToken, value, loginPatience, &flow); err != nil {
		return nil, nil
	}
	if subtle.ConstantTimeCompare([]byte(flow.State), []byte(c.QueryParam("state"))) != 1 {
		return nil, nil
	}
	return &flow, nil
}

// A loginOutcome is what a login has made.
type loginOutcome struct {
	db.SignedIn
	session string // the token, for the cookie
}

// finishLogin asks GitHub and signs in. A browser that sends the same callback twice at
// once (it does, on a double click) gets the same outcome twice; and one that goes away
// in the middle does not stop it.
func (h *Handlers) finishLogin(c echo.Context, flow loginClaims) (loginOutcome, error) {
	guestID, err := h.guestToCarry(c, flow)
	if err != nil {
		return loginOutcome{}, err
	}
	formerSession, err := cookie(c, h.cookies.session)
	if err != nil {
		return loginOutcome{}, err
	}
	ctx := context.WithoutCancel(c.Request().Context())
	code, userAgent := c.QueryParam("code"), c.Request().UserAgent()
	outcome, err, _ := h.callbacks.Do(flow.State, func() (any, error) {
		who, err := h.github.whoIs(ctx, code, flow.Verifier)
		if err != nil {
			return loginOutcome{}, err
		}
		return h.signIn(ctx, who, db.SignIn{
			GuestID: guestID, EndSession: hashReference(formerSession), UserAgent: cut(userAgent, 256),
		})
	})
	return outcome.(loginOutcome), err
}

// guestToCarry is the guest whose rows come along: the one that left for GitHub, if it is
// also the one that came back. A guest cookie that was planted in between moves nothing.
func (h *Handlers) guestToCarry(c echo.Context, flow loginClaims) (guestID string, err error) {
	value, err := cookie(c, h.cookies.guest)
	if err != nil || !flow.Carry || flow.GuestID == "" {
		return "", err
	}
	var token guestClaims
	if _, err := h.keys.open(guestToken, value, h.tokenLife(), &token); err != nil || token.ID != flow.GuestID {
		return "", nil
	}
	return token.ID, nil
}

func (h *Handlers) signIn(ctx context.Context, who person, in db.SignIn) (loginOutcome, error) {
	sealed, err := h.keys.seal(accessToken, &accessClaims{Token: who.accessToken})
	if err != nil {
		return loginOutcome{}, err
	}
	in.Avatar, err = h.github.avatar(ctx, who.avatarURL)
	if err != nil {
		h.Log.WarnContext(ctx, "fetch avatar", slog.Any("error", withoutURL(err)))
	}
	session := newReference()
	in.Provider, in.Subject, in.Login, in.Name = "github", who.subject, who.login, who.name
	in.AccessToken, in.SessionHash = sealed, hashReference(session)
	signedIn, err := h.DB.SignIn(ctx, in)
	return loginOutcome{SignedIn: signedIn, session: session}, err
}

// showProblem shows the login page again: what went wrong, that nothing is lost, and the
// button to try again.
func (h *Handlers) showProblem(c echo.Context, status int, flow *loginClaims, problem string) error {
	safe, err := h.whatIsSafe(c, flow)
	if err != nil {
		return err
	}
	return h.showLogin(c, status, flow.Next, flow.Carry, problem+" "+safe+" You can try again.")
}

// whatIsSafe says where the words are after a login that did not work.
func (h *Handlers) whatIsSafe(c echo.Context, flow *loginClaims) (string, error) {
	ctx := c.Request().Context()
	if flow.GuestID != "" {
		// An earlier callback of this login may have worked, though its answer was lost.
		_, err := h.DB.Guest(ctx, flow.GuestID)
		if errors.Is(err, db.ErrViewerGone) {
			return "But you had signed in before, and everything you wrote is in your account.", nil
		}
		if err != nil {
			return "", err
		}
	}
	has, err := h.DB.Holdings(ctx, viewer(c))
	if err != nil {
		return "", err
	}
	switch yours := holdings(has); {
	case yours.String() == "":
		return "Nothing has changed.", nil
	case yours.IsOne():
		return "Your " + yours.String() + " is safe in this browser.", nil
	default:
		return "Your " + yours.String() + " are safe in this browser.", nil
	}
}

// logout answers POST /logout: it ends the session. The answer brings a new guest, or
// the guest that had stayed in this browser.
func (h *Handlers) logout(c echo.Context) error {
	v := viewer(c)
	if v.IsGuest {
		return redirect(c, "/editor")
	}
	if err := h.DB.SignOut(c.Request().Context(), v); err != nil {
		return err
	}
	h.clearCookie(c, h.cookies.session)
	if _, err := h.keepOrMakeGuest(c); err != nil {
		return err
	}
	return startOver(c, "signed-out")
}

// keepOrMakeGuest makes sure that there is a guest when the user is gone: the one that had
// stayed in this browser, or a new one.
func (h *Handlers) keepOrMakeGuest(c echo.Context) (isKept bool, err error) {
	_, isKept, err = h.guestOf(c)
	if err == nil && !isKept {
		_, err = h.newGuest(c)
	}
	return isKept, err
}

// dropPages answers GET /forget.css, which the page after a sign-out links: an empty
// stylesheet whose header makes the browser drop the pages that it holds ready for Back,
// although they are no-store. The answer to the sign-out itself would be too early: the
// page that is being left is put away only when the next one has come.
func (h *Handlers) dropPages(c echo.Context) error {
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.Blob(http.StatusOK, "text/css", nil)
}

// avatar answers GET /avatar: the viewer's own picture.
func (h *Handlers) avatar(c echo.Context) error {
	picture, err := h.DB.Avatar(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, picture.ContentType, picture.Image)
}

// safeNext is where to go after a login: a path on this site, or the editor. Browsers
// read a backslash as a slash, so "/\host" would lead away.
func safeNext(next string) string {
	const fallback = "/editor"
	if len(next) < 2 || len(next) > 1024 || next[0] != '/' || next[1] == '/' || next[1] == '\\' {
		return fallback
	}
	if strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fallback
	}
	return next
}

// withReceipt makes the next page say what came along. It adds to the text of the path
// and leaves the rest as it is: taking a path apart and writing it anew can turn "/%2f"
// into "//", which is another host.
func withReceipt(next, mergeID string) string {
	if mergeID == "" {
		return next
	}
	path, fragment, hasFragment := strings.Cut(next, "#")
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	path += separator + "merge=" + mergeID
	if hasFragment {
		path += "#" + fragment
	}
	return path
}

// loginPath is the login page that comes back to next.
func loginPath(next string) string { return "/login?next=" + url.QueryEscape(next) }

// cut shortens a text that came from outside to at most n bytes of valid UTF-8.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
