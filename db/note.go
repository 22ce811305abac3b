package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/uuid"
)

// MaxNoteBytes is how long a note may be, in bytes of UTF-8.
const MaxNoteBytes = 512 << 10

// Note is Markdown text.
type Note struct {
	ID   string
	Body string
	// Version is 1 for a new note; every save adds 1.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	IsPinned  bool
	// PublicID names the page that anyone can read; it is empty unless the note is published.
	PublicID string
}

// Summary is the note as a list shows it.
func (n Note) Summary() NoteSummary {
	title, excerpt := Summarize(n.Body)
	return NoteSummary{
		ID: n.ID, Title: title, Excerpt: excerpt, UpdatedAt: n.UpdatedAt,
		IsPinned: n.IsPinned, IsPublic: n.PublicID != "",
	}
}

// NoteSummary is a note as a list shows it.
type NoteSummary struct {
	ID        string
	Title     string // the first heading or line, without its Markdown
	Excerpt   string // what follows, on one line
	UpdatedAt time.Time
	IsPinned  bool
	IsPublic  bool
}

// Cursor is a place in the list of notes: pinned ones first, then the last saved first.
// The zero Cursor is its beginning.
type Cursor struct {
	IsPinned  bool
	UpdatedAt time.Time
	ID        string
}

func (n NoteSummary) cursor() Cursor {
	return Cursor{IsPinned: n.IsPinned, UpdatedAt: n.UpdatedAt, ID: n.ID}
}

// NormalizeBody puts a text into the form in which it is kept: line ends are LF, which
// browsers turn into CRLF when they submit a form. The error is an *InvalidError.
func NormalizeBody(body string) (string, error) {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	switch {
	case len(body) > MaxNoteBytes:
		over := len(body) - MaxNoteBytes
		return body, &InvalidError{"body", fmt.Sprintf("This note is %d bytes longer than the %d KiB a note can hold. Your text is still here: shorten it, or move a part into another note.", over, MaxNoteBytes>>10)}
	case !utf8.ValidString(body):
		return body, &InvalidError{"body", "This text holds bytes that are not UTF-8, so it could not be saved. Your text is still here."}
	case strings.ContainsRune(body, 0):
		return body, &InvalidError{"body", "This text holds a NUL character, which cannot be saved. Your text is still here: remove it and save again."}
	}
	return body, nil
}

// CreateNote stores a new note. The id is the caller's, so that the same request sent
// twice makes one note; an id that is empty, in the trash or someone else's becomes a new
// one. If the viewer has the note already and its text differs, the error is ErrConflict
// and the Note is the stored one. Other errors: *InvalidError, *LimitError, ErrViewerGone.
func (d *DB) CreateNote(ctx context.Context, v Viewer, id, body string) (note Note, err error) {
	body, err = NormalizeBody(body)
	if err != nil {
		return Note{}, err
	}
	err = d.writeAs(ctx, v, func(t *tx) error {
		note, err = saveNote(t, v, Note{ID: id, Body: body})
		if errors.Is(err, ErrNotFound) {
			note, err = insertNote(t, v, Note{ID: id, Body: body}, d.maxNotes)
		}
		return err
	})
	return note, err
}

// insertNote stores a new note, if the viewer may have one more.
func insertNote(t *tx, v Viewer, n Note, maxNotes int) (Note, error) {
	count, err := countNotes(t.queries, v)
	if err != nil {
		return Note{}, err
	}
	if count >= maxNotes {
		return Note{}, &LimitError{What: "notes", Max: maxNotes}
	}
	return storeNote(t, v, n)
}

// countNotes counts the viewer's notes outside the trash.
func countNotes(q queries, v Viewer) (count int, err error) {
	err = q.queryRow(`SELECT count(*) FROM notes WHERE owner_id = $1 AND deleted_at IS NULL`, v.ID).Scan(&count)
	return count, err
}

// storeNote stores a new note with its body, with its times when it has them, and under its
// id, or under a new one if that is empty or taken.
func storeNote(t *tx, v Viewer, n Note) (Note, error) {
	var isTaken bool
	if err := t.queryRow(`SELECT EXISTS (SELECT 1 FROM notes WHERE id = $1)`, n.ID).Scan(&isTaken); err != nil {
		return Note{}, err
	}
	if n.ID == "" || isTaken {
		n.ID = uuid.NewString()
	}
	createdAt, updatedAt := t.now, t.now
	if !n.UpdatedAt.IsZero() {
		createdAt, updatedAt = millis(n.UpdatedAt), millis(n.UpdatedAt)
	}
	if !n.CreatedAt.IsZero() {
		createdAt = millis(n.CreatedAt)
	}
	n.Version, n.CreatedAt, n.UpdatedAt = 1, fromMillis(createdAt), fromMillis(updatedAt)
	title, excerpt := Summarize(n.Body)
	_, err := t.exec(`INSERT INTO notes (id, owner_id, title, excerpt, body, version, created_at, updated_at, is_pinned)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7, FALSE)`, n.ID, v.ID, title, excerpt, n.Body, createdAt, updatedAt)
	return n, err
}

// SaveNote stores the text of a note if the note is still at the version that the text
// was based on. If it moved on, the error is ErrConflict and the Note is the stored one.
// A text that is already stored is not an error and changes nothing: it is how a save
// looks whose answer was lost. Other errors: *InvalidError, ErrNotFound, ErrViewerGone.
func (d *DB) SaveNote(ctx context.Context, v Viewer, note Note) (saved Note, err error) {
	note.Body, err = NormalizeBody(note.Body)
	if err != nil {
		return Note{}, err
	}
	err = d.writeAs(ctx, v, func(t *tx) error {
		saved, err = saveNote(t, v, note)
		return err
	})
	return saved, err
}

func saveNote(t *tx, v Viewer, note Note) (Note, error) {
	stored, err := findNote(t.queries, v, note.ID)
	switch {
	case err != nil:
		return Note{}, err
	case stored.Body == note.Body:
		return stored, nil
	case stored.Version != note.Version:
		return stored, ErrConflict
	}
	// The version counts in the statement too: where writes run side by side, the check
	// above is only a hint.
	title, excerpt := Summarize(note.Body)
	rows, err := t.exec(`UPDATE notes SET title = $1, excerpt = $2, body = $3, version = version + 1, updated_at = $4
		WHERE id = $5 AND owner_id = $6 AND version = $7 AND deleted_at IS NULL`,
		title, excerpt, note.Body, t.now, note.ID, v.ID, note.Version)
	if err == nil && rows == 0 {
		return stored, ErrConflict
	}
	stored.Body, stored.Version, stored.UpdatedAt = note.Body, note.Version+1, fromMillis(t.now)
	return stored, err
}

// Note is a note of the viewer; ErrNotFound for one that is deleted, someone else's or
// never was.
func (d *DB) Note(ctx context.Context, v Viewer, id string) (Note, error) {
	return findNote(d.reads(ctx), v, id)
}

func findNote(q queries, v Viewer, id string) (Note, error) {
	return scanNote(q.queryRow(`SELECT `+noteColumns+` FROM notes WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL`, id, v.ID))
}

const noteColumns = `id, version, created_at, updated_at, is_pinned, coalesce(public_id, ''), body`

func scanNote(row scanner) (n Note, err error) {
	var createdAt, updatedAt int64
	err = row.Scan(&n.ID, &n.Version, &createdAt, &updatedAt, &n.IsPinned, &n.PublicID, &n.Body)
	n.CreatedAt, n.UpdatedAt = fromMillis(createdAt), fromMillis(updatedAt)
	return n, err
}

// Notes is the viewer's notes from a place on, at most limit. After is where the next
// ones begin; it is the zero Cursor when there are none.
func (d *DB) Notes(ctx context.Context, v Viewer, from Cursor, limit int) (notes []NoteSummary, after Cursor, err error) {
	if !v.HasRow {
		return nil, Cursor{}, nil
	}
	scan := func(row scanner) error {
		n, err := scanNoteSummary(row)
		notes = append(notes, n)
		return err
	}
	// LIMIT is an expression because SQLite plans a query anew for each value of a bare
	// parameter there, which takes longer than the query.
	if from.ID == "" {
		err = d.reads(ctx).each(scan, `SELECT `+summaryColumns+` FROM notes
			WHERE owner_id = $1 AND deleted_at IS NULL
			ORDER BY is_pinned DESC, updated_at DESC, id DESC LIMIT $2 + 0`, v.ID, limit+1)
	} else {
		err = d.reads(ctx).each(scan, `SELECT `+summaryColumns+` FROM notes
			WHERE owner_id = $1 AND deleted_at IS NULL AND (is_pinned, updated_at, id) < ($3, $4, $5)
			ORDER BY is_pinned DESC, updated_at DESC, id DESC LIMIT $2 + 0`, v.ID, limit+1, from.IsPinned, millis(from.UpdatedAt), from.ID)
	}
	if len(notes) > limit {
		notes = notes[:limit]
		after = notes[limit-1].cursor()
	}
	return notes, after, err
}

const summaryColumns = `id, updated_at, is_pinned, public_id IS NOT NULL, title, excerpt`

func scanNoteSummary(row scanner) (n NoteSummary, err error) {
	var updatedAt int64
	err = row.Scan(&n.ID, &updatedAt, &n.IsPinned, &n.IsPublic, &n.Title, &n.Excerpt)
	n.UpdatedAt = fromMillis(updatedAt)
	return n, err
}

// PinNote puts a note of the viewer before the others, or back among them. Errors:
// ErrNotFound, ErrViewerGone.
func (d *DB) PinNote(ctx context.Context, v Viewer, id string, isPinned bool) error {
	return d.updateNote(ctx, v, `UPDATE notes SET is_pinned = $1 WHERE id = $2 AND owner_id = $3 AND deleted_at IS NULL`, isPinned, id, v.ID)
}

// maxSummary is how long a title and an excerpt may be, in bytes.
const maxSummary = 80

// Summarize is the title and the excerpt of a text.
func Summarize(body string) (title, excerpt string) {
	rest := body
	for title == "" && rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		title = plainLine(line)
	}
	var words []string
	length := 0
	for line := range strings.Lines(rest) {
		for word := range strings.FieldsSeq(plainLine(line)) {
			words = append(words, word)
			length += len(word) + 1
		}
		if length > maxSummary {
			break
		}
	}
	return cutText(title), cutText(strings.Join(words, " "))
}

// cutText shortens a text to maxSummary bytes, between characters.
func cutText(s string) string {
	if len(s) <= maxSummary {
		return s
	}
	end := 0
	for g := graphemes.FromString(s); g.Next() && end+len(g.Value()) <= maxSummary; {
		end += len(g.Value())
	}
	return s[:end] + "…"
}

// plainLine is a line without the Markdown that begins it (heading, quote, list, rule).
func plainLine(line string) string {
	line = strings.TrimSpace(line)
	line = strings.TrimLeft(line, "#>-*+=|` ")
	line = strings.TrimPrefix(strings.TrimPrefix(line, "[ ] "), "[x] ")
	return strings.TrimSpace(line)
}

// updateNote runs an UPDATE of one note of the viewer.
func (d *DB) updateNote(ctx context.Context, v Viewer, query string, args ...any) error {
	return d.writeAs(ctx, v, func(t *tx) error {
		rows, err := t.exec(query, args...)
		if err == nil && rows == 0 {
			return ErrNotFound
		}
		return err
	})
}
