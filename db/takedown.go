package db

import (
	"context"
	"log/slog"
)

// PublicNote says which note a public id names, and whose it is.
type PublicNote struct {
	PublicID string `json:"public_id"`
	NoteID   string `json:"note_id"`
	OwnerID  string `json:"owner_id"`
	// IsInTrash: its page is closed, and would be there again when it is restored.
	IsInTrash bool `json:"is_in_trash"`
}

func findPublicNote(q queries, publicID string) (PublicNote, error) {
	n := PublicNote{PublicID: publicID}
	err := q.queryRow(`SELECT id, owner_id, deleted_at IS NOT NULL FROM notes WHERE public_id = $1`, publicID).
		Scan(&n.NoteID, &n.OwnerID, &n.IsInTrash)
	return n, err
}

// PublicNote is the note that a public id names. The error is ErrNotFound.
func (d *DB) PublicNote(ctx context.Context, publicID string) (PublicNote, error) {
	return findPublicNote(d.reads(ctx), publicID)
}

// TakeDown ends the page of anybody's note, as an operator does. The note stays with its
// owner, and its address stays dead. The error is ErrNotFound.
func (d *DB) TakeDown(ctx context.Context, publicID string) (n PublicNote, err error) {
	err = d.inTx(ctx, func(t *tx) (err error) {
		if n, err = findPublicNote(t.queries, publicID); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE notes SET public_id = NULL WHERE id = $1`, n.NoteID); err != nil {
			return err
		}
		t.audit("note.unpublished", slog.String("viewer", n.OwnerID), slog.String("note", n.NoteID), slog.String("by", "operator"))
		return nil
	})
	return n, err
}
