//! Runs: one execution for one company.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamp};
use serde_json::Value;

use super::Conn;
use super::schema::changes;
use super::schema::runs::{self, dsl};
use super::types::{AT_ONCE, Json, Word, json, stamp};
use crate::model::{Calls, ContactId, Finding, Mode, RunFailure, Status};

pub(super) const RUNNING: &str = "running";
const FINISHED: &str = "finished";

/// A run that begins.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Its id, a UUID.
    pub id: &'a str,
    /// The company's row id.
    pub company_id: i64,
    /// What kind of run.
    pub mode: Mode,
    /// Whether it writes nothing.
    pub preview: bool,
    /// When it begins.
    pub started_at: DateTime<Utc>,
    /// The process that works it: [`super::Db::process_id`].
    pub process: &'a str,
    /// Who asked for it: a name of the staff, or where it was asked.
    pub requested_by: Option<&'a str>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// How it ended.
    pub status: Status,
    /// When.
    pub finished_at: DateTime<Utc>,
    /// The counts of the report.
    pub counts: Value,
    /// The requests sent.
    pub calls: Calls,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// What a person should know.
    pub findings: Vec<Finding>,
}

/// A run, begun or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The company's row id.
    pub company_id: i64,
    /// What kind of run.
    pub mode: Mode,
    /// Whether it writes nothing.
    pub preview: bool,
    /// Whether it has not ended, as far as is known.
    pub running: bool,
    /// How it ended.
    pub status: Option<Status>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The process that works it.
    pub process: String,
    /// The counts of the report; an empty object while it runs.
    pub counts: Value,
    /// The requests sent.
    pub calls: Calls,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// So many people were to be written; `None` until the run has planned.
    pub planned: Option<i64>,
    /// Who asked for it.
    pub requested_by: Option<String>,
}

/// All but the contacts known, which may be many.
#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = runs)]
struct Row {
    id: String,
    company_id: i64,
    mode: Word<Mode>,
    preview: bool,
    state: String,
    status: Option<Word<Status>>,
    started_at: NaiveDateTime,
    finished_at: Option<NaiveDateTime>,
    process: String,
    counts: Json<Value>,
    calls: Json<Calls>,
    error: Option<Json<RunFailure>>,
    findings: Json<Vec<Finding>>,
    planned: Option<i64>,
    requested_by: Option<String>,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            company_id: row.company_id,
            mode: row.mode.0,
            preview: row.preview,
            running: row.state == RUNNING,
            status: row.status.map(|status| status.0),
            started_at: row.started_at.and_utc(),
            finished_at: row.finished_at.map(|at| at.and_utc()),
            process: row.process,
            counts: row.counts.0,
            calls: row.calls.0,
            error: row.error.map(|error| error.0),
            findings: row.findings.0,
            planned: row.planned,
            requested_by: row.requested_by,
        }
    }
}

/// Writes down that a run begins.
pub fn start(conn: &mut Conn, run: &NewRun<'_>) -> QueryResult<()> {
    diesel::insert_into(dsl::runs)
        .values((
            dsl::id.eq(run.id),
            dsl::company_id.eq(run.company_id),
            dsl::mode.eq(run.mode.as_str()),
            dsl::preview.eq(run.preview),
            dsl::state.eq(RUNNING),
            dsl::started_at.eq(stamp(run.started_at)),
            dsl::process.eq(run.process),
            dsl::counts.eq("{}"),
            dsl::calls.eq(json(&Calls::default())?),
            dsl::findings.eq("[]"),
            dsl::requested_by.eq(run.requested_by),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes down how a run ended; `false` where it has ended before, and then nothing changes.
pub fn finish(conn: &mut Conn, id: &str, end: &RunEnd) -> QueryResult<bool> {
    let error = end.error.as_ref().map(json).transpose()?;
    let running = dsl::runs.filter(dsl::id.eq(id).and(dsl::state.eq(RUNNING)));
    let changed = diesel::update(running)
        .set((
            dsl::state.eq(FINISHED),
            dsl::status.eq(end.status.as_str()),
            dsl::finished_at.eq(stamp(end.finished_at)),
            dsl::counts.eq(json(&end.counts)?),
            dsl::calls.eq(json(&end.calls)?),
            dsl::error.eq(error),
            dsl::findings.eq(json(&end.findings)?),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The run of this id.
pub fn get(conn: &mut Conn, id: &str) -> QueryResult<Option<Run>> {
    let row = dsl::runs
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Which of these ids are ids of runs.
pub fn known(conn: &mut Conn, ids: &[String]) -> QueryResult<Vec<String>> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<String> = dsl::runs
            .filter(dsl::id.eq_any(some))
            .select(dsl::id)
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// A company's runs, newest first.
pub fn list(conn: &mut Conn, company: i64, limit: i64) -> QueryResult<Vec<Run>> {
    let rows = dsl::runs
        .filter(dsl::company_id.eq(company))
        .select(Row::as_select())
        .order((dsl::started_at.desc(), dsl::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// A company's runs that have not ended, previews among them, oldest first. Whether their process lives is for
/// [`super::Db::is_alive`] to say.
pub fn running(conn: &mut Conn, company: i64) -> QueryResult<Vec<Run>> {
    let rows = dsl::runs
        .filter(dsl::company_id.eq(company).and(dsl::state.eq(RUNNING)))
        .select(Row::as_select())
        .order((dsl::started_at, dsl::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many runs the history of a company keeps.
pub fn count(conn: &mut Conn, company: i64) -> QueryResult<i64> {
    let runs = dsl::runs.filter(dsl::company_id.eq(company));
    runs.count().get_result(conn)
}

/// Whether anything but a preview was ever run for a company.
pub fn has_run(conn: &mut Conn, company: i64) -> QueryResult<bool> {
    let runs = dsl::runs.filter(dsl::company_id.eq(company).and(dsl::preview.eq(false)));
    diesel::select(diesel::dsl::exists(runs)).get_result(conn)
}

/// The last runs that were no previews of every company that is not removed: at most `per_company` of each, newest first.
pub fn recent_of_all(conn: &mut Conn, per_company: i64) -> QueryResult<HashMap<i64, Vec<Run>>> {
    let most = usize::try_from(per_company).unwrap_or_default();
    if most == 0 {
        return Ok(HashMap::new());
    }
    // Of each company the index gives the time of the oldest run that is wanted, and then these runs alone. Companies
    // that have fewer give all. A cross join keeps SQLite from going through all runs first.
    let query = "SELECT runs.id, runs.company_id, mode, preview, state, status, started_at, finished_at, process, counts, \
                 calls, error, findings, planned, requested_by \
                 FROM (SELECT id, COALESCE((SELECT started_at FROM runs WHERE company_id = companies.id AND NOT preview \
                 ORDER BY started_at DESC LIMIT 1 OFFSET $1), $2) AS since FROM companies WHERE removed_at IS NULL) AS wanted \
                 CROSS JOIN runs WHERE runs.company_id = wanted.id AND started_at >= since AND NOT preview \
                 ORDER BY runs.company_id, started_at DESC, runs.id DESC";
    let query = diesel::sql_query(query)
        .bind::<BigInt, _>(per_company - 1)
        .bind::<Timestamp, _>(DateTime::UNIX_EPOCH.naive_utc());
    // `each!`: a query in words.
    let rows: Vec<Row> = each!(conn => query.load(conn))?;
    let mut found: HashMap<i64, Vec<Run>> = HashMap::new();
    for row in rows {
        let runs = found.entry(row.company_id).or_default();
        // Runs that began at one moment may be one too many.
        if runs.len() < most {
            runs.push(row.into());
        }
    }
    Ok(found)
}

/// A page of the runs of a company, or of all, newest first. The next page is `before` the last run of this one: when it
/// began, and its id.
pub fn page(
    conn: &mut Conn,
    company: Option<i64>,
    before: Option<(DateTime<Utc>, &str)>,
    limit: i64,
) -> QueryResult<Vec<Run>> {
    page_of(conn, (company, None), before, limit)
}

/// Which runs, by how they ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that ended so.
    Ended(Status),
    /// Those that have not ended, as far as is known.
    Running,
}

/// Like [`page`], of the runs that ended in one way alone.
pub fn page_of(
    conn: &mut Conn,
    (company, which): (Option<i64>, Option<Which>),
    before: Option<(DateTime<Utc>, &str)>,
    limit: i64,
) -> QueryResult<Vec<Run>> {
    let mut query = dsl::runs.select(Row::as_select()).into_boxed();
    if let Some(company) = company {
        query = query.filter(dsl::company_id.eq(company));
    }
    query = match which {
        None => query,
        Some(Which::Ended(status)) => query.filter(dsl::status.eq(status.as_str())),
        Some(Which::Running) => query.filter(dsl::state.eq(RUNNING)),
    };
    if let Some((at, id)) = before {
        let at = stamp(at);
        query = query.filter(
            dsl::started_at
                .le(at)
                .and(dsl::started_at.lt(at).or(dsl::id.lt(id.to_owned()))),
        );
    }
    let rows = query
        .order((dsl::started_at.desc(), dsl::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Writes down how many people the run is going to write.
pub fn set_planned(conn: &mut Conn, id: &str, planned: i64) -> QueryResult<()> {
    diesel::update(dsl::runs.find(id))
        .set(dsl::planned.eq(planned))
        .execute(conn)
        .map(drop)
}

/// How far a run is: so many people are to be written, and so many of them are over, well or not. `None` where it has not
/// planned yet, or there is no such run.
pub fn progress(conn: &mut Conn, id: &str) -> QueryResult<Option<(i64, i64)>> {
    let planned: Option<Option<i64>> = dsl::runs
        .find(id)
        .select(dsl::planned)
        .first(conn)
        .optional()?;
    let Some(planned) = planned.flatten() else {
        return Ok(None);
    };
    let done: i64 = changes::table
        .filter(
            changes::run_id
                .eq(id)
                .and(changes::finished_at.is_not_null()),
        )
        .count()
        .get_result(conn)?;
    Ok(Some((planned, done.min(planned))))
}

/// Remembers the contacts that were in the reading the run planned from: a contact that is not among them, and turns up
/// after a create whose answer was lost, may be the one created.
pub fn set_known_contacts(conn: &mut Conn, id: &str, contacts: &[ContactId]) -> QueryResult<()> {
    diesel::update(dsl::runs.find(id))
        .set(dsl::known_contacts.eq(json(contacts)?))
        .execute(conn)
        .map(drop)
}

/// The contacts that were in the reading the run planned from; `None` where the run had not got so far.
pub fn known_contacts(conn: &mut Conn, id: &str) -> QueryResult<Option<Vec<ContactId>>> {
    let known: Option<Option<Json<Vec<ContactId>>>> = dsl::runs
        .find(id)
        .select(dsl::known_contacts)
        .first(conn)
        .optional()?;
    Ok(known.flatten().map(|known| known.0))
}
