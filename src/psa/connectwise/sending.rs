//! Sends one stored request to `ConnectWise` and finds out what became of one whose answer was lost. It never repeats a
//! request that adds something.

use reqwest::Method;
use serde_json::{Value, json};

use super::address::encoded;
use super::client::{Call, Client, Stands};
use super::items::{Item, ItemKind, ItemRow};
use super::reading::is_plain;
use super::steps::{NewItem, Operation, Request, adding};
use super::taken::{field, not_made, same_id, took, was_added};
use super::wire::{AssociationRow, reference};
use crate::http::{ApiError, Kind, Repeat};
use crate::model::{ContactId, Field};
use crate::psa::{Sent, Step};

/// The request of a step; an error where another version of Rollcall stored it in other words.
fn request(step: &Step) -> Result<Request, ApiError> {
    serde_json::from_value(step.request.clone()).map_err(|_| {
        let detail = "the stored request cannot be read";
        Client::error("read a stored request", Kind::Refused, detail)
    })
}

/// Sends a step's request and checks what came of it: a 200 may have changed nothing.
pub(super) async fn send(client: &Client, step: &Step) -> Result<Sent, ApiError> {
    let repeat = step.repeat();
    match request(step)? {
        Request::Create { body, .. } => create(client, &body, step).await,
        Request::Change {
            contact,
            operations,
        } => change(client, contact, &operations).await,
        Request::ChangeItem {
            contact,
            item,
            kind,
            value,
        } => change_item(client, contact, item, kind, &value).await,
        Request::MakeDefault {
            contact,
            item,
            otherwise,
        } => make_default(client, contact, item, otherwise).await,
        Request::AddItem { contact, item } => {
            let (action, path) = ("add an address or number", items_path(&contact));
            let record = post(client, action, path, &item.body(), repeat).await?;
            Ok(checked(contact, step, was_added(record, &item)))
        }
        Request::RemoveItem { contact, item } => remove_item(client, contact, item).await,
        Request::AddType { contact, of: kind } => {
            let (action, path) = ("add a contact type", types_path(&contact));
            let body =
                json!({"type": reference(kind.as_str()), "contact": reference(contact.as_str())});
            let record = post(client, action, path, &body, repeat).await?;
            let added = &record["type"]["id"];
            let taken = added.is_null() || same_id(added, &body["type"]["id"]);
            Ok(checked(contact, step, taken))
        }
    }
}

/// What a step left behind whose answer was lost.
pub(super) async fn happened(client: &Client, step: &Step) -> Result<Vec<Sent>, ApiError> {
    match request(step)? {
        Request::Create {
            company, address, ..
        } => {
            if address.is_empty() {
                let detail = "a contact without an address cannot be looked up";
                return Err(Client::error("look up the contact", Kind::Lost, detail));
            }
            // How other characters are escaped is unproved; without a condition all contacts of the company are read.
            let plain = address.is_ascii() && address.chars().all(is_plain);
            let condition = plain.then_some(address.as_str());
            let rows = client.contact_rows(&company, condition).await?;
            let found = rows.iter().filter(|row| row.holds(&address));
            Ok(found
                .map(|row| of(ContactId::new(&row.id.to_string())))
                .collect())
        }
        Request::AddItem { contact, item } => {
            let action = "look up an address or number";
            let call = below(action, items_path(&contact));
            let rows: Vec<ItemRow> = client.page(call).await?;
            let mut items = rows.into_iter().filter_map(ItemRow::item);
            let there = items.any(|found| is_it(&found, &item));
            Ok(there.then(|| of(contact)).into_iter().collect())
        }
        Request::AddType { contact, of: kind } => {
            let call = below("look up a contact type", types_path(&contact));
            let rows: Vec<AssociationRow> = client.page(call).await?;
            let there = rows.iter().any(|row| {
                let id = row.of.as_ref().and_then(|of| of.id);
                id.is_some_and(|id| id.to_string() == kind.as_str())
            });
            Ok(there.then(|| of(contact)).into_iter().collect())
        }
        Request::Change { .. }
        | Request::ChangeItem { .. }
        | Request::MakeDefault { .. }
        | Request::RemoveItem { .. } => Ok(Vec::new()),
    }
}

/// Whether an item is the one that was to be added. A default Email item may have been added beside one of the same address
/// that is not the default, so the flag belongs to it.
fn is_it(found: &Item, item: &NewItem) -> bool {
    found.kind == item.kind
        && found.type_id == item.type_id
        && item.kind.same(&found.value, &item.value)
        && (item.kind != ItemKind::Email || found.default == item.default)
}

/// The sent step of a contact; what it settles is not taken where the answer says otherwise.
fn checked(contact: ContactId, step: &Step, taken: bool) -> Sent {
    Sent {
        untaken: if taken {
            Vec::new()
        } else {
            step.settles.clone()
        },
        ..of(contact)
    }
}

fn of(contact: ContactId) -> Sent {
    Sent {
        contact: Some(contact),
        ..Sent::default()
    }
}

fn contact_path(contact: &ContactId) -> String {
    format!("company/contacts/{}", encoded(contact.as_str()))
}

fn items_path(contact: &ContactId) -> String {
    format!("{}/communications", contact_path(contact))
}

fn types_path(contact: &ContactId) -> String {
    format!("{}/typeAssociations", contact_path(contact))
}

/// A read of what is below a contact: a page of the largest size holds all of it.
fn below(action: &'static str, path: String) -> Call<'static> {
    let mut call = Call::get(action, path, Stands::Perhaps);
    call.query.push(("pageSize", "1000".to_owned()));
    call
}

async fn create(client: &Client, body: &Value, step: &Step) -> Result<Sent, ApiError> {
    const ACTION: &str = "create the contact";
    let path = "company/contacts";
    let call = Call {
        method: Method::POST,
        body: Some(body),
        repeat: step.repeat(),
        ..Call::get(ACTION, path, Stands::Always)
    };
    let record = client.call(call).await?.json().unwrap_or_default();
    let id = record["id"].as_i64().ok_or_else(|| {
        // Something else answered in the vendor's place, perhaps after the contact was made.
        Client::error(ACTION, Kind::Lost, "the answer names no contact")
    })?;
    Ok(Sent {
        untaken: not_made(&record, body),
        ..of(ContactId::new(&id.to_string()))
    })
}

async fn post(
    client: &Client,
    action: &'static str,
    path: String,
    body: &Value,
    repeat: Repeat,
) -> Result<Value, ApiError> {
    let call = Call {
        method: Method::POST,
        body: Some(body),
        repeat,
        ..Call::get(action, path, Stands::Perhaps)
    };
    let answer = client.call(call).await?;
    answer.json().filter(is_record).ok_or_else(|| {
        // Something else answered in the vendor's place, perhaps after it was added.
        let detail = "the answer is not the record that was added";
        Client::error(action, Kind::Lost, detail)
    })
}

/// Every record names itself. What does not is somebody else's answer, and proves nothing: an earlier try may have been done.
fn is_record(answer: &Value) -> bool {
    !answer["id"].is_null()
}

/// Sends a JSON Patch; the answer is the record as it is now.
async fn patch(
    client: &Client,
    action: &'static str,
    path: String,
    operations: &[Operation],
) -> Result<Value, ApiError> {
    let body = json!(operations);
    let call = Call {
        method: Method::PATCH,
        body: Some(&body),
        ..Call::get(action, path, Stands::Perhaps)
    };
    let answer = client.call(call).await?;
    let record = answer.json().filter(is_record);
    record.ok_or_else(|| {
        let detail = "the answer is not the record that was changed";
        Client::error(action, Kind::Unexpected, detail)
    })
}

async fn change(
    client: &Client,
    contact: ContactId,
    operations: &[Operation],
) -> Result<Sent, ApiError> {
    const ACTION: &str = "change the contact";
    let record = patch(client, ACTION, contact_path(&contact), operations).await?;
    let untaken = operations
        .iter()
        .filter(|operation| !took(&record, &operation.path, &operation.value))
        .filter_map(|operation| field(&operation.path))
        .collect();
    Ok(Sent {
        untaken,
        ..of(contact)
    })
}

fn not_taken(action: &'static str, what: &str) -> ApiError {
    let detail = format!("it answered that all went well, but this did not change: {what}");
    let error = Client::error(action, Kind::Refused, detail);
    ApiError {
        status: Some(200),
        ..error
    }
}

async fn change_item(
    client: &Client,
    contact: ContactId,
    item: i64,
    kind: ItemKind,
    value: &str,
) -> Result<Sent, ApiError> {
    const ACTION: &str = "change an address or number";
    let path = format!("{}/{item}", items_path(&contact));
    let operation = Operation::replace("value", json!(value));
    let record = patch(client, ACTION, path, &[operation]).await?;
    if kind.same(record["value"].as_str().unwrap_or_default(), value) {
        Ok(of(contact))
    } else {
        Err(not_taken(ACTION, kind.word()))
    }
}

/// That an existing item can become the default is unproved: where it is refused or does not show, a new one is added.
async fn make_default(
    client: &Client,
    contact: ContactId,
    item: i64,
    otherwise: Option<NewItem>,
) -> Result<Sent, ApiError> {
    let path = format!("{}/{item}", items_path(&contact));
    let operation = Operation::replace("defaultFlag", json!(true));
    let action = "make an address the default";
    let moved = match patch(client, action, path, &[operation]).await {
        Ok(record) => record["defaultFlag"] == true,
        Err(error) if error.kind == Kind::Refused => false,
        Err(error) => return Err(error),
    };
    let mut sent = of(contact.clone());
    match otherwise {
        _ if moved => {}
        Some(item) => sent.then.push(adding(&contact, item, &[Field::Email])),
        None => sent.untaken.push(Field::Email),
    }
    Ok(sent)
}

async fn remove_item(client: &Client, contact: ContactId, item: i64) -> Result<Sent, ApiError> {
    let path = format!("{}/{item}", items_path(&contact));
    let call = Call {
        method: Method::DELETE,
        ..Call::get("take an address or number away", path, Stands::Perhaps)
    };
    match client.call(call).await {
        Err(error) if error.kind != Kind::NotFound => Err(error),
        // Gone already, perhaps by an earlier try of this request.
        _ => Ok(of(contact)),
    }
}
