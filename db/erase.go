package db

import (
	"context"
	"log/slog"
)

// Erasure counts what goes when a viewer is erased.
type Erasure struct {
	// Notes counts all of them; InTrash and Published are among them.
	Notes, InTrash, Published int
	Profiles                  int
	// Sessions are those that are alive, Identities are what signs in, and Merges are the
	// records of what came along: a guest has none of them.
	Sessions, Identities, Merges int
}

// Erasable is what erasing the viewer would remove.
func (d *DB) Erasable(ctx context.Context, v Viewer) (Erasure, error) {
	return countErasure(d.reads(ctx), v.ID, millis(d.now()))
}

func countErasure(q queries, id string, now int64) (e Erasure, err error) {
	err = q.queryRow(`SELECT
			(SELECT count(*) FROM notes WHERE owner_id = $1),
			(SELECT count(*) FROM notes WHERE owner_id = $1 AND deleted_at IS NOT NULL),
			(SELECT count(*) FROM notes WHERE owner_id = $1 AND deleted_at IS NULL AND public_id IS NOT NULL),
			(SELECT count(*) FROM profiles WHERE owner_id = $1),
			(SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3),
			(SELECT count(*) FROM identities WHERE user_id = $1),
			(SELECT count(*) FROM merges WHERE user_id = $1)`, id, now, now-SessionIdle.Milliseconds()).
		Scan(&e.Notes, &e.InTrash, &e.Published, &e.Profiles, &e.Sessions, &e.Identities, &e.Merges)
	return e, err
}

// Erase removes the viewer with all that it owns, at once and for good. A guest leaves a
// tombstone, which holds nothing but its id: a save that is on its way must not bring it
// back. The error for a viewer that is gone already is ErrViewerGone.
func (d *DB) Erase(ctx context.Context, v Viewer) (Erasure, error) {
	var gone Erasure
	err := d.writeAs(ctx, v, func(t *tx) (err error) {
		if v.IsGuest {
			gone, err = eraseGuest(t, v.ID)
		} else {
			gone, err = eraseUser(t, v.ID)
		}
		return err
	})
	return gone, err
}

// EraseUser is Erase for whoever runs the server. The error for a user that there is none
// of, which a guest is not either, is ErrNotFound.
func (d *DB) EraseUser(ctx context.Context, id string) (Erasure, error) {
	var gone Erasure
	err := d.inTx(ctx, func(t *tx) (err error) {
		gone, err = eraseUser(t, id)
		return err
	})
	return gone, err
}

// eraseUser leaves the rest to the schema: whatever belongs to a user goes with its row.
func eraseUser(t *tx, id string) (Erasure, error) {
	gone, err := countErasure(t.queries, id, t.now)
	if err != nil {
		return Erasure{}, err
	}
	rows, err := t.exec(`DELETE FROM users WHERE id = $1 AND NOT is_guest`, id)
	if err == nil && rows == 0 {
		err = ErrNotFound
	}
	t.audit("user.erased", slog.String("user", id))
	return gone, err
}

func eraseGuest(t *tx, id string) (Erasure, error) {
	gone, err := countErasure(t.queries, id, t.now)
	if err != nil {
		return Erasure{}, err
	}
	if _, err := t.exec(`DELETE FROM users WHERE id = $1 AND is_guest`, id); err != nil {
		return Erasure{}, err
	}
	_, err = t.exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at, merged_at) VALUES ($1, TRUE, $2, $3, $3, $3)`,
		id, GeneratedName(id), t.now)
	t.audit("guest.erased", slog.String("guest", id))
	return gone, err
}
