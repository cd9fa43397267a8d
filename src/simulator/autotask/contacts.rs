//! Writes of contacts through their company: create, PATCH and PUT, with what the vendor refuses.

use serde_json::{Map, Value, json};

use super::data::is_blank;
use super::errors::{
    Outcome, bad_pick, bad_reference, errors, no_match, no_right, required, stale_reference,
    unknown_field,
};
use super::fields::{Entity, Field, Kind};
use super::query::fits_kind;
use super::state::{Row, State};
use crate::simulator::kit::{Reply, Request};

/// What a body asks for.
struct Asked {
    id: Option<i64>,
    fields: Vec<(&'static Field, Value)>,
}

/// `POST /Companies/{id}/Contacts`.
pub(super) fn create(state: &mut State, request: &Request, company: i64) -> Outcome<Reply> {
    right(state, "create")?;
    let asked = read(state, request, company)?;
    if asked.id.is_some_and(|id| id != 0) {
        return Err(errors("The id of a new record must be 0."));
    }
    let mut values = Map::new();
    values.insert("companyID".into(), company.into());
    if let Some(resource) = request.header("impersonationresourceid") {
        let resource = resource.parse::<i64>();
        let resource = resource.map_err(|_| bad_reference("ImpersonationResourceId", "Resource"));
        values.insert("impersonatorCreatorResourceID".into(), resource?.into());
    }
    for (field, value) in asked.fields {
        if !is_blank(&value) && !ignored(state, field) {
            values.insert(field.name.into(), value);
        }
    }
    check(state, &values, company, None)?;
    Ok(written(state.put(Entity::Contact, values)))
}

/// `PATCH /Companies/{id}/Contacts`: what is left out stays.
pub(super) fn patch(state: &mut State, request: &Request, company: i64) -> Outcome<Reply> {
    right(state, "update")?;
    let asked = read(state, request, company)?;
    let before = existing(state, asked.id, company)?;
    let mut values = before.values.clone();
    for (field, value) in asked.fields {
        if value.is_null() && state.switches.null_in_patch_refused {
            return Err(errors(&format!(
                "Null is not a valid value for the field {}.",
                field.name
            )));
        }
        if ignored(state, field) {
            continue;
        }
        if is_blank(&value) {
            values.remove(field.name);
        } else {
            values.insert(field.name.into(), value);
        }
    }
    check(state, &values, company, Some(&before))?;
    Ok(written(state.put(Entity::Contact, values)))
}

/// `PUT /Companies/{id}/Contacts`: what is left out becomes null.
pub(super) fn replace(state: &mut State, request: &Request, company: i64) -> Outcome<Reply> {
    right(state, "update")?;
    let asked = read(state, request, company)?;
    let before = existing(state, asked.id, company)?;
    let mut values = before.values.clone();
    values.retain(|name, _| {
        name == "companyID"
            || Entity::Contact
                .field(name)
                .is_some_and(|field| field.read_only || ignored(state, field))
    });
    for (field, value) in asked.fields {
        if !is_blank(&value) && !ignored(state, field) {
            values.insert(field.name.into(), value);
        }
    }
    check(state, &values, company, Some(&before))?;
    Ok(written(state.put(Entity::Contact, values)))
}

/// `DELETE /Companies/{id}/Contacts/{id}`: the API user has no right to it here.
pub(super) fn delete(state: &State, company: i64, id: i64) -> Reply {
    let there = state.rows(Entity::Contact).get(&id);
    match there.filter(|row| row.company == company) {
        Some(_) => no_right("delete"),
        None => no_match("delete"),
    }
}

fn written(id: i64) -> Reply {
    Reply::json(200, &json!({ "itemId": id }))
}

fn right(state: &State, action: &str) -> Outcome<()> {
    if state.switches.may_write {
        Ok(())
    } else {
        Err(no_right(action))
    }
}

fn ignored(state: &State, field: &Field) -> bool {
    let ignored = &state.switches.silently_ignored;
    ignored.iter().any(|name| name == field.name)
}

fn existing(state: &State, id: Option<i64>, company: i64) -> Outcome<Row> {
    let id = id.ok_or_else(|| required("id"))?;
    let row = state.rows(Entity::Contact).get(&id);
    row.filter(|row| row.company == company)
        .cloned()
        .ok_or_else(|| no_match("update"))
}

/// Reads a body; each value is right by itself afterwards.
fn read(state: &State, request: &Request, company: i64) -> Outcome<Asked> {
    let Some(Value::Object(body)) = request.json() else {
        return Err(errors("The body must be one JSON object."));
    };
    let mut asked = Asked {
        id: None,
        fields: Vec::new(),
    };
    for (name, value) in body {
        if name.eq_ignore_ascii_case("userDefinedFields") {
            no_udf(&value)?;
            continue;
        }
        let field = Entity::Contact
            .field(&name)
            .ok_or_else(|| unknown_field(&name, Entity::Contact.name()))?;
        if !value.is_null() && !fits_kind(field.kind, &value) {
            return Err(conversion(field, &value));
        }
        if field.name == "id" {
            asked.id = value.as_i64();
            continue;
        }
        if field.read_only {
            return Err(errors(&format!("The field {} is read only.", field.name)));
        }
        if field.name == "companyID" {
            if value.as_i64().is_some_and(|given| given != company) {
                return Err(errors(
                    "The companyID of the record is not that of the parent in the URL.",
                ));
            }
            continue;
        }
        check_value(state, field, &value)?;
        asked.fields.push((field, value));
    }
    Ok(asked)
}

/// This database has no user-defined fields.
fn no_udf(value: &Value) -> Outcome<()> {
    let first = value.as_array().and_then(|fields| fields.first());
    match first.map(|field| field.get("name").and_then(Value::as_str)) {
        Some(name) => Err(unknown_field(
            name.unwrap_or_default(),
            Entity::Contact.name(),
        )),
        None if value.is_array() || value.is_null() => Ok(()),
        None => Err(errors("userDefinedFields must be an array.")),
    }
}

fn conversion(field: &Field, value: &Value) -> Reply {
    let kind = match field.kind {
        Kind::Text => "System.String",
        Kind::Integer => "System.Nullable`1[System.Int32]",
        Kind::Flag => "System.Nullable`1[System.Boolean]",
        Kind::Moment => "System.Nullable`1[System.DateTime]",
        Kind::Number => "System.Nullable`1[System.Double]",
    };
    errors(&format!(
        "Error converting value {value} to type '{kind}'. Path '{}'.",
        field.name
    ))
}

fn check_value(state: &State, field: &Field, value: &Value) -> Outcome<()> {
    let most = field.length(&state.switches);
    if let Some(text) = value.as_str()
        && most > 0
        && text.encode_utf16().count() > most
    {
        return Err(errors(&format!(
            "The value of the field {} is longer than its maximum length of {most}.",
            field.name
        )));
    }
    if let Some(number) = value.as_i64() {
        let picked = match field.picks {
            Some(picks) => picks.iter().any(|(value, _)| *value == number),
            None => field.name != "isActive" || number == 0 || number == 1,
        };
        if !picked {
            return Err(bad_pick(number, field.name));
        }
        if field.name == "countryID" && number <= 0 {
            return Err(bad_reference(field.name, "Country"));
        }
    }
    Ok(())
}

/// Whether the record as it would be stands in the database; `before`: as it was.
fn check(
    state: &State,
    values: &Map<String, Value>,
    company: i64,
    before: Option<&Row>,
) -> Outcome<()> {
    let fields = Entity::Contact.fields().iter();
    for field in fields.filter(|field| field.required) {
        let blank = match values.get(field.name) {
            Some(Value::String(text)) => text.trim().is_empty(),
            value => value.is_none(),
        };
        if blank {
            return Err(required(field.name));
        }
    }
    let switches = &state.switches;
    let owner = state.rows(Entity::Company).get(&company);
    if !owner.is_some_and(|owner| owner.is_active() || !switches.inactive_company_refused) {
        return Err(bad_reference("companyID", "Company"));
    }
    let Some(wanted) = values.get("companyLocationID").and_then(Value::as_i64) else {
        return Ok(());
    };
    let field = "companyLocationID";
    let location = state.rows(Entity::Location).get(&wanted);
    let location = location.filter(|location| location.company == company);
    let untouched = before.is_some_and(|before| before.int(field) == Some(wanted));
    match location {
        Some(location) if location.is_active() || !switches.inactive_location_refused => Ok(()),
        Some(_) if before.is_some() => Err(stale_reference(field)),
        // A location that is gone: an error only for a record that is being pointed at it.
        None if untouched && !switches.inactive_location_refused => Ok(()),
        None if untouched => Err(stale_reference(field)),
        _ => Err(bad_reference(field, Entity::Location.name())),
    }
}
