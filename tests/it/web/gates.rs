//! Who may see and do what, over the router's own list of routes.

use std::fmt::Write as _;

use rollcall::model::Role;
use rollcall::web::routes::{Entry, Needs, Verb, all};

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

/// A route's address with ids that nothing has.
fn address(entry: &Entry) -> String {
    let mut address = String::new();
    for part in entry.path.split('/').skip(1) {
        address.push('/');
        match part.find('{') {
            Some(at) => {
                let id = if part.contains("\\d") {
                    "999999"
                } else {
                    "0193aaaa-0000-7000-8000-000000000000"
                };
                let end = part.rfind('}').map_or("", |end| &part[end + 1..]);
                write!(address, "{}{id}{end}", &part[..at]).unwrap();
            }
            None => address.push_str(part),
        }
    }
    address
}

async fn ask(visitor: &Visitor, entry: &Entry, token: &str) -> super::visitor::Answer {
    match entry.verb {
        Verb::Get => visitor.get(&address(entry)).await,
        Verb::Post => visitor.post_bare(&address(entry), &[("csrf", token)]).await,
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_by_every_route_that_needs_a_role() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    let token = visitor.token().await;
    for entry in all() {
        let answer = ask(&visitor, entry, &token).await;
        if matches!(entry.needs, Needs::Nobody | Needs::Program) {
            assert_ne!(answer.status, 500, "{}", entry.path);
        } else {
            assert_eq!(
                answer.location.as_deref(),
                Some("/sign-in"),
                "{:?} {}",
                entry.verb,
                entry.path
            );
        }
    }
}

#[tokio::test]
async fn every_route_refuses_a_lower_role_and_knows_no_unknown_id() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    for role in Role::ALL {
        let visitor = site.signed_in(role).await;
        for entry in all() {
            let Needs::Role(needed) = entry.needs else {
                continue;
            };
            if entry.path == "/sign-out" || entry.path.contains("everywhere") {
                continue;
            }
            let token = visitor.token().await;
            let answer = ask(&visitor, entry, &token).await;
            let what = format!(
                "{:?} {} as {}: {}",
                entry.verb,
                entry.path,
                role.label(),
                answer.status
            );
            if role < needed {
                assert_eq!(answer.status, 403, "{what}");
                assert!(
                    answer.text.contains("Your role does not allow this"),
                    "{what}"
                );
            } else {
                assert!(answer.status < 500, "{what}\n{}", answer.text);
                assert_ne!(answer.status, 403, "{what}");
                if entry.path.contains("{company") {
                    assert_eq!(answer.status, 404, "{what}");
                }
            }
        }
    }
}

/// The routes of forms whose role is such, as they are written.
fn forms(is: impl Fn(Needs) -> bool) -> Vec<&'static str> {
    let all = all().into_iter();
    all.filter(|entry| entry.verb == Verb::Post && is(entry.needs))
        .map(|entry| entry.path)
        .collect()
}

#[test]
fn a_reader_changes_nothing_but_what_is_their_own() {
    assert_eq!(
        forms(|needs| needs == Needs::Role(Role::Reader)),
        [
            "/account/password",
            "/account/sign-out-everywhere",
            "/search",
            "/sign-out"
        ]
    );
    assert_eq!(
        forms(|needs| needs == Needs::Nobody),
        ["/sign-in", "/welcome/{token}"]
    );
    assert_eq!(forms(|needs| needs == Needs::Program), Vec::<&str>::new());
}

#[test]
fn settings_are_changed_by_administrators_alone() {
    let others = forms(|needs| needs != Needs::Role(Role::Administrator));
    let of_settings = others.iter().filter(|path| path.starts_with("/settings"));
    assert_eq!(
        of_settings.collect::<Vec<_>>(),
        [&"/settings/jobs/{job:\\d+}/cancel"]
    );
    let every = all().into_iter();
    let open: Vec<&str> = every
        .filter(|entry| entry.path.starts_with("/settings"))
        .filter(|entry| !matches!(entry.needs, Needs::Role(role) if role >= Role::Technician))
        .map(|entry| entry.path)
        .collect();
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_company_is_changed_by_technicians_and_removed_by_administrators() {
    let technician = |needs| needs == Needs::Role(Role::Technician);
    let strange: Vec<&str> = forms(technician)
        .into_iter()
        .filter(|path| !path.starts_with("/companies/"))
        .collect();
    assert_eq!(
        strange,
        [
            "/psa-companies",
            "/runs/{run}/undo",
            "/settings/jobs/{job:\\d+}/cancel"
        ]
    );
    let other: Vec<&str> = forms(|needs| !technician(needs))
        .into_iter()
        .filter(|path| path.contains("compan") || path.starts_with("/runs"))
        .collect();
    assert_eq!(other, ["/companies/{company:\\d+}/remove"]);
    let remove = forms(|needs| needs == Needs::Role(Role::Administrator));
    assert!(remove.contains(&"/companies/{company:\\d+}/remove"));
}

#[tokio::test]
async fn no_form_is_taken_without_its_token_or_from_another_site() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Administrator).await;
    // The sign-in answers itself, and signs nobody in: `sign_in.rs` has its tests.
    let forms = all().into_iter().filter(|entry| entry.verb == Verb::Post);
    for entry in forms.filter(|entry| entry.path != "/sign-in") {
        for token in ["", "forged"] {
            let answer = ask(&visitor, entry, token).await;
            assert_eq!(answer.status, 400, "{}", entry.path);
            assert!(
                answer
                    .text
                    .contains("was not sent from a page of this portal"),
                "{}",
                entry.path
            );
        }
    }
    let token = visitor.token().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = visitor
            .post_as("/sign-out", &[("csrf", &token)], (name, value))
            .await;
        assert_eq!(answer.status, 400, "{name}");
    }
    assert_eq!(visitor.get("/account").await.status, 200, "still signed in");
}

#[tokio::test]
async fn a_page_is_there_for_who_asks_only_for_its_head() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let answer = site.visitor().head("/sign-in").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(site.visitor().head("/").await.status, 303);
}

#[tokio::test]
async fn every_answer_forbids_foreign_and_inline_scripts() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    for path in [
        "/",
        "/sign-in",
        "/nothing",
        "/assets/rollcall.css",
        "/settings",
    ] {
        let answer = visitor.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_address_without_a_route_keeps_the_navigation_of_who_is_signed_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let lost = site
        .signed_in(Role::Reader)
        .await
        .get("/no/such/page")
        .await;
    assert_eq!(lost.status, 404);
    assert!(lost.text.contains("aria-label=\"Main\""), "{}", lost.text);
    let stranger = site.visitor().get("/no/such/page").await;
    assert_eq!(stranger.status, 404);
    assert!(
        !stranger.text.contains("aria-label=\"Main\""),
        "{}",
        stranger.text
    );
    assert!(
        !stranger.headers.contains_key("set-cookie"),
        "a passer-by leaves nothing"
    );
}
