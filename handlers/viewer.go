package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
)

// A visit is the viewer of one request, and how it came to be known.
type visit struct {
	db.Viewer
	// broughtCookie is false for a viewer that this request has made.
	broughtCookie bool
}

// kind is what the metrics count.
func (v visit) kind() string {
	switch {
	case !v.IsGuest:
		return "user"
	case v.broughtCookie:
		return "guest"
	}
	return "new guest"
}

// endedKey marks a request whose session cookie belongs to a session that has ended.
const endedKey = "session ended"

const visitKey = "visit"

// withViewer turns cookies into a viewer. There is always one: a live session is a user,
// a valid guest token is a guest, and anyone else becomes a new guest, whose cookie goes
// out with this answer.
func (h *Handlers) withViewer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := h.identify(c)
		if err != nil {
			return err
		}
		h.Metrics.Viewer(v.kind())
		h.touch(c.Request().Context(), v.Viewer)
		c.Set(visitKey, v)
		return next(c)
	}
}

// viewer is who is asking, behind withViewer.
func viewer(c echo.Context) db.Viewer { return c.Get(visitKey).(visit).Viewer }

// noteWrite keeps the viewer of this request true: a guest that has written has a row.
func noteWrite(c echo.Context, err error) {
	if err == nil {
		v := c.Get(visitKey).(visit)
		v.HasRow = true
		c.Set(visitKey, v)
	}
}

func (h *Handlers) identify(c echo.Context) (visit, error) {
	user, found, err := h.userOf(c)
	if err != nil {
		return visit{}, err
	}
	if found {
		return visit{Viewer: user, broughtCookie: true}, h.keepGuest(c)
	}
	if guest, found, err := h.guestOf(c); found || err != nil {
		return visit{Viewer: guest, broughtCookie: true}, err
	}
	guest, err := h.newGuest(c)
	return visit{Viewer: guest}, err
}

// keepGuest keeps a guest alive that was left in this browser when its user signed in: it
// is to be here again after the sign-out. The cookie of one that is gone is removed.
func (h *Handlers) keepGuest(c echo.Context) error {
	guest, found, err := h.guestOf(c)
	if found {
		h.touch(c.Request().Context(), guest)
		return nil
	}
	if value, _ := cookie(c, h.cookies.guest); err == nil && value != "" {
		h.clearCookie(c, h.cookies.guest)
	}
	return err
}

// userOf is the user of the session cookie. A cookie whose session has ended is removed.
func (h *Handlers) userOf(c echo.Context) (user db.Viewer, found bool, err error) {
	token, err := cookie(c, h.cookies.session)
	if err != nil || token == "" {
		return db.Viewer{}, false, err
	}
	user, err = h.DB.Session(c.Request().Context(), hashReference(token))
	if errors.Is(err, db.ErrNotFound) {
		h.clearCookie(c, h.cookies.session)
		c.Set(endedKey, true)
		return db.Viewer{}, false, nil
	}
	return user, err == nil, err
}

// guestOf is the guest of the guest cookie, unless the token is not valid (any more) or
// the guest was merged into a user.
func (h *Handlers) guestOf(c echo.Context) (guest db.Viewer, found bool, err error) {
	value, err := cookie(c, h.cookies.guest)
	if err != nil || value == "" {
		return db.Viewer{}, false, err
	}
	var token guestClaims
	isOld, err := h.keys.open(guestToken, value, h.tokenLife(), &token)
	if err != nil {
		return db.Viewer{}, false, nil
	}
	guest, err = h.DB.Guest(c.Request().Context(), token.ID)
	if errors.Is(err, db.ErrViewerGone) {
		return db.Viewer{}, false, nil
	}
	if err != nil {
		return db.Viewer{}, false, err
	}
	issued := time.Unix(token.IssuedAt, 0)
	if isOld || h.Now().Sub(issued) > h.reissueAfter() {
		issued = h.Now()
		if err := h.setGuestCookie(c, guest.ID); err != nil {
			return db.Viewer{}, false, err
		}
	}
	guest.Until = issued.Add(h.GuestTTL)
	return guest, true, nil
}

// tokenLife is how long a guest token opens: after GuestTTL the guest is in the archive,
// from which coming back revives it.
func (h *Handlers) tokenLife() time.Duration { return h.GuestTTL + db.ArchivedFor }

// reissueAfter is the age at which a guest token is replaced by a new one, so that the
// guest expires by inactivity and not by age.
func (h *Handlers) reissueAfter() time.Duration { return min(24*time.Hour, h.GuestTTL/2) }

// touch notes now and then that the viewer is here, so that a guest or a session that
// only reads does not expire. Reading must not fail for it.
func (h *Handlers) touch(ctx context.Context, v db.Viewer) {
	if !v.HasRow || h.Now().Sub(v.SeenAt) < db.SeenEvery {
		return
	}
	// Beside the request: while the database is locked, reading goes on without waiting.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), touchPatience)
	go func() {
		defer cancel()
		if err := h.DB.Touch(ctx, v); err != nil {
			h.Log.WarnContext(ctx, "touch viewer", slog.Any("error", err))
		}
	}()
}

// touchPatience is how long a touch waits for its turn to write.
const touchPatience = 5 * time.Second

func (h *Handlers) newGuest(c echo.Context) (db.Viewer, error) {
	guest := db.NewGuest(uuid.NewString())
	guest.Until = h.Now().Add(h.GuestTTL)
	return guest, h.setGuestCookie(c, guest.ID)
}

func (h *Handlers) setGuestCookie(c echo.Context, id string) error {
	token, err := h.keys.seal(guestToken, &guestClaims{ID: id})
	if err != nil {
		return err
	}
	h.setCookie(c, h.cookies.guest, token, h.tokenLife())
	return nil
}

// requireCookie refuses to write for a viewer that this very request has made: cookies
// are off, or it is a robot. A browser that takes cookies has one with this answer, so
// that sending again works.
func requireCookie(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Get(endedKey) != nil {
			return &userError{
				Code:  http.StatusForbidden,
				Title: "You are signed out",
				Text:  "Your session has ended, so this was not saved into your account. What you typed is still here: sign in again in another tab and try again, or try again now to keep it as a guest.",
			}
		}
		if !c.Get(visitKey).(visit).broughtCookie {
			return &userError{
				Code:  http.StatusForbidden,
				Title: "Your browser did not say who you are",
				Text:  "Nothing was saved, and what you typed is still here. Guestpad knows you by a cookie, and yours has expired or cookies are off. Please try again; if this comes up once more, allow cookies for this site.",
			}
		}
		return next(c)
	}
}
