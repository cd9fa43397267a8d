//! Connecting a tenant by the consent of its administrator: to Microsoft and back. The answer's address is cleaned by a redirect
//! whatever came of it, and nothing in it is believed.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::connection::address;
use super::connection_trial::remember;
use crate::checks;
use crate::connections::{self, ConsentEnd};
use crate::db::Conn;
use crate::db::jobs::Priority;
use crate::jobs;
use crate::model::Mode;
use crate::web::routes::{Entry, routes};
use crate::web::session::KEY_HASH;
use crate::web::{Page, Place, Samples, Visit, WebError, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Act "/companies/{company:\\d+}/connection/consent" Technician begin;
    Get Page "/consent" Technician answer;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ConsentPage>();
}

/// Where an answer leads that belongs to no company.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentPage {}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "pages/consent.html";

    fn title(&self) -> String {
        "Connect a tenant".into()
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// The hash of the browser's session. A session that is not stored yet has none, and no answer finds it again.
fn session_hash(visit: &Visit) -> Option<String> {
    visit.session().get::<String>(KEY_HASH).ok().flatten()
}

async fn begin(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let Some(session) = session_hash(&visit) else {
        return Ok(visit.refused(&address(company.id), "Load the page anew, and try again."));
    };
    let back = format!("{}/consent", visit.app().config().portal_url());
    match connections::begin_consent(visit.app(), company.id, &session, &back).await {
        Ok(microsoft) => Ok(visit.lead(&microsoft)),
        Err(refusal) => Ok(visit.refused(&address(company.id), sentence(&refusal))),
    }
}

fn sentence(refusal: &impl ToString) -> String {
    crate::web::words::sentence(&refusal.to_string())
}

async fn answer(visit: Visit, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = request.query_string();
    if query.is_empty() {
        return visit.page(&ConsentPage {});
    }
    // Asked before the answer is used up: it says where to begin again.
    let about = connections::consent_company(visit.app(), query).await?;
    let back = about.map_or_else(|| "/consent".to_owned(), address);
    let session = session_hash(&visit).unwrap_or_default();
    let (staff, now) = (visit.name(), visit.now());
    let by = staff.clone();
    let then = move |conn: &mut Conn, id| {
        jobs::enqueue_run(conn, id, Mode::Update, Priority::Save, &by, now).map(drop)
    };
    let end = connections::finish_consent(visit.app(), &session, query, &staff, then).await;
    visit.app().jobs().wake();
    match end {
        Ok(end) => connected(&visit, &end).await,
        Err(refusal) => Ok(visit.refused(&back, sentence(&refusal))),
    }
}

async fn connected(visit: &Visit, end: &ConsentEnd) -> Result<HttpResponse, WebError> {
    let to = address(end.company);
    let name = &end.tenant_name;
    let company = visit.company(end.company).await?;
    match checks::tenant(visit.app(), &company).await {
        Ok(tried) => {
            remember(visit, &company, &tried).await?;
            visit.say(
                "ok",
                match tried.users {
                    1 => format!("{name}'s tenant is connected: 1 user was read."),
                    users => format!("{name}'s tenant is connected: {users} users were read."),
                },
            );
        }
        Err(error) => visit.say(
            "warn",
            format!(
                "{name}'s tenant is connected, but its users could not be read yet. {} Microsoft may need a minute after a \
                 consent: then press Test.",
                words::told(&error)
            ),
        ),
    }
    // Whether it is the right one, the page says for as long as it may be another customer's.
    Ok(visit.lead(&to))
}
