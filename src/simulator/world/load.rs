//! Puts a customer into the simulated clouds, and reads its contacts back in neutral form. Texts are cut as the vendor would
//! have refused them: a world holds nothing that its PSA could not hold.

use std::collections::BTreeMap;

use super::contacts::PsaContact;
use super::{CONTACT_TYPES, Customer};
use crate::simulator::graph::{AppData, Microsoft};
use crate::simulator::{autotask, connectwise};
use autotask::Autotask;
use connectwise::{ConnectWise, ItemData, ItemKind};

/// A simulated PSA, whichever it is.
#[derive(Clone, Copy)]
pub enum Psa<'a> {
    /// ConnectWise.
    ConnectWise(&'a ConnectWise),
    /// Autotask.
    Autotask(&'a Autotask),
}

/// Where a customer came to stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The company's id in the PSA.
    pub company_id: i64,
    /// Ids of its sites by name.
    pub sites: BTreeMap<String, i64>,
    /// Ids of the contact types by name; none on Autotask.
    pub contact_types: BTreeMap<String, i64>,
    /// Ids of the contacts, in the order of [`Customer::contacts`].
    pub contacts: Vec<i64>,
}

impl Psa<'_> {
    /// Adds the customer as a new company.
    pub fn load(self, customer: &Customer) -> Loaded {
        match self {
            Self::ConnectWise(cloud) => load_connectwise(cloud, customer),
            Self::Autotask(cloud) => load_autotask(cloud, customer),
        }
    }

    /// Sets a contact's `title` or `phone`, as a technician does in the program.
    pub(super) fn edit(self, contact_id: i64, field: &str, value: &str) {
        match self {
            Self::ConnectWise(cloud) => {
                let direct = ItemTypes::of(cloud).direct;
                cloud.edit(|state| {
                    let Some(contact) = state.contacts.get_mut(&contact_id) else {
                        return;
                    };
                    let mut items = contact.items.iter_mut();
                    if field == "title" {
                        contact.title = Some(value.into());
                    } else if let Some(item) = items.find(|item| item.type_id == direct) {
                        item.value = value.into();
                    }
                });
            }
            Self::Autotask(cloud) => {
                cloud.edit_contact(contact_id, |contact| {
                    if field == "title" {
                        contact.title = Some(value.into());
                    } else {
                        contact.phone = Some(value.into());
                    }
                });
            }
        }
    }

    /// The contacts of a company as they are now, by id.
    pub fn contacts(self, company_id: i64) -> Vec<(i64, PsaContact)> {
        match self {
            Self::ConnectWise(cloud) => {
                let contacts = cloud.contacts(company_id).into_iter();
                contacts
                    .map(|contact| (contact.id, from_connectwise(cloud, &contact)))
                    .collect()
            }
            Self::Autotask(cloud) => {
                let sites = cloud.locations(company_id).into_iter();
                let sites: BTreeMap<i64, String> = sites.map(|site| (site.id, site.name)).collect();
                let contacts = cloud.contacts(company_id).into_iter();
                contacts
                    .map(|contact| (contact.id, from_autotask(&sites, contact)))
                    .collect()
            }
        }
    }
}

/// Adds the tenant, with this app as a way in. Answers the tenant's id.
pub fn load_graph(
    microsoft: &Microsoft,
    customer: &Customer,
    client_id: &str,
    app: AppData,
) -> String {
    let mut tenant = customer.tenant.clone();
    tenant.apps.insert(client_id.to_lowercase(), app);
    microsoft.add_tenant(tenant);
    customer.tenant.id.clone()
}

/// Adds the customer as a new company with its sites, contact types and contacts.
pub fn load_connectwise(cloud: &ConnectWise, customer: &Customer) -> Loaded {
    let mut loaded = Loaded {
        company_id: cloud.add_company(connectwise::CompanyData {
            identifier: customer.domain.split('.').next().unwrap_or_default().into(),
            name: customer.name.clone(),
            ..Default::default()
        }),
        ..Loaded::default()
    };
    for (place, name) in customer.sites.iter().enumerate() {
        let id = cloud.add_site(connectwise::SiteData {
            company_id: loaded.company_id,
            name: name.clone(),
            primary: place == 0,
            phone: (place == 0).then(|| "+44 20 7946 0000".into()),
            ..Default::default()
        });
        loaded.sites.insert(name.clone(), id);
    }
    for name in CONTACT_TYPES {
        let known = cloud.edit(|state| {
            let mut types = state.contact_types.values();
            types
                .find(|each| each.description == name)
                .map(|each| each.id)
        });
        let id = known.unwrap_or_else(|| {
            cloud.add_contact_type(connectwise::ContactTypeData {
                description: name.into(),
                ..Default::default()
            })
        });
        loaded.contact_types.insert(name.into(), id);
    }
    let ids = ItemTypes::of(cloud);
    for known in &customer.contacts {
        let contact = to_connectwise(&known.contact, &loaded, &ids);
        loaded.contacts.push(cloud.add_contact(contact));
    }
    loaded
}

struct ItemTypes {
    email: i64,
    email2: i64,
    direct: i64,
    cell: i64,
    fax: i64,
}

impl ItemTypes {
    fn of(cloud: &ConnectWise) -> Self {
        let id = |name: &str| cloud.communication_type(name).unwrap_or_default();
        Self {
            email: id("Email"),
            email2: id("Email 2"),
            direct: id("Direct"),
            cell: id("Cell"),
            fax: id("Fax"),
        }
    }
}

fn to_connectwise(
    contact: &PsaContact,
    loaded: &Loaded,
    ids: &ItemTypes,
) -> connectwise::ContactData {
    let mut items = Vec::new();
    let mut item = |type_id: i64, kind: ItemKind, value: &String, default: bool| {
        items.push(ItemData {
            type_id,
            kind,
            value: value.clone(),
            default,
            ..Default::default()
        });
    };
    if let Some(email) = &contact.email {
        item(ids.email, ItemKind::Email, email, true);
    }
    for email in &contact.other_emails {
        item(ids.email2, ItemKind::Email, email, false);
    }
    if let Some(phone) = &contact.phone {
        item(ids.direct, ItemKind::Phone, phone, true);
    }
    if let Some(mobile) = &contact.mobile {
        item(ids.cell, ItemKind::Phone, mobile, contact.phone.is_none());
    }
    if let Some(fax) = &contact.fax {
        item(ids.fax, ItemKind::Fax, fax, true);
    }
    let types = contact
        .types
        .iter()
        .filter_map(|name| loaded.contact_types.get(name));
    connectwise::ContactData {
        first_name: cut(&contact.first, 30),
        last_name: contact.last.as_deref().map(|last| cut(last, 30)),
        title: contact.title.as_deref().map(|title| cut(title, 100)),
        company_id: Some(loaded.company_id),
        site_id: contact
            .site
            .as_ref()
            .and_then(|site| loaded.sites.get(site))
            .copied(),
        inactive: !contact.active,
        default: contact.main,
        default_billing: contact.billing,
        types: types
            .map(|id| connectwise::AssociationData {
                type_id: *id,
                id: 0,
            })
            .collect(),
        items,
        ..Default::default()
    }
}

fn from_connectwise(cloud: &ConnectWise, contact: &connectwise::ContactData) -> PsaContact {
    let ids = ItemTypes::of(cloud);
    let of_type = |id: i64| {
        let item = contact.items.iter().find(|item| item.type_id == id);
        item.map(|item| item.value.clone())
    };
    let others = contact
        .items
        .iter()
        .filter(|item| item.kind == ItemKind::Email && !item.default);
    let (site, types) = cloud.edit(|state| {
        let site = contact
            .site_id
            .and_then(|id| state.sites.get(&id))
            .map(|site| site.name.clone());
        let ids = contact.type_ids();
        let types = ids.iter().filter_map(|id| state.contact_types.get(id));
        (site, types.map(|each| each.description.clone()).collect())
    });
    PsaContact {
        first: contact.first_name.clone(),
        last: contact.last_name.clone(),
        title: contact.title.clone(),
        phone: of_type(ids.direct),
        mobile: of_type(ids.cell),
        fax: of_type(ids.fax),
        email: contact.default_value(ItemKind::Email).map(Into::into),
        other_emails: others.map(|item| item.value.clone()).collect(),
        site,
        active: !contact.inactive,
        types,
        main: contact.default,
        billing: contact.default_billing,
    }
}

/// Adds the customer as a new company with its locations and contacts.
pub fn load_autotask(cloud: &Autotask, customer: &Customer) -> Loaded {
    let mut loaded = Loaded {
        company_id: cloud.add_company(&autotask::CompanyData {
            company_name: customer.name.clone(),
            is_active: true,
            ..Default::default()
        }),
        ..Loaded::default()
    };
    for (place, name) in customer.sites.iter().enumerate() {
        let id = cloud.add_location(&autotask::LocationData {
            company_id: loaded.company_id,
            name: name.clone(),
            is_active: true,
            is_primary: place == 0,
            ..Default::default()
        });
        loaded.sites.insert(name.clone(), id);
    }
    let mut longest = 0;
    cloud.switches(|switches| longest = switches.name_length);
    for known in &customer.contacts {
        let contact = to_autotask(&known.contact, &loaded, longest);
        loaded.contacts.push(cloud.add_contact(&contact));
    }
    loaded
}

fn to_autotask(contact: &PsaContact, loaded: &Loaded, longest: usize) -> autotask::ContactData {
    let mut others = contact.other_emails.iter().cloned();
    let mut result = autotask::ContactData {
        company_id: loaded.company_id,
        first_name: cut(&contact.first, longest),
        last_name: contact
            .last
            .as_deref()
            .map_or_else(|| "-".into(), |last| cut(last, longest)),
        is_active: i64::from(contact.active),
        title: contact.title.as_deref().map(|title| cut(title, 50)),
        email_address: contact.email.clone(),
        email_address2: others.next(),
        email_address3: others.next(),
        phone: contact.phone.as_deref().map(|phone| cut(phone, 25)),
        mobile_phone: contact.mobile.as_deref().map(|phone| cut(phone, 25)),
        company_location_id: contact
            .site
            .as_ref()
            .and_then(|site| loaded.sites.get(site))
            .copied(),
        primary_contact: contact.main,
        billing_contact: contact.billing,
        ..Default::default()
    };
    if let Some(fax) = &contact.fax {
        result.other.insert("faxNumber".into(), fax.clone().into());
    }
    result
}

fn from_autotask(sites: &BTreeMap<i64, String>, contact: autotask::ContactData) -> PsaContact {
    let fax = contact
        .other
        .get("faxNumber")
        .and_then(serde_json::Value::as_str);
    PsaContact {
        fax: fax.map(Into::into),
        first: contact.first_name,
        last: Some(contact.last_name).filter(|last| last != "-"),
        title: contact.title,
        phone: contact.phone,
        mobile: contact.mobile_phone,
        email: contact.email_address,
        other_emails: contact
            .email_address2
            .into_iter()
            .chain(contact.email_address3)
            .collect(),
        site: contact
            .company_location_id
            .and_then(|id| sites.get(&id))
            .cloned(),
        active: contact.is_active == 1,
        types: Vec::new(),
        main: contact.primary_contact,
        billing: contact.billing_contact,
    }
}

/// At most so many UTF-16 units, no character split, without white space at the end.
fn cut(text: &str, most: usize) -> String {
    let mut units = 0;
    let kept = text.chars().take_while(|character| {
        units += character.len_utf16();
        units <= most
    });
    kept.collect::<String>().trim_end().to_owned()
}
