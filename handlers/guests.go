package handlers

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/views"
)

// GuestAccess is what guests may do. Whatever it is, a guest can sign in and bring along
// what it has, download it, and erase it.
type GuestAccess string

// The kinds of GuestAccess.
const (
	GuestsOn       GuestAccess = "on"
	GuestsReadOnly GuestAccess = "read-only"
	GuestsOff      GuestAccess = "off"
)

// UnmarshalText takes one of the three.
func (a *GuestAccess) UnmarshalText(text []byte) error {
	switch access := GuestAccess(text); access {
	case GuestsOn, GuestsReadOnly, GuestsOff:
		*a = access
		return nil
	}
	return fmt.Errorf("want on, read-only or off, not %q", text)
}

// mayRead lets guests see the pages of their notes, or sends them to the login.
func (h *Handlers) mayRead(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !viewer(c).IsGuest || h.Guests != GuestsOff {
			return next(c)
		}
		return redirect(c, loginPath(c.Request().URL.RequestURI()))
	}
}

// mayWrite lets guests write, or says why not.
func (h *Handlers) mayWrite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !h.isBarred(c) {
			return next(c)
		}
		return &userError{
			Code:  http.StatusForbidden,
			Title: "Guests cannot write here at the moment",
			Text:  "Nothing was saved, and what you typed is still here. Open another tab to sign in, and then try again: it is saved into your account.",
		}
	}
}

// isBarred tells whether the viewer is a guest who may not write.
func (h *Handlers) isBarred(c echo.Context) bool {
	return viewer(c).IsGuest && h.Guests != GuestsOn
}

// whyBarred is the notice for guests who may read and not write.
func whyBarred() *views.Notice {
	return &views.Notice{Text: "Guests can read here at the moment, and not write. Sign in to write: what you have comes along."}
}
