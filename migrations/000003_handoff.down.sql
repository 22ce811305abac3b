DROP TABLE handoffs;
DELETE FROM applied_migrations WHERE version = 3;
