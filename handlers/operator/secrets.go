package operator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/guestpad/guestpad/handlers/secrets"
)

type secretsCommands struct {
	Rotate secretsRotateCommand `cmd:"" help:"Put a new secret in front of those in the data folder."`
}

type secretsRotateCommand struct {
	Secrets
	change
}

// Help says more than the list of commands.
func (secretsRotateCommand) Help() string {
	return "The server reads the secrets at its start, so restart it. Cookies that a former secret sealed go on being good, and are sealed anew when their browser comes back. The file keeps 5 secrets: guests whose cookie is older than that start anew, so let the guest TTL and 15 days pass before the fifth."
}

type rotatedAnswer struct {
	File    string `json:"file"`
	Kept    int    `json:"secrets"`
	Dropped int    `json:"dropped"`
	DryRun  bool   `json:"dry_run"`
}

// Run is guestpad secrets rotate.
func (c *secretsRotateCommand) Run(at *Storage) error {
	file := secrets.File(at.Data)
	if c.Secrets.Secrets != "" {
		return fmt.Errorf("GUESTPAD_SECRETS (--secrets) is set, so the server does not read %s; put a new secret in front of that list instead (openssl rand -base64 32)", file)
	}
	if err := refuseOtherOwner(file); err != nil {
		return err
	}
	kept, dropped, err := secrets.Rotate(at.Data, c.DryRun)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no %s to rotate; the first start of the server makes it; say where it is with GUESTPAD_DATA (--data)", file)
	case err != nil:
		return fmt.Errorf("rotate: %w", err)
	}
	return c.print(rotatedAnswer{file, kept, dropped, c.DryRun}, func(w io.Writer) {
		if c.DryRun {
			fmt.Fprintf(w, "Would put a new secret into %s, which would hold %d then; %d would be dropped.\n", file, kept, dropped)
			return
		}
		fmt.Fprintf(w, "%s has a new secret and holds %d now; %d dropped. Restart the server: it reads them at its start.\n", file, kept, dropped)
	})
}
