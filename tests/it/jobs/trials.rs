//! Runs that are to try a connection in quarantine: which company's does, and what follows where it proves nothing; and what is no
//! quarantine of the connection at all.

use chrono::TimeDelta;
use rollcall::app::OF_COMPANY;
use rollcall::jobs::schedule::tick;
use rollcall::model::filter::Named;
use rollcall::model::{Company, SiteId, Target, Test};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::quarantine::{idle, key, night, of_psa, of_tenant};
use super::*;
use crate::stage::{filter, put_secret, user};

on_both!(
    a_trial_that_proves_nothing_is_made_again_after_the_pause_and_by_another_company,
    a_job_that_its_tenants_quarantine_holds_keeps_nobody_from_trying_the_psa,
    a_write_that_the_psa_does_not_permit_fails_its_company_alone,
    a_company_that_is_switched_off_keeps_nothing_in_quarantine,
);

/// No daily run comes in between.
async fn not_by_day(stage: &Stage) {
    let an_hour_ago = (stage.clock.now() - TimeDelta::hours(1)).format("%H:%M");
    let time = an_hour_ago.to_string();
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            for mut company in companies::list(conn)? {
                company.schedule = Some(time.clone());
                company.timezone = "UTC".into();
                companies::update(conn, &company, now)?;
            }
            Ok(())
        })
        .await;
    tick(&stage.app).await.unwrap();
}

/// The company's runs stop before both sides are read: a filter names a site that the PSA does not have.
async fn name_a_missing_site(stage: &Stage) {
    let site = Named {
        id: SiteId::new("999999"),
        name: "Gone".into(),
    };
    let place = Target::Place {
        site: Some(site),
        contact_type: None,
    };
    let change =
        |company: &mut Company| company.filters = vec![filter(vec![Test::Licensed], place)];
    stage.set(change).await;
}

async fn waiting(stage: &Stage, company: i64) -> usize {
    let jobs = stage.read(move |conn| jobs::waiting(conn, company)).await;
    jobs.len()
}

async fn a_trial_that_proves_nothing_is_made_again_after_the_pause_and_by_another_company(
    stage: Stage,
) {
    stage.users([user("anna")]);
    let other = stage.fleet(2).await.remove(1).id;
    not_by_day(&stage).await;
    key(&stage, false).await;
    stage.sync().await;
    key(&stage, true).await;
    name_a_missing_site(&stage).await;
    // The other one was tried last.
    night(&stage, other).await;
    let id = stage.read(move |conn| jobs::waiting(conn, other)).await[0].id;
    let now = stage.clock.now();
    stage
        .write(move |conn| jobs::cancel(conn, id, "not wanted", now))
        .await;
    stage.clock.advance(minutes(60));
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
    assert_eq!(waiting(&stage, stage.company_id).await, 1);
    step(&stage).await;
    let run = stage.runs().await.pop().unwrap();
    assert_eq!(run.error.unwrap().kind, "missing_site");
    let found = of_psa(&stage).await.unwrap();
    assert_eq!(found.failures, 1, "it has not failed again");
    assert_eq!(found.next_try - stage.clock.now(), TimeDelta::hours(1));
    stage.clock.advance(minutes(1));
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    idle(&stage).await;
    stage.clock.advance(minutes(59));
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
    assert_eq!(waiting(&stage, other).await, 1, "another one tries");
    step(&stage).await;
    assert_eq!(of_psa(&stage).await, None);
}

async fn a_job_that_its_tenants_quarantine_holds_keeps_nobody_from_trying_the_psa(stage: Stage) {
    stage.users([user("anna")]);
    let other = stage.fleet(2).await.remove(1).id;
    not_by_day(&stage).await;
    put_secret(&stage.app, OF_COMPANY, other, "client_secret", "wrong").await;
    night(&stage, other).await;
    step(&stage).await;
    stage.clock.advance(minutes(60));
    step(&stage).await;
    assert_eq!(waiting(&stage, other).await, 1, "for two hours");
    key(&stage, false).await;
    stage.sync().await;
    key(&stage, true).await;
    stage.clock.advance(minutes(60));
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
    assert_eq!(waiting(&stage, stage.company_id).await, 1);
    step(&stage).await;
    assert_eq!(of_psa(&stage).await, None);
}

async fn a_write_that_the_psa_does_not_permit_fails_its_company_alone(stage: Stage) {
    stage.users([user("anna")]);
    let other = stage.fleet(2).await.remove(1).id;
    let refused = Fault::always(FaultKind::Status(403)).on_writes();
    stage.psa.controls().fault(refused);
    let id = click(&stage).await;
    step(&stage).await;
    let run = stage.runs().await.remove(0);
    assert_eq!(run.error.unwrap().kind, "permission");
    assert_eq!(of_psa(&stage).await, None);
    let failed = job(&stage, id).await;
    assert_eq!(failed.state, JobState::Failed);
    stage.psa.controls().clear_faults();
    let fine = night(&stage, other).await;
    step(&stage).await;
    assert_eq!(state(&stage, fine).await, JobState::Done);
    let refused = Fault::always(FaultKind::Status(403));
    stage.psa.controls().fault(refused);
    stage.clock.advance(minutes(1));
    stage.sync().await;
    let found = of_psa(&stage).await.unwrap();
    assert_eq!(
        found.kind, "permission",
        "what cannot be read is another matter"
    );
}

async fn a_company_that_is_switched_off_keeps_nothing_in_quarantine(stage: Stage) {
    stage.users([user("anna")]);
    let company = stage.company_id;
    key(&stage, false).await;
    stage.sync().await;
    assert!(of_psa(&stage).await.is_some());
    key(&stage, true).await;
    put_secret(&stage.app, OF_COMPANY, company, "client_secret", "wrong").await;
    stage.app.forget_clients();
    stage.sync().await;
    assert!(of_tenant(&stage).await.is_some());
    let second = stage.add_psa("Second").await;
    let other = stage.add_company(9, second).await;
    let now = stage.clock.now();
    stage
        .write(move |conn| companies::stop_sync(conn, other.id, now))
        .await;
    assert!(of_psa(&stage).await.is_some(), "a company is left");
    assert!(of_tenant(&stage).await.is_some());
    stage.set(|company| company.sync_contacts = false).await;
    assert_eq!(of_psa(&stage).await, None);
    assert_eq!(of_tenant(&stage).await, None);
}
