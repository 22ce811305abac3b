package handlers

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// A tab stays open while another one signs in, signs out or erases. Cookies say who is
// here now; the form says who was here when the tab was opened, so that nothing that was
// typed goes to somebody else in silence.

// viewerMark names a viewer in a form.
func viewerMark(v db.Viewer) string {
	if v.IsGuest {
		return "guest " + v.ID
	}
	return "user " + v.ID
}

// openedBy compares who opened the tab that a form came from with who is here now. A form
// that does not say is of whoever is here.
func openedBy(c echo.Context) (isLate, isReplaced bool) {
	mark, v := field(c, "viewer"), viewer(c)
	if mark == "" || mark == viewerMark(v) {
		return false, false
	}
	// A guest that has signed in goes on as the user; anyone else was replaced.
	wasGuest := strings.HasPrefix(mark, "guest ")
	return wasGuest && !v.IsGuest, !wasGuest || v.IsGuest
}

// refuseTab keeps the text of a tab whose viewer is no longer here. It is not saved by
// itself: whoever is here now may be somebody else.
func (h *Handlers) refuseTab(c echo.Context, body string) error {
	v := viewer(c)
	has, err := h.DB.Holdings(c.Request().Context(), v)
	if err != nil {
		return err
	}
	form := newNoteForm(body)
	form.CanCopy = true
	form.Error = "In another tab you signed out, or became someone else. Nothing was saved here since, and your text is still on the screen: copy it, or save it as a new note of " +
		h.card(v, has).Name + ", who is here now."
	return h.showNote(c, http.StatusForbidden, form)
}

// savedLate is the notice on a tab that was a guest's and has saved for the user.
func savedLate(v db.Viewer, dismiss string) *views.Notice {
	return &views.Notice{Text: "Saved into the account of", Name: v.Name, Rest: ", because another tab has signed in.", Dismiss: dismiss}
}

// sidesOf are the parts of the page beside the text, for a tab that shows those of
// somebody else.
func (h *Handlers) sidesOf(c echo.Context, has db.Holdings, currentID string) ([]templ.Component, error) {
	list, err := h.noteList(c, currentID)
	if err != nil {
		return nil, err
	}
	you := h.you(viewer(c), has, editorState{})
	return []templ.Component{views.NoteListPartial(list), views.CardPartial(you.Card), views.ProfileListPartial(you.Profiles)}, nil
}
