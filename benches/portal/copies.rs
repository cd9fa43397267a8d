//! Copies of whole companies, row by row. Columns are copied as they are but for those that say whose a row is, so that a new
//! column needs no change here.

use diesel::prelude::*;
use diesel::sql_types::Text;
use rollcall::db::Conn;

use crate::fleet::RUNS;

/// The id of a copy's run: that of the run, ending in the copy's id.
const RUN: &str = "substr({column}, 1, 24) || printf('%012x', copy)";

/// A table, how its rows are found from the company `source`, and columns that differ besides `company_id` and the runs' ids.
type Table = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Every table that has rows of companies, parents first.
const TABLES: &[Table] = &[
    (
        "companies",
        "one.id = source",
        &[
            ("id", "copy"),
            ("name", "one.name || ' at ' || copy"),
            ("psa_company_id", "copy + 100000"),
        ],
    ),
    ("tenant_connections", OF_COMPANY, &[]),
    (
        "secrets",
        "one.owner_kind = 'company' AND one.owner_id = source",
        &[("owner_id", "copy")],
    ),
    ("filters", OF_COMPANY, NEW),
    (
        "links",
        OF_COMPANY,
        &[("id", "NULL"), ("psa_company_id", "copy + 100000")],
    ),
    ("runs", OF_COMPANY, &[("id", RUN)]),
    ("changes", OF_COMPANY, &[("id", "copy * 1000000 + one.id")]),
    (
        "writes",
        OF_COMPANY,
        &[
            ("id", "NULL"),
            ("change_id", "copy * 1000000 + one.change_id"),
        ],
    ),
    ("holds", OF_COMPANY, &[("id", "copy")]),
    (
        "hold_people",
        "one.hold_id IN (SELECT id FROM holds WHERE company_id = source)",
        &[("hold_id", "copy")],
    ),
    (
        "readings",
        OF_COMPANY,
        &[(
            "groups",
            "json_set(one.groups, '$.psa_company_id', CAST(copy + 100000 AS TEXT))",
        )],
    ),
    ("plans", OF_COMPANY, &[]),
    ("previews", OF_COMPANY, &[]),
    ("jobs", OF_COMPANY, NEW),
    ("events", OF_COMPANY, NEW),
];

const OF_COMPANY: &str = "one.company_id = source";
const NEW: &[(&str, &str)] = &[("id", "NULL")];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Copies what the table `copies` names: `source` is a company, `copy` the row id of its copy.
pub fn copy(conn: &mut Conn) -> QueryResult<()> {
    for (table, found, own) in TABLES {
        let columns = columns(conn, table)?;
        let values: Vec<String> = columns.iter().map(|column| value(column, own)).collect();
        let (columns, values) = (columns.join(", "), values.join(", "));
        diesel::sql_query(format!(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM copies JOIN {table} AS one ON {found}"
        ))
        .execute(conn)?;
    }
    Ok(())
}

fn columns(conn: &mut Conn, table: &str) -> QueryResult<Vec<String>> {
    let query = diesel::sql_query(format!("SELECT name FROM pragma_table_info('{table}')"));
    let Conn::Sqlite(conn) = conn else {
        return Err(diesel::result::Error::NotFound);
    };
    let found: Vec<Column> = query.load(conn)?;
    Ok(found.into_iter().map(|column| column.name).collect())
}

fn value(column: &str, own: &[(&str, &str)]) -> String {
    let plain = format!("one.{column}");
    let differs = own.iter().find(|(name, _)| *name == column);
    match (differs, column) {
        (Some((_, value)), _) => value.replace("{column}", &plain),
        (None, "company_id") => "copy".to_owned(),
        (None, "run_id" | "made_run") => RUN.replace("{column}", &plain),
        (None, _) => plain,
    }
}

/// The same run of a company on many days before, in SQL.
pub fn earlier_runs(company: i64, run: &str) -> String {
    format!(
        "WITH RECURSIVE day (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM day WHERE n < {days}) \
         INSERT INTO runs (id, company_id, mode, preview, state, status, started_at, finished_at, process, counts, calls, \
         error, findings, known_contacts, planned, requested_by) \
         SELECT printf('%08x', n) || substr(id, 9), company_id, mode, preview, state, status, \
         strftime('%Y-%m-%d %H:%M:%f', started_at, '-' || n || ' days'), \
         strftime('%Y-%m-%d %H:%M:%f', finished_at, '-' || n || ' days'), \
         process, counts, calls, error, findings, known_contacts, planned, requested_by \
         FROM runs, day WHERE id = '{run}' AND company_id = {company}; \
         INSERT INTO changes (run_id, company_id, user_id, upn, name, contact_id, action, reason, filter, site, fields, \
         before, outcome, error, created_at, finished_at) \
         SELECT earlier.id, changes.company_id, user_id, upn, name, contact_id, action, reason, filter, site, fields, before, \
         outcome, changes.error, earlier.started_at, earlier.finished_at \
         FROM changes JOIN runs AS earlier ON earlier.company_id = {company} AND substr(earlier.id, 9) = substr('{run}', 9) \
         AND earlier.id <> '{run}' WHERE changes.run_id = '{run}';",
        days = RUNS - 2,
    )
}
