//! The records of `ConnectWise` as far as Rollcall reads them, and what they are in Rollcall's words. Unset members are left
//! out of its answers, so everything but an id may be missing. It sends nothing.

use serde::Deserialize;
use serde_json::{Value, json};

use super::items::{Item, ItemKind, ItemRow, email_item, phone_item};
use crate::model::{Contact, ContactId, ContactType, ContactTypeId, PhoneType, Site, SiteId};

/// The members of a contact that are asked for.
pub(super) const CONTACT_FIELDS: &str = "id,firstName,lastName,title,inactiveFlag,site,communicationItems,types,\
                                         defaultFlag,defaultBillingFlag";

/// What every record of a list has.
pub(super) trait Row: for<'de> Deserialize<'de> {
    /// The record's id.
    fn id(&self) -> i64;
}

macro_rules! row {
    ($($name:ident),+) => {
        $(impl Row for $name {
            fn id(&self) -> i64 {
                self.id
            }
        })+
    };
}

row!(
    ContactRow,
    CompanyRow,
    StatusRow,
    SiteRow,
    ContactTypeRow,
    CommunicationTypeRow,
    ItemRow,
    AssociationRow
);

/// A reference to another record.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Reference {
    #[serde(default)]
    pub id: Option<i64>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactRow {
    pub id: i64,
    first_name: Option<String>,
    last_name: Option<String>,
    title: Option<String>,
    inactive_flag: Option<bool>,
    site: Option<Reference>,
    communication_items: Option<Vec<ItemRow>>,
    types: Option<Vec<Reference>>,
    default_flag: Option<bool>,
    default_billing_flag: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompanyRow {
    pub id: i64,
    #[serde(default)]
    pub name: String,
    pub status: Option<Reference>,
    pub deleted_flag: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusRow {
    pub id: i64,
    pub inactive_flag: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SiteRow {
    id: i64,
    #[serde(default)]
    name: String,
    inactive_flag: Option<bool>,
}

impl From<SiteRow> for Site {
    fn from(row: SiteRow) -> Self {
        Self {
            id: SiteId::new(&row.id.to_string()),
            name: row.name,
            active: row.inactive_flag != Some(true),
        }
    }
}

/// A contact type has a description and no name, though references to it have a name.
#[derive(Deserialize)]
pub(super) struct ContactTypeRow {
    id: i64,
    #[serde(default)]
    description: String,
}

impl From<ContactTypeRow> for ContactType {
    fn from(row: ContactTypeRow) -> Self {
        Self {
            id: ContactTypeId::new(&row.id.to_string()),
            name: row.description,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommunicationTypeRow {
    id: i64,
    #[serde(default)]
    description: String,
    phone_flag: Option<bool>,
    email_flag: Option<bool>,
    default_flag: Option<bool>,
}

impl From<CommunicationTypeRow> for PhoneType {
    fn from(row: CommunicationTypeRow) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.description,
            phone: row.phone_flag == Some(true),
            email: row.email_flag == Some(true),
            default: row.default_flag == Some(true),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct AssociationRow {
    id: i64,
    #[serde(rename = "type")]
    pub of: Option<Reference>,
}

/// A reference as it is sent: ids are numbers; text is passed on for the vendor to refuse.
pub(super) fn reference(id: &str) -> Value {
    json!({ "id": number(id) })
}

/// An id as it is sent.
pub(super) fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| json!(id), Value::from)
}

impl ContactRow {
    /// Whether any Email item holds the address.
    pub fn holds(&self, address: &str) -> bool {
        let mut items = self.communication_items.iter().flatten();
        items.any(|item| item.is_address(address))
    }

    /// The contact in Rollcall's words, with the items of the connection's phone and mobile type.
    pub fn contact(self, [phone_type, mobile_type]: [Option<&PhoneType>; 2]) -> Contact {
        let items: Vec<Item> = self
            .communication_items
            .into_iter()
            .flatten()
            .filter_map(ItemRow::item)
            .collect();
        let number = |of: Option<&PhoneType>| {
            let item = phone_item(&items, &of?.id)?;
            item.value().map(str::to_owned)
        };
        let own = email_item(&items).map(|item| item.id);
        let others = items
            .iter()
            .filter(|item| item.kind == ItemKind::Email && Some(item.id) != own);
        let reference = |id: Option<i64>| id.map(|id| id.to_string());
        Contact {
            id: ContactId::new(&self.id.to_string()),
            active: self.inactive_flag != Some(true),
            first_name: present(self.first_name),
            last_name: present(self.last_name),
            title: present(self.title),
            phone: number(phone_type),
            mobile: number(mobile_type),
            email: email_item(&items).and_then(|item| item.value().map(str::to_owned)),
            other_emails: others
                .filter_map(|item| item.value().map(str::to_owned))
                .collect(),
            site: reference(self.site.and_then(|site| site.id)).map(SiteId::from),
            types: self
                .types
                .into_iter()
                .flatten()
                .filter_map(|of| reference(of.id).map(ContactTypeId::from))
                .collect(),
            main: self.default_flag == Some(true),
            billing: self.default_billing_flag == Some(true),
            handle: json!({ "items": items }),
        }
    }
}

fn present(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::items::items_of;
    use super::*;

    fn of(id: &str, name: &str, phone: bool, default: bool) -> PhoneType {
        PhoneType {
            id: id.to_owned(),
            name: name.to_owned(),
            phone,
            email: !phone,
            default,
        }
    }

    #[test]
    fn a_contact_is_read_with_the_items_that_count() {
        let row: ContactRow = serde_json::from_value(json!({
            "id": 7, "firstName": "Jane", "lastName": " ", "defaultFlag": true,
            "site": {"id": 2000, "name": "Main", "_info": {}}, "types": [{"id": 3, "name": "End User"}],
            "communicationItems": [
                {"id": 11, "type": {"id": 1}, "value": "old@contoso.example", "defaultFlag": false, "communicationType": "Email"},
                {"id": 12, "type": {"id": 1}, "value": "jane@contoso.example", "defaultFlag": true, "communicationType": "Email"},
                {"id": 15, "type": {"id": 2}, "value": "2", "defaultFlag": false, "communicationType": "Phone"},
                {"id": 14, "type": {"id": 2}, "value": "1", "defaultFlag": false, "communicationType": "Phone"},
                {"id": 16, "type": {"id": 4}, "value": "3", "defaultFlag": false, "communicationType": "Phone"},
                {"id": 17, "type": {"id": 4}, "value": "4", "defaultFlag": true, "communicationType": "Phone"},
                {"id": 18, "type": {"id": 2}, "value": "5", "defaultFlag": true, "communicationType": "Fax"}
            ]
        }))
        .unwrap();
        assert!(row.holds("OLD@contoso.example "));
        assert!(!row.holds("1"));
        let (direct, cell) = (of("2", "Direct", true, true), of("4", "Cell", true, false));
        let contact = row.contact([Some(&direct), Some(&cell)]);
        assert_eq!(contact.email.as_deref(), Some("jane@contoso.example"));
        assert_eq!(contact.other_emails, ["old@contoso.example"]);
        assert_eq!(contact.phone.as_deref(), Some("1"));
        assert_eq!(contact.mobile.as_deref(), Some("4"));
        assert_eq!(contact.last_name, None);
        assert_eq!(contact.site, Some("2000".into()));
        assert_eq!(contact.types, ["3".into()]);
        assert!(contact.active && contact.main && !contact.billing);
        assert_eq!(items_of(&contact).len(), 7);
    }

    #[test]
    fn a_contact_without_anything_is_read() {
        let row: ContactRow = serde_json::from_value(json!({"id": 7, "types": []})).unwrap();
        let contact = row.contact([None, None]);
        assert_eq!(
            (contact.email.as_deref(), contact.site.is_none()),
            (None, true)
        );
        assert!(items_of(&contact).is_empty());
    }
}
