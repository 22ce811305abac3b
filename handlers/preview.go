package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/views"
	"github.com/guestpad/guestpad/views/markdown"
)

// preview answers POST /preview (body, images): the text as it reads. Nothing is saved.
// Without JavaScript the answer is the editor with the text that was sent, beside its
// preview.
func (h *Handlers) preview(c echo.Context) error {
	body := field(c, "body")
	if wantsPartial(c) {
		return h.render(c, http.StatusOK, views.PreviewView(read(c, body, currentPath(c))))
	}
	form := newNoteForm(body)
	if id := field(c, "note"); id != "" {
		stored, err := h.DB.Note(c.Request().Context(), viewer(c), id)
		if err != nil {
			return err
		}
		form = h.noteForm(stored)
		form.Body = body
		if form.Version, err = strconv.ParseInt(field(c, "version"), 10, 64); err != nil {
			return echo.ErrBadRequest.WithInternal(err)
		}
	} else if id := field(c, "new_id"); uuid.Validate(id) == nil {
		form.ID = id
	}
	form.State, form.SavedAt, form.SavedWhen = "Not saved by the preview", "", ""
	shown := read(c, body, editorPath(field(c, "note")))
	form.Preview = &shown
	return h.showEditor(c, http.StatusOK, editorState{note: form})
}

// read is a text as it reads. Images of other servers are shown only when the request
// asks for them; page is the address that can.
func read(c echo.Context, body, page string) views.Preview {
	doc := markdown.Render(body, markdown.Options{Images: wantsImages(c), Tickable: wantsPartial(c)})
	shown := views.Preview{HTML: doc.HTML}
	if !wantsImages(c) {
		shown.ImagesHidden, shown.ShowImages = doc.RemoteImages, page+"?images=1"
	}
	return shown
}

// wantsImages tells whether the person asked for the images of other servers.
func wantsImages(c echo.Context) bool { return c.QueryParam("images") == "1" }

// currentPath is the page that htmx asks from.
func currentPath(c echo.Context) string {
	at, err := url.Parse(c.Request().Header.Get("HX-Current-URL"))
	if err != nil || !strings.HasPrefix(at.Path, "/editor") {
		return "/editor"
	}
	return at.EscapedPath()
}
