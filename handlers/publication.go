package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/views"
)

// publishNote answers POST /notes/:id/publish.
func (h *Handlers) publishNote(c echo.Context) error {
	if _, err := h.DB.PublishNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return h.showNoteChanged(c)
}

// unpublishNote answers POST /notes/:id/unpublish. The address is dead from then on.
func (h *Handlers) unpublishNote(c echo.Context) error {
	if err := h.DB.UnpublishNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return h.showNoteChanged(c)
}

// publication answers GET /n/:id (images): a note that anyone can read. It looks at no
// cookie and sets none, so that it is the same for everyone and can be cached.
func (h *Handlers) publication(c echo.Context) error {
	note, err := h.DB.PublishedNote(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "public, max-age=60")
	header.Set("Vary", "Accept-Encoding")
	header.Set("X-Robots-Tag", "noindex")
	if wantsImages(c) {
		h.allowImages(c)
	}
	summary := note.Summary()
	page, text := h.page(""), read(c, note.Body, c.Request().URL.Path)
	return h.render(c, http.StatusOK, views.PublicationPage(views.Publication{
		Assets: page.Assets, Title: orUntitled(summary.Title), Description: summary.Excerpt,
		URL:    h.PublicURL.JoinPath("n", note.PublicID).String(),
		Byline: byline(note.Byline), Updated: note.UpdatedAt.Format("2 January 2006"), UpdatedAt: note.UpdatedAt.Format(time.RFC3339),
		Text: text, HasHeading: strings.Contains(text.HTML, "<h1"),
	}))
}
