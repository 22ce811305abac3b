package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// routes is the whole URL surface, grouped by who may enter. Browsers without JavaScript
// send POST with _method where the table says PUT or DELETE.
func (h *Handlers) routes(e *echo.Echo) {
	e.Use(
		withRequestID,
		h.logRequest,
		middleware.RecoverWithConfig(middleware.RecoverConfig{DisableErrorHandler: true, LogErrorFunc: h.logPanic}),
		h.secureHeaders,
		h.canonicalHost,
		middleware.GzipWithConfig(middleware.GzipConfig{Level: 3, MinLength: 1024, Skipper: isPacked}),
		h.sameOrigin,
	)

	// Anyone; no identity is looked at or made.
	get(e, "/healthz", h.healthz)
	get(e, "/readyz", h.readyz)
	get(e, "/static/*", echo.WrapHandler(h.assets))
	get(e, "/forget.css", h.dropPages, noStore)
	get(e, "/n/:id", h.publication)

	// Any viewer. A stranger becomes a guest here, and nothing is written.
	page := []echo.MiddlewareFunc{noStore, h.withViewer}
	get(e, "/", h.home, page...)
	get(e, "/emoji", h.searchEmoji, page...)
	get(e, "/avatar", h.avatar, page...)
	get(e, "/login", h.login, page...)
	get(e, "/settings", h.settings, page...)
	get(e, "/erase", h.erasePage, page...)
	get(e, "/continue", h.continuePage, page...)
	get(e, "/continue/state", h.handoffState, page...)
	get(e, "/export", h.exportNotes, page...)
	get(e, "/notes/:id/export", h.exportNote, page...)
	e.GET("/auth/github/callback", h.githubCallback, page...) // no HEAD: it signs in

	// The same, unless guests are switched off.
	desk := slices.Concat(page, []echo.MiddlewareFunc{h.mayRead})
	get(e, "/editor", h.newNote, desk...)
	get(e, "/editor/:note", h.editNote, desk...)
	get(e, "/trash", h.trash, desk...)
	get(e, "/import", h.importPage, desk...)

	// Shows what was sent and changes nothing: also for a browser that brought no cookie.
	e.POST("/preview", h.preview, noStore, maxBody(noteBody), h.withViewer)

	// Signing in and out: also for a browser that brought no cookie.
	door := []echo.MiddlewareFunc{noStore, maxBody(smallBody), h.withViewer}
	e.POST("/auth/github", h.githubBegin, append(door, h.limitLogins)...)
	e.POST("/logout", h.logout, door...)
	e.POST("/forget", h.forget, door...)
	e.POST("/continue", h.continueHere, append(door, h.limitLogins)...)

	// A viewer whose cookie came with the request: these write.
	own := []echo.MiddlewareFunc{noStore, maxBody(smallBody), h.withViewer, requireCookie, h.limitFirstWrites, h.limitWrites}
	e.POST("/merges/:id/undo", h.undoMerge, own...)
	e.DELETE("/sessions", h.revokeOtherSessions, own...)
	e.POST("/sessions", byMethodField(nil, h.revokeOtherSessions), own...)
	e.DELETE("/sessions/:id", h.revokeSession, own...)
	e.POST("/sessions/:id", byMethodField(nil, h.revokeSession), own...)
	e.POST("/erase", h.erase, own...)

	// The same, unless guests may not write.
	write := slices.Concat(own, []echo.MiddlewareFunc{h.mayWrite})
	e.POST("/continue/start", h.startHandoff, write...)
	e.POST("/profiles", h.addProfile, write...)
	e.PUT("/profiles/:id", h.updateProfile, write...)
	e.DELETE("/profiles/:id", h.deleteProfile, write...)
	e.POST("/profiles/:id", byMethodField(h.updateProfile, h.deleteProfile), write...)
	e.DELETE("/notes/:id", h.deleteNote, write...)
	e.POST("/notes/:id/restore", h.restoreNote, write...)
	e.POST("/notes/:id/pin", h.pinNote(true), write...)
	e.POST("/notes/:id/unpin", h.pinNote(false), write...)
	e.POST("/notes/:id/publish", h.publishNote, write...)
	e.POST("/notes/:id/unpublish", h.unpublishNote, write...)

	writeNote := []echo.MiddlewareFunc{noStore, maxBody(noteBody), h.withViewer, requireCookie, h.limitFirstWrites, h.limitWrites, h.mayWrite}
	e.POST("/notes", h.createNote, writeNote...)
	e.PUT("/notes/:id", h.saveNote, writeNote...)
	e.POST("/notes/:id", byMethodField(h.saveNote, h.deleteNote), writeNote...)

	e.POST("/import", h.importNotes, noStore, h.withViewer, maxUploadBody(uploadBody), requireCookie, h.limitFirstWrites, h.limitWrites, h.mayWrite)
}

// get registers a page for GET and HEAD.
func get(e *echo.Echo, path string, handler echo.HandlerFunc, with ...echo.MiddlewareFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, path, handler, with...)
}

// byMethodField dispatches a form that a browser sent without JavaScript. Put is nil where
// there is nothing to put.
func byMethodField(put, del echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch method := field(c, "_method"); {
		case method == http.MethodPut && put != nil:
			return put(c)
		case method == http.MethodDelete:
			return del(c)
		}
		return echo.ErrMethodNotAllowed
	}
}
