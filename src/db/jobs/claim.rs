//! Who does a job: taken by one process for a lease, renewed, ended, put back, and freed when its process is gone. Each claim
//! has a run id of its own, so that whoever lost a job cannot end it.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};

use super::super::Conn;
use super::super::schema::jobs::dsl;
use super::super::types::{json, stamp};
use super::{Job, JobState, Row, get, unchanged, waiting_in};

/// The job that comes next: due, of a company that has no other in its lane. Runs of all lanes go one after the other. Each
/// look at others names company and lane, which one small index answers.
const NEXT: &str = "SELECT waiting.id FROM jobs AS waiting \
     WHERE waiting.state = 'queued' AND waiting.run_at <= $1 AND NOT EXISTS \
     (SELECT 1 FROM jobs AS busy WHERE busy.state = 'running' AND busy.company_id = waiting.company_id \
     AND busy.lane = waiting.lane) \
     AND (waiting.lane NOT IN ('run', 'expected', 'approval', 'undo') OR NOT EXISTS \
     (SELECT 1 FROM jobs AS busy WHERE busy.state = 'running' AND busy.company_id = waiting.company_id \
     AND busy.lane IN ('run', 'expected', 'approval', 'undo'))) \
     ORDER BY waiting.priority, waiting.run_at, waiting.id LIMIT 1";

/// In words, since an index of these rows alone is of no use for a state that is a value.
const IS_RUNNING: &str = "state = 'running'";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Whether a job can be claimed now.
pub fn due(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<bool> {
    let query = diesel::sql_query(NEXT).bind::<Timestamp, _>(stamp(now));
    // `each!`: a query in words.
    let found: Vec<Id> = each!(conn => query.load(conn))?;
    Ok(!found.is_empty())
}

/// Takes the job that comes next, for a process and until `lease_until`; `run_id` is new, and the run's. `None` where nothing
/// is due, or another process was faster. On PostgreSQL it may fail by a unique index where another process began the same
/// company's job in this moment: then nothing was claimed, and it is tried again.
pub fn claim(
    conn: &mut Conn,
    process: &str,
    run_id: &str,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Job>> {
    // The time is the first value of both statements, which SQLite numbers as they come.
    let query = diesel::sql_query(format!(
        "UPDATE jobs SET started_at = $1, state = 'running', process = $2, run_id = $3, lease_until = $4, \
         attempts = attempts + 1 WHERE id = ({NEXT}) AND state = 'queued' RETURNING id"
    ))
    .bind::<Timestamp, _>(stamp(now))
    .bind::<Text, _>(process)
    .bind::<Text, _>(run_id)
    .bind::<Timestamp, _>(stamp(lease_until));
    // `each!`: a query in words.
    let claimed: Vec<Id> = each!(conn => query.load(conn))?;
    match claimed.first() {
        Some(claimed) => get(conn, claimed.id),
        None => Ok(None),
    }
}

/// The job, as long as this claim holds.
#[diesel::dsl::auto_type(no_type_alias)]
fn held<'a>(id: i64, run_id: Option<&'a str>) -> _ {
    let running: &'static str = JobState::Running.as_str();
    dsl::jobs.filter(
        dsl::id
            .eq(id)
            .and(dsl::run_id.eq(run_id))
            .and(dsl::state.eq(running)),
    )
}

/// Keeps a claimed job for longer; `false` where the claim was lost.
pub fn renew(conn: &mut Conn, job: &Job, lease_until: DateTime<Utc>) -> QueryResult<bool> {
    let changed = diesel::update(held(job.id, job.run_id.as_deref()))
        .set(dsl::lease_until.eq(stamp(lease_until)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// A claimed job is done; `false` where the claim was lost.
pub fn finish(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> QueryResult<bool> {
    end(conn, job, (JobState::Done, None), now)
}

/// A claimed job failed for good, for this reason; `false` where the claim was lost.
pub fn fail_for_good(
    conn: &mut Conn,
    job: &Job,
    error: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    end(conn, job, (JobState::Failed, Some(error)), now)
}

/// A claimed job is not wanted any more, for this reason; `false` where the claim was lost.
pub fn cancel_running(
    conn: &mut Conn,
    job: &Job,
    why: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    end(conn, job, (JobState::Cancelled, Some(why)), now)
}

fn end(
    conn: &mut Conn,
    job: &Job,
    (state, error): (JobState, Option<&str>),
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = diesel::update(held(job.id, job.run_id.as_deref()))
        .set((
            dsl::state.eq(state.as_str()),
            dsl::error.eq(error),
            dsl::lease_until.eq(None::<NaiveDateTime>),
            dsl::finished_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// A job that waits is not wanted any more, for this reason; `false` where it does not wait.
pub fn cancel(conn: &mut Conn, id: i64, why: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let waiting = dsl::jobs.filter(dsl::id.eq(id).and(dsl::state.eq(JobState::Queued.as_str())));
    let changed = diesel::update(waiting)
        .set((
            dsl::state.eq(JobState::Cancelled.as_str()),
            dsl::error.eq(why),
            dsl::finished_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Cancels the jobs of a company that nobody has begun, and gives their number.
pub fn cancel_waiting(conn: &mut Conn, company: i64, now: DateTime<Utc>) -> QueryResult<usize> {
    let queued = JobState::Queued.as_str();
    diesel::update(dsl::jobs.filter(dsl::company_id.eq(company).and(dsl::state.eq(queued))))
        .set((
            dsl::state.eq(JobState::Cancelled.as_str()),
            dsl::finished_at.eq(stamp(now)),
        ))
        .execute(conn)
}

/// A claimed job is tried again at `at`, for this reason; `false` where the claim was lost.
pub fn retry_at(
    conn: &mut Conn,
    job: &Job,
    at: DateTime<Utc>,
    error: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    requeue(conn, job, (at, job.attempts), Some(error), now)
}

/// A claimed job is put back as if it had not been begun, since its process ends; `false` where the claim was lost.
pub fn put_back(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> QueryResult<bool> {
    requeue(conn, job, (now, (job.attempts - 1).max(0)), None, now)
}

/// Where another of the same company and lane waits already, that one does it.
fn requeue(
    conn: &mut Conn,
    job: &Job,
    (at, attempts): (DateTime<Utc>, i64),
    error: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    while let Some(waiting) = waiting_in(conn, job.company_id, job.lane)? {
        let work = job.work.clone().absorb(&waiting.work);
        let joined = diesel::update(unchanged(
            waiting.id,
            json(&waiting.work)?,
            stamp(waiting.run_at),
            waiting.priority.number(),
        ))
        .set((
            dsl::payload.eq(json(&work)?),
            dsl::priority.eq(job.priority.min(waiting.priority).number()),
            dsl::run_at.eq(stamp(at.min(waiting.run_at))),
        ))
        .execute(conn)?;
        if joined == 1 {
            let why = match error {
                Some(error) => format!("{error}. The request that came meanwhile is done instead"),
                None => "The request that came meanwhile is done instead".to_owned(),
            };
            return cancel_running(conn, job, &why, now);
        }
    }
    let changed = diesel::update(held(job.id, job.run_id.as_deref()))
        .set((
            dsl::state.eq(JobState::Queued.as_str()),
            dsl::run_at.eq(stamp(at)),
            dsl::attempts.eq(attempts),
            dsl::error.eq(error),
            dsl::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Who does jobs now, as far as is known: the process, and when it has lost the job unless it renews it.
pub fn hands(conn: &mut Conn) -> QueryResult<Vec<(String, DateTime<Utc>)>> {
    let found: Vec<(Option<String>, Option<NaiveDateTime>)> = dsl::jobs
        .filter(sql::<Bool>(IS_RUNNING))
        .select((dsl::process, dsl::lease_until))
        .load(conn)?;
    let known = |(process, until): (Option<String>, Option<NaiveDateTime>)| {
        (
            process.unwrap_or_default(),
            until.unwrap_or_default().and_utc(),
        )
    };
    Ok(found.into_iter().map(known).collect())
}

/// Jobs whose process is one of the `dead`, or that were not renewed in time, wait again; one that was begun `most` times has
/// failed for good. Gives how many there were.
pub fn free_dead(
    conn: &mut Conn,
    dead: &[String],
    most: i64,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let rows = dsl::jobs
        .filter(sql::<Bool>(IS_RUNNING))
        .filter(
            dsl::process
                .eq_any(dead)
                .or(dsl::lease_until.lt(stamp(now))),
        )
        .select(Row::as_select())
        .order(dsl::id)
        .load(conn)?;
    let mut freed = 0;
    for job in rows.into_iter().map(Job::from) {
        let ended = "The program ended or hung in the middle of it";
        freed += usize::from(if job.attempts >= most {
            let error = format!("{ended}, {most} times");
            fail_for_good(conn, &job, &error, now)?
        } else {
            requeue(conn, &job, (now, job.attempts), Some(ended), now)?
        });
    }
    Ok(freed)
}
