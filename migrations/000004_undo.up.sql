INSERT INTO applied_migrations (version) VALUES (4);

-- The guest that an undo gave the rows to: the answer that told the browser so may be lost.
-- No foreign key, as for guest_id.
ALTER TABLE merges ADD COLUMN undone_to TEXT;
