//! Time comes in through here, so that tests set it by hand and never wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time and waits.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The computer's clock.
    pub fn real() -> Self {
        Self(None)
    }

    /// A clock that stands at `now` until it is moved; waiting moves it at once.
    pub fn set_at(now: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(now))))
    }

    /// The time in UTC, cut to microseconds, which both databases keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the computer's clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            None => Utc::now().trunc_subsecs(6),
            Some(set) => *set.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits. A clock set by hand moves itself on and does not wait.
    #[expect(clippy::disallowed_methods, reason = "this is the one home of waiting")]
    pub async fn sleep(&self, time: Duration) {
        if self.0.is_none() {
            tokio::time::sleep(time).await;
        } else {
            self.advance(time);
            tokio::task::yield_now().await;
        }
    }

    /// Moves a clock that was set by hand; a real clock stays as it is.
    pub fn advance(&self, time: Duration) {
        if let Some(set) = &self.0 {
            let mut now = set.lock().unwrap_or_else(PoisonError::into_inner);
            *now += chrono::TimeDelta::from_std(time).unwrap_or_default();
        }
    }
}
