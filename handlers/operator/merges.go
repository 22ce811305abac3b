package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/guestpad/guestpad/db"
)

type mergesCommands struct {
	List mergesListCommand `cmd:"" help:"List merges, the newest first."`
	Undo mergesUndoCommand `cmd:"" help:"Take the rows of a merge out of its user's account."`
}

type mergesListCommand struct {
	output
	User string `placeholder:"ID" help:"Only those into this user: its id, or at least the first 8 characters of it."`
}

// Run is guestpad merges list.
func (c *mergesListCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	var userID string
	if c.User != "" {
		u, err := userArgument{ID: c.User}.find(ctx, store)
		if err != nil {
			return err
		}
		userID = u.ID
	}
	merges, err := store.AllMerges(ctx, userID)
	if err != nil {
		return fmt.Errorf("list merges: %w", err)
	}
	if merges == nil {
		merges = []db.MergeOfUser{} // JSON tells [] from null
	}
	return c.print(merges, func(w io.Writer) {
		rows := [][]string{{"ID", "USER", "GUEST", "CREATED", "UNDONE", "NOTES", "PROFILES"}}
		for _, m := range merges {
			undone := "-"
			if m.UndoneAt != nil {
				undone = minute(*m.UndoneAt)
			}
			rows = append(rows, []string{m.ID, m.UserID, m.GuestID, minute(m.CreatedAt), undone, strconv.Itoa(m.Notes), strconv.Itoa(m.Profiles)})
		}
		table(w, rows)
	})
}

type mergesUndoCommand struct {
	ID string `arg:"" help:"Id of the merge, as merges list shows it."`
	Guests
	confirmed
}

// Help says more than the list of commands.
func (mergesUndoCommand) Help() string {
	return "For rows that came into the wrong account, when its user cannot undo the merge: the limit of 7 days is not for the operator. The rows go to a new guest. No browser holds its cookie, so nobody can open them from then on; notes that are published stay readable. They are purged with that guest when the guest TTL and 15 days have passed. A user who wants rows back into the browser undoes the merge there."
}

type undoneAnswer struct {
	MergeID    string     `json:"merge_id"`
	UserID     string     `json:"user_id"`
	Notes      int        `json:"notes"`
	Profiles   int        `json:"profiles"`
	GuestID    string     `json:"guest_id,omitempty"`
	PurgeAfter *time.Time `json:"purge_after,omitempty"`
	DryRun     bool       `json:"dry_run"`
}

func (a *undoneAnswer) String() string {
	return fmt.Sprintf("%s and %s", count(a.Notes, "note", "notes"), count(a.Profiles, "profile", "profiles"))
}

// Run is guestpad merges undo.
func (c *mergesUndoCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	m, err := store.MergeByID(ctx, c.ID)
	if err := c.refuse(m, err); err != nil {
		return err
	}
	answer := &undoneAnswer{MergeID: m.ID, UserID: m.UserID, Notes: m.Notes, Profiles: m.Profiles, DryRun: c.DryRun}
	if c.DryRun {
		return c.print(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Would take %s from user %s, to a new guest that nobody can open.\n", answer, m.UserID)
		})
	}
	if err := c.confirm(fmt.Sprintf("This takes %s from user %s, to a new guest that nobody can open.", answer, m.UserID)); err != nil {
		return err
	}
	m, guestID, err := store.UndoMergeForNobody(ctx, m.ID)
	if err := c.refuse(m, err); err != nil {
		return err
	}
	until := time.Now().UTC().Add(time.Duration(c.GuestTTL) + db.ArchivedFor)
	answer.Notes, answer.Profiles, answer.GuestID, answer.PurgeAfter = m.Notes, m.Profiles, guestID, &until
	return c.print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "Took %s from user %s, to the new guest %s. Nobody can open them; they are purged after %s.\n", answer, m.UserID, guestID, minute(until))
	})
}

// refuse is why a merge cannot be undone.
func (c *mergesUndoCommand) refuse(m db.MergeOfUser, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		return fmt.Errorf("there is no merge %q; see guestpad merges list", c.ID)
	case err != nil:
		return fmt.Errorf("undo merge %s: %w", c.ID, err)
	case m.UndoneAt != nil:
		return fmt.Errorf("merge %s was undone at %s already", c.ID, minute(*m.UndoneAt))
	}
	return nil
}
