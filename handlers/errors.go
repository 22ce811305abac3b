package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// userError is an error with words for the person in front of the screen: what happened,
// that nothing is lost, and what to do.
type userError struct {
	Code        int
	Title, Text string
	// RetryAfter is sent along when it is set.
	RetryAfter time.Duration
	// cause is for the log.
	cause error
}

func (e *userError) Error() string {
	if e.cause != nil {
		return e.Title + ": " + e.cause.Error()
	}
	return e.Title
}

func (e *userError) Unwrap() error { return e.cause }

// handleError is the one place where an error becomes an answer. It logs once, and hides
// the cause of what is our fault.
func (h *Handlers) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		h.Log.WarnContext(c.Request().Context(), "answer broken off", slog.Any("error", err))
		return
	}
	shown := explain(err)
	if shown.Code >= http.StatusInternalServerError {
		h.Log.ErrorContext(c.Request().Context(), "request failed", slog.Any("error", err))
	}
	if shown.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(shown.RetryAfter.Seconds())))
	}
	if err := h.showError(c, shown); err != nil {
		h.Log.ErrorContext(c.Request().Context(), "show error", slog.Any("error", err))
	}
}

// explain finds the words for an error.
func explain(err error) *userError {
	var shown *userError
	var limit *db.LimitError
	var tooLarge *http.MaxBytesError
	var httpError *echo.HTTPError
	switch {
	case errors.As(err, &shown):
		return shown
	case errors.Is(err, db.ErrNotFound):
		return notFound()
	case errors.Is(err, db.ErrViewerGone):
		return &userError{Code: http.StatusForbidden, Title: "You are someone else now",
			Text: "In the meantime you signed in or out in another tab, so this could not be saved here. What you typed is still here: copy it, open the editor again, and paste it."}
	case errors.As(err, &limit):
		return &userError{Code: http.StatusUnprocessableEntity, Title: "That is as many as there can be",
			Text: "You already have " + strconv.Itoa(limit.Max) + " " + limit.What + ". What you typed is still here: remove one that you no longer need, and try again."}
	case errors.Is(err, db.ErrUnavailable):
		return &userError{Code: http.StatusServiceUnavailable, Title: "The storage does not answer right now", RetryAfter: 5 * time.Second, cause: err,
			Text: "What was saved before is safe, and nothing that you typed is lost: it is still on this page. Please try again in a moment."}
	case errors.As(err, &tooLarge):
		return &userError{Code: http.StatusRequestEntityTooLarge, Title: "That is too much at once",
			Text: "More was sent than Guestpad takes in one go, so nothing was saved. Your text is still in the page before this one: go back, copy it, shorten it, and save again."}
	case errors.Is(err, context.Canceled):
		return &userError{Code: 499, Title: "The request was broken off", Text: "Please try again.", cause: err}
	case errors.As(err, &httpError):
		return explainHTTP(httpError)
	}
	return &userError{Code: http.StatusInternalServerError, Title: "Something went wrong here", cause: err,
		Text: "This is our fault, not yours. What was saved before is safe, and nothing that you typed is lost: it is still on this page. Please try again; if it happens again, tell whoever runs this server the request number below."}
}

func notFound() *userError {
	return &userError{Code: http.StatusNotFound, Title: "There is nothing here",
		Text: "This page does not exist, or it is not yours, or it was deleted."}
}

// explainHTTP words the errors that Echo itself makes.
func explainHTTP(err *echo.HTTPError) *userError {
	switch err.Code {
	case http.StatusNotFound:
		return notFound()
	case http.StatusMethodNotAllowed:
		return &userError{Code: err.Code, Title: "That cannot be done here", Text: "This address does not take such a request."}
	}
	if err.Code >= http.StatusInternalServerError {
		return explain(err.Internal)
	}
	return &userError{Code: err.Code, Title: "That did not work", Text: http.StatusText(err.Code) + ".", cause: err}
}

// showError answers htmx with a message for the page's notice area, where it disturbs
// nothing that was typed, and everyone else with a page that holds what was typed.
func (h *Handlers) showError(c echo.Context, e *userError) error {
	setNoStore(c)
	if wantsPartial(c) {
		c.Response().Header().Set("HX-Retarget", "#notice")
		c.Response().Header().Set("HX-Reswap", "innerHTML")
		return h.render(c, e.Code, views.NoticeBar(views.Notice{IsError: true, Text: e.Text}))
	}
	return h.render(c, e.Code, views.ErrorPage(views.Error{
		Page: h.page(e.Title), Title: e.Title, Text: e.Text, RequestID: requestID(c.Request().Context()), Retry: retryForm(c),
	}))
}

// retryForm is the form that was sent, ready to be sent again; nil when there was none.
func retryForm(c echo.Context) *views.Retry {
	form := c.Request().PostForm
	if len(form) == 0 || c.Request().Method != http.MethodPost {
		return nil
	}
	retry := &views.Retry{Action: c.Request().URL.EscapedPath()}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			retry.Fields = append(retry.Fields, views.Field{Name: name, Value: value, IsText: name == "body"})
		}
	}
	return retry
}
