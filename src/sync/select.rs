//! Who is active, who is a leaver, and of whom nobody knows: `behaviour.md` section 1. Pure.

use serde::{Deserialize, Serialize};

use super::snapshot::Licences;
use crate::model::{LICENCE_REMOVED, SkuId, User};

/// What a user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Sign-in is enabled and this licence counts.
    Active(SkuId),
    /// Everybody else.
    Leaver(LeaverReason),
    /// Graph left a field out that decides: nothing is done.
    NoAnswer(Silence),
}

/// Why a user left: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaverReason {
    /// Graph does not know the user any more.
    Deleted,
    /// Sign-in is blocked.
    SignInBlocked,
    /// No licence counts.
    LicenceRemoved,
}

impl LeaverReason {
    /// The words of the plan and the history.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::SignInBlocked => "sign-in blocked",
            Self::LicenceRemoved => LICENCE_REMOVED,
        }
    }
}

/// What Graph did not say of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// `accountEnabled` is missing.
    Enabled,
    /// `assignedLicenses` is missing.
    Licences,
    /// A linked user is not in the list and was not looked up.
    User,
}

impl Silence {
    /// The field's name in Graph.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Enabled => "accountEnabled",
            Self::Licences => "assignedLicenses",
            Self::User => "the user",
        }
    }
}

/// Tells what a user of the list is.
pub fn select(user: &User, licences: &Licences) -> Activity {
    let Some(enabled) = user.enabled else {
        return Activity::NoAnswer(Silence::Enabled);
    };
    let Some(held) = &user.licences else {
        return Activity::NoAnswer(Silence::Licences);
    };
    if !enabled {
        return Activity::Leaver(LeaverReason::SignInBlocked);
    }
    match held.iter().find(|licence| licences.counts(licence)) {
        Some(licence) => Activity::Active(licence.clone()),
        None => Activity::Leaver(LeaverReason::LicenceRemoved),
    }
}

/// The field that the app may not be allowed to read, where every user is silent; `None` where all is well. Where
/// some lack the one field and the rest the other, it is the one that more users lack.
pub fn unreadable(users: &[User]) -> Option<Silence> {
    let silent = |user: &User| user.enabled.is_none() || user.licences.is_none();
    if users.is_empty() || !users.iter().all(silent) {
        return None;
    }
    let no_enabled = users.iter().filter(|user| user.enabled.is_none()).count();
    let no_licences = users.iter().filter(|user| user.licences.is_none()).count();
    Some(if no_enabled >= no_licences {
        Silence::Enabled
    } else {
        Silence::Licences
    })
}
