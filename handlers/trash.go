package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// inTrash is how many notes a page of the trash shows.
const inTrash = 100

// trash answers GET /trash (from): the deleted notes.
func (h *Handlers) trash(c echo.Context) error {
	from := cursorFrom(c.QueryParam("from"))
	notes, after, err := h.DB.Trash(c.Request().Context(), viewer(c), db.TrashCursor{DeletedAt: from.UpdatedAt, ID: from.ID}, inTrash)
	if err != nil {
		return err
	}
	page := views.Trash{Page: h.page("Trash")}
	for _, n := range notes {
		page.Items = append(page.Items, views.TrashItem{
			Title: orUntitled(n.Title), Excerpt: n.Excerpt, Kept: keptFor(n.DeletedAt.Add(db.TrashKept).Sub(h.Now())),
			Restore: "/notes/" + n.ID + "/restore",
		})
	}
	if after.ID != "" {
		page.Older = "/trash?from=" + url.QueryEscape(formatCursor(db.Cursor{UpdatedAt: after.DeletedAt, ID: after.ID}))
	}
	return h.render(c, http.StatusOK, views.TrashPage(page))
}

func keptFor(left time.Duration) string {
	switch days := int(left.Hours() / 24); {
	case days < 1:
		return "Kept for less than a day"
	case days == 1:
		return "Kept for 1 more day"
	default:
		return fmt.Sprintf("Kept for %d more days", days)
	}
}

// restoreNote answers POST /notes/:id/restore: out of the trash.
func (h *Handlers) restoreNote(c echo.Context) error {
	if err := h.DB.RestoreNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return redirect(c, editorPath(c.Param("id")))
}
