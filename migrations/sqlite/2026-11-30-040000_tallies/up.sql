-- How many people of a company stand how, by its last reading and the settings as they are now. Counted in the background.
CREATE TABLE tallies (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- The last reading, run and events that were there when it was counted: others make it old.
    seen TEXT NOT NULL,
    -- Counts by the word of the standing, as JSON; nothing where there was no reading.
    counts TEXT
);
