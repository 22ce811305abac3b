package db

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// MergeOfUser is a merge as an operator's list shows it.
type MergeOfUser struct {
	ID        string    `json:"id"`
	UserID    string    `json:"user_id"`
	GuestID   string    `json:"guest_id"`
	CreatedAt time.Time `json:"created_at"`
	// UndoneAt is nil unless the merge was undone.
	UndoneAt *time.Time `json:"undone_at"`
	// Notes and Profiles count what moved and is still the user's, in the trash or not.
	Notes    int `json:"notes"`
	Profiles int `json:"profiles"`
}

const selectMerges = `SELECT m.id, m.user_id, m.guest_id, m.created_at, m.undone_at,
		(SELECT count(*) FROM merged_rows r JOIN notes n ON n.id = r.row_id
			WHERE r.merge_id = m.id AND r.table_name = 'notes' AND n.owner_id = m.user_id),
		(SELECT count(*) FROM merged_rows r JOIN profiles p ON p.id = r.row_id
			WHERE r.merge_id = m.id AND r.table_name = 'profiles' AND p.owner_id = m.user_id)
	FROM merges m`

func scanMergeOfUser(row scanner) (m MergeOfUser, err error) {
	var createdAt int64
	var undoneAt *int64
	err = row.Scan(&m.ID, &m.UserID, &m.GuestID, &createdAt, &undoneAt, &m.Notes, &m.Profiles)
	m.CreatedAt = fromMillis(createdAt)
	if undoneAt != nil {
		at := fromMillis(*undoneAt)
		m.UndoneAt = &at
	}
	return m, err
}

// AllMerges are the merges into a user, or into all of them if userID is empty, the newest
// first.
func (d *DB) AllMerges(ctx context.Context, userID string) (merges []MergeOfUser, err error) {
	err = d.reads(ctx).each(func(row scanner) error {
		m, err := scanMergeOfUser(row)
		merges = append(merges, m)
		return err
	}, selectMerges+` WHERE $1 IN ('', m.user_id) ORDER BY m.created_at DESC, m.id`, userID)
	return merges, err
}

// MergeByID is any user's merge. The error is ErrNotFound.
func (d *DB) MergeByID(ctx context.Context, id string) (MergeOfUser, error) {
	return scanMergeOfUser(d.reads(ctx).queryRow(selectMerges+` WHERE m.id = $1`, id))
}

// UndoMergeForNobody takes the rows of a merge out of its user's account, as an operator
// does who was asked to: without the limit of UndoFor, and to a new guest, for which there
// is no token. Nobody can open them from then on, and they are purged with that guest.
// Undoing what is undone changes nothing, and is no error; the MergeOfUser tells how it
// was before, and guestID is empty then. The error is ErrNotFound.
func (d *DB) UndoMergeForNobody(ctx context.Context, id string) (m MergeOfUser, guestID string, err error) {
	err = d.inTx(ctx, func(t *tx) (err error) {
		guestID = ""
		if m, err = scanMergeOfUser(t.queryRow(selectMerges+` WHERE m.id = $1`, id)); err != nil || m.UndoneAt != nil {
			return err
		}
		guest := NewGuest(uuid.NewString())
		if err := insertGuest(t, guest); err != nil {
			return err
		}
		guestID = guest.ID
		return undoMerge(t, Viewer{ID: m.UserID}, id, guest)
	})
	return m, guestID, err
}
