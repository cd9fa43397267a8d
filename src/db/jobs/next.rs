//! Which job comes next for a process: due, of a company that has no other in its lane, and within the process's reach. Takes
//! nothing.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::super::schema::jobs::dsl;
use super::super::types::stamp;
use super::super::{Conn, quarantines};
use super::{JobState, Lane, Priority};

/// The lanes of runs, of which a company has one at a time in all.
const RUNS: &str = "('run', 'expected', 'approval', 'undo')";

/// That no other job of the company of this row is being done that excludes it. One small index answers, by company and lane.
pub(super) fn no_other(row: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM jobs AS busy WHERE busy.state = 'running' AND busy.company_id = {row}.company_id \
         AND busy.lane = {row}.lane) \
         AND ({row}.lane NOT IN {RUNS} OR NOT EXISTS (SELECT 1 FROM jobs AS busy WHERE busy.state = 'running' \
         AND busy.company_id = {row}.company_id AND busy.lane IN {RUNS}))"
    )
}

/// What a process may take in hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Runs alone: no previews.
    pub runs_only: bool,
    /// Runs of these PSA connections alone, by row id; `None`: of all.
    pub only: Option<Vec<i64>>,
    /// No runs of these PSA connections.
    pub but: Vec<i64>,
    /// Where nobody waits for it, what has been due since then.
    pub due_since: Option<DateTime<Utc>>,
}

/// A job that could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its row id.
    pub id: i64,
    /// How urgent it is.
    pub priority: Priority,
    /// The PSA connection whose limits it needs; `None`: it needs none, such as a preview.
    pub psa: Option<i64>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    priority: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    psa: Option<i64>,
}

/// The job that comes next. Of a connection in quarantine only what somebody waits for comes before its time; when that has
/// come, one company's run tries it, and the others wait for what comes of it.
pub fn next(conn: &mut Conn, reach: &Reach, now: DateTime<Utc>) -> QueryResult<Option<Next>> {
    let click = Priority::Click.number();
    let mut runs = String::new();
    if let Some(only) = &reach.only {
        let _ = write!(runs, " AND companies.psa_id IN ({})", list(only));
    }
    if !reach.but.is_empty() {
        let _ = write!(runs, " AND companies.psa_id NOT IN ({})", list(&reach.but));
    }
    let others = if reach.runs_only { "1 = 0" } else { "1 = 1" };
    let query = diesel::sql_query(format!(
        "SELECT waiting.id, waiting.priority, \
         CASE WHEN waiting.lane IN {RUNS} THEN companies.psa_id ELSE NULL END AS psa \
         FROM jobs AS waiting LEFT JOIN companies ON companies.id = waiting.company_id \
         WHERE waiting.state = 'queued' AND waiting.run_at <= $1 \
         AND (waiting.run_at <= $2 OR waiting.priority <= {click}) AND {no_other} \
         AND ((waiting.lane NOT IN {RUNS} AND {others}) OR (waiting.lane IN {RUNS}{runs} \
         AND (waiting.priority <= {click} OR (\
         NOT EXISTS (SELECT 1 FROM quarantines WHERE owner_kind = 'tenant' AND owner_id = waiting.company_id \
         AND next_try > $1 AND next_try <= $3) \
         AND NOT EXISTS (SELECT 1 FROM quarantines WHERE owner_kind = 'psa' AND owner_id = companies.psa_id \
         AND ((next_try > $1 AND next_try <= $3) OR EXISTS (SELECT 1 FROM jobs AS trial JOIN companies AS tried \
         ON tried.id = trial.company_id WHERE trial.state = 'running' AND trial.lane IN {RUNS} \
         AND tried.psa_id = companies.psa_id))))))) \
         ORDER BY waiting.priority, waiting.run_at, waiting.id LIMIT 1",
        no_other = no_other("waiting"),
    ))
    .bind::<Timestamp, _>(stamp(now))
    .bind::<Timestamp, _>(stamp(reach.due_since.unwrap_or(now)))
    // One that is further away was set by a clock that was wrong.
    .bind::<Timestamp, _>(stamp(now + quarantines::LONGEST));
    // `each!`: a query in words.
    let found: Vec<Row> = each!(conn => query.load(conn))?;
    Ok(found.first().map(|row| Next {
        id: row.id,
        priority: Priority::of(row.priority),
        psa: row.psa,
    }))
}

/// Whether a run of the company waits or is being done.
pub fn has_run(conn: &mut Conn, company: i64) -> QueryResult<bool> {
    let alive = [JobState::Queued, JobState::Running].map(JobState::as_str);
    let runs = dsl::jobs.filter(
        dsl::company_id
            .eq(company)
            .and(dsl::state.eq_any(alive))
            .and(dsl::lane.ne(Lane::Preview.as_str())),
    );
    diesel::select(diesel::dsl::exists(runs)).get_result(conn)
}

/// Row ids, which no statement can be led astray by.
fn list(ids: &[i64]) -> String {
    if ids.is_empty() {
        return "NULL".to_owned();
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

#[derive(QueryableByName)]
struct HandRow {
    #[diesel(sql_type = Text)]
    lane: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    psa: Option<i64>,
}

/// What a process does now: for each job the PSA connection whose limits it needs; `None`: it needs none.
pub fn in_hand(conn: &mut Conn, process: &str) -> QueryResult<Vec<Option<i64>>> {
    let query = diesel::sql_query(
        "SELECT jobs.lane, companies.psa_id AS psa FROM jobs LEFT JOIN companies ON companies.id = jobs.company_id \
         WHERE jobs.state = 'running' AND jobs.process = $1",
    )
    .bind::<Text, _>(process);
    // `each!`: a query in words.
    let found: Vec<HandRow> = each!(conn => query.load(conn))?;
    let needs = |row: HandRow| row.psa.filter(|_| row.lane != Lane::Preview.as_str());
    Ok(found.into_iter().map(needs).collect())
}
