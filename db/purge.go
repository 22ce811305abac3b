package db

import (
	"context"
	"time"
)

// purgeBatch is how many guests one Purge removes at most. A clock that jumps ahead makes
// everybody look expired; this bounds what it can cost before somebody notices.
const purgeBatch = 1000

// Purged counts what a Purge removed.
type Purged struct {
	Guests, Tombstones, Sessions, Notes int
}

// Purge removes guests that were not seen for guestTTL, with all they own; tombstones
// whose tokens have expired; sessions that have ended; and what is in the trash for too long. It removes at most a small
// batch of each, and each in its own transaction, so writers hardly wait.
func (d *DB) Purge(ctx context.Context, guestTTL time.Duration) (p Purged, err error) {
	now := d.now()
	expired := millis(now.Add(-guestTTL))
	// A token may be as young as the merge, and its clock a few minutes ahead.
	buried := millis(now.Add(-guestTTL - 24*time.Hour))
	for _, kind := range []struct {
		count       *int
		find, purge string
		before      int64
	}{
		{&p.Guests, `SELECT id FROM users WHERE is_guest AND merged_at IS NULL AND seen_at < $1 LIMIT $2`,
			`DELETE FROM users WHERE id = $1 AND is_guest AND merged_at IS NULL AND seen_at < $2`, expired},
		{&p.Tombstones, `SELECT id FROM users WHERE is_guest AND merged_at < $1 LIMIT $2`,
			`DELETE FROM users WHERE id = $1 AND is_guest AND merged_at < $2`, buried},
		{&p.Sessions, `SELECT token_hash FROM sessions WHERE expires_at < $1 LIMIT $2`,
			`DELETE FROM sessions WHERE token_hash = $1 AND expires_at < $2`, millis(now)},
		{&p.Sessions, `SELECT token_hash FROM sessions WHERE seen_at < $1 LIMIT $2`,
			`DELETE FROM sessions WHERE token_hash = $1 AND seen_at < $2`, millis(now.Add(-SessionIdle))},
		{&p.Notes, `SELECT id FROM notes WHERE deleted_at < $1 LIMIT $2`,
			`DELETE FROM notes WHERE id = $1 AND deleted_at < $2`, millis(now.Add(-TrashKept))},
	} {
		count, err := d.purge(ctx, kind.find, kind.purge, kind.before)
		*kind.count += count
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func (d *DB) purge(ctx context.Context, find, purge string, before int64) (count int, err error) {
	var ids []string
	err = d.reads(ctx).each(func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, find, before, purgeBatch)
	for _, id := range ids {
		var rows int64
		err := d.inTx(ctx, func(t *tx) (err error) {
			rows, err = t.exec(purge, id, before)
			return err
		})
		if err != nil {
			return count, err
		}
		count += int(rows)
	}
	return count, err
}
