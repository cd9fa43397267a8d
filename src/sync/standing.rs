//! How everybody of tenant and PSA stands, by the last reading and the plan that it makes, and how many stand how. Pure.

use std::collections::HashSet;

use serde::Serialize;

use super::plan::{Because, Person, Plan, Reason};
use super::report;
use super::select::{self, Activity, LeaverReason};
use super::snapshot::{Licences, Snapshot};
use crate::model::{Action, ContactId, User, UserId};

/// How somebody stands. In the order in which a technician looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The deactivation waits for a technician.
    Held,
    /// A person has to decide.
    Conflict,
    /// The next run does something.
    WillChange,
    /// Microsoft Graph does not say what decides.
    NoAnswer,
    /// The user left, and a technician dismissed the deactivation: the contact stays active.
    Kept,
    /// The user had a contact and left, and nothing is to be done.
    Leaver,
    /// A technician ignores the user.
    Ignored,
    /// No filter takes the user, or one excludes them.
    OutOfScope,
    /// The user is not active, and has no contact of ours: a room, an account without a licence.
    NotActive,
    /// A contact that is no user's.
    OnlyInPsa,
    /// Linked to a contact that differs, since existing contacts are not updated.
    NotUpdated,
    /// Nothing is to be done.
    InSync,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Held,
        Self::Conflict,
        Self::WillChange,
        Self::NoAnswer,
        Self::Kept,
        Self::Leaver,
        Self::Ignored,
        Self::OutOfScope,
        Self::NotActive,
        Self::OnlyInPsa,
        Self::NotUpdated,
        Self::InSync,
    ];

    /// The word of addresses and templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Conflict => "conflict",
            Self::WillChange => "will_change",
            Self::NoAnswer => "no_answer",
            Self::Kept => "kept",
            Self::Leaver => "leaver",
            Self::Ignored => "ignored",
            Self::OutOfScope => "out_of_scope",
            Self::NotActive => "not_active",
            Self::OnlyInPsa => "only_in_psa",
            Self::NotUpdated => "not_updated",
            Self::InSync => "in_sync",
        }
    }

    /// How a person of the snapshot's plan stands. Whom the guard would hold waits for nobody before a run has held them.
    pub fn of(person: &Person, snapshot: &Snapshot) -> Self {
        let hold = snapshot.hold.as_ref();
        if person.held && hold.is_some_and(|people| people.contains(&person.user_id)) {
            return Self::Held;
        }
        let left = matches!(person.trace.activity, Activity::Leaver(_));
        match (person.action, &person.reason) {
            (Action::Conflict, _) => Self::Conflict,
            (Action::OutOfScope, Reason::Ignored) => Self::Ignored,
            (Action::OutOfScope, _) => Self::OutOfScope,
            (Action::Unchanged, Reason::NoAnswer(_)) => Self::NoAnswer,
            (Action::Unchanged, Reason::LeftAlone(_, Because::Dismissed)) => Self::Kept,
            (Action::Unchanged, _) if left => Self::Leaver,
            (Action::Unchanged, Reason::NotUpdating) => Self::NotUpdated,
            (Action::Unchanged, _) => Self::InSync,
            _ => Self::WillChange,
        }
    }

    /// How a user stands who has no line in the plan: not active, and without a link.
    pub fn aside(ignored: bool, activity: &Activity) -> (Self, String) {
        match activity {
            _ if ignored => (Self::Ignored, report::reason(&Reason::Ignored)),
            Activity::NoAnswer(silence) => {
                (Self::NoAnswer, report::reason(&Reason::NoAnswer(*silence)))
            }
            // Nobody knows whether they ever had a licence.
            Activity::Leaver(LeaverReason::LicenceRemoved) => {
                (Self::NotActive, "no licence that counts".to_owned())
            }
            Activity::Leaver(why) => (Self::NotActive, why.as_str().to_owned()),
            Activity::Active(_) => (Self::OutOfScope, report::reason(&Reason::NoFilter)),
        }
    }
}

/// How many stand how, in the order of [`Standing::ALL`].
pub type Counts = [usize; Standing::ALL.len()];

/// How many of both sides stand how. For nobody of a company that is inactive in the PSA a run does anything.
pub fn counts(snapshot: &Snapshot, plan: &Plan) -> Counts {
    let mut counts = Counts::default();
    let mut planned: HashSet<&UserId> = HashSet::with_capacity(plan.people.len());
    for person in &plan.people {
        planned.insert(&person.user_id);
        counts[Standing::of(person, snapshot) as usize] += 1;
    }
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    for user in &snapshot.users {
        if !planned.contains(&user.id) {
            let ignored = snapshot.ignored.contains(&user.id);
            let (standing, _) = Standing::aside(ignored, &select::select(user, &licences));
            counts[standing as usize] += 1;
        }
    }
    let owned = owned(plan);
    let contacts = snapshot.contacts.iter();
    let nobodys = contacts.filter(|contact| !owned.contains(&contact.id));
    counts[Standing::OnlyInPsa as usize] += nobodys.count();
    if plan.company_inactive {
        counts[Standing::WillChange as usize] = 0;
    }
    counts
}

/// The contacts that are somebody's, or become somebody's with the next run.
pub fn owned(plan: &Plan) -> HashSet<&ContactId> {
    let people = plan.people.iter();
    people
        .filter(|person| person.action != Action::Conflict)
        .filter_map(|person| person.contact.as_ref())
        .collect()
}

/// How a user stands who has no line in the plan.
pub fn standing_aside(snapshot: &Snapshot, user: &User) -> Standing {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let ignored = snapshot.ignored.contains(&user.id);
    Standing::aside(ignored, &select::select(user, &licences)).0
}
