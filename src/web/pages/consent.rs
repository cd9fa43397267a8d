//! Connecting a tenant by the consent of its administrator: to Microsoft and back. The answer's address is cleaned by a redirect
//! whatever came of it, and nothing in it is believed.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::connection::address;
use super::connection_trial::remember;
use super::consent_link;
use crate::checks;
use crate::connections::{self, ConsentEnd, Consented};
use crate::jobs;
use crate::model::Role;
use crate::web::gate::to_sign_in;
use crate::web::routes::{Entry, routes};
use crate::web::session::KEY_HASH;
use crate::web::{NewTenant, Page, Place, Samples, TenantDoubt, Visit, WebError, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Act "/companies/{company:\\d+}/connection/consent" Technician begin;
    Get Page "/consent" Nobody answer;
    Get Page "/consent/thanks" Nobody thanks;
    Get Page "/consent/declined" Nobody declined;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ConsentPage>();
    all.page::<AnsweredPage>();
}

const THANKS: &str = "/consent/thanks";
const DECLINED: &str = "/consent/declined";

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

/// What an administrator sees who has answered a link that was sent to them. It knows nothing of them.
#[derive(Clone, Debug, Serialize)]
pub struct AnsweredPage {
    /// Whether they accepted, as far as the address says.
    accepted: bool,
}

impl Page for AnsweredPage {
    const TEMPLATE: &'static str = "pages/consent_answered.html";

    fn title(&self) -> String {
        let title = if self.accepted {
            "Thank you"
        } else {
            "Not accepted"
        };
        title.into()
    }

    fn place(&self) -> Place {
        Place::Outside
    }

    fn samples() -> Vec<Self> {
        [true, false].map(|accepted| Self { accepted }).into()
    }
}

/// The hash of the browser's session. A session that is not stored yet has none, and no answer finds it again.
fn session_hash(visit: &Visit) -> Option<String> {
    visit.session().get::<String>(KEY_HASH).ok().flatten()
}

/// Where Microsoft sends browsers back to, as it is registered with the app.
pub(super) fn redirect(visit: &Visit) -> String {
    format!("{}/consent", visit.app().config().portal_url())
}

async fn begin(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let Some(session) = session_hash(&visit) else {
        return Ok(visit.refused(&address(company.id), "Load the page anew, and try again."));
    };
    let back = redirect(&visit);
    match connections::begin_consent(visit.app(), company.id, &session, &back).await {
        Ok(microsoft) => Ok(visit.lead(&microsoft)),
        Err(refusal) => Ok(visit.refused(&address(company.id), sentence(&refusal))),
    }
}

pub(super) fn sentence(refusal: &impl ToString) -> String {
    crate::web::words::sentence(&refusal.to_string())
}

async fn answer(visit: Visit, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = request.query_string();
    // Who answers a link that was sent to them has no account here, and is told that they are done.
    match connections::answer_to_link(query) {
        Some(true) => return Ok(visit.lead(THANKS)),
        Some(false) => return Ok(visit.lead(DECLINED)),
        None => {}
    }
    if visit.staff().is_none() {
        return Ok(to_sign_in(&request, &visit));
    }
    if !visit.may(Role::Technician) {
        return Err(WebError::Forbidden);
    }
    if query.is_empty() {
        return visit.page(&ConsentPage {});
    }
    // Asked before the answer is used up: it says where to begin again.
    let about = connections::consent_company(visit.app(), query).await?;
    let back = about.map_or_else(|| "/consent".to_owned(), address);
    let session = session_hash(&visit).unwrap_or_default();
    match connections::answered_consent(visit.app(), &session, query).await {
        Ok(read) => connect(&visit, read, "").await,
        Err(refusal) => Ok(visit.refused(&back, sentence(&refusal))),
    }
}

/// Connects a tenant that was read, unless it may be another customer's: then somebody is asked first, and `accepted` is the id of
/// the tenant for which they have said yes.
pub(super) async fn connect(
    visit: &Visit,
    read: Consented,
    accepted: &str,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(read.company).await?;
    let tenant = &read.tenant;
    let new = NewTenant {
        id: &tenant.id,
        name: Some(&tenant.name),
        domains: &tenant.domains,
    };
    if accepted != tenant.id.as_str()
        && TenantDoubt::before(visit.app(), &company, new)
            .await?
            .is_some()
    {
        return consent_link::ask(visit, &read);
    }
    let staff = visit.name();
    let then = jobs::follow_a_save(&staff, visit.now());
    let back = address(company.id);
    let end = connections::connect_consented(visit.app(), read, &staff, then).await;
    visit.app().jobs().wake();
    match end {
        Ok(end) => connected(visit, &end).await,
        Err(refusal) => Ok(visit.refused(&back, sentence(&refusal))),
    }
}

async fn thanks(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&AnsweredPage { accepted: true })
}

async fn declined(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&AnsweredPage { accepted: false })
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
