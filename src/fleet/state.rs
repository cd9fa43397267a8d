//! What the database holds of the fleet, secrets opened. Plain data.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::parse::KnownPsa;
use crate::model::{Company, ContactType, PsaConnection, Site, TenantConnection};

/// Secrets by name.
pub type SecretMap = BTreeMap<String, SecretString>;

/// The fleet as stored.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// PSA connections, by name.
    pub psa: Vec<StoredPsa>,
    /// Companies, by name.
    pub companies: Vec<StoredCompany>,
    /// Licences that do not count; `None`: the list that Rollcall starts with.
    pub ignored_licences: Option<Vec<String>>,
    /// The app that the MSP registered for all its customers.
    pub microsoft_app: Option<StoredApp>,
}

/// The app that the MSP registered for all its customers, as stored.
#[derive(Clone, Debug)]
pub struct StoredApp {
    /// Its (client) id.
    pub client_id: String,
    /// Its secrets; empty where they were not opened.
    pub secrets: SecretMap,
}

/// A PSA connection as stored.
#[derive(Clone, Debug)]
pub struct StoredPsa {
    /// The connection.
    pub connection: PsaConnection,
    /// Its secrets.
    pub secrets: SecretMap,
    /// The names of secrets that are stored and cannot be opened.
    pub lost: BTreeSet<String>,
    /// Its contact types, where a run remembers them.
    pub contact_types: Option<Vec<ContactType>>,
}

/// A company as stored.
#[derive(Clone, Debug)]
pub struct StoredCompany {
    /// The company.
    pub company: Company,
    /// How its tenant is read.
    pub tenant: Option<TenantConnection>,
    /// The secrets of its tenant connection.
    pub secrets: SecretMap,
    /// The names of secrets that are stored and cannot be opened.
    pub lost: BTreeSet<String>,
    /// How many links are in force.
    pub links: usize,
    /// Its sites, where a run remembers them.
    pub sites: Option<Vec<Site>>,
}

impl State {
    /// The PSA connections that companies of a fleet file may name.
    pub fn known_psa(&self) -> Vec<KnownPsa> {
        self.psa
            .iter()
            .map(|psa| KnownPsa {
                name: psa.connection.name.clone(),
                kind: psa.connection.kind.clone(),
            })
            .collect()
    }

    /// The Microsoft app, where this is its (client) id.
    pub(super) fn shared_app(&self, client_id: &str) -> Option<&StoredApp> {
        let app = self.microsoft_app.as_ref();
        app.filter(|app| app.client_id == client_id)
    }

    pub(super) fn psa(&self, name: &str) -> Option<&StoredPsa> {
        self.psa.iter().find(|psa| psa.connection.name == name)
    }

    pub(super) fn psa_of(&self, company: &Company) -> Option<&StoredPsa> {
        self.psa
            .iter()
            .find(|psa| psa.connection.id == company.psa_id)
    }

    pub(super) fn company(&self, name: &str) -> Option<&StoredCompany> {
        self.companies
            .iter()
            .find(|company| company.company.name == name)
    }

    /// Whether both hold the same, but for the numbers of links and for what is remembered.
    pub fn same(&self, other: &Self) -> bool {
        let psa = |one: &StoredPsa, other: &StoredPsa| {
            one.connection == other.connection
                && one.lost == other.lost
                && same_secrets(&one.secrets, &other.secrets)
        };
        let company = |one: &StoredCompany, other: &StoredCompany| {
            one.company == other.company
                && one.tenant == other.tenant
                && one.lost == other.lost
                && same_secrets(&one.secrets, &other.secrets)
        };
        self.ignored_licences == other.ignored_licences
            && self.psa.len() == other.psa.len()
            && self.companies.len() == other.companies.len()
            && self.psa.iter().zip(&other.psa).all(|(a, b)| psa(a, b))
            && (self.companies.iter().zip(&other.companies)).all(|(a, b)| company(a, b))
    }
}

fn same_secrets(one: &SecretMap, other: &SecretMap) -> bool {
    one.len() == other.len()
        && one.iter().all(|(name, secret)| {
            other
                .get(name)
                .is_some_and(|other| other.expose_secret() == secret.expose_secret())
        })
}

/// The stored secrets with the given ones in their place.
pub(super) fn merged(
    stored: Option<&SecretMap>,
    given: &BTreeMap<&'static str, SecretString>,
) -> SecretMap {
    let mut all = stored.cloned().unwrap_or_default();
    for (name, secret) in given {
        all.insert((*name).to_owned(), secret.clone());
    }
    all
}

/// The given secrets whose value differs from the stored one.
pub(super) fn new_secrets(
    stored: Option<&SecretMap>,
    given: &BTreeMap<&'static str, SecretString>,
) -> BTreeMap<&'static str, SecretString> {
    given
        .iter()
        .filter(|(name, secret)| {
            stored
                .and_then(|stored| stored.get(**name))
                .is_none_or(|stored| stored.expose_secret() != secret.expose_secret())
        })
        .map(|(name, secret)| (*name, secret.clone()))
        .collect()
}
