//! The PSA of a stage: one company with sites and types, and its contacts of either vendor as plain values.

use std::collections::BTreeMap;
use std::sync::Arc;

use rollcall::model::filter::Named;
use rollcall::model::{ContactTypeId, PsaConnection, SiteId};
use rollcall::simulator::autotask::{self, Autotask, LocationData};
use rollcall::simulator::connectwise::{self, ConnectWise, ContactTypeData, SiteData};
use rollcall::simulator::kit::{self, Controls, Fault, FaultKind, Running};

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

    pub(super) fn site_ids(&self, company: i64) -> BTreeMap<String, i64> {
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

    pub(super) fn type_ids(&self) -> BTreeMap<String, i64> {
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
}
