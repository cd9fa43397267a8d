//! How the two ends of a company are called: its tenant, and its company in the PSA. A name stands on the page where it is
//! remembered, and is read where it is not.

use super::{fact, soon};
use crate::app::App;
use crate::db::facts::{company_scope, psa_scope, tenant_scope};
use crate::db::{psa_connections, tenant_connections};
use crate::model::{Company, PsaCompany, PsaCompanyId, TenantId};
use crate::psa;
use crate::sync::failure::RunError;
use crate::sync::scene::{ADDRESS, ORGANIZATION};

/// The name of the fact how a tenant calls itself.
const TENANT_NAME: &str = "tenant_name";
/// The name of the fact what the PSA says of the company.
const PSA_COMPANY: &str = "psa_company";

/// What is remembered of the two ends of a company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// How the tenant calls itself.
    pub tenant: Option<String>,
    /// What the PSA says of the company.
    pub psa: Option<PsaCompany>,
    /// Where people see the company in the PSA.
    pub psa_link: Option<String>,
}

/// What is remembered, without a request.
///
/// # Errors
/// Where the database fails.
pub async fn remembered_places(app: &App, company: &Company) -> Result<Places, RunError> {
    let (id, psa_id) = (company.id, company.psa_id);
    let (tenant, connection) = app
        .db()
        .read(move |conn| {
            Ok((
                tenant_connections::get(conn, id)?,
                psa_connections::get(conn, psa_id)?,
            ))
        })
        .await?;
    let facts = app.facts();
    let tenant = match tenant {
        Some(tenant) => {
            let scope = tenant_scope(&tenant.tenant_id);
            facts.remembered(&scope, TENANT_NAME).await?
        }
        None => None,
    };
    let address = facts.remembered(&psa_scope(psa_id), ADDRESS).await?;
    let psa_link = connection.and_then(|connection| {
        let link = psa::vendor(&connection.kind)?.company_link;
        link(
            &connection.fields,
            address.as_ref(),
            &company.psa_company_id,
        )
    });
    Ok(Places {
        tenant,
        psa: facts.remembered(&company_scope(id), PSA_COMPANY).await?,
        psa_link,
    })
}

/// How the two ends of a company are called, as far as anybody has read it, however long ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// The tenant.
    pub tenant: Option<String>,
    /// The company in the PSA.
    pub psa: Option<String>,
}

/// How the two ends of a company are called, without a request.
///
/// # Errors
/// Where the database fails.
pub async fn names_of_both(app: &App, company: &Company) -> Result<Called, RunError> {
    let (id, facts) = (company.id, app.facts());
    let connection = app
        .db()
        .read(move |conn| tenant_connections::get(conn, id))
        .await?;
    let mut tenant: Option<String> = None;
    if let Some(connection) = connection {
        let scope = tenant_scope(&connection.tenant_id);
        for name in [TENANT_NAME, ORGANIZATION] {
            if tenant.is_none() {
                tenant = facts.of_any_age(&scope, name).await?;
            }
        }
    }
    let psa: Option<PsaCompany> = facts.of_any_age(&company_scope(id), PSA_COMPANY).await?;
    Ok(Called {
        tenant,
        psa: psa.map(|found| found.name),
    })
}

/// How the tenant of a company calls itself, remembered or read.
///
/// # Errors
/// Where the tenant cannot be read.
pub async fn tenant_name(app: &App, company: &Company) -> Result<String, RunError> {
    let (connection, directory) = app.directory(company).await?;
    let scope = tenant_scope(&connection.tenant_id);
    let read = async || Ok::<_, RunError>(directory.confirm_tenant().await?);
    fact(app, &scope, TENANT_NAME, false, read).await
}

/// Remembers what a tenant just said it is called.
///
/// # Errors
/// Where the database fails.
pub async fn remember_tenant(app: &App, tenant: &TenantId, name: &str) -> Result<(), RunError> {
    app.facts()
        .put(&tenant_scope(tenant), TENANT_NAME, &name)
        .await
}

/// What the PSA says of the company that a company of Rollcall is there, remembered or read (`refresh`: read); `None` where it
/// is gone.
///
/// # Errors
/// Where the PSA cannot be read.
pub async fn psa_company_of(
    app: &App,
    company: &Company,
    refresh: bool,
) -> Result<Option<PsaCompany>, RunError> {
    let read = async || {
        let (_, psa) = app.psa(company.psa_id).await?;
        Ok::<_, RunError>(psa.company(&company.psa_company_id).await?)
    };
    fact(app, &company_scope(company.id), PSA_COMPANY, refresh, read).await
}

/// A company of a PSA by its id, read now; `None` where there is none.
///
/// # Errors
/// Where the PSA cannot be read.
pub async fn psa_company(
    app: &App,
    psa: i64,
    id: &PsaCompanyId,
) -> Result<Option<PsaCompany>, RunError> {
    soon(async {
        let (_, psa) = app.psa(psa).await?;
        Ok(psa.company(id).await?)
    })
    .await
}
