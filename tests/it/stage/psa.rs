//! The PSA of a stage: one company with sites and types, and its contacts of either vendor as plain values.

use std::collections::BTreeMap;
use std::sync::Arc;

use rollcall::model::filter::Named;
use rollcall::model::{ContactTypeId, PsaConnection, SiteId};
use rollcall::simulator::autotask::{self, Autotask, LocationData};
use rollcall::simulator::connectwise::{
    self, AssociationData, ConnectWise, ContactTypeData, ItemData, ItemKind, SiteData,
};
use rollcall::simulator::kit::{self, Controls, Fault, FaultKind, Running};

/// A contact in plain values; here the site and the types are told by their names.
pub use crate::conformance::Plain;

/// The company's id in the PSA.
pub const COMPANY: i64 = 250;
/// The company's sites.
pub const SITES: [&str; 3] = ["Main", "New Site", "Site 3"];
/// The contact types.
const TYPES: [&str; 2] = ["End User", "Technical"];

/// Which PSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    ConnectWise,
    Autotask,
}

/// The vendor's simulator.
pub enum Cloud {
    ConnectWise(Arc<ConnectWise>),
    Autotask(Arc<Autotask>),
}

/// A running PSA.
pub struct PsaCloud {
    pub cloud: Cloud,
    pub running: Running,
}

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
    /// Starts one with the company, its sites and the types.
    pub async fn start(vendor: Vendor) -> Self {
        match vendor {
            Vendor::ConnectWise => {
                let cloud = Arc::new(ConnectWise::default());
                cloud.switch(|switches| switches.primary_site_is_given = false);
                for description in TYPES {
                    cloud.add_contact_type(ContactTypeData {
                        description: description.into(),
                        ..ContactTypeData::default()
                    });
                }
                let psa = Self {
                    running: kit::start(cloud.clone()).await.unwrap(),
                    cloud: Cloud::ConnectWise(cloud),
                };
                psa.add_company(COMPANY, "Contoso Ltd");
                psa
            }
            Vendor::Autotask => {
                let cloud = Arc::new(Autotask::new(autotask::Settings::default()));
                let psa = Self {
                    running: kit::start(cloud.clone()).await.unwrap(),
                    cloud: Cloud::Autotask(cloud),
                };
                psa.add_company(COMPANY, "Contoso Ltd");
                psa
            }
        }
    }

    /// Adds a company with the sites.
    pub fn add_company(&self, id: i64, name: &str) {
        match &self.cloud {
            Cloud::ConnectWise(cloud) => {
                cloud.add_company(connectwise::CompanyData {
                    id,
                    identifier: format!("Company{id}"),
                    name: name.into(),
                    ..connectwise::CompanyData::default()
                });
                for site in SITES {
                    cloud.add_site(SiteData {
                        company_id: id,
                        name: site.into(),
                        primary: site == "Main",
                        ..SiteData::default()
                    });
                }
            }
            Cloud::Autotask(cloud) => {
                cloud.add_company(&autotask::CompanyData {
                    id,
                    company_name: name.into(),
                    is_active: true,
                    ..autotask::CompanyData::default()
                });
                for site in SITES {
                    cloud.add_location(&LocationData {
                        company_id: id,
                        name: site.into(),
                        is_active: true,
                        is_primary: site == "Main",
                        ..LocationData::default()
                    });
                }
            }
        }
    }

    /// The vendor.
    pub fn vendor(&self) -> Vendor {
        match self.cloud {
            Cloud::ConnectWise(_) => Vendor::ConnectWise,
            Cloud::Autotask(_) => Vendor::Autotask,
        }
    }

    /// Whether it is `ConnectWise`.
    pub fn is_connectwise(&self) -> bool {
        self.vendor() == Vendor::ConnectWise
    }

    /// The company's id.
    pub fn company(&self) -> String {
        COMPANY.to_string()
    }

    /// The connection as saved, and its secrets.
    pub fn connection(&self) -> (PsaConnection, Vec<(&'static str, String)>) {
        let (kind, fields, secrets) = match &self.cloud {
            Cloud::ConnectWise(cloud) => {
                let settings = cloud.edit(|state| state.settings.clone());
                let fields = vec![
                    ("url", self.running.url.clone()),
                    ("company_id", settings.company_id),
                ];
                let secrets = vec![
                    ("public_key", settings.public_key),
                    ("private_key", settings.private_key),
                    ("client_id", settings.client_id),
                ];
                ("connectwise", fields, secrets)
            }
            Cloud::Autotask(cloud) => {
                let settings = cloud.settings();
                let secrets = vec![
                    ("secret", settings.secret),
                    ("integration_code", settings.integration_code),
                ];
                ("autotask", vec![("username", settings.user)], secrets)
            }
        };
        let fields = fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        let connection = PsaConnection {
            id: 0,
            name: "Main PSA".into(),
            kind: kind.into(),
            fields: fields.collect(),
            default_contact_type: None,
        };
        (connection, secrets)
    }

    /// The simulator's switches and records.
    pub fn controls(&self) -> &Controls {
        &self.running.controls
    }

    /// Number of requests so far that asked for a change.
    pub fn writes(&self) -> usize {
        self.controls().writes()
    }

    /// Switches a fault on for requests that make a contact (and, with `ConnectWise`, what belongs to one).
    pub fn fault_on_create(&self, kind: FaultKind, after: usize, times: usize) {
        let path = if self.is_connectwise() {
            "/company/contacts"
        } else {
            "/Contacts"
        };
        let fault = Fault::always(kind).at("POST", path).on_writes();
        self.controls().fault(fault.after(after).times(times));
    }

    /// Switches a fault on for requests that change a contact.
    pub fn fault_on_change(&self, kind: FaultKind, after: usize, times: usize) {
        let fault = Fault::always(kind).at("PATCH", "contacts").on_writes();
        self.controls().fault(fault.after(after).times(times));
    }

    /// Switches a fault on for the list of contacts.
    pub fn fault_on_list(&self, kind: FaultKind, after: usize, times: usize) {
        let fault = if self.is_connectwise() {
            Fault::always(kind).at("GET", "/company/contacts?")
        } else {
            Fault::always(kind).at("POST", "/Contacts/query")
        };
        self.controls().fault(fault.after(after).times(times));
    }

    fn site_ids(&self, company: i64) -> BTreeMap<String, i64> {
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                let sites = state
                    .sites
                    .values()
                    .filter(|site| site.company_id == company);
                sites.map(|site| (site.name.clone(), site.id)).collect()
            }),
            Cloud::Autotask(cloud) => {
                let sites = cloud.locations(company).into_iter();
                sites.map(|site| (site.name, site.id)).collect()
            }
        }
    }

    fn type_ids(&self) -> BTreeMap<String, i64> {
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                let types = state.contact_types.values();
                types.map(|of| (of.description.clone(), of.id)).collect()
            }),
            Cloud::Autotask(_) => BTreeMap::new(),
        }
    }

    /// A site by its name, as settings name it.
    pub fn site(&self, name: &str) -> Named<SiteId> {
        let id = self.site_ids(COMPANY)[name];
        Named {
            id: id.to_string().into(),
            name: name.into(),
        }
    }

    /// A contact type by its name, as settings name it; `None` where the vendor has none.
    pub fn contact_type(&self, name: &str) -> Option<Named<ContactTypeId>> {
        let id = self.type_ids().get(name).copied()?;
        Some(Named {
            id: id.to_string().into(),
            name: name.into(),
        })
    }

    /// Renames a site.
    pub fn rename_site(&self, name: &str, new: &str) {
        let id = self.site_ids(COMPANY)[name];
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                state.sites.get_mut(&id).unwrap().name = new.into();
            }),
            Cloud::Autotask(cloud) => {
                assert!(cloud.edit_location(id, |location| location.name = new.into()));
            }
        }
    }

    /// Makes a site inactive.
    pub fn close_site(&self, name: &str) {
        let id = self.site_ids(COMPANY)[name];
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                state.sites.get_mut(&id).unwrap().inactive = true;
            }),
            Cloud::Autotask(cloud) => {
                assert!(cloud.edit_location(id, |location| location.is_active = false));
            }
        }
    }

    /// Takes a site away.
    pub fn remove_site(&self, name: &str) {
        let id = self.site_ids(COMPANY)[name];
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                state.sites.remove(&id);
            }),
            Cloud::Autotask(cloud) => assert!(cloud.remove_location(id)),
        }
    }

    /// Takes the company away.
    pub fn remove_company(&self) {
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                state.companies.remove(&COMPANY);
                state
                    .contacts
                    .retain(|_, contact| contact.company_id != Some(COMPANY));
                state.sites.retain(|_, site| site.company_id != COMPANY);
            }),
            Cloud::Autotask(cloud) => assert!(cloud.remove_company(COMPANY)),
        }
    }

    /// Makes the company inactive.
    pub fn close_company(&self) {
        match &self.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                let inactive = state.statuses.iter().find(|status| status.inactive);
                let inactive = inactive.unwrap().name.clone();
                state.companies.get_mut(&COMPANY).unwrap().status = inactive;
            }),
            Cloud::Autotask(cloud) => {
                assert!(cloud.edit_company(COMPANY, |company| company.is_active = false));
            }
        }
    }

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
