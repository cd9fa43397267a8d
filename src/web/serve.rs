//! Listens, and serves the portal until the program is asked to end.

use std::net::{SocketAddr, TcpListener};

use actix_session::SessionMiddleware;
use actix_session::config::PersistentSession;
use actix_web::cookie::SameSite;
use actix_web::cookie::time::Duration;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App as Web, HttpServer};
use anyhow::Context;

use super::session::{self, Sessions};
use super::{Portal, frame, pages, routes};
use crate::app::App;

/// So many bytes a form may have; a certificate in base64 is the longest thing in one.
const LONGEST_FORM: usize = 1024 * 1024;
/// The name of the cookie.
const COOKIE: &str = "rollcall";
/// A browser keeps the cookie for so long; the store ends sessions earlier.
const LONGEST_SESSION: Duration = Duration::days(7);
/// So many threads answer.
const WORKERS: usize = 2;
/// So long requests in hand may take when the program ends, in seconds.
const LAST_REQUESTS: u64 = 20;

/// Takes the port.
///
/// # Errors
/// One sentence that says what to do.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        format!(
            "the portal cannot listen on {address}: choose another address in ROLLCALL_LISTEN, or end \
             the program that has it"
        )
    })
}

/// Serves the portal until the program is asked to end.
///
/// # Errors
/// Where a template is wrong or the port cannot be used.
pub async fn serve(app: App, listener: TcpListener) -> anyhow::Result<()> {
    let portal = Portal::new(app.clone())?;
    let stop = app.stop().clone();
    let key = session::cookie_key(&app.keyring());
    let server = HttpServer::new(move || {
        let sessions = SessionMiddleware::builder(Sessions::new(portal.app().clone()), key.clone())
            .cookie_name(COOKIE.to_owned())
            .cookie_secure(portal.is_secure())
            // Lax: Microsoft's answer to a consent comes from its page, and has to find its session.
            .cookie_same_site(SameSite::Lax)
            .cookie_http_only(true)
            .session_lifecycle(PersistentSession::default().session_ttl(LONGEST_SESSION))
            .build();
        Web::new()
            .app_data(Data::new(portal.clone()))
            .app_data(PayloadConfig::new(LONGEST_FORM))
            .app_data(
                web::PathConfig::default().error_handler(|_, _| super::WebError::NotFound.into()),
            )
            .app_data(web::QueryConfig::default().error_handler(|_, _| {
                super::WebError::Bad(
                    "This address cannot be read. Start again from the fleet.".into(),
                )
                .into()
            }))
            .wrap(sessions)
            .wrap(from_fn(frame::frame))
            .wrap(Compress::default())
            .configure(routes::register)
            .default_service(web::to(pages::errors::nothing_here))
    })
    .workers(WORKERS)
    // Head and body of an answer are written one after the other: the body must not wait until the head is acknowledged.
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(LAST_REQUESTS)
    .listen(listener)
    .context("the portal cannot use its port")?
    .run();
    let handle = server.handle();
    tokio::spawn(async move {
        stop.wait().await;
        handle.stop(true).await;
    });
    server.await.context("the portal ended by itself")
}
