-- Who is in conflict by the plan: a JSON array of user ids. Nothing: an older version kept the plan.
ALTER TABLE plans ADD COLUMN in_conflict TEXT;
