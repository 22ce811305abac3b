package db

import (
	"context"
	"time"
)

const (
	// ArchivedFor is how long a guest is kept after it has expired. Coming back revives it,
	// with all that it owns: its token lives as long.
	ArchivedFor = 15 * 24 * time.Hour
	// tokenMargin is how much longer a guest's row lives than its tokens. SeenAt lags behind,
	// and a token's clock may be ahead. After it nobody can come back any more, so that a
	// guest can be removed bit by bit.
	tokenMargin = 2 * SeenEvery
	// PurgeBatch is how many of each kind one Purge removes at most. A clock that jumps ahead
	// makes everybody look expired; this bounds what it can cost before somebody notices.
	PurgeBatch = 1000
	// purgePatience is how long a purge writes at a time. What follows, a commit and now and
	// then a checkpoint, takes longer.
	purgePatience = 10 * time.Millisecond
)

// Purged counts what a Purge removed.
type Purged struct {
	Guests, Tombstones, Sessions, Notes int
}

// Purge removes guests that were not seen for guestTTL and ArchivedFor, with all they own;
// tombstones whose tokens have expired; sessions that have ended; and what is in the trash
// for too long. It removes at most a PurgeBatch of each, in many short transactions, so
// that writers hardly wait.
func (d *DB) Purge(ctx context.Context, guestTTL time.Duration) (p Purged, err error) {
	now := d.now()
	gone := goneBefore(now, guestTTL)
	for _, kind := range []struct {
		count  *int
		find   string
		purge  func(t *tx, id string, before int64) (isDone bool, err error)
		before time.Time
	}{
		{&p.Guests, `SELECT id FROM users WHERE is_guest AND merged_at IS NULL AND seen_at < $1 LIMIT $2`, purgeGuest, gone},
		{&p.Tombstones, `SELECT id FROM users WHERE is_guest AND merged_at < $1 LIMIT $2`,
			deletes(`DELETE FROM users WHERE id = $1 AND is_guest AND merged_at < $2`), gone},
		{&p.Sessions, `SELECT token_hash FROM sessions WHERE expires_at < $1 LIMIT $2`,
			deletes(`DELETE FROM sessions WHERE token_hash = $1 AND expires_at < $2`), now},
		{&p.Sessions, `SELECT token_hash FROM sessions WHERE seen_at < $1 LIMIT $2`,
			deletes(`DELETE FROM sessions WHERE token_hash = $1 AND seen_at < $2`), now.Add(-SessionIdle)},
		{&p.Notes, `SELECT id FROM notes WHERE deleted_at < $1 LIMIT $2`,
			deletes(`DELETE FROM notes WHERE id = $1 AND deleted_at < $2`), now.Add(-TrashKept)},
	} {
		ids, err := d.expired(ctx, kind.find, millis(kind.before))
		if err != nil {
			return p, err
		}
		for _, id := range ids {
			for isDone := false; !isDone; {
				err := d.inTx(ctx, func(t *tx) (err error) {
					isDone, err = kind.purge(t, id, millis(kind.before))
					return err
				})
				if err != nil {
					return p, err
				}
			}
			*kind.count++
		}
	}
	return p, nil
}

// goneBefore is how long ago a guest must have been here for the last time, or been merged,
// so that no token of it opens any more.
func goneBefore(now time.Time, guestTTL time.Duration) time.Time {
	return now.Add(-guestTTL - ArchivedFor - tokenMargin)
}

func (d *DB) expired(ctx context.Context, find string, before int64) (ids []string, err error) {
	err = d.reads(ctx).each(func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, find, before, PurgeBatch)
	return ids, err
}

// deletes is a purge by one statement, which asks once more whether the row has expired.
func deletes(statement string) func(*tx, string, int64) (bool, error) {
	return func(t *tx, id string, before int64) (bool, error) {
		_, err := t.exec(statement, id, before)
		return true, err
	}
}

// purgeGuest removes a guest's notes for as long as its patience lasts, and the rest when
// no notes are left.
func purgeGuest(t *tx, id string, before int64) (isDone bool, err error) {
	for start := time.Now(); time.Since(start) < purgePatience; {
		rows, err := t.exec(`DELETE FROM notes WHERE id = (
			SELECT n.id FROM notes n JOIN users u ON u.id = n.owner_id
				WHERE n.owner_id = $1 AND u.is_guest AND u.merged_at IS NULL AND u.seen_at < $2 LIMIT 1)`, id, before)
		if err != nil {
			return false, err
		}
		if rows == 0 {
			_, err = t.exec(`DELETE FROM users WHERE id = $1 AND is_guest AND merged_at IS NULL AND seen_at < $2`, id, before)
			return true, err
		}
	}
	return false, nil
}
