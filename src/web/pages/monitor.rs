//! What monitors ask for: whether the process lives, whether it is fit to work, and its numbers. There is no session here: what is
//! asked for every few seconds leaves nothing in the database.

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::auth;
use crate::db::settings;
use crate::monitor;
use crate::web::error::AsIs;
use crate::web::routes::{Entry, routes};
use crate::web::{Portal, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Words "/health/live" Program live;
    Get Words "/health/ready" Program ready;
    Get Words "/metrics" Program numbers;
};

/// What is said to a program that may not read the numbers.
const WRONG_TOKEN: &str = "This is not the token that was chosen under Settings, Installation: a new one takes the place of the one before.\n";
const NO_TOKEN: &str =
    "Send the token that was chosen under Settings, Installation, as `Authorization: Bearer`.\n";
const NONE_CHOSEN: &str = "Choose a token for /metrics under Settings, Installation, and send it as `Authorization: Bearer`.\n";

const PLAIN: &str = "text/plain; charset=utf-8";
/// Prometheus's text format.
const NUMBERS: &str = "text/plain; version=0.0.4; charset=utf-8";

async fn live() -> HttpResponse {
    as_is(HttpResponse::Ok().content_type(PLAIN).body("alive\n"))
}

async fn ready(portal: Data<Portal>) -> HttpResponse {
    as_is(match monitor::ready(portal.app()).await {
        Ok(()) => HttpResponse::Ok().content_type(PLAIN).body("ready\n"),
        Err(why) => HttpResponse::ServiceUnavailable()
            .content_type(PLAIN)
            .body(format!("{why}\n")),
    })
}

async fn numbers(request: HttpRequest, portal: Data<Portal>) -> Result<HttpResponse, WebError> {
    let app = portal.app();
    let token = app.db().read(settings::metrics_token).await?;
    let may = match &token {
        Some(hash) => bearer(request.headers()).is_some_and(|given| is_token(given, hash)),
        None => is_neighbour(&request, app),
    };
    if !may {
        let advice = match (&token, bearer(request.headers())) {
            (Some(_), Some(_)) => WRONG_TOKEN,
            (Some(_), None) => NO_TOKEN,
            (None, _) => NONE_CHOSEN,
        };
        return Ok(as_is(
            HttpResponse::Unauthorized()
                .insert_header((header::WWW_AUTHENTICATE, "Bearer"))
                .content_type(PLAIN)
                .body(advice),
        ));
    }
    let numbers = monitor::numbers(app).await?;
    Ok(as_is(
        HttpResponse::Ok().content_type(NUMBERS).body(numbers),
    ))
}

fn is_token(given: &str, hash: &str) -> bool {
    bool::from(auth::hashed(given).as_bytes().ct_eq(hash.as_bytes()))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Whether a program of this machine asks, and no proxy for somebody else: one that is there made somebody set the portal's public
/// address, or says for whom it asks.
fn is_neighbour(request: &HttpRequest, app: &App) -> bool {
    let loopback = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().is_loopback());
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"]
        .into_iter()
        .any(|name| request.headers().contains_key(name));
    loopback && !forwarded && app.config().public_url.is_none()
}

fn as_is(mut response: HttpResponse) -> HttpResponse {
    response.extensions_mut().insert(AsIs);
    response
}
