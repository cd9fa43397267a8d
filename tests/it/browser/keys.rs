//! The jobs of the portal with the keyboard alone: Tab, Enter, Space and arrows. The focus is seen wherever it stops.

use rollcall::clock::Clock;
use rollcall::model::{Role, Test};
use serde_json::json;

use super::seat::{Seat, Worker, one_job};
use crate::stage::{Stage, Store, Vendor, user};
use crate::web::filters;
use crate::web::holds::{held, is_active};
use crate::web::visitor::Site;

#[tokio::test]
async fn a_filter_is_added_and_moved_by_keyboard_alone() {
    let stage = filters::stage().await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let company = format!("/companies/{}", stage.company_id);
    seat.tab_to(&format!("main a[href='{company}']")).await;
    seat.browser.press("Enter").await;
    seat.is_at(&company).await;
    seat.tab_to("nav.tabs a[href$='/contact-sync']").await;
    seat.browser.press("Enter").await;
    seat.is_at("/contact-sync").await;
    seat.tab_to("main a.btn[href$='/filters']").await;
    seat.browser.press("Enter").await;
    seat.is_at("/filters").await;
    seat.tab_to("[hx-target='#filters-list'][hx-swap=beforeend]")
        .await;
    seat.browser.press("Enter").await;
    let focus = "return document.activeElement.id";
    let name = "return document.activeElement.id.endsWith('-name')";
    seat.browser.wait_until(name, vec![]).await;
    seat.keys("Rest").await;
    seat.tab_to("li.open [id$='-c0-kind']").await;
    seat.browser.press("A").await;
    seat.browser.wait_for("li.open [id$='-c0-negated']").await;
    // What came anew from the server keeps the focus where it was.
    let kind = "return document.activeElement.id.endsWith('-c0-kind')";
    seat.browser.wait_until(kind, vec![]).await;
    seat.tab_to("li.open select[id$='-site']").await;
    seat.keys("New").await;
    seat.tab_to("li.open [hx-vals*=done]").await;
    seat.browser.press("Enter").await;
    let edit = "return document.activeElement.matches('li:not(.open) [hx-vals*=edit]')";
    seat.browser.wait_until(edit, vec![]).await;
    let at = seat.browser.run(focus, vec![]).await;
    assert_ne!(at, json!("content"), "the focus is not lost");
    // Up twice: by the button, and by the handle with an arrow.
    let up = "#filters-list > li:last-child [data-move=up]";
    seat.browser.press("Shift+Tab").await;
    seat.browser.press("Shift+Tab").await;
    let on = "return document.activeElement === document.querySelector(arguments[0])";
    seat.browser.wait_until(on, vec![json!(up)]).await;
    seat.browser.press("Space").await;
    seat.browser
        .wait_for_text("[data-order-live]", "Rest moved to position 3 of 4")
        .await;
    seat.browser.press("Enter").await;
    seat.browser
        .wait_for_text("[data-order-live]", "Rest moved to position 2 of 4")
        .await;
    seat.tab_to(".save-bar button[type=submit]").await;
    seat.browser.press("Enter").await;
    seat.reads("The filters are saved.").await;
    seat.is_quiet().await;
    let company = stage.company().await;
    let names: Vec<_> = company
        .filters
        .iter()
        .map(|one| one.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["Management", "Rest", "IT", "Everyone"]);
    assert_eq!(company.filters[1].when[0].test, Test::Licensed);
}

#[tokio::test]
async fn a_company_is_synced_by_keyboard_alone() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    stage.users(["anna", "bert"].map(user));
    let site = Site::start(&stage.app);
    let _worker = Worker::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    // The first stop of every page leads past the menu.
    seat.browser.press("Tab").await;
    seat.browser.press("Enter").await;
    let content = "return document.activeElement.id === 'content' || location.hash === '#content'";
    seat.browser.wait_until(content, vec![]).await;
    seat.tab_to(&format!("main a[href='/companies/{}']", stage.company_id))
        .await;
    seat.browser.press("Enter").await;
    seat.is_at(&format!("/companies/{}", stage.company_id))
        .await;
    seat.tab_to("#mode-update").await;
    seat.browser.press("ArrowDown").await;
    let resync =
        "return document.activeElement.id === 'mode-resync' && document.activeElement.checked";
    seat.browser.wait_until(resync, vec![]).await;
    seat.tab_to("form[action$='/sync'] button").await;
    seat.browser.press("Space").await;
    let over = "return !document.querySelector('main progress') && document.querySelector('main a[href^=\"/runs/\"]')";
    seat.browser.wait_until(over, vec![]).await;
    seat.tab_to("main a[href^='/runs/']").await;
    seat.browser.press("Enter").await;
    seat.browser.wait_for_text("h1", "Resync").await;
    seat.reads("Succeeded").await;
    seat.reads("Anna Doe").await;
    seat.is_quiet().await;
}

#[tokio::test]
async fn a_hold_is_approved_by_keyboard_alone() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let hold = format!("/companies/{}/hold", stage.company_id);
    seat.tab_to(&format!("main .cause a.btn[href='{hold}']"))
        .await;
    seat.browser.press("Enter").await;
    seat.is_at(&hold).await;
    seat.tab_to("input[type=checkbox][aria-label*='Carl Doe']")
        .await;
    seat.browser.press("Space").await;
    seat.browser
        .wait_for_text("form[action$='/approve'] button:not([formaction])", "4")
        .await;
    seat.tab_to("#note").await;
    seat.keys("All left").await;
    seat.tab_to("form[action$='/approve'] button:not([formaction])")
        .await;
    seat.browser.press("Enter").await;
    seat.reads("approved").await;
    seat.is_quiet().await;
    one_job(&stage.app).await;
    for (name, active) in [("anna", false), ("carl", true), ("emil", false)] {
        assert_eq!(is_active(&stage, name), active, "{name}");
    }
}
