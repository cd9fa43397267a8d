//! What a page says where its scripts get no answer, or a bad one.

use std::time::Duration;

use rollcall::auth;
use rollcall::model::Role;

use super::Browser;
use super::seat::Seat;
use crate::stage::{CLIENT, Stage, Store, Vendor};
use crate::web::visitor::Site;

/// An answer comes as soon as it can.
const AT_ONCE: Duration = Duration::ZERO;

async fn no_notice(browser: &Browser) {
    let gone = "return !document.querySelector('.failure')";
    browser.wait_until(gone, vec![]).await;
}

#[tokio::test]
async fn a_form_that_a_script_sends_says_why_it_failed_until_it_succeeds() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    let browser = &seat.browser;
    seat.go("/settings/microsoft").await;
    browser.type_into("#client_id", CLIENT).await;
    let send = "#result button.primary";
    browser.network(true, AT_ONCE).await;
    browser.click(send).await;
    browser
        .wait_for_text(".failure[role=alert]", "No answer came.")
        .await;
    browser.network(false, AT_ONCE).await;
    let token = "document.querySelector('form[hx-post] [name=csrf]').value = arguments[0]; \
         document.body.setAttribute('hx-headers', JSON.stringify({ 'X-CSRF-Token': arguments[0] }))";
    let good = "return document.querySelector('form[hx-post] [name=csrf]').value";
    let good = browser.run(good, vec![]).await;
    browser.run(token, vec!["forged".into()]).await;
    browser.click(send).await;
    browser
        .wait_for_text(".failure[role=alert]", "Load the page anew")
        .await;
    assert_eq!(browser.count(".failure").await, 1);
    assert_eq!(browser.axe().await, Vec::new());
    browser.run(token, vec![good]).await;
    browser.click(send).await;
    browser.wait_for("#result .notice.bad").await;
    no_notice(browser).await;
    assert_eq!(seat.value("#client_id").await, CLIENT);
}

#[tokio::test]
async fn a_page_that_cannot_be_renewed_says_so_once_until_it_is() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let at = format!("/companies/{}/preview", stage.company_id);
    seat.go(&at).await;
    seat.browser
        .click("form[method=post][action$='/preview'] [type=submit]")
        .await;
    seat.browser.wait_for("#preview-live[hx-get]").await;
    let count = "window.failed = 0; \
         document.addEventListener('htmx:sendError', () => { window.failed += 1; })";
    seat.browser.run(count, vec![]).await;
    seat.browser.network(true, AT_ONCE).await;
    seat.browser
        .wait_until("return window.failed > 1", vec![])
        .await;
    assert_eq!(
        seat.browser.text(".failure[role=status]").await,
        "This page cannot be renewed at the moment."
    );
    assert_eq!(seat.browser.count(".failure").await, 1);
    seat.browser.network(false, AT_ONCE).await;
    no_notice(&seat.browser).await;
    // What is gone is asked for once more only.
    let gone = "document.querySelector('#preview-live').setAttribute('hx-get', '/companies/999999/preview/live?watch=1'); \
         htmx.process(document.body); window.asked = 0; \
         document.addEventListener('htmx:beforeRequest', () => { window.asked += 1; })";
    seat.browser.run(gone, vec![]).await;
    seat.reads("is not there any more").await;
    assert_eq!(seat.browser.count("[hx-get]").await, 0);
    assert_eq!(seat.browser.count(".failure").await, 0);
}

#[tokio::test]
async fn a_role_that_was_lowered_is_said_at_the_form() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go("/companies/new").await;
    stage
        .write(|conn| rollcall::db::staff::set_role(conn, 1, Role::Reader))
        .await;
    let staff = auth::list(&stage.app).await.unwrap();
    assert_eq!(staff[0].role, Role::Reader);
    seat.browser.type_into("#q", "con").await;
    seat.browser
        .wait_for_text(".failure[role=alert]", "Your role does not allow this.")
        .await;
}
