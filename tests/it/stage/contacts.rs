//! The contacts of a stage's PSA, of either vendor, as plain values: what is really stored.

use std::collections::BTreeMap;

use rollcall::simulator::autotask;
use rollcall::simulator::connectwise::{self, AssociationData, ConnectWise, ItemData, ItemKind};

use super::psa::{COMPANY, Cloud, PsaCloud};
/// A contact in plain values; here the site and the types are told by their names.
pub use crate::conformance::Plain;

/// The contact that [`super::user`] of this name becomes.
pub fn contact(name: &str) -> Plain {
    Plain::named(&capital(name), "Doe", &format!("{name}@contoso.example"))
}

/// The text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

impl PsaCloud {
    /// Takes a contact away.
    pub fn remove(&self, id: &str) {
        let id = id.parse().unwrap();
        match &self.cloud {
            Cloud::ConnectWise(cloud) => assert!(cloud.remove_contact(id).is_some()),
            Cloud::Autotask(cloud) => assert!(cloud.remove_contact(id)),
        }
    }

    /// Puts a contact there, as a technician does; gives its id.
    pub fn put(&self, contact: &Plain) -> String {
        self.put_in(COMPANY, contact)
    }

    /// Puts a contact into a company.
    pub fn put_in(&self, company: i64, contact: &Plain) -> String {
        let site = contact
            .site
            .as_ref()
            .map(|name| self.site_ids(company)[name]);
        match &self.cloud {
            Cloud::ConnectWise(cloud) => {
                let kinds = self.type_ids();
                let types = contact.types.iter().map(|name| AssociationData {
                    type_id: kinds[name],
                    ..AssociationData::default()
                });
                let id = cloud.add_contact(connectwise::ContactData {
                    id: contact.id.parse().unwrap_or(0),
                    first_name: contact.first_name.clone(),
                    last_name: contact.last_name.clone(),
                    title: contact.title.clone(),
                    company_id: Some(company),
                    site_id: site,
                    inactive: !contact.active,
                    items: items(cloud, contact),
                    types: types.collect(),
                    ..connectwise::ContactData::default()
                });
                id.to_string()
            }
            Cloud::Autotask(cloud) => {
                let mut others = contact.other_emails.iter().cloned();
                let last_name = contact.last_name.as_deref().unwrap_or("-");
                let id = cloud.add_contact(&autotask::ContactData {
                    id: contact.id.parse().unwrap_or(0),
                    title: contact.title.clone(),
                    phone: contact.phone.clone(),
                    mobile_phone: contact.mobile.clone(),
                    is_active: i64::from(contact.active),
                    email_address: contact.email.clone(),
                    email_address2: others.next(),
                    email_address3: others.next(),
                    company_location_id: site,
                    ..autotask::ContactData::named(company, &contact.first_name, last_name)
                });
                assert_eq!(others.next(), None, "a contact holds three addresses");
                id.to_string()
            }
        }
    }

    /// The company's contacts as stored, by id.
    pub fn look(&self) -> Vec<Plain> {
        self.look_in(COMPANY)
    }

    /// A company's contacts as stored, by id.
    pub fn look_in(&self, company: i64) -> Vec<Plain> {
        let sites = self.site_ids(company);
        let site = |id: Option<i64>| {
            let id = id?;
            let mut named = sites.iter().filter(|(_, known)| **known == id);
            Some(
                named
                    .next()
                    .map_or_else(|| format!("gone {id}"), |(name, _)| name.clone()),
            )
        };
        match &self.cloud {
            Cloud::ConnectWise(cloud) => {
                let kinds = self.type_ids();
                let contacts = cloud.contacts(company).into_iter();
                contacts
                    .map(|one| plain(cloud, &kinds, site(one.site_id), &one))
                    .collect()
            }
            Cloud::Autotask(cloud) => {
                let contacts = cloud.contacts(company).into_iter();
                contacts
                    .map(|one| Plain {
                        id: one.id.to_string(),
                        active: one.is_active == 1,
                        first_name: one.first_name,
                        last_name: Some(one.last_name),
                        title: one.title,
                        phone: one.phone,
                        mobile: one.mobile_phone,
                        email: one.email_address,
                        other_emails: [one.email_address2, one.email_address3]
                            .into_iter()
                            .flatten()
                            .collect(),
                        site: site(one.company_location_id),
                        types: Vec::new(),
                    })
                    .collect()
            }
        }
    }

    /// Changes a contact, as a technician does.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Plain)) {
        let mut contact = self.look().into_iter().find(|one| one.id == id).unwrap();
        change(&mut contact);
        assert_eq!(self.put(&contact), id);
    }
}

fn items(cloud: &ConnectWise, contact: &Plain) -> Vec<ItemData> {
    let item = |kind, of: &str, value: &str, default| ItemData {
        type_id: cloud.communication_type(of).unwrap(),
        kind,
        value: value.into(),
        default,
        ..ItemData::default()
    };
    let mut items = Vec::new();
    if let Some(email) = &contact.email {
        items.push(item(ItemKind::Email, "Email", email, true));
    }
    for other in &contact.other_emails {
        items.push(item(ItemKind::Email, "Email 2", other, false));
    }
    if let Some(phone) = &contact.phone {
        items.push(item(ItemKind::Phone, "Direct", phone, true));
    }
    if let Some(mobile) = &contact.mobile {
        items.push(item(
            ItemKind::Phone,
            "Cell",
            mobile,
            contact.phone.is_none(),
        ));
    }
    items
}

fn plain(
    cloud: &ConnectWise,
    kinds: &BTreeMap<String, i64>,
    site: Option<String>,
    contact: &connectwise::ContactData,
) -> Plain {
    let number = |of: &str| {
        let of = cloud.communication_type(of);
        let mut items = contact.items.iter().filter(|item| Some(item.type_id) == of);
        items.next().map(|item| item.value.clone())
    };
    let emails = |default: bool| {
        let items = contact.items.iter();
        let items =
            items.filter(move |item| item.kind == ItemKind::Email && item.default == default);
        items.map(|item| item.value.clone()).collect::<Vec<_>>()
    };
    let mut types: Vec<String> = contact
        .type_ids()
        .iter()
        .map(|id| {
            let mut named = kinds.iter().filter(|(_, known)| *known == id);
            named
                .next()
                .map_or_else(|| format!("gone {id}"), |(name, _)| name.clone())
        })
        .collect();
    types.sort();
    Plain {
        id: contact.id.to_string(),
        active: !contact.inactive,
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        title: contact.title.clone(),
        phone: number("Direct"),
        mobile: number("Cell"),
        email: emails(true).into_iter().next(),
        other_emails: emails(false),
        site,
        types,
    }
}
