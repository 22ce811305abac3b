package handlers

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// What was done before a page was opened is in the page's query, so that the notice about
// it works without JavaScript and is gone with the next page. These are the values of
// "done": whoever has started over is a guest again, and only a guest is told so.
var (
	startedOver = map[string]string{
		"signed-out":     "You are signed out. What you write now is a guest's.",
		"erased":         "You are erased: nothing that you had here is left on this server. What you write now is somebody new's.",
		"erased-account": "Your account is erased, with everything in it. You are the guest again who had stayed in this browser.",
		"forgotten":      "This browser has forgotten you. What you write now is somebody new's.",
		"continued":      "You go on here as the guest of your other device.",
	}
	doneAsUser = map[string]string{
		"revoked":        "That browser is signed out. What it had not saved is still on its screen.",
		"revoked-others": "You are signed out everywhere but here. What other browsers had not saved is still on their screens.",
	}
)

// startOver leads to an empty editor, whose page makes the browser drop what it keeps of
// the viewer before.
func startOver(c echo.Context, done string) error { return redirect(c, "/editor?done="+done) }

// hasStartedOver tells whether this browser has just become a guest.
func hasStartedOver(c echo.Context) bool { return startedOver[c.QueryParam("done")] != "" }

// notice is what the page has to say about what was done before it was opened.
func (h *Handlers) notice(c echo.Context, v db.Viewer) (*views.Notice, error) {
	done, dismiss := c.QueryParam("done"), c.Request().URL.Path
	said := doneAsUser
	if v.IsGuest {
		said = startedOver
	}
	if text := said[done]; text != "" {
		return &views.Notice{Text: text, Dismiss: dismiss}, nil
	}
	if done == "saved-late" && !v.IsGuest {
		return savedLate(v, dismiss), nil
	}
	if id := c.QueryParam("deleted"); uuid.Validate(id) == nil {
		return &views.Notice{Text: "The note is in the trash.", Undo: "/notes/" + id + "/restore", UndoLabel: "Undo", Dismiss: dismiss}, nil
	}
	if id := c.QueryParam("gave-up"); uuid.Validate(id) == nil {
		return givenUp(id, dismiss), nil
	}
	return h.noticeOfMerge(c, v, dismiss)
}

// noticeOfMerge is the receipt, or what it says once the merge was undone.
func (h *Handlers) noticeOfMerge(c echo.Context, v db.Viewer, dismiss string) (*views.Notice, error) {
	id := c.QueryParam("merge") + c.QueryParam("undone")
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
	return h.receipt(v, merge, dismiss), nil
}
