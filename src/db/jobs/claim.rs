//! Who does a job: taken by one process for a lease, renewed, ended, put back, and freed when its process is gone. Each claim
//! has a run id of its own, so that whoever lost a job cannot end it.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};

use super::super::Conn;
use super::super::schema::jobs::dsl;
use super::super::types::stamp;
use super::next::no_other;
use super::{Job, JobState, Priority, Row, become_both, get, waiting_in};

/// In words, since an index of these rows alone is of no use for a state that is a value.
const IS_RUNNING: &str = "state = 'running'";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Takes a job that waits, for a process and until `lease_until`; `run_id` is new, and the run's. `None` where another process
/// was faster, or does another job of the company. On PostgreSQL it may fail by a unique index where another process began the
/// same company's job in this moment: then nothing was claimed, and it is tried again.
pub fn claim(
    conn: &mut Conn,
    id: i64,
    (process, run_id): (&str, &str),
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Job>> {
    let query = diesel::sql_query(format!(
        "UPDATE jobs SET started_at = $1, state = 'running', process = $2, run_id = $3, lease_until = $4, \
         attempts = attempts + 1, stop_by = NULL WHERE id = $5 AND state = 'queued' AND {} RETURNING id",
        no_other("jobs")
    ))
    .bind::<Timestamp, _>(stamp(now))
    .bind::<Text, _>(process)
    .bind::<Text, _>(run_id)
    .bind::<Timestamp, _>(stamp(lease_until))
    .bind::<BigInt, _>(id);
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

/// Cancels every job that waits or was being done when its process was gone for good, for this reason; how many.
pub fn cancel_all(conn: &mut Conn, why: &str, now: DateTime<Utc>) -> QueryResult<usize> {
    let alive = [JobState::Queued, JobState::Running].map(JobState::as_str);
    diesel::update(dsl::jobs.filter(dsl::state.eq_any(alive)))
        .set((
            dsl::state.eq(JobState::Cancelled.as_str()),
            dsl::error.eq(why),
            dsl::lease_until.eq(None::<NaiveDateTime>),
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
    let again = Job {
        run_at: at,
        error: Some(error.to_owned()),
        ..job.clone()
    };
    requeue(conn, &again, now)
}

/// A claimed job waits until its connection is out of quarantine, not before `at`, for this reason, as if it had come with the
/// day: nobody waits for it any more. `false` where the claim was lost.
pub fn put_off(
    conn: &mut Conn,
    job: &Job,
    at: DateTime<Utc>,
    error: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let again = Job {
        run_at: at,
        attempts: 0,
        priority: Priority::Night,
        error: Some(error.to_owned()),
        ..job.clone()
    };
    requeue(conn, &again, now)
}

/// A claimed job is put back as if it had not been begun, since its process ends; `false` where the claim was lost.
pub fn put_back(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> QueryResult<bool> {
    let again = Job {
        run_at: now,
        attempts: (job.attempts - 1).max(0),
        error: None,
        ..job.clone()
    };
    requeue(conn, &again, now)
}

/// The claimed job waits again, as it is given. Where another of the same company and lane waits already, that one does it.
fn requeue(conn: &mut Conn, again: &Job, now: DateTime<Utc>) -> QueryResult<bool> {
    while let Some(waiting) = waiting_in(conn, again.company_id, again.lane)? {
        let askers = [
            again.requested_by.as_deref(),
            waiting.requested_by.as_deref(),
        ];
        let both = Job {
            work: again.work.clone().absorb(&waiting.work, askers),
            priority: again.priority.min(waiting.priority),
            run_at: again.run_at.min(waiting.run_at),
            ..waiting.clone()
        };
        if become_both(conn, &waiting, &both)? {
            let instead = "The request that came meanwhile is done instead";
            let why = match &again.error {
                Some(error) => format!("{error}. {instead}"),
                None => instead.to_owned(),
            };
            return cancel_running(conn, again, &why, now);
        }
    }
    let changed = diesel::update(held(again.id, again.run_id.as_deref()))
        .set((
            dsl::state.eq(JobState::Queued.as_str()),
            dsl::run_at.eq(stamp(again.run_at)),
            dsl::attempts.eq(again.attempts),
            dsl::priority.eq(again.priority.number()),
            dsl::error.eq(again.error.as_deref()),
            dsl::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Asks a job that is being done to stop; `false` where it is not being done, or was asked already.
pub fn ask_to_stop(conn: &mut Conn, id: i64, who: &str) -> QueryResult<bool> {
    let running = dsl::jobs.filter(
        dsl::id
            .eq(id)
            .and(dsl::state.eq(JobState::Running.as_str()))
            .and(dsl::stop_by.is_null()),
    );
    let changed = diesel::update(running)
        .set(dsl::stop_by.eq(who))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The jobs of a process that were asked to stop: the row id, and who asked.
pub fn to_stop(conn: &mut Conn, process: &str) -> QueryResult<Vec<(i64, String)>> {
    let found: Vec<(i64, Option<String>)> = dsl::jobs
        .filter(sql::<Bool>(IS_RUNNING))
        .filter(dsl::process.eq(process).and(dsl::stop_by.is_not_null()))
        .select((dsl::id, dsl::stop_by))
        .load(conn)?;
    let known = |(id, who): (i64, Option<String>)| (id, who.unwrap_or_default());
    Ok(found.into_iter().map(known).collect())
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
        freed += usize::from(if let Some(who) = &job.stop_by {
            cancel_running(conn, &job, &format!("Stopped by {who}"), now)?
        } else if job.attempts >= most {
            let error = format!("{ended}, {most} times");
            fail_for_good(conn, &job, &error, now)?
        } else {
            retry_at(conn, &job, now, ended, now)?
        });
    }
    Ok(freed)
}
