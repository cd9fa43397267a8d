//! What a run is asked to do. Decides nothing.

use std::collections::HashSet;

use uuid::Uuid;

use super::stop::Stop;
use crate::db::holds::Signed;
use crate::model::{Mode, Undo, UserId};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What kind of run.
    pub mode: Mode,
    /// Whether it only plans: nothing is written to the PSA, and no hold is opened or changed.
    pub preview: bool,
    /// With [`Mode::Approval`]: the people whose deactivation a technician approved. Nothing else is applied.
    pub approved: HashSet<UserId>,
    /// The id that the run takes, a UUID that no run has; `None`: it makes one.
    pub run_id: Option<String>,
    /// Who asked for it, for the history.
    pub requested_by: Option<String>,
    /// The [digest](super::plan::Plan::digest) of the plan that was looked at: a run that would do anything else does nothing, and fails.
    pub expect: Option<String>,
    /// Whether a preview keeps what it read and planned, as a run does, so that pages show it.
    pub remember: bool,
    /// With [`Mode::Approval`]: who approved.
    pub signed: Option<Signed>,
    /// Whether this run alone is asked to stop.
    pub stop: Option<Stop>,
    /// With [`Mode::Undo`]: what is put back.
    pub undo: Option<Undo>,
}

impl Options {
    /// A run of this mode.
    pub fn new(mode: Mode, preview: bool) -> Self {
        Self {
            mode,
            preview,
            approved: HashSet::new(),
            run_id: None,
            requested_by: None,
            expect: None,
            remember: false,
            signed: None,
            stop: None,
            undo: None,
        }
    }

    /// A run that puts another run back.
    pub fn undoing(undo: Undo, preview: bool) -> Self {
        Self {
            undo: Some(undo),
            ..Self::new(Mode::Undo, preview)
        }
    }

    /// The id that the run takes.
    pub(super) fn id(&self) -> String {
        let given = self.run_id.clone();
        given.unwrap_or_else(|| Uuid::now_v7().to_string())
    }
}
