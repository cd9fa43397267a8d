//! The consent of a tenant's administrator: to the page of the simulated login and back.

use std::time::Duration;

use diesel::prelude::*;
use rollcall::connections::{MicrosoftForm, NewSecret, disconnect_tenant, save_microsoft_app};
use rollcall::db::companies;
use rollcall::db::schema::jobs;
use rollcall::model::Role;
use rollcall::simulator::graph::AppData;

use super::connection::{page_of, stage, tenant_of};
use super::new_company::send;
use super::visitor::{Site, Visitor};
use crate::stage::{Stage, TENANT};

const SHARED: &str = "bbbbbbbb-0000-4000-8000-000000000001";

/// A stage whose company has no tenant, with the MSP's own app.
async fn furnished() -> Stage {
    let stage = stage().await;
    let back = format!("{}/consent", stage.app.config().portal_url());
    stage
        .microsoft
        .register_app(SHARED, AppData::reader("shared"), vec![back]);
    let form = MicrosoftForm {
        client_id: SHARED.into(),
        secret: NewSecret::Secret("shared".to_owned().into()),
        expires: None,
    };
    save_microsoft_app(&stage.app, &form, 0, "Ann")
        .await
        .unwrap();
    let id = stage.company_id;
    let version = stage.read(move |conn| companies::version(conn, id)).await;
    disconnect_tenant(&stage.app, id, version.unwrap(), "Ann")
        .await
        .unwrap();
    stage
}

/// Presses the button of the connection's page; Microsoft's address.
async fn begin(stage: &Stage, visitor: &Visitor) -> String {
    let page = page_of(stage);
    let answer = send(visitor, &page, &format!("{page}/consent"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.location.unwrap()
}

/// Presses a button of Microsoft's page; the path with which the browser comes back.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is asked from outside, without the crate's own client"
)]
async fn decide(address: &str, button: &str) -> String {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let page = client.get(address).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Accept for Contoso"));
    let form = client.post(address).form(&[(button, TENANT)]);
    let answer = form.send().await.unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    format!("/consent?{}", to.split_once("/consent?").unwrap().1)
}

/// Comes back with this; the text of the page that the visitor is led to, whose address holds nothing of Microsoft's.
async fn come_back(visitor: &Visitor, path: &str) -> (String, String) {
    let answer = visitor.get(path).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let to = answer.location.unwrap();
    assert!(!to.contains('?'), "{to}");
    (visitor.get(&to).await.text, to)
}

#[tokio::test]
async fn the_consent_of_an_administrator_connects_the_tenant() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let (text, to) = come_back(&visitor, &path).await;
    assert_eq!(to, page_of(&stage));
    assert!(
        text.contains("Contoso&#39;s tenant is connected: 2 users were read.")
            || text.contains("Contoso's tenant is connected: 2 users were read.")
            || text.contains("Contoso&#x27;s tenant is connected: 2 users were read."),
        "{text}"
    );
    assert_eq!(tenant_of(&stage).await.unwrap().client_id, SHARED);
    assert!(text.contains("Your own Microsoft app"), "{text}");
    // The same answer again is no answer any more.
    let (text, _) = come_back(&visitor, &path).await;
    assert!(text.contains("was used already"), "{text}");
}

#[tokio::test]
async fn a_consent_asks_for_a_run_where_contact_sync_is_on() {
    let stage = furnished().await;
    stage.set(|company| company.sync_contacts = true).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let (text, _) = come_back(&visitor, &path).await;
    assert!(text.contains("tenant is connected"), "{text}");
    let asked = stage
        .read(|conn| {
            jobs::table
                .select(jobs::requested_by)
                .load::<Option<String>>(conn)
        })
        .await;
    assert_eq!(asked, [Some("Technician".to_owned())]);
}

#[tokio::test]
async fn an_administrator_who_cancels_leads_back_to_begin_again() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "cancel").await;
    let (text, to) = come_back(&visitor, &path).await;
    assert_eq!(to, page_of(&stage));
    assert!(text.contains("did not accept"), "{text}");
    assert!(text.contains("Connect with Microsoft"));
    assert_eq!(tenant_of(&stage).await, None);
}

#[tokio::test]
async fn an_answer_of_another_session_or_hour_leads_back_to_begin_again() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let other = site.signed_in(Role::Administrator).await;
    let (text, to) = come_back(&other, &path).await;
    assert_eq!(to, page_of(&stage));
    assert!(text.contains("another session"), "{text}");
    stage.clock.advance(Duration::from_hours(1));
    let (text, to) = come_back(&visitor, &path).await;
    assert_eq!(to, page_of(&stage));
    assert!(text.contains("came too late"), "{text}");
    assert_eq!(tenant_of(&stage).await, None);
}

#[tokio::test]
async fn a_session_that_ended_on_the_way_signs_in_and_is_told_to_begin_again() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    visitor.take_cookie(None);
    let answer = visitor.get(&path).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let fields = [
        ("name", Role::Technician.label()),
        ("password", "correct horse battery"),
    ];
    let answer = send(&visitor, "/sign-in", "/sign-in", &fields).await;
    let back = answer.location.unwrap();
    assert_eq!(back, path, "back at the same place");
    let (text, to) = come_back(&visitor, &back).await;
    assert_eq!(to, page_of(&stage));
    assert!(text.contains("another session"), "{text}");
    assert!(text.contains("Connect with Microsoft"));
}

#[tokio::test]
async fn a_tenant_in_the_address_bar_is_not_believed() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    for tenant in [TENANT, "contoso.example", "%22%3E%3Cscript%3E", ""] {
        let address = begin(&stage, &visitor).await;
        let asked = address.split("state=").nth(1).unwrap();
        let path = format!("/consent?admin_consent=True&tenant={tenant}&state={asked}");
        let (text, to) = come_back(&visitor, &path).await;
        assert_eq!(to, page_of(&stage));
        assert!(text.contains("notice bad"), "{tenant}: {text}");
        assert_eq!(tenant_of(&stage).await, None, "{tenant}");
    }
    // Who asked nothing is led to a page that says how to ask.
    let made_up = format!("/consent?admin_consent=True&tenant={TENANT}&state=made-up");
    let (text, to) = come_back(&visitor, &made_up).await;
    assert_eq!(to, "/consent");
    assert!(text.contains("was not asked for"), "{text}");
}

#[tokio::test]
async fn without_a_microsoft_app_an_administrator_is_led_to_where_it_is_set_up() {
    let stage = stage().await;
    let id = stage.company_id;
    let version = stage.read(move |conn| companies::version(conn, id)).await;
    disconnect_tenant(&stage.app, id, version.unwrap(), "Ann")
        .await
        .unwrap();
    let site = Site::start(&stage.app);
    let administrator = site.signed_in(Role::Administrator).await;
    let page = administrator.get(&page_of(&stage)).await;
    assert!(
        page.text.contains("Set up the Microsoft app"),
        "{}",
        page.text
    );
    let technician = site.signed_in(Role::Technician).await;
    let page = page_of(&stage);
    let shown = technician.get(&page).await;
    assert!(
        shown.text.contains("An administrator sets it up"),
        "{}",
        shown.text
    );
    let answer = send(&technician, &page, &format!("{page}/consent"), &[]).await;
    assert_eq!(answer.location.as_deref(), Some(page.as_str()));
    let said = technician.get(&page).await;
    assert!(
        said.text.contains("The Microsoft app is not set up"),
        "{}",
        said.text
    );
    let reader = site.signed_in(Role::Reader).await;
    assert_eq!(reader.get("/consent").await.status, 403);
}
