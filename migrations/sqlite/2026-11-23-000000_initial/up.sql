CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Who may do something that only one process may do at a time.
CREATE TABLE claims (
    name TEXT PRIMARY KEY NOT NULL,
    process TEXT NOT NULL,
    until TIMESTAMP NOT NULL
);

CREATE TABLE psa_connections (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    fields TEXT NOT NULL,
    default_contact_type_id TEXT,
    default_contact_type_name TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE secrets (
    owner_kind TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    expires DATE,
    PRIMARY KEY (owner_kind, owner_id, name)
);

CREATE TABLE companies (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
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
    UNIQUE (psa_id, psa_company_id)
);

CREATE TABLE filters (
    id INTEGER PRIMARY KEY NOT NULL,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    name TEXT,
    enabled BOOLEAN NOT NULL,
    conditions TEXT NOT NULL,
    exclude BOOLEAN NOT NULL,
    site_id TEXT,
    site_name TEXT,
    contact_type_id TEXT,
    contact_type_name TEXT,
    UNIQUE (company_id, position)
);

CREATE TABLE ignored_users (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    entry TEXT NOT NULL,
    position BIGINT NOT NULL,
    user_id TEXT,
    PRIMARY KEY (company_id, entry)
);

CREATE TABLE tenant_connections (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    certificate BOOLEAN NOT NULL,
    expires DATE,
    cloud TEXT NOT NULL
);

CREATE TABLE links (
    id INTEGER PRIMARY KEY NOT NULL,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL,
    psa_company_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    upn TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    made TEXT NOT NULL,
    made_run TEXT,
    made_at TIMESTAMP NOT NULL,
    written TEXT,
    user_deleted BOOLEAN NOT NULL,
    retired_at TIMESTAMP,
    retired_why TEXT
);
CREATE UNIQUE INDEX links_one_a_user ON links (company_id, user_id) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX links_one_a_contact ON links (company_id, contact_id) WHERE retired_at IS NULL;

CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    mode TEXT NOT NULL,
    preview BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    status TEXT,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    process TEXT NOT NULL,
    counts TEXT NOT NULL,
    calls TEXT NOT NULL,
    error TEXT,
    findings TEXT NOT NULL,
    known_contacts TEXT
);
CREATE INDEX runs_of_a_company ON runs (company_id, started_at);
CREATE INDEX runs_running ON runs (company_id) WHERE state = 'running';

CREATE TABLE changes (
    id INTEGER PRIMARY KEY NOT NULL,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    upn TEXT NOT NULL,
    name TEXT NOT NULL,
    contact_id TEXT,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    filter TEXT,
    site TEXT,
    fields TEXT NOT NULL,
    before TEXT,
    outcome TEXT NOT NULL,
    error TEXT,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP
);
CREATE INDEX changes_of_a_run ON changes (run_id);
CREATE INDEX changes_of_a_user ON changes (company_id, user_id);

-- The journal: one row a request.
CREATE TABLE writes (
    id INTEGER PRIMARY KEY NOT NULL,
    change_id BIGINT NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    sent_at TIMESTAMP NOT NULL,
    settled_at TIMESTAMP,
    error TEXT
);
CREATE INDEX writes_of_a_change ON writes (change_id);
CREATE INDEX writes_of_a_run ON writes (run_id);
CREATE INDEX writes_left_sent ON writes (company_id) WHERE state = 'sent';

CREATE TABLE holds (
    id INTEGER PRIMARY KEY NOT NULL,
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    closed_how TEXT,
    note TEXT
);
CREATE UNIQUE INDEX holds_one_open_a_company ON holds (company_id) WHERE closed_at IS NULL;

CREATE TABLE hold_people (
    hold_id BIGINT NOT NULL REFERENCES holds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    upn TEXT NOT NULL,
    name TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    left_at TIMESTAMP,
    left_how TEXT,
    PRIMARY KEY (hold_id, user_id)
);

-- Who is left alone until they have been active again.
CREATE TABLE dismissals (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (company_id, user_id)
);

-- What changes slowly and is remembered for some days.
CREATE TABLE facts (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    read_at TIMESTAMP NOT NULL,
    PRIMARY KEY (scope, name)
);

-- The last complete reading of each company.
CREATE TABLE readings (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    read_at TIMESTAMP NOT NULL,
    users TEXT NOT NULL,
    groups TEXT NOT NULL,
    contacts TEXT NOT NULL
);

-- The last plan of each company, whole.
CREATE TABLE plans (
    company_id BIGINT PRIMARY KEY NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    plan TEXT NOT NULL
);
