package db

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Viewer is whoever is asking: exactly one guest or one user, never nobody. A cookie
// says who; every write checks in its own transaction that it still holds.
type Viewer struct {
	ID      string
	IsGuest bool
	// Name is a guest's generated name ("simple-red-badger") or a user's name at GitHub.
	Name string
	// HasRow is false for a guest that has not written anything yet.
	HasRow bool
	// HasAvatar tells whether Avatar answers with a picture.
	HasAvatar bool
	// IsElsewhere tells whether another device goes on as this guest.
	IsElsewhere bool
	// SessionHash is the hash of a user's session token, and empty for a guest.
	SessionHash string
	// SeenAt is when the viewer was last noted to be here. It lags behind by up to
	// SeenEvery; it is zero for a guest without a row.
	SeenAt time.Time
	// Until is when this browser's access ends if it does not come back before.
	Until time.Time
}

// SeenEvery is how far seen_at of users and sessions may lag behind. It keeps a viewer
// from costing a row with each visit.
const SeenEvery = time.Hour

// Guest is the viewer that a guest token stands for. Nothing is written. The error is
// ErrViewerGone when the guest was merged: its token is dead.
func (d *DB) Guest(ctx context.Context, id string) (Viewer, error) {
	v := Viewer{ID: id, IsGuest: true, Name: GeneratedName(id)}
	var isGuest, isMerged bool
	var seenAt int64
	err := d.reads(ctx).queryRow(`SELECT is_guest, merged_at IS NOT NULL, seen_at,
			EXISTS (SELECT 1 FROM handoffs h WHERE h.guest_id = u.id AND h.used_at IS NOT NULL)
		FROM users u WHERE id = $1`, id).
		Scan(&isGuest, &isMerged, &seenAt, &v.IsElsewhere)
	switch {
	case errors.Is(err, ErrNotFound):
		return v, nil
	case err != nil:
		return Viewer{}, err
	case !isGuest || isMerged:
		return Viewer{}, ErrViewerGone
	}
	v.HasRow, v.SeenAt = true, fromMillis(seenAt)
	return v, nil
}

// NewGuest is a guest that has no row, because its id was made just now.
func NewGuest(id string) Viewer {
	return Viewer{ID: id, IsGuest: true, Name: GeneratedName(id)}
}

// Touch notes that a viewer is here, because guests and sessions expire by inactivity. A
// guest without a row stays without one.
func (d *DB) Touch(ctx context.Context, v Viewer) error {
	return d.inTx(ctx, func(t *tx) error {
		if v.IsGuest {
			_, err := t.exec(`UPDATE users SET seen_at = $1 WHERE id = $2 AND is_guest AND merged_at IS NULL`, t.now, v.ID)
			return err
		}
		_, err := t.exec(`UPDATE sessions SET seen_at = $1 WHERE token_hash = $2`, t.now, v.SessionHash)
		return err
	})
}

// writeAs is inTx for what a viewer writes. The viewer is admitted first, in the same
// transaction.
func (d *DB) writeAs(ctx context.Context, v Viewer, do func(*tx) error) error {
	return d.inTx(ctx, func(t *tx) error {
		if err := admit(t, v); err != nil {
			return err
		}
		return do(t)
	})
}

// admit comes first in every write: it makes the row of a guest that writes for the
// first time, and refuses a viewer that has been merged, signed out or erased since its
// request was let in.
func admit(t *tx, v Viewer) error {
	if v.IsGuest {
		return admitGuest(t, v)
	}
	var userID string
	err := t.queryRow(`SELECT user_id FROM sessions WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3`,
		v.SessionHash, v.ID, t.now).Scan(&userID)
	if errors.Is(err, ErrNotFound) {
		return ErrViewerGone
	}
	return err
}

func admitGuest(t *tx, v Viewer) error {
	var isGuest, isMerged bool
	var seenAt int64
	err := t.queryRow(`SELECT is_guest, merged_at IS NOT NULL, seen_at FROM users WHERE id = $1`, v.ID).
		Scan(&isGuest, &isMerged, &seenAt)
	switch {
	case errors.Is(err, ErrNotFound):
		return insertGuest(t, v)
	case err != nil:
		return err
	case !isGuest || isMerged:
		return ErrViewerGone
	case t.now-seenAt < SeenEvery.Milliseconds():
		return nil
	}
	_, err = t.exec(`UPDATE users SET seen_at = $1 WHERE id = $2`, t.now, v.ID)
	return err
}

func insertGuest(t *tx, v Viewer) error {
	_, err := t.exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at) VALUES ($1, TRUE, $2, $3, $3)`,
		v.ID, v.Name, t.now)
	if err != nil {
		return err
	}
	t.audit("guest.created", slog.String("guest", v.ID))
	return nil
}
