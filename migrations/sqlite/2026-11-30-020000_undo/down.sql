DROP INDEX changes_that_undo;
ALTER TABLE changes DROP COLUMN undoes;
DROP INDEX runs_that_undo;
ALTER TABLE runs DROP COLUMN left_alone;
ALTER TABLE runs DROP COLUMN undoes_user;
ALTER TABLE runs DROP COLUMN undoes;
