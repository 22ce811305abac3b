package db

import (
	"context"
	"log/slog"
	"time"
)

const (
	// SessionIdle is how long a session lives without a visit.
	SessionIdle = 30 * 24 * time.Hour
	// SessionMax is how long a session lives at all (OWASP ASVS 5.0, 7.3.2).
	SessionMax = 180 * 24 * time.Hour
)

// Session is the user that a session token stands for, given the token's hash. The error
// for a session that has ended, or never was, is ErrNotFound.
func (d *DB) Session(ctx context.Context, tokenHash string) (Viewer, error) {
	now := d.now()
	v := Viewer{HasRow: true, SessionHash: tokenHash}
	var seenAt, expiresAt int64
	err := d.reads(ctx).queryRow(`SELECT u.id, u.name, s.seen_at, s.expires_at, EXISTS (SELECT 1 FROM avatars a WHERE a.user_id = u.id)
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3`,
		tokenHash, millis(now), millis(now.Add(-SessionIdle))).
		Scan(&v.ID, &v.Name, &seenAt, &expiresAt, &v.HasAvatar)
	if err != nil {
		return Viewer{}, err
	}
	v.SeenAt = fromMillis(seenAt)
	v.Until = fromMillis(min(expiresAt, seenAt+SessionIdle.Milliseconds()))
	return v, nil
}

func startSession(t *tx, userID string, in SignIn) error {
	if _, err := t.exec(`DELETE FROM sessions WHERE token_hash = $1`, in.EndSession); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, user_agent) VALUES ($1, $2, $3, $3, $4, $5)`,
		in.SessionHash, userID, t.now, t.now+SessionMax.Milliseconds(), in.UserAgent)
	return err
}

// A SignedInBrowser is a session as its user sees it.
type SignedInBrowser struct {
	// ID names the session. It is the hash of its token, which does not open it.
	ID        string
	UserAgent string
	// SeenAt lags behind by up to SeenEvery.
	SignedInAt, SeenAt time.Time
}

// Sessions are those of the user that are alive, the last seen first.
func (d *DB) Sessions(ctx context.Context, v Viewer) (sessions []SignedInBrowser, err error) {
	now := d.now()
	err = d.reads(ctx).each(func(row scanner) error {
		var s SignedInBrowser
		var createdAt, seenAt int64
		err := row.Scan(&s.ID, &s.UserAgent, &createdAt, &seenAt)
		s.SignedInAt, s.SeenAt = fromMillis(createdAt), fromMillis(seenAt)
		sessions = append(sessions, s)
		return err
	}, `SELECT token_hash, user_agent, created_at, seen_at FROM sessions
		WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, token_hash`,
		v.ID, millis(now), millis(now.Add(-SessionIdle)))
	return sessions, err
}

// RevokeSession ends one session of the user, by its id. Errors: ErrNotFound, also for
// someone else's; ErrViewerGone.
func (d *DB) RevokeSession(ctx context.Context, v Viewer, id string) error {
	return d.writeAs(ctx, v, func(t *tx) error {
		rows, err := t.exec(`DELETE FROM sessions WHERE token_hash = $1 AND user_id = $2`, id, v.ID)
		if err == nil && rows == 0 {
			return ErrNotFound
		}
		t.audit("session.revoked", slog.String("user", v.ID), slog.Int64("sessions", rows))
		return err
	})
}

// RevokeOtherSessions ends all sessions of the user but the one that asks. Error:
// ErrViewerGone.
func (d *DB) RevokeOtherSessions(ctx context.Context, v Viewer) error {
	return d.writeAs(ctx, v, func(t *tx) error {
		rows, err := t.exec(`DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2`, v.ID, v.SessionHash)
		t.audit("session.revoked", slog.String("user", v.ID), slog.Int64("sessions", rows))
		return err
	})
}

// SignOut ends the viewer's session. Ending one that has ended is not an error.
func (d *DB) SignOut(ctx context.Context, v Viewer) error {
	return d.inTx(ctx, func(t *tx) error {
		rows, err := t.exec(`DELETE FROM sessions WHERE token_hash = $1`, v.SessionHash)
		if rows > 0 {
			t.audit("logout", slog.String("user", v.ID))
		}
		return err
	})
}
