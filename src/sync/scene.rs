//! Everything that a run of one company needs, and how its facts are called.

use std::collections::HashSet;
use std::sync::Arc;

use super::facts::{Facts, Readers};
use super::failure::RunError;
use super::stop::Stop;
use crate::clock::Clock;
use crate::db::facts::company_scope;
pub use crate::db::facts::{CONTACT_TYPES, SITES, psa_scope, tenant_scope};
use crate::db::{Conn, Db, settings};
use crate::directory::{Directory, FREE_SKUS};
use crate::model::{Company, Field, PsaConnection, TenantConnection};
use crate::psa::Psa;

/// Everything that a run of one company needs.
pub struct Scene {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// One reader at a time for each shared fact.
    pub readers: Readers,
    /// Whether the program is asked to end.
    pub stop: Stop,
    /// The company.
    pub company: Company,
    /// Its tenant.
    pub tenant: TenantConnection,
    /// Its PSA connection.
    pub connection: PsaConnection,
    /// The tenant's client.
    pub directory: Arc<Directory>,
    /// The PSA's client.
    pub psa: Arc<dyn Psa>,
    /// Licences that do not count.
    pub ignored_licences: Vec<String>,
}

impl Scene {
    /// The scope of facts about the PSA.
    pub fn psa_scope(&self) -> String {
        psa_scope(self.connection.id)
    }

    /// The scope of facts about the company in the PSA.
    pub fn company_scope(&self) -> String {
        company_scope(self.company.id)
    }

    /// The scope of facts about the tenant.
    pub fn tenant_scope(&self) -> String {
        tenant_scope(&self.tenant.tenant_id)
    }
}

/// The licences that do not count: the list of the settings, or the one it starts with.
///
/// # Errors
/// Where the database fails.
pub fn ignored_licences(conn: &mut Conn) -> diesel::QueryResult<Vec<String>> {
    let set = settings::ignored_licences(conn)?;
    Ok(set.unwrap_or_else(|| FREE_SKUS.iter().map(ToString::to_string).collect()))
}

/// The name of the fact where a PSA's API was found.
pub const ADDRESS: &str = "address";
/// The name of the fact how much of a PSA's hourly budget is used: a [`Budget`](crate::psa::Budget).
pub const BUDGET: &str = "budget";
/// The name of the fact which phone types a PSA has.
pub const PHONE_TYPES: &str = "phone_types";
/// The name of the fact how long a PSA's fields may be.
pub const LIMITS: &str = "limits";
/// The name of the fact what the PSA's company is.
pub const COMPANY: &str = "company";
/// The name of the fact that the tenant is the configured one.
pub const ORGANIZATION: &str = "organization";
/// The name of the fact which licences a tenant has.
pub const SKUS: &str = "skus";

/// Forgets the facts behind fields that the PSA refused, so that the next run reads them.
///
/// # Errors
/// Where the database fails.
pub async fn forget_doubtful(
    scene: &Scene,
    facts: &Facts,
    fields: &HashSet<Field>,
) -> Result<(), RunError> {
    let (company, psa) = (scene.company_scope(), scene.psa_scope());
    for field in fields {
        match field {
            Field::Site => facts.forget_one(&company, SITES).await?,
            Field::ContactType => facts.forget_one(&psa, CONTACT_TYPES).await?,
            Field::Phone | Field::Mobile => {
                facts.forget_one(&psa, PHONE_TYPES).await?;
                facts.forget_one(&psa, LIMITS).await?;
            }
            Field::FirstName | Field::LastName | Field::Title | Field::Email => {
                facts.forget_one(&psa, LIMITS).await?;
            }
            Field::Active => {}
        }
    }
    Ok(())
}
