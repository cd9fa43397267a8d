//! `POST /$batch`: up to 20 requests in one, each with its own answer, in no promised order:
//! <https://learn.microsoft.com/graph/json-batching>.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::odata::Call;
use super::refusal::{Refusal, Trace};
use super::{State, authenticate, handle};
use crate::simulator::kit::{Reply, Request};

const MOST: usize = 20;

struct Item {
    id: String,
    depends_on: Vec<String>,
    request: Request,
}

pub(super) fn answer(state: &mut State, request: &Request) -> Result<Reply, Refusal> {
    let call = authenticate(state, request)?;
    let items = read(&call)?;
    let mut answered: HashMap<String, u16> = HashMap::new();
    let mut responses = Vec::new();
    for item in items {
        let trace = Trace::new(Some(&item.request), state);
        let failed = |id: &String| answered.get(id).is_none_or(|status| *status >= 400);
        let reply = if item.depends_on.iter().any(failed) {
            Err(Refusal::new(
                424,
                "FailedDependency",
                "The request depends on a request that failed.",
            ))
        } else if state.switches.throttle_batch_items > 0 {
            state.switches.throttle_batch_items -= 1;
            Err(Refusal::throttled(
                state.switches.batch_retry_after.as_deref(),
            ))
        } else {
            handle(state, &item.request)
        };
        let reply = reply.unwrap_or_else(|refusal| refusal.reply(&state.switches, &trace));
        answered.insert(item.id.clone(), reply.status);
        responses.push(response(&item.id, &trace.stamp(reply)));
    }
    // the order of the answers is not promised; reversed, nobody can rely on it
    responses.reverse();
    Ok(Reply::json(200, &json!({"responses": responses})))
}

fn response(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    // what is no JSON comes as base64 in a string
    let body = serde_json::from_slice(&reply.body)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| STANDARD.encode(&reply.body).into());
    json!({"id": id, "status": reply.status, "headers": headers, "body": body})
}

fn read(call: &Call) -> Result<Vec<Item>, Refusal> {
    if call.request.method != "POST" {
        return Err(Refusal::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        ));
    }
    let content_type = call.request.header("content-type").unwrap_or_default();
    if !content_type.to_lowercase().starts_with("application/json") {
        return Err(Refusal::bad_request(
            "Write request does not contain the content type 'application/json'.",
        ));
    }
    let invalid = || Refusal::bad_request("Invalid batch payload format.");
    let body = call.request.json().ok_or_else(invalid)?;
    let steps = body["requests"].as_array().ok_or_else(invalid)?;
    if steps.is_empty() {
        return Err(invalid());
    }
    if steps.len() > MOST {
        return Err(Refusal::bad_request(&format!(
            "Number of batch request steps exceeds the maximum value of {MOST}."
        )));
    }
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for step in steps {
        let item = item(call.request, step)?;
        if !seen.insert(item.id.clone()) {
            return Err(Refusal::bad_request(&format!(
                "Request Id : {} has to be unique in a batch.",
                item.id
            )));
        }
        if let Some(unknown) = item.depends_on.iter().find(|id| !seen.contains(*id)) {
            return Err(Refusal::bad_request(&format!(
                "Request Id : {} depends on the unknown or later request '{unknown}'.",
                item.id
            )));
        }
        items.push(item);
    }
    Ok(items)
}

fn item(outer: &Request, step: &Value) -> Result<Item, Refusal> {
    let invalid =
        |what: &str| Refusal::bad_request(&format!("Invalid batch payload format. {what}"));
    let text = |name: &str| {
        step[name]
            .as_str()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| invalid(&format!("A request has no '{name}'.")))
    };
    let (id, method, url) = (text("id")?, text("method")?, text("url")?);
    if url.contains("://") {
        return Err(invalid(&format!(
            "The url of request {id} is not relative."
        )));
    }
    let relative = url.trim_start_matches('/');
    let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
    let path = decoded(path);
    if path.eq_ignore_ascii_case("$batch") {
        return Err(invalid("A batch cannot hold a batch."));
    }
    let depends_on = match &step["dependsOn"] {
        Value::Null => Vec::new(),
        Value::Array(ids) => ids
            .iter()
            .map(|id| id.as_str().map(ToOwned::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| invalid("'dependsOn' is not a list of ids."))?,
        _ => return Err(invalid("'dependsOn' is not a list of ids.")),
    };
    Ok(Item {
        id: id.into(),
        depends_on,
        request: Request {
            method: method.to_uppercase(),
            path: format!("/v1.0/{path}"),
            target: format!("/v1.0/{relative}"),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: headers(outer, step)?,
            body: match &step["body"] {
                Value::Null => Bytes::new(),
                body => Bytes::from(body.to_string()),
            },
            in_lane: outer.in_lane,
        },
    })
}

/// The item's own headers, with the sender's identity from the envelope. `ConsistencyLevel` is not handed down.
fn headers(outer: &Request, step: &Value) -> Result<HashMap<String, String>, Refusal> {
    let mut headers: HashMap<String, String> = ["authorization", "host"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), outer.header(name)?.to_owned())))
        .collect();
    match &step["headers"] {
        Value::Null => {}
        Value::Object(own) => {
            for (name, value) in own {
                let value = value.as_str().ok_or_else(|| {
                    Refusal::bad_request("Invalid batch payload format. A header is not a string.")
                })?;
                headers.insert(name.to_lowercase(), value.into());
            }
        }
        _ => {
            return Err(Refusal::bad_request(
                "Invalid batch payload format. 'headers' is not an object.",
            ));
        }
    }
    Ok(headers)
}

/// Undoes percent-encoding in a path, where a `+` is a plus sign and `&` and `=` separate nothing.
fn decoded(path: &str) -> String {
    let escaped = path.replace('+', "%2B").replace('&', "%26");
    url::form_urlencoded::parse(format!("={escaped}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
