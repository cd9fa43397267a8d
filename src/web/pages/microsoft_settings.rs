//! The app that the provider registered once for all its customers: its id, what it signs in with, and how to register it.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::connections::{self, NewSecret, Saving};
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/microsoft" Administrator show;
    Post Act "/settings/microsoft" Administrator save;
};

const HERE: &str = "/settings/microsoft";

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<MicrosoftPage>();
}

/// The app, and a form for it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MicrosoftPage {
    /// It is set up.
    stored: bool,
    /// What it signs in with now; empty: nothing yet.
    with: String,
    client_id: String,
    /// `keep`, `secret` or `certificate`.
    way: String,
    expires: String,
    /// What Microsoft has to be told.
    redirect: String,
    companies: Vec<String>,
    mistakes: Mistakes,
}

impl Page for MicrosoftPage {
    const TEMPLATE: &'static str = "pages/microsoft_settings.html";

    fn title(&self) -> String {
        "Microsoft app".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let empty = Self {
            way: "secret".into(),
            redirect: "https://rollcall.example/consent".into(),
            ..Self::default()
        };
        let stored = Self {
            stored: true,
            with: "client secret".into(),
            client_id: "8c1d0000-0000-4000-8000-000000000001".into(),
            way: "keep".into(),
            expires: "2027-03-31".into(),
            companies: vec!["Contoso".into()],
            ..empty.clone()
        };
        let hostile = Self {
            client_id: "\"><script>alert(1)</script>\u{202e}\u{1f600}".into(),
            way: "certificate".into(),
            companies: (0..200).map(|at| format!("<script>{at}\"'")).collect(),
            mistakes: [
                "client_id",
                "client_secret",
                "certificate",
                "certificate_password",
                "expires",
            ]
            .into_iter()
            .map(|field| (field, "This is not right."))
            .collect(),
            ..stored.clone()
        };
        vec![empty, stored, hostile]
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct AppForm {
    client_id: String,
    way: String,
    client_secret: SecretString,
    certificate: SecretString,
    certificate_password: SecretString,
    expires: String,
}

impl Default for AppForm {
    fn default() -> Self {
        let nothing = || SecretString::from("");
        Self {
            client_id: String::new(),
            way: String::new(),
            client_secret: nothing(),
            certificate: nothing(),
            certificate_password: nothing(),
            expires: String::new(),
        }
    }
}

async fn page(visit: &Visit) -> Result<MicrosoftPage, WebError> {
    let app = connections::microsoft_app(visit.app()).await?;
    let companies = visit.app().db().read(connections::of_microsoft_app).await?;
    let mut page = MicrosoftPage {
        way: "secret".into(),
        redirect: format!("{}/consent", visit.app().config().portal_url()),
        companies,
        ..MicrosoftPage::default()
    };
    if let Some(app) = app {
        page.stored = true;
        page.way = "keep".into();
        page.with = if app.certificate {
            "certificate"
        } else {
            "client secret"
        }
        .into();
        page.client_id = app.client_id;
        page.expires = app.expires.map(|end| end.to_string()).unwrap_or_default();
    }
    Ok(page)
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit).await?)
}

async fn save(visit: Visit, form: Form<AppForm>) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let mut page = page(&visit).await?;
    let typed = form.expires.trim();
    let expires = if typed.is_empty() {
        None
    } else if let Ok(end) = typed.parse::<NaiveDate>() {
        Some(end)
    } else {
        page.mistakes.add(
            "expires",
            "Give the date as year, month and day: 2027-03-31",
        );
        None
    };
    let password =
        Some(form.certificate_password).filter(|password| !password.expose_secret().is_empty());
    let new = match form.way.as_str() {
        "secret" => NewSecret::Secret(form.client_secret),
        "certificate" => NewSecret::Certificate {
            pfx: form.certificate,
            password,
        },
        _ => NewSecret::Keep,
    };
    page.way = match &new {
        NewSecret::Secret(_) => "secret",
        NewSecret::Certificate { .. } => "certificate",
        _ if page.stored => "keep",
        _ => "secret",
    }
    .into();
    page.client_id.clone_from(&form.client_id);
    page.expires.clone_from(&form.expires);
    if !page.mistakes.is_empty() {
        return visit.again(&page);
    }
    let name = visit.name();
    let saving =
        connections::save_microsoft_app(visit.app(), &form.client_id, &new, expires, &name).await?;
    match saving {
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                page.mistakes
                    .add(mistake.field, format!("{}.", mistake.message));
            }
            visit.again(&page)
        }
        _ => Ok(visit.done(HERE, "The Microsoft app is saved.")),
    }
}
