//! What somebody wants put back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// A run that is to be put back, as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The run.
    pub run: String,
    /// The one person whose change is put back; `None`: everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whether runs leave these people alone from then on. Where the run is an undo itself: whether runs look again at
    /// those whom it left alone.
    pub ignoring: bool,
    /// What was shown, as keys of single fields: nothing else is put back. `None`: whatever can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<BTreeSet<String>>,
}
