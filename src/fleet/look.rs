//! What a fleet file's names are looked up in: the real systems, behind a trait, so that this part of the crate knows none.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::state::SecretMap;
use crate::model::{ContactType, GroupId, PsaCompanyId, Site, Sku, TenantConnection};
use crate::psa::Vendor;

/// A PSA connection as it will be: perhaps not in the database yet.
#[derive(Clone)]
pub struct PsaTarget {
    /// Its name, by which clients may be kept.
    pub name: String,
    /// Its kind.
    pub vendor: &'static Vendor,
    /// The fields that are no secrets.
    pub fields: BTreeMap<String, String>,
    /// All its secrets, given or stored.
    pub secrets: SecretMap,
}

/// A tenant connection as it will be: perhaps not in the database yet.
#[derive(Clone, Debug)]
pub struct TenantTarget {
    /// The company's name.
    pub company: String,
    /// The connection.
    pub connection: TenantConnection,
    /// All its secrets, given or stored.
    pub secrets: SecretMap,
}

/// A system that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Which: the PSA connection's or the company's name.
    pub connection: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

/// The phone types that a connection uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneTypes {
    /// Those that the PSA lacks ([`crate::psa::Psa::missing_phone_types`]).
    pub missing: Vec<String>,
    /// Those that there are.
    pub there: Vec<String>,
}

/// Looks up what a fleet file names. Each answer is complete, or it is an error.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Whether a client can be made of the connection ([`Vendor::connect`]); sends nothing. The error says what is wrong.
    fn usable(&self, psa: &PsaTarget) -> Result<(), String>;
    /// Whether the PSA lets the connection in: one cheap read that needs its credentials.
    async fn reached(&self, psa: &PsaTarget) -> Result<(), Unreachable>;
    /// Whether the tenant lets the connection in, and is the configured one.
    async fn confirmed(&self, tenant: &TenantTarget) -> Result<(), Unreachable>;
    /// Whether the PSA has the company.
    async fn company_exists(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<bool, Unreachable>;
    /// The company's sites, inactive ones too.
    async fn sites(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<Vec<Site>, Unreachable>;
    /// The PSA's contact types; asked only where the vendor has such.
    async fn contact_types(&self, psa: &PsaTarget) -> Result<Vec<ContactType>, Unreachable>;
    /// The phone types of the connection.
    async fn phone_types(&self, psa: &PsaTarget) -> Result<PhoneTypes, Unreachable>;
    /// Whether the tenant has the group.
    async fn group_exists(
        &self,
        tenant: &TenantTarget,
        group: &GroupId,
    ) -> Result<bool, Unreachable>;
    /// The licences that the tenant has.
    async fn skus(&self, tenant: &TenantTarget) -> Result<Vec<Sku>, Unreachable>;
}
