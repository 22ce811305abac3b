package db

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
)

// Keep is how a conflict between a viewer's text and the stored one ends. The text that
// does not stay in the note goes into the trash as a note of its own: neither is lost.
type Keep string

// The three ways out of a conflict.
const (
	KeepMine   Keep = "mine"   // the viewer's text goes into the note
	KeepTheirs Keep = "theirs" // the note stays as it is stored
	KeepBoth   Keep = "both"   // the viewer's text becomes a new note
)

// Resolved is the outcome of a conflict.
type Resolved struct {
	// Note is where to go on: the note, or the new one of KeepBoth.
	Note Note
	// TrashedID is the note in the trash that holds the text that was given up. It is
	// empty with KeepBoth.
	TrashedID string
}

// ResolveConflict ends a conflict. The version of note is that of the stored text that
// the viewer was shown: if the note has moved on since, the error is ErrConflict and the
// Note is the stored one. Other errors are those of SaveNote and CreateNote.
func (d *DB) ResolveConflict(ctx context.Context, v Viewer, note Note, keep Keep) (out Resolved, err error) {
	note.Body, err = NormalizeBody(note.Body)
	if err != nil {
		return Resolved{}, err
	}
	err = d.writeAs(ctx, v, func(t *tx) error {
		stored, err := findNote(t.queries, v, note.ID)
		if err != nil {
			return err
		}
		out = Resolved{Note: stored}
		switch {
		case stored.Version != note.Version:
			return ErrConflict
		case keep == KeepMine:
			if out.TrashedID, err = insertTrashed(t, v, stored.Body); err != nil {
				return err
			}
			out.Note, err = saveNote(t, v, note)
		case keep == KeepTheirs:
			out.TrashedID, err = insertTrashed(t, v, note.Body)
		default:
			out.Note, err = insertNote(t, v, Note{Body: note.Body}, d.maxNotes)
		}
		t.audit("conflict.resolved", slog.String("viewer", v.ID), slog.String("note", note.ID), slog.String("keep", string(keep)))
		return err
	})
	return out, err
}

// insertTrashed stores a text as a note that is in the trash.
func insertTrashed(t *tx, v Viewer, body string) (id string, err error) {
	id = uuid.NewString()
	title, excerpt := Summarize(body)
	_, err = t.exec(`INSERT INTO notes (id, owner_id, title, excerpt, body, version, created_at, updated_at, deleted_at, is_pinned)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $6, FALSE)`, id, v.ID, title, excerpt, body, t.now)
	return id, err
}
