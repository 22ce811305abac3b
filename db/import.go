package db

import (
	"context"
	"errors"
)

// CreateNotes stores new notes in one transaction, which other writes wait for: some dozen
// at a time are quick. Times that are not set become the present. As with CreateNote, the
// ids are the caller's: a note that the viewer has already counts as created and stays as
// it is, and an id that is empty, in the trash or someone else's becomes a new one.
//
// Created are the first of the notes, as many as fit; the error is a *LimitError when that
// is not all of them. Other errors, with which nothing is stored: *InvalidError,
// ErrViewerGone.
func (d *DB) CreateNotes(ctx context.Context, v Viewer, notes []Note) (created []Note, err error) {
	bodies := make([]string, len(notes))
	for i, n := range notes {
		if bodies[i], err = NormalizeBody(n.Body); err != nil {
			return nil, err
		}
	}
	err = d.writeAs(ctx, v, func(t *tx) error {
		created = nil // it may run twice
		count, err := countNotes(t.queries, v)
		if err != nil {
			return err
		}
		for i, n := range notes {
			n.Body = bodies[i]
			stored, err := findNote(t.queries, v, n.ID)
			switch {
			case errors.Is(err, ErrNotFound) && count >= d.maxNotes:
				return nil
			case errors.Is(err, ErrNotFound):
				count++
				stored, err = storeNote(t, v, n)
			}
			if err != nil {
				return err
			}
			created = append(created, stored)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(created) < len(notes) {
		return created, &LimitError{What: "notes", Max: d.maxNotes}
	}
	return created, nil
}
