package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// startHandoff answers POST /continue/start: a link with which this guest continues on
// another device, to scan or to copy.
func (h *Handlers) startHandoff(c echo.Context) error {
	v := viewer(c)
	if !v.IsGuest {
		return redirect(c, "/settings") // signing in there is how a user goes on
	}
	code := newReference()
	if err := h.DB.StartHandoff(c.Request().Context(), v, hashReference(code)); err != nil {
		return err
	}
	link := h.PublicURL.JoinPath("continue").String() + "?" + url.Values{"code": {code}}.Encode()
	drawn, err := drawQR(link)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.HandoffPage(views.Handoff{
		Page: h.page("Another device"), Link: link, QR: drawn, State: views.HandoffState{IsWaiting: true},
	}))
}

// handoffState answers GET /continue/state: has another device used the link? The page that
// shows the link asks again and again.
func (h *Handlers) handoffState(c echo.Context) error {
	handoffs, err := h.DB.Handoffs(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.HandoffStateView(h.stateOf(handoffs)))
}

// stateOf is what has become of the last link.
func (h *Handlers) stateOf(handoffs []db.Handoff) (state views.HandoffState) {
	if len(handoffs) == 0 {
		return state
	}
	last := handoffs[0]
	if last.UsedAt.IsZero() {
		state.IsWaiting = last.ExpiresAt.After(h.Now())
	} else {
		state.UsedBy = browserName(last.UserAgent)
	}
	return state
}

// continuePage answers GET /continue (code): whom this device would be. It changes nothing,
// so that a messenger that looks at the link does not use it up.
func (h *Handlers) continuePage(c echo.Context) error {
	guest, err := h.DB.HandoffOf(c.Request().Context(), hashReference(c.QueryParam("code")))
	if errors.Is(err, db.ErrNotFound) {
		return linkIsDead()
	}
	if err != nil {
		return err
	}
	if !viewer(c).IsGuest {
		return signedInAlready()
	}
	theirs, err := h.DB.Holdings(c.Request().Context(), guest)
	if err != nil {
		return err
	}
	ours, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	page := views.Continue{
		Page: h.page("Go on here"), Code: c.QueryParam("code"), Disc: disc(theirs.Profiles[0]), Name: theirs.Profiles[0].Name,
		Holdings: holdings(theirs).String(),
	}
	if viewer(c).ID != guest.ID {
		page.Here = holdings(ours).String()
	}
	return h.render(c, http.StatusOK, views.ContinuePage(page))
}

// continueHere answers POST /continue (code): this browser is the guest that made the link.
func (h *Handlers) continueHere(c echo.Context) error {
	if !viewer(c).IsGuest {
		return signedInAlready()
	}
	guest, err := h.DB.UseHandoff(c.Request().Context(), hashReference(field(c, "code")), cut(c.Request().UserAgent(), 256))
	if errors.Is(err, db.ErrNotFound) {
		return linkIsDead()
	}
	if err != nil {
		return err
	}
	if err := h.setGuestCookie(c, guest.ID); err != nil {
		return err
	}
	return startOver(c, "continued")
}

func linkIsDead() error {
	return &userError{
		Code: http.StatusNotFound, Title: "This link does not work any more",
		Text: "It works once, and for five minutes. Nothing has changed here or there: make another one on the first device, under Settings.",
	}
}

func signedInAlready() error {
	return &userError{
		Code: http.StatusConflict, Title: "You are signed in here",
		Text: "Such a link makes a browser a guest, and this one is signed in. Nothing has changed. Sign out first if you mean it, or sign in on the other device instead.",
	}
}

// drawQR is a QR code as the path of an SVG, in modules, and how many modules it is wide.
func drawQR(text string) (views.QR, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return views.QR{}, err
	}
	var path strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return views.QR{Size: size, Path: path.String()}, nil
}
