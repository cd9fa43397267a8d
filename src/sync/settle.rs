//! What became of the requests that a run left *sent* when it died: `behaviour.md` section 9. Pure: judged by what was read.

use std::collections::{HashMap, HashSet};

use super::fields;
use crate::model::{
    Contact, ContactId, Field, FieldChange, FieldValue, Link, LinkMade, UserId, text,
};

/// A request of an earlier run of which nobody knows whether it went through.
#[derive(Clone, PartialEq)]
pub struct LeftSent {
    /// The journal's row id.
    pub write_id: i64,
    /// The row id of the change that it belongs to.
    pub change_id: i64,
    /// The user.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// Whether it makes a contact.
    pub creates: bool,
    /// The contact; `None` for a create.
    pub contact_id: Option<ContactId>,
    /// The fields of the whole change.
    pub fields: Vec<FieldChange>,
    /// The fields that this request settles.
    pub settles: Vec<Field>,
    /// The contacts that were known when the run was planned; for creates.
    pub known: HashSet<ContactId>,
}

crate::model::debug_by!(LeftSent, write_id, change_id, user_id, contact_id, creates);

/// What is known of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It went through; for a create, this is the contact.
    Through(ContactId),
    /// The contact has these of its fields, and not the others.
    Partly(ContactId, Vec<Field>),
    /// It did not, or nothing of it is left.
    Void,
    /// Several contacts may be the one that was made.
    Several(Vec<ContactId>),
}

/// Judges what was left, in the same order, by the contacts and the links in force. A contact that several creates may have made
/// is nobody's alone.
pub fn settle(left: &[LeftSent], contacts: &[Contact], links: &[Link]) -> Vec<Settled> {
    let linked: HashMap<&ContactId, &Link> =
        links.iter().map(|link| (&link.contact_id, link)).collect();
    let by_id: HashMap<&ContactId, &Contact> = contacts
        .iter()
        .map(|contact| (&contact.id, contact))
        .collect();
    let mut settled: Vec<Settled> = left
        .iter()
        .map(|one| {
            if one.creates {
                created(one, contacts, &linked)
            } else {
                let contact = one.contact_id.as_ref().and_then(|id| by_id.get(id));
                contact.map_or(Settled::Void, |contact| changed(contact, one))
            }
        })
        .collect();
    let mut made: HashMap<ContactId, usize> = HashMap::new();
    for (one, came) in left.iter().zip(&settled) {
        if let (true, Settled::Through(contact)) = (one.creates, came) {
            *made.entry(contact.clone()).or_default() += 1;
        }
    }
    for (one, came) in left.iter().zip(&mut settled) {
        if let (true, Settled::Through(contact)) = (one.creates, &*came)
            && made.get(contact).is_some_and(|times| *times > 1)
        {
            *came = Settled::Several(vec![contact.clone()]);
        }
    }
    settled
}

fn created(one: &LeftSent, contacts: &[Contact], linked: &HashMap<&ContactId, &Link>) -> Settled {
    let address = one.fields.iter().find_map(|change| match &change.to {
        FieldValue::Text(address) if change.field == Field::Email => Some(text::folded(address)),
        _ => None,
    });
    let Some(address) = address else {
        return Settled::Void;
    };
    let mut fitting: Vec<ContactId> = contacts
        .iter()
        .filter(|contact| {
            let emails = contact.email.iter().chain(&contact.other_emails);
            emails
                .map(|email| text::folded(email))
                .any(|email| email == address)
        })
        .filter(|contact| !one.known.contains(&contact.id))
        .map(|contact| contact.id.clone())
        .collect();
    // A technician, or the address, may have settled it by a link. Whom another create linked has that one's contact.
    let chosen = |link: &&Link| link.user_id == one.user_id && link.made != LinkMade::Created;
    if let Some(own) = fitting.iter().find(|id| linked.get(id).is_some_and(chosen)) {
        return Settled::Through(own.clone());
    }
    fitting.retain(|id| !linked.contains_key(id));
    match fitting.len() {
        0 => Settled::Void,
        1 => Settled::Through(fitting.remove(0)),
        _ => Settled::Several(fitting),
    }
}

/// By how much of what the request was to give it the contact has: a PSA may leave out a field of a request that it takes. A
/// request that settles no field is only half of an exchange: what came of it shows in the plan.
fn changed(contact: &Contact, one: &LeftSent) -> Settled {
    let mut asked = Vec::new();
    let mut has = Vec::new();
    for change in &one.fields {
        if one.settles.contains(&change.field) {
            asked.push(change.field);
            if fields::has(contact, change.field, &change.to) {
                has.push(change.field);
            }
        }
    }
    if has.is_empty() {
        Settled::Void
    } else if has.len() == asked.len() {
        Settled::Through(contact.id.clone())
    } else {
        Settled::Partly(contact.id.clone(), has)
    }
}
