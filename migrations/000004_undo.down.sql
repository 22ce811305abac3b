ALTER TABLE merges DROP COLUMN undone_to;
DELETE FROM applied_migrations WHERE version = 4;
