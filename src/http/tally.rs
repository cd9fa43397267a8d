//! What this process asked of other systems since it began, for a monitor: how often each service answered with which status.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Service;

/// So often a service answered with a status; `None`: there was no answer.
pub type Answers = BTreeMap<(&'static str, Option<u16>), u64>;

/// The counts; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<Mutex<Answers>>);

impl Tally {
    pub(super) fn note(&self, service: Service, status: Option<u16>) {
        *self.counts().entry((service.word(), status)).or_default() += 1;
    }

    pub(super) fn answers(&self) -> Answers {
        self.counts().clone()
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
