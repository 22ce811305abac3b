package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// notesOnPage is how many notes the list shows before it is scrolled.
const notesOnPage = 20

// maxQuery is how long a search may be, in bytes.
const maxQuery = 100

// showList answers htmx with the list, or with the part of it that "from" begins.
func (h *Handlers) showList(c echo.Context, currentID string) error {
	list, err := h.noteList(c, currentID)
	if err != nil {
		return err
	}
	if list.IsPart {
		return h.render(c, http.StatusOK, views.NoteItems(list))
	}
	return h.render(c, http.StatusOK, views.NoteListView(list))
}

// noteList is the list that the request asks for: what the query's "q" finds, or all
// notes, from the query's "from" on.
func (h *Handlers) noteList(c echo.Context, currentID string) (views.NoteList, error) {
	query, from := cut(c.QueryParam("q"), maxQuery), cursorFrom(c.QueryParam("from"))
	list := views.NoteList{Path: editorPath(currentID), IsPart: from.ID != ""}
	var after db.Cursor
	var err error
	if words := db.SearchWords(query); len(words) > 0 {
		list.Query = query
		list.Items, after, err = h.searchNotes(c, words, from)
	} else {
		list.Items, after, err = h.listNotes(c, from)
	}
	if err != nil {
		return views.NoteList{}, err
	}
	for i := range list.Items {
		list.Items[i].IsCurrent = list.Items[i].ID == currentID
	}
	if after.ID != "" {
		older := url.Values{"from": {formatCursor(after)}}
		if list.Query != "" {
			older.Set("q", list.Query)
		}
		list.Older = list.Path + "?" + older.Encode()
	}
	return list, nil
}

func (h *Handlers) listNotes(c echo.Context, from db.Cursor) ([]views.NoteItem, db.Cursor, error) {
	notes, after, err := h.DB.Notes(c.Request().Context(), viewer(c), from, notesOnPage)
	items := make([]views.NoteItem, len(notes))
	now := h.Now()
	for i, n := range notes {
		items[i] = noteItem(n, now)
	}
	return items, after, err
}

func (h *Handlers) searchNotes(c echo.Context, words []string, from db.Cursor) ([]views.NoteItem, db.Cursor, error) {
	hits, after, err := h.DB.SearchNotes(c.Request().Context(), viewer(c), words, from, notesOnPage)
	items := make([]views.NoteItem, len(hits))
	now := h.Now()
	for i, hit := range hits {
		items[i] = noteItem(hit.NoteSummary, now)
		items[i].Hit = &views.NoteHit{Title: mark(items[i].Title, words), Passage: mark(hit.Passage, words)}
	}
	return items, after, err
}

// mark parts a text so that the words in it are marked.
func mark(text string, words []string) []views.Part {
	var parts []views.Part
	for text != "" {
		start, end := len(text), len(text)
		for _, word := range words {
			if s, e := db.IndexFold(text, word); s >= 0 && (s < start || s == start && e > end) {
				start, end = s, e
			}
		}
		if start > 0 {
			parts = append(parts, views.Part{Text: text[:start]})
		}
		if end > start {
			parts = append(parts, views.Part{Text: text[start:end], IsMarked: true})
		}
		text = text[end:]
	}
	return parts
}

func noteItem(n db.NoteSummary, now time.Time) views.NoteItem {
	return views.NoteItem{
		ID: n.ID, Href: editorPath(n.ID), Title: orUntitled(n.Title), Excerpt: n.Excerpt,
		When: when(n.UpdatedAt, now), WhenExactly: n.UpdatedAt.Format(time.RFC3339),
		IsPinned: n.IsPinned, IsPublic: n.IsPublic,
	}
}

// editorPath is the address of a note, or of a new one.
func editorPath(noteID string) string {
	if noteID == "" {
		return "/editor"
	}
	return "/editor/" + noteID
}

func noteTitle(body string) string {
	title, _ := db.Summarize(body)
	return orUntitled(title)
}

func orUntitled(title string) string {
	if title == "" {
		return "Untitled"
	}
	return title
}

func formatCursor(c db.Cursor) string {
	kind := "n"
	if c.IsPinned {
		kind = "p"
	}
	return fmt.Sprintf("%s%d.%s", kind, c.UpdatedAt.UnixMilli(), c.ID)
}

// cursorFrom reads what formatCursor wrote; anything else is the beginning.
func cursorFrom(s string) db.Cursor {
	place, id, found := strings.Cut(s, ".")
	ms, isPinned := strings.CutPrefix(place, "p")
	at, err := strconv.ParseInt(strings.TrimPrefix(ms, "n"), 10, 64)
	if !found || err != nil || uuid.Validate(id) != nil {
		return db.Cursor{}
	}
	return db.Cursor{IsPinned: isPinned, UpdatedAt: time.UnixMilli(at), ID: id}
}

// when says how long ago something was. The server does not know the reader's time zone,
// so it names days only when they are far enough away.
func when(t, now time.Time) string {
	switch age := now.Sub(t); {
	case age < time.Minute:
		return "just now"
	case age < time.Hour:
		return fmt.Sprintf("%d min", int(age.Minutes()))
	case age < 24*time.Hour:
		return fmt.Sprintf("%d h", int(age.Hours()))
	case age < 7*24*time.Hour:
		return fmt.Sprintf("%d d", int(age.Hours()/24))
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}
