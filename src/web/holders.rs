//! Whose address a contact has that is no user's: why nobody has the contact all the same. Words only; who gets which contact was
//! decided by the plan.

use std::collections::HashMap;

use crate::model::{Contact, User, UserId, text};
use crate::sync::plan::{Person, Plan};
use crate::sync::select;
use crate::sync::snapshot::{Licences, Snapshot};
use crate::sync::standing::Standing;

/// The users of a tenant by each of their addresses: user principal name, and how they stand.
pub struct Holders<'a>(HashMap<String, (&'a str, Standing)>);

impl<'a> Holders<'a> {
    /// Of everybody who was read.
    pub fn of(snapshot: &'a Snapshot, plan: &'a Plan) -> Self {
        let people = plan.people.iter();
        let planned: HashMap<&UserId, &Person> =
            people.map(|person| (&person.user_id, person)).collect();
        let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
        let mut all = HashMap::new();
        for user in &snapshot.users {
            let standing = if let Some(person) = planned.get(&user.id) {
                Standing::of(person, snapshot)
            } else {
                let ignored = snapshot.ignored.contains(&user.id);
                Standing::aside(ignored, &select::select(user, &licences)).0
            };
            for address in addresses(user) {
                all.entry(address).or_insert((user.upn.as_str(), standing));
            }
        }
        Self(all)
    }

    /// Why nobody has this contact.
    pub fn why(&self, contact: &Contact) -> String {
        let mut emails = contact.email.iter().chain(&contact.other_emails);
        let found = emails.find_map(|email| self.0.get(&*text::folded(email.trim())));
        let Some((upn, standing)) = found else {
            return "no user has this contact".into();
        };
        let why = match standing {
            Standing::OutOfScope => "is out of scope",
            Standing::Ignored => "is ignored",
            Standing::NotActive => "is not active",
            Standing::Kept | Standing::Leaver | Standing::Held => "left",
            Standing::NoAnswer => "is not known to be active",
            Standing::Conflict => "is in conflict",
            _ => "has another contact",
        };
        format!("not linked: {upn} has its address and {why}")
    }
}

fn addresses(user: &User) -> impl Iterator<Item = String> {
    let all = std::iter::once(&user.upn)
        .chain(&user.mail)
        .chain(&user.aliases);
    all.map(|one| text::folded(one.trim()).into_owned())
        .filter(|one| !one.is_empty())
}
