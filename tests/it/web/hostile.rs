//! Hostile and over-long text in every form of the portal: refused or shown harmlessly, never a fault.

use std::fmt::Write as _;

use rollcall::auth;
use rollcall::model::Role;
use rollcall::web::routes::{Entry, Gives, Verb, all};

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

/// Names of fields that forms of the portal have, and some that none has.
const FIELDS: &[&str] = &[
    "name",
    "role",
    "password",
    "again",
    "present",
    "licence",
    "kind",
    "act",
    "version",
    "agreed",
    "contact_type",
    "client_id",
    "way",
    "client_secret",
    "certificate",
    "certificate_password",
    "expires",
    "fields[url]",
    "fields[username]",
    "secrets[secret]",
    "note",
    "q",
    "site",
    "schedule",
    "timezone",
    "tenant_id",
    "cloud",
    "nobody_knows_this",
    "fields[nobody]",
];

/// What must never be part of an answer as it is.
const MARKUP: &str = "<script>alert('x')</script>";

fn texts() -> Vec<String> {
    vec![
        format!("{MARKUP}\"'><img src=x>"),
        "\u{202e}gnp.exe \u{1f600} '; DROP TABLE staff; --".to_owned(),
        "nothing\0after".to_owned(),
        "x".repeat(100_000),
    ]
}

/// The address of a route with ids that the stage has.
fn address(entry: &Entry, stage: &Stage, staff: i64) -> String {
    let mut address = String::new();
    for part in entry.path.split('/').skip(1) {
        address.push('/');
        let Some(at) = part.find('{') else {
            address.push_str(part);
            continue;
        };
        let id = match &part[at..] {
            id if id.starts_with("{company") => stage.company_id.to_string(),
            id if id.starts_with("{psa") => stage.psa_id.to_string(),
            id if id.starts_with("{staff") => staff.to_string(),
            id if id.contains("\\d") => "1".to_owned(),
            _ => "0193aaaa-0000-7000-8000-000000000000".to_owned(),
        };
        let end = part.rfind('}').map_or("", |end| &part[end + 1..]);
        write!(address, "{}{id}{end}", &part[..at]).unwrap();
    }
    address
}

/// Acts that would end the visitor's own session.
fn ends_the_session(entry: &Entry) -> bool {
    entry.path.starts_with("/sign-") || entry.path.contains("everywhere")
}

async fn pages_are_harmless(admin: &Visitor) {
    for entry in all() {
        let plain = !entry.path.contains('{') && entry.verb == Verb::Get;
        if !plain || entry.gives != Gives::Page {
            continue;
        }
        let page = admin.get(entry.path).await;
        assert!(page.status < 500, "{}: {}", entry.path, page.status);
        assert!(!page.text.contains(MARKUP), "{}", entry.path);
    }
}

#[tokio::test]
async fn no_form_fails_or_shows_markup_that_was_typed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let added = auth::add(&site.app, "Ann", "Robin", Role::Reader)
        .await
        .unwrap();
    let staff = added.unwrap().0.id;
    let forms = all().into_iter().filter(|entry| entry.verb == Verb::Post);
    let forms: Vec<_> = forms.filter(|entry| !ends_the_session(entry)).collect();
    for text in texts() {
        let token = admin.token().await;
        for entry in &forms {
            // Several forms of a certificate's size would only test the limit of a body.
            let each = if text.len() > 1_000 { 8 } else { FIELDS.len() };
            for some in FIELDS.chunks(each) {
                let mut form = vec![("csrf", token.as_str())];
                form.extend(some.iter().map(|name| (*name, text.as_str())));
                let path = address(entry, &stage, staff);
                let answer = admin.post_bare(&path, &form).await;
                let what = format!("{path} {text:.20}");
                assert!(
                    answer.status < 500,
                    "{what}: {}\n{}",
                    answer.status,
                    answer.text
                );
                assert!(!answer.text.contains(MARKUP), "{what}");
            }
        }
        pages_are_harmless(&admin).await;
    }
}

#[tokio::test]
async fn a_hostile_name_is_kept_as_text_and_shown_as_text() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let form = [("name", MARKUP), ("role", "reader")];
    let added = admin.post("/settings/staff", &form).await;
    assert_eq!(added.status, 200);
    assert!(!added.text.contains(MARKUP) && added.text.contains("&lt;script&gt;"));
    let licence = [("licence", MARKUP)];
    let answer = admin.post("/settings/licences/add", &licence).await;
    assert_eq!(answer.status, 303);
    let page = admin.get("/settings/licences").await;
    assert!(!page.text.contains(MARKUP) && page.text.contains("&lt;script&gt;"));
    pages_are_harmless(&admin).await;
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let form = [
        ("name", "Robin"),
        ("role", "reader"),
        ("id", "1"),
        ("enabled", "false"),
        ("x", "y"),
    ];
    assert_eq!(admin.post("/settings/staff", &form).await.status, 200);
    let staff = auth::list(&site.app).await.unwrap();
    assert!(
        staff
            .iter()
            .any(|person| person.name == "Robin" && person.enabled)
    );
}

#[tokio::test]
async fn a_form_that_is_too_long_gets_a_sentence() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let long = "x".repeat(1024 * 1024 + 1);
    let answer = admin.post("/settings/staff", &[("name", &long)]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("This form is too long."));
    assert_eq!(admin.get("/account").await.status, 200);
}
