package db

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// UndoFor is how long a merge can be undone.
const UndoFor = 7 * 24 * time.Hour

// ErrTooLate means that a merge is too old to be undone.
var ErrTooLate = errors.New("this merge can no longer be undone")

// Merge is the record of one rekey.
type Merge struct {
	ID string
	// Notes and Profiles count what moved and is still the user's, outside the trash.
	Notes, Profiles int
	CreatedAt       time.Time
	// UndoneAt is zero unless the merge was undone. UndoneTo is the guest that the
	// user gave it to; it is empty when an operator took it away.
	UndoneAt time.Time
	UndoneTo string
}

// CanBeUndone tells whether the merge can be undone at a moment.
func (m Merge) CanBeUndone(now time.Time) bool {
	return m.UndoneAt.IsZero() && now.Sub(m.CreatedAt) < UndoFor
}

// Merge is a merge into this viewer; anyone else's is ErrNotFound.
func (d *DB) Merge(ctx context.Context, v Viewer, id string) (Merge, error) {
	return findMergeOf(d.reads(ctx), v, id)
}

// Merges are those into this user, the last one first, at most limit.
func (d *DB) Merges(ctx context.Context, v Viewer, limit int) (merges []Merge, err error) {
	err = d.reads(ctx).each(func(row scanner) error {
		m, err := scanMerge(row)
		merges = append(merges, m)
		return err
	}, `SELECT `+mergeColumns+` FROM merges m WHERE m.user_id = $1 ORDER BY m.created_at DESC, m.id LIMIT $2 + 0`, v.ID, limit)
	return merges, err
}

func findMergeOf(q queries, v Viewer, id string) (Merge, error) {
	return scanMerge(q.queryRow(`SELECT `+mergeColumns+` FROM merges m WHERE m.id = $1 AND m.user_id = $2`, id, v.ID))
}

const mergeColumns = `m.id, m.created_at, coalesce(m.undone_at, 0), coalesce(m.undone_to, ''),
	(SELECT count(*) FROM merged_rows r JOIN notes n ON n.id = r.row_id
		WHERE r.merge_id = m.id AND r.table_name = 'notes' AND n.owner_id = m.user_id AND n.deleted_at IS NULL),
	(SELECT count(*) FROM merged_rows r JOIN profiles p ON p.id = r.row_id
		WHERE r.merge_id = m.id AND r.table_name = 'profiles' AND p.owner_id = m.user_id)`

func scanMerge(row scanner) (m Merge, err error) {
	var createdAt, undoneAt int64
	err = row.Scan(&m.ID, &createdAt, &undoneAt, &m.UndoneTo, &m.Notes, &m.Profiles)
	m.CreatedAt = fromMillis(createdAt)
	if undoneAt != 0 {
		m.UndoneAt = fromMillis(undoneAt)
	}
	return m, err
}

// UndoMerge gives the rows of a merge into this viewer, as they are now, to a guest: one
// that waits in the viewer's browser, or a new one. A note in the trash stays in the trash.
// What the user has deleted for good is gone. Undoing what is undone changes nothing, and
// is no error; the Merge tells how it was before. Errors: ErrNotFound, ErrTooLate,
// ErrViewerGone.
func (d *DB) UndoMerge(ctx context.Context, v Viewer, id string, guest Viewer) (m Merge, err error) {
	err = d.writeAs(ctx, v, func(t *tx) error {
		if m, err = findMergeOf(t.queries, v, id); err != nil || !m.UndoneAt.IsZero() {
			return err
		}
		if !m.CanBeUndone(fromMillis(t.now)) {
			return ErrTooLate
		}
		if err := admitGuest(t, guest); err != nil {
			return err
		}
		if err := undoMerge(t, v, id, guest); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE merges SET undone_to = $1 WHERE id = $2`, guest.ID, id)
		return err
	})
	return m, err
}

func undoMerge(t *tx, v Viewer, id string, guest Viewer) error {
	moved := int64(0)
	for _, table := range ownedTables {
		rows, err := t.exec(`UPDATE `+table.name+` SET owner_id = $1
			WHERE owner_id = $2 AND id IN (SELECT row_id FROM merged_rows WHERE merge_id = $3 AND table_name = $4)`,
			guest.ID, v.ID, id, table.name)
		if err != nil {
			return err
		}
		moved += rows
	}
	if _, err := t.exec(`UPDATE merges SET undone_at = $1 WHERE id = $2`, t.now, id); err != nil {
		return err
	}
	t.audit("merge.undone", slog.String("merge", id), slog.String("user", v.ID), slog.String("guest", guest.ID), slog.Int64("rows", moved))
	return nil
}
