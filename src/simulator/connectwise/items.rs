//! Communication items: how one is read from JSON, which of a kind is the default, and a contact's
//! own sub-resource.

use serde_json::{Map, Value};

use super::contacts::{Written, clean, reference_id, refuse_duplicates};
use super::errors::{Findings, conversion, not_found, refused, unknown_member};
use super::patch::{Operation, Verb, miscast, nowhere};
use super::records::{ContactData, ItemData, ItemKind};
use super::state::State;
use crate::simulator::kit::Reply;

const MEMBERS: [&str; 7] = [
    "id",
    "type",
    "value",
    "extension",
    "defaultFlag",
    "domain",
    "communicationType",
];
const MORE_MEMBERS: [&str; 3] = ["contactId", "mobileGuid", "_info"];

/// The .NET type of the list, as the vendor names it in refusals.
pub(super) const LIST_TYPE: &str = "ConnectWise.PSA.ApiModels.Company.ContactCommunication[]";

/// Reads an item of a contact or, with `alone`, of the sub-resource. What is wrong with its values
/// is gathered.
pub(super) fn read(
    state: &State,
    value: &Value,
    alone: bool,
    findings: &mut Findings,
) -> Result<ItemData, Reply> {
    let object = if alone {
        "ContactCommunication"
    } else {
        "ContactCommunicationItem"
    };
    let Value::Object(members) = value else {
        return Err(conversion("communicationItems", object));
    };
    let unknown = members.keys().find(|name| {
        let name = name.as_str();
        !(MEMBERS.contains(&name) || alone && MORE_MEMBERS.contains(&name))
    });
    if let Some(name) = unknown {
        return Err(unknown_member(name, object));
    }
    let mut item = ItemData {
        id: members.get("id").and_then(reference_id).unwrap_or(0),
        value: text(members, "value")?.unwrap_or_default(),
        extension: text(members, "extension")?.filter(|text| !text.is_empty()),
        default: match members.get("defaultFlag") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => return Err(conversion("defaultFlag", "Boolean")),
        },
        ..Default::default()
    };
    let kind = text(members, "communicationType")?;
    set_type(
        state,
        &mut item,
        members.get("type"),
        kind.as_deref(),
        findings,
    );
    check(&item, findings);
    Ok(item)
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Reply> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(clean(text))),
        Some(_) => Err(conversion(name, "String")),
    }
}

fn check(item: &ItemData, findings: &mut Findings) {
    if item.value.trim().is_empty() {
        findings.missing("value");
    }
    findings.length("value", &item.value, 250);
    if let Some(extension) = &item.extension {
        findings.length("extension", extension, 15);
    }
}

fn set_type(
    state: &State,
    item: &mut ItemData,
    reference: Option<&Value>,
    kind: Option<&str>,
    findings: &mut Findings,
) {
    let reference = reference.unwrap_or(&Value::Null);
    if reference.is_null() {
        findings.missing("type");
        return;
    }
    let of = match (
        reference.get("id").and_then(reference_id),
        reference["name"].as_str(),
    ) {
        (Some(id), _) => state.communication_types.get(&id),
        (None, Some(name)) => state
            .communication_types
            .values()
            .find(|each| each.description == name),
        (None, None) => None,
    };
    let Some(of) = of else {
        findings.dangling("type/id", "CommunicationType", &reference["id"].to_string());
        return;
    };
    item.type_id = of.id;
    item.kind = match kind.map(ItemKind::of) {
        None => of.kind(),
        Some(Some(kind)) if of.fits(kind) => kind,
        Some(_) => {
            let message = format!(
                "The type {} does not fit the communicationType.",
                of.description
            );
            findings.add("InvalidField", "communicationType", &message);
            of.kind()
        }
    };
}

/// Puts a new item at the end. As the default it takes that from the earlier one of its kind.
pub(super) fn push(state: &State, contact: &mut ContactData, mut item: ItemData) {
    let kind = item.kind;
    let mut same = contact.items.iter_mut().filter(|other| other.kind == kind);
    if item.default {
        same.for_each(|other| other.default = false);
    } else if state.switches.first_item_becomes_default {
        item.default = !same.any(|other| other.default);
    }
    contact.items.push(item);
}

/// Replaces a whole list; items that the contact has already keep their ids.
pub(super) fn replace_all(
    state: &State,
    contact: &mut ContactData,
    list: &[Value],
    findings: &mut Findings,
) -> Result<(), Reply> {
    let before = std::mem::take(&mut contact.items);
    for value in list {
        let mut item = read(state, value, false, findings)?;
        let known = before.iter().find(|each| each.id == item.id);
        item.id = known.map_or(0, |each| each.id);
        if let (Some(known), false) = (known, state.switches.default_flag_moves) {
            item.default = known.default;
        }
        push(state, contact, item);
    }
    Ok(())
}

/// Applies an operation below `communicationItems` of a contact.
pub(super) fn patch_list(
    state: &State,
    contact: &mut ContactData,
    operation: &Operation,
    findings: &mut Findings,
) -> Result<(), Reply> {
    let Operation { verb, path, value } = operation;
    let length = contact.items.len();
    let index = path[1]
        .parse::<usize>()
        .ok()
        .or((path[1] == "-").then_some(length))
        .ok_or_else(|| nowhere(path))?;
    match (verb, &path[2..]) {
        (Verb::Add, []) if index <= length => {
            let mut item = read(state, value, false, findings)?;
            item.id = 0;
            // The vendor appends in any case, and only at the end heeds `defaultFlag`.
            item.default &= index == length;
            push(state, contact, item);
            Ok(())
        }
        (Verb::Remove, []) if index < length => {
            contact.items.remove(index);
            Ok(())
        }
        (Verb::Replace, []) if index < length => {
            let mut item = read(state, value, false, findings)?;
            item.id = contact.items[index].id;
            settle(state, contact, index, item);
            Ok(())
        }
        (_, rest) if index < length && !rest.is_empty() => {
            let item = patched(state, &contact.items[index], *verb, rest, value, findings)?;
            settle(state, contact, index, item);
            Ok(())
        }
        _ => Err(nowhere(path)),
    }
}

/// Puts a changed item in its place, with what that means for the defaults.
fn settle(state: &State, contact: &mut ContactData, index: usize, mut item: ItemData) {
    let before = &contact.items[index];
    let moved = item.kind != before.kind;
    if !state.switches.default_flag_moves {
        item.default = before.default;
    }
    let kind = item.kind;
    let gained = item.default && !before.default;
    for (at, other) in contact.items.iter_mut().enumerate() {
        if at != index && other.kind == kind && other.default {
            if gained {
                other.default = false;
            } else if moved {
                item.default = false;
            }
        }
    }
    contact.items[index] = item;
}

/// An item after one operation of a PATCH.
fn patched(
    state: &State,
    before: &ItemData,
    verb: Verb,
    path: &[String],
    value: &Value,
    findings: &mut Findings,
) -> Result<ItemData, Reply> {
    let mut item = before.clone();
    let (name, below) = (path[0].as_str(), path.len() > 1);
    match (name, value) {
        ("type", _) if below => {}
        _ if below => return Err(nowhere(path)),
        ("value", Value::String(text)) => item.value = clean(text),
        ("value", Value::Null) => item.value.clear(),
        ("extension", Value::String(text)) => {
            item.extension = Some(clean(text)).filter(|text| !text.is_empty());
        }
        ("extension", Value::Null) => item.extension = None,
        ("defaultFlag", Value::Bool(flag)) => item.default = *flag,
        ("defaultFlag", Value::Null) => item.default = false,
        ("type", Value::Object(_)) => set_type(state, &mut item, Some(value), None, findings),
        ("type", Value::Null) => findings.missing("type"),
        ("value" | "extension", wrong) => return Err(miscast(wrong, "System.String")),
        ("defaultFlag", wrong) => return Err(miscast(wrong, "System.Boolean")),
        ("type", wrong) => return Err(miscast(wrong, "CommunicationTypeReference")),
        ("id" | "domain" | "communicationType" | "contactId" | "mobileGuid" | "_info", _)
            if verb != Verb::Remove => {}
        _ => return Err(nowhere(path)),
    }
    check(&item, findings);
    Ok(item)
}

/// `POST …/communications`: the contact after it.
pub(super) fn create(state: &State, contact: &ContactData, body: Option<&Value>) -> Written {
    let body = body.ok_or_else(|| refused(400, "The body is not valid JSON."))?;
    let mut findings = Findings::of("contactCommunication");
    let mut item = read(state, body, true, &mut findings)?;
    item.id = 0;
    let mut after = contact.clone();
    push(state, &mut after, item);
    refuse_duplicates(state, &after, Some(contact), &mut findings);
    findings.settle()?;
    Ok(after)
}

/// `PUT …/communications/{id}`: the contact after it.
pub(super) fn replace(
    state: &State,
    contact: &ContactData,
    id: i64,
    body: Option<&Value>,
) -> Written {
    let body = body.ok_or_else(|| refused(400, "The body is not valid JSON."))?;
    let index = position(contact, id)?;
    let mut findings = Findings::of("contactCommunication");
    let mut item = read(state, body, true, &mut findings)?;
    item.id = id;
    let mut after = contact.clone();
    settle(state, &mut after, index, item);
    refuse_duplicates(state, &after, Some(contact), &mut findings);
    findings.settle()?;
    Ok(after)
}

/// `PATCH …/communications/{id}`: the contact after it.
pub(super) fn patch(
    state: &State,
    contact: &ContactData,
    id: i64,
    operations: &[Operation],
) -> Written {
    let index = position(contact, id)?;
    let mut findings = Findings::of("contactCommunication");
    let mut after = contact.clone();
    for Operation { verb, path, value } in operations {
        let item = patched(
            state,
            &after.items[index],
            *verb,
            path,
            value,
            &mut findings,
        )?;
        settle(state, &mut after, index, item);
    }
    refuse_duplicates(state, &after, Some(contact), &mut findings);
    findings.settle()?;
    Ok(after)
}

/// `DELETE …/communications/{id}`: the contact after it.
pub(super) fn remove(contact: &ContactData, id: i64) -> Written {
    let index = position(contact, id)?;
    let mut after = contact.clone();
    after.items.remove(index);
    Ok(after)
}

/// Where an item stands, or that it is not there.
pub(super) fn position(contact: &ContactData, id: i64) -> Result<usize, Reply> {
    let found = contact.items.iter().position(|item| item.id == id);
    found.ok_or_else(|| not_found("ContactCommunication", &id.to_string()))
}
