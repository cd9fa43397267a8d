//! How fast the client may go by the database's hourly budget. It sends nothing and does not wait:
//! it says how long to.
//!
//! 10,000 requests in 60 minutes, shared by every integration of the tenant; the vendor itself
//! slows requests down from 50 % and from 75 %, and over 100 % refuses everybody's. Source: the
//! vendor's help, "REST thresholds and limits".

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::psa::Budget;

/// From here on a request waits, in percent.
const SLOW: u64 = 50;
/// From here on it waits longer.
const SLOWER: u64 = 75;
/// A reading of a budget that runs short is used for this long. Own requests are added to it;
/// others' are not known, and the window rolls on.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// After so many own requests it is read anew, however much is left: others may have used more.
const AGAIN: u64 = 500;

/// What the budget says of the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// It goes after this pause, and is counted.
    After(Duration),
    /// It is not sent.
    Stop(Budget),
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    /// What was read.
    read: Budget,
    /// When.
    at: DateTime<Utc>,
    /// The same with the own requests since then.
    budget: Budget,
    /// When it was last asked for.
    asked: DateTime<Utc>,
    /// So many own requests since then.
    own: u64,
}

impl Reading {
    fn reaches(&self, percent: u64) -> bool {
        self.budget.reaches(percent)
    }

    fn count(&mut self) {
        self.budget.used = self.budget.used.saturating_add(1);
        self.own = self.own.saturating_add(1);
    }
}

/// The last reading and the own requests since. Before the first reading it slows nobody down.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Option<Reading>>);

impl Meter {
    fn reading(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a reading of the budget. One that allows nothing cannot be meant and is forgotten.
    pub(super) fn read(&self, budget: Budget, now: DateTime<Utc>) {
        *self.reading() = (budget.allowed > 0).then_some(Reading {
            read: budget,
            at: now,
            budget,
            asked: now,
            own: 0,
        });
    }

    /// What was last read, and when.
    pub(super) fn known(&self) -> Option<(Budget, DateTime<Utc>)> {
        self.reading().map(|reading| (reading.read, reading.at))
    }

    /// Whether the budget runs short by a reading that is too old to slow down or stop by, or
    /// [`AGAIN`] requests were sent since; true once, the caller asks anew.
    pub(super) fn wants_reading(&self, now: DateTime<Utc>) -> bool {
        let mut reading = self.reading();
        let Some(reading) = reading.as_mut() else {
            return false;
        };
        let old = reading.reaches(SLOW) && now - reading.asked > FRESH;
        let wants = old || reading.own >= AGAIN;
        if wants {
            reading.asked = now;
            reading.own = 0;
        }
        wants
    }

    /// Counts a request that goes out besides those of [`Meter::pace`], such as a repetition.
    pub(super) fn count(&self) {
        if let Some(reading) = self.reading().as_mut() {
            reading.count();
        }
    }

    /// Whether the next request may go, and after which pause.
    pub(super) fn pace(&self) -> Pace {
        let mut reading = self.reading();
        let Some(reading) = reading.as_mut() else {
            return Pace::After(Duration::ZERO);
        };
        if reading.reaches(Budget::STOP) {
            return Pace::Stop(reading.budget);
        }
        let pause = if reading.reaches(SLOWER) {
            Duration::from_secs(1)
        } else if reading.reaches(SLOW) {
            Duration::from_millis(500)
        } else {
            Duration::ZERO
        };
        reading.count();
        Pace::After(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_769_826_600 + second, 0).unwrap()
    }

    #[test]
    fn the_pace_follows_the_vendors_tiers_and_counts_own_requests() {
        let meter = Meter::default();
        assert_eq!(meter.pace(), Pace::After(Duration::ZERO));
        let pause = |used| {
            meter.read(Budget { allowed: 100, used }, at(0));
            meter.pace()
        };
        assert_eq!(pause(49), Pace::After(Duration::ZERO));
        assert_eq!(meter.pace(), Pace::After(Duration::from_millis(500)));
        assert_eq!(pause(74), Pace::After(Duration::from_millis(500)));
        assert_eq!(meter.pace(), Pace::After(Duration::from_secs(1)));
        assert_eq!(pause(87), Pace::After(Duration::from_secs(1)));
        let full = Budget {
            allowed: 100,
            used: 88,
        };
        assert_eq!(meter.pace(), Pace::Stop(full));
        assert_eq!(full.left(), 0);
        let next = Budget { used: 87, ..full };
        assert_eq!(next.left(), 1, "the same border");
        meter.read(
            Budget {
                allowed: 0,
                used: 5,
            },
            at(0),
        );
        assert_eq!(meter.pace(), Pace::After(Duration::ZERO));
    }

    #[test]
    fn only_an_old_reading_of_a_short_budget_is_renewed_and_by_one_request() {
        let meter = Meter::default();
        assert!(!meter.wants_reading(at(0)));
        meter.read(
            Budget {
                allowed: 100,
                used: 50,
            },
            at(0),
        );
        assert!(!meter.wants_reading(at(60)));
        assert!(meter.wants_reading(at(61)));
        assert!(!meter.wants_reading(at(61)));
        meter.read(
            Budget {
                allowed: 100,
                used: 49,
            },
            at(0),
        );
        assert!(!meter.wants_reading(at(3600)));
        meter.count();
        assert!(meter.wants_reading(at(3600)));
    }

    #[test]
    fn after_every_500_requests_the_budget_is_read_anew() {
        let meter = Meter::default();
        let much = Budget {
            allowed: 10_000,
            used: 10,
        };
        meter.read(much, at(0));
        for _ in 0..2 {
            for _ in 0..500 {
                assert!(!meter.wants_reading(at(1)));
                meter.pace();
            }
            assert!(meter.wants_reading(at(1)));
            assert!(!meter.wants_reading(at(1)), "one request asks");
        }
        assert_eq!(meter.known(), Some((much, at(0))));
    }
}
