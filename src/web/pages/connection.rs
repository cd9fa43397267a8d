//! The two ends of a company: its Microsoft 365 tenant and its company in the PSA, each with a test that really reads. What
//! changes them has pages of its own.

use actix_web::HttpResponse;
use actix_web::web::Path;
use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::connection_page::{
    ConnectionPage, PsaName, PsaView, TenantName, TenantView, cloud_name, end,
};
use crate::connections::{self, MicrosoftApp};
use crate::db::facts::{self, TENANT_TRIAL, company_scope};
use crate::db::quarantines::{self, Quarantine};
use crate::db::{Conn, psa_connections, runs, tenant_connections};
use crate::directory::app_link;
use crate::model::{Company, PsaCompany, PsaConnection, Role, Side, TenantConnection};
use crate::web::quarantined::{InQuarantine, Of};
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::{CompanyHead, Samples, Tab, TenantDoubt, Visit, WebError, changed, words};
use crate::{pickers, psa};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/connection" Reader show;
    Get Part "/companies/{company:\\d+}/connection/tenant-name" Reader tenant_name;
    Get Part "/companies/{company:\\d+}/connection/psa-company" Reader psa_company;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ConnectionPage>();
    all.part::<TenantName>();
    all.part::<PsaName>();
}

async fn show(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let (id, psa_id, asked) = (company.id, company.psa_id, company.clone());
    let (tenant, connection, setup, quarantines, trial) = visit
        .app()
        .db()
        .read(move |conn| {
            Ok((
                tenant_connections::get(conn, id)?,
                psa_connections::get(conn, psa_id)?,
                Setup::of(conn, &asked, SetupStep::Tenant)?,
                quarantines::of_company(conn, id, psa_id)?,
                trial(conn, id)?,
            ))
        })
        .await?;
    let shared = connections::microsoft_app(visit.app()).await?;
    let places = pickers::remembered_places(visit.app(), &company).await?;
    let tenant = tenant.map(|tenant| {
        let name = places.tenant.clone();
        // Of a connection that is known to fail nothing is asked.
        let fails = quarantines.iter().any(|one| one.owner.side == Side::Tenant);
        let name = (name, trial.is_none() && !fails);
        let simulated = visit.portal().simulated_centre();
        let apps = (shared.as_ref(), simulated.as_deref());
        tenant_view(&tenant, (id, name), apps, visit.now())
    });
    let of = Of {
        company: id,
        shared: tenant.as_ref().is_some_and(|tenant| tenant.shared),
        certificate: tenant.as_ref().is_some_and(|tenant| tenant.certificate),
        is_admin: visit.may(Role::Administrator),
        now: visit.now(),
        zone: &company.timezone,
    };
    let page = ConnectionPage {
        head: CompanyHead::new(&company, Tab::Connection),
        setup: Setup::for_visitor(&visit, setup),
        doubt: TenantDoubt::of(visit.app(), &company).await?,
        tenant,
        tenant_quarantine: quarantined(&quarantines, Side::Tenant, of),
        psa_quarantine: quarantined(&quarantines, Side::Psa, of),
        psa: psa_view(&company, connection.as_ref(), places),
        shared_app: shared.is_some(),
        trial,
    };
    visit.page(&page)
}

/// How the last test of the tenant ended, where no run has succeeded since: why it failed; empty: it was not tested.
fn trial(conn: &mut Conn, company: i64) -> QueryResult<Option<String>> {
    let Some((value, at)) = facts::get(conn, &company_scope(company), TENANT_TRIAL)? else {
        return Ok(None);
    };
    let last = runs::list(conn, company, 1)?.pop();
    let works = last
        .is_some_and(|run| run.started_at > at && run.finished_at.is_some() && run.error.is_none());
    Ok((!works).then(|| value.as_str().unwrap_or_default().to_owned()))
}

/// Who changed a company since it had this version, in which a page of it was opened.
///
/// # Errors
/// Where the database fails.
pub(super) async fn stale(
    visit: &Visit,
    (company, version): (i64, i64),
    what: &str,
) -> Result<String, WebError> {
    let saved = visit
        .app()
        .db()
        .read(move |conn| changed::since(conn, company, version));
    let me = visit.name();
    Ok(changed::sentence(&saved.await?, &me, what, visit.now()))
}

fn quarantined(all: &[Quarantine], side: Side, of: Of) -> Option<InQuarantine> {
    let mut all = all.iter();
    all.find(|one| one.owner.side == side)
        .map(|one| InQuarantine::of(one, of))
}

fn tenant_view(
    tenant: &TenantConnection,
    (company, (name, asks)): (i64, (Option<String>, bool)),
    (shared, simulated): (Option<&MicrosoftApp>, Option<&str>),
    now: DateTime<Utc>,
) -> TenantView {
    let through = shared.filter(|app| app.client_id == tenant.client_id);
    let expires = match through {
        Some(app) => app.expires,
        None => tenant.expires,
    };
    TenantView {
        name: TenantName {
            company,
            name,
            failure: String::new(),
            asks,
        },
        id: tenant.tenant_id.to_string(),
        shared: through.is_some(),
        client_id: tenant.client_id.clone(),
        certificate: through.map_or(tenant.certificate, |app| app.certificate),
        end: expires.map(|day| end(day, now.date_naive())),
        cloud: cloud_name(tenant.cloud).into(),
        app_link: through.is_none().then(|| {
            app_link(
                tenant.cloud,
                simulated,
                &tenant.tenant_id,
                &tenant.client_id,
            )
        }),
    }
}

fn psa_view(
    company: &Company,
    connection: Option<&PsaConnection>,
    places: pickers::Places,
) -> PsaView {
    let vendor = connection.and_then(|connection| psa::vendor(&connection.kind));
    PsaView {
        row: company.psa_id,
        connection: connection.map_or_else(String::new, |connection| connection.name.clone()),
        vendor: vendor.map_or("", |vendor| vendor.name).into(),
        id: company.psa_company_id.to_string(),
        name: psa_name(company.id, Ok(places.psa)),
        link: places.psa_link,
    }
}

fn psa_name(company: i64, read: Result<Option<PsaCompany>, String>) -> PsaName {
    let (found, failure) = match read {
        Ok(found) => (found, String::new()),
        Err(failure) => (None, failure),
    };
    PsaName {
        company,
        active: found.as_ref().is_none_or(|found| found.active),
        name: found.map(|found| found.name),
        failure,
    }
}

async fn tenant_name(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let read = pickers::tenant_name(visit.app(), &company).await;
    let failure = read.as_ref().err().map(words::told).unwrap_or_default();
    visit.part(&TenantName {
        company: company.id,
        name: read.ok(),
        failure,
        asks: false,
    })
}

async fn psa_company(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let read = pickers::psa_company_of(visit.app(), &company, false).await;
    let read = match read {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => Err(gone(&company)),
        Err(error) => Err(words::told(&error)),
    };
    visit.part(&psa_name(company.id, read))
}

fn gone(company: &Company) -> String {
    format!(
        "The PSA has no company with the ID {} any more. Choose another one, or remove this company from Rollcall.",
        company.psa_company_id
    )
}

/// Where the connection page of a company is.
pub fn address(company: i64) -> String {
    format!("/companies/{company}/connection")
}
