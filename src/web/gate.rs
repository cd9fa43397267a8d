//! The gate of every route: who asks, whether the role allows it, and whether a change really comes from one of our forms.

use std::rc::Rc;

use actix_session::SessionExt;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::live::Gone;
use super::pages::sign_in;
use super::routes::{Gives, Needs};
use super::session::{self, KEY_HASH, PERSON, SEEN};
use super::visit::{CSRF, Inner, NEXT, by_script};
use super::{Portal, Visit, WebError};
use crate::model::Staff;

/// What a route asks of its visitors.
#[derive(Clone, Copy)]
pub(super) struct Gate {
    pub(super) needs: Needs,
    pub(super) gives: Gives,
}

/// Lets a request in, or answers it.
pub(super) async fn keep(
    gate: Gate,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match Box::pin(judge(gate, &mut request)).await {
        Ok(None) => {
            let answer = next.call(request).await?;
            Ok(ended(gate, answer))
        }
        Ok(Some(answer)) => Ok(request.into_response(answer)),
        Err(error) => Ok(request.into_response(error.error_response())),
    }
}

/// htmx takes an answer with this status into the page, and asks no more.
const ENOUGH: u16 = 286;

/// What looks again by itself would ask for ever for what is gone: its last answer says so.
fn ended(gate: Gate, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let gone = answer.status() == StatusCode::NOT_FOUND;
    if gate.gives != Gives::Live || !gone || !by_script(answer.request()) {
        return answer;
    }
    let visit = answer.request().extensions().get::<Visit>().cloned();
    let part = visit.and_then(|visit| visit.part(&Gone {}).ok());
    let (Some(mut part), Ok(enough)) = (part, StatusCode::from_u16(ENOUGH)) else {
        return answer;
    };
    *part.status_mut() = enough;
    answer.into_response(part)
}

/// `None`: it may go in.
async fn judge(gate: Gate, request: &mut ServiceRequest) -> Result<Option<HttpResponse>, WebError> {
    let visit = visit(request.request(), gate.needs == Needs::Nobody)?;
    request.extensions_mut().insert(visit.clone());
    if gate.gives != Gives::Live {
        note_use(&visit).await?;
    }
    if visit.staff().is_none() && gate.needs != Needs::Nobody {
        return Ok(Some(to_sign_in(request.request(), &visit)));
    }
    if !gate.needs.allow(visit.staff().map(|staff| staff.role)) {
        return Err(WebError::Forbidden);
    }
    if request.method() == Method::POST {
        // A visitor who is not signed in has a token too, so that no foreign page signs anybody in.
        check_origin(request.request(), visit.portal())?;
        let body = body(request).await?;
        if !has_token(request.request(), &body, &visit) {
            return too_late(request.request(), &body, &visit).map(Some);
        }
        request.set_payload(Payload::from(body));
    }
    Ok(None)
}

/// Notes who asks at an address without a route, so that the page of the error is theirs. A passer-by leaves nothing.
pub(super) fn look(request: &HttpRequest) -> Result<(), WebError> {
    let visit = visit(request, false)?;
    request.extensions_mut().insert(visit);
    Ok(())
}

/// Writes down that the session of who asks is used. A page that looks again by itself does not use it: it would never end
/// for want of use while somebody's page stays open.
async fn note_use(visit: &Visit) -> Result<(), WebError> {
    let session = visit.session();
    let hash = session.get::<String>(KEY_HASH).ok().flatten();
    let seen = session.get::<DateTime<Utc>>(SEEN).ok().flatten();
    if let (Some(hash), Some(seen)) = (hash, seen) {
        session::note_use(visit.app(), hash, seen).await?;
    }
    Ok(())
}

/// Who asks. Somebody disabled, or whose session was ended, is nobody.
fn visit(request: &HttpRequest, is_open: bool) -> Result<Visit, WebError> {
    let portal = request
        .app_data::<Data<Portal>>()
        .map(|portal| portal.get_ref().clone())
        .ok_or_else(|| WebError::Internal(anyhow::anyhow!("the portal is not in the request")))?;
    let session = request.get_session();
    // Read with the session: somebody disabled, or whose session was ended, has none.
    let staff: Option<Staff> = session.get(PERSON).ok().flatten();
    let csrf = if let Some(token) = session.get::<String>(CSRF).ok().flatten() {
        token
    } else if staff.is_none() && !is_open {
        // Who is only led to the sign-in needs none.
        String::new()
    } else {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        session
            .insert(CSRF, &token)
            .map_err(|error| WebError::Internal(anyhow::anyhow!("{error}")))?;
        token
    };
    Ok(Visit(Rc::new(Inner {
        portal,
        staff,
        session,
        csrf,
    })))
}

/// Leads to the sign-in, and remembers in the session where the visitor wanted to be: of a form that was sent, the page that
/// it stood on.
pub(super) fn to_sign_in(request: &HttpRequest, visit: &Visit) -> HttpResponse {
    let script = by_script(request);
    let wanted = if request.method() == Method::GET && !script {
        request
            .uri()
            .path_and_query()
            .map(|path| path.as_str().to_owned())
    } else {
        let name = if script { "hx-current-url" } else { "referer" };
        let page = request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        page.and_then(|page| Url::parse(page).ok())
            .map(|url| match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            })
    };
    // The fleet is where a sign-in leads anyway: whoever wants to be there leaves no session of nobody in the database.
    if let Some(wanted) = wanted.filter(|wanted| is_ours(wanted) && wanted != "/") {
        let _ = visit.session().insert(NEXT, wanted);
    }
    if script {
        return HttpResponse::Ok()
            .insert_header(("HX-Redirect", "/sign-in"))
            .finish();
    }
    visit.lead("/sign-in")
}

/// Whether a path leads to a page of the portal, not to another host.
pub(super) fn is_ours(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && path.len() < 2_000
}

/// A browser says where a request comes from: refused is what comes from another site.
fn check_origin(request: &HttpRequest, portal: &Portal) -> Result<(), WebError> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(foreign());
    }
    let Some(origin) = header("origin") else {
        return Ok(());
    };
    let host = header(header::HOST.as_str()).unwrap_or_default();
    let here = |scheme| origin == format!("{scheme}://{host}");
    let public = &portal.app().config().public_url;
    let at_public = public.as_ref().and_then(|url| Url::parse(url).ok());
    let at_public = at_public.is_some_and(|url| url.origin().ascii_serialization() == origin);
    if here("http") || here("https") || at_public {
        Ok(())
    } else {
        Err(foreign())
    }
}

async fn body(request: &mut ServiceRequest) -> Result<Bytes, WebError> {
    request.extract::<Bytes>().await.map_err(|_| {
        WebError::Bad("This form is too long. Shorten what you typed, and send it again.".into())
    })
}

/// Whether a form carries the session's token: in a field, or in a header that scripts send.
fn has_token(request: &HttpRequest, body: &[u8], visit: &Visit) -> bool {
    let sent = match request.headers().get("x-csrf-token") {
        Some(token) => token.to_str().unwrap_or_default().to_owned(),
        None => field(body, CSRF),
    };
    !visit.0.csrf.is_empty() && bool::from(sent.as_bytes().ct_eq(visit.0.csrf.as_bytes()))
}

/// A field of a form; empty where there is none.
fn field(body: &[u8], wanted: &str) -> String {
    let mut fields = form_urlencoded::parse(body);
    let found = fields.find(|(name, _)| name == wanted);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The answer to a form without the session's token, of which nothing is done. A sign-in page outlives its session easily: it is
/// there anew.
fn too_late(request: &HttpRequest, body: &[u8], visit: &Visit) -> Result<HttpResponse, WebError> {
    if request.path() == sign_in::HERE {
        sign_in::opened_anew(visit, field(body, "name"))
    } else {
        Err(foreign())
    }
}

fn foreign() -> WebError {
    WebError::Bad(
        "This form was not sent from a page of this portal, or the page was open for too long. \
         Nothing was changed. Load the page anew, and send it again."
            .into(),
    )
}
