-- Connections that failed by a mistake that a person has to mend; a row is there exactly while that is so.
CREATE TABLE quarantines (
    -- psa: a PSA connection, by row id; tenant: the tenant connection of a company, by the company's row id.
    owner_kind TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    -- The last failure, as its run says it.
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    advice TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    failed_at TIMESTAMP NOT NULL,
    failures BIGINT NOT NULL,
    -- No run begins by itself before.
    next_try TIMESTAMP NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
);

-- Who asked a job that is being done to stop.
ALTER TABLE jobs ADD COLUMN stop_by TEXT;
-- What is over is removed after some weeks.
CREATE INDEX jobs_over ON jobs (finished_at) WHERE finished_at IS NOT NULL;
