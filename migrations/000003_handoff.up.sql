INSERT INTO applied_migrations (version) VALUES (3);

-- A link with which a guest goes on on another device. It works once, for minutes; what is
-- left of it tells the guest who has used it. The code itself is not here, only its
-- SHA-256.
CREATE TABLE handoffs (
    code_hash  TEXT   PRIMARY KEY,
    guest_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    user_agent TEXT   NOT NULL
);
CREATE INDEX handoffs_by_guest ON handoffs (guest_id);
