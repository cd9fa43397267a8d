//! The tests of a company's two ends, each with a real read.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::connection::address;
use crate::db::facts::{self, TENANT_TRIAL, company_scope};
use crate::db::quarantines::{self, Owner};
use crate::db::tenant_connections;
use crate::model::Company;
use crate::web::routes::{Entry, routes};
use crate::web::{Visit, WebError, words};
use crate::{checks, pickers};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Act "/companies/{company:\\d+}/connection/test-tenant" Technician test_tenant;
    Post Act "/companies/{company:\\d+}/connection/test-psa" Technician test_psa;
};

/// What a tenant answered, in one sentence.
pub fn answered(tried: &checks::TriedTenant) -> String {
    let users = if tried.users == 1 {
        "1 user".to_owned()
    } else {
        format!("{} users", tried.users)
    };
    format!(
        "{} answered: {users}, {} with a licence that counts.",
        tried.name, tried.active
    )
}

async fn test_tenant(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let to = address(company.id);
    match checks::tenant(visit.app(), &company).await {
        Ok(tried) => {
            remember(&visit, &company, &tried).await?;
            let more = try_now(&visit, Owner::tenant(company.id)).await?;
            let said = format!("{} {}", answered(&tried), more.unwrap_or_default());
            Ok(visit.done(&to, said.trim()))
        }
        Err(error) => {
            failed(&visit, company.id, words::told(&error)).await?;
            Ok(visit.refused(&to, "The test of the tenant failed. Why stands below."))
        }
    }
}

/// Keeps why a test of a company's tenant failed; empty: it was saved without one.
///
/// # Errors
/// Where the database fails.
pub async fn failed(visit: &Visit, company: i64, why: String) -> Result<(), WebError> {
    let now = visit.now();
    let kept = visit.app().db().write(move |conn| {
        facts::put(
            conn,
            &company_scope(company),
            TENANT_TRIAL,
            &why.into(),
            now,
        )
    });
    Ok(kept.await?)
}

/// Keeps what a tenant just said it is called.
///
/// # Errors
/// Where the database fails.
pub async fn remember(
    visit: &Visit,
    company: &Company,
    tried: &checks::TriedTenant,
) -> Result<(), WebError> {
    let id = company.id;
    let tenant = visit
        .app()
        .db()
        .write(move |conn| {
            facts::forget_one(conn, &company_scope(id), TENANT_TRIAL)?;
            tenant_connections::get(conn, id)
        })
        .await?;
    if let Some(tenant) = tenant {
        pickers::remember_tenant(visit.app(), &tenant.tenant_id, &tried.name).await?;
    }
    Ok(())
}

/// A connection that has just answered need not wait for its next try: what then follows, where it is in quarantine.
async fn try_now(visit: &Visit, owner: Owner) -> Result<Option<&'static str>, WebError> {
    let now = visit.now();
    let freed = visit.app().db().write(move |conn| {
        let Some(known) = quarantines::get(conn, owner)? else {
            return Ok(false);
        };
        quarantines::try_now(conn, owner, now)?;
        Ok(known.next_try > now)
    });
    if !freed.await? {
        return Ok(None);
    }
    visit.app().jobs().wake();
    Ok(Some("The run that waited for its next try begins now."))
}

async fn test_psa(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let to = address(company.id);
    let words = checks::psa(visit.app(), company.psa_id).await;
    let read = match words {
        Ok(words) => checks::company(visit.app(), &company, Some(&words)).await,
        Err(error) => Err(error),
    };
    match read {
        Ok(there) => {
            // The name on the page is the one that was just read.
            pickers::psa_company_of(visit.app(), &company, true).await?;
            if !there.active {
                visit.say(
                    "warn",
                    format!("{} was read, but {}.", there.name, checks::INACTIVE),
                );
                return Ok(visit.lead(&to));
            }
            let more = try_now(&visit, Owner::psa(company.psa_id)).await?;
            let name = there.name;
            let said = format!("{name} was read: the PSA answers, and the company is active.");
            Ok(visit.done(&to, format!("{said} {}", more.unwrap_or_default()).trim()))
        }
        Err(error) => Ok(visit.refused(&to, format!("The test failed. {}", words::told(&error)))),
    }
}
