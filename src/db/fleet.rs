//! What the overview of the whole fleet shows, in a few queries over all companies. Writes nothing, and judges nothing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamp};
use serde_json::Value;

use super::Conn;
use super::events;
use super::jobs::Priority;
use super::quarantines::{self, Owner, Quarantine};
use super::schema::{companies, hold_people, holds, jobs, runs, tenant_connections};
use super::types::{Json, stamp};
use crate::model::RunFailure;

/// A company in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Row id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The PSA connection's row id.
    pub psa_id: i64,
    /// Whether contacts are synced.
    pub sync_contacts: bool,
    /// Local time of the daily run, `HH:MM`.
    pub schedule: Option<String>,
    /// IANA zone of the schedule.
    pub timezone: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Whether its tenant is connected.
    pub connected: bool,
    /// Whether it was, and somebody disconnected it.
    pub disconnected: bool,
}

/// The companies that are not removed, by name.
pub fn companies(conn: &mut Conn) -> QueryResult<Vec<Brief>> {
    type Row = (
        i64,
        String,
        i64,
        bool,
        Option<String>,
        String,
        NaiveDateTime,
    );
    let rows: Vec<Row> = companies::table
        .filter(companies::removed_at.is_null())
        .select((
            companies::id,
            companies::name,
            companies::psa_id,
            companies::sync_contacts,
            companies::schedule,
            companies::timezone,
            companies::created_at,
        ))
        .order((companies::name, companies::id))
        .load(conn)?;
    let connected: HashSet<i64> = tenant_connections::table
        .select(tenant_connections::company_id)
        .load(conn)?
        .into_iter()
        .collect();
    let without = rows.iter().map(|row| row.0);
    let without: Vec<i64> = without.filter(|id| !connected.contains(id)).collect();
    let disconnected = events::companies_with(conn, &without, events::TENANT_DISCONNECTED)?;
    Ok(rows
        .into_iter()
        .map(
            |(id, name, psa_id, sync_contacts, schedule, timezone, created_at)| Brief {
                id,
                name,
                psa_id,
                sync_contacts,
                schedule,
                timezone,
                created_at: created_at.and_utc(),
                connected: connected.contains(&id),
                disconnected: disconnected.contains(&id),
            },
        )
        .collect())
}

/// A company's last run that was no preview, in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The word of how it ended; `None`: it has not, as far as is known.
    pub status: Option<String>,
    /// The process that works it.
    pub process: String,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// The counts of the report.
    pub counts: Value,
}

#[derive(QueryableByName)]
struct LastRow {
    #[diesel(sql_type = BigInt)]
    company_id: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Timestamp)]
    started_at: NaiveDateTime,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Text)]
    process: String,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<Json<RunFailure>>,
    #[diesel(sql_type = Text)]
    counts: Json<Value>,
}

/// The last run of every company; an undo says nothing of how both sides are brought together.
pub fn last_runs(conn: &mut Conn) -> QueryResult<HashMap<i64, LastRun>> {
    last_of_all(conn, "NOT preview AND mode <> 'undo'")
}

/// The last run of every company that is over.
pub fn last_ended_runs(conn: &mut Conn) -> QueryResult<HashMap<i64, LastRun>> {
    last_of_all(
        conn,
        "NOT preview AND mode <> 'undo' AND status IS NOT NULL",
    )
}

/// The last run of every company that brought both sides together: an update or a resync that did not fail as a whole.
pub fn last_good_runs(conn: &mut Conn) -> QueryResult<HashMap<i64, LastRun>> {
    last_of_all(
        conn,
        "NOT preview AND mode IN ('update', 'resync') AND status IN ('succeeded', 'held', 'partial')",
    )
}

/// A company's last runs that brought both sides together, newest first: their ids.
pub fn good_runs_of(conn: &mut Conn, company: i64, limit: i64) -> QueryResult<Vec<String>> {
    runs::table
        .filter(runs::company_id.eq(company).and(runs::preview.eq(false)))
        .filter(runs::mode.eq_any(["update", "resync"]))
        .filter(runs::status.eq_any(["succeeded", "held", "partial"]))
        .select(runs::id)
        .order((runs::started_at.desc(), runs::id.desc()))
        .limit(limit)
        .load(conn)
}

/// Of each company the index of runs gives the newest that fits, one row each.
fn last_of_all(conn: &mut Conn, fits: &str) -> QueryResult<HashMap<i64, LastRun>> {
    let query = diesel::sql_query(format!(
        "SELECT runs.company_id, runs.id, started_at, status, process, error, counts \
         FROM (SELECT (SELECT id FROM runs WHERE company_id = companies.id AND {fits} \
         ORDER BY started_at DESC, id DESC LIMIT 1) AS wanted FROM companies WHERE removed_at IS NULL) AS last \
         JOIN runs ON runs.id = last.wanted"
    ));
    // `each!`: a query in words.
    let rows: Vec<LastRow> = each!(conn => query.load(conn))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let run = LastRun {
                id: row.id,
                started_at: row.started_at.and_utc(),
                status: row.status,
                process: row.process,
                error: row.error.map(|error| error.0),
                counts: row.counts.0,
            };
            (row.company_id, run)
        })
        .collect())
}

/// How many people wait in the open hold of each company; one of nobody is left out.
pub fn held(conn: &mut Conn) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = holds::table
        .inner_join(hold_people::table)
        .filter(
            holds::closed_at
                .is_null()
                .and(hold_people::left_at.is_null()),
        )
        .group_by(holds::company_id)
        .select((holds::company_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// When the first run of each company that has one waiting may begin: not before a connection in quarantine is tried again,
/// unless somebody asked for it by a click.
pub fn next_runs(conn: &mut Conn) -> QueryResult<HashMap<i64, DateTime<Utc>>> {
    let rows: Vec<(Option<i64>, NaiveDateTime, i64)> = jobs::table
        // In words, since an index of these rows alone is of no use for a state that is a value.
        .filter(sql::<Bool>("state = 'queued'"))
        .filter(jobs::lane.ne("preview"))
        .select((jobs::company_id, jobs::run_at, jobs::priority))
        .load(conn)?;
    let held = held_until(conn)?;
    let mut next: HashMap<i64, DateTime<Utc>> = HashMap::new();
    for (company, at, priority) in rows {
        let Some(company) = company else { continue };
        let mut at = at.and_utc();
        if let Some(until) = held
            .get(&company)
            .filter(|_| priority > Priority::Click.number())
        {
            at = at.max(*until);
        }
        let first = next.entry(company).or_insert(at);
        *first = at.min(*first);
    }
    Ok(next)
}

/// When the connections in quarantine are tried again, by the companies that they concern.
fn held_until(conn: &mut Conn) -> QueryResult<HashMap<i64, DateTime<Utc>>> {
    let all = quarantines::all(conn)?;
    if all.is_empty() {
        return Ok(HashMap::new());
    }
    let companies: Vec<(i64, i64)> = companies::table
        .select((companies::id, companies::psa_id))
        .load(conn)?;
    let until = |company: i64, psa: i64| {
        let concerns =
            |one: &&Quarantine| one.owner == Owner::tenant(company) || one.owner == Owner::psa(psa);
        all.iter().filter(concerns).map(|one| one.next_try).max()
    };
    let held = companies
        .into_iter()
        .filter_map(|(company, psa)| Some((company, until(company, psa)?)));
    Ok(held.collect())
}

/// A job that failed for good, the last that was asked for its company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedJob {
    /// The run that it began last.
    pub run_id: Option<String>,
    /// Why it failed, as a sentence.
    pub error: String,
    /// When it was over.
    pub finished_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct FailedRow {
    #[diesel(sql_type = BigInt)]
    company_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    run_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    finished_at: Option<NaiveDateTime>,
}

/// The companies whose last job failed for good since then, previews apart.
pub fn failed_jobs(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<HashMap<i64, FailedJob>> {
    let query = diesel::sql_query(
        "SELECT jobs.company_id, run_id, error, finished_at FROM (SELECT (SELECT id FROM jobs \
         WHERE company_id = companies.id AND lane <> 'preview' ORDER BY created_at DESC, id DESC LIMIT 1) AS wanted \
         FROM companies WHERE removed_at IS NULL) AS last JOIN jobs ON jobs.id = last.wanted \
         WHERE state = 'failed' AND finished_at >= $1",
    )
    .bind::<Timestamp, _>(stamp(since));
    // `each!`: a query in words.
    let rows: Vec<FailedRow> = each!(conn => query.load(conn))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let job = FailedJob {
                run_id: row.run_id,
                error: row.error.unwrap_or_default(),
                finished_at: row.finished_at.unwrap_or_default().and_utc(),
            };
            (row.company_id, job)
        })
        .collect())
}

/// When a run began, and the word of how it ended.
pub type Seen = (DateTime<Utc>, String);

/// When the last runs of these companies began, newest first and at most `per_company` of each, with the word of how each
/// ended; `running` where it has not, as far as is known.
pub fn strips(
    conn: &mut Conn,
    of: &[i64],
    per_company: i64,
) -> QueryResult<HashMap<i64, Vec<Seen>>> {
    let mut found = HashMap::new();
    for company in of {
        let rows: Vec<(NaiveDateTime, Option<String>)> = runs::table
            .filter(runs::company_id.eq(company).and(runs::preview.eq(false)))
            .select((runs::started_at, runs::status))
            .order((runs::started_at.desc(), runs::id.desc()))
            .limit(per_company)
            .load(conn)?;
        let row = |(at, status): (NaiveDateTime, Option<String>)| {
            (at.and_utc(), status.unwrap_or_else(|| "running".into()))
        };
        found.insert(*company, rows.into_iter().map(row).collect());
    }
    Ok(found)
}
