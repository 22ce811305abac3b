package operator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/guestpad/guestpad/db"
)

type notesCommands struct {
	Unpublish notesUnpublishCommand `cmd:"" help:"Take a public note down."`
}

type notesUnpublishCommand struct {
	Page string `arg:"" name:"id-or-url" help:"The note's public id, or its whole address, such as https://notes.example.org/n/abc."`
	change
}

// Help says more than the list of commands.
func (notesUnpublishCommand) Help() string {
	return "The note stays with its owner, and its address stays dead. Browsers and proxies may show what they have kept for another minute. The owner can publish the note again, at another address: to keep somebody from it, erase the user."
}

// publicID is the last part of the address.
func (c *notesUnpublishCommand) publicID() (string, error) {
	id := c.Page
	if at, err := url.Parse(c.Page); err == nil && strings.Contains(c.Page, "/") {
		if path.Base(path.Dir(at.Path)) != "n" {
			return "", fmt.Errorf("%q is not the address of a public note; want one such as https://notes.example.org/n/abc", c.Page)
		}
		id = path.Base(at.Path)
	}
	return strings.ToLower(strings.TrimSpace(id)), nil
}

type takenDownAnswer struct {
	db.PublicNote
	DryRun bool `json:"dry_run"`
}

// Run is guestpad notes unpublish.
func (c *notesUnpublishCommand) Run(ctx context.Context, at *Storage) error {
	id, err := c.publicID()
	if err != nil {
		return err
	}
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	find, done := store.TakeDown, "Took down"
	if c.DryRun {
		find, done = store.PublicNote, "Would take down"
	}
	n, err := find(ctx, id)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return fmt.Errorf("no note is published as %q, or not any more", id)
	case err != nil:
		return fmt.Errorf("take down %s: %w", id, err)
	}
	return c.print(takenDownAnswer{n, c.DryRun}, fmt.Sprintf("%s /n/%s: note %s of %s.\n", done, n.PublicID, n.NoteID, n.OwnerID))
}
