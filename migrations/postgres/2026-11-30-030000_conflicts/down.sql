ALTER TABLE plans DROP COLUMN in_conflict;
