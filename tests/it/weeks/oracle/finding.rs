//! Which contact is whose: section 4.

use std::collections::{BTreeMap, BTreeSet};

use rollcall::simulator::graph::UserData;

use super::people::{address, addresses, folded};
use super::{Facts, Tie};
use crate::weeks::seen::Seen;

/// What was found for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Contact(String),
    Missing,
    Conflict,
}

/// What was found for everybody.
pub struct Finding {
    pub found: BTreeMap<String, Found>,
    pub contested: BTreeSet<String>,
}

struct Steps<'a> {
    facts: &'a Facts,
    ties: &'a [&'a Tie],
    /// Contacts that were found for somebody on an earlier step.
    taken: BTreeSet<String>,
    contested: BTreeSet<String>,
}

/// Finds the contacts of these users, all of them in scope.
pub fn find(facts: &Facts, users: &[&UserData], ties: &[&Tie]) -> Finding {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for user in users {
        if let Some(tie) = ties.iter().find(|tie| tie.user == user.id) {
            found.insert(user.id.clone(), Found::Contact(tie.contact.clone()));
        } else if facts.unsettled.contains(&user.id) {
            found.insert(user.id.clone(), Found::Conflict);
        }
    }
    let mut steps = Steps {
        facts,
        ties,
        taken: BTreeSet::new(),
        contested: BTreeSet::new(),
    };
    for step in 2..=4 {
        let open: Vec<&UserData> = users
            .iter()
            .copied()
            .filter(|user| !found.contains_key(&user.id))
            .collect();
        let candidates: BTreeMap<&str, BTreeSet<String>> = open
            .iter()
            .map(|user| (user.id.as_str(), steps.candidates(step, user)))
            .collect();
        let mut now_contested = BTreeSet::new();
        for (user, mine) in &candidates {
            if mine.is_empty() {
                continue;
            }
            let wanted_by_others = candidates
                .iter()
                .any(|(other, theirs)| other != user && !theirs.is_disjoint(mine));
            if mine.len() > 1 || wanted_by_others || !mine.is_disjoint(&steps.contested) {
                now_contested.extend(mine.iter().cloned());
                found.insert((*user).to_owned(), Found::Conflict);
            } else {
                let only = mine.first().unwrap().clone();
                steps.taken.insert(only.clone());
                found.insert((*user).to_owned(), Found::Contact(only));
            }
        }
        steps.contested.extend(now_contested);
    }
    let use_email = facts.company.use_email;
    for user in users {
        if found.contains_key(&user.id) {
            continue;
        }
        let own = folded(&address(user, use_email));
        let shared = users
            .iter()
            .any(|other| other.id != user.id && folded(&address(other, use_email)) == own);
        let end = if shared {
            Found::Conflict
        } else {
            Found::Missing
        };
        found.insert(user.id.clone(), end);
    }
    Finding {
        found,
        contested: steps.contested,
    }
}

impl Steps<'_> {
    fn candidates(&self, step: usize, user: &UserData) -> BTreeSet<String> {
        let own = folded(&address(user, self.facts.company.use_email));
        let mut others = addresses(user);
        others.remove(&own);
        let default = |contact: &Seen| contact.email.as_deref().map(folded);
        let further = |contact: &Seen| -> Vec<String> {
            contact.others.iter().map(|one| folded(one)).collect()
        };
        let fits = |contact: &Seen| match step {
            2 => default(contact).as_ref() == Some(&own),
            3 => further(contact).contains(&own),
            _ => default(contact)
                .into_iter()
                .chain(further(contact))
                .any(|email| others.contains(&email)),
        };
        let mut all: BTreeSet<String> = self
            .facts
            .contacts
            .values()
            .filter(|contact| !own.is_empty() && fits(contact))
            .filter(|contact| self.is_free(step, contact, user))
            .map(|contact| contact.id.clone())
            .collect();
        let active: Vec<String> = all
            .iter()
            .filter(|id| self.facts.contacts[*id].active)
            .cloned()
            .collect();
        if all.len() > 1
            && let [only] = &active[..]
        {
            all = [only.clone()].into();
        }
        all
    }

    fn is_free(&self, step: usize, contact: &Seen, user: &UserData) -> bool {
        if self.taken.contains(&contact.id) {
            return false;
        }
        let exists = |id: &str| self.facts.users.iter().any(|user| user.id == id);
        for tie in self.ties.iter().filter(|tie| tie.contact == contact.id) {
            if exists(&tie.user) || step > 2 {
                return false;
            }
        }
        if step == 2 {
            return true;
        }
        let Some(email) = contact.email.as_deref().map(folded) else {
            return true;
        };
        !self.facts.users.iter().any(|other| {
            let names = [
                Some(other.user_principal_name.as_str()),
                other.mail.as_deref(),
            ];
            other.id != user.id
                && names
                    .into_iter()
                    .flatten()
                    .any(|name| folded(name) == email)
        })
    }
}
