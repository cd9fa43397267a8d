//! A second opinion of what a run must come to, written from `behaviour.md` alone: simple, slow, and without a line of the
//! engine's. It says of every contact of a company how it has to look afterwards.

mod fields;
mod finding;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use rollcall::model::{Company, Filter, Target};
use rollcall::simulator::graph::{GroupData, SkuData, UserData};

use super::seen::Seen;
use finding::Found;
use people::{Standing, standing};

/// A link in force: user, contact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    pub user: String,
    pub contact: String,
}

/// Everything that the rules look at.
#[derive(Clone)]
pub struct Facts {
    pub users: Vec<UserData>,
    pub groups: Vec<GroupData>,
    pub skus: Vec<SkuData>,
    pub company: Company,
    pub connectwise: bool,
    /// Whether the default flag of an existing Email item can be moved.
    pub flag_moves: bool,
    /// The connection's default contact type.
    pub default_type: Option<String>,
    pub contacts: BTreeMap<String, Seen>,
    pub ties: Vec<Tie>,
    pub ignored: BTreeSet<String>,
    pub dismissed: BTreeSet<String>,
    pub hold: BTreeSet<String>,
    /// Users whose deactivation was approved and not yet carried out.
    pub approved: BTreeSet<String>,
    /// Users whose create left several contacts behind, with nobody to choose yet.
    pub unsettled: BTreeSet<String>,
}

/// What a run must come to.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Every contact that there is, as it has to be afterwards.
    pub contacts: BTreeMap<String, Seen>,
    /// Contacts to be made, by user; without ids.
    pub made: BTreeMap<String, Seen>,
    /// Links in force afterwards, those to made contacts left out.
    pub ties: BTreeSet<Tie>,
    /// Users for whom a person has to decide.
    pub conflicts: BTreeSet<String>,
    /// Who waits in the hold afterwards.
    pub held: BTreeSet<String>,
    /// Who would be deactivated, held or not: user and contact.
    pub leaving: BTreeMap<String, String>,
    /// Contacts of which the order of an approval and of another run decides whether they are deactivated.
    pub may_leave: BTreeSet<String>,
}

impl Expected {
    /// Whether a run has nothing to write.
    pub fn is_quiet(&self, facts: &Facts) -> bool {
        self.made.is_empty() && self.contacts == facts.contacts
    }
}

/// Judges a company.
pub fn expect(facts: &Facts) -> Expected {
    let contacts = &facts.contacts;
    let mut expected = Expected {
        contacts: contacts.clone(),
        ..Expected::default()
    };
    let ties: Vec<&Tie> = facts.ties.iter().collect();
    let (in_force, _gone): (Vec<&Tie>, Vec<&Tie>) = ties
        .into_iter()
        .partition(|tie| contacts.contains_key(&tie.contact));
    let tie_of = |user: &str| in_force.iter().find(|tie| tie.user == user);
    let listed: BTreeSet<&str> = facts.users.iter().map(|user| user.id.as_str()).collect();

    let mut scope = Vec::new();
    for user in &facts.users {
        if standing(user) == Standing::Active
            && !facts.ignored.contains(&user.id)
            && let Some(target) = people::target(user, facts)
        {
            scope.push((user, target));
        }
    }
    let users: Vec<&UserData> = scope.iter().map(|(user, _)| *user).collect();
    let finding = finding::find(facts, &users, &in_force);
    let mut moved: BTreeSet<&str> = BTreeSet::new();
    for (user, target) in &scope {
        let wanted = fields::wanted(user, facts, target);
        match &finding.found[&user.id] {
            Found::Conflict => {
                expected.conflicts.insert(user.id.clone());
                expected
                    .ties
                    .extend(tie_of(&user.id).map(|tie| (*tie).clone()));
            }
            Found::Missing => {
                let made = fields::made(user, facts, &wanted);
                expected.made.insert(user.id.clone(), made);
            }
            Found::Contact(id) => {
                if let Some(old) = in_force
                    .iter()
                    .find(|tie| tie.contact == *id && tie.user != user.id)
                {
                    moved.insert(&old.user);
                }
                expected.ties.insert(Tie {
                    user: user.id.clone(),
                    contact: id.clone(),
                });
                let contact = expected.contacts.get_mut(id).unwrap();
                if facts.company.update_existing {
                    contact.active = true;
                    fields::apply(contact, user, facts, &wanted);
                }
            }
        }
    }
    // Everybody else with a link: hands off, or a leaver.
    for tie in &in_force {
        if moved.contains(tie.user.as_str()) {
            continue;
        }
        if users.iter().any(|user| user.id == tie.user) {
            continue;
        }
        expected.ties.insert((*tie).clone());
        let user = facts.users.iter().find(|user| user.id == tie.user);
        let leaves = match user {
            Some(user) => standing(user) == Standing::Leaver,
            None => !listed.contains(tie.user.as_str()),
        };
        if leaves
            && facts.company.update_existing
            && contacts[&tie.contact].active
            && !facts.ignored.contains(&tie.user)
            && !facts.dismissed.contains(&tie.user)
            && !finding.contested.contains(&tie.contact)
        {
            expected
                .leaving
                .insert(tie.user.clone(), tie.contact.clone());
        }
    }
    let linked_active = in_force
        .iter()
        .filter(|tie| contacts[&tie.contact].active)
        .count();
    let stays_open = facts
        .hold
        .iter()
        .any(|user| expected.leaving.contains_key(user));
    if stays_open || is_held(facts, expected.leaving.len(), linked_active) {
        hold(facts, &mut expected, linked_active);
    } else {
        for contact in expected.leaving.values() {
            expected.contacts.get_mut(contact).unwrap().active = false;
        }
    }
    expected
}

/// Holds who leaves, except whom a technician approved: they go. An approval is carried out before or after another run of the
/// same night: who joins the hold with that one may be meant by it too, and where nobody else is left in the hold it closes,
/// and the guard decides anew.
fn hold(facts: &Facts, expected: &mut Expected, linked_active: usize) {
    let waits = |user: &&String| facts.hold.contains(*user);
    let approved = |user: &&String| facts.approved.contains(*user);
    let leaving = expected.leaving.keys();
    let rest = leaving.clone().filter(|user| !approved(user)).count();
    // A run before may have made or activated contacts.
    let new = expected.ties.iter().filter(|tie| {
        let known = facts.ties.contains(tie) && facts.contacts[&tie.contact].active;
        !known
    });
    let at_most = linked_active + new.count() + expected.made.len();
    let mut still = leaving.clone().filter(waits).peekable();
    let closes = still.peek().is_some() && still.all(|user| approved(&user));
    let anew = closes && !is_held(facts, rest, at_most);
    for (user, contact) in &expected.leaving {
        if approved(&user) && waits(&user) {
            expected.contacts.get_mut(contact).unwrap().active = false;
            continue;
        }
        expected.held.insert(user.clone());
        if approved(&user) || anew {
            expected.may_leave.insert(contact.clone());
        }
    }
}

/// Section 8, in whole numbers.
fn is_held(facts: &Facts, leaving: usize, linked_active: usize) -> bool {
    let guard = facts.company.guard;
    let above_floor = leaving > guard.floor as usize;
    let above_percent = leaving * 100 > guard.percent as usize * linked_active;
    leaving > 0
        && ((above_floor && above_percent) || (leaving >= 2 && leaving * 2 >= linked_active))
}

/// Where the first filter that holds puts a user: the site and the contact type that count.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub site: Option<String>,
    pub contact_type: Option<String>,
}

fn place(filter: Option<&Filter>, facts: &Facts) -> Option<Place> {
    let default_site = facts.company.default_site.as_ref();
    let default_site = default_site.map(|site| site.id.to_string());
    let (site, of) = match filter.map(|filter| &filter.target) {
        None => (None, None),
        Some(Target::Exclude) => return None,
        Some(Target::Place { site, contact_type }) => (
            site.as_ref().map(|site| site.id.to_string()),
            contact_type.as_ref().map(|of| of.id.to_string()),
        ),
    };
    Some(Place {
        site: site.or(default_site),
        contact_type: of
            .or_else(|| facts.default_type.clone())
            .filter(|_| facts.connectwise),
    })
}
