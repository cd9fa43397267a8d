DROP INDEX jobs_over;
ALTER TABLE jobs DROP COLUMN stop_by;
DROP TABLE quarantines;
