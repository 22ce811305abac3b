//go:build bench

package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/guestpad/guestpad/db"
)

// longest is the longest wait of a write for its turn.
type longest struct {
	mu   sync.Mutex
	wait time.Duration
}

func (*longest) Event(string, int64) {}

func (l *longest) WriterWait(waited time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait = max(l.wait, waited)
}

// benchPurge saves notes while a guest with very many is purged, and tells how long a save
// has waited for its turn at most.
func benchPurge(t *testing.T, out *table) {
	var ahead atomic.Int64
	waits := new(longest)
	store, err := db.Open(t.Context(), db.Config{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "guestpad.db"), Observer: waits,
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	must(t, err)
	defer store.Close()
	gone := db.NewGuest(uuid.NewString())
	for range manyNotes / 500 {
		var notes []db.Note
		for range 500 {
			notes = append(notes, db.Note{Body: markdownText(4 << 10)})
		}
		_, err := store.CreateNotes(t.Context(), gone, notes)
		must(t, err)
	}
	ahead.Store(int64(365 * 24 * time.Hour))
	writer := db.NewGuest(uuid.NewString())
	note, err := store.CreateNote(t.Context(), writer, uuid.NewString(), "0")
	must(t, err)

	waits.wait = 0
	purged := make(chan error, 1)
	go func() {
		p, err := store.Purge(t.Context(), 720*time.Hour)
		if err == nil && p.Guests != 1 {
			err = fmt.Errorf("purged %+v", p)
		}
		purged <- err
	}()
	saves := 0
	for isDone := false; !isDone; saves++ {
		select {
		case err := <-purged:
			must(t, err)
			isDone = true
		default:
			note.Body = fmt.Sprint(saves)
			note, err = store.SaveNote(t.Context(), writer, note)
			must(t, err)
		}
	}
	out.figure(fmt.Sprintf("longest wait of %d saves while a guest of 5,000 notes is purged", saves), "ms", samples{waits.wait.Seconds() * 1000}, atMost(50))
}
