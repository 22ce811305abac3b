package db

import (
	"context"
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

// Trash is the viewer's deleted notes, the last deleted first, at most limit, deleted
// before a moment.
func (d *DB) Trash(ctx context.Context, v Viewer, before time.Time, limit int) (notes []DeletedNote, err error) {
	if !v.HasRow {
		return nil, nil
	}
	err = d.reads(ctx).each(func(row scanner) error {
		n, err := scanDeletedNote(row)
		notes = append(notes, n)
		return err
	}, `SELECT `+summaryColumns+`, deleted_at FROM notes WHERE owner_id = $1 AND deleted_at < $2
		ORDER BY deleted_at DESC LIMIT $3 + 0`, v.ID, millis(before), limit)
	return notes, err
}

func scanDeletedNote(row scanner) (n DeletedNote, err error) {
	var updatedAt, deletedAt int64
	err = row.Scan(&n.ID, &updatedAt, &n.IsPinned, &n.IsPublic, &n.Title, &n.Excerpt, &deletedAt)
	n.UpdatedAt, n.DeletedAt = fromMillis(updatedAt), fromMillis(deletedAt)
	return n, err
}
