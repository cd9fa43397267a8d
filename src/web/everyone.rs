//! Everyone of tenant and PSA as one list: how each stands, from the last reading and the plan that it makes. It words and
//! sorts; what a person's line is was decided by the plan.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::holders::Holders;
use crate::model::{Action, Contact, ContactId, User, UserId, reason_for_people, text};
use crate::sync::plan::{Person, Plan};
use crate::sync::report;
use crate::sync::route::Destination;
use crate::sync::select;
use crate::sync::snapshot::{Licences, Snapshot};
use crate::sync::standing::{Counts, Standing, owned};

/// Somebody of either side.
pub struct Someone<'a> {
    /// How they stand.
    pub standing: Standing,
    /// The name; empty where nobody knows it.
    pub name: Cow<'a, str>,
    /// User principal name, or the contact's email.
    pub address: &'a str,
    who: Who<'a>,
}

enum Who<'a> {
    Planned(&'a Person),
    Aside(&'a User, String),
    Contact(&'a Contact),
}

/// Somebody as a table shows them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Line {
    /// The word of the standing.
    pub standing: String,
    /// The rest of the address of their page below the company's.
    pub page: String,
    /// The name.
    pub name: String,
    /// User principal name, or the contact's email.
    pub address: String,
    /// What the next run does; empty where nothing.
    pub action: String,
    /// The contact's name, or its number.
    pub contact: String,
    /// The contact's number in the PSA.
    pub number: String,
    /// Its page there; empty where its address is not known.
    pub link: String,
    /// The site's name.
    pub site: String,
    /// The filter's label.
    pub filter: String,
    /// Why.
    pub reason: String,
}

/// Everyone of a company.
pub struct Everyone<'a> {
    /// Everyone.
    pub all: Vec<Someone<'a>>,
    snapshot: &'a Snapshot,
    plan: &'a Plan,
    contacts: HashMap<&'a ContactId, &'a Contact>,
    /// Made when a contact of nobody is first put into words.
    holders: OnceCell<Holders<'a>>,
}

impl<'a> Everyone<'a> {
    /// Puts both sides together.
    pub fn new(snapshot: &'a Snapshot, plan: &'a Plan) -> Self {
        let mut all = Vec::with_capacity(snapshot.users.len() + snapshot.contacts.len());
        let mut planned: HashSet<&UserId> = HashSet::with_capacity(plan.people.len());
        for person in &plan.people {
            planned.insert(&person.user_id);
            all.push(Someone {
                standing: Standing::of(person, snapshot),
                name: Cow::Borrowed(&person.name),
                address: &person.upn,
                who: Who::Planned(person),
            });
        }
        let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
        for user in &snapshot.users {
            if !planned.contains(&user.id) {
                let ignored = snapshot.ignored.contains(&user.id);
                let activity = select::select(user, &licences);
                let (standing, why) = Standing::aside(ignored, &activity);
                all.push(Someone {
                    standing,
                    name: Cow::Borrowed(user.display_name.as_deref().unwrap_or_default().trim()),
                    address: &user.upn,
                    who: Who::Aside(user, why),
                });
            }
        }
        let owned = owned(plan);
        for contact in &snapshot.contacts {
            if !owned.contains(&contact.id) {
                all.push(Someone {
                    standing: Standing::OnlyInPsa,
                    name: Cow::Owned(contact_name(contact)),
                    address: contact.email.as_deref().unwrap_or_default(),
                    who: Who::Contact(contact),
                });
            }
        }
        let contacts = snapshot.contacts.iter().map(|one| (&one.id, one)).collect();
        Self {
            all,
            snapshot,
            plan,
            contacts,
            holders: OnceCell::new(),
        }
    }

    /// How many stand how.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for someone in &self.all {
            counts[someone.standing as usize] += 1;
        }
        counts
    }

    /// Keeps those whose name or address contains the text.
    pub fn search(&mut self, wanted: &str) {
        let wanted = text::folded(wanted);
        if wanted.is_empty() {
            return;
        }
        self.all.retain(|one| {
            text::folded(&one.name).contains(&*wanted)
                || text::folded(one.address).contains(&*wanted)
        });
    }

    /// Keeps those whom the filter at this position takes; positions begin with 0.
    pub fn taken_by(&mut self, filter: u32) {
        self.all.retain(|one| match &one.who {
            Who::Planned(person) => person.trace.route.as_ref().is_some_and(|route| {
                matches!(route.to, Destination::Placed(at) | Destination::Excluded(at) if at == filter)
            }),
            Who::Aside(..) | Who::Contact(_) => false,
        });
    }

    /// Orders them by name, or by how they stand first.
    pub fn sort(&mut self, by_standing: bool) {
        self.all.sort_by_cached_key(|one| {
            let name = if one.name.is_empty() {
                one.address
            } else {
                &one.name
            };
            let first = by_standing.then_some(one.standing);
            (
                first,
                text::folded(name).into_owned(),
                one.address.to_owned(),
            )
        });
    }

    /// Somebody in words.
    pub fn line(&self, someone: &Someone<'_>) -> Line {
        let mut line = Line {
            standing: someone.standing.as_str().into(),
            name: someone.name.to_string(),
            address: someone.address.into(),
            ..Line::default()
        };
        match &someone.who {
            Who::Planned(person) => {
                line.page = format!("people/{}", segment(person.user_id.as_str()));
                if !matches!(
                    someone.standing,
                    Standing::InSync | Standing::OutOfScope | Standing::Ignored
                ) && person.action != Action::Unchanged
                {
                    line.action = person.action.as_str().into();
                }
                let contact = person.contact.as_ref();
                let known = contact.and_then(|id| self.contacts.get(id));
                line.contact = match (known, contact) {
                    (Some(known), _) => named(known),
                    (None, Some(id)) => id.to_string(),
                    (None, None) => String::new(),
                };
                line.number = contact.map(ToString::to_string).unwrap_or_default();
                line.site = match (&person.site, known) {
                    (Some(site), _) => site.name.clone(),
                    (None, Some(contact)) => self.site(contact),
                    (None, None) => String::new(),
                };
                line.filter = person.filter.clone().unwrap_or_default();
                line.reason = reason_for_people(&report::reason(&person.reason)).into_owned();
            }
            Who::Aside(user, why) => {
                line.page = format!("people/{}", segment(user.id.as_str()));
                line.reason.clone_from(why);
            }
            Who::Contact(contact) => {
                line.page = format!("contacts/{}", segment(contact.id.as_str()));
                line.contact = contact.id.to_string();
                line.number = contact.id.to_string();
                line.site = self.site(contact);
                let holders = self
                    .holders
                    .get_or_init(|| Holders::of(self.snapshot, self.plan));
                let mut reason = holders.why(contact);
                if !contact.active {
                    reason.push_str(", and it is inactive");
                }
                line.reason = reason;
            }
        }
        line
    }

    fn site(&self, contact: &Contact) -> String {
        let site = contact.site.as_ref();
        site.map(|id| self.snapshot.rules.site_name(id))
            .unwrap_or_default()
    }
}

/// First and last name of a contact.
pub fn contact_name(contact: &Contact) -> String {
    let names = [&contact.first_name, &contact.last_name];
    let names = names.into_iter().flatten().map(|name| name.trim());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    names.join(" ")
}

/// A contact's name, or its email, or its number.
pub fn named(contact: &Contact) -> String {
    let name = contact_name(contact);
    if !name.is_empty() {
        return name;
    }
    match contact.email.as_deref().map(str::trim) {
        Some(email) if !email.is_empty() => email.to_owned(),
        _ => contact.id.to_string(),
    }
}

/// A text as one part of an address.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let mut segment = String::new();
    for byte in text.bytes() {
        if plain(byte) {
            segment.push(char::from(byte));
        } else {
            use std::fmt::Write;
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}
