INSERT INTO applied_migrations (version) VALUES (2);

-- Notes are pinned and published. The table is made anew because the body has to stay
-- last: SQLite reads a row from its beginning as far as it is asked.
CREATE TABLE notes_2 (
    id         TEXT    PRIMARY KEY,
    owner_id   TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version    BIGINT  NOT NULL CHECK (version >= 1),
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    deleted_at BIGINT,
    is_pinned  BOOLEAN NOT NULL,
    -- Names the page that anyone can read, while the note is published. It cannot be
    -- guessed, and is never given twice: an address that is dead stays dead.
    public_id  TEXT,
    title      TEXT    NOT NULL,
    excerpt    TEXT    NOT NULL,
    body       TEXT    NOT NULL
);
INSERT INTO notes_2 (id, owner_id, version, created_at, updated_at, deleted_at, is_pinned, title, excerpt, body)
    SELECT id, owner_id, version, created_at, updated_at, deleted_at, FALSE, title, excerpt, body FROM notes;
DROP TABLE notes;
ALTER TABLE notes_2 RENAME TO notes;

-- Serves the list (owner, not deleted, pinned first, newest first), the trash, the counts
-- and the rekey.
CREATE INDEX notes_by_owner ON notes (owner_id, deleted_at, is_pinned, updated_at, id);
CREATE INDEX notes_by_deletion ON notes (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE UNIQUE INDEX notes_by_public_id ON notes (public_id) WHERE public_id IS NOT NULL;
