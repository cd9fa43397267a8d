//! A run as other programs and people read it: the JSON report and the words for reasons and findings. Pure.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::approval;
use super::pair::{Conflict, Doubt, Step};
use super::plan::{Because, Note, Notes, Person, Plan, Reason};
use super::select::Silence;
use crate::model::text::and;
use crate::model::{
    Action, Calls, Field, FieldValue, Finding, Mode, Outcome, RunFailure, Status, UserId, text,
};

/// The report of one run (`behaviour.md` section 10). Keys may be added, never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The company's name.
    pub company: String,
    /// The run's id.
    pub run: String,
    /// What kind of run.
    pub mode: Mode,
    /// Whether it only planned.
    pub preview: bool,
    /// How it ended.
    pub status: Status,
    /// When it began, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub finished_at: String,
    /// People by action, and outcomes among them.
    pub counts: Counts,
    /// HTTP requests sent.
    pub calls: Calls,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// One line a person.
    pub people: Vec<Line>,
}

/// How many people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Contacts made.
    pub create: usize,
    /// Contacts remembered.
    pub link: usize,
    /// Contacts changed.
    pub update: usize,
    /// Contacts made active again.
    pub reactivate: usize,
    /// Contacts made inactive.
    pub deactivate: usize,
    /// Nothing to do.
    pub unchanged: usize,
    /// Hands off.
    pub out_of_scope: usize,
    /// To be decided by a person.
    pub conflict: usize,
    /// Among them: waiting for a technician.
    pub held: usize,
    /// Among them: failed.
    pub failed: usize,
}

/// One person's line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The user's object id.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// Name as displayed; may be empty.
    pub name: String,
    /// The contact in the PSA.
    pub contact_id: Option<String>,
    /// What is done.
    pub action: Action,
    /// Why, in words.
    pub reason: String,
    /// The filter that decided.
    pub filter: Option<String>,
    /// Where the contact belongs.
    pub site: Option<String>,
    /// The fields that are written.
    pub fields: Vec<FieldLine>,
    /// What came of it.
    pub outcome: Outcome,
    /// The PSA's own words where it failed.
    pub error: Option<String>,
}

crate::model::debug_by!(Line, user_id, contact_id, action, outcome);

/// One field of a line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldLine {
    /// Which field.
    pub field: Field,
    /// Before: text, `true`, `false` or null.
    pub from: serde_json::Value,
    /// After.
    pub to: serde_json::Value,
    /// Whether it went through.
    pub applied: bool,
}

crate::model::debug_by!(FieldLine, field, applied);

/// What came of one person, where it is not what the plan alone tells.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// The contact that was made.
    pub contact: Option<crate::model::ContactId>,
    /// The fields that went through.
    pub through: Vec<Field>,
    /// The PSA's own words.
    pub error: Option<String>,
    /// Whether what the PSA refused may rest on a remembered fact that is no longer true.
    pub facts_in_doubt: bool,
}

crate::model::debug_by!(Done, outcome, contact, through);

/// Makes the lines of a plan; `done` has one entry for each person of the plan, in its order.
pub fn lines(plan: &Plan, done: &[Done]) -> Vec<Line> {
    let nothing = Done::default();
    plan.people
        .iter()
        .enumerate()
        .map(|(at, person)| line(person, done.get(at).unwrap_or(&nothing)))
        .collect()
}

fn line(person: &Person, done: &Done) -> Line {
    let outcome = done.outcome.unwrap_or(Outcome::None);
    let contact = done.contact.as_ref().or(person.contact.as_ref());
    Line {
        user_id: person.user_id.clone(),
        upn: person.upn.clone(),
        name: person.name.clone(),
        contact_id: contact.map(ToString::to_string),
        action: person.action,
        reason: reason(&person.reason),
        filter: person.filter.clone(),
        site: person.site.as_ref().map(|site| site.name.clone()),
        fields: person
            .fields
            .iter()
            .map(|change| FieldLine {
                field: change.field,
                from: value(&change.from),
                to: value(&change.to),
                applied: done.through.contains(&change.field),
            })
            .collect(),
        outcome,
        error: done.error.clone(),
    }
}

/// A value as the report has it.
pub fn value(value: &FieldValue) -> serde_json::Value {
    match value {
        FieldValue::Blank => serde_json::Value::Null,
        FieldValue::Text(text) => text.clone().into(),
        FieldValue::Flag(flag) => (*flag).into(),
        FieldValue::Site(id, name) if name.is_empty() => id.as_str().into(),
        FieldValue::ContactType(id, name) if name.is_empty() => id.as_str().into(),
        FieldValue::Site(_, name) | FieldValue::ContactType(_, name) => name.clone().into(),
    }
}

impl Counts {
    /// Counts the people of a report.
    pub fn of(lines: &[Line]) -> Self {
        let mut counts = Self::default();
        for line in lines {
            let cell = match line.action {
                Action::Create => &mut counts.create,
                Action::Link => &mut counts.link,
                Action::Update => &mut counts.update,
                Action::Reactivate => &mut counts.reactivate,
                Action::Deactivate => &mut counts.deactivate,
                Action::Unchanged => &mut counts.unchanged,
                Action::OutOfScope => &mut counts.out_of_scope,
                Action::Conflict => &mut counts.conflict,
            };
            *cell += 1;
            match line.outcome {
                Outcome::Held => counts.held += 1,
                Outcome::Failed => counts.failed += 1,
                _ => {}
            }
        }
        counts
    }

    /// The count of one action.
    pub const fn by(&self, action: Action) -> usize {
        match action {
            Action::Create => self.create,
            Action::Link => self.link,
            Action::Update => self.update,
            Action::Reactivate => self.reactivate,
            Action::Deactivate => self.deactivate,
            Action::Unchanged => self.unchanged,
            Action::OutOfScope => self.out_of_scope,
            Action::Conflict => self.conflict,
        }
    }
}

/// A time as the report has it.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Report {
    /// The report as other programs get it: without people of whom nothing is to be said, unless `full`.
    pub fn json(&self, full: bool) -> serde_json::Value {
        let mut whole = serde_json::to_value(self).unwrap_or_default();
        if let Some(people) = whole
            .get_mut("people")
            .and_then(serde_json::Value::as_array_mut)
            && !full
        {
            people.retain(|line| line["action"] != Action::Unchanged.as_str());
        }
        whole
    }

    /// The exit status that goes with it (`behaviour.md` section 10).
    pub const fn exit_status(&self) -> u8 {
        match self.status {
            Status::Succeeded => 0,
            Status::Held => 3,
            Status::Partial => 4,
            Status::Failed => 5,
        }
    }
}

/// Why an action was chosen, in words.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::NoContact => "no contact found".into(),
        Reason::Found(step) => format!("contact found by {}", step_words(*step)),
        Reason::Differs(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field_words(*field)).collect();
            let verb = if names.len() == 1 {
                "differs"
            } else {
                "differ"
            };
            format!("{} {verb}", and(&names))
        }
        Reason::Inactive => "the user is active and the contact is not".into(),
        Reason::Same => "nothing differs".into(),
        Reason::NotUpdating => "something differs, but existing contacts are not updated".into(),
        Reason::Left(why) => why.as_str().into(),
        Reason::LeftAlone(why, because) => {
            format!("{}, but {}", why.as_str(), because_words(*because))
        }
        Reason::NoAnswer(silence) => no_answer(*silence),
        Reason::Ignored => "ignored by a technician".into(),
        Reason::Excluded => "excluded by this filter".into(),
        Reason::NoFilter => "no filter takes this user".into(),
        Reason::Conflict(conflict) => conflict_words(conflict),
        Reason::PutBack(began, Notes(notes)) => {
            let whole = format!("undo of the run of {}", text::moment(*began));
            [&[whole], &notes[..]].concat().join("; ")
        }
    }
}

fn no_answer(silence: Silence) -> String {
    match silence {
        Silence::User => "not in the list of users, and not looked up".into(),
        Silence::Enabled | Silence::Licences => {
            format!(
                "Microsoft Graph does not say {} of this user",
                silence.field()
            )
        }
    }
}

pub(super) const fn because_words(because: Because) -> &'static str {
    match because {
        Because::ContactInactive => "the contact is inactive already",
        Because::Contested => "the contact is contested by other users",
        Because::NotUpdating => "existing contacts are not updated",
        Because::Dismissed => "a technician dismissed the deactivation",
    }
}

/// How a step is called.
pub const fn step_words(step: Step) -> &'static str {
    match step {
        Step::Link => "its link",
        Step::Address => "its default email",
        Step::OtherAddress => "one of its other emails",
        Step::Alias => "another address of the user",
    }
}

/// How a field is called.
pub const fn field_words(field: Field) -> &'static str {
    match field {
        Field::Active => "active",
        Field::FirstName => "first name",
        Field::LastName => "last name",
        Field::Title => "title",
        Field::Phone => "phone",
        Field::Mobile => "mobile",
        Field::Email => "email",
        Field::Site => "site",
        Field::ContactType => "contact type",
    }
}

fn conflict_words(conflict: &Conflict) -> String {
    let contacts: Vec<&str> = conflict
        .contacts
        .iter()
        .map(crate::model::ContactId::as_str)
        .collect();
    let which = if contacts.len() == 1 {
        "contact"
    } else {
        "contacts"
    };
    let contacts = and(&contacts);
    match conflict.why {
        Doubt::SeveralContacts => format!("several contacts fit: {contacts}"),
        Doubt::SeveralUsers => format!("several users fit {which} {contacts}"),
        Doubt::Contested => format!("{which} {contacts} fits, but other users contest it"),
        Doubt::SharedAddress => "another user in scope has the same address".into(),
        Doubt::Unsettled => {
            format!("an interrupted create may have made any of the contacts {contacts}")
        }
    }
}

/// A finding, in words.
pub fn finding(note: &Note) -> Finding {
    let (kind, message) = match note {
        Note::UnknownLicence(filter, licence) => (
            "unknown_licence",
            format!("{filter} names the licence {licence}, which this tenant does not have"),
        ),
        Note::NoAnswer(upn, silence) => (
            "no_answer",
            format!("{upn}: {}; nothing is done to them", no_answer(*silence)),
        ),
        Note::MainContact(upn, contact) => (
            "main_contact",
            format!("{upn} left, and contact {contact} is the company's main contact in the PSA"),
        ),
        Note::BillingContact(upn, contact) => (
            "billing_contact",
            format!(
                "{upn} left, and contact {contact} is the company's billing contact in the PSA"
            ),
        ),
        Note::CompanyInactive => (
            "company_inactive",
            "The company is inactive in the PSA: nothing is written for it".to_owned(),
        ),
        Note::NotPutBack(upn, why) => (
            "not_put_back",
            format!("nothing is put back for {upn}: {why}"),
        ),
        Note::NotDeactivated(count, why) => ("not_deactivated", approval::words(*count, why)),
        Note::LinksStay(1) => (
            "links_stay",
            "1 link that the run made stays: nothing was written to its contact".to_owned(),
        ),
        Note::LinksStay(count) => (
            "links_stay",
            format!("{count} links that the run made stay: nothing was written to their contacts"),
        ),
    };
    Finding {
        kind: kind.into(),
        message,
    }
}
