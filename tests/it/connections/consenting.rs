//! Connecting a tenant by the consent of its administrator.

use std::time::Duration;

use rollcall::app::OF_COMPANY;
use rollcall::connections::{
    ConsentEnd, ConsentRefusal, MicrosoftForm, SENT, answer_to_link, answered_consent,
    begin_consent, connect_consented, consent_link, disconnect_tenant, find_consented,
    save_microsoft_app,
};
use rollcall::db::tenant_connections;
use rollcall::directory::consent::consent_address;
use rollcall::model::{Cloud, TenantConnection};
use rollcall::simulator::graph::{AppData, TenantData};

use super::*;

const SHARED: &str = "bbbbbbbb-0000-4000-8000-000000000001";
const BACK: &str = "https://rollcall.example/consent?from=1";

/// A stage whose company has no tenant, and the Microsoft app.
async fn furnish(stage: &Stage) {
    let app = AppData::reader("shared");
    stage.microsoft.register_app(SHARED, app, vec![BACK.into()]);
    let form = MicrosoftForm {
        client_id: SHARED.into(),
        secret: NewSecret::Secret("shared".to_owned().into()),
        expires: None,
    };
    save_microsoft_app(&stage.app, &form, 0, "Ann")
        .await
        .unwrap();
    let version = stage.version().await;
    disconnect_tenant(&stage.app, stage.company_id, version, "Ann")
        .await
        .unwrap();
}

async fn begin(stage: &Stage) -> String {
    begin_consent(&stage.app, stage.company_id, "session", BACK)
        .await
        .unwrap()
}

/// What the browser comes back with once a button of the page was pressed.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is asked from outside, without the crate's own client"
)]
async fn press(address: &str, button: &str) -> String {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = client
        .post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{button}={TENANT}"));
    let answer = answer.send().await.unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    to.split_once("?from=1&").unwrap().1.to_owned()
}

/// Takes the answer, and connects the tenant that was read.
async fn finish(stage: &Stage, session: &str, query: &str) -> Result<ConsentEnd, ConsentRefusal> {
    let read = answered_consent(&stage.app, session, query).await?;
    connect_consented(&stage.app, read, "Ann", |_, _| Ok(())).await
}

async fn refused(stage: &Stage, session: &str, query: &str) -> ConsentRefusal {
    let end = finish(stage, session, query).await;
    let id = stage.company_id;
    let stored = stage
        .read(move |conn| tenant_connections::get(conn, id))
        .await;
    assert_eq!(stored, None, "a tenant was kept");
    end.unwrap_err()
}

#[tokio::test]
async fn a_consent_connects_the_tenant_that_was_read() {
    on_both(|stage| async move {
        furnish(&stage).await;
        let query = press(&begin(&stage).await, "accept").await;
        let end = finish(&stage, "session", &query).await.unwrap();
        assert_eq!(
            (end.company, end.tenant_name.as_str()),
            (stage.company_id, "Contoso")
        );
        assert_eq!(end.tenant.as_str(), TENANT);
        assert_eq!(end.version, stage.version().await);
        let id = stage.company_id;
        assert!(stage.secret_names(OF_COMPANY, id).await.is_empty());
        let company = stage.company().await;
        let (tenant, directory) = stage.app.directory(&company).await.unwrap();
        assert_eq!(tenant.client_id, SHARED);
        assert_eq!(directory.confirm_tenant().await.unwrap(), "Contoso");
        // The same answer again finds nothing.
        let again = finish(&stage, "session", &query).await;
        assert_eq!(again.unwrap_err(), ConsentRefusal::Unknown);
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_another_session_state_or_hour_connects_nothing() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    furnish(&stage).await;
    let query = press(&begin(&stage).await, "accept").await;
    let made_up = format!("admin_consent=True&tenant={TENANT}&state=x");
    let unknown = refused(&stage, "session", &made_up).await;
    assert_eq!(unknown, ConsentRefusal::Unknown);
    let other = refused(&stage, "other", &query).await;
    assert_eq!(other, ConsentRefusal::OtherSession);
    stage.clock.advance(Duration::from_hours(1));
    let late = refused(&stage, "session", &query).await;
    assert_eq!(late, ConsentRefusal::Expired);
}

#[tokio::test]
async fn an_administrator_who_cancels_connects_nothing() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    furnish(&stage).await;
    let query = press(&begin(&stage).await, "cancel").await;
    let denied = refused(&stage, "session", &query).await;
    assert_eq!(denied, ConsentRefusal::Denied);
    // An error counts also where the answer says that all went well.
    let query = press(&begin(&stage).await, "accept").await;
    let query = format!("{query}&error=server_error");
    let failed = refused(&stage, "session", &query).await;
    assert_eq!(failed, ConsentRefusal::Failed);
}

#[tokio::test]
async fn a_tenant_that_nobody_consented_for_is_not_believed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    furnish(&stage).await;
    for (tenant, unreadable) in [(TENANT, true), ("contoso.example", false), ("", false)] {
        let address = begin(&stage).await;
        let asked = address.split("state=").nth(1).unwrap();
        let query = format!("admin_consent=True&tenant={tenant}&state={asked}");
        let refusal = refused(&stage, "session", &query).await;
        assert_eq!(
            refusal == ConsentRefusal::NoConsent,
            unreadable,
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn without_an_app_or_a_company_nothing_begins() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let begun = begin_consent(&stage.app, stage.company_id, "session", BACK).await;
    assert_eq!(begun.unwrap_err(), ConsentRefusal::NoApp);
    furnish(&stage).await;
    let begun = begin_consent(&stage.app, 999, "session", BACK).await;
    assert_eq!(begun.unwrap_err(), ConsentRefusal::NoCompany);
}

#[test]
fn the_address_of_the_consent_is_microsofts() {
    let login = "https://login.microsoftonline.com";
    let address = consent_address((login, Cloud::Global), None, CLIENT, BACK, "s t");
    assert_eq!(
        address,
        format!(
            "{login}/organizations/v2.0/adminconsent?client_id={CLIENT}\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
             &redirect_uri=https%3A%2F%2Frollcall.example%2Fconsent%3Ffrom%3D1&state=s+t"
        )
    );
    let tenant = TENANT.into();
    let address = consent_address((login, Cloud::Global), Some(&tenant), CLIENT, BACK, "s");
    assert!(address.starts_with(&format!("{login}/{TENANT}/v2.0/")));
}

#[tokio::test]
async fn the_consent_of_another_tenant_than_the_connected_one_changes_nothing() {
    on_both(|stage| async move {
        furnish(&stage).await;
        let address = begin(&stage).await;
        let id = stage.company_id;
        let other = TenantConnection {
            tenant_id: "cccccccc-0000-4000-8000-000000000001".into(),
            client_id: SHARED.into(),
            certificate: false,
            expires: None,
            cloud: Cloud::Global,
        };
        let (kept, now) = (other.clone(), stage.clock.now());
        stage
            .write(move |conn| tenant_connections::put(conn, id, &kept, now))
            .await;
        let query = press(&address, "accept").await;
        let end = finish(&stage, "session", &query).await;
        assert_eq!(end.unwrap_err(), ConsentRefusal::OtherTenant);
        let stored = stage
            .read(move |conn| tenant_connections::get(conn, id))
            .await;
        assert_eq!(stored, Some(other));
    })
    .await;
}

#[tokio::test]
async fn a_link_for_an_administrator_says_nothing_of_the_company_and_its_answer_is_nobodys() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let id = stage.company_id;
    let link = consent_link(&stage.app, id, BACK).await;
    assert_eq!(link.unwrap_err(), ConsentRefusal::NoApp);
    furnish(&stage).await;
    let link = consent_link(&stage.app, id, BACK).await.unwrap();
    let other = stage.add_bare_company("Fabrikam", "4711").await;
    let others = consent_link(&stage.app, other.id, BACK).await.unwrap();
    assert_eq!(link, others, "it is the same for every new company");
    assert!(link.contains("/organizations/v2.0/adminconsent"), "{link}");
    let query = press(&link, "accept").await;
    assert_eq!(answer_to_link(&query), Some(true));
    let refusal = refused(&stage, "session", &query).await;
    assert_eq!(refusal, ConsentRefusal::Unknown, "it connects nothing");
    assert_eq!(answer_to_link(&press(&link, "cancel").await), Some(false));
    let failed = format!("admin_consent=True&error=consent_required&state={SENT}");
    assert_eq!(answer_to_link(&failed), Some(false), "the error counts");
    let query = press(&begin(&stage).await, "accept").await;
    assert_eq!(answer_to_link(&query), None, "that one was asked for here");
}

#[tokio::test]
async fn a_tenant_that_has_consented_elsewhere_is_found_by_id_domain_or_address_and_read() {
    on_both(|stage| async move {
        furnish(&stage).await;
        let id = stage.company_id;
        let find = async |typed: &str| find_consented(&stage.app, id, typed).await;
        let early = find(TENANT).await.unwrap_err();
        assert_eq!(early, ConsentRefusal::NoConsent, "nobody has yet");
        let nowhere = find("nowhere.example").await.unwrap_err();
        let said = nowhere.to_string();
        assert!(
            matches!(nowhere, ConsentRefusal::Unreadable { .. }),
            "{said}"
        );
        let link = consent_link(&stage.app, id, BACK).await.unwrap();
        press(&link, "accept").await;
        let by_id = find(&format!(" {} ", TENANT.to_uppercase())).await.unwrap();
        assert_eq!(by_id.tenant.id.as_str(), TENANT);
        for typed in ["Contoso.Example", "ada@contoso.example"] {
            assert_eq!(find(typed).await.unwrap(), by_id, "{typed}");
        }
        for wrong in ["", "contoso", "organizations", "10.0.0.1", "a b.example"] {
            let refusal = find(wrong).await.unwrap_err();
            assert_eq!(refusal, ConsentRefusal::NotATenant, "{wrong}");
        }
        let end = connect_consented(&stage.app, by_id, "Ann", |_, _| Ok(())).await;
        assert_eq!(end.unwrap().tenant_name, "Contoso");
        let stored = stage.read(move |conn| tenant_connections::get(conn, id));
        assert_eq!(stored.await.unwrap().tenant_id.as_str(), TENANT);
        // A domain of another tenant does not take the place of the one that is connected.
        stage.microsoft.add_tenant(TenantData {
            id: "cccccccc-0000-4000-8000-000000000001".into(),
            default_domain: "fabrikam.example".into(),
            apps: [(SHARED.to_owned(), AppData::reader("shared"))].into(),
            ..TenantData::default()
        });
        let other = find("fabrikam.example").await.unwrap_err();
        assert_eq!(other, ConsentRefusal::OtherTenant);
    })
    .await;
}
