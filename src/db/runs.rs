//! Runs: one execution for one company.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::Conn;
use super::schema::runs::{self, dsl};
use super::types::{Json, Word, json, stamp};
use crate::model::{Calls, ContactId, Finding, Mode, RunFailure, Status};

const RUNNING: &str = "running";
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
}

/// All but the contacts known, which may be many.
#[derive(Queryable, Selectable)]
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
