//! What is set of the installation itself: where PSA addresses may lead, how long the history is kept, the token of `/metrics`.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};

use super::settings::{VERSION, database};
use crate::auth;
use crate::db::{Conn, events, settings};
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/installation" Administrator show;
    Post Act "/settings/installation" Administrator save;
    Post Act "/settings/installation/history" Administrator save_history;
    Post Act "/settings/installation/metrics" Administrator save_token;
    Post Act "/settings/installation/metrics/remove" Administrator remove_token;
};

const HERE: &str = "/settings/installation";
/// For so many months the history can be kept.
const MONTHS: [u32; 5] = [6, 12, 24, 36, 60];
/// A token of fewer letters could be guessed.
const SHORTEST_TOKEN: usize = 24;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<InstallationPage>();
}

/// What is set of the installation.
#[derive(Clone, Debug, Serialize)]
pub struct InstallationPage {
    address: String,
    /// Given in the environment, not guessed from where the portal listens.
    address_given: bool,
    database: String,
    version: String,
    private_psa_addresses: bool,
    /// For so many months the history is kept; 0: for ever.
    months: u32,
    choices: Vec<Choice>,
    has_token: bool,
    mistakes: Mistakes,
}

/// For how long the history can be kept.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    months: u32,
    label: String,
}

/// The choices, with what is set among them.
fn choices(set: Option<u32>) -> Vec<Choice> {
    let mut all: Vec<u32> = MONTHS.into_iter().chain(set).collect();
    all.sort_unstable();
    all.dedup();
    let label = |months: u32| match months {
        12 => "1 year".to_owned(),
        months if months % 12 == 0 => format!("{} years", months / 12),
        months => format!("{months} months"),
    };
    let forever = Choice {
        months: 0,
        label: "For ever".into(),
    };
    let rest = all.into_iter().map(|months| Choice {
        months,
        label: label(months),
    });
    std::iter::once(forever).chain(rest).collect()
}

impl Page for InstallationPage {
    const TEMPLATE: &'static str = "pages/installation_settings.html";

    fn title(&self) -> String {
        "Installation".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let one = Self {
            address: "https://rollcall.example".into(),
            address_given: true,
            database: "SQLite".into(),
            version: "1.2.3".into(),
            private_psa_addresses: false,
            months: 0,
            choices: choices(None),
            has_token: false,
            mistakes: Mistakes::default(),
        };
        let other = Self {
            address: format!("http://<script>\"'\u{202e}{}", "x".repeat(300)),
            address_given: false,
            private_psa_addresses: true,
            months: 24,
            has_token: true,
            mistakes: [("token", "Choose a token of 24 letters or more.")]
                .into_iter()
                .collect(),
            ..one.clone()
        };
        vec![one, other]
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AddressesForm {
    private_psa_addresses: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HistoryForm {
    months: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenForm {
    token: String,
}

async fn page(visit: &Visit) -> Result<InstallationPage, WebError> {
    let read = visit.app().db().read(|conn| {
        Ok((
            settings::private_psa_addresses(conn)?,
            settings::history_months(conn)?,
            settings::metrics_token(conn)?.is_some(),
        ))
    });
    let (private_psa_addresses, months, has_token) = read.await?;
    let config = visit.app().config();
    Ok(InstallationPage {
        address: config.portal_url(),
        address_given: config.public_url.is_some(),
        database: database(visit).into(),
        version: VERSION.into(),
        private_psa_addresses,
        months: months.unwrap_or_default(),
        choices: choices(months),
        has_token,
        mistakes: Mistakes::default(),
    })
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit).await?)
}

/// Saves something, and notes who did.
async fn set(
    visit: &Visit,
    what: String,
    work: impl FnOnce(&mut Conn) -> diesel::QueryResult<()> + Send + 'static,
) -> Result<HttpResponse, WebError> {
    let (name, now) = (visit.name(), visit.now());
    let write = visit.app().db().write(move |conn| {
        work(conn)?;
        events::note(conn, (&name, "installation_saved"), None, &what, now)
    });
    write.await?;
    Ok(visit.done(HERE, "Saved."))
}

async fn save(visit: Visit, form: Form<AddressesForm>) -> Result<HttpResponse, WebError> {
    let allowed = form.0.private_psa_addresses == "true";
    let word = if allowed { "allowed" } else { "refused" };
    let what = format!("PSA addresses in private networks are {word}");
    set(&visit, what, move |conn| {
        settings::allow_private_psa_addresses(conn, allowed)
    })
    .await
}

async fn save_history(visit: Visit, form: Form<HistoryForm>) -> Result<HttpResponse, WebError> {
    let months = Some(form.0.months).filter(|months| *months > 0);
    let known = page(&visit).await?;
    let Some(choice) = known
        .choices
        .iter()
        .find(|choice| choice.months == form.0.months)
    else {
        return Err(WebError::Bad(
            "Choose one of the times in the list. Nothing was changed.".into(),
        ));
    };
    let what = format!("The history is kept: {}", choice.label.to_lowercase());
    set(&visit, what, move |conn| {
        settings::set_history_months(conn, months)
    })
    .await
}

async fn save_token(visit: Visit, form: Form<TokenForm>) -> Result<HttpResponse, WebError> {
    let token = form.0.token.trim();
    let fits = token.len() >= SHORTEST_TOKEN && token.chars().all(|one| one.is_ascii_graphic());
    if !fits {
        let mut page = page(&visit).await?;
        page.mistakes.add(
            "token",
            format!(
                "Choose a token of {SHORTEST_TOKEN} letters, digits and signs or more, without spaces."
            ),
        );
        return visit.again(&page);
    }
    let hash = auth::hashed(token);
    let what = "A token for /metrics is set".to_owned();
    set(&visit, what, move |conn| {
        settings::set_metrics_token(conn, Some(&hash))
    })
    .await
}

async fn remove_token(visit: Visit) -> Result<HttpResponse, WebError> {
    let what = "The token for /metrics is removed".to_owned();
    set(&visit, what, |conn| settings::set_metrics_token(conn, None)).await
}
