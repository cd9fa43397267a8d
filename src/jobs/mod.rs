//! What is done in the background: [`work`] is the loop and [`step`] does one job. A job is asked for in a transaction
//! ([`enqueue_run`] and its sisters), claimed by one process for a lease, and done by the file of its kind. What a run does is
//! `runs`' and `sync`'s.

mod ask;
mod claiming;
mod hands;
pub mod preview;
mod run;
pub mod schedule;
mod undo;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tracing::Instrument;

pub use ask::{
    AFTER_A_SAVE, DOUBLE_CLICK, enqueue_approval, enqueue_expected, enqueue_preview, enqueue_run,
    follow_a_save,
};
pub use run::TRANSIENT;
pub use undo::enqueue as enqueue_undo;

use crate::app::App;
use crate::db::DbError;
use crate::db::jobs::{self, Job, Work};
use crate::runs;
use crate::sync::stop::Stop;
use crate::sync::turn::Turn;
use claiming::{Renewing, Taken};
use hands::Hands;

/// Who waits for a job looks again after this: another process may have asked for one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The timetables are looked at so often.
const SCHEDULE_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// So many old jobs are removed at a time.
const OLD_AT_ONCE: i64 = 200;
/// A job that a connection failed waits so long at least.
const AFTER_A_QUARANTINE: TimeDelta = TimeDelta::minutes(1);
/// A job is begun so often at most.
pub const MOST_ATTEMPTS: i64 = 5;

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done.
    Done,
    /// Failed for good: a sentence for people.
    Failed(String),
    /// To be tried again, after `pause` at first, then twice as long each time: why, as a sentence for people.
    Again {
        /// Why.
        why: String,
        /// The first pause.
        pause: TimeDelta,
    },
    /// A person has to mend a connection: it waits until that is out of quarantine. Why, as a sentence for people.
    Quarantined(String),
    /// Interrupted, because the program ends, or somebody asked for it.
    Interrupted,
    /// Not wanted any more: why.
    Cancelled(String),
}

impl Ended {
    /// For the log, which must not have a vendor's own words: they may name people.
    const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Again { .. } => "again",
            Self::Quarantined(_) => "quarantined",
            Self::Interrupted => "interrupted",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

/// Does jobs until the program is asked to end, and those in hand are over; and asks for the daily runs that are due.
pub async fn work(app: &App) {
    let mut hands = Hands::default();
    let mut schedule = None;
    while look(app, &mut hands, &mut schedule).await {}
}

/// Looks at the timetables, and removes jobs that were over long ago, where that was not done lately.
async fn look_at_the_schedule(app: &App, looked: &mut Option<DateTime<Utc>>) {
    let now = app.clock().now();
    // A clock that was set back is no reason to wait for it.
    let lately = looked.is_some_and(|at| at <= now && now - at < SCHEDULE_AGAIN);
    if lately {
        return;
    }
    *looked = Some(now);
    if let Err(error) = schedule::tick(app).await {
        tracing::error!(%error, "Could not look at the schedule");
    }
    let removed = app
        .db()
        .write(move |conn| jobs::remove_old(conn, OLD_AT_ONCE, now));
    if let Err(error) = removed.await {
        tracing::error!(%error, "Could not remove old jobs");
    }
}

/// Takes one job in hand, or waits for a reason to look again; `false`: the program ends, and nothing is in hand.
async fn look(app: &App, hands: &mut Hands, schedule: &mut Option<DateTime<Utc>>) -> bool {
    app.jobs().turn(app.clock().now());
    if app.stop().asked() {
        while hands.one_over().await.is_some() {}
        return false;
    }
    look_at_the_schedule(app, schedule).await;
    if let Err(error) = hands.look_after(app).await {
        tracing::error!(%error, "Could not look who is to stop");
    }
    match claiming::claim(app).await {
        Ok(Some(taken)) => {
            hands.take(app, taken);
            return true;
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "Could not look for jobs"),
    }
    tokio::select! {
        () = app.jobs().rung() => {}
        () = app.clock().sleep(LOOK_AGAIN) => {}
        () = app.stop().wait() => {}
        Some(()) = hands.one_over() => {}
    }
    true
}

/// Does the job that comes next; `false` where none is due.
///
/// # Errors
/// Where the database fails.
pub async fn step(app: &App) -> Result<bool, DbError> {
    let Some(taken) = claiming::claim(app).await? else {
        return Ok(false);
    };
    carry_out(app, taken, None).await?;
    Ok(true)
}

/// Does a job; `stop`: whether it alone is asked to stop.
async fn carry_out(app: &App, taken: Taken, stop: Option<&Stop>) -> Result<(), DbError> {
    let Taken { job, turn } = taken;
    let renewing = Renewing::start(app, job.clone());
    let begins = turn.as_ref().filter(|turn| turn.is_first());
    let psa = begins.and_then(|turn| Turn::psa_of(turn.name()));
    let span = tracing::info_span!("job", job.id = job.id, run.id = job.run_id);
    let whole = async {
        if let Some(psa) = psa {
            runs::refresh_budget(app, psa).await;
        }
        // Boxed for its type, too: nested futures of a whole run are more than the compiler follows.
        let ended = contained(perform(app, &job, stop).boxed()).await;
        drop(renewing);
        settle(app, job.clone(), ended).await
    };
    let settled = whole.instrument(span).await;
    runs::give_back(turn).await;
    settled
}

async fn perform(app: &App, job: &Job, stop: Option<&Stop>) -> Ended {
    let done = match &job.work {
        Work::Run(asked) => run::run(app, job, asked, stop).await,
        Work::Preview => preview::preview(app, job, stop).await,
        Work::Undo(asked) => undo::undo(app, job, asked, stop).await,
    };
    done.unwrap_or_else(|error| Ended::Again {
        why: format!("Rollcall's own database failed: {error}"),
        pause: TimeDelta::minutes(1),
    })
}

/// Lets a panic fail the one job in which it happens.
pub async fn contained(work: impl Future<Output = Ended>) -> Ended {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_panic| {
        Ended::Failed("The program met a mistake of its own: its log says more".to_owned())
    })
}

/// Writes down how a job ended.
async fn settle(app: &App, job: Job, ended: Ended) -> Result<(), DbError> {
    tracing::info!(
        job.id = job.id,
        run.id = job.run_id,
        attempts = job.attempts,
        how = ended.word(),
        "Job ended"
    );
    let mut tries = 0;
    loop {
        let (job, ended, now) = (job.clone(), ended.clone(), app.clock().now());
        let id = job.id;
        let written = app.db().write(move |conn| match &ended {
            Ended::Done => jobs::finish(conn, &job, now),
            Ended::Again { why, pause } if job.attempts < MOST_ATTEMPTS => {
                let grown = *pause * 2_i32.pow(exponent(job.attempts));
                jobs::retry_at(conn, &job, now + grown, why, now)
            }
            Ended::Failed(why) | Ended::Again { why, .. } => {
                jobs::fail_for_good(conn, &job, why, now)
            }
            // The quarantine says when; the pause is for one that ended in this moment.
            Ended::Quarantined(why) => {
                jobs::put_off(conn, &job, now + AFTER_A_QUARANTINE, why, now)
            }
            Ended::Interrupted => match jobs::get(conn, job.id)?.and_then(|job| job.stop_by) {
                Some(who) => jobs::cancel_running(conn, &job, &format!("Stopped by {who}"), now),
                None => jobs::put_back(conn, &job, now),
            },
            Ended::Cancelled(why) => jobs::cancel_running(conn, &job, why, now),
        });
        match written.await {
            Ok(true) => return Ok(()),
            Ok(false) => {
                tracing::warn!(job.id = id, "Another process took this job over");
                return Ok(());
            }
            // The same was asked for in this moment.
            Err(error) if error.is_taken() && tries < MOST_ATTEMPTS => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn exponent(attempts: i64) -> u32 {
    u32::try_from(attempts.clamp(1, MOST_ATTEMPTS) - 1).unwrap_or_default()
}
