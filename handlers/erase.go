package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// erasePage answers GET /erase: what would go, before it goes.
func (h *Handlers) erasePage(c echo.Context) error {
	v := viewer(c)
	erasure, err := h.DB.Erasable(c.Request().Context(), v)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.ErasePage(views.Erase{
		Page: h.page("Erase me"), IsUser: !v.IsGuest, Name: v.Name, Goes: goes(erasure, v),
	}))
}

// goes names what an erasure takes.
func goes(e db.Erasure, v db.Viewer) (lines []string) {
	for _, what := range []struct {
		count     int
		one, many string
	}{
		{e.Notes - e.InTrash, "note", "notes"},
		{e.InTrash, "note in the trash", "notes in the trash"},
		{e.Published, "published page, at once and for everyone", "published pages, at once and for everyone"},
		{e.Profiles, "profile", "profiles"},
		{e.Identities, "way to sign in", "ways to sign in"},
		{e.Sessions, "signed-in browser, this one included", "signed-in browsers, this one included"},
		{e.Merges, "record of what came along", "records of what came along"},
	} {
		if what.count > 0 {
			lines = append(lines, views.Plural(what.count, what.one, what.many))
		}
	}
	if v.HasAvatar {
		lines = append(lines, "your picture")
	}
	return lines
}

// erase answers POST /erase: the viewer is gone, and this browser is someone new.
func (h *Handlers) erase(c echo.Context) error {
	v := viewer(c)
	if v.HasRow {
		if _, err := h.DB.Erase(c.Request().Context(), v); err != nil {
			return err
		}
	}
	if v.IsGuest {
		if _, err := h.newGuest(c); err != nil {
			return err
		}
		return startOver(c, "erased")
	}
	h.clearCookie(c, h.cookies.session)
	isKept, err := h.keepOrMakeGuest(c)
	if err != nil {
		return err
	}
	if isKept {
		return startOver(c, "erased-account")
	}
	return startOver(c, "erased")
}

// forget answers POST /forget: a guest leaves a browser that others use too. Its notes
// stay until they expire, for other devices on which it continues.
func (h *Handlers) forget(c echo.Context) error {
	if !viewer(c).IsGuest {
		return redirect(c, "/settings")
	}
	if _, err := h.newGuest(c); err != nil {
		return err
	}
	return startOver(c, "forgotten")
}
