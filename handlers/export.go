package handlers

import (
	"archive/zip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
)

// notePatience is how long a reader of an export may take for one note. The server's own
// patience is for an answer as a whole, and would cut a long one off.
const notePatience = time.Minute

// exportNote answers GET /notes/:id/export: the note as a file.
func (h *Handlers) exportNote(c echo.Context) error {
	ctx := c.Request().Context()
	note, err := h.DB.Note(ctx, viewer(c), c.Param("id"))
	if err != nil {
		return err
	}
	has, err := h.DB.Holdings(ctx, viewer(c))
	if err != nil {
		return err
	}
	text, err := frontMatter(note, has.Profiles)
	if err != nil {
		return err
	}
	attach(c, fileName(note.Summary().Title)+".md")
	return c.Blob(http.StatusOK, "text/markdown; charset=utf-8", []byte(text+note.Body))
}

// exportNotes answers GET /export: all notes as files in a zip.
func (h *Handlers) exportNotes(c echo.Context) error {
	ctx := c.Request().Context()
	if c.Get(endedKey) != nil {
		return &userError{Code: http.StatusForbidden, Title: "You are signed out",
			Text: "Your session has ended, so the notes of your account could not be downloaded. They are safe: sign in again, and then download them."}
	}
	ids, err := h.DB.NoteIDs(ctx, viewer(c))
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return &userError{Code: http.StatusNotFound, Title: "There is nothing to download yet",
			Text: "You have no saved notes. As soon as you write one, you can download it here."}
	}
	has, err := h.DB.Holdings(ctx, viewer(c))
	if err != nil {
		return err
	}
	attach(c, "guestpad-"+h.Now().Format(time.DateOnly)+".zip")
	c.Response().Header().Set(echo.HeaderContentType, "application/zip")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	if err := h.writeZip(c, ids, has.Profiles); err != nil {
		h.Log.WarnContext(ctx, "export broken off", slog.Any("error", err))
		// The end of the answer would make half an archive look like a whole one.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// isPacked tells the compressing middleware to leave an archive as it is.
func isPacked(c echo.Context) bool { return c.Path() == "/export" }

// writeZip reads one note at a time, so that no connection to the database waits for a
// slow reader and no more than one text is in memory.
func (h *Handlers) writeZip(c echo.Context, ids []string, profiles []db.Profile) error {
	ctx, v := c.Request().Context(), viewer(c)
	control := http.NewResponseController(c.Response())
	// When the time to read a request is over, the server takes it for broken off.
	_ = control.SetReadDeadline(time.Time{})
	archive, names := zip.NewWriter(c.Response()), newFileNames()
	for _, id := range ids {
		note, err := h.DB.Note(ctx, v, id)
		if errors.Is(err, db.ErrNotFound) {
			// It was deleted just now. Or the guest was merged, and all its notes have moved.
			if v.IsGuest {
				if _, err := h.DB.Guest(ctx, v.ID); err != nil {
					return err
				}
			}
			continue
		}
		if err != nil {
			return err
		}
		_ = control.SetWriteDeadline(time.Now().Add(notePatience))
		if err := addToZip(archive, names, note, profiles); err != nil {
			return err
		}
	}
	_ = control.SetWriteDeadline(time.Now().Add(notePatience))
	return archive.Close()
}

func addToZip(archive *zip.Writer, names fileNames, note db.Note, profiles []db.Profile) error {
	text, err := frontMatter(note, profiles)
	if err != nil {
		return err
	}
	file, err := archive.CreateHeader(&zip.FileHeader{
		Name: names.of(note.Summary().Title), Method: zip.Deflate, Modified: note.UpdatedAt,
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text+note.Body)
	return err
}
