//! What a company's overview says, so that it is true: of people who are ignored, of those who fail run after run, and of a tenant
//! that was disconnected.

use std::time::Duration;

use rollcall::connections::disconnect_tenant;
use rollcall::model::Role;
use rollcall::simulator::kit::FaultKind;

use super::people::{id, stage};
use super::visitor::Site;
use crate::stage::{Stage, user};

fn overview(stage: &Stage) -> String {
    format!("/companies/{}", stage.company_id)
}

#[tokio::test]
async fn all_is_not_well_beside_people_who_are_ignored() {
    let stage = stage().await;
    stage.users(["anna", "bert", "carl"].map(user));
    stage
        .set(|company| company.ignored = vec![id("anna")])
        .await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let page = reader.get(&overview(&stage)).await.text;
    let said = "<p class=\"state ok\">2 people are in sync, and 1 person is ignored.</p>";
    assert!(page.contains(said), "{page}");
    let list = format!("{}/people?state=ignored", overview(&stage));
    assert!(page.contains(&list), "{page}");
    let all = ["anna", "bert", "carl"].map(id);
    stage.set(|company| company.ignored = all.into()).await;
    stage.sync().await;
    let page = reader.get(&overview(&stage)).await.text;
    assert!(
        page.contains("Nobody is in scope, and 3 people are ignored."),
        "{page}"
    );
    assert!(!page.contains("All is well"), "{page}");
}

#[tokio::test]
async fn who_fails_in_two_runs_needs_a_person_in_the_fleet_as_here() {
    let stage = stage().await;
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let refusal = FaultKind::Answer {
        status: 400,
        body: r#"{"code":"InvalidObject","message":"contact object is invalid"}"#.into(),
    };
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    stage.psa.fault_on_change(refusal, 0, usize::MAX);
    let fails = async || {
        stage.clock.advance(Duration::from_mins(1));
        stage.sync().await.run
    };
    let cause = "The PSA does not take the changes of 1 person at 1 company";
    let once = fails().await;
    let page = reader.get(&overview(&stage)).await.text;
    assert!(page.contains("1 person failed in the last run."), "{page}");
    assert!(page.contains(&format!("/runs/{once}\"")), "{page}");
    let fleet = reader.get("/").await.text;
    assert!(
        fleet.contains("Nothing needs a person now."),
        "one night: {fleet}"
    );
    let twice = fails().await;
    let link = format!("href=\"/runs/{twice}?outcome=failed\"");
    let page = reader.get(&overview(&stage)).await.text;
    let said = "The PSA did not take 1 person&#39;s changes in the last two runs.";
    assert!(page.contains(said) && page.contains(&link), "{page}");
    let fleet = reader.get("/").await.text;
    assert!(fleet.contains(cause) && fleet.contains(&link), "{fleet}");
    let run = reader
        .get(&format!("/runs/{twice}?outcome=failed"))
        .await
        .text;
    assert!(
        run.contains("Anna Doe") && !run.contains("Bert Doe"),
        "{run}"
    );
    // A run that could read neither side says nothing of them.
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 0, usize::MAX);
    fails().await;
    let fleet = reader.get("/").await.text;
    assert!(fleet.contains(cause), "{fleet}");
    // Who is ignored needs nobody any more.
    stage
        .set(|company| company.ignored = vec![id("anna")])
        .await;
    let waits = reader.get("/").await.text;
    assert!(waits.contains(cause), "no run has seen the entry: {waits}");
    let company = stage.company_id;
    let anna = id("anna");
    stage
        .write(move |conn| {
            let user = rollcall::model::UserId::new(&anna);
            rollcall::db::ignored_users::resolve_ignored(conn, company, &anna, &user)
        })
        .await;
    let fleet = reader.get("/").await.text;
    assert!(!fleet.contains("does not take"), "{fleet}");
}

#[tokio::test]
async fn a_disconnected_tenant_is_told_with_who_did_it_and_one_way_to_connect_it_again() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    let (id, version) = (stage.company_id, stage.version().await);
    disconnect_tenant(&stage.app, id, version, "Ann")
        .await
        .unwrap();
    let site = Site::start(&stage.app);
    let connection = format!(
        "href=\"{}/connection\">Connect the tenant again",
        overview(&stage)
    );
    let reader = site.signed_in(Role::Reader).await;
    let technician = site.signed_in(Role::Technician).await;
    for (visitor, buttons) in [(&reader, 0), (&technician, 1)] {
        for tail in ["", "/people", "/preview"] {
            let page = visitor
                .get(&format!("{}{tail}", overview(&stage)))
                .await
                .text;
            let (_, main) = page.split_once("<main").unwrap();
            let said = "<bdi>Ann</bdi> disconnected it on <time datetime=\"2026-01-31T02:30:00Z\"";
            assert!(main.contains(said), "{tail}: {main}");
            assert!(
                main.contains("contacts in the PSA stay as they are"),
                "{tail}"
            );
            assert_eq!(main.matches(&connection).count(), buttons, "{tail}: {main}");
            assert_eq!(
                main.matches("class=\"btn").count(),
                buttons,
                "{tail}: {main}"
            );
            assert!(
                !main.contains("not set up") && !main.contains("Not read yet"),
                "{tail}"
            );
        }
        let fleet = visitor.get("/").await.text;
        assert!(fleet.contains("The tenant is disconnected"), "{fleet}");
        assert!(!fleet.contains("Set-up"), "{fleet}");
    }
    let put = rollcall::db::tenant_connections::put;
    let (now, tenant) = (stage.clock.now(), crate::stage::tenant_connection());
    stage.write(move |conn| put(conn, id, &tenant, now)).await;
    let page = reader.get(&overview(&stage)).await.text;
    assert!(!page.contains("disconnected"), "{page}");
}
