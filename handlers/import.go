package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

const (
	// maxFileBytes is how much of a file is read: line ends of two bytes become one, and
	// front matter comes off, before it has to fit a note.
	maxFileBytes = 2 * db.MaxNoteBytes
	// A transaction stores so many notes or so many bytes of them.
	notesAtOnce = 50
	bytesAtOnce = 1 << 20
	// maxLinks is how many of the notes that came in are named.
	maxLinks = 100
)

const (
	wrongKind = "Guestpad takes .md and .txt files, and zips of them."
	tooLong   = "This is longer than the 512 KiB that a note can hold. Split it into parts."
)

// importPage answers GET /import.
func (h *Handlers) importPage(c echo.Context) error {
	return h.showImport(c, http.StatusOK, nil)
}

// importNotes answers POST /import: a form with files. It may hold a key as well, before
// them: sending the same files with the same key again makes no second notes. came and
// refused count those of earlier parts of the same import, too_large names files that were
// not sent.
func (h *Handlers) importNotes(c echo.Context) error {
	ctx := c.Request().Context()
	done, err := h.takeUploadTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	upload, remove, err := keepUpload(c)
	if err != nil {
		return err
	}
	defer remove()

	in := &intake{db: h.DB, ctx: ctx, viewer: viewer(c), now: h.Now(), seen: map[uuid.UUID]int{}}
	err = in.readForm(c.Request().Header.Get(echo.HeaderContentType), upload)
	if err == nil {
		err = in.store()
	}
	switch {
	case errors.Is(err, db.ErrUnavailable):
		return &userError{Code: http.StatusServiceUnavailable, Title: "The storage does not answer right now", RetryAfter: 5 * time.Second, cause: err,
			Text: "Not all of your files came in. They are as they were: please go back and send them again in a moment. What came in already does not come twice."}
	case errors.Is(err, db.ErrViewerGone):
		return &userError{Code: http.StatusForbidden, Title: "You are someone else now",
			Text: "In the meantime you signed in or out in another tab, so not all of your files came in. They are as they were: open the editor again, see what is there, and import the rest."}
	case err != nil:
		return err
	}
	status := http.StatusUnprocessableEntity
	if len(in.outcome.Notes) > 0 {
		noteWrite(c, nil)
		status = http.StatusOK
	}
	return h.showImport(c, status, &in.outcome)
}

func (h *Handlers) showImport(c echo.Context, status int, outcome *views.ImportOutcome) error {
	if outcome != nil && wantsPartial(c) {
		has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
		if err != nil {
			return err
		}
		return h.render(c, status, views.ImportPartial(*outcome), views.CardPartial(h.card(viewer(c), has)))
	}
	return h.render(c, status, views.ImportPage(views.Import{Page: h.page("Import"), Key: rand.Text(), Outcome: outcome}))
}

// An intake is one import on its way in.
type intake struct {
	db     *db.DB
	ctx    context.Context
	viewer db.Viewer
	now    time.Time
	key    string
	// seen counts how often a text came.
	seen map[uuid.UUID]int

	files   int // that were looked at
	notes   int // that had a text
	waiting []arrival
	bytes   int // of what is waiting
	isFull  bool
	outcome views.ImportOutcome
}

// An arrival is a note that waits to be stored, and the file that it came in.
type arrival struct {
	file string
	note db.Note
}

// readForm reads the parts of a form.
func (in *intake) readForm(contentType string, upload *os.File) error {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return echo.ErrBadRequest.WithInternal(err)
	}
	form := multipart.NewReader(upload, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return echo.ErrBadRequest.WithInternal(err)
		}
		if part.FileName() == "" {
			err = in.readField(part)
		} else if part.FormName() == "files" {
			err = in.readFile(part.FileName(), part)
		}
		if err != nil {
			return err
		}
	}
	if in.files == 0 {
		in.outcome.Problem = "There is nothing to import yet. Choose one or more files first."
	}
	return nil
}

func (in *intake) readField(part *multipart.Part) error {
	const maxField = 4 << 10
	bytes, err := io.ReadAll(io.LimitReader(part, maxField))
	if err != nil {
		return echo.ErrBadRequest.WithInternal(err)
	}
	value := string(bytes)
	switch part.FormName() {
	case "key":
		in.key = value
	case "came":
		in.outcome.Came = count(value)
	case "refused":
		in.outcome.Refused = count(value)
	case "too_large":
		if why := tooLong; in.isNext() {
			if isZip(value) {
				why = "This is larger than 32 MiB. Unpack it and choose its files."
			}
			in.refuse(value, why)
		}
	}
	return nil
}

// count is a number that a form says, or 0.
func count(value string) int {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// isNext counts a file, and is false when there were too many.
func (in *intake) isNext() bool {
	if in.files++; in.files > maxFiles {
		in.outcome.Problem = "More than 5,000 files came at once, and only those were looked at. Please import the rest by themselves."
		return false
	}
	return true
}

// readFile reads a file of the form.
func (in *intake) readFile(name string, file io.Reader) error {
	// Some browsers name the folder as well.
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	switch {
	case isZip(name):
		return in.readZip(name, file)
	case !in.isNext():
		return nil
	case !isText(name):
		in.refuse(name, wrongKind)
		return nil
	}
	return in.readText(name, file)
}

func (in *intake) readZip(name string, file io.Reader) error {
	archive, remove, err := keep(file)
	if err != nil {
		return err
	}
	defer remove()
	refuse := func(name, why string) {
		if in.isNext() {
			in.refuse(name, why)
		}
	}
	files, whyNot, err := filesOf(archive)
	if err != nil {
		return err
	}
	if whyNot != "" {
		refuse(name, whyNot)
		return nil
	}
	before := in.files
	err = eachInZip(files, func(name string, r io.Reader) error {
		if !in.isNext() {
			return nil
		}
		return in.readText(name, r)
	}, refuse)
	if err == nil && in.files == before {
		refuse(name, "There are no files in this zip.")
	}
	return err
}

// readText makes a note of a text.
func (in *intake) readText(name string, file io.Reader) error {
	if in.isFull {
		in.refuseForLimit(name)
		return nil
	}
	bytes, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		in.refuse(name, damaged)
		return nil
	}
	note, whyNot := in.noteFrom(bytes)
	if whyNot != "" {
		in.refuse(name, whyNot)
		return nil
	}
	in.waiting = append(in.waiting, arrival{name, note})
	in.bytes += len(note.Body)
	if len(in.waiting) < notesAtOnce && in.bytes < bytesAtOnce {
		return nil
	}
	return in.store()
}

// noteFrom makes a note of a text as it was in its file: without a byte order mark, with
// the line ends that a browser would make of it, and without our front matter.
func (in *intake) noteFrom(file []byte) (note db.Note, whyNot string) {
	if len(file) > maxFileBytes {
		return db.Note{}, tooLong
	}
	if !utf8.Valid(file) {
		return db.Note{}, "This is not UTF-8. Save it with that encoding, and choose it again."
	}
	text := strings.TrimPrefix(string(file), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	body, created, updated, wasOurs := takeFrontMatter(text)
	switch {
	case strings.ContainsRune(body, 0):
		return db.Note{}, "This holds NUL characters, so it is no plain text."
	case len(body) > db.MaxNoteBytes:
		return db.Note{}, tooLong
	case strings.TrimSpace(body) == "" && !wasOurs:
		return db.Note{}, "There is nothing in it."
	}
	// Notes without a time of their own come in the order of their files, the first on top.
	note = db.Note{ID: in.id(body), Body: body, UpdatedAt: in.now.Add(-time.Duration(in.notes) * time.Millisecond)}
	in.notes++
	if in.wasBefore(updated) {
		note.UpdatedAt = updated
	}
	if in.wasBefore(created) && !created.After(note.UpdatedAt) {
		note.CreatedAt = created
	}
	return note, ""
}

// wasBefore tells whether a time is one at which a note can have been written.
func (in *intake) wasBefore(t time.Time) bool { return t.Unix() > 0 && !t.After(in.now) }

// id is the id of a note with this text: the same when the same import is sent again.
func (in *intake) id(body string) string {
	if in.key == "" {
		return uuid.NewString()
	}
	id := uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceOID, []byte("import of "+in.viewer.ID+" "+in.key)), []byte(body))
	if in.seen[id]++; in.seen[id] > 1 {
		return uuid.NewSHA1(id, []byte(strconv.Itoa(in.seen[id]))).String()
	}
	return id.String()
}

// store stores what is waiting.
func (in *intake) store() error {
	notes := make([]db.Note, len(in.waiting))
	for i, a := range in.waiting {
		notes[i] = a.note
	}
	if len(notes) == 0 {
		return nil
	}
	created, err := in.db.CreateNotes(in.ctx, in.viewer, notes)
	limit := new(db.LimitError)
	switch {
	case errors.As(err, &limit):
		in.isFull = true
		for _, a := range in.waiting[len(created):] {
			in.refuseForLimit(a.file)
		}
	case err != nil:
		return err
	}
	for _, n := range created {
		in.outcome.Came++
		if len(in.outcome.Notes) == maxLinks {
			in.outcome.MoreNotes++
			continue
		}
		in.outcome.Notes = append(in.outcome.Notes, views.ImportedNote{Title: orUntitled(n.Summary().Title), Href: editorPath(n.ID)})
	}
	in.waiting, in.bytes = in.waiting[:0], 0
	return nil
}

func (in *intake) refuseForLimit(name string) {
	in.refuse(name, "You have as many notes as there can be. Delete some that you no longer need, and import this file again.")
}

func (in *intake) refuse(name, why string) {
	in.outcome.Refused++
	in.outcome.Files = append(in.outcome.Files, views.RefusedFile{Name: shortName(name), Why: why})
}

// shortName is the name of a file, fit to be shown.
func shortName(name string) string {
	name = printable(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" {
		return "A file without a name"
	}
	return cut(name, maxFileName)
}

func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".txt":
		return true
	}
	return false
}

func isZip(name string) bool { return strings.EqualFold(path.Ext(name), ".zip") }
