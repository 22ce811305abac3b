package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// SignIn is what a login callback learned, and what it asks for.
type SignIn struct {
	// Provider and Subject are the identity. Subject never changes at the provider.
	Provider, Subject string
	// Login and Name are the identity's names at the provider. Name may be empty.
	Login, Name string
	// AccessToken is the provider's token, sealed.
	AccessToken string
	// Avatar may be nil: then a former picture stays.
	Avatar *Avatar
	// GuestID is the guest whose rows come along. Empty: nothing moves.
	GuestID string
	// SessionHash is the new session's token hash. EndSession is that of the session that
	// this browser had before; one that there is none of is no error.
	SessionHash, EndSession string
	UserAgent               string
}

// SignedIn is the outcome of a SignIn.
type SignedIn struct {
	UserID string
	// IsNew is true when the account was made just now.
	IsNew bool
	// MergeID names the merge of the guest into this user, and is empty when nothing was
	// asked to move or the guest had been merged into someone else before.
	MergeID string
}

// SignIn is the login: in one transaction it finds or makes the user, rekeys the guest's
// rows to it, leaves the guest as a tombstone and makes the session. All of it happens or
// nothing does. Signing in again with the same guest finds the merge that there is.
func (d *DB) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	var out SignedIn
	err := d.inTx(ctx, func(t *tx) (err error) {
		out = SignedIn{}
		if out.UserID, out.IsNew, err = findOrCreateUser(t, in); err != nil {
			return err
		}
		// Asked before the guest's arrive: does the account have any of its own?
		profiles := 0
		if !out.IsNew {
			if profiles, err = countProfiles(t, out.UserID); err != nil {
				return err
			}
		}
		arrived := int64(0)
		if in.GuestID != "" {
			if out.MergeID, arrived, err = rekeyGuest(t, in.GuestID, out.UserID); err != nil {
				return err
			}
		}
		if profiles == 0 {
			// Not active if guest profiles have arrived with the same login: a real name
			// is not put under what somebody shared as a Red Badger.
			if err := insertProfileOfUser(t, out.UserID, in.displayName(), arrived == 0); err != nil {
				return err
			}
		}
		if err := saveAvatar(t, out.UserID, in.Avatar); err != nil {
			return err
		}
		if err := startSession(t, out.UserID, in); err != nil {
			return err
		}
		t.audit("login", slog.String("user", out.UserID), slog.String("provider", in.Provider), slog.Bool("new", out.IsNew))
		return nil
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	return out, nil
}

// displayName is how a user is called: by the name at the provider, or else the login.
func (in SignIn) displayName() string {
	for _, name := range []string{in.Name, in.Login} {
		if fitting := FitName(name); fitting != "" {
			return fitting
		}
	}
	return GeneratedName(in.Subject)
}

func findOrCreateUser(t *tx, in SignIn) (userID string, isNew bool, err error) {
	err = t.queryRow(`SELECT user_id FROM identities WHERE provider = $1 AND subject = $2`, in.Provider, in.Subject).Scan(&userID)
	switch {
	case err == nil:
		return userID, false, updateUser(t, userID, in)
	case !errors.Is(err, ErrNotFound):
		return "", false, err
	}
	// Never the guest's id: an id that a guest token carries must not name a user.
	userID = uuid.NewString()
	if _, err := t.exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at) VALUES ($1, FALSE, $2, $3, $3)`,
		userID, in.displayName(), t.now); err != nil {
		return "", false, err
	}
	_, err = t.exec(`INSERT INTO identities (provider, subject, user_id, login, access_token, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		in.Provider, in.Subject, userID, in.Login, in.AccessToken, t.now)
	return userID, true, err
}

// updateUser follows what the provider says now: people rename themselves.
func updateUser(t *tx, userID string, in SignIn) error {
	if _, err := t.exec(`UPDATE users SET name = $1, seen_at = $2 WHERE id = $3`, in.displayName(), t.now, userID); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE identities SET login = $1, access_token = $2 WHERE provider = $3 AND subject = $4`,
		in.Login, in.AccessToken, in.Provider, in.Subject)
	return err
}

// ownedTables is everything that a guest can own, and so everything that moves. Each has
// the columns id and owner_id; a test compares the list with the schema. The statement
// moves the rows of the guest $2 to the user $1.
var ownedTables = []ownedTable{
	// The user's own stay first.
	{"profiles", `UPDATE profiles SET owner_id = $1, position = position + 1 + (SELECT coalesce(max(position), 0) FROM profiles WHERE owner_id = $1)
		WHERE owner_id = $2`},
	{"notes", `UPDATE notes SET owner_id = $1 WHERE owner_id = $2`},
}

type ownedTable struct{ name, rekey string }

// rekeyGuest moves every row of a guest to a user, records which, and leaves a tombstone,
// even for a guest that owns nothing: a write of its that is on the way must not bring it
// to life after its cookie is gone. Its cost grows with the rows that move. It also tells
// how many profiles moved.
func rekeyGuest(t *tx, guestID, userID string) (mergeID string, profiles int64, err error) {
	isAlive, err := buryGuest(t, guestID, userID)
	if err != nil {
		return "", 0, err
	}
	mergeID = uuid.NewString()
	// The record outlives the tombstone, so there may be one although the guest was alive.
	isFirst, err := t.exec(`INSERT INTO merges (id, guest_id, user_id, created_at) SELECT $1, $2, $3, $4 WHERE $5
		ON CONFLICT (guest_id) DO NOTHING`, mergeID, guestID, userID, t.now, isAlive)
	if err != nil {
		return "", 0, err
	}
	if isFirst == 0 {
		mergeID, err = findMerge(t, guestID, userID)
		return mergeID, 0, err
	}
	moved := int64(0)
	for _, table := range ownedTables {
		if _, err := t.exec(`INSERT INTO merged_rows (merge_id, table_name, row_id) SELECT $1, $2, id FROM `+table.name+` WHERE owner_id = $3`,
			mergeID, table.name, guestID); err != nil {
			return "", 0, err
		}
		rows, err := t.exec(table.rekey, userID, guestID)
		if err != nil {
			return "", 0, err
		}
		if table.name == "profiles" {
			profiles = rows
		}
		moved += rows
	}
	t.audit("rekey", slog.String("merge", mergeID), slog.String("guest", guestID), slog.String("user", userID), slog.Int64("rows", moved))
	return mergeID, profiles, nil
}

// buryGuest makes the guest a tombstone, and tells whether it was alive before.
func buryGuest(t *tx, guestID, userID string) (wasAlive bool, err error) {
	rows, err := t.exec(`INSERT INTO users (id, is_guest, name, created_at, seen_at, merged_into, merged_at)
		VALUES ($1, TRUE, $2, $3, $3, $4, $3)
		ON CONFLICT (id) DO UPDATE SET merged_into = $4, merged_at = $3
		WHERE users.is_guest AND users.merged_at IS NULL`,
		guestID, GeneratedName(guestID), t.now, userID)
	return rows == 1, err
}

// Identity is what signs in as a user: Login at Provider.
type Identity struct {
	Provider, Login string
	CreatedAt       time.Time
}

// Identities are those of the user, the oldest first.
func (d *DB) Identities(ctx context.Context, v Viewer) (identities []Identity, err error) {
	err = d.reads(ctx).each(func(row scanner) error {
		var i Identity
		var createdAt int64
		err := row.Scan(&i.Provider, &i.Login, &createdAt)
		i.CreatedAt = fromMillis(createdAt)
		identities = append(identities, i)
		return err
	}, `SELECT provider, login, created_at FROM identities WHERE user_id = $1 ORDER BY created_at, provider, subject`, v.ID)
	return identities, err
}

// findMerge is the merge of this guest into this user, or "" if it went to another.
func findMerge(t *tx, guestID, userID string) (mergeID string, err error) {
	err = t.queryRow(`SELECT id FROM merges WHERE guest_id = $1 AND user_id = $2`, guestID, userID).Scan(&mergeID)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return mergeID, err
}

// Avatar is a picture, at most a few hundred kilobytes, of a type that a browser shows.
type Avatar struct {
	ContentType string
	Image       []byte
}

// Avatar is the picture of a user; ErrNotFound if there is none.
func (d *DB) Avatar(ctx context.Context, v Viewer) (Avatar, error) {
	var a Avatar
	err := d.reads(ctx).queryRow(`SELECT content_type, image FROM avatars WHERE user_id = $1`, v.ID).Scan(&a.ContentType, &a.Image)
	return a, err
}

func saveAvatar(t *tx, userID string, a *Avatar) error {
	if a == nil {
		return nil
	}
	_, err := t.exec(`INSERT INTO avatars (user_id, content_type, image, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET content_type = $2, image = $3, updated_at = $4`,
		userID, a.ContentType, a.Image, t.now)
	return err
}
