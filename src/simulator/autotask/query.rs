//! Queries: reading them as strictly as the vendor, and saying which records fit. It knows no pages.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use super::errors::{Outcome, errors, unknown_field};
use super::fields::{Entity, Field, Kind};
use super::state::{Row, Switches};

const MOST_CONDITIONS: usize = 500;

/// A query that was understood.
pub(super) struct Query {
    filter: Vec<Filter>,
    /// Rows a page.
    pub(super) max: usize,
    /// Wire names of the fields asked for; `None`: all.
    pub(super) include: Option<Vec<&'static str>>,
    /// The one company whose records alone can fit: spares looking at the others.
    company: Option<i64>,
}

enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Test(&'static Field, Op, Value),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    NotEq,
    Gt,
    Gte,
    Lt,
    Lte,
    BeginsWith,
    EndsWith,
    Contains,
    Exist,
    NotExist,
    In,
    NotIn,
}

impl Op {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "eq" => Self::Eq,
            "noteq" => Self::NotEq,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "beginsWith" => Self::BeginsWith,
            "endsWith" => Self::EndsWith,
            "contains" => Self::Contains,
            "exist" => Self::Exist,
            "notExist" => Self::NotExist,
            "in" => Self::In,
            "notIn" => Self::NotIn,
            _ => return None,
        })
    }
}

impl Query {
    /// Reads the JSON of a query. Member names are accepted in any case, as the vendor's own
    /// examples and Swagger differ in it.
    pub(super) fn read(entity: Entity, json: &Value, switches: &Switches) -> Outcome<Self> {
        let Value::Object(members) = json else {
            return Err(errors("The query must be a JSON object."));
        };
        let mut query = Self {
            filter: Vec::new(),
            max: 500,
            include: None,
            company: None,
        };
        for (name, value) in members {
            match name.to_ascii_lowercase().as_str() {
                "filter" => query.filter = filters(entity, value, switches)?,
                "maxrecords" => {
                    query.max = value
                        .as_u64()
                        .and_then(|max| usize::try_from(max).ok())
                        .filter(|max| (1..=500).contains(max))
                        .ok_or_else(|| errors("MaxRecords must be a number from 1 to 500."))?;
                }
                "includefields" => query.include = included(entity, value)?,
                _ => {
                    return Err(errors(&format!(
                        "Could not find member '{name}' on object of type 'QueryModel'."
                    )));
                }
            }
        }
        if query.filter.is_empty() && !switches.filter_may_be_empty {
            return Err(errors("The query must have a filter."));
        }
        query.max = query.max.min(switches.page_cap.max(1));
        query.company = query.filter.iter().find_map(|filter| match filter {
            Filter::Test(field, Op::Eq, value) if field.name == "companyID" => value.as_i64(),
            _ => None,
        });
        Ok(query)
    }

    /// Whether the record fits.
    pub(super) fn fits(&self, row: &Row) -> bool {
        self.company.is_none_or(|company| company == row.company)
            && self.filter.iter().all(|filter| filter.fits(row))
    }
}

fn included(entity: Entity, value: &Value) -> Outcome<Option<Vec<&'static str>>> {
    let names = value
        .as_array()
        .ok_or_else(|| errors("IncludeFields must be an array of field names."))?;
    let name = |name: &Value| {
        let name = name
            .as_str()
            .ok_or_else(|| errors("IncludeFields must be an array of field names."))?;
        if name.eq_ignore_ascii_case("userDefinedFields") {
            return Ok("userDefinedFields");
        }
        match entity.field(name) {
            Some(field) => Ok(field.name),
            None => Err(unknown_field(name, entity.name())),
        }
    };
    let names = names.iter().map(name).collect::<Outcome<Vec<_>>>()?;
    Ok((!names.is_empty()).then_some(names))
}

fn filters(entity: Entity, value: &Value, switches: &Switches) -> Outcome<Vec<Filter>> {
    let items = value
        .as_array()
        .ok_or_else(|| errors("A filter must be an array of conditions."))?;
    let item = |item: &Value| match item {
        Value::Object(members) => filter(entity, members, switches),
        _ => Err(errors("A condition must be a JSON object.")),
    };
    items.iter().map(item).collect()
}

fn filter(entity: Entity, members: &Map<String, Value>, switches: &Switches) -> Outcome<Filter> {
    let known = ["op", "field", "value", "items", "udf"];
    if let Some(name) = members.keys().find(|name| {
        !known
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name.as_str()))
    }) {
        return Err(errors(&format!(
            "Could not find member '{name}' on object of type 'Filter'."
        )));
    }
    let member = |wanted: &str| {
        members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    let op = member("op")
        .and_then(Value::as_str)
        .ok_or_else(|| errors("A condition must have an op."))?;
    if op == "and" || op == "or" {
        let items = filters(entity, member("items").unwrap_or(&Value::Null), switches)?;
        if items.is_empty() {
            return Err(errors(&format!("The group '{op}' must have items.")));
        }
        if op == "and" {
            return Ok(Filter::All(items));
        }
        limited(items.len(), switches)?;
        return Ok(Filter::Any(items));
    }
    let op = Op::named(op).ok_or_else(|| errors(&format!("'{op}' is not a valid operator.")))?;
    let name = member("field")
        .and_then(Value::as_str)
        .ok_or_else(|| errors("A condition must have a field."))?;
    // This database has no user-defined fields, so the limit of one a query cannot be met.
    let udf = member("udf") == Some(&Value::Bool(true));
    let field = entity
        .field(name)
        .filter(|field| field.queryable && !udf)
        .ok_or_else(|| unknown_field(name, entity.name()))?;
    let value = member("value").cloned().unwrap_or(Value::Null);
    check_value(field, op, &value, switches)?;
    Ok(Filter::Test(field, op, value))
}

fn limited(conditions: usize, switches: &Switches) -> Outcome<()> {
    if switches.or_limited && conditions > MOST_CONDITIONS {
        return Err(errors("A query can have at most 500 OR conditions."));
    }
    Ok(())
}

fn check_value(field: &Field, op: Op, value: &Value, switches: &Switches) -> Outcome<()> {
    let wrong = || {
        errors(&format!(
            "The value or operator is not valid for the field {}.",
            field.name
        ))
    };
    match op {
        Op::Exist | Op::NotExist => Ok(()),
        Op::In | Op::NotIn => {
            let values = value.as_array().filter(|values| !values.is_empty());
            let values = values.ok_or_else(wrong)?;
            limited(values.len(), switches)?;
            let fit = values.iter().all(|value| fits_kind(field.kind, value));
            if fit { Ok(()) } else { Err(wrong()) }
        }
        Op::BeginsWith | Op::EndsWith | Op::Contains if field.kind != Kind::Text => Err(wrong()),
        Op::Gt | Op::Gte | Op::Lt | Op::Lte if field.kind == Kind::Flag => Err(wrong()),
        _ if fits_kind(field.kind, value) => Ok(()),
        _ => Err(wrong()),
    }
}

/// Whether a JSON value is of the field's kind; booleans must be JSON booleans.
pub(super) fn fits_kind(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Text => value.is_string(),
        Kind::Integer => value.is_i64(),
        Kind::Flag => value.is_boolean(),
        Kind::Number => value.is_number(),
        Kind::Moment => value.as_str().and_then(moment).is_some(),
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&Utc));
    }
    let naive = text.parse::<NaiveDateTime>().ok();
    let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    naive.or_else(midnight).map(|moment| moment.and_utc())
}

impl Filter {
    fn fits(&self, row: &Row) -> bool {
        match self {
            Self::All(items) => items.iter().all(|item| item.fits(row)),
            Self::Any(items) => items.iter().any(|item| item.fits(row)),
            Self::Test(field, op, wanted) => test(field, *op, wanted, row),
        }
    }
}

/// As in SQL, a field without a value fits no comparison, not even `noteq` and `notIn`.
fn test(field: &Field, op: Op, wanted: &Value, row: &Row) -> bool {
    let none = Value::Bool(false);
    let value = match row.values.get(field.name) {
        Some(value) => value,
        None if field.kind == Kind::Flag => &none,
        None => return op == Op::NotExist,
    };
    let against = |wanted: &Value| compare(field.kind, value, wanted);
    let within = |how: fn(&str, &str) -> bool| match (value.as_str(), wanted.as_str()) {
        (Some(value), Some(part)) => how(&value.to_lowercase(), &part.to_lowercase()),
        _ => false,
    };
    let listed = || {
        let mut values = wanted.as_array().into_iter().flatten();
        values.any(|wanted| against(wanted) == Some(Ordering::Equal))
    };
    match op {
        Op::Exist => true,
        Op::NotExist => false,
        Op::Eq => against(wanted) == Some(Ordering::Equal),
        Op::NotEq => against(wanted) != Some(Ordering::Equal),
        Op::Gt => against(wanted) == Some(Ordering::Greater),
        Op::Gte => against(wanted).is_some_and(Ordering::is_ge),
        Op::Lt => against(wanted) == Some(Ordering::Less),
        Op::Lte => against(wanted).is_some_and(Ordering::is_le),
        Op::BeginsWith => within(|value, part| value.starts_with(part)),
        Op::EndsWith => within(|value, part| value.ends_with(part)),
        Op::Contains => within(|value, part| value.contains(part)),
        Op::In => listed(),
        Op::NotIn => !listed(),
    }
}

/// Compares two values of one kind; text as the vendor's database does, case ignored.
fn compare(kind: Kind, left: &Value, right: &Value) -> Option<Ordering> {
    match kind {
        Kind::Text => Some(
            left.as_str()?
                .to_lowercase()
                .cmp(&right.as_str()?.to_lowercase()),
        ),
        Kind::Integer => Some(left.as_i64()?.cmp(&right.as_i64()?)),
        Kind::Flag => Some(left.as_bool()?.cmp(&right.as_bool()?)),
        Kind::Number => left.as_f64()?.partial_cmp(&right.as_f64()?),
        Kind::Moment => Some(moment(left.as_str()?)?.cmp(&moment(right.as_str()?)?)),
    }
}
