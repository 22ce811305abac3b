package db

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

var (
	// ErrNotFound means that there is no such row, or that it is someone else's: the
	// two are never told apart.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that the note moved on since the version that the write was
	// based on.
	ErrConflict = errors.New("the note was changed elsewhere")
	// ErrViewerGone means that the viewer may no longer write: the guest was merged
	// into a user, or the session has ended.
	ErrViewerGone = errors.New("this viewer may no longer write")
	// ErrLastProfile means that a viewer's only profile was to be deleted.
	ErrLastProfile = errors.New("the last profile cannot be deleted")
	// ErrUnavailable means that the database cannot take this now: it is locked, read
	// only, damaged, or the disk is full. Nothing was written; it may work later.
	ErrUnavailable = errors.New("the database is not available")
	// ErrSchemaTooNew means that the database was migrated by a newer program.
	ErrSchemaTooNew = errors.New("the database was made by a newer guestpad; upgrade this program, or open another database")
	// ErrSchemaTooOld means that the database was not yet migrated by this program.
	ErrSchemaTooOld = errors.New("the database was made by an older guestpad; start the server of this version once, which migrates it")
	// ErrNotGuestpad means that a file is a database of another program.
	ErrNotGuestpad = errors.New("this is not a database of guestpad")
	// ErrNoDatabase means that there is no file where the database should be.
	ErrNoDatabase = errors.New("there is no database")
)

// InvalidError is a value that a person has to correct.
type InvalidError struct {
	Field   string // as in the form: "emoji", "name", "body"
	Message string // a sentence to show beside the field
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.Message }

// LimitError means that the viewer already has as many as it may.
type LimitError struct {
	What string // "profiles", "notes"
	Max  int
}

func (e *LimitError) Error() string { return fmt.Sprintf("at most %d %s", e.Max, e.What) }

// classify turns what database/sql and the driver return into this package's errors, and
// leaves those alone that already are.
func classify(err error) error {
	var driver *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &driver) && isOutage(driver.Code()):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
