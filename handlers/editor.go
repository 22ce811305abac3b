package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// notesOnPage is how many notes the list shows before it is scrolled.
const notesOnPage = 20

// home answers GET /.
func (h *Handlers) home(c echo.Context) error { return c.Redirect(http.StatusFound, "/editor") }

// newNote answers GET /editor: a new note.
func (h *Handlers) newNote(c echo.Context) error {
	if wantsPartial(c) {
		return h.showOlderNotes(c, "")
	}
	return h.showEditor(c, http.StatusOK, editorState{note: newNoteForm("")})
}

// editNote answers GET /editor/:note.
func (h *Handlers) editNote(c echo.Context) error {
	if wantsPartial(c) {
		return h.showOlderNotes(c, c.Param("note"))
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
	list, err := h.noteList(ctx, v, cursorFrom(c.QueryParam("from")), currentID)
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
	state.note.Byline = byline(has.Profiles)
	title := "New note"
	if !state.note.IsNew() {
		title = noteTitle(state.note.Body)
	}
	page := h.page(title)
	if c.QueryParams().Has("signed-out") {
		page.Assets.Forget = "/forget.css"
	}
	return h.render(c, status, views.EditorPage(views.Editor{
		Page: page, Notice: notice, List: list, Note: state.note, You: h.you(v, has, state),
	}))
}

// showOlderNotes answers with the part of the list that the query's "from" begins.
func (h *Handlers) showOlderNotes(c echo.Context, currentID string) error {
	list, err := h.noteList(c.Request().Context(), viewer(c), cursorFrom(c.QueryParam("from")), currentID)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.NoteItems(list))
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
	return views.NoteForm{
		ID: note.ID, Action: "/notes/" + note.ID, Version: note.Version, Body: note.Body,
		State: "Saved " + when(note.UpdatedAt, h.Now()), IsSaved: true,
	}
}

func (h *Handlers) noteList(ctx context.Context, v db.Viewer, from db.Cursor, currentID string) (views.NoteList, error) {
	notes, after, err := h.DB.Notes(ctx, v, from, notesOnPage)
	if err != nil {
		return views.NoteList{}, err
	}
	list := views.NoteList{IsPart: from.ID != "", Items: make([]views.NoteItem, len(notes))}
	now := h.Now()
	for i, n := range notes {
		list.Items[i] = noteItem(n, now)
		list.Items[i].IsCurrent = n.ID == currentID
	}
	if after.ID != "" {
		list.Older = editorPath(currentID) + "?from=" + url.QueryEscape(formatCursor(after))
	}
	return list, nil
}

func noteItem(n db.NoteSummary, now time.Time) views.NoteItem {
	return views.NoteItem{
		ID: n.ID, Href: editorPath(n.ID), Title: orUntitled(n.Title), Excerpt: n.Excerpt,
		When: when(n.UpdatedAt, now), WhenExactly: n.UpdatedAt.Format(time.RFC3339),
	}
}

// editorPath is the address of a note, or of a new one.
func editorPath(noteID string) string {
	if noteID == "" {
		return "/editor"
	}
	return "/editor/" + noteID
}

func noteTitle(body string) string {
	title, _ := db.Summarize(body)
	return orUntitled(title)
}

func orUntitled(title string) string {
	if title == "" {
		return "Untitled"
	}
	return title
}

func formatCursor(c db.Cursor) string {
	kind := "n"
	if c.IsPinned {
		kind = "p"
	}
	return fmt.Sprintf("%s%d.%s", kind, c.UpdatedAt.UnixMilli(), c.ID)
}

// cursorFrom reads what formatCursor wrote; anything else is the beginning.
func cursorFrom(s string) db.Cursor {
	place, id, found := strings.Cut(s, ".")
	ms, isPinned := strings.CutPrefix(place, "p")
	at, err := strconv.ParseInt(strings.TrimPrefix(ms, "n"), 10, 64)
	if !found || err != nil || uuid.Validate(id) != nil {
		return db.Cursor{}
	}
	return db.Cursor{IsPinned: isPinned, UpdatedAt: time.UnixMilli(at), ID: id}
}

// notice is what the page has to say about what was done before it was opened.
func (h *Handlers) notice(c echo.Context, v db.Viewer) (*views.Notice, error) {
	dismiss := c.Request().URL.Path
	if c.QueryParams().Has("signed-out") && v.IsGuest {
		return &views.Notice{Text: "You are signed out. What you write now is a guest's.", Dismiss: dismiss}, nil
	}
	if id := c.QueryParam("deleted"); uuid.Validate(id) == nil {
		return &views.Notice{Text: "The note is in the trash.", Undo: "/notes/" + id + "/restore", Dismiss: dismiss}, nil
	}
	id := c.QueryParam("merge")
	if id == "" {
		return nil, nil
	}
	merge, err := h.DB.Merge(c.Request().Context(), v, id)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	came := views.Holdings(merge.Notes, merge.Profiles)
	notice := &views.Notice{Text: "You are signed in as", Name: v.Name, Rest: ".", Dismiss: dismiss}
	if came != "" {
		notice.Rest = ", and " + came + " came with you."
	}
	return notice, nil
}

// when says how long ago something was. The server does not know the reader's time zone,
// so it names days only when they are far enough away.
func when(t, now time.Time) string {
	switch age := now.Sub(t); {
	case age < time.Minute:
		return "just now"
	case age < time.Hour:
		return fmt.Sprintf("%d min", int(age.Minutes()))
	case age < 24*time.Hour:
		return fmt.Sprintf("%d h", int(age.Hours()))
	case age < 7*24*time.Hour:
		return fmt.Sprintf("%d d", int(age.Hours()/24))
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}
