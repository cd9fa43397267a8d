-- What is removed keeps its row, for the history, and frees its name and its place in the PSA. SQLite cannot drop a
-- constraint: the tables are made anew, while the foreign keys of this connection are off.
CREATE TABLE psa_connections_new (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    fields TEXT NOT NULL,
    default_contact_type_id TEXT,
    default_contact_type_name TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    removed_at TIMESTAMP
);
INSERT INTO psa_connections_new SELECT *, 1, NULL FROM psa_connections;
DROP TABLE psa_connections;
ALTER TABLE psa_connections_new RENAME TO psa_connections;
CREATE UNIQUE INDEX psa_connections_name ON psa_connections (name) WHERE removed_at IS NULL;

CREATE TABLE companies_new (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    psa_id BIGINT NOT NULL REFERENCES psa_connections (id),
    psa_company_id TEXT NOT NULL,
    sync_contacts BOOLEAN NOT NULL,
    update_existing BOOLEAN NOT NULL,
    use_email BOOLEAN NOT NULL,
    default_site_id TEXT,
    default_site_name TEXT,
    schedule TEXT,
    timezone TEXT NOT NULL,
    guard_floor BIGINT NOT NULL,
    guard_percent BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    -- Grows with every change of the settings or filters.
    version BIGINT NOT NULL DEFAULT 1,
    removed_at TIMESTAMP
);
INSERT INTO companies_new SELECT *, 1, NULL FROM companies;
DROP TABLE companies;
ALTER TABLE companies_new RENAME TO companies;
CREATE UNIQUE INDEX companies_name ON companies (name) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX companies_place ON companies (psa_id, psa_company_id) WHERE removed_at IS NULL;

-- Who may sign in.
CREATE TABLE staff (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    -- The name as it is compared: trimmed, case folded.
    name_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    -- Argon2id, in PHC format; none until the person has chosen one.
    password TEXT,
    enabled BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    signed_in_at TIMESTAMP
);

-- Browser sessions; the key itself is only in the browser's cookie.
CREATE TABLE sessions (
    key_hash TEXT PRIMARY KEY NOT NULL,
    staff_id BIGINT REFERENCES staff (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_of_staff ON sessions (staff_id);

-- Links that let somebody choose a password, once; without a person: an administrator.
CREATE TABLE sign_in_links (
    token_hash TEXT PRIMARY KEY NOT NULL,
    staff_id BIGINT REFERENCES staff (id) ON DELETE CASCADE,
    expires_at TIMESTAMP NOT NULL
);

-- Failed sign-ins by name or address, hashed.
CREATE TABLE sign_in_failures (
    subject TEXT PRIMARY KEY NOT NULL,
    failures BIGINT NOT NULL,
    last_at TIMESTAMP NOT NULL
);

-- What is done in the background.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    company_id BIGINT REFERENCES companies (id) ON DELETE CASCADE,
    -- Of the jobs of a company with the same lane, one waits and one is done at a time.
    lane TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- Lower goes first.
    priority BIGINT NOT NULL,
    state TEXT NOT NULL,
    run_at TIMESTAMP NOT NULL,
    attempts BIGINT NOT NULL,
    process TEXT,
    lease_until TIMESTAMP,
    -- The run or preview that it is about, once begun.
    run_id TEXT,
    requested_by TEXT,
    error TEXT,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    finished_at TIMESTAMP
);
CREATE UNIQUE INDEX jobs_one_waits ON jobs (company_id, lane) WHERE state = 'queued';
CREATE UNIQUE INDEX jobs_one_is_done ON jobs (company_id, lane) WHERE state = 'running';
CREATE INDEX jobs_to_do ON jobs (priority, run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_of_a_company ON jobs (company_id, created_at);

-- The last preview of each company, whole.
CREATE TABLE previews (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    -- Two plans with one digest would write the same.
    digest TEXT NOT NULL,
    report TEXT NOT NULL
);

-- What people did in the portal or by commands. Never changed.
CREATE TABLE events (
    id INTEGER PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    staff TEXT NOT NULL,
    company_id BIGINT REFERENCES companies (id) ON DELETE CASCADE,
    user_id TEXT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX events_of_a_company ON events (company_id, at);

-- Sign-ins to a customer's tenant that Microsoft has not answered yet.
CREATE TABLE consents (
    state_hash TEXT PRIMARY KEY NOT NULL,
    session_hash TEXT NOT NULL,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    expires_at TIMESTAMP NOT NULL
);

-- So many people are to be written; known once the run is planned.
ALTER TABLE runs ADD COLUMN planned BIGINT;
ALTER TABLE runs ADD COLUMN requested_by TEXT;
ALTER TABLE holds ADD COLUMN closed_by TEXT;
