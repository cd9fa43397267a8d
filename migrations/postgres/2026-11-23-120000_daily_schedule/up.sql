-- The due moment for which the daily run was asked for last.
ALTER TABLE companies ADD COLUMN scheduled_for TIMESTAMP;
