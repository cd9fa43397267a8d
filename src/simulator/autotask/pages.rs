//! Answers of the query routes: rows, counts and pages. Which records fit is `query`'s to say.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::errors::{Outcome, errors, host, no_verb};
use super::fields::Entity;
use super::query::Query;
use super::state::{Row, State};
use crate::simulator::kit::{Reply, Request};

const START: i64 = i64::MIN;

/// A place between pages, as the opaque `paging` value carries it.
struct Cursor {
    entity: Entity,
    /// The verb of the query, which the next page must be asked with too.
    verb: String,
    digest: u64,
    /// The page begins after this record; the first page after [`START`].
    after: i64,
}

impl Cursor {
    fn written(&self) -> String {
        let json = json!([self.entity.name(), self.verb, self.digest, self.after]);
        let opaque = STANDARD.encode(json.to_string());
        url::form_urlencoded::byte_serialize(opaque.as_bytes()).collect()
    }

    fn read(entity: Entity, opaque: &str) -> Option<Self> {
        let json = STANDARD.decode(opaque).ok()?;
        let (name, verb, digest, after): (String, String, u64, i64) =
            serde_json::from_slice(&json).ok()?;
        (name == entity.name()).then_some(Self {
            entity,
            verb,
            digest,
            after,
        })
    }
}

fn digest(json: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    json.to_string().hash(&mut hasher);
    hasher.finish()
}

/// The JSON of a query: the body of a POST, the `search` parameter of a GET.
fn asked(request: &Request) -> Outcome<Value> {
    let json = match request.method.as_str() {
        "POST" => request.json(),
        _ => request
            .param("search")
            .and_then(|search| serde_json::from_str(search).ok()),
    };
    json.ok_or_else(|| errors("The query is missing or is not valid JSON."))
}

/// `/{Entity}/query`.
pub(super) fn query(state: &State, request: &Request, entity: Entity) -> Outcome<Reply> {
    let json = asked(request)?;
    page(state, request, entity, &json, START)
}

/// `/{Entity}/query/count`.
pub(super) fn count(state: &State, request: &Request, entity: Entity) -> Outcome<Reply> {
    let query = Query::read(entity, &asked(request)?, &state.switches)?;
    let rows = state.rows(entity).values();
    let count = rows.filter(|row| query.fits(row)).count();
    Ok(Reply::json(200, &json!({ "queryCount": count })))
}

/// `/{Entity}/query/next`: with the verb and the query of the page before.
pub(super) fn next(state: &State, request: &Request, entity: Entity) -> Outcome<Reply> {
    let cursor = request
        .param("paging")
        .and_then(|opaque| Cursor::read(entity, opaque))
        .ok_or_else(|| errors("The paging value is not valid."))?;
    if cursor.verb != request.method {
        return Err(no_verb(request));
    }
    let json = asked(request)?;
    if cursor.digest != digest(&json) {
        return Err(errors("The query differs from that of the paging value."));
    }
    page(state, request, entity, &json, cursor.after)
}

/// `/Companies/{id}/Contacts` and `/Companies/{id}/Locations`, which page like a GET query.
pub(super) fn children(
    state: &State,
    request: &Request,
    entity: Entity,
    company: i64,
) -> Outcome<Reply> {
    let json = json!({ "filter": [{ "op": "eq", "field": "companyID", "value": company }] });
    page(state, request, entity, &json, START)
}

fn page(
    state: &State,
    request: &Request,
    entity: Entity,
    json: &Value,
    after: i64,
) -> Outcome<Reply> {
    let query = Query::read(entity, json, &state.switches)?;
    let rows = state
        .rows(entity)
        .range(after..)
        .filter(|(id, row)| **id > after && query.fits(row));
    let mut found: Vec<_> = rows.take(query.max + 1).collect();
    let more = found.len() > query.max;
    found.truncate(query.max);
    let include = query.include.as_ref();
    if more && include.is_some_and(|include| !include.contains(&"id")) {
        return Err(errors(
            "IncludeFields must contain id where there is more than one page.",
        ));
    }
    let verb = request.method.clone();
    let link = |after: i64| {
        let cursor = Cursor {
            entity,
            verb: verb.clone(),
            digest: digest(json),
            after,
        };
        let search = match verb.as_str() {
            "POST" => String::new(),
            _ => url::form_urlencoded::Serializer::new("&".to_owned())
                .append_pair("search", &json.to_string())
                .finish(),
        };
        format!(
            "http://{}/{}/atservicesrest/v1.0/{}/query/next?paging={}{search}",
            host(request),
            state.zone,
            entity.route(),
            cursor.written()
        )
    };
    let previous = (after != START).then(|| {
        let before = state.rows(entity).range(..=after).rev();
        let mut before = before.filter(|(_, row)| query.fits(row));
        link(before.nth(query.max).map_or(START, |(id, _)| *id))
    });
    let last = found.last().map(|(id, _)| **id);
    let following = last.filter(|_| more).map(link);
    let items: Vec<_> = found
        .iter()
        .map(|(_, row)| printed(state, entity, row, &query))
        .collect();
    let answer = json!({
        "items": items,
        "pageDetails": {
            "count": items.len(), "requestCount": query.max,
            "prevPageUrl": previous, "nextPageUrl": following,
        },
    });
    Ok(Reply::json(200, &answer))
}

fn printed(state: &State, entity: Entity, row: &Row, query: &Query) -> Value {
    let mut item = entity.item(&row.values, &state.switches);
    if let Value::Object(fields) = &mut item {
        if let Some(include) = &query.include {
            fields.retain(|name, _| include.contains(&name.as_str()));
        }
        if state.switches.rows_are_lean {
            fields.retain(|_, value| !value.is_null());
        }
    }
    item
}
