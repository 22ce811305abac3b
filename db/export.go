package db

import "context"

// NoteIDs is the ids of all notes of the viewer outside the trash, in the order of the
// list. Whoever reads them one by one afterwards gets each of them once, also when notes
// are saved meanwhile, which moves them in the list and would make pages of it skip some.
func (d *DB) NoteIDs(ctx context.Context, v Viewer) ([]string, error) {
	return d.idsOf(ctx, v, `SELECT id FROM notes WHERE owner_id = $1 AND deleted_at IS NULL
		ORDER BY is_pinned DESC, updated_at DESC, id DESC`)
}

// DeletedNoteIDs is the ids of the viewer's notes in the trash, the last deleted first.
func (d *DB) DeletedNoteIDs(ctx context.Context, v Viewer) ([]string, error) {
	return d.idsOf(ctx, v, `SELECT id FROM notes WHERE owner_id = $1 AND deleted_at IS NOT NULL
		ORDER BY deleted_at DESC, id DESC`)
}

func (d *DB) idsOf(ctx context.Context, v Viewer, query string) (ids []string, err error) {
	if !v.HasRow {
		return nil, nil
	}
	err = d.reads(ctx).each(func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, v.ID)
	return ids, err
}

// DeletedNote is a note of the viewer in the trash; ErrNotFound for any other.
func (d *DB) DeletedNote(ctx context.Context, v Viewer, id string) (Note, error) {
	return scanNote(d.reads(ctx).queryRow(`SELECT `+noteColumns+` FROM notes WHERE id = $1 AND owner_id = $2 AND deleted_at IS NOT NULL`, id, v.ID))
}
