//! A change in Autotask's words: one request, whatever the change. Pure.
//!
//! Contacts are written through their company alone: a create is a POST to
//! `Companies/{id}/Contacts`, all else a PATCH of the same route with the contact's `id` in the
//! body, which leaves alone what it does not name. Source: the vendor's Swagger and help.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::wire::EMAILS;
use crate::model::text::folded;
use crate::model::{Change, Contact, Field, FieldChange, FieldValue};
use crate::psa::{Adds, Step};

/// A request as it is stored in a [`Step`].
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) verb: Verb,
    /// The company's id.
    pub(super) company: String,
    pub(super) body: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verb {
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PATCH")]
    Patch,
}

/// The change as requests; none where there is nothing to write.
pub(super) fn steps(change: &Change<'_>) -> Vec<Step> {
    let company = change.company.as_str();
    let (verb, adds, mut body) = match change.contact {
        None => {
            let mut body = Map::new();
            body.insert("companyID".into(), number(company));
            body.insert("isActive".into(), 1.into());
            (Verb::Post, Adds::Contact, body)
        }
        Some(_) if change.fields.is_empty() => return Vec::new(),
        Some(contact) => {
            let id = number(contact.id.as_str());
            let body = Map::from_iter([("id".to_owned(), id)]);
            (Verb::Patch, Adds::Nothing, body)
        }
    };
    for field in change.fields {
        match (field.field, change.contact) {
            (Field::Email, Some(contact)) => {
                body.extend(emails(contact, field, change.own_addresses));
            }
            _ => body.extend(written(field)),
        }
    }
    let request = json!({ "verb": verb, "company": company, "body": body });
    let settles = change.fields.iter().map(|field| field.field).collect();
    vec![Step {
        adds,
        request,
        settles,
    }]
}

/// A record's number as JSON. Other text is sent as it is: the vendor then refuses it in its own
/// words.
fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| id.into(), Value::from)
}

/// One field on the wire. Whether null clears a field in a PATCH is not documented, so a text is
/// cleared by an empty one; a location can be cleared by null alone.
fn written(change: &FieldChange) -> Option<(String, Value)> {
    let key = match change.field {
        Field::Active => "isActive",
        Field::FirstName => "firstName",
        Field::LastName => "lastName",
        Field::Title => "title",
        Field::Phone => "phone",
        Field::Mobile => "mobilePhone",
        Field::Email => EMAILS[0],
        Field::Site => "companyLocationID",
        // Autotask has no contact types.
        Field::ContactType => return None,
    };
    let value = match &change.to {
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Flag(active) => i64::from(*active).into(),
        FieldValue::Site(id, _) => number(id.as_str()),
        FieldValue::Blank if change.field == Field::Site => Value::Null,
        FieldValue::Blank => "".into(),
        FieldValue::ContactType(..) => return None,
    };
    Some((key.to_owned(), value))
}

/// The address and where the one that gives way goes, so that none is lost: `behaviour.md` section
/// 7.
fn emails(contact: &Contact, change: &FieldChange, own: &[String]) -> Vec<(String, Value)> {
    let mut fields: Vec<_> = written(change).into_iter().collect();
    let (FieldValue::Text(wanted), Value::Object(handle)) = (&change.to, &contact.handle) else {
        return fields;
    };
    let held = |key: &str| {
        let held = handle.get(key).and_then(Value::as_str);
        held.filter(|address| !address.trim().is_empty())
    };
    let Some(old) = held(EMAILS[0]) else {
        return fields;
    };
    let same = |one: &str, other: &str| folded(one) == folded(other);
    let others = &EMAILS[1..];
    let holder = |address: &str| {
        let held_by = |key: &&&str| held(key).is_some_and(|held| same(held, address));
        others.iter().find(held_by)
    };
    if same(old, wanted) {
        return fields;
    }
    if let Some(key) = holder(wanted) {
        fields.push(((*key).to_owned(), old.into()));
    } else if own.iter().any(|own| same(own, old)) && holder(old).is_none() {
        let blank = others.iter().find(|key| held(key).is_none());
        fields.extend(blank.map(|key| ((*key).to_owned(), old.into())));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContactId, PsaCompanyId, SiteId};

    fn to(field: Field, value: &str) -> FieldChange {
        FieldChange {
            field,
            from: FieldValue::Blank,
            to: FieldValue::Text(value.into()),
        }
    }

    fn contact(emails: [&str; 3]) -> Contact {
        let handle = EMAILS.iter().zip(emails);
        let blank = |email: &str| (!email.is_empty()).then(|| email.to_owned());
        Contact {
            id: ContactId::new("77"),
            handle: handle
                .map(|(key, email)| ((*key).to_owned(), json!(blank(email))))
                .collect(),
            ..Contact::default()
        }
    }

    fn body(contact: Option<&Contact>, fields: &[FieldChange], own: &[&str]) -> Value {
        let own: Vec<_> = own.iter().map(|own| (*own).to_owned()).collect();
        let steps = steps(&Change {
            company: &PsaCompanyId::new("5"),
            contact,
            fields,
            own_addresses: &own,
        });
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].settles.len(), fields.len());
        steps[0].request["body"].clone()
    }

    #[test]
    fn a_create_is_one_post_and_the_contact_is_active() {
        let site = FieldChange {
            field: Field::Site,
            from: FieldValue::Blank,
            to: FieldValue::Site(SiteId::new("12"), "Main".into()),
        };
        let fields = [
            to(Field::FirstName, "Jane"),
            to(Field::LastName, "-"),
            to(Field::Mobile, "123"),
            to(Field::Email, "jane@contoso.example"),
            site,
        ];
        let wanted = json!({
            "companyID": 5, "isActive": 1, "firstName": "Jane", "lastName": "-",
            "mobilePhone": "123", "emailAddress": "jane@contoso.example", "companyLocationID": 12,
        });
        assert_eq!(body(None, &fields, &[]), wanted);
    }

    #[test]
    fn a_patch_names_just_the_contact_and_what_changes() {
        let contact = contact(["a@x.example", "", ""]);
        let inactive = FieldChange {
            field: Field::Active,
            from: FieldValue::Flag(true),
            to: FieldValue::Flag(false),
        };
        let wanted = json!({ "id": 77, "isActive": 0 });
        assert_eq!(body(Some(&contact), &[inactive], &[]), wanted);
        let cleared = FieldChange {
            to: FieldValue::Blank,
            ..to(Field::Title, "")
        };
        let wanted = json!({ "id": 77, "title": "" });
        assert_eq!(body(Some(&contact), &[cleared], &[]), wanted);
        let none = steps(&Change {
            company: &PsaCompanyId::new("5"),
            contact: Some(&contact),
            fields: &[],
            own_addresses: &[],
        });
        assert!(none.is_empty());
    }

    #[test]
    fn an_address_that_gives_way_is_exchanged_or_kept() {
        let new = "New@x.example";
        for (held, own, kept) in [
            // Exchanged, in whichever place the wanted address is, case ignored.
            (["old@x.example", "new@x.example", ""], vec![], Some(1)),
            (
                ["old@x.example", "b@x.example", "NEW@x.example"],
                vec![],
                Some(2),
            ),
            // A blank first place is filled and the other place stays.
            (["", "new@x.example", ""], vec![], None),
            // Kept where it is the user's own, in the first blank place.
            (["OLD@x.example", "", ""], vec!["old@x.example"], Some(1)),
            (
                ["old@x.example", "b@x.example", ""],
                vec!["old@x.example"],
                Some(2),
            ),
            // No place, not the user's own, or there already.
            (
                ["old@x.example", "b@x.example", "c@x.example"],
                vec!["old@x.example"],
                None,
            ),
            (["old@x.example", "", ""], vec!["b@x.example"], None),
            (
                ["old@x.example", "Old@x.example", ""],
                vec!["old@x.example"],
                None,
            ),
            (["", "", ""], vec!["old@x.example"], None),
            // Only the case differs.
            (["new@x.example", "", ""], vec!["new@x.example"], None),
        ] {
            let contact = contact(held);
            let mut wanted = json!({ "id": 77, "emailAddress": new });
            if let Some(kept) = kept {
                wanted[EMAILS[kept]] = held[0].into();
            }
            let body = body(Some(&contact), &[to(Field::Email, new)], &own);
            assert_eq!(body, wanted, "{held:?}");
        }
    }
}
