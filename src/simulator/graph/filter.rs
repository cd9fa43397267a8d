//! The few forms of `$filter` and `$search` that are simulated. Every other one is refused, never passed over.

use serde_json::Value;

use super::odata::{Call, Options};
use super::refusal::Refusal;

/// A condition on one property.
pub(super) enum Filter {
    Equals(String, Value),
    StartsWith(String, String),
    /// `assignedLicenses/$count ne 0`, and `eq 0` as false.
    Licensed(bool),
    Sku(String),
    /// `$search="property:text"`: a word of the property begins with it.
    Search(String, String),
}

impl Filter {
    /// The conditions of a request; `filterable` are the properties that may be compared, `kind` the type's plain name.
    pub(super) fn read(
        call: &Call,
        options: &Options,
        kind: &str,
        filterable: &[&str],
    ) -> Result<Vec<Self>, Refusal> {
        let mut filters = Vec::new();
        if let Some(text) = &options.filter {
            filters.push(parse(call, text.trim(), kind, filterable)?);
        }
        if let Some(text) = &options.search {
            filters.push(parse_search(text)?);
        }
        Ok(filters)
    }

    pub(super) fn holds(&self, property: impl Fn(&str) -> Option<Value>) -> bool {
        let text = |name: &str| match property(name) {
            Some(Value::String(text)) => Some(text.to_lowercase()),
            _ => None,
        };
        let licences = || match property("assignedLicenses") {
            Some(Value::Array(licences)) => licences,
            _ => Vec::new(),
        };
        match self {
            Self::Equals(name, Value::String(wanted)) => text(name).as_ref() == Some(wanted),
            Self::Equals(name, wanted) => property(name).unwrap_or_default() == *wanted,
            Self::StartsWith(name, start) => text(name).is_some_and(|text| text.starts_with(start)),
            Self::Licensed(some) => licences().is_empty() != *some,
            Self::Sku(sku) => licences().iter().any(|licence| licence["skuId"] == **sku),
            Self::Search(name, word) => text(name).is_some_and(|text| {
                text.starts_with(word) || text.split_whitespace().any(|part| part.starts_with(word))
            }),
        }
    }
}

fn parse(call: &Call, text: &str, kind: &str, filterable: &[&str]) -> Result<Filter, Refusal> {
    let licensed = match text {
        "assignedLicenses/$count ne 0" => Some(true),
        "assignedLicenses/$count eq 0" => Some(false),
        _ => None,
    };
    if let Some(licensed) = licensed.filter(|_| kind == "User") {
        return if call.eventual() && call.request.param("$count") == Some("true") {
            Ok(Filter::Licensed(licensed))
        } else {
            Err(clause("assignedLicenses", kind))
        };
    }
    if let Some(sku) = text
        .strip_prefix("assignedLicenses/any(s:s/skuId eq ")
        .and_then(|rest| rest.strip_suffix(')'))
        .filter(|_| kind == "User")
    {
        return Ok(Filter::Sku(sku.to_lowercase()));
    }
    let known = |name: &str| {
        if filterable.contains(&name) {
            Ok(name.to_owned())
        } else {
            Err(clause(name, kind))
        }
    };
    let lower = text.to_lowercase();
    if lower.starts_with("startswith(") && text.ends_with(')') {
        let inner = &text["startswith(".len()..text.len() - 1];
        let (name, value) = inner.split_once(',').ok_or_else(|| syntax(text))?;
        let value = literal(value.trim()).ok_or_else(|| syntax(text))?;
        return Ok(Filter::StartsWith(known(name.trim())?, value));
    }
    if let Some((name, value)) = text.split_once(" eq ") {
        let value = value.trim();
        let value = match value {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => Value::String(literal(value).ok_or_else(|| syntax(text))?),
        };
        return Ok(Filter::Equals(known(name.trim())?, value));
    }
    let property = text.split([' ', '(', '/']).next().unwrap_or_default();
    Err(clause(property, kind))
}

fn parse_search(text: &str) -> Result<Filter, Refusal> {
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|inner| inner.split_once(':'))
        .filter(|(name, _)| matches!(*name, "displayName" | "description" | "mail"))
        .map(|(name, word)| Filter::Search(name.into(), word.to_lowercase()))
        .ok_or_else(|| syntax(text))
}

/// A string in single quotes, a quote inside doubled; in lower case, as comparisons ignore it.
fn literal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "\u{0}");
    (!plain.contains('\'')).then(|| plain.replace('\u{0}', "'").to_lowercase())
}

fn clause(property: &str, kind: &str) -> Refusal {
    Refusal::unsupported(&format!(
        "Unsupported or invalid query filter clause specified for property '{property}' of resource '{kind}'."
    ))
}

fn syntax(text: &str) -> Refusal {
    Refusal::bad_request(&format!("Invalid filter clause: Syntax error in '{text}'."))
}
