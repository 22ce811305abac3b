// Package operator is the way in for whoever runs the server: the commands beside serve.
// Like HTTP it comes from outside and does its work through package db.
//
// The commands work beside a running server. They make no database and migrate none; only
// restore wants to be alone. What they find goes to the standard output, as words or with
// --json as one JSON value; progress and audit events go to the standard error.
package operator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/guestpad/guestpad/db"
)

// Storage says where everything is kept. The server and the commands share it.
type Storage struct {
	Data        string `env:"GUESTPAD_DATA" default:"./data" placeholder:"FOLDER" help:"Folder of guestpad.db and the generated guestpad.secrets. Default: ./data."`
	DatabaseURL string `env:"GUESTPAD_DATABASE_URL" name:"database-url" placeholder:"URL" help:"Database, as sqlite:PATH. Default: guestpad.db in the data folder."`
}

// Check fills in what is not set.
func (s *Storage) Check() error {
	if s.DatabaseURL == "" {
		s.DatabaseURL = "sqlite:" + filepath.Join(s.Data, "guestpad.db")
	}
	if _, err := db.Path(s.DatabaseURL); err != nil {
		return s.badDatabase(err)
	}
	return nil
}

func (s *Storage) badDatabase(err error) error {
	return fmt.Errorf("GUESTPAD_DATABASE_URL (--database-url): %w", err)
}

// open opens the database that there is.
func (s *Storage) open(ctx context.Context) (*db.DB, error) {
	store, err := db.OpenExisting(ctx, db.Config{URL: s.DatabaseURL, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	return store, s.explain(err)
}

// explain adds what to do about it.
func (s *Storage) explain(err error) error {
	if errors.Is(err, db.ErrNoDatabase) {
		return fmt.Errorf("%w; say where it is with GUESTPAD_DATA (--data) or GUESTPAD_DATABASE_URL (--database-url)", err)
	}
	return err
}

// maxGuestTTL is as long as browsers keep a cookie (RFC 6265bis, 4.1.2.2), less the time in
// the archive.
const maxGuestTTL = 400*24*time.Hour - db.ArchivedFor

// GuestTTL is how long a guest that does not come back is kept, before it is archived.
type GuestTTL time.Duration

// UnmarshalText says what it wants to be.
func (ttl *GuestTTL) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < time.Hour || d > maxGuestTTL {
		return fmt.Errorf("want 1h to 9240h (385 days; with the archive that is as long as browsers keep a cookie), such as 720h, not %q", text)
	}
	*ttl = GuestTTL(d)
	return nil
}

// Guests is the setting that says when guests are archived, and so when they are purged.
// The server and the commands share it.
type Guests struct {
	GuestTTL GuestTTL `env:"GUESTPAD_GUEST_TTL" name:"guest-ttl" default:"720h" placeholder:"DURATION" help:"Inactivity after which a guest is archived, 1h to 9240h; 15 days later it is purged. Default: 720h (30 days)."`
}

// Secrets is the setting that replaces the file of secrets. The server and the commands
// share it.
type Secrets struct {
	Secrets string `env:"GUESTPAD_SECRETS" placeholder:"LIST" help:"Secrets that sign the cookies: base64, comma separated, newest first, at least 32 bytes each. Put a new one in front to rotate. Default: generated on the first start and kept in the data folder."`
}

// Commands is everything that there is beside serve.
type Commands struct {
	Stats   statsCommand    `cmd:"" help:"Count what the database holds."`
	Backup  backupCommand   `cmd:"" help:"Copy the database into a new file, while the server runs."`
	Restore restoreCommand  `cmd:"" help:"Put a backup in the place of the database, while the server is stopped."`
	Guests  guestsCommands  `cmd:"" help:"Guests."`
	Users   usersCommands   `cmd:"" help:"Users."`
	Merges  mergesCommands  `cmd:"" help:"Merges: what came along when guests signed in."`
	Notes   notesCommands   `cmd:"" help:"Notes."`
	Secrets secretsCommands `cmd:"" help:"The secrets that sign the cookies."`
}

// output is how a command answers.
type output struct {
	JSON bool `name:"json" help:"Answer in JSON."`
}

// print answers with words, or with the value that they are about.
func (o output) print(value any, words func(w io.Writer)) error {
	out := bufio.NewWriter(os.Stdout)
	if o.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(value); err != nil {
			return err
		}
	} else {
		words(out)
	}
	return out.Flush()
}

// table writes rows in columns.
func table(w io.Writer, rows [][]string) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(columns, strings.Join(row, "\t"))
	}
	_ = columns.Flush()
}

// change is for commands that change something.
type change struct {
	output
	DryRun bool `help:"Say what would happen, and change nothing."`
}

// confirmed is for a change that cannot be taken back.
type confirmed struct {
	change
	Yes bool `help:"Do not ask."`
}

// confirm asks the person at the terminal. A script has to say --yes.
func (c confirmed) confirm(question string) error {
	if c.Yes {
		return nil
	}
	if !isatty.IsTerminal(os.Stdin.Fd()) {
		return errors.New("nobody is there to ask; pass --yes to do it, or --dry-run to see what it would do")
	}
	fmt.Fprintf(os.Stderr, "%s Type yes to go on: ", question)
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

func day(t time.Time) string { return t.Format("2006-01-02") }

func minute(t time.Time) string { return t.Format("2006-01-02 15:04") }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// size is for people.
func size(bytes int64) string {
	switch {
	case bytes >= 10<<20:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 10<<10:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
