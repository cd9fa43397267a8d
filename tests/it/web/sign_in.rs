//! Signing in through the pages: back to where one was, never to another host, and from whose address behind a proxy.

use std::ffi::OsString;
use std::time::Duration;

use rollcall::app::App;
use rollcall::config::Config;
use rollcall::model::Role;
use rollcall::sync::stop::stop;

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

const PASSWORD: &str = "correct horse battery";

async fn back(visitor: &Visitor) -> Option<String> {
    // The token of the sign-in page itself: another page would be where the visitor wants to be.
    let page = visitor.get("/sign-in").await.text;
    let mark = "name=\"csrf\" value=\"";
    let token = page[page.find(mark).unwrap() + mark.len()..]
        .split('"')
        .next()
        .unwrap();
    let form = [("csrf", token), ("name", "Reader"), ("password", PASSWORD)];
    visitor.post_bare("/sign-in", &form).await.location
}

#[tokio::test]
async fn who_signs_in_again_is_back_at_the_same_place_with_its_query() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    stage.clock.advance(Duration::from_hours(9));
    let answer = visitor.get("/account?tab=2&x=%C3%A9").await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert_eq!(
        back(&visitor).await.as_deref(),
        Some("/account?tab=2&x=%C3%A9")
    );
}

#[tokio::test]
async fn who_sends_a_form_too_late_is_back_at_the_page_of_the_form() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    stage.clock.advance(Duration::from_hours(9));
    let page: &'static str = format!("{}/account?tab=3", site.url).leak();
    let answer = visitor
        .post_as("/account/password", &[("present", "x")], ("referer", page))
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert_eq!(back(&visitor).await.as_deref(), Some("/account?tab=3"));
}

#[tokio::test]
async fn a_script_is_told_to_lead_to_the_sign_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    let answer = visitor
        .post_as("/account/password", &[], ("hx-request", "true"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["hx-redirect"], "/sign-in");
}

#[tokio::test]
async fn a_page_that_looks_again_by_itself_keeps_nobody_signed_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let at = format!("/companies/{}", stage.company_id);
    let looking = site.signed_in(Role::Reader).await;
    for part in [format!("{at}/live"), format!("{at}/preview/live")] {
        let working = site.visitor();
        let form = [("name", "Reader"), ("password", PASSWORD)];
        assert_eq!(working.post("/sign-in", &form).await.status, 303);
        assert_eq!(looking.get(&at).await.status, 200, "the page itself");
        for _ in 0..8 {
            stage.clock.advance(Duration::from_hours(1));
            assert_eq!(looking.get(&part).await.status, 200, "{part}");
            assert_eq!(working.get(&at).await.status, 200, "{part}");
        }
        stage.clock.advance(Duration::from_mins(1));
        let over = looking.get_as(&part, Some(("hx-request", "true"))).await;
        assert_eq!(over.headers["hx-redirect"], "/sign-in", "{part}");
        assert_eq!(working.get(&at).await.status, 200, "{part}");
        assert_eq!(looking.post("/sign-in", &form).await.status, 303);
    }
}

#[tokio::test]
async fn what_is_watched_and_gone_is_asked_for_once_more_only() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    for part in [
        "/companies/999999/live?watch=1",
        "/companies/999999/preview/live?watch=1&back=preview",
        "/runs/0193aaaa-0000-7000-8000-000000000000/progress",
    ] {
        let last = visitor.get_as(part, Some(("hx-request", "true"))).await;
        assert_eq!(last.status, 286, "{part}");
        assert!(last.text.contains("is not there any more"), "{}", last.text);
        assert!(!last.text.contains("<html"), "{part}");
        assert_eq!(visitor.get(part).await.status, 404, "{part} as a page");
    }
}

#[tokio::test]
async fn no_sign_in_leads_to_another_host() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    drop(site.signed_in(Role::Reader).await);
    for page in [
        "https://evil.example//evil.example/x",
        "https://evil.example/account",
        "https://evil.example/\\evil.example",
        "javascript:alert(1)",
    ] {
        let visitor = site.visitor();
        visitor
            .post_as("/account/password", &[], ("referer", page))
            .await;
        let to = back(&visitor).await.unwrap();
        let host = url::Url::parse("http://portal.example").unwrap().join(&to);
        assert_eq!(host.unwrap().host_str(), Some("portal.example"), "{to}");
    }
    let visitor = site.visitor();
    visitor.get("//evil.example/account").await;
    assert_eq!(back(&visitor).await.as_deref(), Some("/"));
    let visitor = site.visitor();
    visitor.get("/sign-in?next=https://evil.example/").await;
    assert_eq!(back(&visitor).await.as_deref(), Some("/"));
}

#[tokio::test]
async fn too_many_tries_are_told_until_when_to_wait() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    let form = [("name", "Nobody"), ("password", "wrong")];
    for _ in 0..5 {
        let answer = visitor.post("/sign-in", &form).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("value=\"Nobody\"") && !answer.text.contains("wrong\""));
    }
    let answer = visitor.post("/sign-in", &form).await;
    assert_eq!(answer.status, 429);
    assert!(
        answer
            .text
            .contains("Too many tries. Try again in 60 seconds."),
        "{}",
        answer.text
    );
}

/// Wrong passwords for thirty names use up what an address may fail.
async fn use_up(visitor: &Visitor, forwarded: &'static str) -> u16 {
    let token = visitor.token().await;
    let mut last = 0;
    for number in 0..31 {
        let name = format!("Nobody {number}");
        let form = [("csrf", token.as_str()), ("name", &name), ("password", "x")];
        let header = ("x-forwarded-for", forwarded);
        last = visitor.post_as("/sign-in", &form, header).await.status;
    }
    last
}

async fn one_try(visitor: &Visitor, forwarded: &'static str) -> u16 {
    let token = visitor.token().await;
    let form = [
        ("csrf", token.as_str()),
        ("name", "Somebody"),
        ("password", "x"),
    ];
    let header = ("x-forwarded-for", forwarded);
    visitor.post_as("/sign-in", &form, header).await.status
}

#[tokio::test]
async fn behind_a_proxy_the_last_forwarded_address_counts() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let mut environment = stage.environment();
    environment.push(("ROLLCALL_PUBLIC_URL", "http://localhost:8080".into()));
    let config = Config::from_env(|name| {
        let mut found = environment.iter().filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| OsString::from(value))
    });
    let (_stopper, asked) = stop();
    let opened = App::open(config.unwrap(), stage.clock.clone(), asked).await;
    let site = Site::start(&opened.unwrap());
    let visitor = site.visitor();
    assert_eq!(use_up(&visitor, "198.51.100.9, 203.0.113.7").await, 429);
    assert_eq!(
        one_try(&visitor, "192.0.2.1, 203.0.113.7").await,
        429,
        "the same address"
    );
    assert_eq!(
        one_try(&visitor, "203.0.113.7, 192.0.2.1").await,
        422,
        "another address"
    );
}

#[tokio::test]
async fn without_a_public_address_a_forwarded_address_is_not_believed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    assert_eq!(use_up(&visitor, "203.0.113.7").await, 429);
    assert_eq!(one_try(&visitor, "192.0.2.1").await, 429, "the same peer");
}

#[tokio::test]
async fn a_sign_in_page_that_was_open_for_too_long_is_there_anew_with_the_name() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    site.signed_in(Role::Reader).await;
    let visitor = site.visitor();
    let token = visitor.token().await;
    stage.clock.advance(Duration::from_mins(31));
    let form = [
        ("csrf", &*token),
        ("name", "Reader"),
        ("password", PASSWORD),
    ];
    let answer = visitor.post_bare("/sign-in", &form).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("open for too long"), "{}", answer.text);
    assert!(answer.text.contains("value=\"Reader\""), "{}", answer.text);
    assert!(
        !answer.text.contains(PASSWORD),
        "a password does not come back"
    );
    let home = visitor.get("/").await;
    assert_eq!(home.location.as_deref(), Some("/sign-in"), "nobody is in");
    // The page that was answered signs in.
    let mark = "name=\"csrf\" value=\"";
    let token = answer.text.split(mark).nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let form = [("csrf", token), ("name", "Reader"), ("password", PASSWORD)];
    let answer = visitor.post_bare("/sign-in", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
    // Who has signed in meanwhile is led to where they are.
    let answer = visitor.post_bare("/sign-in", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
}

#[tokio::test]
async fn a_sign_in_form_of_another_site_is_refused_still() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    site.signed_in(Role::Reader).await;
    let visitor = site.visitor();
    let form = [("name", "Reader"), ("password", PASSWORD)];
    let from = ("origin", "https://elsewhere.example");
    let answer = visitor.post_as("/sign-in", &form, from).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}
