//! What putting a run back would write, decided field by field: what the run wrote and the contact still has becomes what it
//! was, and everything else is left alone and named. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::fates::{Fate, Nothing, Part, Told, Why};
use super::fields;
use super::plan::{self, Note, Notes, Person, Plan, Reason, Tie, Trace};
use super::select::{Activity, Silence};
use super::snapshot::{Rules, Snapshot};
use crate::model::{
    Action, Contact, ContactId, Field, FieldChange, FieldValue, Undo, UserId, text,
};

/// One person's line of the run, as the history keeps it.
#[derive(Clone, PartialEq)]
pub struct Line {
    /// Its row id.
    pub change: i64,
    /// The user.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// Name as displayed.
    pub name: String,
    /// The contact; `None`: there never was one.
    pub contact: Option<ContactId>,
    /// What was done.
    pub action: Action,
    /// The fields that went through.
    pub fields: Vec<FieldChange>,
    /// The contact's other emails before.
    pub other_emails: Vec<String>,
}

crate::model::debug_by!(Line, change, user_id, contact, action, fields);

/// What is to be put back.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What was asked for.
    pub undo: &'a Undo,
    /// When the run began.
    pub began: DateTime<Utc>,
    /// The lines of the run.
    pub lines: &'a [Line],
    /// Row ids of the links in force that were there when the run ended.
    pub since: &'a HashSet<i64>,
    /// Whom the run itself left alone; `None`: it is no undo.
    pub left_alone: Option<&'a [UserId]>,
}

/// What would be done, as a plan and told field by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Back {
    /// What would be written: one line a person, whose action is *unchanged* where nothing would.
    pub plan: Plan,
    /// The same told, one for each person of the plan, in its order.
    pub told: Vec<Told>,
    /// Users whom runs leave alone from then on, if that is wanted, and do not yet: those of whom something is put back, and
    /// those of whom something was shown that is as it was before by now.
    pub to_ignore: Vec<UserId>,
    /// Users whom an undo left alone and at whom runs look again, if that is wanted.
    pub to_stop_ignoring: Vec<UserId>,
    /// Links that the run made without writing anything: they stay.
    pub links: usize,
}

impl Back {
    /// Keys of the fields that would be written, each of which names the person, the contact and the value.
    pub fn keys(&self) -> Vec<String> {
        let people = self.plan.people.iter();
        people
            .flat_map(|person| {
                let fields = person.fields.iter();
                fields.map(|change| key(&person.user_id, person.contact.as_ref(), change))
            })
            .collect()
    }

    /// What identifies all that would be written.
    pub fn digest(&self) -> String {
        let mut keys = self.keys();
        keys.sort();
        plan::hashed(&json!(keys))
    }

    /// Whether there is nothing left to be done, if people are left alone where that is `wanted`.
    pub fn is_done(&self, wanted: bool) -> bool {
        let decides = !self.to_ignore.is_empty() || !self.to_stop_ignoring.is_empty();
        self.plan.company_inactive
            || !(self.plan.people.iter().any(|one| one.action.writes()) || wanted && decides)
    }

    /// The change that the line of each user puts back.
    pub fn undoes(&self) -> HashMap<&UserId, i64> {
        let people = self.plan.people.iter().map(|person| &person.user_id);
        people
            .zip(self.told.iter().map(|told| told.change))
            .collect()
    }
}

/// What the contact has now is no part of it: that is what the run wrote, perhaps as the PSA spells it.
fn key(user: &UserId, contact: Option<&ContactId>, change: &FieldChange) -> String {
    let to = plan::bare(&change.to);
    let mut key = plan::hashed(&json!([user, contact, change.field, to]));
    key.truncate(20);
    key
}

fn among(others: &[String], address: &str) -> bool {
    let address = text::folded(address);
    others.iter().any(|one| text::folded(one) == address)
}

/// Decides what is put back. `can` tells whether the PSA has a request that brings a contact a field's value.
pub fn back(
    asked: Asked<'_>,
    snapshot: &Snapshot,
    can: &dyn Fn(&Contact, &FieldChange) -> bool,
) -> Back {
    let looking = Looking {
        asked,
        snapshot,
        can,
        contacts: snapshot.contacts.iter().map(|one| (&one.id, one)).collect(),
    };
    let mut back = Back::default();
    back.plan.company_inactive = !snapshot.rules.company_active;
    back.plan.read.contacts = snapshot.contacts.len();
    if back.plan.company_inactive {
        back.plan.findings.push(Note::CompanyInactive);
    }
    let mut lines: Vec<&Line> = asked.lines.iter().collect();
    lines.sort_by(|one, other| {
        let key = |line: &Line| (line.upn.clone(), line.user_id.clone());
        key(one).cmp(&key(other))
    });
    for line in lines {
        if line.action == Action::Link {
            back.links += 1;
        } else if let Some((person, told)) = looking.line(line) {
            let owed = person.action.writes() || told.forestalled;
            if owed && !snapshot.ignored.contains(&line.user_id) {
                back.to_ignore.push(line.user_id.clone());
            }
            if let (Action::Unchanged, Reason::PutBack(_, Notes(notes))) =
                (person.action, &person.reason)
                && !notes.is_empty()
            {
                let note = Note::NotPutBack(line.upn.clone(), notes.join("; "));
                back.plan.findings.push(note);
            }
            back.plan.people.push(person);
            back.told.push(told);
        }
    }
    if back.links > 0 {
        back.plan.findings.push(Note::LinksStay(back.links));
    }
    if let Some(left_alone) = asked.left_alone {
        let mut again = left_alone.to_vec();
        again.retain(|user| {
            snapshot.ignored.contains(user)
                && asked.undo.user.as_ref().is_none_or(|only| only == user)
        });
        back.to_stop_ignoring = again;
        back.to_ignore.clear();
    }
    back
}

struct Looking<'a> {
    asked: Asked<'a>,
    snapshot: &'a Snapshot,
    can: &'a dyn Fn(&Contact, &FieldChange) -> bool,
    contacts: HashMap<&'a ContactId, &'a Contact>,
}

impl Looking<'_> {
    /// `None`: nothing was written for this person.
    fn line(&self, line: &Line) -> Option<(Person, Told)> {
        let id = line.contact.as_ref()?;
        let made = line.action == Action::Create;
        if line.fields.is_empty() && !made {
            return None;
        }
        let mut told = Told {
            change: line.change,
            made,
            nothing: None,
            parts: Vec::new(),
            stays: None,
            forestalled: false,
        };
        let mut tie = Tie::None;
        match self.contacts.get(id) {
            None => told.nothing = Some(Nothing::Gone),
            Some(contact) => match self.link(line, id) {
                Err(nothing) => told.nothing = Some(nothing),
                Ok(tied) => {
                    tie = Tie::Kept(tied);
                    self.fields(line, contact, &mut told);
                }
            },
        }
        let was_shown = |part: &Part| part.fate == Fate::Already && self.shown(line, id, part);
        told.forestalled = told.parts.iter().any(was_shown);
        let put_back = told.parts.iter().filter(|part| part.fate == Fate::PutBack);
        let mut fields: Vec<FieldChange> = put_back.map(Part::change).collect();
        // Whether the contact is active comes first, as in a run.
        fields.sort_by_key(|change| change.field != Field::Active);
        let action = match fields.first() {
            None => Action::Unchanged,
            Some(change) => match change.to {
                FieldValue::Flag(true) => Action::Reactivate,
                FieldValue::Flag(false) => Action::Deactivate,
                _ => Action::Update,
            },
        };
        let reason = Reason::PutBack(self.asked.began, Notes(told.notes()));
        let person = Person {
            user_id: line.user_id.clone(),
            upn: line.upn.clone(),
            name: line.name.clone(),
            contact: Some(id.clone()),
            action,
            reason,
            filter: None,
            site: None,
            contact_type: None,
            fields,
            link: tie,
            held: false,
            trace: Trace {
                activity: Activity::NoAnswer(Silence::User),
                route: None,
                step: None,
            },
        };
        Some((person, told))
    }

    /// The link of this user to this contact, if it is the one of then.
    fn link(&self, line: &Line, contact: &ContactId) -> Result<i64, Nothing> {
        let mut links = self.snapshot.links.iter();
        match links.find(|one| one.contact_id == *contact) {
            Some(one) if one.user_id != line.user_id => Err(Nothing::Theirs(one.upn.clone())),
            Some(one) if self.asked.since.contains(&one.id) => Ok(one.id),
            _ => Err(Nothing::NotLinked),
        }
    }

    fn fields(&self, line: &Line, contact: &Contact, told: &mut Told) {
        if told.made {
            // The contact as a whole goes; what stands in it stays.
            let change = fields::active(false, true);
            told.parts.push(self.part(line, contact, &change));
            return;
        }
        for change in &line.fields {
            let part = self.part(line, contact, change);
            if part.fate == Fate::PutBack && change.field == Field::Email {
                told.stays = staying(line, contact, change);
            }
            told.parts.push(part);
        }
    }

    fn part(&self, line: &Line, contact: &Contact, change: &FieldChange) -> Part {
        let rules = &self.snapshot.rules;
        let mut part = Part {
            field: change.field,
            now: fields::now(contact, change.field, rules),
            before: change.from.clone(),
            fate: Fate::PutBack,
        };
        let has = |value| fields::has(contact, change.field, value);
        part.fate = if change.field == Field::ContactType {
            part.now = change.to.clone();
            if has(&change.to) {
                Fate::Stays
            } else {
                Fate::Already
            }
        } else if has(&change.from) {
            Fate::Already
        } else if !has(&change.to) {
            Fate::Changed
        } else if let Some(why) = cannot(line, contact, change, rules) {
            Fate::Cannot(why)
        } else if !(self.can)(contact, &part.change()) {
            Fate::Cannot(Why::NoWay)
        } else {
            Fate::PutBack
        };
        let all = self.asked.undo.shown.is_none();
        if part.fate == Fate::PutBack && !all && !self.shown(line, &contact.id, &part) {
            part.fate = Fate::NotShown;
        }
        part
    }

    /// Whether whoever asked was shown that this is put back.
    fn shown(&self, line: &Line, contact: &ContactId, part: &Part) -> bool {
        let shown = self.asked.undo.shown.as_ref();
        shown
            .is_some_and(|shown| shown.contains(&key(&line.user_id, Some(contact), &part.change())))
    }
}

fn cannot(line: &Line, contact: &Contact, change: &FieldChange, rules: &Rules) -> Option<Why> {
    match (change.field, &change.from) {
        (Field::FirstName, FieldValue::Blank) => Some(Why::Needed),
        (Field::LastName, FieldValue::Blank) if rules.limits.last_name_required => {
            Some(Why::Needed)
        }
        (Field::Site, FieldValue::Site(id, _)) => {
            let there = |site: &&crate::model::Site| site.id == *id && site.active;
            rules
                .sites
                .iter()
                .find(there)
                .is_none()
                .then_some(Why::SiteGone)
        }
        // What was among the others before, and is not now, must not give way.
        (Field::Email, before) => {
            let FieldValue::Text(given) = &change.to else {
                return None;
            };
            let exchanged =
                matches!(before, FieldValue::Text(old) if among(&contact.other_emails, old));
            let lost = among(&line.other_emails, given)
                && !among(&contact.other_emails, given)
                && !exchanged;
            lost.then(|| Why::LosesAddress(given.clone()))
        }
        _ => None,
    }
}

/// The address that the run brought, where it changes places with the old one, which the run had kept.
fn staying(line: &Line, contact: &Contact, change: &FieldChange) -> Option<String> {
    let (FieldValue::Text(old), FieldValue::Text(new)) = (&change.from, &change.to) else {
        return None;
    };
    let stays = among(&contact.other_emails, old) && !among(&line.other_emails, new);
    stays.then(|| new.clone())
}
