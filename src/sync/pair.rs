//! Which contact is a user's: `behaviour.md` section 4. Pure; no order of users or contacts matters.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;
use super::ties::Ties;
use crate::model::{ContactId, LinkMade, User, UserId, text};

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

/// Who holds a contact before the steps begin.
#[derive(Clone, Copy, PartialEq)]
enum Holder {
    Nobody,
    /// A user that exists: no candidate for anybody else.
    Present,
    /// The link (position) of a deleted user.
    Deleted(usize),
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    scope: &'a [usize],
    addresses: Vec<Cow<'a, str>>,
    found: Vec<Option<Pairing>>,
    holders: Vec<Holder>,
    contested: Vec<bool>,
    taken_over: HashSet<usize>,
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

/// Positions of contacts by folded address.
type Index<'a> = HashMap<Cow<'a, str>, Vec<usize>>;

/// By folded address, up to two users (positions) whose UPN or `mail` it is.
type Owners<'a> = HashMap<Cow<'a, str>, (Option<usize>, Option<usize>)>;

impl<'a> Search<'a> {
    fn user(&self, slot: usize) -> &'a User {
        &self.snapshot.users[self.scope[slot]]
    }

    fn open(&self) -> Vec<usize> {
        (0..self.scope.len())
            .filter(|&slot| self.found[slot].is_none())
            .collect()
    }

    fn by_emails(&mut self) {
        let use_email = self.snapshot.rules.use_email;
        self.addresses = (0..self.scope.len())
            .map(|slot| self.user(slot).address(use_email))
            .collect();
        let asked: HashSet<Cow<'a, str>> = self
            .open()
            .into_iter()
            .flat_map(|slot| self.user(slot).addresses())
            .collect();
        let (mut defaults, mut others) = (Index::new(), Index::new());
        for (at, contact) in self.snapshot.contacts.iter().enumerate() {
            if let Some(email) = contact.email.as_deref().map(text::folded)
                && asked.contains(&email)
            {
                defaults.entry(email).or_default().push(at);
            }
            for email in contact.other_emails.iter().map(|email| text::folded(email)) {
                if asked.contains(&email) {
                    others.entry(email).or_default().push(at);
                }
            }
        }
        let none: &[usize] = &[];
        let at = |index: &Index<'a>, address: &str| {
            index.get(address).map_or(none, Vec::as_slice).to_vec()
        };
        self.step(Step::Address, &Owners::new(), |search, slot| {
            at(&defaults, &search.addresses[slot])
        });
        if self.found.iter().all(Option::is_some) {
            return;
        }
        let found = defaults.values().chain(others.values()).flatten().copied();
        let owners = self.owners(found);
        self.step(Step::OtherAddress, &owners, |search, slot| {
            at(&others, &search.addresses[slot])
        });
        self.step(Step::Alias, &owners, |search, slot| {
            let mut all = Vec::new();
            for address in search
                .user(slot)
                .addresses()
                .filter(|one| *one != search.addresses[slot])
            {
                all.extend(at(&defaults, &address));
                all.extend(at(&others, &address));
            }
            all
        });
        self.shared_addresses();
    }

    /// For each default email of these contacts, up to two users whose UPN or `mail` it is.
    fn owners(&self, contacts: impl Iterator<Item = usize>) -> Owners<'a> {
        let mut owners: Owners<'a> = contacts
            .filter_map(|at| self.snapshot.contacts[at].email.as_deref())
            .map(text::folded)
            .filter(|email| !email.is_empty())
            .map(|email| (email, (None, None)))
            .collect();
        for (at, user) in self.snapshot.users.iter().enumerate() {
            for address in [Some(user.upn.as_str()), user.mail.as_deref()]
                .into_iter()
                .flatten()
            {
                if let Some((first, second)) = owners.get_mut(&text::folded(address))
                    && *first.get_or_insert(at) != at
                {
                    *second = Some(at);
                }
            }
        }
        owners
    }

    /// One of the steps 2 to 4, for everybody who is still without an answer, together.
    fn step(
        &mut self,
        step: Step,
        owners: &Owners<'a>,
        candidates: impl Fn(&Self, usize) -> Vec<usize>,
    ) {
        let mut left: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut claims: HashMap<usize, Vec<usize>> = HashMap::new();
        for slot in self.open() {
            if self.addresses[slot].is_empty() {
                continue;
            }
            let mut fitting = candidates(self, slot);
            fitting.sort_unstable();
            fitting.dedup();
            fitting.retain(|&contact| self.is_candidate(step, contact, self.scope[slot], owners));
            if fitting.len() > 1 {
                let mut active = fitting
                    .iter()
                    .copied()
                    .filter(|&at| self.snapshot.contacts[at].active);
                if let (Some(only), None) = (active.next(), active.next()) {
                    fitting = vec![only];
                }
            }
            for &contact in &fitting {
                claims.entry(contact).or_default().push(slot);
            }
            if !fitting.is_empty() {
                left.push((slot, fitting));
            }
        }
        let mut contested = Vec::new();
        for (slot, fitting) in left {
            let shared = fitting.iter().any(|contact| claims[contact].len() > 1);
            let earlier = fitting.iter().any(|&contact| self.contested[contact]);
            let pairing = match fitting[..] {
                [contact] if !shared && !earlier => {
                    let taken_over = self.take(contact);
                    Pairing::Found {
                        contact,
                        step,
                        taken_over,
                    }
                }
                _ => {
                    let why = if fitting.len() > 1 {
                        Doubt::SeveralContacts
                    } else if shared {
                        Doubt::SeveralUsers
                    } else {
                        Doubt::Contested
                    };
                    let conflict = self.conflict(why, step, slot, &fitting, &claims);
                    contested.extend(fitting);
                    Pairing::Conflict(conflict)
                }
            };
            self.found[slot] = Some(pairing);
        }
        for contact in contested {
            self.contested[contact] = true;
        }
    }

    fn is_candidate(&self, step: Step, contact: usize, user: usize, owners: &Owners<'a>) -> bool {
        match self.holders[contact] {
            Holder::Present => return false,
            Holder::Deleted(_) if step != Step::Address => return false,
            Holder::Deleted(_) | Holder::Nobody => {}
        }
        if step == Step::Address {
            return true;
        }
        let Some(email) = self.snapshot.contacts[contact]
            .email
            .as_deref()
            .map(text::folded)
        else {
            return true;
        };
        match owners.get(&email) {
            None | Some((None, _)) => true,
            Some((Some(first), second)) => *first == user && second.is_none(),
        }
    }

    /// Gives the contact to its user; returns the row id of a deleted user's link that moves with it.
    fn take(&mut self, contact: usize) -> Option<i64> {
        match std::mem::replace(&mut self.holders[contact], Holder::Present) {
            Holder::Deleted(link) => {
                self.taken_over.insert(link);
                Some(self.snapshot.links[link].id)
            }
            Holder::Nobody | Holder::Present => None,
        }
    }

    fn conflict(
        &self,
        why: Doubt,
        step: Step,
        slot: usize,
        fitting: &[usize],
        claims: &HashMap<usize, Vec<usize>>,
    ) -> Conflict {
        let mut contacts: Vec<ContactId> = fitting
            .iter()
            .map(|&at| self.snapshot.contacts[at].id.clone())
            .collect();
        contacts.sort();
        let mut users: Vec<UserId> = fitting
            .iter()
            .flat_map(|contact| &claims[contact])
            .filter(|&&other| other != slot)
            .map(|&other| self.user(other).id.clone())
            .collect();
        users.sort();
        users.dedup();
        Conflict {
            why,
            step: Some(step),
            contacts,
            users,
        }
    }

    /// Two contacts with one address help nobody.
    fn shared_addresses(&mut self) {
        let open = self.open();
        if open.is_empty() {
            return;
        }
        let mut sharing: HashMap<Cow<'a, str>, Vec<usize>> = HashMap::new();
        for (slot, address) in self.addresses.iter().enumerate() {
            if !address.is_empty() {
                sharing.entry(address.clone()).or_default().push(slot);
            }
        }
        for slot in open {
            let Some(slots) = sharing
                .get(&self.addresses[slot])
                .filter(|slots| slots.len() > 1)
            else {
                continue;
            };
            let mut users: Vec<UserId> = slots
                .iter()
                .filter(|&&other| other != slot)
                .map(|&other| self.user(other).id.clone())
                .collect();
            users.sort();
            self.found[slot] = Some(Pairing::Conflict(Conflict {
                why: Doubt::SharedAddress,
                step: None,
                contacts: Vec::new(),
                users,
            }));
        }
    }
}
