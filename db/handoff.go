package db

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// HandoffLife is how long a handoff can be used.
const HandoffLife = 5 * time.Minute

// Handoff is a link with which a guest continues on another device.
type Handoff struct {
	ExpiresAt time.Time
	// UsedAt is zero until another device has used it, whose browser called itself UserAgent.
	UsedAt    time.Time
	UserAgent string
}

// StartHandoff lets whoever knows the code be this guest, once and for HandoffLife. A
// former code that nobody has used is dead. The guest has a row afterwards. Error:
// ErrViewerGone, for users too.
func (d *DB) StartHandoff(ctx context.Context, v Viewer, codeHash string) error {
	if !v.IsGuest {
		return ErrViewerGone
	}
	return d.writeAs(ctx, v, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM handoffs WHERE guest_id = $1 AND used_at IS NULL`, v.ID); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO handoffs (code_hash, guest_id, expires_at, user_agent) VALUES ($1, $2, $3, '')`,
			codeHash, v.ID, t.now+HandoffLife.Milliseconds())
		return err
	})
}

// HandoffOf is the guest that a code stands for. Nothing is written. The error for a code
// that was used, has expired or never was is ErrNotFound, and so it is when the guest was
// merged or erased.
func (d *DB) HandoffOf(ctx context.Context, codeHash string) (Viewer, error) {
	var id string
	err := d.reads(ctx).queryRow(`SELECT guest_id FROM handoffs WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2`,
		codeHash, millis(d.now())).Scan(&id)
	if err != nil {
		return Viewer{}, err
	}
	guest, err := d.Guest(ctx, id)
	if errors.Is(err, ErrViewerGone) {
		return Viewer{}, ErrNotFound
	}
	return guest, err
}

// UseHandoff uses a code up, and returns the guest that the other device is now. Of two
// that use it at once, one gets ErrNotFound, as in HandoffOf.
func (d *DB) UseHandoff(ctx context.Context, codeHash, userAgent string) (Viewer, error) {
	var id string
	err := d.inTx(ctx, func(t *tx) error {
		err := t.queryRow(`UPDATE handoffs SET used_at = $1, user_agent = $2
			WHERE code_hash = $3 AND used_at IS NULL AND expires_at > $1
				AND EXISTS (SELECT 1 FROM users u WHERE u.id = guest_id AND u.is_guest AND u.merged_at IS NULL)
			RETURNING guest_id`, t.now, userAgent, codeHash).Scan(&id)
		t.audit("handoff.used", slog.String("guest", id))
		return err
	})
	if err != nil {
		return Viewer{}, err
	}
	return d.Guest(ctx, id)
}

// Handoffs are the guest's: those that were used and the one that may be, the last one first.
func (d *DB) Handoffs(ctx context.Context, v Viewer) (handoffs []Handoff, err error) {
	if !v.IsGuest || !v.HasRow {
		return nil, nil
	}
	err = d.reads(ctx).each(func(row scanner) error {
		var h Handoff
		var expiresAt, usedAt int64
		err := row.Scan(&expiresAt, &usedAt, &h.UserAgent)
		h.ExpiresAt = fromMillis(expiresAt)
		if usedAt != 0 {
			h.UsedAt = fromMillis(usedAt)
		}
		handoffs = append(handoffs, h)
		return err
	}, `SELECT expires_at, coalesce(used_at, 0), user_agent FROM handoffs WHERE guest_id = $1 ORDER BY expires_at DESC`, v.ID)
	return handoffs, err
}
