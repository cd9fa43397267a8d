//! Contacts as the contract speaks of them, read from the simulators' own state, and what technicians do to them by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rollcall::simulator::autotask::{self, Autotask};
use rollcall::simulator::connectwise::{
    self, AssociationData, ConnectWise, ContactData, ItemData, ItemKind,
};

/// A PSA of either vendor.
#[derive(Clone)]
pub enum Cloud {
    ConnectWise(Arc<ConnectWise>),
    Autotask(Arc<Autotask>),
}

/// A contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub id: String,
    pub active: bool,
    pub first: Option<String>,
    pub last: Option<String>,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    /// Sorted.
    pub others: Vec<String>,
    pub site: Option<String>,
    pub types: BTreeSet<String>,
    /// What nobody but a technician may change.
    pub rest: String,
}

fn present(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

impl Cloud {
    pub fn is_connectwise(&self) -> bool {
        matches!(self, Self::ConnectWise(_))
    }

    /// A contact as it is now.
    pub fn contact(&self, id: i64) -> Option<Seen> {
        match self {
            Self::ConnectWise(cloud) => cloud
                .contact(id)
                .map(|one| of_connectwise(&Types::of(cloud), &one)),
            Self::Autotask(cloud) => cloud.contact(id).as_ref().map(of_autotask),
        }
    }

    /// The contacts of a company, by id.
    pub fn contacts(&self, company: i64) -> BTreeMap<String, Seen> {
        let all: Vec<Seen> = match self {
            Self::ConnectWise(cloud) => {
                let types = Types::of(cloud);
                let contacts = cloud.contacts(company);
                contacts
                    .iter()
                    .map(|one| of_connectwise(&types, one))
                    .collect()
            }
            Self::Autotask(cloud) => cloud.contacts(company).iter().map(of_autotask).collect(),
        };
        all.into_iter().map(|one| (one.id.clone(), one)).collect()
    }

    /// Takes a contact away.
    pub fn remove(&self, id: &str) {
        let id = id.parse().unwrap();
        match self {
            Self::ConnectWise(cloud) => drop(cloud.remove_contact(id)),
            Self::Autotask(cloud) => assert!(cloud.remove_contact(id)),
        }
    }

    /// Puts a contact there as a technician enters one; gives its id.
    pub fn enter(&self, company: i64, new: &Seen) -> String {
        let site = new.site.as_ref().and_then(|site| site.parse().ok());
        match self {
            Self::ConnectWise(cloud) => {
                let contact = ContactData {
                    first_name: new.first.clone().unwrap_or_default(),
                    last_name: new.last.clone(),
                    title: new.title.clone(),
                    company_id: Some(company),
                    site_id: site,
                    inactive: !new.active,
                    items: items(cloud, new),
                    types: associations(new),
                    ..ContactData::default()
                };
                cloud.add_contact(contact).to_string()
            }
            Self::Autotask(cloud) => {
                let first = new.first.clone().unwrap_or_else(|| "-".into());
                let last = new.last.clone().unwrap_or_else(|| "-".into());
                let mut contact = autotask::ContactData::named(company, &first, &last);
                put(&mut contact, new);
                cloud.add_contact(&contact).to_string()
            }
        }
    }

    /// Changes a contact, as a technician does; what is not named stays.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Seen)) {
        let number = id.parse().unwrap();
        let Some(was) = self.contact(number) else {
            return;
        };
        let mut now = was.clone();
        change(&mut now);
        match self {
            Self::ConnectWise(cloud) => {
                let made = items(cloud, &now);
                let types = Types::of(cloud);
                let mut contact = cloud.contact(number).unwrap();
                contact.first_name = now.first.clone().unwrap_or_default();
                contact.last_name.clone_from(&now.last);
                contact.title.clone_from(&now.title);
                contact.site_id = now.site.as_ref().and_then(|site| site.parse().ok());
                contact.inactive = !now.active;
                if now.types != was.types {
                    contact.types = associations(&now);
                }
                if (&now.phone, &now.mobile) != (&was.phone, &was.mobile) {
                    contact
                        .items
                        .retain(|item| ![types.direct, types.cell].contains(&Some(item.type_id)));
                    let taken = contact
                        .items
                        .iter()
                        .any(|item| item.kind == ItemKind::Phone && item.default);
                    let phones = made.iter().filter(|item| item.kind == ItemKind::Phone);
                    contact.items.extend(phones.cloned().map(|mut item| {
                        item.default &= !taken;
                        item
                    }));
                }
                if (&now.email, &now.others) != (&was.email, &was.others) {
                    contact.items.retain(|item| item.kind != ItemKind::Email);
                    let emails = made.iter().filter(|item| item.kind == ItemKind::Email);
                    contact.items.extend(emails.cloned());
                }
                cloud.add_contact(contact);
            }
            Self::Autotask(cloud) => {
                cloud.edit_contact(number, |contact| put(contact, &now));
            }
        }
    }
}

fn put(contact: &mut autotask::ContactData, new: &Seen) {
    let mut others = new.others.iter().cloned();
    contact.first_name = new.first.clone().unwrap_or_else(|| "-".into());
    contact.last_name = new.last.clone().unwrap_or_else(|| "-".into());
    contact.title.clone_from(&new.title);
    contact.phone.clone_from(&new.phone);
    contact.mobile_phone.clone_from(&new.mobile);
    contact.is_active = i64::from(new.active);
    contact.email_address.clone_from(&new.email);
    contact.email_address2 = others.next();
    contact.email_address3 = others.next();
    contact.company_location_id = new.site.as_ref().and_then(|site| site.parse().ok());
}

fn associations(new: &Seen) -> Vec<AssociationData> {
    let of = |id: &String| AssociationData {
        type_id: id.parse().unwrap(),
        ..AssociationData::default()
    };
    new.types.iter().map(of).collect()
}

fn items(cloud: &ConnectWise, new: &Seen) -> Vec<ItemData> {
    let item = |kind, of: &str, value: &String, default| ItemData {
        type_id: cloud.communication_type(of).unwrap(),
        kind,
        value: value.clone(),
        default,
        ..ItemData::default()
    };
    let email = |default| move |value| item(ItemKind::Email, "Email", value, default);
    let mut all: Vec<ItemData> = new.email.iter().map(email(true)).collect();
    all.extend(new.others.iter().map(email(false)));
    let phone = new.phone.iter();
    all.extend(phone.map(|value| item(ItemKind::Phone, "Direct", value, true)));
    let mobile = new.mobile.iter();
    all.extend(mobile.map(|value| item(ItemKind::Phone, "Cell", value, new.phone.is_none())));
    all
}

struct Types {
    direct: Option<i64>,
    cell: Option<i64>,
}

impl Types {
    fn of(cloud: &ConnectWise) -> Self {
        Self {
            direct: cloud.communication_type("Direct"),
            cell: cloud.communication_type("Cell"),
        }
    }
}

fn of_connectwise(types: &Types, one: &connectwise::ContactData) -> Seen {
    let number = |of: Option<i64>| {
        let items = one.items.iter().filter(|item| Some(item.type_id) == of);
        let item = items.min_by_key(|item| (!item.default, item.id));
        present(item.map(|item| item.value.as_str()))
    };
    let emails = |default: bool| {
        let items = one.items.iter();
        let items =
            items.filter(move |item| item.kind == ItemKind::Email && item.default == default);
        items.filter_map(|item| present(Some(&item.value)))
    };
    let mut others: Vec<String> = emails(false).collect();
    others.sort();
    let alien: Vec<_> = one
        .items
        .iter()
        .filter(|item| item.kind != ItemKind::Email)
        .filter(|item| ![types.direct, types.cell].contains(&Some(item.type_id)))
        .collect();
    Seen {
        id: one.id.to_string(),
        active: !one.inactive,
        first: present(Some(&one.first_name)),
        last: present(one.last_name.as_deref()),
        title: present(one.title.as_deref()),
        phone: number(types.direct),
        mobile: number(types.cell),
        email: emails(true).next(),
        others,
        site: one.site_id.map(|id| id.to_string()),
        types: one.type_ids().iter().map(ToString::to_string).collect(),
        rest: format!(
            "{alien:?} {} {} {:?}",
            one.default, one.default_billing, one.other
        ),
    }
}

fn of_autotask(one: &autotask::ContactData) -> Seen {
    let others = [&one.email_address2, &one.email_address3];
    let mut others: Vec<String> = others
        .into_iter()
        .filter_map(|email| present(email.as_deref()))
        .collect();
    others.sort();
    let rest = format!(
        "{:?}",
        (
            &one.alternate_phone,
            &one.extension,
            &one.external_id,
            one.primary_contact,
            one.billing_contact,
            &one.note,
            &one.other,
        )
    );
    Seen {
        id: one.id.to_string(),
        active: one.is_active == 1,
        first: present(Some(&one.first_name)),
        last: present(Some(&one.last_name)),
        title: present(one.title.as_deref()),
        phone: present(one.phone.as_deref()),
        mobile: present(one.mobile_phone.as_deref()),
        email: present(one.email_address.as_deref()),
        others,
        site: one.company_location_id.map(|id| id.to_string()),
        types: BTreeSet::new(),
        rest,
    }
}
