package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

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

// saveNote answers PUT /notes/:id (body, version, then as in finishSave).
func (h *Handlers) saveNote(c echo.Context) error {
	version, err := strconv.ParseInt(field(c, "version"), 10, 64)
	if err != nil || version < 0 {
		return echo.ErrBadRequest.WithInternal(err)
	}
	note := db.Note{ID: c.Param("id"), Version: version, Body: field(c, "body")}
	form := views.NoteForm{ID: note.ID, Action: "/notes/" + note.ID, Version: version, Body: note.Body, State: "Not saved"}
	saved, err := h.DB.SaveNote(c.Request().Context(), viewer(c), note)
	return h.finishSave(c, form, saved, err)
}

// finishSave answers a save. What was typed stays on the screen whatever happened. The
// field "then" says where to go once it is saved: "new" or "login".
func (h *Handlers) finishSave(c echo.Context, form views.NoteForm, note db.Note, err error) error {
	noteWrite(c, err)
	invalid, limit := new(db.InvalidError), new(db.LimitError)
	switch {
	case err == nil && field(c, "then") != "":
		return goOn(c, "/editor/"+note.ID)
	case err == nil:
		return h.showSavedNote(c, note)
	case errors.Is(err, db.ErrConflict):
		form.Action, form.Version = "/notes/"+note.ID, note.Version
		form.Conflict = &views.NoteConflict{Body: note.Body, Reload: editorPath(note.ID)}
		return h.showNote(c, http.StatusConflict, form)
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
		form.Error = "This note was deleted, or it is not yours. Your text is still here: Save keeps it as a new note."
		return h.showNote(c, http.StatusNotFound, form)
	case errors.Is(err, db.ErrViewerGone):
		form = newNoteForm(form.Body)
		form.Error = "You signed in or out in another tab in the meantime. Your text is still here: Save keeps it as a new note of whoever is here now."
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

func (h *Handlers) showSavedNote(c echo.Context, note db.Note) error {
	address := editorPath(note.ID)
	if !wantsPartial(c) {
		return c.Redirect(http.StatusSeeOther, address)
	}
	has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	form := h.noteForm(note)
	form.Byline = byline(has.Profiles)
	item := noteItem(note.Summary(), h.Now())
	item.IsCurrent = true
	c.Response().Header().Set("HX-Replace-Url", address)
	return h.render(c, http.StatusOK, views.Title(item.Title), views.NoteFormView(form),
		views.NoteItemPartial(item), views.CardPartial(h.card(viewer(c), has)), views.NoNotice())
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
	form.Byline = byline(has.Profiles)
	return h.render(c, status, views.NoteFormView(form))
}

// deleteNote answers DELETE /notes/:id: into the trash.
func (h *Handlers) deleteNote(c echo.Context) error {
	if err := h.DB.DeleteNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return redirect(c, "/editor?deleted="+c.Param("id"))
}

// restoreNote answers POST /notes/:id/restore: out of the trash.
func (h *Handlers) restoreNote(c echo.Context) error {
	if err := h.DB.RestoreNote(c.Request().Context(), viewer(c), c.Param("id")); err != nil {
		return err
	}
	return redirect(c, "/editor/"+c.Param("id"))
}
