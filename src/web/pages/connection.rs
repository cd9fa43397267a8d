//! The two ends of a company: its Microsoft 365 tenant and its company in the PSA, each with a test that really reads. What
//! changes them has pages of its own.

use actix_web::HttpResponse;
use actix_web::web::Path;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::connections::{self, MicrosoftApp};
use crate::db::{psa_connections, tenant_connections};
use crate::directory::app_link;
use crate::model::{Cloud, Company, PsaCompany, PsaConnection, TenantConnection};
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::{CompanyHead, Page, Part, Place, Samples, Tab, Visit, WebError, changed, words};
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

/// Tenant and PSA of a company.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionPage {
    head: CompanyHead,
    setup: Option<Setup>,
    tenant: Option<TenantView>,
    psa: PsaView,
    /// Whether the MSP's own Microsoft app is set up.
    shared_app: bool,
}

#[derive(Clone, Debug, Serialize)]
struct TenantView {
    name: TenantName,
    id: String,
    /// Whether it is read through the MSP's own app.
    shared: bool,
    client_id: String,
    certificate: bool,
    end: Option<End>,
    cloud: String,
    /// Where the app's secrets are in Entra; only of an app of the customer's.
    app_link: Option<String>,
}

/// The last day of a secret or certificate.
#[derive(Clone, Debug, Serialize)]
struct End {
    day: String,
    /// `ok`, `warn` or `bad`.
    kind: String,
    text: String,
}

#[derive(Clone, Debug, Serialize)]
struct PsaView {
    /// The row id of the connection.
    row: i64,
    connection: String,
    vendor: String,
    id: String,
    name: PsaName,
    link: Option<String>,
}

/// How the tenant calls itself.
#[derive(Clone, Debug, Serialize)]
pub struct TenantName {
    company: i64,
    /// `None`: it is to be read.
    name: Option<String>,
    /// Why it could not be read; empty: nothing was wrong.
    failure: String,
}

/// How the company is called in the PSA.
#[derive(Clone, Debug, Serialize)]
pub struct PsaName {
    company: i64,
    /// `None`: it is to be read.
    name: Option<String>,
    active: bool,
    /// Why it could not be read; empty: nothing was wrong.
    failure: String,
}

const HOSTILE: &str = "\"><script>alert(1)</script> \u{202e}txet 🧭";

impl Part for TenantName {
    const TEMPLATE: &'static str = "parts/tenant_name.html";

    fn samples() -> Vec<Self> {
        let unread = Self {
            company: 7,
            name: None,
            failure: String::new(),
        };
        let read = Self {
            name: Some(HOSTILE.into()),
            ..unread.clone()
        };
        let failed = Self {
            failure: "The client secret is wrong. Give a new one.".into(),
            ..unread.clone()
        };
        vec![unread, read, failed]
    }
}

impl Part for PsaName {
    const TEMPLATE: &'static str = "parts/psa_company.html";

    fn samples() -> Vec<Self> {
        let unread = Self {
            company: 7,
            name: None,
            active: true,
            failure: String::new(),
        };
        let read = Self {
            name: Some(HOSTILE.into()),
            active: false,
            ..unread.clone()
        };
        let failed = Self {
            failure: "The PSA has no company with the id 250. Choose another one.".into(),
            ..unread.clone()
        };
        vec![unread, read, failed]
    }
}

impl Page for ConnectionPage {
    const TEMPLATE: &'static str = "pages/connection.html";

    fn title(&self) -> String {
        format!("Connection: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let names = PsaName::samples();
        let new = Self {
            head: CompanyHead::sample(Tab::Connection),
            setup: Some(Setup::sample(SetupStep::Tenant)),
            tenant: None,
            psa: PsaView {
                row: 1,
                connection: "ConnectWise".into(),
                vendor: "ConnectWise".into(),
                id: "250".into(),
                name: names[0].clone(),
                link: None,
            },
            shared_app: false,
        };
        let mut samples = vec![
            new.clone(),
            Self {
                shared_app: true,
                ..new.clone()
            },
        ];
        for (index, name) in TenantName::samples().into_iter().enumerate() {
            let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
            let ends = [20, -20, -400].map(|days| end(day - chrono::TimeDelta::days(days), day));
            samples.push(Self {
                setup: None,
                tenant: Some(TenantView {
                    name,
                    id: "6f0c7b1e-0000-4000-8000-000000000001".into(),
                    shared: index == 0,
                    client_id: "8c1d0000-0000-4000-8000-000000000001".into(),
                    certificate: index == 1,
                    end: ends.get(index).cloned().filter(|_| index != 1),
                    cloud: cloud_name(Cloud::Usgov).into(),
                    app_link: (index != 0).then(|| "https://entra.microsoft.com/".into()),
                }),
                psa: PsaView {
                    connection: HOSTILE.repeat(4),
                    name: names[index].clone(),
                    link: Some("https://psa.msp.example/".into()),
                    ..new.psa.clone()
                },
                shared_app: true,
                ..new.clone()
            });
        }
        samples
    }
}

/// A cloud of Microsoft's, for people.
pub fn cloud_name(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "Worldwide (also GCC)",
        Cloud::Usgov => "US Government (GCC High)",
        Cloud::UsgovDod => "US Government (DoD)",
        Cloud::China => "China (21Vianet)",
    }
}

fn end(day: NaiveDate, today: NaiveDate) -> End {
    let left = (day - today).num_days();
    let (kind, text) = match left {
        ..0 => ("bad", "Expired".to_owned()),
        0 => ("warn", "Ends today".to_owned()),
        1 => ("warn", "Ends tomorrow".to_owned()),
        2..=30 => ("warn", format!("Ends in {left} days")),
        _ => ("ok", format!("{left} days left")),
    };
    End {
        day: day.format("%-d %b %Y").to_string(),
        kind: kind.into(),
        text,
    }
}

async fn show(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let (id, psa_id, asked) = (company.id, company.psa_id, company.clone());
    let (tenant, connection, setup) = visit
        .app()
        .db()
        .read(move |conn| {
            Ok((
                tenant_connections::get(conn, id)?,
                psa_connections::get(conn, psa_id)?,
                Setup::of(conn, &asked, SetupStep::Tenant)?,
            ))
        })
        .await?;
    let shared = connections::microsoft_app(visit.app()).await?;
    let places = pickers::remembered_places(visit.app(), &company).await?;
    let tenant = tenant.map(|tenant| {
        let name = places.tenant.clone();
        let simulated = visit.portal().simulated_centre();
        let apps = (shared.as_ref(), simulated.as_deref());
        tenant_view(&tenant, (id, name), apps, visit.now())
    });
    let page = ConnectionPage {
        head: CompanyHead::new(&company, Tab::Connection),
        setup: Setup::for_visitor(&visit, setup),
        tenant,
        psa: psa_view(&company, connection.as_ref(), places),
        shared_app: shared.is_some(),
    };
    visit.page(&page)
}

/// Who changed a company since a page of it was opened.
///
/// # Errors
/// Where the database fails.
pub(super) async fn stale(visit: &Visit, company: i64) -> Result<String, WebError> {
    let saved = visit
        .app()
        .db()
        .read(move |conn| changed::of_company(conn, company))
        .await?;
    Ok(changed::sentence(
        saved.as_ref(),
        "this company",
        visit.now(),
    ))
}

fn tenant_view(
    tenant: &TenantConnection,
    (company, name): (i64, Option<String>),
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
