-- Writes whose answer is not known: every run and every page of people looks for a company's.
CREATE INDEX writes_of_a_company ON writes (company_id, state);
-- The links that a person had: those in force have an index of their own.
CREATE INDEX links_of_a_user ON links (company_id, user_id);
-- The history of the whole fleet by how runs ended, newest first.
CREATE INDEX runs_by_status ON runs (status, started_at, id);
