//! The last step of an explanation: what the next run does, field by field. Pure.

use super::super::fields;
use super::super::plan::Person;
use super::super::report;
use super::super::snapshot::{Rules, Snapshot};
use super::{Explained, explained, in_lines, state};
use crate::model::{
    Action, Contact, Field, FieldChange, FieldValue, Target, User, reason_for_people, text,
};

/// What differs between a user and a contact that is not changed, since existing contacts are not updated.
pub fn left_differing(
    user: &User,
    contact: &Contact,
    person: &Person,
    rules: &Rules,
) -> Vec<FieldChange> {
    let decided = person
        .trace
        .route
        .as_ref()
        .and_then(|route| route.to.filter());
    let own_type = match decided
        .and_then(|at| rules.filters.get(at))
        .map(|one| &one.target)
    {
        Some(Target::Place { contact_type, .. }) => contact_type.as_ref(),
        _ => None,
    };
    let contact_type = own_type
        .or(rules.default_type.as_ref())
        .filter(|_| rules.contact_types.is_some());
    let active = (!contact.active).then(|| fields::active(false, true));
    let site = person.site.as_ref();
    let differing = fields::differing(user, contact, rules, site, contact_type);
    active.into_iter().chain(differing).collect()
}

/// What the next run does for this person, and what it leaves as it is.
pub(super) fn next_run(
    user: Option<&User>,
    person: Option<&Person>,
    snapshot: &Snapshot,
) -> Explained {
    let Some(person) = person else {
        return explained(
            "next run",
            "nothing",
            "Only active or linked users concern a run",
        );
    };
    let mut lines = vec![text::capital(&report::reason(&person.reason))];
    if person.held {
        lines.push("a technician has to approve it first".to_owned());
    }
    lines.extend(person.fields.iter().map(becomes));
    let not_updated = !snapshot.rules.update_existing
        && matches!(person.action, Action::Link | Action::Unchanged)
        && person.trace.step.is_some();
    let contacts = &snapshot.contacts;
    let contact = || {
        let id = person.contact.as_ref()?;
        contacts.iter().find(|one| one.id == *id)
    };
    if let Some(user) = user.filter(|_| not_updated)
        && let Some(contact) = contact()
    {
        let left = left_differing(user, contact, person, &snapshot.rules);
        lines.extend(left.iter().map(stays));
    }
    let result = person.action.as_str().replace('_', " ");
    let mut step = in_lines("next run", &result, lines);
    // Programs read the history's words.
    let reason = report::reason(&person.reason);
    if let Some(first) = step.lines.first_mut() {
        *first = text::capital(&reason_for_people(&reason));
    }
    step
}

/// What is written to a field.
fn becomes(change: &FieldChange) -> String {
    let (field, to) = (report::field_words(change.field), words(&change.to));
    match change.field {
        // The others that the contact has stay.
        Field::ContactType => format!("{field}: {to} is added"),
        _ => format!("{field}: {} becomes {to}", words(&change.from)),
    }
}

/// What stays as it is in a field that differs.
fn stays(change: &FieldChange) -> String {
    let (field, to) = (report::field_words(change.field), words(&change.to));
    match change.field {
        Field::ContactType => format!("{field}: {to} is not added"),
        _ => format!(
            "{field}: {} stays, and does not become {to}",
            words(&change.from)
        ),
    }
}

fn words(value: &FieldValue) -> String {
    match (value, report::value(value)) {
        (FieldValue::Flag(active), _) => state(*active).to_owned(),
        (_, serde_json::Value::Null) => "nothing".to_owned(),
        (_, serde_json::Value::String(text)) => format!("\"{text}\""),
        (_, other) => other.to_string(),
    }
}
