//! What a PSA connection must look like, by its vendor's own list of fields. Pure.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::psa::PsaForm;
use crate::model::PsaConnection;
use crate::model::text::folded;
use crate::psa::Vendor;
use crate::rules::{self, Mistake};

/// So long a secret is at most, in bytes.
const MOST_SECRET: usize = 1_000;

/// Why a stored secret is asked for once more.
pub const AGAIN: &str = "type it again, because the connection leads elsewhere now and a stored key is sent to no other place";

/// Whether a connection may lead to another PSA, or there to another account, than the stored one.
pub fn leads_elsewhere(vendor: &Vendor, stored: &PsaConnection, now: &PsaConnection) -> bool {
    let value = |of: &PsaConnection, key: &str| {
        let text = of.fields.get(key).map_or("", |text| text.trim());
        folded(text).into_owned()
    };
    let mut told = vendor.fields.iter();
    told.any(|field| {
        let needed = !field.secret && field.default.is_none();
        needed && value(stored, field.key) != value(now, field.key)
    })
}

/// A checked connection, its address left to be looked at.
pub(super) struct Draft {
    pub(super) connection: PsaConnection,
    /// The secrets that are given.
    pub(super) given: BTreeMap<&'static str, SecretString>,
    /// Whether it may lead to another PSA than the stored one.
    pub(super) elsewhere: bool,
    /// The address that was entered, where it is not the stored one.
    pub(super) address: Option<String>,
}

/// Checks a form. `names` are the secrets that are stored and can be opened.
pub(super) fn draft(
    form: &PsaForm,
    vendor: &Vendor,
    stored: Option<&PsaConnection>,
    names: &[String],
) -> Result<Draft, Vec<Mistake>> {
    let mut wrong = Vec::new();
    let mut connection = form.connection.clone();
    match rules::text("name", "The name", &form.connection.name) {
        Ok(name) => connection.name = name,
        Err(mistake) => wrong.push(mistake),
    }
    if stored.is_some_and(|stored| stored.kind != vendor.id) {
        let message = "The PSA of a connection cannot change: add another connection";
        wrong.push(Mistake::new("kind", message));
    }
    connection.fields = BTreeMap::new();
    let elsewhere = stored.is_some_and(|stored| leads_elsewhere(vendor, stored, &form.connection));
    let mut address = None;
    for field in vendor.fields.iter().filter(|field| !field.secret) {
        let value = form.connection.fields.get(field.key);
        let value = value.map_or("", |value| value.trim());
        let before = stored.and_then(|stored| stored.fields.get(field.key));
        let before = before.map(|value| value.trim());
        if field.default.is_some() && (value.is_empty() || Some(value) == field.default) {
            continue;
        }
        match rules::text(field.key, field.label, value) {
            Ok(value) => {
                if field.key == "url" && before != Some(value.as_str()) {
                    address = Some(value.clone());
                }
                connection.fields.insert(field.key.to_owned(), value);
            }
            Err(mistake) => wrong.push(mistake),
        }
    }
    if vendor.contact_types {
        if let Some(kind) = &mut connection.default_contact_type {
            match rules::text("default_contact_type", "The contact type", &kind.name) {
                Ok(name) => kind.name = name,
                Err(mistake) => wrong.push(mistake),
            }
        }
    } else {
        connection.default_contact_type = None;
    }
    let given = secrets(form, vendor, (names, elsewhere), &mut wrong);
    if wrong.is_empty() {
        Ok(Draft {
            connection,
            given,
            elsewhere,
            address,
        })
    } else {
        Err(wrong)
    }
}

/// The secrets that are given; one that is left blank stays as it is stored, unless the connection leads `elsewhere`.
fn secrets(
    form: &PsaForm,
    vendor: &Vendor,
    (names, elsewhere): (&[String], bool),
    wrong: &mut Vec<Mistake>,
) -> BTreeMap<&'static str, SecretString> {
    let mut given = BTreeMap::new();
    for field in vendor.fields.iter().filter(|field| field.secret) {
        let secret = form.secrets.get(field.key);
        let text = secret.map_or("", |secret| secret.expose_secret().trim());
        if text.len() > MOST_SECRET || text.contains(char::is_control) {
            let message = format!("{} must be one line of text", field.label);
            wrong.push(Mistake::new(field.key, message));
            continue;
        }
        if !text.is_empty() {
            given.insert(field.key, text.into());
            continue;
        }
        let kept = names.iter().any(|name| name == field.key);
        if kept && elsewhere {
            wrong.push(Mistake::new(field.key, format!("{}: {AGAIN}", field.label)));
        } else if field.default.is_none() && !kept {
            let message = format!("{} must not be empty", field.label);
            wrong.push(Mistake::new(field.key, message));
        }
    }
    given
}
