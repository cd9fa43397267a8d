//! What is remembered from run to run: facts for seven days, links of one tenant and company, ignored users by object id.

use std::time::Duration;

use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::db::{ignored_users, tenant_connections};
use rollcall::model::{Action, Mode, Status, TenantConnection};
use rollcall::simulator::graph::{AppData, TenantData};
use rollcall::sync::Options;

use crate::stage::{
    CLIENT, SECRET, Stage, TENANT, contact, each_vendor, everywhere, line, put_secret, user,
};

everywhere!(
    facts_are_remembered_for_seven_days,
    an_ignored_name_becomes_an_object_id
);
each_vendor!(
    a_resync_forgets_the_facts,
    another_tenant_retires_the_links,
    another_psa_company_retires_the_links,
    a_contact_that_is_gone_is_forgotten_and_made_anew,
    the_reading_and_the_plan_are_kept,
    a_secret_that_another_process_replaced_is_used_at_once,
);

const DAY: Duration = Duration::from_hours(24);

/// The requests of a run beyond users and contacts.
async fn of_a_run(stage: &Stage) -> u64 {
    let calls = stage.sync().await.calls;
    calls.login + calls.graph + calls.psa
}

async fn facts_are_remembered_for_seven_days(mut stage: Stage) {
    stage.users([user("anna")]);
    stage.psa.put(&contact("anna"));
    let first = of_a_run(&stage).await;
    stage.restart().await;
    let second = of_a_run(&stage).await;
    assert_eq!(second, 3, "token, users and contacts");
    assert!(first > second && first - second <= 8, "{first}");
    stage
        .clock
        .advance(DAY * 6 + Duration::from_mins(24 * 60 - 10));
    stage.restart().await;
    assert_eq!(of_a_run(&stage).await, 3);
    stage.clock.advance(Duration::from_mins(11));
    stage.restart().await;
    assert!(of_a_run(&stage).await > 3, "seven days are over");
    stage.restart().await;
    assert_eq!(of_a_run(&stage).await, 3);
}

async fn a_resync_forgets_the_facts(mut stage: Stage) {
    stage.users([user("anna")]);
    stage.psa.put(&contact("anna"));
    let first = of_a_run(&stage).await;
    stage.restart().await;
    let report = stage.run(Options::new(Mode::Resync, false)).await.report;
    assert_eq!(report.status, Status::Succeeded);
    let calls = report.calls;
    assert_eq!(
        calls.login + calls.graph + calls.psa,
        first,
        "as if nothing had been known"
    );
    assert_eq!(
        of_a_run(&stage).await,
        2,
        "this process has a token already"
    );
}

async fn an_ignored_name_becomes_an_object_id(stage: Stage) {
    stage
        .set(|company| company.ignored = vec!["CEO@contoso.example".into()])
        .await;
    stage.users([user("ceo"), user("anna")]);
    let report = stage.sync().await;
    assert_eq!(line(&report, "ceo").reason, "ignored by a technician");
    assert_eq!(stage.psa.look().len(), 1);
    let id = stage.company_id;
    let entries = stage
        .read(move |conn| ignored_users::of_company(conn, id))
        .await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].1.as_ref().unwrap().as_str(), user("ceo").0.id);
    // Under a new name, and as a leaver, the same person is left alone.
    stage.edit("ceo", |ceo| {
        ceo.user_principal_name = "chair@contoso.example".into();
    });
    assert_eq!(line(&stage.sync().await, "ceo").action, Action::OutOfScope);
    // Somebody else who gets the old name is not ignored.
    stage.users([user("new").with(|new| new.user_principal_name = "ceo@contoso.example".into())]);
    assert_eq!(line(&stage.sync().await, "new").action, Action::Create);
}

async fn another_tenant_retires_the_links(stage: Stage) {
    const OTHER: &str = "6f0c7b1e-0000-4000-8000-000000000009";
    let names = ["anna", "bert", "carl", "dora"];
    stage.users(names.map(user));
    stage.sync().await;
    stage.microsoft.add_tenant(TenantData {
        id: OTHER.into(),
        display_name: "Contoso 2".into(),
        default_domain: "contoso2.example".into(),
        apps: [(CLIENT.to_owned(), AppData::reader(SECRET))].into(),
        skus: stage.microsoft.tenant(TENANT, |tenant| tenant.skus.clone()),
        users: vec![
            user("anna")
                .with(|anna| anna.id = "00000000-0000-4000-8000-00000000aaaa".into())
                .0,
        ],
        ..TenantData::default()
    });
    let (id, now) = (stage.company_id, stage.clock.now());
    let saved = stage
        .read(move |conn| tenant_connections::get(conn, id))
        .await
        .unwrap();
    let moved = TenantConnection {
        tenant_id: OTHER.into(),
        ..saved
    };
    stage
        .write(move |conn| tenant_connections::put(conn, id, &moved, now))
        .await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!(report.counts.link, 1, "Anna is found by her address");
    assert_eq!(
        report.people.len(),
        1,
        "nobody is deactivated for a retired link"
    );
    assert!(stage.psa.look().iter().all(|contact| contact.active));
    assert_eq!(stage.links().await.len(), 1);
}

async fn another_psa_company_retires_the_links(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    stage.psa.add_company(251, "Contoso Two");
    stage.psa.put_in(251, &contact("anna"));
    stage
        .set(|company| company.psa_company_id = "251".into())
        .await;
    stage.delete("bert");
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.link),
        (Status::Succeeded, 1),
        "{report:?}"
    );
    assert_eq!(report.people.len(), 1);
    assert!(stage.psa.look().iter().all(|contact| contact.active));
    assert_eq!(stage.psa.look_in(251).len(), 1);
}

async fn a_contact_that_is_gone_is_forgotten_and_made_anew(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let anna = stage.stored("anna@contoso.example").id;
    stage.psa.remove(&anna);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Create);
    assert_eq!(stage.psa.look().len(), 2);
    assert_eq!(stage.links().await.len(), 2);
    let writes = stage.psa.writes();
    stage.sync().await;
    assert_eq!(stage.psa.writes(), writes);
}

async fn the_reading_and_the_plan_are_kept(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    let report = stage.sync().await;
    let id = stage.company_id;
    let (reading, plan) = stage
        .read(move |conn| {
            let reading = rollcall::db::readings::get(conn, id)?;
            Ok((
                reading.unwrap(),
                rollcall::db::plans::get(conn, id)?.unwrap(),
            ))
        })
        .await;
    assert_eq!((&reading.run_id, &plan.run_id), (&report.run, &report.run));
    let users: Vec<rollcall::model::User> = serde_json::from_str(&reading.users).unwrap();
    assert_eq!(users.len(), 2);
    let plan: rollcall::sync::plan::Plan = serde_json::from_str(&plan.plan).unwrap();
    assert_eq!(plan.people.len(), 2);
}

async fn a_secret_that_another_process_replaced_is_used_at_once(stage: Stage) {
    stage.users([user("anna")]);
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    let (other, _stopper) = stage.another().await;
    let (_, keys) = stage.psa.connection();
    let (name, key) = keys.last().unwrap();
    for (kind, id, name, good) in [
        (OF_COMPANY, stage.company_id, "client_secret", SECRET),
        (OF_PSA, stage.psa_id, *name, key.as_str()),
    ] {
        put_secret(&other, kind, id, name, "not-the-right-one").await;
        let failed = stage.sync().await;
        assert_eq!(failed.status, Status::Failed, "{name}");
        put_secret(&other, kind, id, name, good).await;
        assert_eq!(stage.sync().await.status, Status::Succeeded, "{name}");
    }
}
