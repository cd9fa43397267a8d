-- What needs a person, from when it was first seen until it was gone: so that it is told once.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY NOT NULL,
    -- failing, held, conflicts, stale or ending.
    cause TEXT NOT NULL,
    -- The company or connection concerned, such as company:7.
    about TEXT NOT NULL,
    -- Its title when it was told last: causes of one title are told together.
    topic TEXT NOT NULL,
    -- What was told of it so far, as JSON: a list of marks.
    told TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    -- When it was told last.
    told_at TIMESTAMP,
    closed_at TIMESTAMP,
    -- When that it is over was told, or was found not worth telling.
    over_at TIMESTAMP
);
CREATE UNIQUE INDEX notices_open ON notices (cause, about) WHERE closed_at IS NULL;
CREATE INDEX notices_closed ON notices (closed_at);

-- Mails and calls that are to leave, or have left: one row for each recipient.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY NOT NULL,
    -- mail or webhook.
    way TEXT NOT NULL,
    -- What it tells of.
    kind TEXT NOT NULL,
    -- The address of a mail; empty for the webhook.
    recipient TEXT NOT NULL,
    -- Stays the same from try to try.
    message_id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    -- The text of a mail, or the JSON of a call.
    body TEXT NOT NULL,
    -- The same in HTML; empty for the webhook.
    html TEXT NOT NULL,
    -- waiting, sent or failed.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at TIMESTAMP NOT NULL,
    error TEXT,
    created_at TIMESTAMP NOT NULL,
    done_at TIMESTAMP
);
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_done ON deliveries (done_at);

-- Who hears of a company besides those who hear of all, and its weekly summary.
CREATE TABLE company_notices (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- Addresses, as JSON.
    recipients TEXT NOT NULL,
    weekly BOOLEAN NOT NULL,
    weekly_recipients TEXT NOT NULL,
    -- The end of the week that was told last.
    weekly_until TIMESTAMP
);
