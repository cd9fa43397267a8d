//! The steps 2 to 4 of `behaviour.md` section 4: contacts are searched by addresses, for everybody together. Pure.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::pair::{Conflict, Doubt, Pairing, Step};
use super::snapshot::Snapshot;
use crate::model::{ContactId, User, UserId, text};

/// Who holds a contact before the steps begin.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holder {
    Nobody,
    /// A user that exists: no candidate for anybody else.
    Present,
    /// The link (position) of a deleted user.
    Deleted(usize),
}

pub(super) struct Search<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) scope: &'a [usize],
    pub(super) addresses: Vec<Cow<'a, str>>,
    pub(super) found: Vec<Option<Pairing>>,
    pub(super) holders: Vec<Holder>,
    pub(super) contested: Vec<bool>,
    pub(super) taken_over: HashSet<usize>,
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

    pub(super) fn by_emails(&mut self) {
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
