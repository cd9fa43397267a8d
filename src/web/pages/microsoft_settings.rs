//! The app that the provider registered once for all its customers: its id, what it signs in with, and how to register it. What
//! is given is tried by a real sign-in in a connected tenant before it is kept.

use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::consent;
use crate::checks;
use crate::connections::{self, MicrosoftForm, NewSecret, Saving};
use crate::model::RunFailure;
use crate::web::form::last_day;
use crate::web::routes::{Entry, routes};
use crate::web::visit::by_script;
use crate::web::{Form, Mistakes, Page, Place, Samples, Visit, WebError, changed, words};

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
    /// The version that the form began from; 0: nothing was saved yet.
    version: i64,
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
    /// Why the sign-in failed, in a sentence that says what to do; empty: it did not.
    failed: String,
    /// Somebody else saved meanwhile: who, and what is stored now.
    meanwhile: Option<Meanwhile>,
}

/// What somebody else saved.
#[derive(Clone, Debug, Default, Serialize)]
struct Meanwhile {
    said: String,
    client_id: String,
    with: String,
    expires: String,
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
            failed: "<script> \u{202e} was refused.".into(),
            meanwhile: Some(Meanwhile {
                said: "Robin <b> changed the Microsoft app just now.".into(),
                client_id: "8c1d0000-0000-4000-8000-000000000001".into(),
                with: "certificate".into(),
                expires: "2027-03-31".into(),
            }),
            ..stored.clone()
        };
        vec![empty, stored, hostile]
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct AppForm {
    version: i64,
    /// It is saved although the sign-in failed.
    untested: bool,
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
            version: 0,
            untested: false,
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
    // The version first: what is read after it is never older.
    let version = visit.app().db().read(connections::microsoft_app_version);
    let version = version.await?;
    let app = connections::microsoft_app(visit.app()).await?;
    let companies = visit.app().db().read(connections::of_microsoft_app).await?;
    let mut page = MicrosoftPage {
        version,
        way: "secret".into(),
        redirect: consent::redirect(visit),
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

/// What the form says, with the mistakes that only a form can make.
fn given(form: AppForm, page: &mut MicrosoftPage, today: NaiveDate) -> MicrosoftForm {
    let password =
        Some(form.certificate_password).filter(|password| !password.expose_secret().is_empty());
    let (way, secret) = match form.way.as_str() {
        "secret" => ("secret", NewSecret::Secret(form.client_secret)),
        "certificate" => (
            "certificate",
            NewSecret::Certificate {
                pfx: form.certificate,
                password,
            },
        ),
        _ if page.stored => ("keep", NewSecret::Keep),
        _ => ("secret", NewSecret::Keep),
    };
    let expires = last_day(&form.expires, way != "keep", today);
    let expires = expires.unwrap_or_else(|sentence| {
        page.mistakes.add("expires", sentence);
        None
    });
    page.way = way.into();
    page.client_id.clone_from(&form.client_id);
    page.expires = form.expires;
    MicrosoftForm {
        client_id: form.client_id,
        secret,
        expires,
    }
}

/// Tries what is given, and saves it.
async fn save(
    visit: Visit,
    request: HttpRequest,
    form: Form<AppForm>,
) -> Result<HttpResponse, WebError> {
    // A script puts the answer into the page that stays open, with the secret still typed in.
    let script = by_script(&request);
    let mut page = page(&visit).await?;
    let (version, untested) = (form.0.version, form.0.untested);
    if version != page.version {
        let form = form.0;
        return outdated(&visit, script, page, form).await;
    }
    let app = visit.app();
    let form = given(form.0, &mut page, visit.now().date_naive());
    if !page.mistakes.is_empty() {
        return answer(&visit, script, &page);
    }
    let trial = match connections::before_trying_microsoft_app(app, &form).await? {
        Ok(trial) => trial,
        Err(mistakes) => {
            for mistake in mistakes {
                page.mistakes
                    .add(mistake.field, format!("{}.", mistake.message));
            }
            return answer(&visit, script, &page);
        }
    };
    let mut said = "The Microsoft app is saved.".to_owned();
    match trial {
        None => said += " No company uses it yet, so it could not be tried.",
        Some(_) if untested => said += " It was not tried.",
        Some(trial) => match checks::sign_in(app, &trial.tenant, trial.credential).await {
            Ok(tenant) => said = format!("{said} It signed in to {tenant}."),
            Err(error) => {
                mark(&mut page, &trial.company, &error);
                return answer(&visit, script, &page);
            }
        },
    }
    match connections::save_microsoft_app(app, &form, version, &visit.name()).await? {
        Saving::Stale { .. } => {
            let now = self::page(&visit).await?;
            overtaken(&visit, &mut page, now).await?;
            answer(&visit, script, &page)
        }
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                page.mistakes
                    .add(mistake.field, format!("{}.", mistake.message));
            }
            answer(&visit, script, &page)
        }
        _ => {
            visit.say("ok", said);
            Ok(visit.lead_on(HERE, script))
        }
    }
}

/// Puts a sign-in that failed beside the field that it is about.
fn mark(page: &mut MicrosoftPage, company: &str, error: &RunFailure) {
    let field = match (error.kind.as_str(), page.way.as_str()) {
        ("credentials" | "secret_expired", "certificate") => "certificate",
        ("credentials" | "secret_expired", "secret") => "client_secret",
        ("consent", _) => "client_id",
        _ => "",
    };
    if !field.is_empty() {
        page.mistakes.add(field, words::told(error));
    }
    page.failed = format!(
        "The sign-in to the tenant of {company} failed. {}",
        words::told(error)
    );
}

/// Draws the page again for who began from an old version.
async fn outdated(
    visit: &Visit,
    script: bool,
    now: MicrosoftPage,
    form: AppForm,
) -> Result<HttpResponse, WebError> {
    let mut page = MicrosoftPage {
        version: form.version,
        ..now.clone()
    };
    given(form, &mut page, visit.now().date_naive());
    page.mistakes = Mistakes::default();
    overtaken(visit, &mut page, now).await?;
    answer(visit, script, &page)
}

/// Says what somebody else saved meanwhile; from here on it counts as seen.
async fn overtaken(
    visit: &Visit,
    page: &mut MicrosoftPage,
    now: MicrosoftPage,
) -> Result<(), WebError> {
    let versions = (now.version, page.version);
    let read = move |conn: &mut crate::db::Conn| changed::of_microsoft_app(conn, versions);
    let (saved, me) = (visit.app().db().read(read).await?, visit.name());
    page.version = now.version;
    page.meanwhile = Some(Meanwhile {
        said: changed::sentence(&saved, &me, "the Microsoft app", visit.now()),
        client_id: now.client_id,
        with: now.with,
        expires: now.expires,
    });
    Ok(())
}

/// The form again. A script takes it only where its status is good.
fn answer(visit: &Visit, good: bool, page: &MicrosoftPage) -> Result<HttpResponse, WebError> {
    if good {
        visit.page(page)
    } else {
        visit.again(page)
    }
}
