//! The tables `[[psa]]`, `[[company]]` and `[company.tenant]` of the fleet file. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use secrecy::SecretString;
use toml::de::DeValue;

use super::conditions;
use super::file::{CompanyEntry, PsaEntry, TenantEntry};
use super::place::Spanned;
use super::reader::{Reader, Table, Value};
use super::secrets::Holds;
use crate::config::service_url;
use crate::model::{Cloud, Guard, PsaCompanyId, TenantId};
use crate::psa::{CredentialField, VENDORS, Vendor, vendor};
use crate::rules::{self, guid};

/// What is known of an entry even where it has mistakes.
pub(super) struct Read<T> {
    pub(super) name: Option<Spanned<String>>,
    /// The entry; `None` where something of it is missing or wrong.
    pub(super) entry: Option<T>,
    /// The PSA's kind; of a `[[psa]]` only.
    pub(super) vendor: Option<&'static Vendor>,
}

/// The one field that is an address is ConnectWise's.
const EXAMPLE_URL: &str = "https://api-na.myconnectwise.net";

/// A `[[psa]]`.
pub(super) fn psa(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Read<PsaEntry>> {
    let mut table = reader.table("[[psa]]", value)?;
    let name = reader.text(&mut table, "name");
    let name = reader.insist(&table, "name", name);
    let kinds: Vec<String> = VENDORS
        .iter()
        .map(|kind| format!("{:?}", kind.id))
        .collect();
    let kind = reader.formed(&mut table, "kind", &kinds.join(" or "), vendor);
    let kind = reader.insist(&table, "kind", kind);
    let Some(kind) = kind else {
        return Some(Read {
            name,
            entry: None,
            vendor: None,
        });
    };
    let mut fields = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    let mut unread = Vec::new();
    for field in kind.value.fields {
        if field.secret {
            if let Some(secret) = reader.secret(&mut table, field.key, Holds::Text) {
                secrets.insert(field.key, secret);
            } else if table.has(field.key) {
                unread.push(field.key);
            }
        } else if let Some(text) = psa_field(reader, &mut table, field) {
            fields.insert(field.key, text);
        }
    }
    let default_contact_type = if kind.value.contact_types {
        reader.text(&mut table, "default_contact_type")
    } else {
        None
    };
    others_keys(reader, &mut table, kind.value);
    reader.finish(&table);
    let entry = name.clone().map(|name| PsaEntry {
        place: table.place,
        name,
        kind: kind.clone(),
        fields,
        secrets,
        unread,
        default_contact_type,
    });
    Some(Read {
        name,
        entry,
        vendor: Some(kind.value),
    })
}

fn psa_field(
    reader: &mut Reader<'_>,
    table: &mut Table<'_>,
    field: &CredentialField,
) -> Option<Spanned<String>> {
    let text = reader.text(table, field.key);
    let text = if field.default.is_none() {
        reader.insist(table, field.key, text)
    } else {
        text
    }?;
    if field.key != "url" {
        return Some(text);
    }
    let Ok(url) = service_url(&text.value) else {
        let message = format!(
            "{} must be an address such as {EXAMPLE_URL}: https (http for loopback addresses only), without a user name, \
             password, ? or #",
            field.key
        );
        reader.mistake(text.place, message);
        return None;
    };
    Some(text.map(|_| url))
}

/// Says which keys are for another kind of PSA.
fn others_keys(reader: &mut Reader<'_>, table: &mut Table<'_>, kind: &Vendor) {
    let of_kind = |key: &str| {
        kind.fields.iter().any(|field| field.key == key)
            || (kind.contact_types && key == "default_contact_type")
    };
    for other in VENDORS.into_iter().filter(|other| other.id != kind.id) {
        let keys = other.fields.iter().map(|field| field.key);
        let types = other.contact_types.then_some("default_contact_type");
        for key in keys.chain(types).filter(|key| !of_kind(key)) {
            if let Some(place) = reader.key_place(table, key) {
                reader.take(table, key);
                let message = format!("{key} is for {}, not for {}", other.name, kind.name);
                reader.mistake(place, message);
            }
        }
    }
}

/// A `[[company]]`.
pub(super) fn company(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Read<CompanyEntry>> {
    let mut table = reader.table("[[company]]", value)?;
    let name = reader.text(&mut table, "name");
    let name = reader.insist(&table, "name", name);
    let psa = reader.text(&mut table, "psa");
    let psa = reader.insist(&table, "psa", psa);
    let id = reader.number(&mut table, "psa_company_id", 0..=u64::from(u32::MAX));
    let id = reader.insist(&table, "psa_company_id", id);
    let sync_contacts = reader.flag(&mut table, "sync_contacts");
    let update_existing = reader.flag(&mut table, "update_existing");
    let use_email = reader.flag(&mut table, "use_email");
    let default_site = reader.text(&mut table, "default_site");
    let schedule = reader.formed(&mut table, "schedule", rules::TIME, rules::time);
    let timezone = reader.formed(&mut table, "timezone", rules::ZONE, rules::zone);
    let guard = guard(reader, &mut table);
    let ignored = ignored(reader, &mut table);
    let tenant = match reader.take(&mut table, "tenant") {
        Some(value) => tenant(reader, &value),
        None => None,
    };
    let filters = match reader.take(&mut table, "filter") {
        None => Vec::new(),
        Some(value) => match value.value {
            DeValue::Array(array) if conditions::is_tables(value.value) => array
                .iter()
                .filter_map(|item| {
                    let value = Spanned {
                        place: reader.place(item.span().start),
                        value: item.get_ref(),
                    };
                    conditions::filter(reader, &value)
                })
                .collect(),
            _ => {
                reader.mistake(value.place, "filters are written as [[company.filter]]");
                Vec::new()
            }
        },
    };
    reader.finish(&table);
    if sync_contacts == Some(true) && !table.has("tenant") {
        reader.missing(&table, "[company.tenant]");
    }
    let entry = match (&name, psa, id) {
        (Some(name), Some(psa), Some(id)) => Some(CompanyEntry {
            place: table.place,
            name: name.clone(),
            psa,
            psa_company_id: id.map(|id| PsaCompanyId::new(&id.to_string())),
            sync_contacts: sync_contacts.unwrap_or(false),
            update_existing: update_existing.unwrap_or(false),
            use_email: use_email.unwrap_or(false),
            default_site,
            schedule: schedule.map(|time| time.value),
            timezone: timezone.map_or("UTC", |zone| zone.value.name()).to_owned(),
            guard,
            ignored,
            tenant,
            filters,
        }),
        _ => None,
    };
    Some(Read {
        name,
        entry,
        vendor: None,
    })
}

fn guard(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Guard {
    let default = Guard::default();
    let Some(value) = reader.take(table, "max_deactivations") else {
        return default;
    };
    let Some(mut table) = reader.table("max_deactivations", &value) else {
        return default;
    };
    let whole = |number: Option<Spanned<u64>>, default: u32| {
        number.map_or(default, |n| u32::try_from(n.value).unwrap_or(default))
    };
    let floor = reader.number(&mut table, "floor", 0..=u64::from(u32::MAX));
    let percent = reader.number(&mut table, "percent", 0..=u64::from(rules::MOST_PERCENT));
    reader.finish(&table);
    Guard {
        floor: whole(floor, default.floor),
        percent: whole(percent, default.percent),
    }
}

fn ignored(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Vec<String> {
    let want = "a list of user principal names or object ids";
    let Some(list) = reader.list(table, "ignore", want) else {
        return Vec::new();
    };
    let mut users: Vec<String> = Vec::new();
    for value in &list.value {
        let Some(text) = reader.text_of("ignore", value) else {
            continue;
        };
        let user = rules::user(&text.value);
        if user.is_none() {
            let message = format!("ignore must hold {}, not {:?}", rules::USERS, text.value);
            reader.mistake(text.place, message);
        }
        let user = user.unwrap_or(text.value);
        if !users.iter().any(|known| rules::same(known, &user)) {
            users.push(user);
        }
    }
    users
}

/// A `[company.tenant]`.
fn tenant(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<TenantEntry> {
    let mut table = reader.table("[company.tenant]", value)?;
    let want = rules::GUID;
    let tenant_id = reader.formed(&mut table, "tenant_id", want, guid);
    let tenant_id = reader.insist(&table, "tenant_id", tenant_id);
    let client_id = reader.formed(&mut table, "client_id", want, guid);
    let client_id = reader.insist(&table, "client_id", client_id);
    let mut secrets: BTreeMap<&'static str, SecretString> = BTreeMap::new();
    let mut unread = Vec::new();
    for (key, holds) in [
        ("client_secret", Holds::Text),
        ("certificate", Holds::Pfx),
        ("certificate_password", Holds::Text),
    ] {
        if let Some(secret) = reader.secret(&mut table, key, holds) {
            secrets.insert(key, secret);
        } else if table.has(key) {
            unread.push(key);
        }
    }
    if let Some(place) = reader.key_place(&table, "certificate")
        && table.has("client_secret")
    {
        reader.mistake(
            place,
            "client_secret and certificate: one of them is enough",
        );
    }
    if let Some(place) = reader.key_place(&table, "certificate_password")
        && !table.has("certificate")
    {
        reader.mistake(place, "certificate_password needs certificate beside it");
    }
    let expires = expires(reader, &mut table);
    let words: Vec<&str> = Cloud::ALL.into_iter().map(Cloud::as_str).collect();
    let cloud = reader.formed(&mut table, "cloud", &words.join(", "), |text| {
        Cloud::ALL.into_iter().find(|cloud| cloud.as_str() == text)
    });
    reader.finish(&table);
    Some(TenantEntry {
        place: table.place,
        tenant_id: TenantId::new(&tenant_id?.value),
        client_id: client_id?.value,
        secrets,
        unread,
        expires,
        cloud: cloud.map_or_else(Cloud::default, |cloud| cloud.value),
    })
}

/// The end date: a text, or a date of TOML's own.
fn expires(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<Spanned<NaiveDate>> {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let value = reader.take(table, "expires")?;
    if let DeValue::Datetime(found) = value.value
        && let Some(found) = date(&found.to_string())
    {
        return Some(Spanned {
            place: value.place,
            value: found,
        });
    }
    reader.formed(table, "expires", "a date such as \"2027-03-31\"", date)
}
