//! The count of a run's requests, and the end of them where the run has failed.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::error::Service;
use crate::clock::Clock;
use crate::model::Calls;

/// Counts the requests of one run.
#[derive(Debug, Default)]
pub struct Counter {
    login: AtomicU64,
    graph: AtomicU64,
    psa: AtomicU64,
    closed: AtomicBool,
    closing: Notify,
}

impl Counter {
    /// The count so far.
    pub fn calls(&self) -> Calls {
        Calls {
            login: self.login.load(Ordering::Relaxed),
            graph: self.graph.load(Ordering::Relaxed),
            psa: self.psa.load(Ordering::Relaxed),
        }
    }

    async fn closed(&self) {
        loop {
            let notified = self.closing.notified();
            if self.closed.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    fn count(&self, service: Service) {
        let cell = match service {
            Service::Login => &self.login,
            Service::Graph => &self.graph,
            Service::ConnectWise | Service::Autotask => &self.psa,
        };
        cell.fetch_add(1, Ordering::Relaxed);
    }
}

tokio::task_local! {
    static COUNTER: Arc<Counter>;
    static DEADLINE: DateTime<Utc>;
}

/// Runs a future whose requests (on its own task) leave before this time, or not at all: also those that wait for a place, or
/// that are tried again.
pub async fn before<F: Future>(deadline: DateTime<Utc>, future: F) -> F::Output {
    DEADLINE.scope(deadline, future).await
}

/// Whether the time by which requests had to leave is over.
pub(super) fn is_late(now: DateTime<Utc>) -> bool {
    DEADLINE
        .try_with(|deadline| *deadline <= now)
        .unwrap_or(false)
}

/// Runs a future whose requests (on its own task) count for this counter.
pub async fn counted<F: Future>(counter: Arc<Counter>, future: F) -> F::Output {
    COUNTER.scope(counter, future).await
}

/// Ends the requests of the run that this task works for: those under way are answered, waiting ends, and none begins any
/// more. So a run that failed stops at once, and every request that it sent is counted.
pub fn send_no_more() {
    let _ = COUNTER.try_with(|counter| {
        counter.closed.store(true, Ordering::Release);
        counter.closing.notify_waiters();
    });
}

pub(super) fn may_send() -> bool {
    !COUNTER
        .try_with(|counter| counter.closed.load(Ordering::Acquire))
        .unwrap_or(false)
}

/// Waits; not to the end where the run sends no more.
pub async fn pause(clock: &Clock, time: Duration) {
    match COUNTER.try_with(Arc::clone) {
        Ok(counter) => tokio::select! {
            () = clock.sleep(time) => {}
            () = counter.closed() => {}
        },
        Err(_) => clock.sleep(time).await,
    }
}

/// A request is about to leave: it counts for the run that this task works for.
pub(super) fn count(service: Service) {
    let _ = COUNTER.try_with(|counter| counter.count(service));
}
