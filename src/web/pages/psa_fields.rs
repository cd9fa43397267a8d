//! What stands in the form of a PSA connection, drawn from the vendor's own list of fields, and what a test of it found.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::checks::TriedPsa;
use crate::connections::AGAIN;
use crate::model::filter::Named;
use crate::model::{ContactType, ContactTypeId, PhoneType, PsaConnection, RunFailure};
use crate::psa::{CredentialField, Vendor};
use crate::web::Mistakes;
use crate::web::words::number;

/// The key of the field that holds an address, in every vendor's list.
pub(super) const URL: &str = "url";

/// What was sent.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Sent {
    /// `test`, `save`, or `anyway`.
    pub(super) act: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) version: String,
    /// So many links the visitor knows to retire.
    pub(super) agreed: String,
    /// The default contact type, as an option's value.
    pub(super) contact_type: String,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<String, SecretString>,
}

/// One field of the form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FieldLine {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) secret: bool,
    /// A secret that is stored already.
    pub(super) stored: bool,
    pub(super) value: String,
    /// Used where nothing is given; empty: it must be given.
    pub(super) default: String,
    /// To choose from; empty: to type.
    pub(super) choices: Vec<String>,
}

/// One contact type to choose.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TypeLine {
    pub(super) value: String,
    pub(super) name: String,
}

/// What a PSA has, as a test read it or as it is remembered.
#[derive(Clone, Default)]
pub(super) struct Read {
    pub(super) contact_types: Option<Vec<ContactType>>,
    pub(super) phone_types: Vec<PhoneType>,
}

/// The fields of the form. A field with a default names a phone type, where the PSA has such things.
pub(super) fn lines(
    vendor: &Vendor,
    values: &BTreeMap<String, String>,
    stored: &[String],
    read: &Read,
) -> Vec<FieldLine> {
    let line = |field: &CredentialField| {
        let typed = values.get(field.key).cloned().unwrap_or_default();
        let value = match field.default {
            Some(default) if typed.trim().is_empty() => default.to_owned(),
            _ => typed,
        };
        let mut choices = Vec::new();
        if field.default.is_some() && !field.secret && !read.phone_types.is_empty() {
            let phones = read.phone_types.iter().filter(|kind| kind.phone);
            choices = phones.map(|kind| kind.name.clone()).collect();
            if !choices.contains(&value) {
                choices.push(value.clone());
            }
        }
        FieldLine {
            key: field.key.into(),
            label: field.label.into(),
            help: field.help.into(),
            secret: field.secret,
            stored: stored.iter().any(|name| name == field.key),
            value: if field.secret { String::new() } else { value },
            default: field.default.unwrap_or_default().into(),
            choices,
        }
    };
    vendor.fields.iter().map(line).collect()
}

/// An option's value says id and name, so that a choice can be saved while the PSA does not answer.
pub(super) fn type_value(id: &ContactTypeId, name: &str) -> String {
    format!("{id}:{name}")
}

/// The contact type of an option's value.
pub(super) fn chosen_type(value: &str) -> Option<Named<ContactTypeId>> {
    let (id, name) = value.split_once(':')?;
    let number = !id.is_empty() && id.len() < 20 && id.bytes().all(|byte| byte.is_ascii_digit());
    (number && !name.trim().is_empty()).then(|| Named {
        id: id.into(),
        name: name.trim().to_owned(),
    })
}

/// The contact types to choose from, with the one that is chosen.
pub(super) fn types(read: &Read, chosen: &str) -> Vec<TypeLine> {
    let known = read.contact_types.as_deref().unwrap_or_default();
    let mut lines: Vec<TypeLine> = known
        .iter()
        .map(|kind| TypeLine {
            value: type_value(&kind.id, &kind.name),
            name: kind.name.clone(),
        })
        .collect();
    if let Some(kind) = chosen_type(chosen)
        && !lines.iter().any(|line| line.value == chosen)
    {
        lines.push(TypeLine {
            value: chosen.to_owned(),
            name: kind.name,
        });
    }
    lines
}

/// The connection as it was typed; what belongs to no field of the vendor is passed over.
pub(super) fn connection(id: i64, vendor: &Vendor, sent: &Sent) -> PsaConnection {
    let mut fields = BTreeMap::new();
    for field in vendor.fields.iter().filter(|field| !field.secret) {
        if let Some(value) = sent.fields.get(field.key) {
            fields.insert(field.key.to_owned(), value.trim().to_owned());
        }
    }
    PsaConnection {
        id,
        name: sent.name.clone(),
        kind: vendor.id.to_owned(),
        fields,
        default_contact_type: chosen_type(&sent.contact_type),
    }
}

/// Marks what has to be filled in before a test makes sense: with a connection that leads `elsewhere`, the secrets too that are
/// `stored`, so that nobody sends them to another place.
pub(super) fn mark_empty(
    vendor: &Vendor,
    sent: &Sent,
    (stored, elsewhere): (&[String], bool),
    mistakes: &mut Mistakes,
) {
    for field in vendor.fields.iter().filter(|field| field.default.is_none()) {
        let kept = field.secret && stored.iter().any(|name| name == field.key);
        let typed = if field.secret {
            let secret = sent.secrets.get(field.key);
            secret.is_some_and(|secret| !secret.expose_secret().trim().is_empty())
        } else {
            let value = sent.fields.get(field.key);
            value.is_some_and(|value| !value.trim().is_empty())
        };
        if typed || (kept && !elsewhere) {
            continue;
        }
        let said = if kept {
            format!("{}: {AGAIN}.", field.label)
        } else {
            format!("{} must not be empty.", field.label)
        };
        mistakes.add(field.key, said);
    }
}

/// What a test read, in sentences.
pub(super) fn said(tried: &TriedPsa) -> Vec<String> {
    let mut said = vec!["The PSA answered, and its companies can be read.".to_owned()];
    if let Some(types) = &tried.vocabulary.contact_types {
        said.push(match types.len() {
            1 => "1 contact type was read.".into(),
            number => format!("{number} contact types were read."),
        });
    }
    let phones = &tried.vocabulary.phone_types;
    if !phones.is_empty() {
        said.push(match phones.len() {
            1 => "1 phone or email type was read.".into(),
            number => format!("{number} phone and email types were read."),
        });
    }
    if let Some(budget) = tried.budget {
        said.push(format!(
            "{} of {} requests used this hour, {} left for Rollcall.",
            number(budget.used),
            number(budget.allowed),
            number(budget.left())
        ));
    }
    said
}

/// Notes beside their fields the phone types that the PSA does not have.
pub(super) fn mark_missing(vendor: &Vendor, sent: &Sent, lacking: &[String], all: &mut Mistakes) {
    for field in vendor.fields.iter().filter(|field| !field.secret) {
        let Some(default) = field.default else {
            continue;
        };
        let typed = sent.fields.get(field.key).map_or("", |value| value.trim());
        let value = if typed.is_empty() { default } else { typed };
        if lacking.iter().any(|name| name == value) {
            all.add(
                field.key,
                format!("The PSA has no type called {value}: choose another."),
            );
        }
    }
}

/// Notes beside the address that nothing answers there. Which of the keys a PSA refuses it does not say, so none is marked.
pub(super) fn mark_failure(vendor: &Vendor, failure: &RunFailure, all: &mut Mistakes) {
    let kinds = ["unreachable", "not_found", "unexpected"];
    let mut fields = vendor.fields.iter();
    if kinds.contains(&failure.kind.as_str())
        && let Some(field) = fields.find(|field| field.key == URL)
    {
        all.add(field.key, "Nothing that fits answers at this address.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_without_a_number_or_a_name_is_none() {
        assert!(chosen_type("7:End User").is_some());
        for wrong in ["", "7", "7:", ":x", "x:y", "123456789012345678901:x"] {
            assert!(chosen_type(wrong).is_none(), "{wrong}");
        }
    }
}
