//! Jobs: what is done in the background, asked for in the same transaction as the change that asks. Of a company's jobs in one
//! lane, one waits and one is done at a time. Who lives, and what a job does, others know.

mod claim;
mod next;
mod old;
mod work;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

pub use claim::{
    ask_to_stop, cancel, cancel_all, cancel_running, cancel_waiting, claim, fail_for_good, finish,
    free_dead, hands, put_back, put_off, renew, retry_at, to_stop,
};
pub use next::{Next, Reach, has_run, in_hand, next};
pub use old::remove_old;
pub use work::{AskedUndo, JobState, Lane, Priority, RunWork, Undos, Work};

use super::Conn;
use super::schema::jobs::{self, dsl};
use super::types::{Json, Word, json, stamp};

/// A run that follows a save begins at most so long after the first of several saves.
pub const LONGEST_AFTER_A_SAVE: TimeDelta = TimeDelta::minutes(5);

/// A job that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The company's row id; `None`: of no company, and then nothing that waits is the same.
    pub company_id: Option<i64>,
    /// What is to be done.
    pub work: Work,
    /// How urgent it is.
    pub priority: Priority,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// Who asks.
    pub requested_by: Option<String>,
}

/// A job as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Row id.
    pub id: i64,
    /// The company's row id.
    pub company_id: Option<i64>,
    /// What is to be done.
    pub work: Work,
    /// The lane that it waits in.
    pub lane: Lane,
    /// How urgent it is.
    pub priority: Priority,
    /// How far it is.
    pub state: JobState,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// So often it was begun since it was asked for.
    pub attempts: i64,
    /// The process that does it, or did it last.
    pub process: Option<String>,
    /// Then it is free, if its process does not renew it.
    pub lease_until: Option<DateTime<Utc>>,
    /// The id of the run or preview that it last began: a new one each time that it is claimed.
    pub run_id: Option<String>,
    /// Who asked.
    pub requested_by: Option<String>,
    /// Why it failed, waits again, or is not wanted any more.
    pub error: Option<String>,
    /// When it was first asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last begun.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who asked it to stop while it was done.
    pub stop_by: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct Row {
    id: i64,
    company_id: Option<i64>,
    lane: Word<Lane>,
    payload: Json<Work>,
    priority: i64,
    state: Word<JobState>,
    run_at: NaiveDateTime,
    attempts: i64,
    process: Option<String>,
    lease_until: Option<NaiveDateTime>,
    run_id: Option<String>,
    requested_by: Option<String>,
    error: Option<String>,
    created_at: NaiveDateTime,
    started_at: Option<NaiveDateTime>,
    finished_at: Option<NaiveDateTime>,
    stop_by: Option<String>,
}

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        let time = |at: Option<NaiveDateTime>| at.map(|at| at.and_utc());
        Self {
            id: row.id,
            company_id: row.company_id,
            work: row.payload.0,
            lane: row.lane.0,
            priority: Priority::of(row.priority),
            state: row.state.0,
            run_at: row.run_at.and_utc(),
            attempts: row.attempts,
            process: row.process,
            lease_until: time(row.lease_until),
            run_id: row.run_id,
            requested_by: row.requested_by,
            error: row.error,
            created_at: row.created_at.and_utc(),
            started_at: time(row.started_at),
            finished_at: time(row.finished_at),
            stop_by: row.stop_by,
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// A job was made for it: its row id.
    New(i64),
    /// A job that was there already does it: its row id.
    Waiting(i64),
}

impl Enqueued {
    /// The row id of the job that does it.
    pub const fn id(self) -> i64 {
        match self {
            Self::New(id) | Self::Waiting(id) => id,
        }
    }
}

/// Asks for a job, in the transaction that this runs in. One of the same company and lane that waits already does both: at the
/// earlier time, with the lower priority; several saves move it, at most to [`LONGEST_AFTER_A_SAVE`] after the first.
pub fn enqueue(conn: &mut Conn, new: &NewJob, now: DateTime<Utc>) -> QueryResult<Enqueued> {
    loop {
        if let Some(id) = insert(conn, new, now)? {
            return Ok(Enqueued::New(id));
        }
        if let Some(waiting) = waiting_in(conn, new.company_id, new.work.lane())?
            && join(conn, &waiting, new)?
        {
            return Ok(Enqueued::Waiting(waiting.id));
        }
        // It was claimed or changed in this moment.
    }
}

/// `None`: one waits already.
fn insert(conn: &mut Conn, new: &NewJob, now: DateTime<Utc>) -> QueryResult<Option<i64>> {
    let values = (
        dsl::kind.eq(new.work.kind()),
        dsl::company_id.eq(new.company_id),
        dsl::lane.eq(new.work.lane().as_str()),
        dsl::payload.eq(json(&new.work)?),
        dsl::priority.eq(new.priority.number()),
        dsl::state.eq(JobState::Queued.as_str()),
        dsl::run_at.eq(stamp(new.run_at)),
        dsl::attempts.eq(0_i64),
        dsl::requested_by.eq(new.requested_by.as_deref()),
        dsl::created_at.eq(stamp(now)),
    );
    // `each!`: an insert that gives way.
    each!(conn => diesel::insert_into(dsl::jobs)
        .values(values)
        .on_conflict_do_nothing()
        .returning(dsl::id)
        .get_result(conn)
        .optional())
}

/// Lets the job that waits do the new one too; `false` where it changed meanwhile.
fn join(conn: &mut Conn, waiting: &Job, new: &NewJob) -> QueryResult<bool> {
    let saves = waiting.priority == Priority::Save && new.priority == Priority::Save;
    let run_at = if saves && waiting.attempts == 0 {
        let latest = waiting.created_at + LONGEST_AFTER_A_SAVE;
        waiting.run_at.max(new.run_at.min(latest))
    } else {
        waiting.run_at.min(new.run_at)
    };
    let more_urgent = new.priority <= waiting.priority && new.requested_by.is_some();
    let askers = [waiting.requested_by.as_deref(), new.requested_by.as_deref()];
    let both = Job {
        work: waiting.work.clone().absorb(&new.work, askers),
        priority: new.priority.min(waiting.priority),
        run_at,
        // Whoever asks anew wants it tried anew.
        attempts: 0,
        requested_by: if more_urgent {
            new.requested_by.clone()
        } else {
            waiting.requested_by.clone()
        },
        ..waiting.clone()
    };
    become_both(conn, waiting, &both)
}

/// Lets the job that waits become one that does for another request too; `false` where it changed since it was seen.
fn become_both(conn: &mut Conn, waiting: &Job, both: &Job) -> QueryResult<bool> {
    let unchanged = dsl::jobs.filter(
        dsl::id
            .eq(waiting.id)
            .and(dsl::state.eq(JobState::Queued.as_str()))
            .and(dsl::payload.eq(json(&waiting.work)?))
            .and(dsl::run_at.eq(stamp(waiting.run_at)))
            .and(dsl::priority.eq(waiting.priority.number())),
    );
    let changed = diesel::update(unchanged)
        .set((
            dsl::payload.eq(json(&both.work)?),
            dsl::priority.eq(both.priority.number()),
            dsl::run_at.eq(stamp(both.run_at)),
            dsl::attempts.eq(both.attempts),
            dsl::requested_by.eq(both.requested_by.as_deref()),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

fn waiting_in(conn: &mut Conn, company: Option<i64>, lane: Lane) -> QueryResult<Option<Job>> {
    let Some(company) = company else {
        return Ok(None);
    };
    let row = dsl::jobs
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::lane.eq(lane.as_str()))
                .and(dsl::state.eq(JobState::Queued.as_str())),
        )
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The job of this row id.
pub fn get(conn: &mut Conn, id: i64) -> QueryResult<Option<Job>> {
    let row = dsl::jobs
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// A job that this person asked for by a click since then, and that does the same: a second click is no second wish.
pub fn clicked(conn: &mut Conn, new: &NewJob, since: DateTime<Utc>) -> QueryResult<Option<i64>> {
    let alive = [JobState::Queued, JobState::Running, JobState::Done].map(JobState::as_str);
    let found: Vec<(i64, Json<Work>)> = dsl::jobs
        .filter(
            dsl::company_id
                .eq(new.company_id)
                .and(dsl::lane.eq(new.work.lane().as_str()))
                .and(dsl::requested_by.eq(new.requested_by.as_deref()))
                .and(dsl::priority.eq(Priority::Click.number()))
                .and(dsl::state.eq_any(alive))
                .and(dsl::run_at.ge(stamp(since)))
                .and(dsl::run_at.le(stamp(new.run_at))),
        )
        .select((dsl::id, dsl::payload))
        .order(dsl::id.desc())
        .load(conn)?;
    let mut same = found.into_iter().filter(|(_, work)| work.0 == new.work);
    Ok(same.next().map(|(id, _)| id))
}

/// The job of a company in this lane that was asked for last.
pub fn latest_of(conn: &mut Conn, company: i64, lane: Lane) -> QueryResult<Option<Job>> {
    let row = dsl::jobs
        .filter(dsl::company_id.eq(company).and(dsl::lane.eq(lane.as_str())))
        .select(Row::as_select())
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// A company's jobs that wait, in the order in which they come.
pub fn waiting(conn: &mut Conn, company: i64) -> QueryResult<Vec<Job>> {
    of_state(conn, company, JobState::Queued)
}

/// A company's jobs that are being done.
pub fn running(conn: &mut Conn, company: i64) -> QueryResult<Vec<Job>> {
    of_state(conn, company, JobState::Running)
}

fn of_state(conn: &mut Conn, company: i64, state: JobState) -> QueryResult<Vec<Job>> {
    let rows = dsl::jobs
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::state.eq(state.as_str())),
        )
        .select(Row::as_select())
        .order((dsl::priority, dsl::run_at, dsl::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The jobs of all companies that wait or are being done, in the order in which they come.
pub fn unfinished(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Job>> {
    let alive = [JobState::Queued, JobState::Running].map(JobState::as_str);
    let rows = dsl::jobs
        .filter(dsl::state.eq_any(alive))
        .select(Row::as_select())
        .order((dsl::state.desc(), dsl::priority, dsl::run_at, dsl::id))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many jobs wait or are being done.
pub fn count_unfinished(conn: &mut Conn) -> QueryResult<i64> {
    let alive = [JobState::Queued, JobState::Running].map(JobState::as_str);
    dsl::jobs
        .filter(dsl::state.eq_any(alive))
        .count()
        .get_result(conn)
}

/// The last jobs that failed for good, newest first.
pub fn list_failed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Job>> {
    let rows = dsl::jobs
        .filter(dsl::state.eq(JobState::Failed.as_str()))
        .select(Row::as_select())
        .order(dsl::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The jobs that were asked for last, newest first.
pub fn recent(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Job>> {
    let rows = dsl::jobs
        .select(Row::as_select())
        .order(dsl::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
