// Package migrations carries the schema in the binary, as numbered steps that run at
// start. Released steps are never edited; a change is a new pair of files.
package migrations

import "embed"

// FS holds the steps, named as golang-migrate expects: NNNNNN_title.up.sql and .down.sql.
//
//go:embed *.sql
var FS embed.FS
