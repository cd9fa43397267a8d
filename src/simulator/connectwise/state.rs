//! What the simulated ConnectWise holds, with the ids that it gives out, for world generators and
//! tests; it knows nothing of HTTP or JSON answers.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::records::{
    CommunicationTypeData, CompanyData, ContactData, ContactTypeData, ItemKind, SiteData,
    StatusData,
};
use super::switches::Switches;

/// Who may call, and where the instance says that it lives.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The login company id: first part of the user name and of the login look-up.
    pub company_id: String,
    /// Public API key.
    pub public_key: String,
    /// Private API key.
    pub private_key: String,
    /// The `clientId` header that is taken.
    pub client_id: String,
    /// The present code base with a slash at the end; changing it makes the old one stale.
    pub code_base: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            company_id: "examplemsp".into(),
            public_key: "public".into(),
            private_key: "private".into(),
            client_id: "00000000-0000-4000-8000-000000000001".into(),
            code_base: "v2026_4/".into(),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("company_id", &self.company_id)
            .field("code_base", &self.code_base)
            .finish_non_exhaustive()
    }
}

/// The next free ids.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Next {
    company: i64,
    site: i64,
    contact: i64,
    item: i64,
    association: i64,
    contact_type: i64,
    communication_type: i64,
}

fn id_of(wanted: i64, next: &mut i64) -> i64 {
    let id = if wanted == 0 { *next } else { wanted };
    *next = (*next).max(id + 1);
    id
}

/// Everything that one instance holds.
#[derive(Clone, Debug)]
pub struct State {
    /// Who may call.
    pub settings: Settings,
    /// Where the vendor's behaviour is unknown, or is to be otherwise.
    pub switches: Switches,
    /// The instance's clock: each write through the API takes one second.
    pub now: DateTime<Utc>,
    /// Statuses of companies.
    pub statuses: Vec<StatusData>,
    /// Companies by id.
    pub companies: BTreeMap<i64, CompanyData>,
    /// Sites by id.
    pub sites: BTreeMap<i64, SiteData>,
    /// Contact types by id.
    pub contact_types: BTreeMap<i64, ContactTypeData>,
    /// Communication types by id.
    pub communication_types: BTreeMap<i64, CommunicationTypeData>,
    /// Contacts by id.
    pub contacts: BTreeMap<i64, ContactData>,
    next: Next,
}

impl State {
    /// A new instance with the vendor's standard communication types and company statuses.
    pub fn new(settings: Settings) -> Self {
        let status = |id, name: &str, inactive| StatusData {
            id,
            name: name.into(),
            inactive,
        };
        let mut state = Self {
            settings,
            switches: Switches::default(),
            now: DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default(),
            statuses: vec![
                status(1, "Active", false),
                status(2, "Inactive", true),
                status(3, "Credit Hold", false),
            ],
            companies: BTreeMap::new(),
            sites: BTreeMap::new(),
            contact_types: BTreeMap::new(),
            communication_types: BTreeMap::new(),
            contacts: BTreeMap::new(),
            next: Next {
                company: 250,
                site: 2_000,
                contact: 30_000,
                item: 70_000,
                association: 500,
                contact_type: 1,
                communication_type: 1,
            },
        };
        for (description, kind, default) in [
            ("Email", ItemKind::Email, true),
            ("Direct", ItemKind::Phone, true),
            ("Fax", ItemKind::Fax, true),
            ("Cell", ItemKind::Phone, false),
            ("Home", ItemKind::Phone, false),
            ("Pager", ItemKind::Phone, false),
            ("Email 2", ItemKind::Email, false),
        ] {
            state.add_communication_type(CommunicationTypeData {
                description: description.into(),
                phone: kind == ItemKind::Phone,
                fax: kind == ItemKind::Fax,
                email: kind == ItemKind::Email,
                default,
                ..Default::default()
            });
        }
        state
    }

    /// Adds or replaces a company; answers its id.
    pub fn add_company(&mut self, mut company: CompanyData) -> i64 {
        company.id = id_of(company.id, &mut self.next.company);
        if company.status.is_empty() {
            company.status = "Active".into();
        }
        let id = company.id;
        self.companies.insert(id, company);
        id
    }

    /// Adds or replaces a site; answers its id.
    pub fn add_site(&mut self, mut site: SiteData) -> i64 {
        site.id = id_of(site.id, &mut self.next.site);
        let id = site.id;
        self.sites.insert(id, site);
        id
    }

    /// Adds or replaces a contact type; answers its id.
    pub fn add_contact_type(&mut self, mut contact_type: ContactTypeData) -> i64 {
        contact_type.id = id_of(contact_type.id, &mut self.next.contact_type);
        let id = contact_type.id;
        self.contact_types.insert(id, contact_type);
        id
    }

    /// Adds or replaces a communication type; answers its id.
    pub fn add_communication_type(&mut self, mut communication_type: CommunicationTypeData) -> i64 {
        communication_type.id = id_of(communication_type.id, &mut self.next.communication_type);
        let id = communication_type.id;
        self.communication_types.insert(id, communication_type);
        id
    }

    /// Adds or replaces a contact as it is, without the API's checks; ids of 0 are given out.
    /// Answers its id.
    pub fn add_contact(&mut self, mut contact: ContactData) -> i64 {
        contact.id = id_of(contact.id, &mut self.next.contact);
        self.number(&mut contact);
        if contact.last_updated == DateTime::<Utc>::default() {
            contact.last_updated = self.now;
        }
        if contact.updated_by.is_empty() {
            contact.updated_by = "admin".into();
        }
        let id = contact.id;
        self.contacts.insert(id, contact);
        id
    }

    /// Stores what the API wrote; the clock goes on.
    pub(super) fn write_contact(&mut self, mut contact: ContactData) -> i64 {
        self.now += TimeDelta::seconds(1);
        contact.last_updated = self.now;
        contact.updated_by.clone_from(&self.settings.public_key);
        if contact.default {
            for other in self.contacts.values_mut() {
                if contact.company_id.is_some() && other.company_id == contact.company_id {
                    other.default = false;
                }
            }
        }
        self.add_contact(contact)
    }

    /// The status record of a company.
    pub fn status_of(&self, company: &CompanyData) -> StatusData {
        let status = self
            .statuses
            .iter()
            .find(|each| each.name == company.status);
        status.cloned().unwrap_or_default()
    }

    fn number(&mut self, contact: &mut ContactData) {
        for item in &mut contact.items {
            item.id = id_of(item.id, &mut self.next.item);
            if let Some(of) = self.communication_types.get(&item.type_id)
                && !of.fits(item.kind)
            {
                item.kind = of.kind();
            }
        }
        for association in &mut contact.types {
            association.id = id_of(association.id, &mut self.next.association);
        }
    }
}
