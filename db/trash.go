package db

import (
	"context"
	"math"
	"time"
)

// TrashKept is how long a deleted note can be restored.
const TrashKept = 30 * 24 * time.Hour

// DeletedNote is a note in the trash.
type DeletedNote struct {
	NoteSummary
	DeletedAt time.Time
}

// DeleteNote puts a note of the viewer into the trash. While it is there, nobody can read
// it, a published one included. Errors: ErrNotFound, ErrViewerGone.
func (d *DB) DeleteNote(ctx context.Context, v Viewer, id string) error {
	return d.updateNote(ctx, v, `UPDATE notes SET deleted_at = $1 WHERE id = $2 AND owner_id = $3 AND deleted_at IS NULL`,
		millis(d.now()), id, v.ID)
}

// RestoreNote takes a note of the viewer out of the trash, as it was; one that is not in
// it stays as it is. Errors: ErrNotFound, ErrViewerGone.
func (d *DB) RestoreNote(ctx context.Context, v Viewer, id string) error {
	return d.updateNote(ctx, v, `UPDATE notes SET deleted_at = NULL WHERE id = $1 AND owner_id = $2`, id, v.ID)
}

// TrashCursor is a place in the trash. The zero TrashCursor is its beginning.
type TrashCursor struct {
	DeletedAt time.Time
	ID        string
}

// Trash is the viewer's deleted notes from a place on, the last deleted first, at most
// limit. After is where the next ones begin; it is the zero TrashCursor when there are
// none.
func (d *DB) Trash(ctx context.Context, v Viewer, from TrashCursor, limit int) (notes []DeletedNote, after TrashCursor, err error) {
	if !v.HasRow {
		return nil, TrashCursor{}, nil
	}
	deletedAt := int64(math.MaxInt64)
	if from.ID != "" {
		deletedAt = millis(from.DeletedAt)
	}
	err = d.reads(ctx).each(func(row scanner) error {
		n, err := scanDeletedNote(row)
		notes = append(notes, n)
		return err
	}, `SELECT `+summaryColumns+`, deleted_at FROM notes WHERE owner_id = $1 AND deleted_at IS NOT NULL AND (deleted_at, id) < ($2, $3)
		ORDER BY deleted_at DESC, id DESC LIMIT $4 + 0`, v.ID, deletedAt, from.ID, limit+1)
	if len(notes) > limit {
		notes = notes[:limit]
		after = TrashCursor{DeletedAt: notes[limit-1].DeletedAt, ID: notes[limit-1].ID}
	}
	return notes, after, err
}

func scanDeletedNote(row scanner) (n DeletedNote, err error) {
	var updatedAt, deletedAt int64
	err = row.Scan(&n.ID, &updatedAt, &n.IsPinned, &n.IsPublic, &n.Title, &n.Excerpt, &deletedAt)
	n.UpdatedAt, n.DeletedAt = fromMillis(updatedAt), fromMillis(deletedAt)
	return n, err
}
