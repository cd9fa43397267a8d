//! Coming in and staying in: the first link, passwords, sessions that end, and what each role sees.

use std::time::Duration;

use rollcall::auth;
use rollcall::model::Role;
use serde_json::json;

use super::seat::{PASSWORD, Seat};
use super::{Browser, Width};
use crate::web::holds::held;
use crate::web::people::stage;
use crate::web::visitor::Site;

const SIGN_OUT: &str = "form[action='/sign-out'] button";

#[tokio::test]
async fn the_first_link_makes_an_administrator_who_signs_out_and_in_again() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let token = auth::first_link(&stage.app).await.unwrap().unwrap();
    let seat = Seat::outside(&site.url, Width::Desktop).await;
    seat.go(&format!("/welcome/{token}")).await;
    seat.browser.type_into("#name", "Robin").await;
    seat.browser.type_into("#password", PASSWORD).await;
    seat.browser.type_into("#again", PASSWORD).await;
    seat.picture("welcome").await;
    seat.follow("main form button[type=submit]", "/").await;
    seat.browser.wait_for("header a[href='/settings']").await;
    seat.follow(SIGN_OUT, "/sign-in").await;
    seat.go("/runs").await;
    seat.is_at("/sign-in").await;

    seat.sign_in("Robin", "wrong horse battery").await;
    seat.browser
        .wait_for_text("main .notice.bad", auth::WRONG)
        .await;
    seat.is_quiet_but_for("422").await;
    assert_eq!(seat.value("#name").await, "Robin");
    assert_eq!(seat.value("#password").await, "");
    seat.sign_in("Robin", PASSWORD).await;
    seat.is_at("/runs").await;
    // The link is used up, for everybody.
    let other = Browser::open(Width::Phone).await;
    other.goto(&format!("{}/welcome/{token}", site.url)).await;
    other.wait_for_text("h1", "used up").await;
}

#[tokio::test]
async fn an_expired_session_signs_in_and_is_back_at_the_same_place() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let company = format!("/companies/{}", stage.company_id);
    seat.go(&company).await;
    // Nobody touches it for a working day.
    stage.clock.advance(Duration::from_hours(9));
    let connection = format!("{company}/connection");
    seat.follow("nav.tabs a[href$='/connection']", "/sign-in")
        .await;
    seat.sign_in("Technician", PASSWORD).await;
    seat.is_at(&connection).await;
    // However busy, a session ends after a week.
    for _ in 0..25 {
        stage.clock.advance(Duration::from_hours(7));
        seat.go(&connection).await;
        if seat.browser.path().await == "/sign-in" {
            break;
        }
    }
    assert_eq!(seat.browser.path().await, "/sign-in");
    seat.sign_in("Technician", PASSWORD).await;
    seat.is_at(&connection).await;
}

/// Buttons of the page's content that would write, by their text.
async fn writing(seat: &Seat) -> serde_json::Value {
    let script = "const all = [...document.querySelectorAll('main form[method=post]:not([action$=search]) button, main [hx-post], main [data-order]')]; \
         return all.filter((one) => !one.closest('fieldset:disabled')).map((one) => one.innerText)";
    seat.browser.run(script, vec![]).await
}

#[tokio::test]
async fn a_reader_sees_everything_and_nothing_that_writes() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Reader).await;
    let run = stage.runs().await.pop().unwrap().id;
    let company = format!("/companies/{}", stage.company_id);
    let mut pages: Vec<String> = ["/", "/runs", "/holds", "/conflicts"]
        .map(Into::into)
        .into();
    let tabs = [
        "",
        "/contact-sync",
        "/filters",
        "/people",
        "/preview",
        "/runs",
        "/connection",
        "/hold",
        "/conflicts",
    ];
    pages.extend(tabs.map(|tab| format!("{company}{tab}")));
    pages.push(format!("/runs/{run}"));
    for page in &pages {
        seat.go(page).await;
        assert_eq!(&seat.browser.path().await, page);
        assert_eq!(writing(&seat).await, json!([]), "{page}");
        assert_eq!(seat.browser.count("a[href='/settings']").await, 0, "{page}");
        // Nothing leads to where a reader is turned away.
        let links = "return [...document.querySelectorAll('main a[href^=\"/\"], nav a')].map((one) => one.getAttribute('href')) \
             .filter((to) => /\\/(new|remove|disconnect|turn-on|app|secret|psa)$/.test(to))";
        assert_eq!(seat.browser.run(links, vec![]).await, json!([]), "{page}");
    }
    for page in ["/companies/new", "/settings"] {
        seat.browser.goto(&format!("{}{page}", site.url)).await;
        seat.is_quiet_but_for("403").await;
        let text = seat.text().await;
        assert!(text.contains("role"), "{page}: {text}");
    }
}

#[tokio::test]
async fn a_technician_does_the_work_and_sees_no_settings() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    assert_eq!(seat.browser.count("a[href^='/settings']").await, 0);
    seat.browser.wait_for("main a[href='/companies/new']").await;
    let company = format!("/companies/{}", stage.company_id);
    for page in [
        "",
        "/contact-sync",
        "/filters",
        "/preview",
        "/connection",
        "/hold",
    ] {
        seat.go(&format!("{company}{page}")).await;
        assert_ne!(writing(&seat).await, json!([]), "{page}");
        assert_eq!(
            seat.browser.count("a[href^='/settings']").await,
            0,
            "{page}"
        );
        assert_eq!(seat.browser.count("a[href$='/remove']").await, 0, "{page}");
    }
    for page in [
        "/settings",
        "/settings/psa",
        "/settings/staff",
        "/settings/microsoft",
    ] {
        seat.browser.goto(&format!("{}{page}", site.url)).await;
        seat.is_quiet_but_for("403").await;
        assert_eq!(writing(&seat).await, json!([]), "{page}");
    }
}
