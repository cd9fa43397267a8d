//! The consent of a tenant's administrator: to the page of the simulated login and back.

use std::time::Duration;

use diesel::prelude::*;
use rollcall::connections::{MicrosoftForm, NewSecret, disconnect_tenant, save_microsoft_app};
use rollcall::db::schema::jobs;
use rollcall::db::tenant_connections;
use rollcall::model::{Cloud, Role, TenantConnection};
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
    disconnect_tenant(&stage.app, stage.company_id, stage.version().await, "Ann")
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
    disconnect_tenant(&stage.app, stage.company_id, stage.version().await, "Ann")
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

#[tokio::test]
async fn a_tenant_that_is_another_companys_is_asked_about_before_it_is_connected() {
    let stage = furnished().await;
    let other = stage.add_bare_company("Fabrikam", "4711").await;
    let shared = TenantConnection {
        tenant_id: TENANT.into(),
        client_id: SHARED.into(),
        certificate: false,
        expires: None,
        cloud: Cloud::Global,
    };
    let (id, now) = (other.id, stage.clock.now());
    stage
        .write(move |conn| tenant_connections::put(conn, id, &shared, now))
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let (text, to) = come_back(&visitor, &path).await;
    let link = format!("{}/link", page_of(&stage));
    assert_eq!(to, link);
    for said in [
        "Is this the right tenant?",
        &format!("/companies/{id}/connection"),
        "To this company it is not connected yet.",
        "Connect it to this company too",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(tenant_of(&stage).await, None);
    // Without the answer to that very question it is asked again, whoever types the tenant in.
    for accepted in ["", "true", "cccccccc-0000-4000-8000-000000000001"] {
        let fields = [("tenant", TENANT), ("accepted", accepted)];
        let answer = send(&visitor, &link, &link, &fields).await;
        assert_eq!(answer.location.as_deref(), Some(&*link), "{accepted}");
        assert_eq!(tenant_of(&stage).await, None, "{accepted}");
    }
    let fields = [("tenant", TENANT), ("accepted", TENANT)];
    let answer = send(&visitor, &link, &link, &fields).await;
    assert_eq!(answer.location.as_deref(), Some(&*page_of(&stage)));
    assert_eq!(tenant_of(&stage).await.unwrap().tenant_id.as_str(), TENANT);
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(
        page.contains("Is this the right tenant?"),
        "it is said still: {page}"
    );
}

#[tokio::test]
async fn a_tenant_with_a_strange_name_is_asked_about_first_where_a_run_would_follow() {
    let stage = furnished().await;
    stage.set(|company| company.name = "Fabrikam".into()).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    stage.set(|company| company.sync_contacts = true).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let (text, _) = come_back(&visitor, &path).await;
    assert!(
        text.contains("It calls itself “<bdi>Contoso</bdi>”"),
        "{text}"
    );
    assert_eq!(tenant_of(&stage).await, None);
    stage.set(|company| company.sync_contacts = false).await;
    let path = decide(&begin(&stage, &visitor).await, "accept").await;
    let (text, to) = come_back(&visitor, &path).await;
    assert_eq!(to, page_of(&stage));
    assert!(text.contains("Is this the right tenant?"), "{text}");
    assert!(
        tenant_of(&stage).await.is_some(),
        "nothing is written meanwhile"
    );
}

#[tokio::test]
async fn an_administrator_with_the_link_needs_no_account_and_leaves_nothing() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let link = format!("{}/link", page_of(&stage));
    let page = visitor.get(&link).await.text;
    let mark = "<code id=\"link\">";
    let address = page.split(mark).nth(1).unwrap().split('<').next().unwrap();
    let address = address.replace("&amp;", "&").replace("&#x2F;", "/");
    let stranger = site.visitor();
    for (button, to, said) in [
        ("cancel", "/consent/declined", "Nothing was accepted"),
        ("accept", "/consent/thanks", "Your provider can go on now"),
    ] {
        let (text, at) = come_back(&stranger, &decide(&address, button).await).await;
        assert_eq!(at, to);
        assert!(text.contains(said), "{text}");
        assert!(!text.contains("Contoso"), "nobody is named: {text}");
        assert_eq!(tenant_of(&stage).await, None, "{button}");
    }
    let fields = [("tenant", "contoso.example")];
    let answer = send(&visitor, &link, &link, &fields).await;
    assert_eq!(answer.location.as_deref(), Some(&*page_of(&stage)));
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(page.contains("2 users were read"), "{page}");
    assert_eq!(tenant_of(&stage).await.unwrap().client_id, SHARED);
}

#[tokio::test]
async fn a_tenant_that_has_not_consented_is_said_beside_what_was_typed() {
    let stage = furnished().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let link = format!("{}/link", page_of(&stage));
    for (typed, said) in [
        ("contoso.example", "nobody there has accepted yet"),
        ("\"><script>", "Type the tenant ID, or a domain"),
    ] {
        let answer = send(&visitor, &link, &link, &[("tenant", typed)]).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(said), "{typed}: {}", answer.text);
        assert!(!answer.text.contains("\"><script>"), "{}", answer.text);
    }
    assert_eq!(tenant_of(&stage).await, None);
}
