package handlers

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
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

// exportNotes answers GET /export (everything): all notes as files in a zip. With
// everything, those in the trash are in it too, and what else there is about the viewer.
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
	withEverything := c.QueryParams().Has("everything")
	if len(ids) == 0 && !withEverything {
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
	if err := h.writeZip(c, ids, has.Profiles, withEverything); err != nil {
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
func (h *Handlers) writeZip(c echo.Context, ids []string, profiles []db.Profile, withEverything bool) error {
	ctx, v := c.Request().Context(), viewer(c)
	control := http.NewResponseController(c.Response())
	// When the time to read a request is over, the server takes it for broken off.
	_ = control.SetReadDeadline(time.Time{})
	archive := zip.NewWriter(c.Response())
	if err := h.zipNotes(c, archive, "", ids, h.DB.Note, profiles); err != nil {
		return err
	}
	if withEverything {
		deleted, err := h.DB.DeletedNoteIDs(ctx, v)
		if err != nil {
			return err
		}
		if err := h.zipNotes(c, archive, "trash/", deleted, h.DB.DeletedNote, profiles); err != nil {
			return err
		}
		if err := h.zipAccount(c, archive, profiles); err != nil {
			return err
		}
	}
	_ = control.SetWriteDeadline(time.Now().Add(notePatience))
	return archive.Close()
}

// zipNotes adds the notes with these ids, read one by one, to a folder of an archive.
func (h *Handlers) zipNotes(c echo.Context, archive *zip.Writer, folder string, ids []string,
	read func(context.Context, db.Viewer, string) (db.Note, error), profiles []db.Profile,
) error {
	ctx, v := c.Request().Context(), viewer(c)
	control := http.NewResponseController(c.Response())
	names := newFileNames()
	for _, id := range ids {
		note, err := read(ctx, v, id)
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
		if err := addToZip(archive, folder+names.of(note.Summary().Title), note, profiles); err != nil {
			return err
		}
	}
	return nil
}

func addToZip(archive *zip.Writer, name string, note db.Note, profiles []db.Profile) error {
	text, err := frontMatter(note, profiles)
	if err != nil {
		return err
	}
	file, err := archive.CreateHeader(&zip.FileHeader{
		Name: name, Method: zip.Deflate, Modified: note.UpdatedAt,
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text+note.Body)
	return err
}

// An accountFile is what there is about a viewer besides its notes.
type accountFile struct {
	ID         string
	IsGuest    bool
	Name       string
	Profiles   []db.Profile
	Identities []db.Identity        `json:",omitempty"`
	Sessions   []db.SignedInBrowser `json:",omitempty"`
	Merges     []db.Merge           `json:",omitempty"`
}

// zipAccount adds account.json to an archive, and the picture if there is one.
func (h *Handlers) zipAccount(c echo.Context, archive *zip.Writer, profiles []db.Profile) (err error) {
	ctx, v := c.Request().Context(), viewer(c)
	account := accountFile{ID: v.ID, IsGuest: v.IsGuest, Name: v.Name, Profiles: profiles}
	if !v.IsGuest {
		if account.Identities, err = h.DB.Identities(ctx, v); err != nil {
			return err
		}
		if account.Sessions, err = h.DB.Sessions(ctx, v); err != nil {
			return err
		}
		if account.Merges, err = h.DB.Merges(ctx, v, math.MaxInt32); err != nil {
			return err
		}
	}
	file, err := archive.Create("account.json")
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(file)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(account); err != nil || !v.HasAvatar {
		return err
	}
	picture, err := h.DB.Avatar(ctx, v)
	if err != nil {
		return err
	}
	if file, err = archive.Create("picture" + pictureEnding(picture.ContentType)); err != nil {
		return err
	}
	_, err = file.Write(picture.Image)
	return err
}

func pictureEnding(contentType string) string {
	_, kind, _ := strings.Cut(contentType, "/")
	return "." + kind
}
