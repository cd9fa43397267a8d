-- How many people of a company stand how, by its last reading and the settings as they are now. Counted in the background.
CREATE TABLE tallies (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- The last reading, run and events that were there when it was counted: others make it old.
    seen TEXT NOT NULL,
    -- Counts by the word of the standing, as JSON; nothing where there was no reading.
    counts TEXT
);
-- The last event of a company is looked up for every company, every few seconds.
CREATE INDEX events_in_order ON events (company_id, id);
