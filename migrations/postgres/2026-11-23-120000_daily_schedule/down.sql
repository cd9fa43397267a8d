ALTER TABLE companies DROP COLUMN scheduled_for;
