//! How this process gets a job and keeps it: it frees those of dead processes, claims the one that comes next, and renews it
//! while it works.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::MOST_ATTEMPTS;
use crate::app::App;
use crate::db::jobs::{self, Job, Next, Reach};
use crate::db::{DbError, claims};
use crate::runs;
use crate::sync::turn::Turn;

/// So long a job is a process's without being renewed: for a process that hangs.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// It is renewed so often.
const RENEWAL: Duration = Duration::from_mins(2);
/// Who finds a job that another process takes in the same moment looks so often at once.
const TRIES: usize = 5;
/// So many runs are done at once; the clients keep each service's own limits …
const AT_ONCE: usize = 16;
/// … and so many of them on one PSA connection: a slow one leaves hands for the others.
const OF_A_CONNECTION: usize = 8;
/// Where all hands are busy, a connection that has none of them gets one: up to so many in all …
const AT_MOST: usize = 32;
/// … once other processes have had so long to take it, unless somebody waits for it.
const OTHERS_FIRST: TimeDelta = TimeDelta::seconds(10);
/// Previews have hands of their own, so many: who looks at one does not wait for the night.
const PREVIEWS: usize = 4;

/// A job in hand, and the turn of its PSA connection.
pub(super) struct Taken {
    pub(super) job: Job,
    pub(super) turn: Option<Turn>,
}

/// The job that comes next, as ours, with the turn of its PSA connection; `None` where none is due that we may take. What
/// another process works is left to that one.
pub(super) async fn claim(app: &App) -> Result<Option<Taken>, DbError> {
    free(app).await?;
    let Some((mut reach, mine)) = reach(app).await? else {
        return Ok(None);
    };
    let mut tries = 0;
    while tries < TRIES {
        let Some(next) = next(app, &reach, &mine).await? else {
            return Ok(None);
        };
        let mut turn = None;
        if let Some(psa) = next.psa {
            let place = (app.db(), app.clock());
            turn = Turn::try_take(app.turns(), place, psa).await?;
            if turn.is_none() {
                reach.but.push(psa);
                continue;
            }
        }
        if let Some(job) = take(app, next.id).await? {
            return Ok(Some(Taken { job, turn }));
        }
        runs::give_back(turn).await;
        tries += 1;
    }
    Ok(None)
}

/// Takes this job; `None` where another process was faster.
async fn take(app: &App, id: i64) -> Result<Option<Job>, DbError> {
    app.db().show_life().await?;
    let process = app.db().process_id().to_owned();
    let run_id = Uuid::now_v7().to_string();
    let now = app.clock().now();
    let claimed = app
        .db()
        .write(move |conn| jobs::claim(conn, id, (&process, &run_id), now + LEASE, now))
        .await;
    match claimed {
        Err(error) if error.is_taken() => Ok(None),
        claimed => claimed,
    }
}

/// What may be taken in hand, and the PSA connections that this process works; `None`: nothing. Passed over are the connections
/// that another process works, or is next at.
async fn reach(app: &App) -> Result<Option<(Reach, BTreeSet<i64>)>, DbError> {
    let (process, now) = (app.db().process_id().to_owned(), app.clock().now());
    let (in_hand, claims) = app
        .db()
        .read(move |conn| {
            // Who waits for a connection comes before its next job.
            let mut others = claims::of_others(conn, Turn::OF_PSAS, &process, now)?;
            others.extend(claims::of_others(conn, Turn::NEXT_AT_PSAS, &process, now)?);
            Ok((jobs::in_hand(conn, &process)?, others))
        })
        .await?;
    let mut reach = Reach::default();
    for (name, process) in claims {
        if let Some(psa) = Turn::psa_of(&name)
            && app.db().is_alive(&process).await?
        {
            reach.but.push(psa);
        }
    }
    let previews = in_hand.iter().filter(|psa| psa.is_none()).count();
    reach.runs_only = previews >= PREVIEWS;
    let mut mine: BTreeMap<i64, usize> = BTreeMap::new();
    for psa in in_hand.into_iter().flatten() {
        *mine.entry(psa).or_default() += 1;
    }
    let busy: usize = mine.values().sum();
    let full = busy >= AT_ONCE;
    let has_enough = |(_, hands): &(&i64, &usize)| full || **hands >= OF_A_CONNECTION;
    let enough = mine.iter().filter(has_enough).map(|(psa, _)| *psa);
    reach.but.extend(enough);
    if full {
        reach.due_since = Some(now - OTHERS_FIRST);
    }
    if busy >= AT_MOST {
        if reach.runs_only {
            return Ok(None);
        }
        reach.only = Some(Vec::new());
    }
    Ok(Some((reach, mine.into_keys().collect())))
}

/// The job that comes next. Of those that are as urgent, one of a connection that this process works comes first: the others
/// are left to other processes.
async fn next(app: &App, reach: &Reach, mine: &BTreeSet<i64>) -> Result<Option<Next>, DbError> {
    let now = app.clock().now();
    let (reach, mine) = (reach.clone(), mine.clone());
    app.db()
        .read(move |conn| {
            let first = jobs::next(conn, &reach, now)?;
            let Some(strange) = first.filter(|next| {
                let psa = next.psa.filter(|psa| !mine.contains(psa));
                psa.is_some() && !mine.is_empty()
            }) else {
                return Ok(first);
            };
            let ours = Reach {
                runs_only: true,
                only: Some(mine.into_iter().collect()),
                ..reach
            };
            let own = jobs::next(conn, &ours, now)?;
            Ok(own
                .filter(|own| own.priority == strange.priority)
                .or(Some(strange)))
        })
        .await
}

/// Jobs whose process is gone, or hangs, wait again.
async fn free(app: &App) -> Result<(), DbError> {
    let hands = app.db().read(jobs::hands).await?;
    let now = app.clock().now();
    let late = |(_, until): &(String, DateTime<Utc>)| *until < now;
    let mut needed = hands.iter().any(late);
    let mut dead = Vec::new();
    let processes: BTreeSet<String> = hands.into_iter().map(|(process, _)| process).collect();
    for process in processes {
        if !app.db().is_alive(&process).await? {
            needed = true;
            dead.push(process);
        }
    }
    if !needed {
        return Ok(());
    }
    let freed = app
        .db()
        .write(move |conn| jobs::free_dead(conn, &dead, MOST_ATTEMPTS, now))
        .await;
    match freed {
        Ok(freed) => {
            tracing::warn!(freed, "Jobs of a process that ended or hangs wait again");
            Ok(())
        }
        // The same was asked for in this moment: the next look frees them.
        Err(error) if error.is_taken() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Renews a job until it is dropped.
pub(super) struct Renewing(tokio::task::JoinHandle<()>);

impl Renewing {
    pub(super) fn start(app: &App, job: Job) -> Self {
        Self(tokio::spawn(renew(app.clone(), job)))
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn renew(app: App, job: Job) {
    loop {
        real_time(RENEWAL).await;
        if let Err(error) = app.db().show_life().await {
            tracing::warn!(%error, "Could not show that this process lives");
        }
        let (renewed, until) = (job.clone(), app.clock().now() + LEASE);
        match app
            .db()
            .write(move |conn| jobs::renew(conn, &renewed, until))
            .await
        {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => tracing::warn!(%error, job.id = job.id, "Could not renew a job"),
        }
    }
}

/// Renewal shows that this process lives, which is a matter of real time, also where a test sets the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a sign of life is sent in real time"
)]
async fn real_time(time: Duration) {
    tokio::time::sleep(time).await;
}
