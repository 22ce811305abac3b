package db

import "context"

// Holdings is what a viewer has, as it would come along to a user.
type Holdings struct {
	// Profiles is at least one, in the viewer's order: the generated one while none is
	// stored.
	Profiles []Profile
	// StoredProfiles is how many of them are stored: all or none.
	StoredProfiles int
	// Notes counts those outside the trash, up to MaxCounted; HasMore tells that there are
	// more.
	Notes   int
	HasMore bool
}

// MaxCounted is how far notes are counted: each page shows the number to a guest, and
// counting takes longer the more there are.
const MaxCounted = 200

// Profile is the profile with this id; ErrNotFound if the viewer has no such.
func (h Holdings) Profile(id string) (Profile, error) {
	for _, p := range h.Profiles {
		if p.ID == id {
			return p, nil
		}
	}
	return Profile{}, ErrNotFound
}

// Holdings reads what the viewer has.
func (d *DB) Holdings(ctx context.Context, v Viewer) (Holdings, error) {
	if !v.HasRow {
		return Holdings{Profiles: []Profile{GeneratedProfile(v.ID)}}, nil
	}
	return readHoldings(d.reads(ctx), v)
}

// readHoldings runs inside a write too, so that an answer shows what its write has left
// and no more.
func readHoldings(q queries, v Viewer) (h Holdings, err error) {
	err = q.each(func(row scanner) error {
		p, err := scanProfile(row)
		h.Profiles = append(h.Profiles, p)
		return err
	}, `SELECT id, emoji, name, is_active FROM profiles WHERE owner_id = $1 ORDER BY position, id`, v.ID)
	if err != nil {
		return Holdings{}, err
	}
	if h.StoredProfiles = len(h.Profiles); h.StoredProfiles == 0 {
		h.Profiles = []Profile{GeneratedProfile(v.ID)}
	}
	err = q.queryRow(`SELECT count(*) FROM (SELECT 1 FROM notes WHERE owner_id = $1 AND deleted_at IS NULL LIMIT $2 + 0) AS counted`,
		v.ID, MaxCounted+1).Scan(&h.Notes)
	if h.HasMore = h.Notes > MaxCounted; h.HasMore {
		h.Notes = MaxCounted
	}
	return h, err
}
