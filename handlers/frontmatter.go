package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/guestpad/guestpad/db"
)

// frontMatterMark tells what Guestpad wrote from the front matter of others, which is a
// part of their text. It is a comment, so that every reader of YAML takes it.
const frontMatterMark = "# Guestpad wrote these lines when it exported this note, and takes them off when it imports it."

// frontMatterKeys are the lines that follow the mark, in this order.
var frontMatterKeys = []string{"title", "created", "updated", "profiles"}

const frontMatterTime = "2006-01-02T15:04:05.000Z07:00"

// frontMatter is what an exported note begins with: YAML between two lines of dashes, as
// other programs read it, and an empty line. Profiles are those that sign the note.
func frontMatter(n db.Note, profiles []db.Profile) (string, error) {
	signed := []string{}
	for _, p := range profiles {
		if p.IsActive {
			signed = append(signed, p.Emoji+" "+p.Name)
		}
	}
	title, err := yaml(printable(n.Summary().Title))
	if err != nil {
		return "", err
	}
	by, err := yaml(signed)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("---\n%s\ntitle: %s\ncreated: %s\nupdated: %s\nprofiles: %s\n---\n\n", frontMatterMark,
		title, n.CreatedAt.Format(frontMatterTime), n.UpdatedAt.Format(frontMatterTime), by), nil
}

// yaml is a value as YAML. JSON is YAML too, if what cannot be printed is left out before:
// a text in its quotes can neither end its line nor mean anything but itself.
func yaml(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// takeFrontMatter parts what frontMatter wrote from the text. A text that does not begin
// with exactly that is not touched. Times that cannot be read are zero.
func takeFrontMatter(text string) (body string, created, updated time.Time, found bool) {
	rest, found := strings.CutPrefix(text, "---\n"+frontMatterMark+"\n")
	values := map[string]string{}
	for _, key := range frontMatterKeys {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		value, isKey := strings.CutPrefix(line, key+": ")
		found = found && isKey
		values[key] = value
	}
	body, isClosed := strings.CutPrefix(rest, "---\n\n")
	if !found || !isClosed {
		return text, time.Time{}, time.Time{}, false
	}
	// The zero time that comes with an error is what we want.
	created, _ = time.Parse(time.RFC3339, values["created"])
	updated, _ = time.Parse(time.RFC3339, values["updated"])
	return body, created, updated, true
}
