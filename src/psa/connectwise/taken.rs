//! What the record of an answer proves: whether what was sent is in it, for a 200 may have changed nothing. It sends nothing.

use serde_json::Value;

use super::items::ItemRow;
use super::steps::NewItem;
use crate::model::{Field, text};

/// The members of a new contact that are checked.
const MEMBERS: [&str; 4] = ["firstName", "lastName", "title", "site"];

/// The fields of a new contact that it did not take. Only a whole record proves that, and every contact has a first name.
pub(super) fn not_made(record: &Value, body: &Value) -> Vec<Field> {
    if !record["firstName"].is_string() {
        return Vec::new();
    }
    let members = MEMBERS.into_iter().filter(|name| {
        let sent = body.get(name);
        sent.is_some_and(|value| !took(record, name, value))
    });
    let mut fields: Vec<Field> = members.filter_map(field).collect();
    let lacks = |wanted: &Value| {
        let types = record["types"].as_array();
        types.is_some_and(|types| !types.iter().any(|of| same_id(&of["id"], wanted)))
    };
    if body["typeIds"].as_array().into_iter().flatten().any(lacks) {
        fields.push(Field::ContactType);
    }
    fields
}

/// Whether the record of an answer is the item as it was sent. The flag counts for an address alone: the default one is the
/// contact's own, and no number is read by its flag where there is one of its type.
pub(super) fn was_added(record: Value, item: &NewItem) -> bool {
    let row: Option<ItemRow> = serde_json::from_value(record).ok();
    row.is_some_and(|row| row.has(&item.value, item.kind, item.default))
}

/// The field behind a member of a contact.
pub(super) fn field(path: &str) -> Option<Field> {
    Some(match path {
        "firstName" => Field::FirstName,
        "lastName" => Field::LastName,
        "title" => Field::Title,
        "site" => Field::Site,
        "inactiveFlag" => Field::Active,
        _ => return None,
    })
}

/// Whether the record has this value in this member. Unset members are left out of answers; line breaks become spaces.
pub(super) fn took(record: &Value, name: &str, value: &Value) -> bool {
    let member = &record[name];
    match value {
        Value::Object(wanted) => wanted
            .get("id")
            .is_some_and(|id| same_id(id, &member["id"])),
        Value::Bool(wanted) => member.as_bool().unwrap_or(false) == *wanted,
        Value::String(wanted) => squeezed(wanted) == squeezed(member.as_str().unwrap_or_default()),
        _ => true,
    }
}

/// Whether two ids are the same; some come as text.
pub(super) fn same_id(one: &Value, other: &Value) -> bool {
    let plain = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    plain(one) == plain(other)
}

fn squeezed(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    text::nfc(&words.join(" ")).into_owned()
}
