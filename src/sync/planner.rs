//! Makes a plan line by line: `behaviour.md` sections 5 and 6. Pure.

use std::collections::{BTreeSet, HashSet};

use super::fields;
use super::guard;
use super::pair::{Pairing, Pairs, Step};
use super::plan::{Because, Judged, Note, Person, Plan, Reason, Tie, Trace};
use super::route::{Destination, Route};
use super::select::{Activity, LeaverReason, Silence};
use super::snapshot::{Licences, Snapshot};
use super::ties::Ties;
use crate::model::{Action, Field, Filter, Link, LinkMade, Target, Test, UserId, text};

pub(super) struct Planner<'a> {
    snapshot: &'a Snapshot,
    pairs: &'a Pairs,
    ties: &'a Ties<'a>,
    labels: Vec<String>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, pairs: &'a Pairs, ties: &'a Ties<'a>) -> Self {
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
    pub(super) fn in_scope(&mut self, at: usize, judged: Judged, pairing: &Pairing) {
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
            contact_type: contact_type.cloned(),
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
    pub(super) fn aside(&mut self, at: usize, judged: Judged) {
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
    pub(super) fn not_in_the_list(&mut self) {
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
                contact_type: None,
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
            contact_type: None,
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

    pub(super) fn unknown_licences(&mut self, licences: &Licences) {
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

    pub(super) fn count(&mut self, judged: &[Judged]) {
        for one in judged {
            match one.activity {
                Activity::Active(_) => self.plan.read.active += 1,
                Activity::Leaver(_) => self.plan.read.leavers += 1,
                Activity::NoAnswer(_) => {}
            }
        }
    }

    pub(super) fn finish(mut self) -> Plan {
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
