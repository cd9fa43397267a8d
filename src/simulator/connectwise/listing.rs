//! Lists as ConnectWise gives them: conditions, order, fields, and both ways of paging. It sees
//! rows as JSON and does not know what they mean.

use serde_json::{Map, Value, json};

use super::errors::{bad_condition, refused, unknown_name};
use super::names::{Kind, Resource, filterable, find};
use super::query::{Condition, Scope, Wrong, parse};
use super::switches::LastPage;
use crate::simulator::kit::{Reply, Request};

/// Rows a page where none are asked for.
const PAGE: usize = 25;
/// The most rows a page; more is cut to it in silence.
const LARGEST: usize = 1000;

enum Paging {
    Pages { page: usize, size: usize },
    Forward { after: i64, size: usize },
}

/// What one request asks of a list.
pub(super) struct Listing {
    conditions: Option<Condition>,
    children: Option<Condition>,
    order: Vec<(String, bool)>,
    fields: Option<Vec<String>>,
    paging: Paging,
    last_page: LastPage,
}

impl Listing {
    /// Reads the query of a request, or refuses it.
    pub fn read(
        request: &Request,
        resource: &Resource,
        last_page: LastPage,
    ) -> Result<Self, Reply> {
        let child = request
            .param("childConditions")
            .or_else(|| request.param("childconditions"));
        if request.param("customFieldConditions").is_some() {
            return Err(bad_condition("No custom field is set up."));
        }
        let forward = request
            .header("pagination-type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("forward-only"));
        let order = order(request, resource)?;
        if forward && !order.is_empty() {
            return Err(bad_condition(
                "orderBy is not supported with forward-only pagination.",
            ));
        }
        let size = whole(request, "pageSize", 1)?
            .unwrap_or(PAGE)
            .clamp(1, LARGEST);
        let paging = if forward {
            let after = whole(request, "pageId", 0)?.unwrap_or(0);
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            Paging::Forward { after, size }
        } else {
            let page = whole(request, "page", 1)?.unwrap_or(1);
            Paging::Pages { page, size }
        };
        Ok(Self {
            conditions: condition(request.param("conditions"), resource, Scope::Own)?,
            children: condition(child, resource, Scope::Children)?,
            order,
            fields: fields(request, resource)?,
            paging,
            last_page,
        })
    }

    /// The condition on the rows themselves.
    pub fn conditions(&self) -> Option<&Condition> {
        self.conditions.as_ref()
    }

    /// Where forward-only paging goes on: rows up to this id need not be offered.
    pub fn after(&self) -> i64 {
        match self.paging {
            Paging::Forward { after, .. } => after,
            Paging::Pages { .. } => i64::MIN,
        }
    }

    /// Whether a row fulfils both conditions.
    fn takes(&self, row: &Value) -> bool {
        let own = |name: &str| at(row, name);
        self.conditions
            .as_ref()
            .is_none_or(|condition| condition.holds(&own) == Some(true))
            && self
                .children
                .as_ref()
                .is_none_or(|condition| some_child(condition, row))
    }

    /// The answer of `/count`.
    pub fn count(&self, rows: impl Iterator<Item = Value>) -> Reply {
        let count = rows.filter(|row| self.takes(row)).count();
        Reply::json(200, &json!({"count": count}))
    }

    /// One page of rows that come in the order of their ids.
    pub fn page(&self, request: &Request, rows: impl Iterator<Item = Value>) -> Reply {
        let rows = rows.filter(|row| self.takes(row));
        match self.paging {
            Paging::Forward { after, size } => {
                let mut rows: Vec<Value> = rows
                    .filter(|row| row["id"].as_i64().is_some_and(|id| id > after))
                    .take(size + 1)
                    .collect();
                let more = match self.last_page {
                    LastPage::EmptyPage => rows.len() >= size,
                    LastPage::EmptyTarget | LastPage::NoLink => rows.len() > size,
                };
                rows.truncate(size);
                let last = rows
                    .last()
                    .map_or(after, |row| row["id"].as_i64().unwrap_or(after));
                let reply = Reply::json(200, &self.pruned(rows));
                match (more, self.last_page) {
                    (true, _) => {
                        reply.with("link", &link(request, "pageId", &last.to_string(), "next"))
                    }
                    (false, LastPage::NoLink) => reply,
                    (false, _) => reply.with("link", "<>; rel=\"next\""),
                }
            }
            Paging::Pages { page, size } => {
                let mut rows: Vec<Value> = rows.collect();
                rows.sort_by(|a, b| self.compare(a, b));
                let pages = rows.len().div_ceil(size).max(1);
                let skipped = (page - 1).saturating_mul(size);
                let rows = rows.into_iter().skip(skipped).take(size).collect();
                let mut links = Vec::new();
                if page > 1 && page <= pages {
                    links.push(link(request, "page", &(page - 1).to_string(), "prev"));
                    links.push(link(request, "page", "1", "first"));
                }
                if page < pages {
                    links.push(link(request, "page", &(page + 1).to_string(), "next"));
                    links.push(link(request, "page", &pages.to_string(), "last"));
                }
                let reply = Reply::json(200, &self.pruned(rows));
                if links.is_empty() {
                    reply
                } else {
                    reply.with("link", &links.join(", "))
                }
            }
        }
    }

    /// One row with the fields asked for.
    pub fn one(&self, row: Value) -> Reply {
        let row = match &self.fields {
            Some(fields) => prune(&row, fields),
            None => row,
        };
        Reply::json(200, &row)
    }

    fn pruned(&self, rows: Vec<Value>) -> Value {
        match &self.fields {
            Some(fields) => rows.iter().map(|row| prune(row, fields)).collect(),
            None => Value::Array(rows),
        }
    }

    fn compare(&self, a: &Value, b: &Value) -> std::cmp::Ordering {
        for (name, down) in &self.order {
            let order = compare(&at(a, name), &at(b, name));
            let order = if *down { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        a["id"].as_i64().cmp(&b["id"].as_i64())
    }
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.as_i64().cmp(&b.as_i64()),
        _ => b.is_null().cmp(&a.is_null()),
    }
}

/// The value at a path such as `company/id`.
fn at(row: &Value, path: &str) -> Value {
    if path == "lastUpdated" {
        return row["_info"]["lastUpdated"].clone();
    }
    path.split('/')
        .try_fold(row, |value, name| value.get(name))
        .cloned()
        .unwrap_or(Value::Null)
}

/// Whether one and the same child fulfils the condition; with two lists, one child of each.
fn some_child(condition: &Condition, row: &Value) -> bool {
    let lists = condition.lists();
    let children = |list: &str| row[list].as_array().map_or(&[][..], Vec::as_slice);
    let holds = |bound: &[(&str, &Value)]| {
        let value = |name: &str| {
            let (list, path) = name.split_once('/').unwrap_or((name, ""));
            let child = bound.iter().find(|(own, _)| *own == list);
            child.map_or(Value::Null, |(_, child)| at(child, path))
        };
        condition.holds(&value) == Some(true)
    };
    match lists.as_slice() {
        [list] => children(list).iter().any(|child| holds(&[(list, child)])),
        [first, second] => children(first).iter().any(|one| {
            children(second)
                .iter()
                .any(|other| holds(&[(first, one), (second, other)]))
        }),
        _ => false,
    }
}

fn condition(
    text: Option<&str>,
    resource: &Resource,
    scope: Scope,
) -> Result<Option<Condition>, Reply> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    parse(text, resource, scope)
        .map(Some)
        .map_err(|wrong| match wrong {
            Wrong::Name(name) => unknown_name(&name),
            Wrong::Form(message) => bad_condition(&message),
        })
}

fn whole(request: &Request, name: &str, least: usize) -> Result<Option<usize>, Reply> {
    let Some(text) = request.param(name) else {
        return Ok(None);
    };
    match text.parse::<usize>() {
        Ok(number) if number >= least => Ok(Some(number)),
        _ => Err(refused(
            400,
            &format!("The value '{text}' is not valid for {name}."),
        )),
    }
}

fn order(request: &Request, resource: &Resource) -> Result<Vec<(String, bool)>, Reply> {
    let text = request.param("orderBy").unwrap_or_default();
    let mut found = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, direction) = part.split_once(' ').unwrap_or((part, "asc"));
        filterable(resource.names, name).ok_or_else(|| unknown_name(name))?;
        let down = match direction.trim().to_ascii_lowercase().as_str() {
            "asc" => false,
            "desc" => true,
            other => return Err(bad_condition(&format!("{other} is not an order."))),
        };
        found.push((name.to_owned(), down));
    }
    Ok(found)
}

fn fields(request: &Request, resource: &Resource) -> Result<Option<Vec<String>>, Reply> {
    let Some(text) = request
        .param("fields")
        .filter(|text| !text.trim().is_empty())
    else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let path = name.replace('.', "/");
        let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
        let child = resource.children.iter().find(|(list, _)| *list == first);
        let known = match child {
            Some((_, names)) if !rest.is_empty() => find(names, rest).is_some(),
            _ => find(resource.names, &path).is_some(),
        };
        // What stands below `_info` can be asked for too: `_info/lastUpdated`.
        let info = first == "_info" && matches!(find(resource.names, first), Some(Kind::Opaque));
        if !known && !info {
            return Err(unknown_name(name));
        }
        found.push(path);
    }
    Ok(Some(found))
}

fn prune(row: &Value, fields: &[String]) -> Value {
    let mut kept = Map::new();
    for path in fields {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let Some(value) = row.get(first) else {
            continue;
        };
        let all = fields.iter().any(|other| other == first);
        if rest.is_empty() || all {
            kept.insert(first.to_owned(), value.clone());
            continue;
        }
        let prefix = format!("{first}/");
        let below: Vec<String> = fields
            .iter()
            .filter_map(|other| other.strip_prefix(&prefix))
            .map(ToOwned::to_owned)
            .collect();
        let value = match value {
            Value::Array(values) => values.iter().map(|value| prune(value, &below)).collect(),
            value => prune(value, &below),
        };
        kept.insert(first.to_owned(), value);
    }
    Value::Object(kept)
}

fn link(request: &Request, name: &str, value: &str, relation: &str) -> String {
    let path = request.target.split('?').next().unwrap_or_default();
    let host = request.header("host").unwrap_or("localhost");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(request.query.iter().filter(|(key, _)| key != name))
        .append_pair(name, value)
        .finish();
    format!("<http://{host}{path}?{query}>; rel=\"{relation}\"")
}
