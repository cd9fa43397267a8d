//! One's own account: the password, and where one is signed in.

use rollcall::model::Role;

use super::visitor::Site;
use crate::stage::{Stage, Store, Vendor};

const OLD: &str = "correct horse battery";
const NEW: &str = "another long password";

#[tokio::test]
async fn a_new_password_keeps_this_session_and_ends_the_others() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let here = site.signed_in(Role::Reader).await;
    let there = site.visitor();
    there
        .post("/sign-in", &[("name", "Reader"), ("password", OLD)])
        .await;
    let page = here.get("/account").await;
    assert!(page.text.contains("This browser") && page.text.contains("Another browser"));
    let form = [("present", OLD), ("password", NEW), ("again", NEW)];
    let changed = here.post("/account/password", &form).await;
    assert_eq!(changed.location.as_deref(), Some("/account"));
    let page = here.get("/account").await;
    assert!(page.text.contains("Your password is changed."));
    assert!(!page.text.contains("Another browser"));
    assert_eq!(
        there.get("/account").await.location.as_deref(),
        Some("/sign-in")
    );
    let old = there
        .post("/sign-in", &[("name", "Reader"), ("password", OLD)])
        .await;
    assert_eq!(old.status, 422);
    let new = there
        .post("/sign-in", &[("name", "Reader"), ("password", NEW)])
        .await;
    assert_eq!(new.status, 303);
}

#[tokio::test]
async fn mistakes_of_a_new_password_stand_beside_their_fields() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let here = site.signed_in(Role::Reader).await;
    for (form, field, said) in [
        (
            [OLD, NEW, "other"],
            "again",
            "This is not the same password",
        ),
        ([OLD, "short", "short"], "password", "12"),
        ([OLD, OLD, OLD], "password", "This is your present password"),
        (
            ["wrong", NEW, NEW],
            "present",
            "This is not your present password.",
        ),
    ] {
        let [present, password, again] = form;
        let form = [
            ("present", present),
            ("password", password),
            ("again", again),
        ];
        let answer = here.post("/account/password", &form).await;
        assert_eq!(answer.status, 422, "{field}");
        let mark = format!("id=\"{field}-mistake\"");
        let at = answer.text.find(&mark).unwrap_or_else(|| panic!("{field}"));
        let sentence = answer.text[at..].split("</p>").next().unwrap();
        assert!(sentence.contains(said), "{sentence}");
        assert!(!answer.text.contains(NEW), "a password is not sent back");
    }
}

#[tokio::test]
async fn an_administrator_is_not_told_to_ask_one() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    for (role, told) in [(Role::Administrator, false), (Role::Technician, true)] {
        let page = site.signed_in(role).await.get("/account").await.text;
        assert_eq!(page.contains("Only an administrator can change it"), told);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let here = site.signed_in(Role::Reader).await;
    let there = site.visitor();
    there
        .post("/sign-in", &[("name", "Reader"), ("password", OLD)])
        .await;
    let answer = here.post("/account/sign-out-everywhere", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    for visitor in [here, there] {
        let answer = visitor.get("/account").await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    }
}
