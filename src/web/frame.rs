//! The frame of every answer: its reference number, security headers, the page of an error, and one line in the log, which
//! leaves queries and ids of people out.

use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use tracing::Instrument;
use uuid::Uuid;

use super::error::{AsIs, Cause, Said};
use super::pages::errors::ErrorPage;
use super::{Page, Portal, Visit, visit};
use crate::model::Cloud;

/// Answers a request, whatever happens. Every line that is logged meanwhile carries its reference number.
pub(super) async fn frame(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let reference = Uuid::new_v4().simple().to_string()[..12].to_owned();
    let span = tracing::info_span!("request", request.id = %reference);
    answer(request, next, reference).instrument(span).await
}

async fn answer(
    request: ServiceRequest,
    next: Next<BoxBody>,
    reference: String,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let method = request.method().clone();
    let portal = request.app_data::<Data<Portal>>().cloned();
    let mut answer = match next.call(request).await {
        Ok(answer) => answer,
        // What fails outside the routes: the sessions cannot be read.
        Err(error) => {
            tracing::error!(http.method = %method, %error, "A request failed");
            let page = ErrorPage::new(StatusCode::INTERNAL_SERVER_ERROR, None, &reference);
            let response = portal
                .and_then(|portal| bare(&portal, &page))
                .unwrap_or_else(|| HttpResponse::InternalServerError().body(page.sentence.clone()));
            return Err(InternalError::from_response(error, response).into());
        }
    };
    let status = answer.status();
    let route = answer
        .request()
        .match_pattern()
        .unwrap_or_else(|| "none".to_owned());
    let cause = answer
        .response()
        .extensions()
        .get::<Cause>()
        .map(|cause| cause.0.clone());
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(cause) = cause {
        tracing::error!(http.method = %method, http.route = %route, cause, "A request failed");
    }
    let as_is = answer.response().extensions().get::<AsIs>().is_some();
    if as_is {
        tracing::debug!(
            http.method = %method, http.route = %route, http.status = status.as_u16(), duration_ms = millis,
            "{method} {route} {}", status.as_u16()
        );
    } else {
        tracing::info!(
            http.method = %method, http.route = %route, http.status = status.as_u16(), duration_ms = millis,
            "{method} {route} {}", status.as_u16()
        );
    }
    if !as_is && (status.is_client_error() || status.is_server_error()) && !is_drawn(&answer) {
        answer = draw(answer, &reference);
    }
    if let Some(portal) = portal {
        headers(&mut answer, &portal);
    }
    Ok(answer)
}

fn is_drawn(answer: &ServiceResponse<BoxBody>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Draws the page of an error.
fn draw(answer: ServiceResponse<BoxBody>, reference: &str) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let said = answer
        .response()
        .extensions()
        .get::<Said>()
        .map(|said| said.0.clone());
    let page = ErrorPage::new(status, said, reference);
    let (request, response) = answer.into_parts();
    let visit = request.extensions().get::<Visit>().cloned();
    let portal = request.app_data::<Data<Portal>>().cloned();
    let drawn = match (visit, portal) {
        (Some(visit), _) => visit.page_with(status, &page).ok(),
        (None, Some(portal)) => bare(&portal, &page),
        (None, None) => None,
    };
    let mut drawn =
        drawn.unwrap_or_else(|| HttpResponse::build(status).body(page.sentence.clone()));
    // Cookies that the answer set stay.
    for (name, value) in response.headers() {
        if *name == header::SET_COOKIE || *name == header::ALLOW {
            drawn.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, drawn)
}

/// The page of an error for somebody whom no gate has seen.
fn bare(portal: &Portal, page: &ErrorPage) -> Option<HttpResponse> {
    let shell = visit::outside(portal, page.title());
    let html = portal
        .templates()
        .render(ErrorPage::TEMPLATE, &shell, ("page", page))
        .ok()?;
    let status = StatusCode::from_u16(page.status).ok()?;
    let mut answer = visit::html_answer(status, html);
    for (name, value) in fixed_headers(portal) {
        answer.headers_mut().insert(name, value);
    }
    Some(answer)
}

fn headers(answer: &mut ServiceResponse<BoxBody>, portal: &Portal) {
    let headers = answer.headers_mut();
    for (name, value) in fixed_headers(portal) {
        headers.insert(name, value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The headers that every answer has.
fn fixed_headers(portal: &Portal) -> Vec<(HeaderName, HeaderValue)> {
    let mut all = vec![
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
        ),
    ];
    if let Ok(policy) = HeaderValue::from_str(&policy(portal)) {
        all.push((header::CONTENT_SECURITY_POLICY, policy));
    }
    if portal.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000");
        all.push((header::STRICT_TRANSPORT_SECURITY, value));
    }
    all
}

/// No inline script or style, and nothing from another host. Forms may lead on to Microsoft's sign-in alone: browsers apply
/// the rule to where an answer redirects.
fn policy(portal: &Portal) -> String {
    let login = match &portal.app().config().login_url {
        Some(url) => origin(url),
        None => Cloud::ALL.map(|cloud| origin(cloud.login_url())).join(" "),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self' {login}; frame-ancestors 'none'; base-uri 'none'"
    )
}

fn origin(url: &str) -> String {
    url::Url::parse(url)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default()
}
