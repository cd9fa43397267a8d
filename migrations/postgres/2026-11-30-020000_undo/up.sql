-- The run that a run puts back, of whom alone (nobody: of everybody), and whom it left alone from then on.
ALTER TABLE runs ADD COLUMN undoes TEXT;
ALTER TABLE runs ADD COLUMN undoes_user TEXT;
ALTER TABLE runs ADD COLUMN left_alone TEXT;
CREATE INDEX runs_that_undo ON runs (undoes) WHERE undoes IS NOT NULL;
-- The line of the history that a line puts back.
ALTER TABLE changes ADD COLUMN undoes BIGINT;
CREATE INDEX changes_that_undo ON changes (undoes) WHERE undoes IS NOT NULL;
