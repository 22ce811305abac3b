package operator

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

type statsCommand struct {
	Guests
	output
}

// Run is guestpad stats.
func (c *statsCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	s, err := store.Stats(ctx, time.Duration(c.GuestTTL))
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return c.print(s, func(w io.Writer) {
		n := strconv.Itoa
		table(w, [][]string{
			{"guests", n(s.Guests), "that have written, " + n(s.Archived) + " of them archived"},
			{"users", n(s.Users), ""},
			{"sessions", n(s.Sessions), "that have not ended"},
			{"notes", n(s.Notes), "outside the trash"},
			{"trash", n(s.Trash), ""},
			{"published", n(s.Published), ""},
			{"profiles", n(s.Profiles), ""},
			{"merges", n(s.Merges), n(s.Undone) + " of them undone"},
			{"tombstones", n(s.Tombstones), "of merged guests"},
			{"schema", n(s.SchemaVersion), ""},
			{"database", size(s.DatabaseBytes), "and " + size(s.WALBytes) + " in its log"},
		})
	})
}
