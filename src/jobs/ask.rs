//! How jobs are asked for: each wish as one job, within the caller's transaction. Whoever asks wakes the workers of this
//! process once it is committed (`app.jobs().wake()`); those of others look by themselves.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;

use crate::db::Conn;
use crate::db::holds::Signed;
use crate::db::jobs::{self, Enqueued, NewJob, Priority, RunWork, Work};
use crate::db::quarantines;
use crate::model::{Mode, UserId};
use crate::runs;

/// A run follows a save after this, so that several saves make one run; at most
/// [`jobs::LONGEST_AFTER_A_SAVE`] after the first of them.
pub const AFTER_A_SAVE: TimeDelta = TimeDelta::minutes(2);
/// The same click of the same person within this is a double click, even where the first has begun or is done.
pub const DOUBLE_CLICK: TimeDelta = TimeDelta::seconds(3);

/// Asks for an update or a resync of a company: at once, or, with [`Priority::Save`], after [`AFTER_A_SAVE`]; one in quarantine
/// waits for that alone, so that whoever mends its connection sees soon whether it works.
///
/// # Errors
/// Where the database fails.
pub fn enqueue_run(
    conn: &mut Conn,
    company: i64,
    mode: Mode,
    priority: Priority,
    requested_by: &str,
    now: DateTime<Utc>,
) -> QueryResult<Enqueued> {
    let run = RunWork {
        mode,
        approved: [].into(),
        approvers: Vec::new(),
        note: None,
        expect: None,
    };
    let mut new = new_job(company, Work::Run(run), requested_by, now);
    new.priority = priority;
    match priority {
        Priority::Click => click(conn, &new, now),
        Priority::Save => {
            if !quarantines::concern(conn, company)? {
                new.run_at = now + AFTER_A_SAVE;
            }
            jobs::enqueue(conn, &new, now)
        }
        Priority::Night => jobs::enqueue(conn, &new, now),
    }
}

/// Has an update follow a save of a company: what whoever saves calls in the transaction of the save, with the company's row id.
pub fn follow_a_save(
    requested_by: &str,
    now: DateTime<Utc>,
) -> impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static {
    let by = requested_by.to_owned();
    move |conn, company| {
        enqueue_run(conn, company, Mode::Update, Priority::Save, &by, now).map(drop)
    }
}

/// Asks for an update that does what the preview of this digest showed, or nothing.
///
/// # Errors
/// Where the database fails.
pub fn enqueue_expected(
    conn: &mut Conn,
    company: i64,
    digest: &str,
    requested_by: &str,
    now: DateTime<Utc>,
) -> QueryResult<Enqueued> {
    let run = RunWork {
        mode: Mode::Update,
        approved: [].into(),
        approvers: Vec::new(),
        note: None,
        expect: Some(digest.to_owned()),
    };
    let new = new_job(company, Work::Run(run), requested_by, now);
    click(conn, &new, now)
}

/// Asks for the deactivation of these people of the company's open hold, and writes down for each of them who approved it, with
/// the note. The run deactivates those who wait still when it begins.
///
/// # Errors
/// Where the database fails.
pub fn enqueue_approval(
    conn: &mut Conn,
    company: i64,
    approved: impl IntoIterator<Item = UserId>,
    signed: &Signed,
    now: DateTime<Utc>,
) -> QueryResult<Enqueued> {
    let approved: BTreeSet<UserId> = approved.into_iter().collect();
    let run = RunWork {
        mode: Mode::Approval,
        approved: approved.clone(),
        approvers: vec![signed.clone()],
        note: None,
        expect: None,
    };
    let new = new_job(company, Work::Run(run), &signed.staff, now);
    if let Some(id) = jobs::clicked(conn, &new, now - DOUBLE_CLICK)? {
        return Ok(Enqueued::Waiting(id));
    }
    runs::sign(conn, company, |user| approved.contains(user), signed, now)?;
    jobs::enqueue(conn, &new, now)
}

/// Asks for a preview of an update, which replaces the company's last one.
///
/// # Errors
/// Where the database fails.
pub fn enqueue_preview(
    conn: &mut Conn,
    company: i64,
    requested_by: &str,
    now: DateTime<Utc>,
) -> QueryResult<Enqueued> {
    let new = new_job(company, Work::Preview, requested_by, now);
    // One that has begun may have read what was changed since: only one that waits is the same.
    jobs::enqueue(conn, &new, now)
}

pub(super) fn new_job(company: i64, work: Work, requested_by: &str, now: DateTime<Utc>) -> NewJob {
    NewJob {
        company_id: Some(company),
        work,
        priority: Priority::Click,
        run_at: now,
        requested_by: Some(requested_by.to_owned()),
    }
}

pub(super) fn click(conn: &mut Conn, new: &NewJob, now: DateTime<Utc>) -> QueryResult<Enqueued> {
    match jobs::clicked(conn, new, now - DOUBLE_CLICK)? {
        Some(id) => Ok(Enqueued::Waiting(id)),
        None => jobs::enqueue(conn, new, now),
    }
}
