//! Words records as the vendor's JSON: unset members are left out, references carry `_info`. It
//! changes nothing.

use serde_json::{Map, Value, json};

use super::records::{
    AssociationData, CommunicationTypeData, CompanyData, ContactData, ContactTypeData, ItemData,
    ItemKind, SiteData, StatusData,
};
use super::state::State;

/// The state as one caller sees it.
pub(super) struct View<'a> {
    /// What is read.
    pub state: &'a State,
    /// The API's root as called, without a slash at the end.
    pub root: String,
}

fn domain(item: &ItemData) -> Option<String> {
    let (_, after) = item.value.rsplit_once('@')?;
    (item.kind == ItemKind::Email).then(|| format!("@{after}"))
}

impl View<'_> {
    /// A link as the vendor writes it, with two slashes before the resource.
    pub fn href(&self, path: &str) -> String {
        format!("{}//{path}", self.root)
    }

    fn info(&self) -> Value {
        let time = self.state.now.format("%Y-01-01T00:00:00Z").to_string();
        json!({"lastUpdated": time, "updatedBy": "admin"})
    }

    /// A company as a reference.
    pub fn company_reference(&self, id: i64) -> Value {
        let Some(company) = self.state.companies.get(&id) else {
            return json!({"id": id});
        };
        json!({
            "id": id, "identifier": company.identifier, "name": company.name,
            "_info": {"company_href": self.href(&format!("company/companies/{id}"))},
        })
    }

    fn site_reference(&self, id: i64) -> Value {
        let Some(site) = self.state.sites.get(&id) else {
            return json!({"id": id});
        };
        let link = self.href(&format!("company/companies/{}/sites/{id}", site.company_id));
        json!({"id": id, "name": site.name, "_info": {"site_href": link}})
    }

    fn type_reference(&self, id: i64) -> Value {
        let name = self
            .state
            .contact_types
            .get(&id)
            .map(|each| &each.description);
        let link = self.href(&format!("company/contacts/types/{id}"));
        json!({"id": id, "name": name, "_info": {"type_href": link}})
    }

    fn communication_type_reference(&self, id: i64) -> Value {
        let name = self
            .state
            .communication_types
            .get(&id)
            .map(|each| &each.description);
        let link = self.href(&format!("company/communicationTypes/{id}"));
        json!({"id": id, "name": name, "_info": {"type_href": link}})
    }

    /// A communication item inside a contact.
    pub fn item(&self, item: &ItemData) -> Value {
        let mut row = json!({
            "id": item.id,
            "type": self.communication_type_reference(item.type_id),
            "value": item.value,
            "defaultFlag": item.default,
            "communicationType": item.kind.word(),
        });
        if let Some(extension) = &item.extension {
            row["extension"] = json!(extension);
        }
        if let Some(domain) = domain(item) {
            row["domain"] = json!(domain);
        }
        row
    }

    /// A communication item as a contact's sub-resource.
    pub fn communication(&self, contact: &ContactData, item: &ItemData) -> Value {
        let mut row = self.item(item);
        row["contactId"] = json!(contact.id);
        row["_info"] = json!({
            "lastUpdated": contact.last_updated.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "updatedBy": contact.updated_by,
        });
        row
    }

    /// One contact type of a contact, as the contact lists it.
    pub fn contact_type_of(&self, association: &AssociationData) -> Value {
        self.type_reference(association.type_id)
    }

    /// A contact.
    pub fn contact(&self, contact: &ContactData) -> Value {
        let id = contact.id;
        let mut row: Map<String, Value> = contact.other.clone();
        let mut set = |name: &str, value: Value| row.insert(name.to_owned(), value);
        set("id", json!(id));
        set("firstName", json!(contact.first_name));
        for (name, text) in [("lastName", &contact.last_name), ("title", &contact.title)] {
            if let Some(text) = text {
                set(name, json!(text));
            }
        }
        if let Some(company) = contact.company_id {
            set("company", self.company_reference(company));
        }
        if let Some(site) = contact.site_id {
            set("site", self.site_reference(site));
        }
        set("inactiveFlag", json!(contact.inactive));
        set("defaultFlag", json!(contact.default));
        set("defaultBillingFlag", json!(contact.default_billing));
        set("ignoreDuplicates", json!(false));
        let types = contact.types.iter().map(|each| self.contact_type_of(each));
        set("types", types.collect());
        set("customFields", json!([]));
        if !contact.items.is_empty() {
            let items = contact.items.iter().map(|item| self.item(item));
            set("communicationItems", items.collect());
        }
        let phone = contact
            .items
            .iter()
            .find(|item| item.kind == ItemKind::Phone && item.default);
        match phone {
            Some(phone) => {
                let of = self.state.communication_types.get(&phone.type_id);
                set("defaultPhoneType", json!(of.map(|each| &each.description)));
                set("defaultPhoneNbr", json!(phone.value));
                if let Some(extension) = &phone.extension {
                    set("defaultPhoneExtension", json!(extension));
                }
            }
            None if contact.company_id.is_some() => {
                set("defaultPhoneType", json!("Site"));
                let site = contact.site_id.and_then(|id| self.state.sites.get(&id));
                if let Some(phone) = site.and_then(|site| site.phone.as_ref()) {
                    set("defaultPhoneNbr", json!(phone));
                }
            }
            None => {}
        }
        let below = |path: &str| self.href(&format!("company/contacts/{id}/{path}"));
        set(
            "_info",
            json!({
                "lastUpdated": contact.last_updated.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "updatedBy": contact.updated_by,
                "communications_href": below("communications"),
                "notes_href": below("notes"),
                "tracks_href": below("tracks"),
                "image_href": below("image"),
            }),
        );
        Value::Object(row)
    }

    /// A type association.
    pub fn association(&self, contact: &ContactData, association: &AssociationData) -> Value {
        let id = contact.id;
        let last = contact.last_name.as_deref().unwrap_or_default();
        let name = format!("{} {last}", contact.first_name);
        json!({
            "id": association.id,
            "type": self.type_reference(association.type_id),
            "contact": {
                "id": id, "name": name.trim_end(),
                "_info": {"contact_href": self.href(&format!("company/contacts/{id}"))},
            },
            "_info": self.info(),
        })
    }

    /// A company.
    pub fn company(&self, company: &CompanyData) -> Value {
        let status = self.state.status_of(company);
        let link = self.href(&format!("company/companies/statuses/{}", status.id));
        let mut row = json!({
            "id": company.id,
            "identifier": company.identifier,
            "name": company.name,
            "status": {"id": status.id, "name": status.name, "_info": {"status_href": link}},
            "deletedFlag": company.deleted,
            "types": [],
            "customFields": [],
            "_info": self.info(),
        });
        let mut sites = self.state.sites.values();
        if let Some(site) = sites.find(|site| site.company_id == company.id && site.primary) {
            row["site"] = self.site_reference(site.id);
        }
        row
    }

    /// A status of companies.
    pub fn status(&self, status: &StatusData) -> Value {
        json!({
            "id": status.id, "name": status.name, "inactiveFlag": status.inactive,
            "defaultFlag": status.name == "Active", "_info": self.info(),
        })
    }

    /// A site.
    pub fn site(&self, site: &SiteData) -> Value {
        let mut row = json!({
            "id": site.id,
            "name": site.name,
            "primaryAddressFlag": site.primary,
            "inactiveFlag": site.inactive,
            "company": self.company_reference(site.company_id),
            "customFields": [],
            "_info": self.info(),
        });
        if let Some(phone) = &site.phone {
            row["phoneNumber"] = json!(phone);
        }
        row
    }

    /// A contact type.
    pub fn contact_type(&self, contact_type: &ContactTypeData) -> Value {
        json!({
            "id": contact_type.id, "description": contact_type.description,
            "defaultFlag": false, "serviceAlertFlag": false, "_info": self.info(),
        })
    }

    /// A communication type.
    pub fn communication_type(&self, of: &CommunicationTypeData) -> Value {
        json!({
            "id": of.id, "description": of.description, "phoneFlag": of.phone, "faxFlag": of.fax,
            "emailFlag": of.email, "defaultFlag": of.default, "disabled": false, "_info": self.info(),
        })
    }
}
