-- Copies of whole companies, as the table "copies" names them. The ids of runs, PSA companies and holds become the copies' own.
INSERT INTO companies SELECT copy, companies.name || ' at ' || copy, psa_id, copy + 100000, sync_contacts, update_existing,
    use_email, default_site_id, default_site_name, schedule, timezone, guard_floor, guard_percent, created_at, updated_at,
    version, removed_at FROM copies JOIN companies ON companies.id = source;
INSERT INTO tenant_connections SELECT copy, tenant_id, client_id, certificate, expires, cloud
    FROM copies JOIN tenant_connections ON company_id = source;
INSERT INTO secrets SELECT owner_kind, copy, name, key_id, nonce, ciphertext, expires
    FROM copies JOIN secrets ON owner_kind = 'company' AND owner_id = source;
INSERT INTO filters SELECT NULL, copy, position, name, enabled, conditions, exclude, site_id, site_name, contact_type_id,
    contact_type_name FROM copies JOIN filters ON company_id = source;
INSERT INTO links SELECT NULL, copy, tenant_id, copy + 100000, user_id, upn, contact_id, made,
    substr(made_run, 1, 24) || printf('%012x', copy), made_at, written, user_deleted, retired_at, retired_why
    FROM copies JOIN links ON company_id = source;
INSERT INTO runs (id, company_id, mode, preview, state, status, started_at, finished_at, process, counts, calls, error,
    findings, known_contacts, planned, requested_by)
    SELECT substr(id, 1, 24) || printf('%012x', copy), copy, mode, preview, state, status, started_at, finished_at, process,
    counts, calls, error, findings, known_contacts, planned, requested_by FROM copies JOIN runs ON company_id = source;
INSERT INTO changes SELECT copy * 1000000 + changes.id, substr(run_id, 1, 24) || printf('%012x', copy), copy, user_id, upn, name, contact_id, action,
    reason, filter, site, fields, before, outcome, error, created_at, finished_at
    FROM copies JOIN changes ON company_id = source;
INSERT INTO writes SELECT NULL, copy * 1000000 + change_id, substr(run_id, 1, 24) || printf('%012x', copy), copy, seq, step,
    state, sent_at, settled_at, error FROM copies JOIN writes ON company_id = source;
INSERT INTO holds SELECT copy, copy, substr(run_id, 1, 24) || printf('%012x', copy), opened_at, closed_at, closed_how, note,
    closed_by FROM copies JOIN holds ON company_id = source;
INSERT INTO hold_people SELECT copy, user_id, upn, name, contact_id, reason, left_at, left_how
    FROM copies JOIN holds ON company_id = source JOIN hold_people ON hold_id = holds.id;
INSERT INTO readings SELECT copy, substr(run_id, 1, 24) || printf('%012x', copy), read_at, users,
    json_set(groups, '$.psa_company_id', CAST(copy + 100000 AS TEXT)), contacts
    FROM copies JOIN readings ON company_id = source;
INSERT INTO plans SELECT copy, substr(run_id, 1, 24) || printf('%012x', copy), made_at, plan
    FROM copies JOIN plans ON company_id = source;
INSERT INTO previews SELECT copy, substr(run_id, 1, 24) || printf('%012x', copy), made_at, digest, report
    FROM copies JOIN previews ON company_id = source;
INSERT INTO jobs SELECT NULL, kind, copy, lane, payload, priority, state, run_at, attempts, process, lease_until,
    substr(run_id, 1, 24) || printf('%012x', copy), requested_by, error, created_at, started_at, finished_at
    FROM copies JOIN jobs ON company_id = source;
INSERT INTO events SELECT NULL, at, staff, copy, user_id, kind, detail FROM copies JOIN events ON company_id = source;
