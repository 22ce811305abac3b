package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/handlers/secrets"
)

type backupCommand struct {
	File string `arg:"" help:"The file to make. One that exists is never overwritten."`
	output
}

// Help says more than the list of commands.
func (backupCommand) Help() string {
	return "The copy is the database as it was at one moment, looked through before it gets its name. It holds all texts: keep it as safe as the database. The file of secrets is not in it; keep a copy of that elsewhere. Without it guests lose their notes after a restore, and users sign in again and have theirs."
}

type backupAnswer struct {
	File string `json:"file"`
	db.Contents
	// SecretsFile is what to keep as well.
	SecretsFile string `json:"secrets_file_not_included"`
}

// Run is guestpad backup.
func (c *backupCommand) Run(ctx context.Context, at *Storage) error {
	contents, err := db.Backup(ctx, at.DatabaseURL, c.File, progress)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists, and a backup never overwrites; name another file", c.File)
	case err != nil:
		return fmt.Errorf("backup: %w", at.explain(err))
	}
	answer := backupAnswer{c.File, contents, secrets.File(at.Data)}
	return c.print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, with %s.\n", c.File, size(contents.Bytes), listed(contents))
		fmt.Fprintf(w, "%s is not in it; keep a copy of that as well, elsewhere.\n", answer.SecretsFile)
	})
}

// progress is called once a second.
func progress(written, total int64) {
	fmt.Fprintf(os.Stderr, "copied %s of about %s\n", size(written), size(total))
}

func listed(c db.Contents) string {
	return fmt.Sprintf("%s, %s, %s, %s, schema %d", count(c.Users, "user", "users"), count(c.Guests, "guest", "guests"),
		count(c.Notes, "note", "notes"), count(c.Profiles, "profile", "profiles"), c.SchemaVersion)
}

type restoreCommand struct {
	File string `arg:"" help:"A file that guestpad backup made, or a database that a restore has put aside."`
	change
}

// Help says more than the list of commands.
func (restoreCommand) Help() string {
	return "Stop the server first; it refuses while one has the database open. The file is looked through, and stays as it is. The database that is there is put aside under a dated name, and not deleted. What was erased, unpublished or purged since the backup is there again."
}

type restoreAnswer struct {
	File     string `json:"file"`
	Database string `json:"database"`
	db.Restored
	DryRun bool `json:"dry_run"`
}

// Run is guestpad restore.
func (c *restoreCommand) Run(ctx context.Context, at *Storage) error {
	path, err := db.Path(at.DatabaseURL)
	if err != nil {
		return err
	}
	if err := refuseOtherOwner(path); err != nil {
		return err
	}
	answer := restoreAnswer{File: c.File, Database: path, DryRun: c.DryRun}
	if c.DryRun {
		if answer.Contents, err = db.CheckRestore(ctx, at.DatabaseURL, c.File, progress); err != nil {
			return refusedRestore(err)
		}
		return c.print(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Would restore %s to %s: %s.\n", c.File, path, listed(answer.Contents))
		})
	}
	if answer.Restored, err = db.Restore(ctx, at.DatabaseURL, c.File, progress); err != nil {
		return refusedRestore(err)
	}
	return c.print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "Restored %s to %s: %s.\n", c.File, path, listed(answer.Contents))
		if answer.Aside != "" {
			fmt.Fprintf(w, "The database that was there is %s now. To go back to it, with the same settings:\n  guestpad restore %s\n", filepath.Base(answer.Aside), answer.Aside)
		}
	})
}

func refusedRestore(err error) error {
	if errors.Is(err, db.ErrInUse) {
		return fmt.Errorf("restore: %w; stop the server first", err)
	}
	return fmt.Errorf("restore: %w", err)
}
