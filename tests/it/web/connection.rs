//! The connection of a company: what is shown, tests that really read, an app of the customer's, another place in the PSA.

mod place;
mod tenant;

use rollcall::app::OF_COMPANY;
use rollcall::db::{secrets, tenant_connections};
use rollcall::model::{Role, TenantConnection};
use rollcall::simulator::graph::{AppData, TenantData};

use super::new_company::{hidden, send};
use super::visitor::{Answer, Site, Visitor};
use crate::stage::{CLIENT, SECRET, Stage, Store, TENANT, Vendor, user};

const OTHER: &str = "6f0c7b1e-0000-4000-8000-000000000002";

pub async fn stage() -> Stage {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([user("ada"), user("ben").blocked()]);
    stage
}

pub fn page_of(stage: &Stage) -> String {
    format!("/companies/{}/connection", stage.company_id)
}

pub async fn tenant_of(stage: &Stage) -> Option<TenantConnection> {
    let id = stage.company_id;
    stage
        .read(move |conn| tenant_connections::get(conn, id))
        .await
}

/// Sends a form of the connection's pages, and opens the page that it leads to.
async fn press(stage: &Stage, visitor: &Visitor, action: &str) -> Answer {
    let page = page_of(stage);
    let answer = send(visitor, &page, &format!("{page}/{action}"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    visitor.get(&answer.location.unwrap()).await
}

async fn save(stage: &Stage, visitor: &Visitor, fields: &[(&str, &str)]) -> Answer {
    let path = format!("{}/app", page_of(stage));
    let page = visitor.get(&path).await;
    let version = hidden(&page.text, "version");
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(fields);
    send(visitor, &path, &path, &all).await
}

#[tokio::test]
async fn both_ends_are_shown_and_tested_with_a_real_read() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&page_of(&stage)).await;
    for said in [TENANT, CLIENT, "Worldwide", "Not read yet", "250"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains(SECRET));
    let page = press(&stage, &visitor, "test-tenant").await;
    assert!(
        page.text
            .contains("Contoso answered: 2 users, 1 with a licence that counts."),
        "{}",
        page.text
    );
    let page = press(&stage, &visitor, "test-psa").await;
    assert!(page.text.contains("Contoso Ltd was read"), "{}", page.text);
    assert!(!page.text.contains("Not read yet"), "both names are known");
    assert!(page.text.contains("recordType=CompanyFV"), "{}", page.text);
}

#[tokio::test]
async fn names_that_are_not_known_yet_are_read_by_parts() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = page_of(&stage);
    let tenant = visitor.get(&format!("{page}/tenant-name")).await;
    assert!(tenant.text.contains("Contoso"), "{}", tenant.text);
    let psa = visitor.get(&format!("{page}/psa-company")).await;
    assert!(psa.text.contains("Contoso Ltd"), "{}", psa.text);
    // A reader looks, and is offered nothing to press.
    let shown = visitor.get(&page).await;
    assert!(!shown.text.contains("test-tenant"), "{}", shown.text);
    assert_eq!(visitor.get(&format!("{page}/app")).await.status, 403);
    assert_eq!(visitor.get("/companies/999/connection").await.status, 404);
}

#[tokio::test]
async fn a_failed_test_says_what_happened_and_what_to_do() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    stage.microsoft.tenant(TENANT, |tenant| tenant.apps.clear());
    let page = press(&stage, &visitor, "test-tenant").await;
    assert!(page.text.contains("Last test failed"), "{}", page.text);
    stage.psa.remove_company();
    let page = press(&stage, &visitor, "test-psa").await;
    assert!(
        page.text.contains("has no company with the id 250"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn an_app_of_the_customers_is_tried_before_it_is_kept() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let before = tenant_of(&stage).await;
    let wrong = [
        ("tenant_id", TENANT),
        ("client_id", CLIENT),
        ("way", "secret"),
        ("client_secret", "quite-wrong"),
        ("expires", "2027-01-31"),
    ];
    let answer = save(&stage, &visitor, &wrong).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("id=\"m-client_secret\"><p class=\"mistake"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("Save without testing"));
    assert!(
        answer.text.contains("value=\"2027-01-31\""),
        "what was typed stays"
    );
    assert!(
        !answer.text.contains("quite-wrong"),
        "a secret does not come back"
    );
    assert_eq!(tenant_of(&stage).await, before);
    // Another app that the tenant does not know stands beside its id.
    let mut strange = wrong;
    strange[1].1 = "8c1d0000-0000-4000-8000-00000000ffff";
    let answer = save(&stage, &visitor, &strange).await;
    assert!(
        answer
            .text
            .contains("id=\"m-client_id\"><p class=\"mistake"),
        "{}",
        answer.text
    );
    // And a tenant that nobody knows beside the tenant's.
    let mut nowhere = wrong;
    nowhere[0].1 = OTHER;
    let answer = save(&stage, &visitor, &nowhere).await;
    assert!(
        answer
            .text
            .contains("id=\"m-tenant_id\"><p class=\"mistake"),
        "{}",
        answer.text
    );

    let mut right = wrong;
    right[3].1 = SECRET;
    let answer = save(&stage, &visitor, &right).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let page = visitor.get(&page_of(&stage)).await;
    assert!(
        page.text.contains("Saved. Contoso answered: 2 users"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("Good until 31 Jan 2027"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn it_is_saved_without_a_test_only_when_that_is_pressed() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&format!("{}/app", page_of(&stage))).await;
    assert!(
        !page.text.contains("Save without testing"),
        "not before a test failed"
    );
    let fields = [
        ("tenant_id", TENANT),
        ("client_id", CLIENT),
        ("way", "secret"),
        ("client_secret", "not-yet-valid"),
        ("untested", "true"),
    ];
    let answer = save(&stage, &visitor, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let page = visitor.get(&page_of(&stage)).await;
    assert!(page.text.contains("Saved without a test"), "{}", page.text);
}

#[tokio::test]
async fn a_tenant_that_was_saved_without_a_test_is_not_called_connected_and_its_error_has_a_notice()
{
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let fields = |secret| {
        [
            ("tenant_id", TENANT),
            ("client_id", CLIENT),
            ("way", "secret"),
            ("client_secret", secret),
            ("untested", "true"),
        ]
    };
    save(&stage, &visitor, &fields("wrong")).await;
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(
        page.contains(">Not tested<") && !page.contains(">Connected<"),
        "{page}"
    );
    assert!(
        !page.contains("connection/tenant-name"),
        "it is not read by itself"
    );
    let page = press(&stage, &visitor, "test-tenant").await.text;
    assert!(page.contains(">Last test failed<"), "{page}");
    assert!(page.contains("<p class=\"notice bad wrap\">"), "{page}");
    let part = visitor
        .get(&format!("{}/tenant-name", page_of(&stage)))
        .await;
    assert!(
        part.text.contains("id=\"tenant-failure\" hx-swap-oob"),
        "{}",
        part.text
    );
    save(&stage, &visitor, &fields(SECRET)).await;
    let page = press(&stage, &visitor, "test-tenant").await.text;
    assert!(
        page.contains(">Connected<") && !page.contains("notice bad"),
        "{page}"
    );
}

#[tokio::test]
async fn mistakes_of_the_form_stand_beside_their_fields_and_show_hostile_text_harmlessly() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let hostile = "\"><script>alert(1)</script> \u{202e}🧭";
    let fields = [
        ("tenant_id", hostile),
        ("client_id", "contoso.example"),
        ("way", "certificate"),
        ("certificate", "bm90IGEgcGZ4"),
        ("expires", "31.1.2027"),
        ("cloud", "moon"),
    ];
    let answer = save(&stage, &visitor, &fields).await;
    assert_eq!(answer.status, 422);
    for field in ["tenant_id", "client_id", "certificate", "expires", "cloud"] {
        let mark = format!("id=\"m-{field}\"><p class=\"mistake");
        assert!(answer.text.contains(&mark), "{field}: {}", answer.text);
    }
    assert!(!answer.text.contains("<script>alert"));
    assert!(
        answer.text.contains("&lt;script&gt;alert(1)"),
        "what was typed stays"
    );
}

#[tokio::test]
async fn a_secret_is_replaced_in_place() {
    let stage = stage().await;
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant
            .apps
            .insert(CLIENT.into(), AppData::reader("a-new-secret"));
    });
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = format!("{}/secret", page_of(&stage));
    let version = hidden(&visitor.get(&path).await.text, "version");
    let fields = |secret| {
        [
            ("version", version.as_str()),
            ("way", "secret"),
            ("client_secret", secret),
        ]
    };
    let answer = send(&visitor, &path, &path, &fields("")).await;
    assert_eq!(answer.status, 422);
    let answer = send(&visitor, &path, &path, &fields(SECRET)).await;
    assert_eq!(answer.status, 422, "the old one is wrong by now");
    let before = tenant_of(&stage).await;
    let answer = send(&visitor, &path, &path, &fields("a-new-secret")).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(tenant_of(&stage).await, before);
    let id = stage.company_id;
    let names = stage
        .read(move |conn| secrets::names(conn, OF_COMPANY, id))
        .await;
    assert_eq!(names, ["client_secret"]);
}

#[tokio::test]
async fn who_saves_from_an_old_page_is_told_who_was_there_and_loses_nothing() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = format!("{}/app", page_of(&stage));
    let version = hidden(&visitor.get(&path).await.text, "version");
    let mut other = stage.company().await;
    other.use_email = true;
    rollcall::connections::save_company(&stage.app, &other, 1, "Ann", |_, _| Ok(()))
        .await
        .unwrap();
    let fields = |version| {
        [
            ("version", version),
            ("tenant_id", TENANT),
            ("client_id", "half-typed"),
            ("way", "secret"),
            ("client_secret", SECRET),
        ]
    };
    let answer = send(&visitor, &path, &path, &fields(&version)).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("Ann changed this company"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("value=\"half-typed\""),
        "{}",
        answer.text
    );
    let now = hidden(&answer.text, "version");
    let mut again = fields(&now);
    again[2].1 = CLIENT;
    let answer = send(&visitor, &path, &path, &again).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(
        stage.company().await.use_email,
        "nothing of Ann's is undone"
    );
}
