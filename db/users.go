package db

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// User is a user as an operator's list shows it.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Identities are provider and login, as in "github:octocat".
	Identities []string  `json:"identities"`
	CreatedAt  time.Time `json:"created_at"`
	// SeenAt is the last visit of any session that is still there, give or take SeenEvery.
	SeenAt time.Time `json:"seen_at"`
	// Notes count with those in the trash. Sessions are those that have not ended.
	Notes    int `json:"notes"`
	Sessions int `json:"sessions"`
}

// selectUsers is for scanUser. It takes the present and the time before which a session is
// idle.
const selectUsers = `SELECT u.id, u.name, u.created_at,
		coalesce((SELECT string_agg(provider || ':' || login, ',') FROM identities WHERE user_id = u.id), ''),
		coalesce((SELECT max(seen_at) FROM sessions WHERE seen_at > u.seen_at AND user_id = u.id), u.seen_at),
		(SELECT count(*) FROM notes WHERE owner_id = u.id),
		(SELECT count(*) FROM sessions WHERE user_id = u.id AND expires_at > $1 AND seen_at > $2)
	FROM users u WHERE NOT u.is_guest`

func scanUser(row scanner) (u User, err error) {
	var createdAt, seenAt int64
	var identities string
	err = row.Scan(&u.ID, &u.Name, &createdAt, &identities, &seenAt, &u.Notes, &u.Sessions)
	u.CreatedAt, u.SeenAt = fromMillis(createdAt), fromMillis(seenAt)
	u.Identities = strings.FieldsFunc(identities, func(r rune) bool { return r == ',' })
	return u, err
}

// Users are all users, the newest first.
func (d *DB) Users(ctx context.Context) (users []User, err error) {
	now := d.now()
	err = d.reads(ctx).each(func(row scanner) error {
		u, err := scanUser(row)
		users = append(users, u)
		return err
	}, selectUsers+` ORDER BY u.created_at DESC, u.id`, millis(now), millis(now.Add(-SessionIdle)))
	return users, err
}

// minIDPrefix is how much of an id names it at least: what a page shows of one.
const minIDPrefix = 8

// FindUser is the user with an id, or with one that begins so, if there is only one such.
// Errors: ErrNotFound, and one that says what is ambiguous.
func (d *DB) FindUser(ctx context.Context, idOrPrefix string) (User, error) {
	if len(idOrPrefix) < minIDPrefix {
		return User{}, fmt.Errorf("%q is too short for an id; give at least %d characters of it", idOrPrefix, minIDPrefix)
	}
	now := d.now()
	var found []User
	err := d.reads(ctx).each(func(row scanner) error {
		u, err := scanUser(row)
		found = append(found, u)
		return err
	}, selectUsers+` AND substr(u.id, 1, length($3)) = $3 LIMIT 2`, millis(now), millis(now.Add(-SessionIdle)), idOrPrefix)
	switch {
	case err != nil:
		return User{}, err
	case len(found) == 0:
		return User{}, ErrNotFound
	case len(found) > 1:
		return User{}, fmt.Errorf("the ids of several users begin with %q; give more of it", idOrPrefix)
	}
	return found[0], nil
}

// SignOutUser ends all sessions of a user, as an operator does. It counts those that had
// not ended by themselves.
func (d *DB) SignOutUser(ctx context.Context, userID string) (sessions int, err error) {
	err = d.inTx(ctx, func(t *tx) error {
		if err := t.queryRow(`SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3`,
			userID, t.now, t.now-SessionIdle.Milliseconds()).Scan(&sessions); err != nil {
			return err
		}
		rows, err := t.exec(`DELETE FROM sessions WHERE user_id = $1`, userID)
		if rows > 0 {
			t.audit("session.revoked", slog.String("user", userID), slog.String("by", "operator"), slog.Int64("sessions", rows))
		}
		return err
	})
	return sessions, err
}
