package operator

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/guestpad/guestpad/db"
)

type guestsCommands struct {
	Purge guestsPurgeCommand `cmd:"" help:"Remove what has expired: what the server does every hour, until nothing is left."`
}

type guestsPurgeCommand struct {
	Guests
	change
}

// Help says more than the list of commands.
func (guestsPurgeCommand) Help() string {
	return "Removes guests that were not seen for the guest TTL and 15 days more, with all they own; tombstones whose tokens have expired; sessions that have ended; and notes that were in the trash for 30 days. Set the guest TTL as for the server."
}

type purgedAnswer struct {
	Guests     int  `json:"guests"`
	Tombstones int  `json:"tombstones"`
	Sessions   int  `json:"sessions"`
	Notes      int  `json:"notes_in_trash"`
	DryRun     bool `json:"dry_run"`
}

func (a *purgedAnswer) add(p db.Purged) {
	a.Guests += p.Guests
	a.Tombstones += p.Tombstones
	a.Sessions += p.Sessions
	a.Notes += p.Notes
}

func (a *purgedAnswer) String() string {
	return strings.Join([]string{
		count(a.Guests, "guest", "guests"), count(a.Tombstones, "tombstone", "tombstones"),
		count(a.Sessions, "session", "sessions"), count(a.Notes, "note in the trash", "notes in the trash"),
	}, ", ")
}

// Run is guestpad guests purge.
func (c *guestsPurgeCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	answer := purgedAnswer{DryRun: c.DryRun}
	if c.DryRun {
		expired, err := store.Expired(ctx, time.Duration(c.GuestTTL))
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		answer.add(expired)
		return c.print(answer, func(w io.Writer) { fmt.Fprintf(w, "Would purge %s.\n", &answer) })
	}
	for {
		purged, err := store.Purge(ctx, time.Duration(c.GuestTTL))
		answer.add(purged)
		if err != nil {
			return fmt.Errorf("purge, after %s: %w", &answer, err)
		}
		if purged == (db.Purged{}) {
			break
		}
		fmt.Fprintf(os.Stderr, "purged so far: %s\n", &answer)
	}
	return c.print(answer, func(w io.Writer) { fmt.Fprintf(w, "Purged %s.\n", &answer) })
}
