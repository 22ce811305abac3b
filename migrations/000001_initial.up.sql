-- Portable between SQLite and PostgreSQL: ids are random text (UUID), times are
-- unix milliseconds in UTC.

-- Each step notes its own number in its own transaction. After a crash in the middle of
-- a migration, this tells whether the step was applied or rolled back.
CREATE TABLE applied_migrations (
    version BIGINT PRIMARY KEY
);
INSERT INTO applied_migrations (version) VALUES (1);

-- Guests and users share one table, because everything owned belongs to either.
-- A guest's row is made by its first write, never by a visit.
CREATE TABLE users (
    id          TEXT    PRIMARY KEY,
    is_guest    BOOLEAN NOT NULL,
    name        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    -- The last write or visit, give or take an hour: guests expire by inactivity.
    seen_at     BIGINT  NOT NULL,
    -- A merged guest stays as a tombstone: its token may still be about, and must
    -- never own a row again. merged_at is what marks the tombstone, because the user it
    -- was merged into may be erased, and that must not bring the guest back to life.
    merged_into TEXT    REFERENCES users (id) ON DELETE SET NULL,
    merged_at   BIGINT,
    CHECK (merged_at IS NULL OR is_guest),
    CHECK (merged_into IS NULL OR merged_at IS NOT NULL)
);
CREATE INDEX users_guests_by_seen ON users (seen_at) WHERE is_guest;
CREATE INDEX users_by_merged_into ON users (merged_into) WHERE merged_into IS NOT NULL;

-- What signs in as a user. The subject is GitHub's numeric id: e-mail addresses and
-- login names change hands.
CREATE TABLE identities (
    provider     TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    login        TEXT   NOT NULL,
    -- Sealed with a key of its own kind: whoever reads the file does not read the token.
    access_token TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- The picture that comes with an identity, kept here so that no page asks a third party.
CREATE TABLE avatars (
    user_id      TEXT   PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    content_type TEXT   NOT NULL,
    image        BYTEA  NOT NULL,
    updated_at   BIGINT NOT NULL
);

-- One signed-in browser. The cookie's token is not here, only its SHA-256.
CREATE TABLE sessions (
    token_hash TEXT   PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT   NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_seen ON sessions (seen_at);

-- How a viewer appears. The order is the viewer's own.
CREATE TABLE profiles (
    id         TEXT    PRIMARY KEY,
    owner_id   TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji      TEXT    NOT NULL CHECK (emoji <> ''),
    name       TEXT    NOT NULL CHECK (name <> ''),
    is_active  BOOLEAN NOT NULL,
    position   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);
CREATE INDEX profiles_by_owner ON profiles (owner_id, position, id);

-- A new note has version 1, and every save adds 1. A deleted note waits in the trash.
CREATE TABLE notes (
    id         TEXT   PRIMARY KEY,
    owner_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL CHECK (version >= 1),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    -- What a list shows of the body, kept so that a list need not read the bodies. The body
    -- is last, because SQLite reads a row from its beginning as far as it is asked.
    title      TEXT   NOT NULL,
    excerpt    TEXT   NOT NULL,
    body       TEXT   NOT NULL
);
-- Serves the list (owner, not deleted, newest first), the counts and the rekey.
CREATE INDEX notes_by_owner ON notes (owner_id, deleted_at, updated_at, id);

-- The record of one rekey, and which rows moved. A guest is merged once.
CREATE TABLE merges (
    id         TEXT   PRIMARY KEY,
    -- No foreign key: the record outlives the tombstone.
    guest_id   TEXT   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    undone_at  BIGINT
);
CREATE INDEX merges_by_user ON merges (user_id, created_at);

CREATE TABLE merged_rows (
    merge_id   TEXT NOT NULL REFERENCES merges (id) ON DELETE CASCADE,
    table_name TEXT NOT NULL,
    row_id     TEXT NOT NULL,
    PRIMARY KEY (merge_id, table_name, row_id)
);
