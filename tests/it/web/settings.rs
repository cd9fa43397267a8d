//! The settings: their cards, licences that do not count, the Microsoft app, the installation.

use rollcall::app::OF_COMPANY;
use rollcall::connections::{microsoft_app, microsoft_app_version};
use rollcall::db::{secrets, settings};
use rollcall::directory::Credential;
use rollcall::model::Role;
use secrecy::ExposeSecret;

use super::visitor::{Site, Visitor};
use crate::stage::{CLIENT, SECRET, Stage, Store, Vendor, user};

async fn start() -> (Stage, Site, Visitor) {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    (stage, site, admin)
}

#[tokio::test]
async fn each_setting_has_a_card_that_says_its_state() {
    let (_stage, site, admin) = start().await;
    let page = admin.get("/settings").await.text;
    for (href, said) in [
        ("/settings/psa", "1 connection: Main PSA."),
        ("/settings/licences", "The standard list"),
        ("/settings/microsoft", "Not set up."),
        ("/settings/staff", "1 person."),
        ("/settings/jobs", "None has failed."),
        ("/settings/installation", "on SQLite."),
    ] {
        assert!(page.contains(&format!("href=\"{href}\"")), "{href}");
        assert!(page.contains(said), "{said}");
    }
    let technician = site.signed_in(Role::Technician).await;
    assert_eq!(technician.get("/settings").await.status, 403);
}

#[tokio::test]
async fn licences_are_found_by_product_name_added_removed_and_put_back() {
    let (stage, _site, admin) = start().await;
    let page = admin.get("/settings/licences").await.text;
    assert!(page.contains("Standard list") && page.contains("FLOW_FREE"));
    assert!(page.contains("Users who have only these licences count as leavers"));
    let found = admin
        .found("/settings/licences", "business premium")
        .await
        .text;
    assert!(found.contains("Microsoft 365 Business Premium"));
    let nothing = admin
        .found("/settings/licences", "no such thing")
        .await
        .text;
    assert!(nothing.contains("Do not count this part number, as it is typed"));

    let typed = [("search", "business premium")];
    let typed = admin.post("/settings/licences/found", &typed).await.text;
    assert!(
        typed.contains("Microsoft 365 Business Premium") && !typed.contains("<html"),
        "{typed}"
    );
    let kept = admin.search("/settings/licences", "other").await;
    assert!(
        kept.ends_with("s=3"),
        "what is typed is no search yet: {kept}"
    );

    let add = admin
        .post("/settings/licences/add", &[("licence", " SPB ")])
        .await;
    assert_eq!(add.status, 303);
    let list = stage.read(settings::ignored_licences).await.unwrap();
    assert!(
        list.iter().any(|entry| entry == "SPB") && list.iter().any(|entry| entry == "FLOW_FREE")
    );
    admin
        .post("/settings/licences/add", &[("licence", "spb")])
        .await;
    assert_eq!(
        stage.read(settings::ignored_licences).await.unwrap(),
        list,
        "once"
    );
    admin
        .post("/settings/licences/remove", &[("licence", "flow_free")])
        .await;
    let after = stage.read(settings::ignored_licences).await.unwrap();
    assert_eq!(after.len(), list.len() - 1);
    for wrong in ["", "  ", "two\nlines"] {
        let answer = admin
            .post("/settings/licences/add", &[("licence", wrong)])
            .await;
        assert_eq!(answer.status, 422, "{wrong:?}");
    }
    admin.post("/settings/licences/standard", &[]).await;
    assert_eq!(stage.read(settings::ignored_licences).await, None);
    assert!(
        admin
            .get("/settings/licences")
            .await
            .text
            .contains("The standard list is back.")
    );
}

#[tokio::test]
async fn before_a_licence_stops_counting_its_leavers_and_their_contacts_are_shown() {
    let (stage, _site, admin) = start().await;
    stage.users(["anna", "bert"].map(user));
    let add = "/settings/licences/add?licence=SPB";
    let unread = admin.get(add).await.text;
    assert!(unread.contains("No company was read yet"), "{unread}");
    stage
        .set(|company| (company.sync_contacts, company.update_existing) = (true, true))
        .await;
    stage.sync().await;
    let page = admin.get(add).await.text;
    for said in [
        "2 people become leavers",
        "Anna Doe</bdi>, <bdi>Bert Doe",
        "The linked contacts of 2 of them would be deactivated",
        "held until somebody approves",
        "Do not count it",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    assert_eq!(stage.read(settings::ignored_licences).await, None);
    let before = stage.requests();
    admin
        .post("/settings/licences/add", &[("licence", "SPB")])
        .await;
    let back = admin
        .get("/settings/licences/remove?licence=spb")
        .await
        .text;
    assert!(back.contains("2 people become active again"), "{back}");
    let standard = admin.get("/settings/licences/standard").await.text;
    assert!(standard.contains("2 people become active again"));
    assert_eq!(stage.requests(), before, "no cloud is asked");
    let gone = admin.get("/settings/licences/remove?licence=nothing").await;
    assert_eq!(gone.status, 303);
}

#[tokio::test]
async fn a_licence_that_a_tenant_has_is_suggested_too() {
    let (stage, _site, admin) = start().await;
    stage.microsoft.tenant(crate::stage::TENANT, |tenant| {
        tenant.skus[0].sku_id = "aaaaaaaa-0000-4000-8000-00000000000a".into();
        tenant.skus[0].sku_part_number = "CONTOSO_ONLY".into();
    });
    let company = stage.company().await;
    rollcall::pickers::licences(&stage.app, &company, true)
        .await
        .unwrap();
    let found = admin.found("/settings/licences", "contoso").await.text;
    assert!(found.contains("CONTOSO_ONLY"));
}

#[tokio::test]
async fn the_microsoft_app_is_saved_shown_without_its_secret_and_renewed_in_place() {
    let (stage, _site, admin) = start().await;
    let page = admin.get("/settings/microsoft").await.text;
    for name in [
        "User.Read.All",
        "GroupMember.Read.All",
        "LicenseAssignment.Read.All",
    ] {
        assert!(page.contains(name), "{name}");
    }
    assert!(
        page.contains(&format!("{}/consent", stage.app.config().portal_url()).replace('/', "/"))
    );
    let mut form = vec![
        ("client_id", "nonsense"),
        ("way", "secret"),
        ("client_secret", ""),
        ("expires", "31.3."),
    ];
    let wrong = admin.post("/settings/microsoft", &form).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("id=\"m-expires\"><p class=\"mistake"));
    form[3].1 = "2026-03-01";
    let wrong = admin.post("/settings/microsoft", &form).await;
    assert!(
        wrong.text.contains("id=\"m-client_id\"><p class=\"mistake")
            && wrong.text.contains("value=\"nonsense\"")
    );
    assert!(
        wrong
            .text
            .contains("id=\"m-client_secret\"><p class=\"mistake")
    );
    (form[0].1, form[2].1) = (CLIENT, "first-secret");
    let saved = admin.post("/settings/microsoft", &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let page = admin.get("/settings/microsoft").await.text;
    assert!(page.contains("Keep the stored client secret") && !page.contains("first-secret"));
    assert!(page.contains("value=\"2026-03-01\""));
    let cards = admin.get("/settings").await.text;
    assert!(cards.contains("that ends on 1 Mar 2026.") && cards.contains("ends soon"));

    let keep = [
        ("version", "1"),
        ("client_id", CLIENT),
        ("way", "keep"),
        ("expires", "2030-01-01"),
    ];
    assert_eq!(admin.post("/settings/microsoft", &keep).await.status, 303);
    let (_, first) = stage.app.microsoft_app().await.unwrap().unwrap();
    drop(first);
    assert_eq!(
        microsoft_app(&stage.app).await.unwrap().unwrap().expires,
        "2030-01-01".parse().ok()
    );
    let cards = admin.get("/settings").await.text;
    assert!(!cards.contains("ends soon"));
    let pfx = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        include_bytes!("../data/app.pfx"),
    );
    let bad = [
        ("version", "2"),
        ("client_id", CLIENT),
        ("way", "certificate"),
        ("certificate", &pfx),
        ("certificate_password", "no"),
    ];
    let refused = admin.post("/settings/microsoft", &bad).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .text
            .contains("id=\"m-certificate\"><p class=\"mistake")
    );
    assert!(
        !microsoft_app(&stage.app)
            .await
            .unwrap()
            .unwrap()
            .certificate
    );
}

/// The form of the Microsoft app, with a client secret.
fn app_form<'a>(version: &'a str, secret: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("version", version),
        ("client_id", CLIENT),
        ("way", "secret"),
        ("client_secret", secret),
    ]
}

/// A stage whose company is read through the Microsoft app, which was saved twice.
async fn shared() -> (Stage, Site, Visitor) {
    let (stage, site, admin) = start().await;
    let first = admin
        .post("/settings/microsoft", &app_form("0", SECRET))
        .await;
    assert_eq!(first.status, 303, "{}", first.text);
    let id = stage.company_id;
    stage
        .write(move |conn| secrets::delete_all(conn, OF_COMPANY, id).map(drop))
        .await;
    let second = admin
        .post("/settings/microsoft", &app_form("1", SECRET))
        .await;
    assert_eq!(second.status, 303, "{}", second.text);
    (stage, site, admin)
}

#[tokio::test]
async fn the_microsoft_app_signs_in_to_a_connected_tenant_before_it_is_saved() {
    let (stage, _site, admin) = shared().await;
    let page = admin.get("/settings/microsoft").await.text;
    assert!(page.contains("It signed in to"), "{page}");
    assert!(page.contains("it signs in to the tenant of <bdi>Contoso</bdi>"));

    let wrong = app_form("2", "nonsense");
    let refused = admin.post("/settings/microsoft", &wrong).await;
    assert_eq!(refused.status, 422);
    for said in [
        "The sign-in to the tenant of Contoso failed.",
        "id=\"m-client_secret\"><p class=\"mistake",
        "Save anyway",
    ] {
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
    assert!(!refused.text.contains("nonsense"));
    let (_, stored) = stage.app.microsoft_app().await.unwrap().unwrap();
    let Credential::Secret(stored) = stored else {
        panic!("a secret is stored")
    };
    assert_eq!(stored.expose_secret(), SECRET, "nothing was saved");

    // A cloud that is down keeps nobody from saving what they know to be right.
    let mut anyway = wrong.to_vec();
    anyway.push(("untested", "true"));
    let saved = admin.post("/settings/microsoft", &anyway).await;
    assert_eq!(saved.status, 303);
    let page = admin.get("/settings/microsoft").await.text;
    assert!(page.contains("It was not tried."));
}

#[tokio::test]
async fn of_two_who_change_the_microsoft_app_at_once_the_second_is_told_and_saves_knowingly() {
    let (stage, _site, admin) = shared().await;
    let old = app_form("1", SECRET);
    let told = admin.post("/settings/microsoft", &old).await;
    assert_eq!(told.status, 422);
    for said in [
        "changed the Microsoft app",
        "What you typed is still here",
        "with a client secret",
        "name=\"version\" value=\"2\"",
    ] {
        assert!(told.text.contains(said), "{said}: {}", told.text);
    }
    let version = stage.read(microsoft_app_version).await;
    assert_eq!(version, 2, "nothing was saved");
    let over = admin
        .post("/settings/microsoft", &app_form("2", SECRET))
        .await;
    assert_eq!(over.status, 303);
}

#[tokio::test]
async fn private_addresses_are_allowed_and_refused_by_a_tick_box() {
    let (stage, _site, admin) = start().await;
    let page = admin.get("/settings/installation").await.text;
    assert!(page.contains("SQLite") && page.contains(env!("CARGO_PKG_VERSION")));
    assert!(!page.contains("rollcall.db"));
    let form = [("private_psa_addresses", "true")];
    assert_eq!(
        admin.post("/settings/installation", &form).await.status,
        303
    );
    assert!(stage.read(settings::private_psa_addresses).await);
    admin.post("/settings/installation", &[]).await;
    assert!(!stage.read(settings::private_psa_addresses).await);
}

#[tokio::test]
async fn another_list_of_licences_has_a_run_look_at_those_who_are_held_and_at_nobody_else() {
    let stage = super::holds::held().await;
    let other = stage.neighbour("Fabrikam", true).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let waiting = async |company: i64| {
        let all = stage.read(move |conn| rollcall::db::jobs::waiting(conn, company));
        all.await.len()
    };
    assert_eq!(waiting(stage.company_id).await, 0);
    admin
        .post("/settings/licences/add", &[("licence", "SPB")])
        .await;
    assert_eq!(waiting(stage.company_id).await, 1);
    admin.post("/settings/licences/standard", &[]).await;
    assert_eq!(waiting(stage.company_id).await, 1, "one run for both");
    assert_eq!(waiting(other).await, 0);
}
