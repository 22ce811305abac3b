package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// home answers GET /.
func (h *Handlers) home(c echo.Context) error { return c.Redirect(http.StatusFound, "/editor") }

// newNote answers GET /editor (q, from): a new note. For htmx it is the list alone.
func (h *Handlers) newNote(c echo.Context) error {
	if wantsPartial(c) {
		return h.showList(c, "")
	}
	return h.showEditor(c, http.StatusOK, editorState{note: newNoteForm("")})
}

// editNote answers GET /editor/:note (q, from, images). For htmx it is the list alone.
func (h *Handlers) editNote(c echo.Context) error {
	if wantsPartial(c) {
		return h.showList(c, c.Param("note"))
	}
	note, err := h.DB.Note(c.Request().Context(), viewer(c), c.Param("note"))
	if err != nil {
		return err
	}
	return h.showEditor(c, http.StatusOK, editorState{note: h.noteForm(note)})
}

// editorState is what differs from the page as it would be opened anew: values that were
// typed and could not be saved, and what to say about them.
type editorState struct {
	note views.NoteForm
	// profile replaces the form with its id.
	profile       *views.ProfileForm
	profilesError string
}

func (h *Handlers) showEditor(c echo.Context, status int, state editorState) error {
	ctx, v := c.Request().Context(), viewer(c)
	currentID := ""
	if !state.note.IsNew() {
		currentID = state.note.ID
	}
	list, err := h.noteList(c, currentID)
	if err != nil {
		return err
	}
	has, err := h.DB.Holdings(ctx, v)
	if err != nil {
		return err
	}
	notice, err := h.notice(c, v)
	if err != nil {
		return err
	}
	state.note.Byline, state.note.Viewer, state.note.IsUser = byline(has.Profiles), viewerMark(v), !v.IsGuest
	if state.note.IsReadOnly = h.isBarred(c); state.note.IsReadOnly && notice == nil {
		notice = whyBarred()
	}
	state.note.Counts = views.Counts(state.note.Body)
	if wantsImages(c) {
		state.note.Images = true
		h.allowImages(c)
	}
	title := "New note"
	if !state.note.IsNew() {
		title = noteTitle(state.note.Body)
	}
	page := h.page(title)
	if hasStartedOver(c) {
		page.Assets.Forget = "/forget.css"
	}
	return h.render(c, status, views.EditorPage(views.Editor{
		Page: page, Notice: notice, List: list, Note: state.note, You: h.you(v, has, state),
	}))
}

// editorBehind is the address of the editor that a form was sent from.
func (h *Handlers) editorBehind(c echo.Context) string {
	from, err := url.Parse(c.Request().Referer())
	isOurs := err == nil && (from.Host == c.Request().Host || from.Host == h.PublicURL.Host)
	if !isOurs || !strings.HasPrefix(from.Path, "/editor/") {
		return "/editor"
	}
	return from.EscapedPath()
}

// showEditorBehind shows the editor that a form was sent from, with the note that was
// open there.
func (h *Handlers) showEditorBehind(c echo.Context, status int, state editorState) error {
	state.note = newNoteForm("")
	if id, found := strings.CutPrefix(h.editorBehind(c), "/editor/"); found {
		note, err := h.DB.Note(c.Request().Context(), viewer(c), id)
		switch {
		case err == nil:
			state.note = h.noteForm(note)
		case !errors.Is(err, db.ErrNotFound):
			return err
		}
	}
	return h.showEditor(c, status, state)
}

func newNoteForm(body string) views.NoteForm {
	return views.NoteForm{ID: uuid.NewString(), Action: "/notes", Body: body, State: "Not saved yet"}
}

func (h *Handlers) noteForm(note db.Note) views.NoteForm {
	form := views.NoteForm{
		ID: note.ID, Action: "/notes/" + note.ID, Version: note.Version, Body: note.Body,
		State: "Saved", SavedWhen: when(note.UpdatedAt, h.Now()), SavedAt: note.UpdatedAt.Format(time.RFC3339),
		IsPinned: note.IsPinned,
	}
	if note.PublicID != "" {
		form.PublicURL = h.PublicURL.JoinPath("n", note.PublicID).String()
	}
	return form
}
