package db

import (
	"context"
	"errors"
	"log/slog"

	"github.com/google/uuid"
)

// MaxProfiles is how many profiles a viewer may add up to. A merge may bring more:
// nothing is dropped.
const MaxProfiles = 12

// Profile is how a viewer appears. The active ones sign what the viewer shares.
type Profile struct {
	ID       string
	Emoji    string
	Name     string
	IsActive bool
}

// Colour is the colour of the disc behind the emoji, one of Colours. It belongs to the
// profile's id, so it stays when name and emoji change.
func (p Profile) Colour() string { return personaOf(p.ID).colour }

// validate puts the values into the form in which they are kept, or says what is wrong
// with every field that is wrong (joined InvalidErrors).
func (p *Profile) validate() error {
	emoji, emojiErr := NormalizeEmoji(p.Emoji)
	name, nameErr := NormalizeName(p.Name)
	p.Emoji, p.Name = emoji, name
	return errors.Join(emojiErr, nameErr)
}

// GeneratedProfile is the profile of a viewer that has stored none. It is always the
// same for the same viewer, so it costs no row until it is changed.
func GeneratedProfile(viewerID string) Profile {
	return SuggestedProfile(uuid.NewSHA1(uuid.NameSpaceOID, []byte("profile of "+viewerID)).String())
}

// SuggestedProfile is the friendly profile that belongs to an id.
func SuggestedProfile(id string) Profile {
	p := personaOf(id)
	return Profile{ID: id, Emoji: p.animal.emoji, Name: p.shownName(), IsActive: true}
}

func scanProfile(row scanner) (p Profile, err error) {
	err = row.Scan(&p.ID, &p.Emoji, &p.Name, &p.IsActive)
	return p, err
}

// AddProfile appends a profile under a new id. Errors: *InvalidError (joined),
// *LimitError, ErrViewerGone.
func (d *DB) AddProfile(ctx context.Context, v Viewer, p Profile) (Holdings, error) {
	if err := p.validate(); err != nil {
		return Holdings{}, err
	}
	return d.changeProfiles(ctx, v, p.ID, "added", func(t *tx) error {
		if err := storeGeneratedProfile(t, v); err != nil {
			return err
		}
		count, err := countProfiles(t, v.ID)
		if err != nil {
			return err
		}
		if count >= MaxProfiles {
			return &LimitError{What: "profiles", Max: MaxProfiles}
		}
		return insertProfile(t, v.ID, p)
	})
}

// UpdateProfile changes a profile of the viewer; the generated one is stored by this.
// Errors: *InvalidError (joined), ErrNotFound, ErrViewerGone.
func (d *DB) UpdateProfile(ctx context.Context, v Viewer, p Profile) (Holdings, error) {
	if err := p.validate(); err != nil {
		return Holdings{}, err
	}
	return d.changeProfiles(ctx, v, p.ID, "updated", func(t *tx) error {
		err := updateProfile(t, v, p)
		if !errors.Is(err, ErrNotFound) || p.ID != GeneratedProfile(v.ID).ID {
			return err
		}
		if err := storeGeneratedProfile(t, v); err != nil {
			return err
		}
		return updateProfile(t, v, p)
	})
}

// DeleteProfile deletes a profile of the viewer. Errors: ErrNotFound, ErrLastProfile,
// ErrViewerGone.
func (d *DB) DeleteProfile(ctx context.Context, v Viewer, id string) (Holdings, error) {
	return d.changeProfiles(ctx, v, id, "deleted", func(t *tx) error {
		rows, err := t.exec(`DELETE FROM profiles WHERE id = $1 AND owner_id = $2`, id, v.ID)
		if err != nil {
			return err
		}
		if rows == 0 && id != GeneratedProfile(v.ID).ID {
			return ErrNotFound
		}
		count, err := countProfiles(t, v.ID)
		if err != nil {
			return err
		}
		if count == 0 {
			return ErrLastProfile // which also undoes the DELETE
		}
		if rows == 0 {
			return ErrNotFound
		}
		return nil
	})
}

// changeProfiles is what every change of a profile has in common. It returns what the
// viewer has after it.
func (d *DB) changeProfiles(ctx context.Context, v Viewer, id, change string, do func(*tx) error) (after Holdings, err error) {
	err = d.writeAs(ctx, v, func(t *tx) (err error) {
		if err := do(t); err != nil {
			return err
		}
		t.audit("profile.changed", slog.String("viewer", v.ID), slog.String("profile", id), slog.String("change", change))
		after, err = readHoldings(t.queries, v)
		return err
	})
	if err != nil {
		return Holdings{}, err
	}
	return after, nil
}

func updateProfile(t *tx, v Viewer, p Profile) error {
	rows, err := t.exec(`UPDATE profiles SET emoji = $1, name = $2, is_active = $3, updated_at = $4 WHERE id = $5 AND owner_id = $6`,
		p.Emoji, p.Name, p.IsActive, t.now, p.ID, v.ID)
	if err == nil && rows == 0 {
		return ErrNotFound
	}
	return err
}

func countProfiles(t *tx, ownerID string) (count int, err error) {
	err = t.queryRow(`SELECT count(*) FROM profiles WHERE owner_id = $1`, ownerID).Scan(&count)
	return count, err
}

// storeGeneratedProfile stores the generated profile of a viewer that has stored none.
func storeGeneratedProfile(t *tx, v Viewer) error {
	count, err := countProfiles(t, v.ID)
	if err != nil || count > 0 {
		return err
	}
	return insertProfile(t, v.ID, GeneratedProfile(v.ID))
}

func insertProfile(t *tx, ownerID string, p Profile) error {
	_, err := t.exec(`INSERT INTO profiles (id, owner_id, emoji, name, is_active, position, created_at, updated_at)
		SELECT $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1, $6, $6 FROM profiles WHERE owner_id = $2`,
		p.ID, ownerID, p.Emoji, p.Name, p.IsActive, t.now)
	return err
}

// insertProfileOfUser gives a user one with the name from GitHub, which stands first.
func insertProfileOfUser(t *tx, userID, name string, isActive bool) error {
	p := SuggestedProfile(uuid.NewString())
	_, err := t.exec(`INSERT INTO profiles (id, owner_id, emoji, name, is_active, position, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $6)`,
		p.ID, userID, p.Emoji, name, isActive, t.now)
	return err
}
