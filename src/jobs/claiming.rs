//! How this process gets a job and keeps it: it frees those of dead processes, claims the one that comes next, and renews it
//! while it works.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::MOST_ATTEMPTS;
use crate::app::App;
use crate::db::DbError;
use crate::db::jobs::{self, Job};

/// So long a job is a process's without being renewed: for a process that hangs.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// It is renewed so often.
const RENEWAL: Duration = Duration::from_mins(2);
/// Who finds a job that another process takes in the same moment looks so often at once.
const TRIES: usize = 5;

/// The job that comes next, as ours; `None` where none is due.
pub(super) async fn claim(app: &App) -> Result<Option<Job>, DbError> {
    free(app).await?;
    for _ in 0..TRIES {
        let now = app.clock().now();
        if !app.db().read(move |conn| jobs::due(conn, now)).await? {
            return Ok(None);
        }
        app.db().show_life().await?;
        let process = app.db().process_id().to_owned();
        let run_id = Uuid::now_v7().to_string();
        let claimed = app
            .db()
            .write(move |conn| jobs::claim(conn, &process, &run_id, now + LEASE, now))
            .await;
        match claimed {
            Ok(Some(job)) => return Ok(Some(job)),
            Ok(None) => {}
            Err(error) if error.is_taken() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
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
