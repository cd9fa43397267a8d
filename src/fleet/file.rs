//! What a fleet file says, as plain data with places.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use secrecy::SecretString;

use super::place::{Place, Spanned};
use crate::model::{Cloud, Guard, PsaCompanyId, TenantId, Test};
use crate::psa::Vendor;

/// A whole fleet file without mistakes of its own.
#[derive(Clone, Debug)]
pub struct FleetFile {
    /// The licences that do not count; `None`: as it is.
    pub ignored_licences: Option<Spanned<Vec<String>>>,
    /// The PSA connections, in the file's order.
    pub psa: Vec<PsaEntry>,
    /// The companies, in the file's order.
    pub companies: Vec<CompanyEntry>,
}

impl FleetFile {
    pub(super) fn names(&self, company: &str) -> bool {
        self.companies
            .iter()
            .any(|entry| entry.name.value == company)
    }
}

/// A `[[psa]]`.
#[derive(Clone)]
pub struct PsaEntry {
    /// Where it begins.
    pub place: Place,
    /// Its name.
    pub name: Spanned<String>,
    /// Its kind.
    pub kind: Spanned<&'static Vendor>,
    /// The vendor's fields that are given and no secrets.
    pub fields: BTreeMap<&'static str, Spanned<String>>,
    /// The secrets that are given.
    pub secrets: BTreeMap<&'static str, SecretString>,
    /// The secrets that the file names and that could not be read; of a file with mistakes only.
    pub unread: Vec<&'static str>,
    /// The contact type of filters that name none.
    pub default_contact_type: Option<Spanned<String>>,
}

impl fmt::Debug for PsaEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsaEntry")
            .field("name", &self.name)
            .field("kind", &self.kind.value.id)
            .field("fields", &self.fields)
            .field("secrets", &self.secrets)
            .field("default_contact_type", &self.default_contact_type)
            .finish_non_exhaustive()
    }
}

/// A `[[company]]`.
#[derive(Clone, Debug)]
pub struct CompanyEntry {
    /// Where it begins.
    pub place: Place,
    /// Its name.
    pub name: Spanned<String>,
    /// The name of its PSA connection.
    pub psa: Spanned<String>,
    /// Its id in the PSA.
    pub psa_company_id: Spanned<PsaCompanyId>,
    /// Whether contacts are synced.
    pub sync_contacts: bool,
    /// Whether contacts that exist are changed.
    pub update_existing: bool,
    /// Whether the user's address is `mail`.
    pub use_email: bool,
    /// Where contacts go whose filter names no site.
    pub default_site: Option<Spanned<String>>,
    /// Local time of the daily run, `HH:MM`.
    pub schedule: Option<String>,
    /// IANA zone of the schedule.
    pub timezone: String,
    /// When deactivations are held.
    pub guard: Guard,
    /// Users to leave alone: object ids in lower case, or user principal names.
    pub ignored: Vec<String>,
    /// How its tenant is read.
    pub tenant: Option<TenantEntry>,
    /// Highest priority first.
    pub filters: Vec<FilterEntry>,
}

/// A `[company.tenant]`.
#[derive(Clone, Debug)]
pub struct TenantEntry {
    /// Where it begins.
    pub place: Place,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The app's (client) id, in lower case.
    pub client_id: String,
    /// `client_secret`, or `certificate` (PFX in base64) and `certificate_password`, as far as given.
    pub secrets: BTreeMap<&'static str, SecretString>,
    /// The secrets that the file names and that could not be read; of a file with mistakes only.
    pub unread: Vec<&'static str>,
    /// End date of the secret or certificate.
    pub expires: Option<Spanned<NaiveDate>>,
    /// The cloud that the tenant lives in.
    pub cloud: Cloud,
}

/// A `[[company.filter]]`.
#[derive(Clone, Debug)]
pub struct FilterEntry {
    /// Where it begins.
    pub place: Place,
    /// The name that a technician gave it.
    pub name: Option<Spanned<String>>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Conditions that must all hold.
    pub when: Vec<ConditionEntry>,
    /// Whether it excludes; then there is no site and no contact type.
    pub exclude: bool,
    /// The site, by name.
    pub site: Option<Spanned<String>>,
    /// The contact type, by name.
    pub contact_type: Option<Spanned<String>>,
}

/// One condition of a filter.
#[derive(Clone, Debug)]
pub struct ConditionEntry {
    /// Where the tested value stands.
    pub place: Place,
    /// Whether it holds when the test does not.
    pub negated: bool,
    /// What is tested.
    pub test: Test,
}
