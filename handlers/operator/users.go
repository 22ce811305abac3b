package operator

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/guestpad/guestpad/db"
)

type usersCommands struct {
	List    usersListCommand    `cmd:"" help:"List all users, the newest first."`
	SignOut usersSignOutCommand `cmd:"" help:"End all sessions of a user."`
	Erase   usersEraseCommand   `cmd:"" help:"Remove a user with everything that it owns, for good."`
}

type usersListCommand struct{ output }

// Run is guestpad users list.
func (c *usersListCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	users, err := store.Users(ctx)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	if users == nil {
		users = []db.User{} // JSON tells [] from null
	}
	rows := [][]string{{"ID", "NAME", "IDENTITIES", "CREATED", "SEEN", "NOTES", "SESSIONS"}}
	for _, u := range users {
		rows = append(rows, []string{u.ID, u.Name, strings.Join(u.Identities, " "), day(u.CreatedAt), minute(u.SeenAt), strconv.Itoa(u.Notes), strconv.Itoa(u.Sessions)})
	}
	return c.print(users, table(rows))
}

// userArgument names a user.
type userArgument struct {
	ID string `arg:"" help:"Id of the user, or at least the first 8 characters of it, as users list shows it."`
}

func (a userArgument) find(ctx context.Context, store *db.DB) (db.User, error) {
	u, err := store.FindUser(ctx, a.ID)
	if errors.Is(err, db.ErrNotFound) {
		err = fmt.Errorf("there is no user %q; see guestpad users list", a.ID)
	}
	return u, err
}

type usersSignOutCommand struct {
	userArgument
	change
}

type signedOutAnswer struct {
	UserID   string `json:"user_id"`
	Sessions int    `json:"sessions"`
	DryRun   bool   `json:"dry_run"`
}

// Run is guestpad users sign-out.
func (c *usersSignOutCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	u, err := c.find(ctx, store)
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.print(signedOutAnswer{u.ID, u.Sessions, true}, fmt.Sprintf("Would end %s of %s (%s).\n", count(u.Sessions, "session", "sessions"), u.Name, u.ID))
	}
	sessions, err := store.SignOutUser(ctx, u.ID)
	if err != nil {
		return fmt.Errorf("sign out %s: %w", u.ID, err)
	}
	return c.print(signedOutAnswer{u.ID, sessions, false}, fmt.Sprintf("Ended %s of %s (%s).\n", count(sessions, "session", "sessions"), u.Name, u.ID))
}

type usersEraseCommand struct {
	userArgument
	confirmed
}

// Help says more than the list of commands.
func (usersEraseCommand) Help() string {
	return "Removes notes, profiles, sessions, identities and the records of merges, at once. It cannot be taken back, but for a backup from before, which still holds all of it. Someone who signs in with the same identity afterwards gets a new account."
}

type erasedAnswer struct {
	UserID     string `json:"user_id"`
	Notes      int    `json:"notes"`
	Published  int    `json:"published"`
	Profiles   int    `json:"profiles"`
	Sessions   int    `json:"sessions"`
	Identities int    `json:"identities"`
	Merges     int    `json:"merges"`
	DryRun     bool   `json:"dry_run"`
}

func newErasedAnswer(id string, e db.Erasure, dryRun bool) *erasedAnswer {
	return &erasedAnswer{id, e.Notes, e.Published, e.Profiles, e.Sessions, e.Identities, e.Merges, dryRun}
}

func (a *erasedAnswer) String() string {
	return fmt.Sprintf("%s (%d of them published), %s, %s, %s, %s", count(a.Notes, "note", "notes"), a.Published,
		count(a.Profiles, "profile", "profiles"), count(a.Sessions, "session", "sessions"),
		count(a.Identities, "identity", "identities"), count(a.Merges, "merge", "merges"))
}

// Run is guestpad users erase.
func (c *usersEraseCommand) Run(ctx context.Context, at *Storage) error {
	store, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	u, err := c.find(ctx, store)
	if err != nil {
		return err
	}
	erasable, err := store.Erasable(ctx, db.Viewer{ID: u.ID})
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	answer := newErasedAnswer(u.ID, erasable, c.DryRun)
	if c.DryRun {
		return c.print(answer, fmt.Sprintf("Would erase %s (%s) with %s.\n", u.Name, u.ID, answer))
	}
	if err := c.confirm(fmt.Sprintf("This erases %s (%s) with %s, for good.", u.Name, u.ID, answer)); err != nil {
		return err
	}
	erased, err := store.EraseUser(ctx, u.ID)
	if err != nil {
		return fmt.Errorf("erase %s: %w", u.ID, err)
	}
	answer = newErasedAnswer(u.ID, erased, false)
	return c.print(answer, fmt.Sprintf("Erased %s (%s) with %s. Backups from before still hold them.\n", u.Name, u.ID, answer))
}
