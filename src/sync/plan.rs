//! Everything that one run would do, decided before anything is written: `behaviour.md` sections 5 to 7. Pure: a plan is data.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::fields;
use super::guard::{self, Verdict};
use super::pair::{self, Conflict, Pairing, Pairs, Step};
use super::route::{Destination, Route, Router};
use super::select::{self, Activity, LeaverReason, Silence};
use super::snapshot::{Licences, Snapshot};
use super::ties::Ties;
use crate::model::filter::Named;
use crate::model::{
    Action, ContactId, Field, FieldChange, Filter, Link, LinkMade, SiteId, Target, Test, UserId,
    text,
};

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One line a person, ordered by user principal name and id.
    pub people: Vec<Person>,
    /// What the guard says of the deactivations.
    pub guard: Verdict,
    /// What a person should know.
    pub findings: Vec<Note>,
    /// Row ids of links whose contact is gone.
    pub forgotten: Vec<i64>,
    /// Dismissed people who are active again.
    pub active_again: Vec<UserId>,
    /// Whether the PSA's company is inactive, so that nothing may be written.
    pub company_inactive: bool,
    /// Users of the tenant, by what they are: active, leavers, no answer.
    pub read: Read,
}

/// How many were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Active users.
    pub active: usize,
    /// Users of the list who are leavers.
    pub leavers: usize,
    /// Contacts of the company.
    pub contacts: usize,
}

/// One person's line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The user.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// Name as displayed; empty where nobody knows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The contact concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The label of the filter that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Where the contact belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Named<SiteId>>,
    /// The fields that are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// What becomes of the link.
    pub link: Tie,
    /// Whether the guard holds it.
    #[serde(default)]
    pub held: bool,
    /// How it was decided.
    pub trace: Trace,
}

/// What becomes of a person's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// There is none, and none is made.
    None,
    /// It stays: its row id.
    Kept(i64),
    /// It is made when the person's turn comes.
    New(LinkMade),
    /// A deleted user's link (row id) moves to this user.
    TakenOver(i64, LinkMade),
}

/// Why an action was chosen; `report` has the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No contact was found.
    NoContact,
    /// The contact was found and nothing else is to be done.
    Found(Step),
    /// These fields differ.
    Differs(Vec<Field>),
    /// The contact is inactive and the user is active.
    Inactive,
    /// Nothing differs.
    Same,
    /// Fields differ, but existing contacts are not changed.
    NotUpdating,
    /// The user left.
    Left(LeaverReason),
    /// The user left, and nothing is done about it.
    LeftAlone(LeaverReason, Because),
    /// Graph did not say what decides.
    NoAnswer(Silence),
    /// A technician ignores the user.
    Ignored,
    /// A filter excludes the user.
    Excluded,
    /// No filter takes the user.
    NoFilter,
    /// Nobody but a person can decide.
    Conflict(Conflict),
}

/// Why nothing is done about a leaver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The contact is inactive already.
    ContactInactive,
    /// The contact is contested.
    Contested,
    /// Existing contacts are not changed.
    NotUpdating,
    /// A technician dismissed it.
    Dismissed,
}

/// How a person's line was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What the user is.
    pub activity: Activity,
    /// Which filter took them; `None` where no filter was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// By which step the contact was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// A finding as data; `report` has the words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A filter (label) names a licence that the tenant does not have.
    UnknownLicence(String, String),
    /// Graph did not say what decides about this user (UPN).
    NoAnswer(String, Silence),
    /// The deactivated contact of this user (UPN) is the company's main contact.
    MainContact(String, ContactId),
    /// The deactivated contact of this user (UPN) is the company's billing contact.
    BillingContact(String, ContactId),
    /// The company is inactive in the PSA.
    CompanyInactive,
}

/// Decides everything.
pub fn plan(snapshot: &Snapshot) -> Plan {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let router = Router::new(snapshot, &licences);
    let judged: Vec<Judged> = snapshot
        .users
        .iter()
        .map(|user| {
            let activity = select::select(user, &licences);
            let ignored = snapshot.ignored.contains(&user.id);
            let asked = !ignored && matches!(activity, Activity::Active(_));
            Judged {
                activity,
                ignored,
                route: asked.then(|| router.route(user)),
            }
        })
        .collect();
    let scope: Vec<usize> = (0..judged.len())
        .filter(|&at| judged[at].in_scope())
        .collect();
    let ties = Ties::new(snapshot);
    let pairs = pair::pair(snapshot, &ties, &scope);
    let mut planner = Planner::new(snapshot, &pairs, &ties);
    let mut pairings = pairs.users.iter();
    planner.count(&judged);
    for (at, judged) in judged.into_iter().enumerate() {
        if judged.in_scope() {
            if let Some(pairing) = pairings.next() {
                planner.in_scope(at, judged, pairing);
            }
        } else {
            planner.aside(at, judged);
        }
    }
    planner.not_in_the_list();
    planner.unknown_licences(&licences);
    planner.finish()
}

/// What is known of a user before contacts are looked at.
struct Judged {
    activity: Activity,
    ignored: bool,
    route: Option<Route>,
}

impl Judged {
    fn in_scope(&self) -> bool {
        self.route.as_ref().is_some_and(|route| route.to.in_scope())
    }
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    pairs: &'a Pairs,
    ties: &'a Ties<'a>,
    labels: Vec<String>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(snapshot: &'a Snapshot, pairs: &'a Pairs, ties: &'a Ties<'a>) -> Self {
        let labels = snapshot
            .rules
            .filters
            .iter()
            .enumerate()
            .map(|(at, filter)| filter.label(at))
            .collect();
        let mut plan = Plan {
            forgotten: pairs
                .forgotten
                .iter()
                .map(|&at| snapshot.links[at].id)
                .collect(),
            company_inactive: !snapshot.rules.company_active,
            people: Vec::with_capacity(snapshot.users.len()),
            ..Plan::default()
        };
        plan.read.contacts = snapshot.contacts.len();
        Self {
            snapshot,
            pairs,
            ties,
            labels,
            plan,
        }
    }

    fn filter_of(&self, route: Option<&Route>) -> Option<(&'a Filter, String)> {
        let index = route?.to.filter()?;
        Some((
            self.snapshot.rules.filters.get(index)?,
            self.labels.get(index)?.clone(),
        ))
    }

    /// An active user in scope: section 5.
    fn in_scope(&mut self, at: usize, judged: Judged, pairing: &Pairing) {
        let user = &self.snapshot.users[at];
        let rules = &self.snapshot.rules;
        let taken = self.filter_of(judged.route.as_ref());
        let (own_site, own_type) = match taken.as_ref().map(|(filter, _)| &filter.target) {
            Some(Target::Place { site, contact_type }) => (site.as_ref(), contact_type.as_ref()),
            _ => (None, None),
        };
        let site = own_site.or(rules.default_site.as_ref());
        let contact_type = own_type
            .or(rules.default_type.as_ref())
            .filter(|_| rules.contact_types.is_some());
        let mut person = Person {
            filter: taken.map(|(_, label)| label),
            site: site.cloned(),
            ..self.line(at, judged)
        };
        if self.snapshot.dismissed.contains(&user.id) {
            self.plan.active_again.push(user.id.clone());
        }
        match pairing {
            Pairing::Missing => {
                person.action = Action::Create;
                person.reason = Reason::NoContact;
                person.fields = fields::for_new(user, rules, site, contact_type);
                person.link = Tie::New(LinkMade::Created);
            }
            Pairing::Conflict(conflict) => {
                person.action = Action::Conflict;
                person.reason = Reason::Conflict(conflict.clone());
                person.contact = match &conflict.contacts[..] {
                    [only] => Some(only.clone()),
                    _ => None,
                };
            }
            Pairing::Found {
                contact,
                step,
                taken_over,
            } => {
                let contact = &self.snapshot.contacts[*contact];
                person.contact = Some(contact.id.clone());
                person.trace.step = Some(*step);
                let kept = self.link_in_force(at).map(|link| link.id);
                person.link = match (kept, taken_over) {
                    (_, Some(link)) => Tie::TakenOver(*link, step.made()),
                    (Some(link), None) if *step == Step::Link => Tie::Kept(link),
                    _ => Tie::New(step.made()),
                };
                let new = !matches!(person.link, Tie::Kept(_));
                let differing = fields::differing(user, contact, rules, site, contact_type);
                (person.action, person.reason) = if rules.update_existing && !contact.active {
                    (Action::Reactivate, Reason::Inactive)
                } else if rules.update_existing && !differing.is_empty() {
                    let named: BTreeSet<Field> =
                        differing.iter().map(|change| change.field).collect();
                    (Action::Update, Reason::Differs(named.into_iter().collect()))
                } else if new {
                    (Action::Link, Reason::Found(*step))
                } else if differing.is_empty() && contact.active {
                    (Action::Unchanged, Reason::Same)
                } else {
                    (Action::Unchanged, Reason::NotUpdating)
                };
                person.fields = match person.action {
                    Action::Reactivate => std::iter::once(fields::active(false, true))
                        .chain(differing)
                        .collect(),
                    Action::Update => differing,
                    _ => Vec::new(),
                };
            }
        }
        self.plan.people.push(person);
    }

    /// A user of the list who is not in scope: ignored, hands off, a leaver, or without an answer.
    fn aside(&mut self, at: usize, judged: Judged) {
        let user = &self.snapshot.users[at];
        let link = self.link_in_force(at);
        if matches!(judged.activity, Activity::Active(_))
            && self.snapshot.dismissed.contains(&user.id)
        {
            self.plan.active_again.push(user.id.clone());
        }
        if let Activity::NoAnswer(silence) = judged.activity {
            self.plan
                .findings
                .push(Note::NoAnswer(user.upn.clone(), silence));
        }
        let active = matches!(judged.activity, Activity::Active(_));
        if !active && link.is_none() {
            return;
        }
        let ignored = judged.ignored;
        let mut person = self.line(at, judged);
        if ignored {
            person.action = Action::OutOfScope;
            person.reason = Reason::Ignored;
        } else {
            match person.trace.activity {
                Activity::Active(_) => {
                    let route = person.trace.route.as_ref();
                    let excluded =
                        route.is_some_and(|route| matches!(route.to, Destination::Excluded(_)));
                    person.filter = self.filter_of(route).map(|(_, label)| label);
                    person.action = Action::OutOfScope;
                    person.reason = if excluded {
                        Reason::Excluded
                    } else {
                        Reason::NoFilter
                    };
                }
                Activity::NoAnswer(silence) => person.reason = Reason::NoAnswer(silence),
                Activity::Leaver(why) => {
                    if let Some(link) = link {
                        self.leaver(&mut person, link, why);
                    }
                }
            }
        }
        self.plan.people.push(person);
    }

    /// Linked users who are not in the list.
    fn not_in_the_list(&mut self) {
        let ties = self.ties;
        for &at in &ties.unlisted {
            if ties.contact_of[at].is_none() || self.pairs.taken_over.contains(&at) {
                continue;
            }
            let link = &self.snapshot.links[at];
            let deleted = ties.deleted[at];
            let activity = if deleted {
                Activity::Leaver(LeaverReason::Deleted)
            } else {
                Activity::NoAnswer(Silence::User)
            };
            let mut person = Person {
                user_id: link.user_id.clone(),
                upn: link.upn.clone(),
                name: String::new(),
                contact: Some(link.contact_id.clone()),
                action: Action::Unchanged,
                reason: Reason::NoAnswer(Silence::User),
                filter: None,
                site: None,
                fields: Vec::new(),
                link: Tie::Kept(link.id),
                held: false,
                trace: Trace {
                    activity,
                    route: None,
                    step: None,
                },
            };
            if self.snapshot.ignored.contains(&link.user_id) {
                person.action = Action::OutOfScope;
                person.reason = Reason::Ignored;
            } else if deleted {
                self.leaver(&mut person, link, LeaverReason::Deleted);
            } else {
                self.plan
                    .findings
                    .push(Note::NoAnswer(link.upn.clone(), Silence::User));
            }
            self.plan.people.push(person);
        }
    }

    /// A leaver with a link in force: section 6.
    fn leaver(&mut self, person: &mut Person, link: &Link, why: LeaverReason) {
        let Some(&at) = self.ties.contacts.get(&link.contact_id) else {
            return;
        };
        let contact = &self.snapshot.contacts[at];
        let alone = if !contact.active {
            Some(Because::ContactInactive)
        } else if !self.snapshot.rules.update_existing {
            Some(Because::NotUpdating)
        } else if self.pairs.contested[at] {
            Some(Because::Contested)
        } else if self.snapshot.dismissed.contains(&link.user_id) {
            Some(Because::Dismissed)
        } else {
            None
        };
        if let Some(because) = alone {
            person.reason = Reason::LeftAlone(why, because);
            return;
        }
        person.action = Action::Deactivate;
        person.reason = Reason::Left(why);
        person.fields = vec![fields::active(true, false)];
        if contact.main {
            self.plan
                .findings
                .push(Note::MainContact(person.upn.clone(), contact.id.clone()));
        }
        if contact.billing {
            self.plan
                .findings
                .push(Note::BillingContact(person.upn.clone(), contact.id.clone()));
        }
    }

    /// The link of a user (position), if its contact exists.
    fn link_in_force(&self, at: usize) -> Option<&'a Link> {
        let link = self.ties.link_of[at]?;
        self.ties.contact_of[link]?;
        Some(&self.snapshot.links[link])
    }

    fn line(&self, at: usize, judged: Judged) -> Person {
        let user = &self.snapshot.users[at];
        let link = self.link_in_force(at);
        let name = text::present(user.display_name.as_deref())
            .unwrap_or_default()
            .into_owned();
        Person {
            user_id: user.id.clone(),
            upn: user.upn.clone(),
            name,
            contact: link.map(|link| link.contact_id.clone()),
            action: Action::Unchanged,
            reason: Reason::Same,
            filter: None,
            site: None,
            fields: Vec::new(),
            link: link.map_or(Tie::None, |link| Tie::Kept(link.id)),
            held: false,
            trace: Trace {
                activity: judged.activity,
                route: judged.route,
                step: None,
            },
        }
    }

    fn unknown_licences(&mut self, licences: &Licences) {
        for (filter, label) in self.snapshot.rules.filters.iter().zip(&self.labels) {
            for condition in filter.when.iter().filter(|_| filter.enabled) {
                if let Test::Licence(name) = &condition.test
                    && licences.find(name).is_empty()
                {
                    self.plan
                        .findings
                        .push(Note::UnknownLicence(label.clone(), name.clone()));
                }
            }
        }
    }

    fn count(&mut self, judged: &[Judged]) {
        for one in judged {
            match one.activity {
                Activity::Active(_) => self.plan.read.active += 1,
                Activity::Leaver(_) => self.plan.read.leavers += 1,
                Activity::NoAnswer(_) => {}
            }
        }
    }

    fn finish(mut self) -> Plan {
        if self.plan.company_inactive {
            self.plan.findings.insert(0, Note::CompanyInactive);
        }
        self.plan.people.sort_by(|one, other| {
            one.upn
                .cmp(&other.upn)
                .then_with(|| one.user_id.cmp(&other.user_id))
        });
        self.plan.findings.sort();
        self.plan.active_again.sort();
        self.plan.forgotten.sort_unstable();
        let linked_active = self
            .ties
            .contact_of
            .iter()
            .flatten()
            .filter(|&&at| self.snapshot.contacts[at].active)
            .count();
        let going: HashSet<UserId> = self
            .plan
            .people
            .iter()
            .filter(|person| person.action == Action::Deactivate)
            .map(|person| person.user_id.clone())
            .collect();
        let hold = self.snapshot.hold.as_ref();
        self.plan.guard = guard::judge(self.snapshot.rules.guard, &going, linked_active, hold);
        // Of an inactive company nothing is written, so nothing waits either.
        self.plan.guard.held &= !self.plan.company_inactive;
        if self.plan.guard.held {
            for person in &mut self.plan.people {
                person.held = person.action == Action::Deactivate;
            }
        }
        self.plan
    }
}
