//! Every change in the PSA is in the history exactly once.

use std::collections::BTreeMap;

use rollcall::db::writes::WriteState;
use rollcall::db::{changes, runs as run_rows, writes};
use rollcall::model::{Action, ContactId, Field, FieldValue, Outcome};

use super::check::Complaints;
use super::seen::Seen;
use super::world::{Town, World};

/// A field of a contact that got a value.
type Got = (String, &'static str, String);

/// How much oftener the history has it than it happened.
pub type Differences = BTreeMap<Got, i64>;

/// Compares the company's whole history with everything that its contacts ever went through.
pub async fn check(world: &World, town: &Town, complaints: &mut Complaints) {
    let row = town.row;
    let lines = world
        .read(move |conn| {
            let mut lines = Vec::new();
            for run in run_rows::list(conn, row, i64::MAX)? {
                let sent = writes::of_run(conn, &run.id)?;
                for line in changes::of_run(conn, &run.id)? {
                    let mine = sent.iter().filter(|write| write.change_id == line.id);
                    let mine: Vec<_> = mine
                        .map(|write| (write.state, write.error.clone()))
                        .collect();
                    lines.push((line, mine));
                }
            }
            Ok(lines)
        })
        .await;
    let mut written: BTreeMap<Got, i64> = BTreeMap::new();
    for (line, _) in &lines {
        let change = &line.change;
        if change.action == Action::Link {
            continue;
        }
        for field in change.fields.iter().filter(|field| field.applied) {
            let Some(contact) = &change.contact_id else {
                complaints.add(format!("an applied change has no contact: {change:?}"));
                continue;
            };
            let got = (contact.to_string(), field.field.as_str(), value(&field.to));
            *written.entry(got).or_default() += 1;
        }
    }
    let mut happened: BTreeMap<Got, i64> = BTreeMap::new();
    let psa = &world.psas[town.psa];
    let contacts = psa.cloud.contacts(town.company);
    for effect in psa.effects.since(0).iter().filter(|one| one.is_change()) {
        let id = effect.contact.clone().unwrap();
        let ours = contacts.contains_key(&id) || written.keys().any(|(contact, ..)| *contact == id);
        if !ours {
            continue;
        }
        let Some(after) = &effect.after else { continue };
        for (field, to) in differing(effect.before.as_ref(), after) {
            *happened.entry((id.clone(), field, to)).or_default() += 1;
        }
    }
    let mut differences = written.clone();
    for (got, times) in &happened {
        *differences.entry(got.clone()).or_default() -= times;
    }
    differences.retain(|(id, field, _), times| {
        let untitled = world.untitled.get() && town.psa == 1 && *field == Field::Title.as_str();
        *times != 0 && contacts.contains_key(id) && !untitled
    });
    let known = town.differences.replace(differences.clone());
    for (got, more) in &differences {
        let (id, field, to) = got;
        if known.get(got) == Some(more) || town.by_hand.contains(id) {
            continue;
        }
        // Two things nobody can know: what a dead run had sent, and something else overwrote before anybody read the contact; and
        // which of several contacts it made, until a person decides.
        let nobody_knows = lines.iter().any(|(line, sent)| {
            let change = &line.change;
            let was = |state| sent.iter().any(|(is, _)| *is == state);
            let of = change.contact_id.as_ref().map(ContactId::as_str);
            let cut_short = change.outcome == Outcome::Skipped && was(WriteState::Refused);
            let overwritten = of == Some(id) && (was(WriteState::Void) || cut_short);
            let one_of_several = of.is_none() && was(WriteState::Conflict);
            (overwritten || one_of_several)
                && change.fields.iter().any(|one| {
                    !one.applied && one.field.as_str() == *field && value(&one.to) == *to
                })
        });
        if *more < 0 && nobody_knows {
            continue;
        }
        let times = |of: &BTreeMap<Got, i64>| of.get(got).copied().unwrap_or_default();
        complaints.add(format!(
            "contact {id} got {field} {to} {} times, and the history has it {} times",
            times(&happened),
            times(&written)
        ));
        for (line, sent) in lines.iter().filter(|(line, _)| {
            let contact = line.change.contact_id.as_ref();
            contact.is_some_and(|contact| contact.as_str() == id)
        }) {
            let change = &line.change;
            complaints.add(format!(
                "  {} {:?} {:?} {:?} {} {:?}, sent: {sent:?}",
                change.created_at,
                change.run_id,
                change.action,
                change.outcome,
                change.reason,
                change.fields,
            ));
        }
    }
}

fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Blank => String::new(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Flag(flag) => flag.to_string(),
        FieldValue::Site(id, _) => id.to_string(),
        FieldValue::ContactType(id, _) => id.to_string(),
    }
}

/// What a contact has now that it had not before. A contact that is made is active, which no field says.
fn differing(before: Option<&Seen>, after: &Seen) -> Vec<(&'static str, String)> {
    let nothing = Seen {
        active: true,
        ..Seen::default()
    };
    let before = before.unwrap_or(&nothing);
    let mut all = Vec::new();
    let texts = [
        (Field::FirstName, &before.first, &after.first),
        (Field::LastName, &before.last, &after.last),
        (Field::Title, &before.title, &after.title),
        (Field::Phone, &before.phone, &after.phone),
        (Field::Mobile, &before.mobile, &after.mobile),
        (Field::Email, &before.email, &after.email),
        (Field::Site, &before.site, &after.site),
    ];
    for (field, was, is) in texts {
        if was != is {
            all.push((field.as_str(), is.clone().unwrap_or_default()));
        }
    }
    if before.active != after.active {
        all.push((Field::Active.as_str(), after.active.to_string()));
    }
    for of in after.types.difference(&before.types) {
        all.push((Field::ContactType.as_str(), of.clone()));
    }
    all
}
