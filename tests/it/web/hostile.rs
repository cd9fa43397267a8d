//! Hostile and over-long text in every form of the portal: refused or shown harmlessly, never a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rollcall::auth;
use rollcall::model::Role;
use rollcall::web::routes::{Entry, Gives, Verb, all};

use super::forms::{self, Kind, Sheet};
use super::visitor::{Answer, Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

/// What must never be part of an answer as it is.
const MARKUP: &str = "<script>alert('x')</script>";

/// Fields that a form of the portal is known to have: not found, the pages or their reading have changed.
const KNOWN: &[&str] = &[
    "confirm",
    "default_site",
    "expires",
    "from",
    "guard_floor",
    "guard_percent",
    "host",
    "kinds[]",
    "name",
    "password",
    "port",
    "psa_company_id",
    "recipients",
    "role",
    "search",
    "security",
    "test_to",
    "timezone",
    "to",
    "user",
    "webhook_key",
    "webhook_url",
];

fn texts() -> Vec<String> {
    vec![
        format!("{MARKUP}\"'><img src=x>"),
        "\u{202e}gnp.exe \u{1f600} '; DROP TABLE staff; --".to_owned(),
        "nothing\0after".to_owned(),
        "two\nlines\r\nand more".to_owned(),
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

/// Addresses of pages, found by following links from that of a company and those without an id; a few of each kind.
async fn pages(visitor: &Visitor, company: i64) -> Vec<String> {
    let plain = all().into_iter().filter(|entry| {
        entry.verb == Verb::Get && entry.gives == Gives::Page && !entry.path.contains('{')
    });
    let mut found = vec![format!("/companies/{company}")];
    found.extend(plain.map(|entry| entry.path.to_owned()));
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut at = 0;
    while let Some(path) = found.get(at) {
        let page = visitor.get(path).await.text;
        at += 1;
        for link in page.split("href=\"/").skip(1) {
            let link = link.split(['"', '#']).next().unwrap_or_default();
            let link = format!("/{}", link.replace("&#x2F;", "/").replace("&amp;", "&"));
            let kind = link.split('?').next().unwrap_or_default();
            let kind: Vec<&str> = kind
                .split('/')
                .map(|part| {
                    if part.contains(|c: char| c.is_ascii_digit()) {
                        "*"
                    } else {
                        part
                    }
                })
                .collect();
            let kind = kind.join("/");
            let is_page = !kind.contains("assets") && !kind.contains(".csv");
            if is_page && !found.contains(&link) {
                let seen = kinds.entry(kind).or_default();
                *seen += 1;
                if *seen <= 2 {
                    found.push(link);
                }
            }
        }
    }
    found
}

async fn are_harmless(visitor: &Visitor, pages: &[String]) {
    for path in pages {
        let page = visitor.get(path).await;
        assert!(page.status < 500, "{path}: {}", page.status);
        is_harmless(path, &page);
    }
}

fn is_harmless(what: &str, answer: &Answer) {
    for markup in [MARKUP, "<img src=x"] {
        assert!(!answer.text.contains(markup), "{what}:\n{}", answer.text);
    }
    let status = answer.status;
    assert!(status < 500, "{what}: {status}\n{}", answer.text);
}

/// Its address may hold a key, so that no page shows it.
const NEVER_SHOWN: &str = "webhook_url";

/// A form that is shown again has what was typed.
fn is_kept(what: &str, (sheet, at): (&Sheet, usize), text: &str, answer: &Answer) {
    let field = &sheet.fields[at];
    if answer.status != 422 || field.kind != Kind::Text || field.name == NEVER_SHOWN {
        return;
    }
    let again = forms::of(&sheet.action, &answer.text);
    let again = again.iter().find(|one| one.action == sheet.action);
    let again = again.and_then(|one| one.field(&field.name));
    if let Some(again) = again.filter(|again| again.kind == Kind::Text) {
        let same = |text: &str| text.replace('\r', "").trim().to_owned();
        assert_eq!(same(&again.value), same(text), "{what} is not kept");
    }
}

/// Fills every form of a page: each field alone, then all texts together. Adds the names of the fields.
async fn fill(visitor: &Visitor, path: &str, text: &str, done: &mut BTreeSet<String>) {
    let read = async || forms::of(path, &visitor.get(path).await.text);
    let mut sheets = read().await;
    for number in 0..sheets.len() {
        let Some(sheet) = sheets.get(number).cloned() else {
            return;
        };
        if !done.insert(format!("{} {:?}", sheet.action, sheet.names())) {
            continue;
        }
        let fields = sheet.fields.iter().enumerate();
        let each = fields.clone().filter(|(_, field)| {
            done.insert(format!("name {}", field.name));
            !["csrf", "version"].contains(&&*field.name)
        });
        let mut ways: Vec<Vec<usize>> = each.map(|(at, _)| vec![at]).collect();
        let texts = fields.filter(|(_, field)| field.kind == Kind::Text);
        ways.push(texts.map(|(at, _)| at).collect());
        if ways.iter().all(Vec::is_empty) {
            continue;
        }
        // What is called by this text by now would really be removed by it.
        let other = format!("{text}, or not");
        let text = if sheet.action.ends_with("/remove") {
            &other
        } else {
            text
        };
        for way in ways {
            let now = sheets
                .get(number)
                .filter(|one| one.names() == sheet.names());
            let Some(now) = now.cloned() else { break };
            let names: Vec<&str> = way.iter().map(|&at| &*now.fields[at].name).collect();
            let what = format!("{} {names:?} {text:.20}", now.action);
            let answer = visitor
                .post_bare(&now.action, &now.filled(&way, text))
                .await;
            is_harmless(&what, &answer);
            if let [at] = way[..] {
                is_kept(&what, (&now, at), text, &answer);
            }
            if answer.status < 400 {
                sheets = read().await;
            }
        }
    }
}

#[tokio::test]
async fn no_field_of_any_form_fails_or_shows_markup_that_was_typed() {
    let stage = super::filters::stage().await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    auth::add(&site.app, "Ann", "Robin", Role::Reader)
        .await
        .unwrap()
        .unwrap();
    let mail = [
        ("host", "localhost"),
        ("from", "a@b.example"),
        ("security", "none"),
    ];
    admin.post("/settings/notices/mail", &mail).await;
    for id in 300..310 {
        stage.psa.add_company(id, &format!("{MARKUP} {id}"));
    }
    let outside = site.visitor();
    for text in texts() {
        let pages = pages(&admin, stage.company_id).await;
        let mut done = BTreeSet::new();
        for path in &pages {
            fill(&admin, path, &text, &mut done).await;
        }
        fill(&outside, "/sign-in", &text, &mut done).await;
        are_harmless(&admin, &pages).await;
        let missing: Vec<&&str> = KNOWN
            .iter()
            .filter(|name| !done.contains(&format!("name {name}")))
            .collect();
        assert!(missing.is_empty(), "{missing:?} of {done:?}");
    }
}

/// What no page asks for, sent by hand to every route.
#[tokio::test]
async fn no_route_fails_by_what_no_page_would_send_it() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let added = auth::add(&site.app, "Ann", "Robin", Role::Reader)
        .await
        .unwrap();
    let staff = added.unwrap().0.id;
    let routes = all().into_iter().filter(|entry| entry.verb == Verb::Post);
    let routes: Vec<_> = routes.filter(|entry| !ends_the_session(entry)).collect();
    let strange = [
        "agreed",
        "nobody_knows_this",
        "fields[nobody]",
        "filter[][",
        "digest",
        "token",
        "people[]",
        "order[]",
    ];
    for text in texts() {
        let token = admin.token().await;
        for entry in &routes {
            let mut form = vec![("csrf", token.as_str())];
            form.extend(KNOWN.iter().chain(&strange).map(|name| {
                let short = text.len() < 1_000 || strange.contains(name);
                (*name, if short { text.as_str() } else { "x" })
            }));
            let path = address(entry, &stage, staff);
            let answer = admin.post_bare(&path, &form).await;
            is_harmless(&format!("{path} {text:.20}"), &answer);
        }
    }
    are_harmless(&admin, &["/".to_owned(), "/settings/staff".to_owned()]).await;
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
    are_harmless(&admin, &pages(&admin, stage.company_id).await).await;
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
