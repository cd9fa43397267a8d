//! Addresses at the vendors: where people see a user in Microsoft's admin centre, and a contact in the PSA. It asks no vendor.

use super::{Visit, WebError};
use crate::db::{psa_connections, tenant_connections};
use crate::directory::user_link;
use crate::model::{Company, ContactId, PsaConnection, TenantConnection, UserId};
use crate::psa;
use crate::sync::scene::{ADDRESS, psa_scope};

/// The vendors' pages of one company's people.
pub struct Outward {
    tenant: Option<TenantConnection>,
    connection: Option<PsaConnection>,
    address: Option<serde_json::Value>,
}

impl Outward {
    /// What is remembered of where this company's vendors are.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(visit: &Visit, company: &Company) -> Result<Self, WebError> {
        let (id, psa_id) = (company.id, company.psa_id);
        let (tenant, connection) = visit
            .app()
            .db()
            .read(move |conn| {
                let tenant = tenant_connections::get(conn, id)?;
                Ok((tenant, psa_connections::get(conn, psa_id)?))
            })
            .await?;
        let facts = visit.app().facts();
        let address = facts.remembered(&psa_scope(psa_id), ADDRESS).await;
        let address = address.map_err(|error| anyhow::anyhow!("{}", error.message))?;
        Ok(Self {
            tenant,
            connection,
            address,
        })
    }

    /// The PSA's name.
    pub fn psa(&self) -> String {
        let vendor = self
            .connection
            .as_ref()
            .and_then(|one| psa::vendor(&one.kind));
        vendor.map_or("the PSA", |vendor| vendor.name).to_owned()
    }

    /// A user's page; empty where it is not known.
    pub fn user(&self, user: &UserId) -> String {
        let tenant = self.tenant.as_ref();
        tenant
            .map(|tenant| user_link(tenant.cloud, &tenant.tenant_id, user))
            .unwrap_or_default()
    }

    /// A contact's page; empty where it is not known.
    pub fn contact(&self, contact: &ContactId) -> String {
        let link = self.connection.as_ref().and_then(|connection| {
            let vendor = psa::vendor(&connection.kind)?;
            (vendor.contact_link)(&connection.fields, self.address.as_ref(), contact)
        });
        link.unwrap_or_default()
    }
}
