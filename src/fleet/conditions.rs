//! The filters of a company in the fleet file. Pure.

use toml::de::DeValue;

use super::file::{ConditionEntry, FilterEntry};
use super::place::{Spanned, did_you_mean};
use super::reader::{Reader, Table, Value};
use crate::model::text::folded;
use crate::model::{DirectoryField, GroupId, Test};
use crate::rules::{self, guid};

/// What a condition can test, as the file writes it.
const TESTS: [&str; 5] = ["licensed", "group", "field", "upn_domain", "licence"];
/// The same for people.
const ONE_OF: &str = "licensed, group, field (with equals), upn_domain or licence";

/// A `[[company.filter]]`.
pub(super) fn filter(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<FilterEntry> {
    let mut table = reader.table("[[company.filter]]", value)?;
    let name = reader.text(&mut table, "name");
    let enabled = reader.flag(&mut table, "enabled").unwrap_or(true);
    let list = reader.list(&mut table, "when", "a list of conditions");
    let list = reader.insist(&table, "when", list);
    let site = reader.text(&mut table, "site");
    let contact_type = reader.text(&mut table, "contact_type");
    let exclude = reader.flag(&mut table, "exclude").unwrap_or(false);
    reader.finish(&table);
    if exclude {
        for key in ["site", "contact_type"] {
            if let Some(place) = reader.key_place(&table, key) {
                reader.mistake(
                    place,
                    format!("{key} and exclude = true contradict each other"),
                );
            }
        }
    }
    let list = list?;
    if list.value.is_empty() {
        reader.mistake(
            list.place,
            "when needs a condition: { licensed = true } takes all licensed users",
        );
    }
    let when = list
        .value
        .iter()
        .filter_map(|value| condition(reader, value))
        .collect();
    Some(FilterEntry {
        place: table.place,
        name,
        enabled,
        when,
        exclude,
        site,
        contact_type,
    })
}

fn condition(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<ConditionEntry> {
    let mut table = reader.table("condition", value)?;
    let Some(inner) = reader.take(&mut table, "not") else {
        return test(reader, &mut table, false);
    };
    for key in TESTS.into_iter().chain(["equals"]) {
        reader.take(&mut table, key);
    }
    reader.finish(&table);
    if let Some(key) = TESTS.into_iter().find(|key| table.has(key)) {
        let message = format!("a condition tests one thing: not and {key} are two conditions");
        reader.mistake(value.place, message);
        return None;
    }
    let mut inner = reader.table("not", &inner)?;
    if inner.has("not") {
        let message = "not must hold a condition without not";
        reader.mistake(inner.place, message);
        return None;
    }
    test(reader, &mut inner, true)
}

fn test(reader: &mut Reader<'_>, table: &mut Table<'_>, negated: bool) -> Option<ConditionEntry> {
    let given: Vec<&str> = TESTS.into_iter().filter(|key| table.has(key)).collect();
    let licensed = reader.flag(table, "licensed");
    let group = reader.formed(table, "group", "a group's object id (a GUID)", guid);
    let field = reader.text(table, "field");
    let equals = reader.text(table, "equals");
    let domain = reader.formed(table, "upn_domain", rules::DOMAIN, rules::domain);
    let licence = reader.text(table, "licence");
    if !negated {
        reader.take(table, "not");
    }
    reader.finish(table);
    match given.as_slice() {
        [_] => {}
        [] => {
            if !reader.guessing() {
                reader.mistake(table.place, format!("a condition tests one of {ONE_OF}"));
            }
            return None;
        }
        several => {
            let message = format!(
                "a condition tests one thing: {} are {} conditions",
                several.join(" and "),
                several.len()
            );
            reader.mistake(table.place, message);
            return None;
        }
    }
    if given != ["field"]
        && let Some(place) = reader.key_place(table, "equals")
    {
        reader.mistake(place, "equals belongs to field");
    }
    let found = if let Some(licensed) = licensed {
        if !licensed {
            let message =
                "licensed can be true only: the contrary is { not = { licensed = true } }";
            reader.mistake(table.place, message);
            return None;
        }
        Spanned {
            place: table.place,
            value: Test::Licensed,
        }
    } else if let Some(group) = group {
        group.map(|id| Test::Group(GroupId::new(&id)))
    } else if let Some(domain) = domain {
        domain.map(Test::UpnDomain)
    } else if let Some(licence) = licence {
        licence.map(Test::Licence)
    } else {
        return field_test(reader, table, &field?, equals, negated);
    };
    Some(ConditionEntry {
        place: found.place,
        negated,
        test: found.value,
    })
}

fn field_test(
    reader: &mut Reader<'_>,
    table: &Table<'_>,
    field: &Spanned<String>,
    equals: Option<Spanned<String>>,
    negated: bool,
) -> Option<ConditionEntry> {
    let equals = reader.insist(table, "equals", equals);
    let Some(known) = DirectoryField::parse(&field.value) else {
        let names: Vec<String> = field_names().collect();
        let known = names[..names.len() - 15].iter().map(String::as_str);
        let hint = if folded(&field.value).starts_with("extensionattribute") {
            ": extensionAttribute1 to extensionAttribute15 are".to_owned()
        } else {
            did_you_mean(&field.value, known)
        };
        let hint = if hint.is_empty() {
            format!(
                ". There is: {}, extensionAttribute1 to extensionAttribute15",
                names[..names.len() - 15].join(", ")
            )
        } else {
            hint
        };
        let message = format!("{:?} is no directory field{hint}", field.value);
        reader.mistake(field.place, message);
        return None;
    };
    Some(ConditionEntry {
        place: field.place,
        negated,
        test: Test::Field {
            field: known,
            equals: equals?.value,
        },
    })
}

/// The directory fields, the extension attributes last.
fn field_names() -> impl Iterator<Item = String> {
    use DirectoryField as F;
    [
        F::Department,
        F::JobTitle,
        F::OfficeLocation,
        F::CompanyName,
        F::City,
        F::State,
        F::Country,
        F::UsageLocation,
        F::EmployeeType,
        F::EmployeeId,
        F::UserType,
    ]
    .into_iter()
    .chain((1..=15).map(F::ExtensionAttribute))
    .map(|field| field.to_string())
}

/// Whether the value is a list of tables, as `[[…]]` makes it.
pub(super) fn is_tables(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Array(array) if array.iter().all(|item| matches!(item.get_ref(), DeValue::Table(_))))
}
