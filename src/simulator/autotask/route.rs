//! From a request to the function that answers it: zone look-up, sign-in, limits, routes. Routes are
//! read in any case, as the vendor's Swagger and its clients differ in it.

use serde_json::json;

use super::contacts;
use super::errors::{
    Outcome, errors, host, hourly, no_json_type, no_right, no_route, no_verb, page, threads,
    unauthorized,
};
use super::fields::Entity;
use super::pages;
use super::screens;
use super::state::State;
use crate::simulator::kit::{Reply, Request};

/// Requests at once of one integration at one endpoint.
const THREADS: usize = 3;
/// Longest address of a GET, in characters.
const LONGEST_URL: usize = 2048;

/// The parts of a path in lower case.
pub(super) fn parts(request: &Request) -> Vec<String> {
    let segments = request.segments().into_iter();
    segments.map(str::to_ascii_lowercase).collect()
}

/// The endpoint whose requests at once are counted together.
pub(super) fn lane(request: &Request) -> Option<String> {
    let parts = parts(request);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let [_, "atservicesrest", "v1.0", rest @ ..] = parts.as_slice() else {
        return None;
    };
    match rest {
        [] | ["zoneinformation" | "versioninformation", ..] => None,
        ["companies", _, "contacts", ..] => Some("contacts".into()),
        ["companies", _, "locations", ..] => Some("companylocations".into()),
        [endpoint, ..] => Some((*endpoint).to_owned()),
    }
}

/// Answers one request.
pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let url = "http://".len() + host(request).len() + request.target.chars().count();
    if request.method == "GET" && url > LONGEST_URL {
        return page(404);
    }
    let parts = parts(request);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["v1.0", "zoneinformation"]
        | ["atservicesrest", "v1.0", "zoneinformation"]
        | [_, "atservicesrest", "v1.0", "zoneinformation"] => zone_information(state, request),
        ["atservicesrest", "versioninformation"] | [_, "atservicesrest", "versioninformation"] => {
            let answer = || Reply::json(200, &json!({ "apiVersions": ["1.0"] }));
            only("GET", request).map_or_else(|refusal| refusal, |()| answer())
        }
        [zone, "atservicesrest", "v1.0", rest @ ..] => {
            let answer = admitted(state, request, zone).and_then(|()| routed(state, request, rest));
            answer.unwrap_or_else(|refusal| refusal)
        }
        [_, "autotask", "autotaskextend", "executecommand.aspx"] => {
            screens::execute(state, request)
        }
        _ => no_route(request),
    }
}

fn only(verb: &str, request: &Request) -> Outcome<()> {
    if request.method == verb {
        Ok(())
    } else {
        Err(no_verb(request))
    }
}

fn zone_information(state: &State, request: &Request) -> Reply {
    if request.method != "GET" {
        return no_verb(request);
    }
    let user = request
        .query
        .iter()
        .find_map(|(name, value)| name.eq_ignore_ascii_case("user").then_some(value.as_str()));
    if !user.is_some_and(|user| user.eq_ignore_ascii_case(&state.settings.user)) {
        return errors("Zone information could not be determined");
    }
    let (host, zone) = (host(request), &state.zone);
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    Reply::json(
        200,
        &json!({
            "zoneName": format!("Simulated {zone}"),
            "url": format!("http://{host}/{zone}/atservicesrest/"),
            "webUrl": format!("http://{host}/{zone}/"),
            "ci": digits.parse::<i64>().unwrap_or(1),
        }),
    )
}

/// Zone, sign-in and limits.
fn admitted(state: &mut State, request: &Request, zone: &str) -> Outcome<()> {
    let header = |name: &str| request.header(name).unwrap_or_default();
    let known = zone.eq_ignore_ascii_case(&state.zone)
        && header("username").eq_ignore_ascii_case(&state.settings.user)
        && header("secret") == state.settings.secret;
    if !known {
        return Err(unauthorized(state.switches.unauthorized));
    }
    if header("apiintegrationcode") != state.settings.integration_code {
        return Err(errors("IntegrationCode is invalid."));
    }
    if !state.count_request() {
        let switches = &state.switches;
        return Err(hourly(switches.hourly_status, switches.hourly_threshold));
    }
    if request.in_lane > THREADS && lane(request).is_some() {
        return Err(threads(state.switches.threads_status));
    }
    Ok(())
}

fn json_body(request: &Request) -> Outcome<()> {
    let kind = request.header("content-type").unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(no_json_type(media))
    }
}

fn may_query(state: &State, request: &Request) -> Outcome<()> {
    if !state.switches.may_query || request.header("impersonationresourceid").is_some() {
        return Err(no_right("query"));
    }
    Ok(())
}

fn number(request: &Request, part: &str) -> Outcome<i64> {
    part.parse().map_err(|_| no_route(request))
}

fn routed(state: &mut State, request: &Request, rest: &[&str]) -> Outcome<Reply> {
    match rest {
        ["thresholdinformation"] => {
            only("GET", request)?;
            Ok(Reply::json(
                200,
                &json!({
                    "externalRequestThreshold": state.switches.hourly_threshold,
                    "requestThresholdTimeframe": 60,
                    "currentTimeframeRequestCount": state.used_requests(),
                }),
            ))
        }
        ["companies", company, "contacts", rest @ ..] => {
            let company = number(request, company)?;
            children(state, request, Entity::Contact, company, rest)
        }
        ["companies", company, "locations", rest @ ..] => {
            let company = number(request, company)?;
            children(state, request, Entity::Location, company, rest)
        }
        [entity, rest @ ..] => match Entity::of_route(entity) {
            Some(entity) => root(state, request, entity, rest),
            None => Err(no_route(request)),
        },
        [] => Err(no_route(request)),
    }
}

fn root(state: &State, request: &Request, entity: Entity, rest: &[&str]) -> Outcome<Reply> {
    match rest {
        ["query", kind @ ..] => {
            let answer = match kind {
                [] => pages::query,
                ["count"] => pages::count,
                ["next"] => pages::next,
                _ => return Err(no_route(request)),
            };
            match request.method.as_str() {
                "GET" => {}
                "POST" => json_body(request)?,
                _ => return Err(no_verb(request)),
            }
            may_query(state, request)?;
            answer(state, request, entity)
        }
        ["entityinformation", part @ ..] => {
            let answer = match part {
                [] => entity.information(),
                ["fields"] => entity.description(&state.switches),
                ["userdefinedfields"] => json!({ "fields": [] }),
                _ => return Err(no_route(request)),
            };
            only("GET", request)?;
            Ok(Reply::json(200, &answer))
        }
        // Seen with live databases: these writes do not even reach the web framework.
        [] | [_] if entity == Entity::Contact && request.method == "PATCH" => Err(page(404)),
        [] if entity == Entity::Contact => Err(no_route(request)),
        [] => match (entity, request.method.as_str()) {
            (Entity::Company, "POST") => Err(no_right("create")),
            (Entity::Company, "PUT" | "PATCH") => Err(no_right("update")),
            _ => Err(no_route(request)),
        },
        [id] => {
            let id = number(request, id)?;
            only("GET", request)?;
            may_query(state, request)?;
            one(state, request, entity, id, None)
        }
        _ => Err(no_route(request)),
    }
}

fn children(
    state: &mut State,
    request: &Request,
    entity: Entity,
    company: i64,
    rest: &[&str],
) -> Outcome<Reply> {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            may_query(state, request)?;
            pages::children(state, request, entity, company)
        }
        ("GET", [id]) => {
            may_query(state, request)?;
            one(state, request, entity, number(request, id)?, Some(company))
        }
        ("DELETE", [id]) if entity == Entity::Contact => {
            Err(contacts::delete(state, company, number(request, id)?))
        }
        ("DELETE", [_]) => Err(no_right("delete")),
        ("POST" | "PATCH" | "PUT", []) => {
            json_body(request)?;
            // The API user may write contacts alone.
            match (request.method.as_str(), entity) {
                ("POST", Entity::Contact) => contacts::create(state, request, company),
                ("PATCH", Entity::Contact) => contacts::patch(state, request, company),
                (_, Entity::Contact) => contacts::replace(state, request, company),
                ("POST", _) => Err(no_right("create")),
                _ => Err(no_right("update")),
            }
        }
        (_, [] | [_]) => Err(no_verb(request)),
        _ => Err(no_route(request)),
    }
}

fn one(
    state: &State,
    request: &Request,
    entity: Entity,
    id: i64,
    company: Option<i64>,
) -> Outcome<Reply> {
    let row = state.rows(entity).get(&id);
    let row = row.filter(|row| company.is_none_or(|company| company == row.company));
    match row {
        None if state.switches.missing_is_404 => Err(no_route(request)),
        None => Ok(Reply::json(200, &json!({ "item": null }))),
        Some(row) => {
            let item = entity.item(&row.values, &state.switches);
            Ok(Reply::json(200, &json!({ "item": item })))
        }
    }
}
