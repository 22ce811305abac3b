package db

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Stats counts what a database holds.
type Stats struct {
	// Guests are those that have written; nobody knows of the others.
	Guests int `json:"guests"`
	// Archived are those of them that have expired, and can still come back.
	Archived int `json:"guests_archived"`
	Users    int `json:"users"`
	// Sessions are those that have not ended.
	Sessions int `json:"sessions"`
	// Notes are those outside the trash.
	Notes     int `json:"notes"`
	Trash     int `json:"trash"`
	Published int `json:"published"`
	Profiles  int `json:"profiles"`
	// Merges include the undone ones.
	Merges     int `json:"merges"`
	Undone     int `json:"merges_undone"`
	Tombstones int `json:"tombstones"`

	SchemaVersion int   `json:"schema_version"`
	DatabaseBytes int64 `json:"database_bytes"`
	// WALBytes is the size of the write-ahead log, which holds what was written last.
	WALBytes int64 `json:"wal_bytes"`
}

// Stats counts everything there is, which reads all of it but the texts.
func (d *DB) Stats(ctx context.Context, guestTTL time.Duration) (s Stats, err error) {
	now := d.now()
	err = d.reads(ctx).queryRow(`SELECT
			(SELECT count(*) FROM users WHERE is_guest AND merged_at IS NULL),
			(SELECT count(*) FROM users WHERE is_guest AND merged_at IS NULL AND seen_at < $3),
			(SELECT count(*) FROM users WHERE NOT is_guest),
			(SELECT count(*) FROM sessions WHERE expires_at > $1 AND seen_at > $2),
			(SELECT count(*) FROM notes WHERE deleted_at IS NULL),
			(SELECT count(*) FROM notes WHERE deleted_at IS NOT NULL),
			(SELECT count(*) FROM notes WHERE public_id IS NOT NULL AND deleted_at IS NULL),
			(SELECT count(*) FROM profiles),
			(SELECT count(*) FROM merges),
			(SELECT count(*) FROM merges WHERE undone_at IS NOT NULL),
			(SELECT count(*) FROM users WHERE is_guest AND merged_at IS NOT NULL),
			(SELECT version FROM schema_migrations)`, millis(now), millis(now.Add(-SessionIdle)), millis(now.Add(-guestTTL))).
		Scan(&s.Guests, &s.Archived, &s.Users, &s.Sessions, &s.Notes, &s.Trash, &s.Published, &s.Profiles, &s.Merges, &s.Undone, &s.Tombstones, &s.SchemaVersion)
	if err != nil {
		return Stats{}, err
	}
	if s.DatabaseBytes, err = d.Bytes(); err != nil {
		return Stats{}, err
	}
	s.WALBytes, err = fileSize(d.path + "-wal")
	return s, err
}

// Bytes is the size of the database file.
func (d *DB) Bytes() (int64, error) { return fileSize(d.path) }

// fileSize is 0 for a file that there is none of.
func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Expired counts what Purge would remove now if it were called until nothing is left. A
// test holds the two together.
func (d *DB) Expired(ctx context.Context, guestTTL time.Duration) (p Purged, err error) {
	now := d.now()
	err = d.reads(ctx).queryRow(`SELECT
			(SELECT count(*) FROM users WHERE is_guest AND merged_at IS NULL AND seen_at < $1),
			(SELECT count(*) FROM users WHERE is_guest AND merged_at < $1),
			(SELECT count(*) FROM sessions WHERE expires_at < $2 OR seen_at < $3),
			(SELECT count(*) FROM notes n JOIN users u ON u.id = n.owner_id
				WHERE n.deleted_at < $4 AND NOT (u.is_guest AND u.merged_at IS NULL AND u.seen_at < $1))`,
		millis(goneBefore(now, guestTTL)), millis(now), millis(now.Add(-SessionIdle)), millis(now.Add(-TrashKept))).
		Scan(&p.Guests, &p.Tombstones, &p.Sessions, &p.Notes)
	return p, err
}
