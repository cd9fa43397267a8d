//! The jobs that the loop has in hand: each can be asked to stop, and one that hangs is dropped, which a run survives as it
//! survives the end of its process.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{AbortHandle, JoinSet};

use super::carry_out;
use super::claiming::Taken;
use crate::app::App;
use crate::db::{DbError, jobs, runs};
use crate::sync::stop::{Stop, Stopper, stop};

/// A job in which nobody was written for so long hangs: a PSA's budget is an hour's, and every wait has an end before that.
const LONGEST: TimeDelta = TimeDelta::hours(2);

/// What is in hand.
#[derive(Default)]
pub(super) struct Hands {
    tasks: JoinSet<String>,
    /// By the id of the run: a job that was freed while its run hung, and was claimed again, is in two hands.
    of: HashMap<String, Hand>,
}

struct Hand {
    /// The job's row id.
    job: i64,
    /// How far it was when that was last looked at, and when.
    seen: (Option<(i64, i64)>, DateTime<Utc>),
    stopper: Stopper,
    task: AbortHandle,
}

impl Hands {
    /// Takes a job in hand.
    pub(super) fn take(&mut self, app: &App, taken: Taken) {
        let (job, begun, app) = (taken.job.id, app.clock().now(), app.clone());
        let run = taken.job.run_id.clone().unwrap_or_default();
        self.hold((job, run), begun, move |stop| async move {
            if let Err(error) = carry_out(&app, taken, Some(&stop)).await {
                tracing::error!(job.id = job, %error, "Could not write down how a job ended");
            }
        });
    }

    /// Does the work of a job's run, which can be asked to stop.
    fn hold<Work>(
        &mut self,
        (job, run): (i64, String),
        begun: DateTime<Utc>,
        work: impl FnOnce(Stop) -> Work,
    ) where
        Work: Future<Output = ()> + Send + 'static,
    {
        let (stopper, stop) = stop();
        let (work, id) = (work(stop), run.clone());
        let task = self.tasks.spawn(async move {
            work.await;
            id
        });
        let hand = Hand {
            job,
            seen: (None, begun),
            stopper,
            task,
        };
        self.of.insert(run, hand);
    }

    /// Waits until one of them is over; `None` where there is none.
    pub(super) async fn one_over(&mut self) -> Option<()> {
        match self.tasks.join_next().await? {
            Ok(run) => drop(self.of.remove(&run)),
            // The log has the panic; one that was dropped is in no hand any more.
            Err(ended) => self.of.retain(|_, hand| hand.task.id() != ended.id()),
        }
        Some(())
    }

    /// Passes on who is asked to stop, and drops what hangs.
    pub(super) async fn look_after(&mut self, app: &App) -> Result<(), DbError> {
        let now = app.clock().now();
        let mut hang = Vec::new();
        for (run, hand) in &mut self.of {
            if now - hand.seen.1 <= LONGEST {
                continue;
            }
            let id = run.clone();
            let far = app.db().read(move |conn| runs::progress(conn, &id)).await?;
            if far == hand.seen.0 {
                hang.push(run.clone());
            } else {
                hand.seen = (far, now);
            }
        }
        for run in hang {
            if let Some(hand) = self.of.remove(&run) {
                tracing::error!(job.id = hand.job, "A job hangs, and is dropped");
                hand.task.abort();
            }
        }
        if self.of.is_empty() {
            return Ok(());
        }
        let process = app.db().process_id().to_owned();
        let asked = app.db().read(move |conn| jobs::to_stop(conn, &process));
        for (job, _) in asked.await? {
            self.stop(job);
        }
        Ok(())
    }

    /// Asks whatever is done for a job to stop.
    fn stop(&self, job: i64) {
        for hand in self.of.values().filter(|hand| hand.job == job) {
            hand.stopper.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_was_claimed_again_is_asked_to_stop_after_its_first_run_is_over() {
        let mut hands = Hands::default();
        let (over, is_over) = tokio::sync::oneshot::channel::<()>();
        let begun = DateTime::UNIX_EPOCH;
        hands.hold((1, "first".into()), begun, move |_| async move {
            let _ = is_over.await;
        });
        hands.hold((1, "second".into()), begun, move |stop| async move {
            stop.wait().await;
        });
        over.send(()).unwrap();
        assert_eq!(hands.one_over().await, Some(()));
        hands.stop(1);
        let second = tokio::time::timeout(std::time::Duration::from_mins(1), hands.one_over());
        assert_eq!(second.await, Ok(Some(())));
        assert_eq!(hands.one_over().await, None);
        assert!(hands.of.is_empty());
    }
}
