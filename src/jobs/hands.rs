//! The jobs that the loop has in hand: each can be asked to stop, and one that hangs is dropped, which a run survives as it
//! survives the end of its process.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{AbortHandle, JoinSet};

use super::carry_out;
use super::claiming::Taken;
use crate::app::App;
use crate::db::{DbError, jobs, runs};
use crate::sync::stop::{Stopper, stop};

/// A job in which nobody was written for so long hangs: a PSA's budget is an hour's, and every wait has an end before that.
const LONGEST: TimeDelta = TimeDelta::hours(2);

/// What is in hand.
#[derive(Default)]
pub(super) struct Hands {
    tasks: JoinSet<i64>,
    /// By the job's row id.
    of: HashMap<i64, Hand>,
}

struct Hand {
    /// The id of the run.
    run: String,
    /// How far it was when that was last looked at, and when.
    seen: (Option<(i64, i64)>, DateTime<Utc>),
    stopper: Stopper,
    task: AbortHandle,
}

impl Hands {
    /// Takes a job in hand.
    pub(super) fn take(&mut self, app: &App, taken: Taken) {
        let (id, begun, app) = (taken.job.id, app.clock().now(), app.clone());
        let run = taken.job.run_id.clone().unwrap_or_default();
        let (stopper, stop) = stop();
        let task = self.tasks.spawn(async move {
            if let Err(error) = carry_out(&app, taken, Some(&stop)).await {
                tracing::error!(job.id = id, %error, "Could not write down how a job ended");
            }
            id
        });
        let hand = Hand {
            run,
            seen: (None, begun),
            stopper,
            task,
        };
        self.of.insert(id, hand);
    }

    /// Waits until one of them is over; `None` where there is none.
    pub(super) async fn one_over(&mut self) -> Option<()> {
        if let Ok(id) = self.tasks.join_next().await? {
            self.of.remove(&id);
        }
        Some(())
    }

    /// Passes on who is asked to stop, and drops what hangs.
    pub(super) async fn look_after(&mut self, app: &App) -> Result<(), DbError> {
        let now = app.clock().now();
        let mut hang = Vec::new();
        for (id, hand) in &mut self.of {
            if now - hand.seen.1 <= LONGEST {
                continue;
            }
            let run = hand.run.clone();
            let far = app
                .db()
                .read(move |conn| runs::progress(conn, &run))
                .await?;
            if far == hand.seen.0 {
                hang.push(*id);
            } else {
                hand.seen = (far, now);
            }
        }
        for id in hang {
            if let Some(hand) = self.of.remove(&id) {
                tracing::error!(job.id = id, "A job hangs, and is dropped");
                hand.task.abort();
            }
        }
        if self.of.is_empty() {
            return Ok(());
        }
        let process = app.db().process_id().to_owned();
        let asked = app.db().read(move |conn| jobs::to_stop(conn, &process));
        for (id, _) in asked.await? {
            if let Some(hand) = self.of.get(&id) {
                hand.stopper.stop();
            }
        }
        Ok(())
    }
}
