DROP INDEX runs_by_time;
