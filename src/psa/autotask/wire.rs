//! Autotask's JSON, read into the words of Rollcall. It sends nothing.
//!
//! Names on the wire are camelCase, though the vendor's Swagger prints `PascalCase`. A text without
//! a value is null or `""`. A contact's `isActive` is a number, that of companies and locations a
//! boolean; both are read everywhere.

use serde_json::{Map, Value, json};

use super::client::PAGE;
use crate::model::{Contact, ContactId, Limits, PsaCompany, PsaCompanyId, Site, SiteId};
use crate::psa::Budget;

/// The fields of a contact that are read. `billingContact` is left out: databases that do not have
/// it yet would refuse the query.
pub(super) const CONTACT: [&str; 13] = [
    "id",
    "companyID",
    "isActive",
    "firstName",
    "lastName",
    "title",
    "phone",
    "mobilePhone",
    "emailAddress",
    "emailAddress2",
    "emailAddress3",
    "companyLocationID",
    "primaryContact",
];
/// The fields of a company that are read.
pub(super) const COMPANY: [&str; 3] = ["id", "companyName", "isActive"];
/// The fields of a location that are read.
pub(super) const LOCATION: [&str; 3] = ["id", "name", "isActive"];
/// The three places for an address, the default first.
pub(super) const EMAILS: [&str; 3] = ["emailAddress", "emailAddress2", "emailAddress3"];

/// One page of a query.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// The address of the next one.
    pub(super) next: Option<String>,
}

/// Reads one page of a query. A page that does not say whether there are more is one that may be
/// the last only if it is not full.
pub(super) fn page(mut answer: Value) -> Result<Page, &'static str> {
    let Some(Value::Object(details)) = answer.get_mut("pageDetails").map(Value::take) else {
        return Err("pageDetails is missing");
    };
    let rows = items(answer)?;
    let next = match details.get("nextPageUrl") {
        Some(Value::String(next)) if !next.trim().is_empty() => Some(next.clone()),
        Some(Value::Null | Value::String(_)) => None,
        None if rows.len() < PAGE => None,
        _ => return Err("pageDetails does not say whether there are more pages"),
    };
    Ok(Page { rows, next })
}

/// The rows of an answer.
pub(super) fn items(mut answer: Value) -> Result<Vec<Value>, &'static str> {
    match answer.get_mut("items").map(Value::take) {
        Some(Value::Array(rows)) => Ok(rows),
        _ => Err("items is missing"),
    }
}

/// A row's number.
pub(super) fn id(row: &Value) -> Option<i64> {
    number(row, "id")
}

fn number(row: &Value, key: &str) -> Option<i64> {
    row.get(key)?.as_i64()
}

fn text(row: &Value, key: &str) -> Option<String> {
    let text = row.get(key)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn flag(row: &Value, key: &str) -> Option<bool> {
    match row.get(key)? {
        Value::Bool(flag) => Some(*flag),
        value => value.as_i64().map(|number| number != 0),
    }
}

/// A contact of this company.
pub(super) fn contact(row: &Value, company: i64) -> Result<Contact, &'static str> {
    if number(row, "companyID").is_some_and(|owner| owner != company) {
        return Err("a contact of another company was answered");
    }
    let handle: Map<_, _> = EMAILS
        .iter()
        .map(|key| ((*key).to_owned(), json!(text(row, key))))
        .collect();
    Ok(Contact {
        id: ContactId::from(id(row).ok_or("a contact has no id")?.to_string()),
        active: flag(row, "isActive").ok_or("a contact does not say whether it is active")?,
        first_name: text(row, "firstName"),
        last_name: text(row, "lastName"),
        title: text(row, "title"),
        phone: text(row, "phone"),
        mobile: text(row, "mobilePhone"),
        email: text(row, EMAILS[0]),
        other_emails: EMAILS[1..]
            .iter()
            .filter_map(|key| text(row, key))
            .collect(),
        site: number(row, "companyLocationID").map(|id| SiteId::from(id.to_string())),
        types: Vec::new(),
        main: flag(row, "primaryContact").unwrap_or(false),
        billing: false,
        handle: Value::Object(handle),
    })
}

/// A company.
pub(super) fn company(row: &Value) -> Result<PsaCompany, &'static str> {
    Ok(PsaCompany {
        id: PsaCompanyId::from(id(row).ok_or("a company has no id")?.to_string()),
        name: text(row, "companyName").unwrap_or_default(),
        active: flag(row, "isActive").ok_or("a company does not say whether it is active")?,
    })
}

/// A location.
pub(super) fn site(row: &Value) -> Result<Site, &'static str> {
    Ok(Site {
        id: SiteId::from(id(row).ok_or("a location has no id")?.to_string()),
        name: text(row, "name").unwrap_or_default(),
        active: flag(row, "isActive").ok_or("a location does not say whether it is active")?,
    })
}

/// The lengths of a contact's fields from `entityInformation/fields`; a length that is missing is
/// the documented one. For names the documents disagree (20 in the help, 50 in live metadata): 20
/// is right in both.
pub(super) fn limits(answer: &Value) -> Option<Limits> {
    let fields = answer.get("fields")?.as_array()?;
    let length = |name: &str, documented: usize| {
        let named = |field: &&Value| {
            let given = field.get("name").and_then(Value::as_str);
            given.is_some_and(|given| given.eq_ignore_ascii_case(name))
        };
        let length = fields.iter().find(named)?.get("length")?.as_u64();
        let length = usize::try_from(length?).ok()?;
        Some(if length == 0 { documented } else { length })
    };
    let length = |name, documented| length(name, documented).unwrap_or(documented);
    Some(Limits {
        first_name: length("firstName", 20),
        last_name: length("lastName", 20),
        title: length("title", 50),
        phone: length("phone", 25),
        mobile: length("mobilePhone", 25),
        email: length("emailAddress", 254),
        last_name_required: true,
    })
}

/// The budget of `ThresholdInformation`.
pub(super) fn budget(answer: &Value) -> Option<Budget> {
    let number = |key: &str| answer.get(key)?.as_u64();
    Some(Budget {
        allowed: number("externalRequestThreshold")?,
        used: number("currentTimeframeRequestCount")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_read_with_its_blanks_and_both_forms_of_its_activity() {
        let row = json!({
            "id": 7, "companyID": 5, "isActive": true, "firstName": "Jane", "lastName": "",
            "title": null, "emailAddress": "", "emailAddress2": " ", "emailAddress3": "j@x.example",
            "companyLocationID": 9, "primaryContact": true,
        });
        let read = contact(&row, 5).unwrap();
        assert!(read.active && read.main && !read.billing);
        assert_eq!(read.first_name.as_deref(), Some("Jane"));
        assert_eq!((read.last_name, read.title, read.email), (None, None, None));
        assert_eq!(read.other_emails, ["j@x.example"]);
        assert_eq!(read.site, Some(SiteId::new("9")));
        let handle =
            json!({"emailAddress": null, "emailAddress2": null, "emailAddress3": "j@x.example"});
        assert_eq!(read.handle, handle);
        let inactive = json!({ "id": 7, "isActive": 0 });
        assert!(!contact(&inactive, 5).unwrap().active);
        assert!(contact(&json!({ "id": 7 }), 5).is_err());
        assert!(contact(&json!({ "isActive": 1 }), 5).is_err());
        assert!(contact(&row, 6).is_err());
    }

    #[test]
    fn a_page_that_may_not_be_the_last_is_never_taken_for_it() {
        let next = |details: Value| page(json!({ "items": [], "pageDetails": details }));
        assert!(next(json!({ "nextPageUrl": null })).unwrap().next.is_none());
        assert!(next(json!({ "nextPageUrl": "" })).unwrap().next.is_none());
        assert!(next(json!({})).unwrap().next.is_none());
        assert!(next(json!({ "nextPageUrl": 7 })).is_err());
        assert!(next(json!(null)).is_err());
        assert!(page(json!({ "items": [] })).is_err());
        assert!(page(json!({ "items": null, "pageDetails": {} })).is_err());
        let full = vec![json!({ "id": 1 }); PAGE];
        assert!(page(json!({ "items": full, "pageDetails": {} })).is_err());
    }

    #[test]
    fn lengths_that_are_not_given_are_the_documented_ones() {
        let given = json!({ "fields": [
            { "name": "firstName", "length": 50 }, { "name": "LASTNAME", "length": 40 },
            { "name": "title", "length": 0 }, { "name": "phone" },
        ]});
        let limits = limits(&given).unwrap();
        assert_eq!((limits.first_name, limits.last_name), (50, 40));
        assert_eq!((limits.title, limits.phone, limits.mobile), (50, 25, 25));
        assert_eq!(limits.email, 254);
        assert!(limits.last_name_required);
        assert!(super::limits(&json!({ "fields": null })).is_none());
    }
}
