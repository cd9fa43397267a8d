//! Removing a company and disconnecting its tenant.

use rollcall::app::OF_COMPANY;
use rollcall::db::events::{self, NewEvent};
use rollcall::db::{companies, secrets, tenant_connections};
use rollcall::model::Role;

use super::new_company::{hidden, send};
use super::visitor::Site;
use crate::stage::{CLIENT, Stage, Store, Vendor, user};

async fn linked() -> Stage {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([user("ada"), user("ben")]);
    stage.sync().await;
    stage
}

#[tokio::test]
async fn who_presses_while_a_run_is_going_is_told_soon_and_loses_nothing() {
    let stage = linked().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let version = stage.version().await.to_string();
    let going = stage.going(stage.company_id).await;
    let at = format!("/companies/{}", stage.company_id);
    let (remove, app) = (format!("{at}/remove"), format!("{at}/connection/app"));
    let token = admin.token().await;
    let csrf = ("csrf", token.as_str());
    let typed = [csrf, ("version", version.as_str()), ("name", "Contoso")];
    let secret = [
        csrf,
        ("version", version.as_str()),
        ("tenant_id", "6f0c7b1e-0000-4000-8000-000000000009"),
        ("client_id", CLIENT),
        ("way", "secret"),
        ("client_secret", "typed"),
        ("untested", "true"),
        ("confirm", "true"),
    ];
    // Both at once, since both wait for real.
    let (removed, saved) = tokio::join!(
        admin.post_bare(&remove, &typed),
        admin.post_bare(&app, &secret)
    );
    for answer in [&removed, &saved] {
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains("A run is going"), "{}", answer.text);
    }
    assert!(
        removed.text.contains("value=\"Contoso\""),
        "what was typed stays"
    );
    assert!(saved.text.contains("000000000009"), "what was typed stays");
    assert!(stage.company().await.sync_contacts);
    going.give_back().await.unwrap();
}

#[tokio::test]
async fn a_company_is_removed_once_its_name_is_typed() {
    let stage = linked().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Administrator).await;
    let path = format!("/companies/{}/remove", stage.company_id);
    let page = visitor.get(&path).await;
    assert!(
        page.text
            .contains("2 links between users and contacts retire"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("The history stays: 1 run."),
        "{}",
        page.text
    );
    let version = hidden(&page.text, "version");
    let writes = stage.psa.writes();
    for (typed, version) in [("Fabrikam", &*version), ("", &*version), ("Contoso", "99")] {
        let answer = send(
            &visitor,
            &path,
            &path,
            &[("version", version), ("name", typed)],
        )
        .await;
        assert_eq!(answer.status, 422, "{typed}");
    }
    let fields = [("version", &*version), ("name", " contoso ")];
    let answer = send(&visitor, &path, &path, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.location.as_deref(), Some("/"));
    let id = stage.company_id;
    assert!(
        stage
            .read(move |conn| companies::get(conn, id))
            .await
            .is_none()
    );
    assert!(
        stage
            .read(move |conn| secrets::names(conn, OF_COMPANY, id))
            .await
            .is_empty()
    );
    assert_eq!(stage.psa.writes(), writes, "nothing is written to the PSA");
    assert_eq!(visitor.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_disconnected_tenant_leaves_the_company_and_says_what_went() {
    let stage = linked().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = format!("/companies/{}/disconnect", stage.company_id);
    let page = visitor.get(&path).await;
    assert!(page.text.contains("Contact sync ends."), "{}", page.text);
    let outdated = send(&visitor, &path, &path, &[("version", "99")]).await;
    assert_eq!(outdated.status, 422);
    assert!(
        outdated
            .text
            .contains("Somebody changed this company meanwhile")
    );
    let version = hidden(&outdated.text, "version");
    let answer = send(&visitor, &path, &path, &[("version", &version)]).await;
    let to = format!("/companies/{}/connection", stage.company_id);
    assert_eq!(
        answer.location.as_deref(),
        Some(to.as_str()),
        "{}",
        answer.text
    );
    let page = visitor.get(&to).await;
    assert!(
        page.text.contains("and 2 links were retired"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Not connected"));
    let id = stage.company_id;
    assert!(
        stage
            .read(move |conn| tenant_connections::get(conn, id))
            .await
            .is_none()
    );
    assert!(!stage.company().await.sync_contacts);
    // There is nothing more to disconnect.
    assert_eq!(visitor.get(&path).await.status, 303);
}

#[tokio::test]
async fn what_is_not_there_does_not_stand_among_what_stays_and_goes() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let base = format!("/companies/{}", stage.company_id);
    let connection = visitor.get(&format!("{base}/connection")).await.text;
    let after = connection.split("</details>").last().unwrap();
    assert!(after.contains("Disconnect this tenant"), "{connection}");
    let page = visitor.get(&format!("{base}/disconnect")).await.text;
    assert!(
        !page.contains("no history") && !page.contains("nobody is linked"),
        "{page}"
    );
}

#[tokio::test]
async fn removing_is_for_administrators() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let path = format!("/companies/{}", stage.company_id);
    let technician = site.signed_in(Role::Technician).await;
    assert_eq!(technician.get(&format!("{path}/remove")).await.status, 403);
    assert_eq!(
        technician.get(&format!("{path}/disconnect")).await.status,
        200
    );
    let page = technician.get(&format!("{path}/connection")).await;
    assert!(!page.text.contains("Remove this company"));
    let reader = site.signed_in(Role::Reader).await;
    assert_eq!(reader.get(&format!("{path}/disconnect")).await.status, 403);
}

async fn saves(visitor: &super::visitor::Visitor, stage: &Stage) {
    let id = stage.company_id;
    let version = stage.version().await.to_string();
    let form = [
        ("version", version.as_str()),
        ("name", "Contoso"),
        ("timezone", "UTC"),
        ("sync_contacts", "true"),
        ("guard_floor", "5"),
        ("guard_percent", "20"),
    ];
    let to = format!("/companies/{id}/contact-sync");
    let answer = visitor.post(&to, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

#[tokio::test]
async fn who_saved_meanwhile_is_named_to_whom_removes_or_disconnects() {
    let stage = linked().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let technician = site.signed_in(Role::Technician).await;
    let base = format!("/companies/{}", stage.company_id);
    let seen = admin.get(&format!("{base}/remove")).await.text;
    let seen = hidden(&seen, "version");
    saves(&technician, &stage).await;
    let form = [("version", seen.as_str()), ("name", "Contoso")];
    let late = admin.post(&format!("{base}/remove"), &form).await;
    assert_eq!(late.status, 422);
    let said = "Technician changed this company just now. Nothing was done.";
    assert!(late.text.contains(said), "{}", late.text);
    assert_ne!(hidden(&late.text, "version"), seen);
    let late = admin.post(&format!("{base}/disconnect"), &form).await;
    assert!(late.text.contains(said), "{}", late.text);
}

#[tokio::test]
async fn neither_a_bulk_dismissal_nor_an_undo_hides_who_saved_meanwhile() {
    let stage = linked().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let technician = site.signed_in(Role::Technician).await;
    let to = format!("/companies/{}/disconnect", stage.company_id);
    let seen = hidden(&admin.get(&to).await.text, "version");
    saves(&technician, &stage).await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            // One undo leaves three users alone, and makes one version.
            companies::touch(conn, id, now)?;
            for number in 0..60 {
                let kind = if number < 3 { "ignored" } else { "dismissed" };
                let event = NewEvent {
                    staff: "Robin",
                    company_id: Some(id),
                    user_id: Some(format!("user {number}").as_str().into()),
                    kind,
                    detail: String::new(),
                };
                events::append(conn, &event, now)?;
            }
            Ok(())
        })
        .await;
    let late = admin.post(&to, &[("version", seen.as_str())]).await;
    assert!(
        late.text
            .contains("Robin and Technician changed this company"),
        "{}",
        late.text
    );
}
