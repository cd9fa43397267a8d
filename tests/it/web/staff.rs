//! Staff pages: adding, roles, links that are shown once, and what the last administrator keeps.

use rollcall::auth;
use rollcall::db::events;
use rollcall::model::{Role, Staff};
use secrecy::SecretString;

use super::visitor::Site;
use crate::stage::{Stage, Store, Vendor};

async fn person(site: &Site, name: &str) -> Staff {
    let staff = auth::list(&site.app).await.unwrap();
    staff
        .into_iter()
        .find(|person| person.name == name)
        .unwrap()
}

/// The address that stands as the link of the page.
fn link(text: &str) -> String {
    let at = text.find("<code id=\"link\">").expect("a link") + "<code id=\"link\">".len();
    text[at..].split('<').next().unwrap().replace("&#x2F;", "/")
}

#[tokio::test]
async fn a_new_person_gets_a_link_that_is_shown_once_and_opens_once() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let added = admin
        .post(
            "/settings/staff",
            &[("name", "Robin"), ("role", "technician")],
        )
        .await;
    assert_eq!(added.status, 200, "{}", added.text);
    let link = link(&added.text);
    let path = &link[link.find("/welcome/").unwrap()..];
    let used_up = admin.get("/welcome/used-up-long-since").await;
    assert_eq!(used_up.location.as_deref(), Some("/"), "signed in already");
    let again = admin.get("/settings/staff").await;
    assert!(!again.text.contains("/welcome/"), "shown once");
    assert!(again.text.contains("Has to choose a password"));

    let robin = site.visitor();
    assert!(robin.get(path).await.text.contains("Welcome, Robin"));
    let password = "a long enough password";
    let chosen = robin
        .post(path, &[("password", password), ("again", password)])
        .await;
    assert_eq!(chosen.status, 303, "{}", chosen.text);
    assert_eq!(robin.get("/account").await.status, 200);
    assert_eq!(site.visitor().get(path).await.status, 410, "used up");
    assert_eq!(person(&site, "Robin").await.role, Role::Technician);
}

#[tokio::test]
async fn disabling_somebody_says_first_what_it_does() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get("/settings/staff").await.text;
    let at = page.find("<summary>Disable").expect("it opens first");
    assert!(page[at..].contains("cannot sign in until an administrator"));
    assert!(page.find("/disable\"").unwrap() > at);
}

#[tokio::test]
async fn a_mistake_stands_beside_its_field_and_keeps_what_was_typed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let taken = admin
        .post(
            "/settings/staff",
            &[("name", "ADMINISTRATOR"), ("role", "reader")],
        )
        .await;
    assert_eq!(taken.status, 422);
    assert!(
        taken.text.contains("has this name already"),
        "{}",
        taken.text
    );
    assert!(taken.text.contains("ADMINISTRATOR"));
    for (name, role) in [("", "reader"), ("Robin", "king"), ("Robin", "")] {
        let answer = admin
            .post("/settings/staff", &[("name", name), ("role", role)])
            .await;
        assert_eq!(answer.status, 422, "{name} {role}");
    }
    assert_eq!(auth::list(&site.app).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_lower_role_holds_at_once_for_who_is_signed_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let technician = site.signed_in(Role::Technician).await;
    let token = technician.token().await;
    let id = person(&site, "Technician").await.id;
    let changed = admin
        .post(&format!("/settings/staff/{id}/role"), &[("role", "reader")])
        .await;
    assert_eq!(changed.status, 303);
    let after = admin.get("/settings/staff").await;
    assert!(after.text.contains("The role of Technician is Reader now."));
    // The old session is over; nothing can be sent with it.
    let answer = technician
        .post_bare("/account/password", &[("csrf", &token)])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let back = technician
        .post(
            "/sign-in",
            &[
                ("name", "Technician"),
                ("password", "correct horse battery"),
            ],
        )
        .await;
    assert_eq!(back.status, 303);
    assert_eq!(technician.get("/settings/staff").await.status, 403);
    assert!(technician.get("/account").await.text.contains("Reader"));
}

#[tokio::test]
async fn the_last_administrator_stays_one_who_can_sign_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let id = person(&site, "Administrator").await.id;
    for (act, fields) in [
        ("role", &[("role", "reader")][..]),
        ("disable", &[]),
        ("link", &[]),
    ] {
        let answer = admin
            .post(&format!("/settings/staff/{id}/{act}"), fields)
            .await;
        assert_eq!(answer.status, 303, "{act}");
        let page = admin.get("/settings/staff").await;
        assert!(
            page.text.contains("This is the last administrator"),
            "{act}"
        );
    }
    let person = person(&site, "Administrator").await;
    assert!(person.enabled && person.has_password && person.role == Role::Administrator);
}

#[tokio::test]
async fn somebody_is_signed_out_disabled_enabled_and_given_a_new_link() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let reader = site.signed_in(Role::Reader).await;
    let id = person(&site, "Reader").await.id;
    let act = async |what: &str| {
        admin
            .post(&format!("/settings/staff/{id}/{what}"), &[])
            .await
    };
    let sign_in = [("name", "Reader"), ("password", "correct horse battery")];

    act("sign-out").await;
    assert_eq!(
        reader.get("/account").await.location.as_deref(),
        Some("/sign-in")
    );
    assert_eq!(reader.post("/sign-in", &sign_in).await.status, 303);

    act("disable").await;
    assert_eq!(
        reader.get("/account").await.location.as_deref(),
        Some("/sign-in")
    );
    assert_eq!(reader.post("/sign-in", &sign_in).await.status, 422);
    assert!(admin.get("/settings/staff").await.text.contains("Disabled"));
    assert_eq!(
        act("link").await.status,
        303,
        "a disabled account gets no link"
    );
    act("enable").await;
    assert_eq!(reader.post("/sign-in", &sign_in).await.status, 303);

    let reset = act("link").await;
    assert_eq!(reset.status, 200);
    assert!(link(&reset.text).contains("/welcome/"));
    assert_eq!(
        reader.get("/account").await.location.as_deref(),
        Some("/sign-in")
    );
    for what in ["role", "enable", "disable", "sign-out", "link"] {
        let answer = admin
            .post(
                &format!("/settings/staff/99999/{what}"),
                &[("role", "reader")],
            )
            .await;
        assert_eq!(answer.status, 404, "{what}");
    }
}

#[tokio::test]
async fn what_is_done_to_the_staff_stands_in_the_history() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let robin = [("name", "Robin"), ("role", "technician")];
    admin.post("/settings/staff", &robin).await;
    let base = format!("/settings/staff/{}", person(&site, "Robin").await.id);
    admin
        .post(&format!("{base}/role"), &[("role", "reader")])
        .await;
    for act in ["link", "disable", "enable", "sign-out"] {
        admin.post(&format!("{base}/{act}"), &[]).await;
    }
    let all = stage
        .read(|conn| events::of_installation(conn, "staff_", 20))
        .await;
    // The first two are the administrator's own arrival.
    let of_robin: Vec<_> = all.iter().rev().skip(2).collect();
    let kinds: Vec<&str> = of_robin.iter().map(|event| event.kind.as_str()).collect();
    let wanted = [
        "staff_added",
        "staff_role",
        "staff_link",
        "staff_disabled",
        "staff_enabled",
        "staff_signed_out",
    ];
    assert_eq!(kinds, wanted);
    for event in of_robin {
        assert_eq!(event.staff, "Administrator");
        assert!(event.detail.contains("Robin") && !event.detail.contains("/welcome"));
    }
}

#[tokio::test]
async fn who_becomes_an_administrator_by_a_link_of_the_command_line_stands_in_the_history() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let token = auth::make_link(&stage.app, None).await.unwrap();
    let password = SecretString::from("correct horse battery staple");
    let used = auth::use_link(&stage.app, &token, "Robin", &password).await;
    used.unwrap().unwrap();
    let all = stage
        .read(|conn| events::of_installation(conn, "staff_", 20))
        .await;
    let [event] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(
        (event.staff.as_str(), event.kind.as_str()),
        ("Robin", "staff_password")
    );
    assert!(event.detail.starts_with("Robin became an administrator"));
}

#[tokio::test]
async fn what_a_technician_may_do_names_tenants_and_undoing() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get("/settings/staff").await.text;
    assert!(
        page.contains("connects their tenants") && page.contains("starts and undoes runs"),
        "{page}"
    );
}
