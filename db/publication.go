package db

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
)

// PublishedNote is a note that anyone can read.
type PublishedNote struct {
	Note
	// Byline is the author's active profiles: who signs it. It may be empty.
	Byline []Profile
}

// PublishNote gives a note of the viewer a page that anyone can read, and returns the id
// that names it: 128 random bits. A note that is published keeps its page. Errors:
// ErrNotFound, ErrViewerGone.
func (d *DB) PublishNote(ctx context.Context, v Viewer, id string) (publicID string, err error) {
	err = d.writeAs(ctx, v, func(t *tx) error {
		err := t.queryRow(`UPDATE notes SET public_id = coalesce(public_id, $1) WHERE id = $2 AND owner_id = $3 AND deleted_at IS NULL
			RETURNING public_id`, newPublicID(), id, v.ID).Scan(&publicID)
		if err == nil {
			t.audit("note.published", slog.String("viewer", v.ID), slog.String("note", id))
		}
		return err
	})
	return publicID, err
}

// UnpublishNote ends the page of a note of the viewer. Its address stays dead: publishing
// again gives another one. Errors: ErrNotFound, ErrViewerGone.
func (d *DB) UnpublishNote(ctx context.Context, v Viewer, id string) error {
	return d.writeAs(ctx, v, func(t *tx) error {
		rows, err := t.exec(`UPDATE notes SET public_id = NULL WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL`, id, v.ID)
		if err == nil && rows == 0 {
			return ErrNotFound
		}
		t.audit("note.unpublished", slog.String("viewer", v.ID), slog.String("note", id))
		return err
	})
}

// PublishedNote is what an address that was shared stands for; ErrNotFound if it is not
// published, or not any more.
func (d *DB) PublishedNote(ctx context.Context, publicID string) (PublishedNote, error) {
	q := d.reads(ctx)
	note, err := scanNote(q.queryRow(`SELECT `+noteColumns+` FROM notes WHERE public_id = $1 AND deleted_at IS NULL`, publicID))
	if err != nil {
		return PublishedNote{}, err
	}
	var author Viewer
	if err := q.queryRow(`SELECT owner_id FROM notes WHERE id = $1`, note.ID).Scan(&author.ID); err != nil {
		return PublishedNote{}, err
	}
	has, err := readHoldings(q, author)
	if err != nil {
		return PublishedNote{}, err
	}
	byline := slices.DeleteFunc(has.Profiles, func(p Profile) bool { return !p.IsActive })
	return PublishedNote{Note: note, Byline: byline}, nil
}

// newPublicID is 26 characters that are easy to copy.
func newPublicID() string { return strings.ToLower(rand.Text()) }
