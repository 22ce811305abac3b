package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// createNote answers POST /notes (body; new_id, a UUID, makes sending twice harmless; then as in
// finishSave).
func (h *Handlers) createNote(c echo.Context) error {
	id, body := field(c, "new_id"), field(c, "body")
	if uuid.Validate(id) != nil {
		id = ""
	}
	if _, isReplaced := openedBy(c); isReplaced {
		return h.refuseTab(c, body)
	}
	form := views.NoteForm{ID: id, Action: "/notes", Body: body, State: "Not saved"}
	if strings.TrimSpace(body) == "" {
		if field(c, "then") != "" {
			return goOn(c, "/editor")
		}
		form.Error = "There is nothing to save yet. Write something first."
		return h.showNote(c, http.StatusUnprocessableEntity, form)
	}
	note, err := h.DB.CreateNote(c.Request().Context(), viewer(c), id, body)
	return h.finishSave(c, form, note, err)
}

// saveNote answers PUT /notes/:id (body, version, then as in finishSave; keep as in
// resolveConflict).
func (h *Handlers) saveNote(c echo.Context) error {
	version, err := strconv.ParseInt(field(c, "version"), 10, 64)
	if err != nil || version < 0 {
		return echo.ErrBadRequest.WithInternal(err)
	}
	if _, isReplaced := openedBy(c); isReplaced {
		return h.refuseTab(c, field(c, "body"))
	}
	note := db.Note{ID: c.Param("id"), Version: version, Body: field(c, "body")}
	form := views.NoteForm{ID: note.ID, Action: "/notes/" + note.ID, Version: version, Body: note.Body, State: "Not saved"}
	if keep := field(c, "keep"); keep != "" {
		return h.resolveConflict(c, form, note, db.Keep(keep))
	}
	saved, err := h.DB.SaveNote(c.Request().Context(), viewer(c), note)
	return h.finishSave(c, form, saved, err)
}

// finishSave answers a save. What was typed stays on the screen whatever happened. The
// field "then" says where to go once it is saved: "new" or "login".
func (h *Handlers) finishSave(c echo.Context, form views.NoteForm, note db.Note, err error) error {
	noteWrite(c, err)
	switch {
	case err == nil && field(c, "then") != "":
		return goOn(c, editorPath(note.ID))
	case err == nil:
		return h.showSavedNote(c, note, nil)
	}
	return h.refuseSave(c, form, note, err)
}

// refuseSave says why a text was not saved, and keeps it.
func (h *Handlers) refuseSave(c echo.Context, form views.NoteForm, stored db.Note, err error) error {
	invalid, limit := new(db.InvalidError), new(db.LimitError)
	switch {
	case errors.Is(err, db.ErrConflict):
		return h.showNote(c, http.StatusConflict, h.conflictForm(form, stored))
	case errors.As(err, &invalid):
		form.Error = invalid.Message
		status := http.StatusUnprocessableEntity
		if len(form.Body) > db.MaxNoteBytes {
			status = http.StatusRequestEntityTooLarge
		}
		return h.showNote(c, status, form)
	case errors.As(err, &limit):
		form.Error = explain(err).Text
		return h.showNote(c, http.StatusUnprocessableEntity, form)
	case errors.Is(err, db.ErrNotFound):
		form = newNoteForm(form.Body)
		form.Error = "This note was deleted, or it is not yours. Your text is still here: saving keeps it as a new note."
		return h.showNote(c, http.StatusNotFound, form)
	case errors.Is(err, db.ErrViewerGone):
		form = newNoteForm(form.Body)
		form.Error = "You signed in or out in another tab in the meantime. Your text is still here: saving keeps it as a new note of whoever is here now."
		return h.showNote(c, http.StatusForbidden, form)
	}
	return err
}

// goOn leaves the note for where the field "then" says.
func goOn(c echo.Context, from string) error {
	if field(c, "then") == "login" {
		return redirect(c, loginPath(from))
	}
	return redirect(c, "/editor")
}

// showSavedNote answers with what a save changes on the page, and with a notice if there
// is something to say.
func (h *Handlers) showSavedNote(c echo.Context, note db.Note, notice *views.Notice) error {
	isLate, _ := openedBy(c)
	if !wantsPartial(c) {
		to := editorPath(note.ID)
		if isLate {
			to += "?done=saved-late"
		}
		return c.Redirect(http.StatusSeeOther, to)
	}
	has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	form := h.noteForm(note)
	form.Byline, form.Viewer = byline(has.Profiles), viewerMark(viewer(c))
	if isLate && notice == nil {
		notice = savedLate(viewer(c), editorPath(note.ID))
	}
	item := noteItem(note.Summary(), h.Now())
	item.IsCurrent = true
	c.Response().Header().Set("HX-Replace-Url", editorPath(note.ID))
	parts := []templ.Component{
		views.Title(item.Title), views.NoteFormView(form), views.NoteMessagesPartial(form), views.NoteItemPartial(item),
		views.NoteCountsPartial(views.Counts(note.Body)), views.NoticePartial(notice),
	}
	if note.Version == 1 { // now it can be shared
		parts = append(parts, views.NoteMenusPartial(form))
	}
	switch {
	case isLate:
		sides, err := h.sidesOf(c, has, note.ID)
		if err != nil {
			return err
		}
		parts = append(parts, sides...)
	case note.Version == 1: // there is one more to come along
		parts = append(parts, views.CardPartial(h.card(viewer(c), has)))
	}
	return h.render(c, http.StatusOK, parts...)
}

// showNote answers with the form as it was sent, and with what is to be said about it.
func (h *Handlers) showNote(c echo.Context, status int, form views.NoteForm) error {
	if !wantsPartial(c) {
		return h.showEditor(c, status, editorState{note: form})
	}
	has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	form.Byline, form.Viewer = byline(has.Profiles), viewerMark(viewer(c))
	parts := []templ.Component{views.NoteFormView(form), views.NoteMessagesPartial(form)}
	if _, isReplaced := openedBy(c); isReplaced {
		sides, err := h.sidesOf(c, has, "")
		if err != nil {
			return err
		}
		parts = append(parts, sides...)
	}
	return h.render(c, status, parts...)
}

// pinNote answers POST /notes/:id/pin and /notes/:id/unpin.
func (h *Handlers) pinNote(isPinned bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := h.DB.PinNote(c.Request().Context(), viewer(c), c.Param("id"), isPinned); err != nil {
			return err
		}
		return h.showNoteChanged(c)
	}
}

// showNoteChanged answers a change of a note that leaves its text alone.
func (h *Handlers) showNoteChanged(c echo.Context) error {
	if !wantsPartial(c) {
		return c.Redirect(http.StatusSeeOther, editorPath(c.Param("id")))
	}
	note, err := h.DB.Note(c.Request().Context(), viewer(c), c.Param("id"))
	if err != nil {
		return err
	}
	item := noteItem(note.Summary(), h.Now())
	item.IsCurrent = true
	return h.render(c, http.StatusOK, views.NoteMenus(h.noteForm(note)), views.NoteItemPartial(item))
}

// deleteNote answers DELETE /notes/:id: into the trash.
func (h *Handlers) deleteNote(c echo.Context) error {
	if err := h.DB.DeleteNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return redirect(c, "/editor?deleted="+c.Param("id"))
}
