//! Where people see a contact in the PSA and a user in Entra. Reads what is stored; asks no vendor.

use diesel::QueryResult;

use super::{Portal, Visit, WebError};
use crate::db::{Conn, facts, psa_connections, tenant_connections};
use crate::directory::user_link;
use crate::model::{Company, ContactId, PsaConnection, TenantConnection, UserId};
use crate::psa;
use crate::sync::scene;

/// Makes the addresses of one company's people at its vendors.
#[derive(Default)]
pub struct VendorLinks {
    psa: Option<(PsaConnection, Option<serde_json::Value>)>,
    tenant: Option<TenantConnection>,
    /// The address of the admin centre where it is simulated.
    simulated: Option<String>,
}

impl VendorLinks {
    /// What is known of a company's connections.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn of(conn: &mut Conn, portal: &Portal, company: &Company) -> QueryResult<Self> {
        let psa = match psa_connections::get(conn, company.psa_id)? {
            Some(found) => {
                let address = facts::get(conn, &facts::psa_scope(found.id), scene::ADDRESS)?;
                Some((found, address.map(|(address, _)| address)))
            }
            None => None,
        };
        Ok(Self {
            psa,
            tenant: tenant_connections::get(conn, company.id)?,
            simulated: portal.simulated_centre(),
        })
    }

    /// What is known of a company's connections, for a handler that reads nothing else beside it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn load(visit: &Visit, company: &Company) -> Result<Self, WebError> {
        let (company, portal) = (company.clone(), visit.portal().clone());
        let db = visit.app().db();
        Ok(db
            .read(move |conn| Self::of(conn, &portal, &company))
            .await?)
    }

    /// The contact in the PSA; empty where its address is not known.
    pub fn contact(&self, contact: &ContactId) -> String {
        let made = self.psa.as_ref().and_then(|(psa, address)| {
            let vendor = psa::vendor(&psa.kind)?;
            (vendor.contact_link)(&psa.fields, address.as_ref(), contact)
        });
        made.unwrap_or_default()
    }

    /// The user in Entra; empty where the company's tenant is not known.
    pub fn user(&self, user: &UserId) -> String {
        let tenant = self.tenant.as_ref();
        tenant
            .map(|tenant| {
                user_link(
                    tenant.cloud,
                    self.simulated.as_deref(),
                    &tenant.tenant_id,
                    user,
                )
            })
            .unwrap_or_default()
    }

    /// The vendor's name, such as ConnectWise; "the PSA" where it is not known.
    pub fn psa_name(&self) -> &'static str {
        let vendor = self
            .psa
            .as_ref()
            .and_then(|(psa, _)| psa::vendor(&psa.kind));
        vendor.map_or("the PSA", |vendor| vendor.name)
    }
}
