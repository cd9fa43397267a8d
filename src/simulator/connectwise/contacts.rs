//! Contacts as written: what a POST, PUT or PATCH makes of one, and everything for which it is
//! refused. It answers the contact as it would be; storing it is the caller's.

use serde_json::{Map, Value, json};

use super::errors::{Findings, conversion, refused, unknown_member};
use super::items;
use super::names::{CONTACTS, Kind, find};
use super::patch::{Operation, Verb, miscast, nowhere};
use super::records::{AssociationData, ContactData, ItemKind};
use super::state::State;
use super::switches::PatchedTypes;
use crate::simulator::kit::Reply;

/// A contact after a write, or the refusal.
pub(super) type Written = Result<ContactData, Reply>;

/// The longest texts, in UTF-16 units: from the vendor's older documents, where the present one has
/// none.
const LENGTHS: [(&str, usize); 12] = [
    ("title", 100),
    ("nickName", 30),
    ("school", 50),
    ("significantOther", 30),
    ("addressLine1", 50),
    ("addressLine2", 50),
    ("city", 50),
    ("state", 50),
    ("zip", 12),
    ("portalPassword", 15),
    ("securityIdentifier", 184),
    ("userDefinedField", 50),
];

/// Members that are answered, and without effect when written.
const DERIVED: [&str; 11] = [
    "id",
    "_info",
    "mobileGuid",
    "presence",
    "defaultPhoneType",
    "defaultPhoneNbr",
    "defaultPhoneExtension",
    "customFields",
    "integratorTags",
    "ignoreDuplicates",
    "defaultMergeContactId",
];

/// Text as the vendor keeps it: line breaks become spaces.
pub(super) fn clean(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\r', '\n'], " ")
}

/// An id, which may come as text.
pub(super) fn reference_id(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `POST /company/contacts`: the new contact.
pub(super) fn create(state: &State, body: Option<&Value>) -> Written {
    whole(state, body, None)
}

/// `PUT /company/contacts/{id}`: the contact with everything unnamed at its default; its types
/// stay.
pub(super) fn replace(state: &State, before: &ContactData, body: Option<&Value>) -> Written {
    whole(state, body, Some(before))
}

fn whole(state: &State, body: Option<&Value>, before: Option<&ContactData>) -> Written {
    let Some(Value::Object(members)) = body else {
        return Err(refused(400, "The body is not a valid JSON object."));
    };
    if let Some(name) = members
        .keys()
        .find(|name| find(CONTACTS.names, name).is_none())
    {
        return Err(unknown_member(name, "Contact"));
    }
    let mut findings = Findings::of("contact");
    let mut contact = ContactData::default();
    if let Some(before) = before {
        contact.id = before.id;
        contact.types.clone_from(&before.types);
        contact.items.clone_from(&before.items);
    }
    for (name, value) in members {
        match name.as_str() {
            "typeIds" if before.is_none() => types(state, &mut contact, value, &mut findings)?,
            // The list of references is read-only on create; `typeIds` is the one that counts.
            "typeIds" | "types" | "communicationItems" => {}
            name => {
                set(state, &mut contact, name, value).map_err(|wanted| conversion(name, wanted))?;
            }
        }
    }
    match members.get("communicationItems") {
        None | Some(Value::Null) => contact.items.clear(),
        Some(Value::Array(list)) => items::replace_all(state, &mut contact, list, &mut findings)?,
        Some(_) => return Err(conversion("communicationItems", items::LIST_TYPE)),
    }
    if contact.site_id.is_none() && state.switches.primary_site_is_given {
        let mut sites = state.sites.values();
        let primary =
            sites.find(|site| Some(site.company_id) == contact.company_id && site.primary);
        contact.site_id = primary.map(|site| site.id);
    }
    check(state, &contact, before, &mut findings);
    findings.settle()?;
    Ok(contact)
}

fn types(
    state: &State,
    contact: &mut ContactData,
    value: &Value,
    findings: &mut Findings,
) -> Result<(), Reply> {
    let list = match value {
        Value::Null => return Ok(()),
        Value::Array(list) => list,
        _ => return Err(conversion("typeIds", "Int32[]")),
    };
    for value in list {
        let id = reference_id(value).ok_or_else(|| conversion("typeIds", "Int32"))?;
        if !state.contact_types.contains_key(&id) {
            findings.dangling("typeIds", "ContactType", &id.to_string());
        } else if contact.types.iter().all(|each| each.type_id != id) {
            contact.types.push(AssociationData { id: 0, type_id: id });
        }
    }
    Ok(())
}

/// `PATCH /company/contacts/{id}`: the contact after all operations, or none.
pub(super) fn patch(state: &State, before: &ContactData, operations: &[Operation]) -> Written {
    let mut contact = before.clone();
    let mut findings = Findings::of("contact");
    for operation in operations {
        apply(state, &mut contact, operation, &mut findings)?;
    }
    check(state, &contact, Some(before), &mut findings);
    findings.settle()?;
    Ok(contact)
}

fn apply(
    state: &State,
    contact: &mut ContactData,
    operation: &Operation,
    findings: &mut Findings,
) -> Result<(), Reply> {
    let Operation { verb, path, value } = operation;
    let name = path[0].as_str();
    let kind = find(CONTACTS.names, name).ok_or_else(|| nowhere(path))?;
    match (name, path.len()) {
        ("types" | "typeIds", _) => match state.switches.patched_types {
            PatchedTypes::Ignored => Ok(()),
            PatchedTypes::Refused => Err(nowhere(path)),
        },
        ("communicationItems", 1) => match value {
            Value::Array(list) => items::replace_all(state, contact, list, findings),
            Value::Null => {
                contact.items.clear();
                Ok(())
            }
            // Adding to the list as such is not documented; the vendor wants an index or the whole
            // list.
            wrong => Err(miscast(wrong, items::LIST_TYPE)),
        },
        ("communicationItems", _) => items::patch_list(state, contact, operation, findings),
        ("customFields", 1) if !value.is_array() && *verb != Verb::Remove => {
            Err(miscast(value, "CustomFieldValue[]"))
        }
        (_, 1) => set(state, contact, name, value).map_err(|wanted| miscast(value, wanted)),
        // The vendor answers 200 to a path below a reference, and changes nothing.
        _ if matches!(kind, Kind::Reference(_)) => Ok(()),
        _ => Err(nowhere(path)),
    }
}

/// Writes one member; the error is the type that it wants.
fn set(
    state: &State,
    contact: &mut ContactData,
    name: &str,
    value: &Value,
) -> Result<(), &'static str> {
    let text = || match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(clean(text)).filter(|text| !text.is_empty())),
        _ => Err("System.String"),
    };
    let flag = || match value {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err("System.Boolean"),
    };
    match name {
        name if DERIVED.contains(&name) => {}
        "firstName" => contact.first_name = text()?.unwrap_or_default(),
        "lastName" => contact.last_name = text()?,
        "title" => contact.title = text()?,
        "inactiveFlag" => contact.inactive = flag()?,
        "defaultFlag" => contact.default = flag()?,
        "defaultBillingFlag" => contact.default_billing = flag()?,
        "company" => contact.company_id = company(state, value)?,
        "site" => contact.site_id = site(state, contact.company_id, value)?,
        name => {
            let value = match find(CONTACTS.names, name) {
                Some(Kind::Bool) => json!(flag()?),
                Some(Kind::Int) if value.is_i64() => value.clone(),
                Some(Kind::Int) if !value.is_null() => return Err("System.Int32"),
                Some(Kind::Reference(_)) if !value.is_null() => {
                    let id = value.get("id").and_then(reference_id);
                    json!({"id": id.ok_or("Reference")?})
                }
                _ => json!(text()?),
            };
            if value.is_null() {
                contact.other.remove(name);
            } else {
                contact.other.insert(name.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// A company by `id` or `identifier`; one that is not there becomes 0, which no company has.
fn company(state: &State, value: &Value) -> Result<Option<i64>, &'static str> {
    let members = members(value, "CompanyReference")?;
    Ok(members.map(|members| {
        members.get("id").and_then(reference_id).unwrap_or_else(|| {
            let wanted = members.get("identifier").and_then(Value::as_str);
            let mut companies = state.companies.values();
            companies
                .find(|company| Some(company.identifier.as_str()) == wanted)
                .map_or(0, |company| company.id)
        })
    }))
}

/// A site by `id`, or by `name` within the company.
fn site(state: &State, company: Option<i64>, value: &Value) -> Result<Option<i64>, &'static str> {
    let members = members(value, "SiteReference")?;
    Ok(members.map(|members| {
        members.get("id").and_then(reference_id).unwrap_or_else(|| {
            let wanted = members.get("name").and_then(Value::as_str);
            let mut sites = state.sites.values();
            sites
                .find(|site| Some(site.company_id) == company && Some(site.name.as_str()) == wanted)
                .map_or(0, |site| site.id)
        })
    }))
}

fn members<'a>(
    value: &'a Value,
    wanted: &'static str,
) -> Result<Option<&'a Map<String, Value>>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        _ => Err(wanted),
    }
}

/// Everything for which a contact is refused; references are looked at where they are new.
fn check(
    state: &State,
    contact: &ContactData,
    before: Option<&ContactData>,
    findings: &mut Findings,
) {
    if contact.first_name.trim().is_empty() {
        findings.missing("firstName");
    }
    findings.length("firstName", &contact.first_name, 30);
    findings.length(
        "lastName",
        contact.last_name.as_deref().unwrap_or_default(),
        30,
    );
    findings.length("title", contact.title.as_deref().unwrap_or_default(), 100);
    for (name, value) in &contact.other {
        let known = LENGTHS.iter().find(|(limited, _)| {
            name == limited || (*limited == "userDefinedField" && name.starts_with(limited))
        });
        if let (Some((_, most)), Some(text)) = (known, value.as_str()) {
            findings.length(name, text, *most);
        }
    }
    let company_is_new = before.is_none_or(|before| before.company_id != contact.company_id);
    let site_is_new = before.is_none_or(|before| before.site_id != contact.site_id);
    if let (Some(id), true) = (contact.company_id, company_is_new) {
        match state.companies.get(&id).filter(|company| !company.deleted) {
            None => findings.dangling("company/id", "Company", &id.to_string()),
            Some(company)
                if state.switches.inactive_company_refused && state.status_of(company).inactive =>
            {
                findings.add("InvalidField", "company/id", "The company is inactive.");
            }
            Some(_) => {}
        }
    }
    if let (Some(id), true) = (contact.site_id, site_is_new || company_is_new) {
        let site = state.sites.get(&id);
        match site.filter(|site| Some(site.company_id) == contact.company_id) {
            None => findings.dangling("site/id", "Site", &id.to_string()),
            Some(site) if state.switches.inactive_site_refused && site.inactive && site_is_new => {
                findings.add("InvalidField", "site/id", "The site is inactive.");
            }
            Some(_) => {}
        }
    }
    refuse_duplicates(state, contact, before, findings);
}

/// With the switch on: an address that another active contact of the company has.
pub(super) fn refuse_duplicates(
    state: &State,
    contact: &ContactData,
    before: Option<&ContactData>,
    findings: &mut Findings,
) {
    if !state.switches.duplicate_email_refused {
        return;
    }
    let has = |contact: &ContactData, address: &str| {
        contact
            .items
            .iter()
            .any(|item| item.kind == ItemKind::Email && item.value.eq_ignore_ascii_case(address))
    };
    for item in contact
        .items
        .iter()
        .filter(|item| item.kind == ItemKind::Email)
    {
        let taken = state.contacts.values().any(|other| {
            other.id != contact.id
                && !other.inactive
                && other.company_id == contact.company_id
                && has(other, &item.value)
        });
        if taken && before.is_none_or(|before| !has(before, &item.value)) {
            let message = "A matching contact entry already exists";
            findings.add("ObjectExists", "communicationItems", message);
        }
    }
}
