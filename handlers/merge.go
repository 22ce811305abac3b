package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// undoAgainPatience is how long after an undo the same user still gets the guest's cookie by
// undoing again. Later the guest may be somebody else's who uses that browser.
const undoAgainPatience = 5 * time.Minute

// undoMerge answers POST /merges/:id/undo: what came along goes back to a guest of this
// browser, which waits beneath the session and is here again after the sign-out.
func (h *Handlers) undoMerge(c echo.Context) error {
	v := viewer(c)
	if v.IsGuest {
		return notFound()
	}
	guest, isWaiting, err := h.guestOf(c)
	if err != nil {
		return err
	}
	if !isWaiting {
		guest = db.NewGuest(uuid.NewString())
	}
	merge, err := h.DB.UndoMerge(c.Request().Context(), v, c.Param("id"), guest)
	if errors.Is(err, db.ErrTooLate) {
		return &userError{
			Code: http.StatusConflict, Title: "That was too long ago",
			Text: "What came along with a login can go back for 7 days, and this was longer ago. It stays in your account, and nothing has changed.",
		}
	}
	if err != nil {
		return err
	}
	// Of the browser that was given the guest the answer may have been lost: it asks again.
	switch isAgain := !merge.UndoneAt.IsZero(); {
	case isWaiting:
	case !isAgain:
		err = h.setGuestCookie(c, guest.ID)
	case merge.UndoneTo != "" && h.Now().Sub(merge.UndoneAt) < undoAgainPatience:
		err = h.setGuestCookie(c, merge.UndoneTo)
	}
	if err != nil {
		return err
	}
	return redirect(c, "/editor?undone="+merge.ID)
}

// receipt is what the page says about a merge: what came, or that it went back.
func (h *Handlers) receipt(v db.Viewer, merge db.Merge, dismiss string) *views.Notice {
	came := views.Holdings{Notes: merge.Notes, Profiles: merge.Profiles}.String()
	notice := &views.Notice{Text: "You are signed in as", Name: v.Name, Rest: ".", Dismiss: dismiss}
	switch {
	case !merge.UndoneAt.IsZero():
		return &views.Notice{Text: "What had come along is a guest's again. It is here when you sign out.", Dismiss: dismiss}
	case came != "":
		notice.Rest = ", and " + came + " came with you."
		if merge.CanBeUndone(h.Now()) {
			notice.Undo, notice.UndoLabel = "/merges/"+merge.ID+"/undo", "Undo"
		}
	}
	return notice
}
