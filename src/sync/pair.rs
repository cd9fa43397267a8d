//! Which contact is a user's: `behaviour.md` section 4. Pure; no order of users or contacts matters.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::search::{Holder, Search};
use super::snapshot::Snapshot;
use super::ties::Ties;
use crate::model::{ContactId, LinkMade, UserId};

/// By which step a contact was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The link.
    Link,
    /// The default email.
    Address,
    /// Another email.
    OtherAddress,
    /// Another address of the user.
    Alias,
}

impl Step {
    /// How a link made by this step is remembered.
    pub const fn made(self) -> LinkMade {
        match self {
            Self::Link => LinkMade::Hand,
            Self::Address => LinkMade::Address,
            Self::OtherAddress => LinkMade::OtherAddress,
            Self::Alias => LinkMade::Alias,
        }
    }
}

/// What the search found for one user in scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// This contact (position in the snapshot), by this step. The link of a deleted user that is taken over with it.
    Found {
        /// Position in the snapshot's contacts.
        contact: usize,
        /// By which step.
        step: Step,
        /// Row id of the link that moves to the user.
        taken_over: Option<i64>,
    },
    /// No contact.
    Missing,
    /// A person has to decide.
    Conflict(Conflict),
}

/// Why nobody but a person can decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// What kind of doubt it is.
    pub why: Doubt,
    /// The step that found it; `None`: after all steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The contacts concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactId>,
    /// The other users concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
}

/// Kinds of doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Several contacts fit the user.
    SeveralContacts,
    /// Several users fit the contact.
    SeveralUsers,
    /// The contact was contested on an earlier step.
    Contested,
    /// Another user in scope has the same address.
    SharedAddress,
    /// An earlier run's create left several contacts behind.
    Unsettled,
}

/// The outcome of the search for the whole company.
#[derive(Debug)]
pub struct Pairs {
    /// One for each user that was asked for, in the same order.
    pub users: Vec<Pairing>,
    /// For each contact, whether it is contested.
    pub contested: Vec<bool>,
    /// Positions of links whose contact is gone.
    pub forgotten: Vec<usize>,
    /// Positions of links that another user took over.
    pub taken_over: HashSet<usize>,
}

/// Finds the contacts of the users in scope, given as positions in the snapshot's users.
pub fn pair(snapshot: &Snapshot, ties: &Ties<'_>, scope: &[usize]) -> Pairs {
    let mut holders = vec![Holder::Nobody; snapshot.contacts.len()];
    let mut forgotten = Vec::new();
    for (link, contact) in ties.contact_of.iter().enumerate() {
        match *contact {
            None => forgotten.push(link),
            Some(contact) if ties.deleted[link] => {
                if holders[contact] == Holder::Nobody {
                    holders[contact] = Holder::Deleted(link);
                }
            }
            Some(contact) => holders[contact] = Holder::Present,
        }
    }
    let unsettled = unsettled(snapshot, ties, &holders);
    let mut contested = vec![false; snapshot.contacts.len()];
    for &contact in unsettled.values().flatten() {
        contested[contact] = true;
    }
    let mut search = Search {
        snapshot,
        scope,
        addresses: Vec::new(),
        found: vec![None; scope.len()],
        holders,
        contested,
        taken_over: HashSet::new(),
    };
    for (slot, &user) in scope.iter().enumerate() {
        if let Some(contact) = ties.contact_of_user(user) {
            search.found[slot] = Some(Pairing::Found {
                contact,
                step: Step::Link,
                taken_over: None,
            });
        } else if let Some(left) = unsettled.get(&snapshot.users[user].id) {
            search.found[slot] = Some(Pairing::Conflict(Conflict {
                why: Doubt::Unsettled,
                step: None,
                contacts: left
                    .iter()
                    .map(|&at| snapshot.contacts[at].id.clone())
                    .collect(),
                users: Vec::new(),
            }));
        }
    }
    if search.found.iter().any(Option::is_none) {
        search.by_emails();
    }
    let users = search
        .found
        .into_iter()
        .map(|found| found.unwrap_or(Pairing::Missing))
        .collect();
    Pairs {
        users,
        contested: search.contested,
        forgotten,
        taken_over: search.taken_over,
    }
}

/// The creates that left several contacts behind, as far as a person still has to choose: not where the user has a link
/// or is ignored by now, and not where fewer than two of the contacts exist and are linked to nobody. Whether the user
/// is in scope does not matter: the contacts are nobody else's to take.
fn unsettled<'a>(
    snapshot: &'a Snapshot,
    ties: &Ties<'_>,
    holders: &[Holder],
) -> HashMap<&'a UserId, Vec<usize>> {
    let linked = |user: &UserId| {
        let mut links = snapshot.links.iter().zip(&ties.contact_of);
        links.any(|(link, contact)| link.user_id == *user && contact.is_some())
    };
    let settled = |user: &UserId| snapshot.ignored.contains(user) || linked(user);
    snapshot
        .unsettled
        .iter()
        .filter(|(user, _)| !settled(user))
        .filter_map(|(user, left)| {
            let mut left: Vec<usize> = left
                .iter()
                .filter_map(|id| ties.contacts.get(id).copied())
                .filter(|&contact| holders[contact] == Holder::Nobody)
                .collect();
            left.sort_unstable_by_key(|&at| &snapshot.contacts[at].id);
            left.dedup();
            (left.len() > 1).then_some((user, left))
        })
        .collect()
}
