CREATE TABLE notes_1 (
    id         TEXT   PRIMARY KEY,
    owner_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL CHECK (version >= 1),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    title      TEXT   NOT NULL,
    excerpt    TEXT   NOT NULL,
    body       TEXT   NOT NULL
);
INSERT INTO notes_1 (id, owner_id, version, created_at, updated_at, deleted_at, title, excerpt, body)
    SELECT id, owner_id, version, created_at, updated_at, deleted_at, title, excerpt, body FROM notes;
DROP TABLE notes;
ALTER TABLE notes_1 RENAME TO notes;
CREATE INDEX notes_by_owner ON notes (owner_id, deleted_at, updated_at, id);
DELETE FROM applied_migrations WHERE version = 2;
