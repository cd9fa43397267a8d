-- The history of the whole fleet, newest first.
CREATE INDEX runs_by_time ON runs (started_at, id);
