//! Connects a tenant through an app of the customer's, changes how it is read, and replaces a secret in place. What is given is
//! tried with a real read before it is kept; a secret is never shown again, not even to who just typed it.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::connection::{address, stale};
use super::connection_app_page::{AppDoubt, AppPage, clouds};
use super::connection_trial::{answered, failed, remember};
use crate::checks::{self, TriedTenant};
use crate::connections::{self, NewSecret, Saving, TenantForm};
use crate::db::{companies, links, secrets, tenant_connections};
use crate::jobs;
use crate::model::{Cloud, Company, RunFailure};
use crate::web::deciding::{self, WAITS};
use crate::web::form::last_day;
use crate::web::routes::{Entry, routes};
use crate::web::visit::by_script;
use crate::web::{
    CompanyHead, Form, Mistakes, NewTenant, Samples, Tab, TenantDoubt, Visit, WebError, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/connection/app" Technician show_app;
    Post Act "/companies/{company:\\d+}/connection/app" Technician save_app;
    Get Page "/companies/{company:\\d+}/connection/secret" Technician show_secret;
    Post Act "/companies/{company:\\d+}/connection/secret" Technician save_secret;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<AppPage>();
}

#[derive(Deserialize)]
#[serde(default)]
struct AppForm {
    version: i64,
    tenant_id: String,
    client_id: String,
    cloud: String,
    way: String,
    client_secret: SecretString,
    certificate: SecretString,
    certificate_password: SecretString,
    expires: String,
    /// Another tenant may retire the links.
    confirm: bool,
    /// It is saved although the test failed.
    untested: bool,
    /// The id of the tenant that is meant, whatever is to be doubted of it.
    accepted: String,
    /// The save that was asked about was one without a test.
    accepted_untested: bool,
}

impl Default for AppForm {
    fn default() -> Self {
        Self {
            version: 0,
            tenant_id: String::new(),
            client_id: String::new(),
            cloud: String::new(),
            way: String::new(),
            client_secret: SecretString::from(""),
            certificate: SecretString::from(""),
            certificate_password: SecretString::from(""),
            expires: String::new(),
            confirm: false,
            untested: false,
            accepted: String::new(),
            accepted_untested: false,
        }
    }
}

async fn show_app(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    visit.page(&page(&visit, &company, false).await?)
}

async fn show_secret(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let page = page(&visit, &company, true).await?;
    if page.stored.is_empty() {
        // Only an app of the customer's has a secret of its own.
        return Ok(visit.lead(&address(company.id)));
    }
    visit.page(&page)
}

async fn save_app(
    visit: Visit,
    request: HttpRequest,
    company: Path<i64>,
    form: Form<AppForm>,
) -> Result<HttpResponse, WebError> {
    let script = by_script(&request);
    let company = visit.company(*company).await?;
    let mut page = page(&visit, &company, false).await?;
    let form = form.0;
    page.tenant_id.clone_from(&form.tenant_id);
    page.client_id.clone_from(&form.client_id);
    save(&visit, &company, page, (form, script)).await
}

async fn save_secret(
    visit: Visit,
    request: HttpRequest,
    company: Path<i64>,
    form: Form<AppForm>,
) -> Result<HttpResponse, WebError> {
    let script = by_script(&request);
    let company = visit.company(*company).await?;
    let page = page(&visit, &company, true).await?;
    if page.stored.is_empty() {
        return Ok(visit.lead_on(&address(company.id), script));
    }
    // What the page does not ask for stays as it is stored.
    let chosen = page.clouds.iter().find(|cloud| cloud.chosen);
    let form = AppForm {
        tenant_id: page.tenant_id.clone(),
        client_id: page.client_id.clone(),
        cloud: chosen.map(|cloud| cloud.word.clone()).unwrap_or_default(),
        ..form.0
    };
    save(&visit, &company, page, (form, script)).await
}

/// The page with what is stored.
async fn page(visit: &Visit, company: &Company, only_secret: bool) -> Result<AppPage, WebError> {
    let id = company.id;
    let (tenant, names, links, version) = visit
        .app()
        .db()
        .read(move |conn| {
            Ok((
                tenant_connections::get(conn, id)?,
                secrets::names(conn, crate::app::OF_COMPANY, id)?,
                links::count(conn, id)?,
                companies::version(conn, id)?,
            ))
        })
        .await?;
    let own = tenant.as_ref().filter(|_| !names.is_empty());
    let stored = match own {
        Some(own) if own.certificate => "certificate",
        Some(_) => "client secret",
        None => "",
    };
    let way = match own {
        Some(_) if !only_secret => "keep",
        Some(own) if own.certificate => "certificate",
        _ => "secret",
    };
    let expires = own.and_then(|own| own.expires).filter(|_| !only_secret);
    Ok(AppPage {
        head: CompanyHead::new(company, Tab::Connection),
        version: version.unwrap_or_default(),
        only_secret,
        tenant_id: tenant
            .as_ref()
            .map(|tenant| tenant.tenant_id.to_string())
            .unwrap_or_default(),
        client_id: own.map(|own| own.client_id.clone()).unwrap_or_default(),
        clouds: clouds(
            tenant
                .as_ref()
                .map(|tenant| tenant.cloud)
                .unwrap_or_default(),
        ),
        way: way.into(),
        stored: stored.into(),
        expires: expires.map(|day| day.to_string()).unwrap_or_default(),
        links: if only_secret { 0 } else { links },
        mistakes: Mistakes::default(),
        failed: false,
        stale: String::new(),
        doubt: None,
    })
}

/// Tries what is given, and saves it.
async fn save(
    visit: &Visit,
    company: &Company,
    mut page: AppPage,
    (form, script): (AppForm, bool),
) -> Result<HttpResponse, WebError> {
    let (app, id) = (visit.app(), company.id);
    page.expires.clone_from(&form.expires);
    if ["keep", "secret", "certificate"].contains(&form.way.as_str()) {
        page.way.clone_from(&form.way);
    }
    let given = given(&form, &mut page, visit.now().date_naive());
    if form.version != page.version {
        return outdated(visit, company, page, (form.version, script)).await;
    }
    let typed = given.tenant_id.clone();
    let retiring = app
        .db()
        .read(move |conn| connections::before_saving_tenant(conn, id, &typed))
        .await?;
    if retiring > 0 && !form.confirm {
        let sentence = "This is another tenant. Tick here that the links may retire, or leave the tenant ID as it was.";
        page.mistakes.add("confirm", sentence);
    }
    let ready = match connections::before_trying_tenant(app, id, &given).await? {
        Ok(ready) => Some(ready),
        Err(mistakes) => {
            for mistake in mistakes {
                page.mistakes
                    .add(mistake.field, crate::web::words::sentence(&mistake.message));
            }
            None
        }
    };
    let Some((tenant, credential)) = ready.filter(|_| page.mistakes.is_empty()) else {
        return answer(visit, script, &page);
    };
    let mut tried = None;
    let accepted = form.accepted == tenant.tenant_id.as_str();
    let untested = form.untested || accepted && form.accepted_untested;
    if !untested {
        match checks::try_tenant(app, &tenant, credential).await {
            Ok(answer) => tried = Some(answer),
            Err(error) => {
                page.mistakes
                    .add(field_of(&error, &page), words::told(&error));
                page.failed = true;
                return answer(visit, script, &page);
            }
        }
    }
    if !accepted {
        let new = NewTenant {
            id: &tenant.tenant_id,
            name: tried.as_ref().map(|tried| tried.name.as_str()),
            domains: tried.as_ref().map_or(&[], |tried| &tried.domains),
        };
        let why = TenantDoubt::before(app, company, new).await?;
        page.doubt = why.map(|why| AppDoubt {
            tenant: tenant.tenant_id.to_string(),
            untested,
            why,
        });
        if page.doubt.is_some() {
            return answer(visit, script, &page);
        }
    }
    let staff = visit.name();
    let then = jobs::follow_a_save(&staff, visit.now());
    let (own, version) = (app.clone(), form.version);
    let saved = deciding::saved(async move {
        connections::save_tenant(&own, id, &given, version, &staff, then).await
    });
    let Some(saved) = saved.await? else {
        page.mistakes.add("form", WAITS);
        return answer(visit, script, &page);
    };
    match saved {
        Saving::Saved { .. } => {
            app.jobs().wake();
            said(visit, company, tried.as_ref(), script).await
        }
        Saving::Stale { now } => {
            page.version = now;
            outdated(visit, company, page, (form.version, script)).await
        }
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                page.mistakes.add(mistake.field, mistake.message);
            }
            answer(visit, script, &page)
        }
        _ => Err(WebError::NotFound),
    }
}

/// What the form says, with the mistakes that only a form can make.
fn given(form: &AppForm, page: &mut AppPage, today: NaiveDate) -> TenantForm {
    let cloud = Cloud::ALL
        .into_iter()
        .find(|cloud| cloud.as_str() == form.cloud);
    if cloud.is_none() && !form.cloud.is_empty() {
        page.mistakes.add("cloud", "Choose one of these clouds.");
    }
    page.clouds = clouds(cloud.unwrap_or_default());
    let day = last_day(&form.expires, page.way != "keep", today);
    let day = day.unwrap_or_else(|sentence| {
        page.mistakes.add("expires", sentence);
        None
    });
    let password = Some(form.certificate_password.clone())
        .filter(|password| !password.expose_secret().is_empty());
    TenantForm {
        tenant_id: form.tenant_id.clone(),
        client_id: form.client_id.clone(),
        cloud: cloud.unwrap_or_default(),
        expires: day,
        secret: match page.way.as_str() {
            "keep" => NewSecret::Keep,
            "certificate" => NewSecret::Certificate {
                pfx: form.certificate.clone(),
                password,
            },
            _ => NewSecret::Secret(form.client_secret.clone()),
        },
    }
}

/// The field beside which a failed test stands.
fn field_of(error: &RunFailure, page: &AppPage) -> &'static str {
    match error.kind.as_str() {
        "credentials" | "secret_expired" => match page.way.as_str() {
            "certificate" => "certificate",
            "secret" => "client_secret",
            _ => "form",
        },
        "consent" if !page.only_secret => "client_id",
        "tenant" | "wrong_tenant" if !page.only_secret => "tenant_id",
        _ => "form",
    }
}

/// Draws the page again for who began from an old version, with what is stored now counting as seen.
async fn outdated(
    visit: &Visit,
    company: &Company,
    mut page: AppPage,
    (seen, script): (i64, bool),
) -> Result<HttpResponse, WebError> {
    page.stale = stale(visit, (company.id, seen), "this company").await?;
    answer(visit, script, &page)
}

/// The form again. A script takes it only where its status is good.
fn answer(visit: &Visit, good: bool, page: &AppPage) -> Result<HttpResponse, WebError> {
    if good {
        visit.page(page)
    } else {
        visit.again(page)
    }
}

async fn said(
    visit: &Visit,
    company: &Company,
    tried: Option<&TriedTenant>,
    script: bool,
) -> Result<HttpResponse, WebError> {
    let to = address(company.id);
    if let Some(tried) = tried {
        remember(visit, company, tried).await?;
        visit.say("ok", format!("Saved. {}", answered(tried)));
    } else {
        failed(visit, company.id, String::new()).await?;
        visit.say(
            "warn",
            "Saved without a test. Press Test once it should work.",
        );
    }
    Ok(visit.lead_on(&to, script))
}
