package db

import "context"

// NoteIDs is the ids of all notes of the viewer outside the trash, in the order of the
// list. Whoever reads them one by one afterwards gets each of them once, also when notes
// are saved meanwhile, which moves them in the list and would make pages of it skip some.
func (d *DB) NoteIDs(ctx context.Context, v Viewer) (ids []string, err error) {
	if !v.HasRow {
		return nil, nil
	}
	err = d.reads(ctx).each(func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM notes WHERE owner_id = $1 AND deleted_at IS NULL
		ORDER BY is_pinned DESC, updated_at DESC, id DESC`, v.ID)
	return ids, err
}
