//! Which failures put a connection into quarantine, and which do not: a mistake that a person has to mend is one, the cloud being
//! down is none, and neither is a mistake of the program's own.

use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::db::quarantines;
use rollcall::db::runs;
use rollcall::model::{RunFailure, Side, Status};
use rollcall::runs::Event;
use rollcall::simulator::kit::FaultKind;
use rollcall::sync::Options;
use rollcall::sync::failure::{FOR_PEOPLE, broken};

use super::quarantine::{apart, key, of_psa, of_tenant};
use super::*;
use crate::stage::{CLIENT, SECRET, TENANT, put_secret, user};

on_both!(
    each_mistake_in_a_connection_enters_quarantine_on_its_side,
    a_cloud_that_is_down_is_no_quarantine,
    a_run_that_panics_is_a_failed_run_and_what_it_was_to_try_is_tried_after_the_pause,
);

/// A kind of failure, what brings it about, and what mends it.
type Break<'a> = (&'a str, Box<dyn Fn(&Stage) + 'a>, Box<dyn Fn(&Stage) + 'a>);

async fn each_mistake_in_a_connection_enters_quarantine_on_its_side(mut stage: Stage) {
    stage.users([user("anna")]);
    let app = |stage: &Stage, change: &dyn Fn(&mut rollcall::simulator::graph::AppData)| {
        stage.microsoft.tenant(TENANT, |tenant| {
            change(tenant.apps.get_mut(CLIENT).unwrap());
        });
    };
    let other = "6f0c7b1e-0000-4000-8000-000000000002";
    let breaks: Vec<Break<'_>> = vec![
        (
            "secret_expired",
            Box::new(|stage| app(stage, &|app| app.secrets[0].expired = true)),
            Box::new(|stage| app(stage, &|app| app.secrets[0].expired = false)),
        ),
        (
            "credentials",
            Box::new(|stage| app(stage, &|app| app.secrets[0].value = "another".into())),
            Box::new(|stage| app(stage, &|app| app.secrets[0].value = SECRET.into())),
        ),
        (
            "consent",
            Box::new(|stage| app(stage, &|app| app.consented = false)),
            Box::new(|stage| app(stage, &|app| app.consented = true)),
        ),
        (
            "wrong_tenant",
            Box::new(|stage| {
                stage
                    .microsoft
                    .switches(|switches| switches.wrong_organization = Some(other.into()));
            }),
            Box::new(|stage| {
                stage
                    .microsoft
                    .switches(|switches| switches.wrong_organization = None);
            }),
        ),
    ];
    for (kind, breaks, mends) in breaks {
        breaks(&stage);
        // Nothing that was read or signed in before hides it.
        stage.restart().await;
        let report = stage
            .run(rollcall::sync::Options::new(Mode::Resync, false))
            .await;
        let error = report.report.error.unwrap();
        assert_eq!(error.side, Some(Side::Tenant), "{error:?}");
        let found = of_tenant(&stage).await;
        let found = found.unwrap_or_else(|| panic!("{kind}: {error:?}"));
        assert!(
            found.kind == kind || (kind == "consent" && found.kind == "permission"),
            "{kind}: {found:?}"
        );
        assert_eq!(of_psa(&stage).await, None);
        mends(&stage);
        stage.restart().await;
        stage.clock.advance(minutes(1));
        assert_eq!(stage.sync().await.error, None, "{kind}");
        assert_eq!(of_tenant(&stage).await, None, "{kind}");
        stage.clock.advance(minutes(1));
    }
    let (company, psa) = (stage.company_id, stage.psa_id);
    for (kind, id) in [(OF_COMPANY, company), (OF_PSA, psa)] {
        stage
            .write(move |conn| rollcall::db::secrets::delete_all(conn, kind, id))
            .await;
        stage.app.forget_clients();
        let error = stage.sync().await.error.unwrap();
        assert_eq!(error.kind, "not_set_up");
        let found = if kind == OF_COMPANY {
            of_tenant(&stage).await
        } else {
            of_psa(&stage).await
        };
        assert_eq!(found.unwrap().kind, "not_set_up");
        put_secret(&stage.app, OF_COMPANY, company, "client_secret", SECRET).await;
    }
}

async fn a_cloud_that_is_down_is_no_quarantine(stage: Stage) {
    stage.users([user("anna")]);
    let hour = "3600".to_owned();
    for fault in [
        FaultKind::Status(503),
        FaultKind::Html(502),
        FaultKind::Drop,
        FaultKind::Half,
        FaultKind::Throttle {
            retry_after: Some(hour),
        },
    ] {
        stage.psa.fault_on_list(fault, 0, usize::MAX);
        let id = click(&stage).await;
        step(&stage).await;
        let tried = job(&stage, id).await;
        assert_eq!(
            (tried.state, tried.attempts),
            (JobState::Queued, 1),
            "{:?}",
            tried.error
        );
        assert_eq!(apart(stage.clock.now(), tried.run_at), 1);
        assert_eq!(stage.read(quarantines::all).await, []);
        stage.psa.controls().clear_faults();
        stage.clock.advance(minutes(1));
        step(&stage).await;
        assert_eq!(state(&stage, id).await, JobState::Done);
        stage.clock.advance(minutes(1));
    }
}

#[test]
fn mistakes_in_a_connection_are_told_apart_from_a_cloud_that_is_down() {
    let failure = |kind: &str, side| RunFailure {
        kind: kind.into(),
        message: String::new(),
        advice: String::new(),
        side,
    };
    for kind in FOR_PEOPLE {
        assert_eq!(broken(&failure(kind, Some(Side::Psa))), Some(Side::Psa));
        assert_eq!(broken(&failure(kind, None)), None, "of no connection");
        assert!(!rollcall::jobs::TRANSIENT.contains(&kind));
    }
    let down = rollcall::jobs::TRANSIENT;
    let others = [
        "company_gone",
        "missing_site",
        "plan_changed",
        "stopped",
        "refused",
    ];
    for kind in down.iter().chain(&others) {
        assert_eq!(broken(&failure(kind, Some(Side::Tenant))), None, "{kind}");
    }
}

/// The program's own mistake, in the middle of a run.
async fn panicking(stage: &Stage) -> rollcall::sync::Finished {
    let company = stage.company().await;
    let mut options = Options::new(Mode::Update, false);
    options.requested_by = Some("Robin".into());
    let panics = |_: &str, event: Event| {
        let planned = matches!(event, Event::Progress(rollcall::sync::Progress::Planned(_)));
        assert!(!planned, "a mistake");
    };
    Box::pin(rollcall::runs::one(&stage.app, &company, &options, &panics)).await
}

async fn a_run_that_panics_is_a_failed_run_and_what_it_was_to_try_is_tried_after_the_pause(
    stage: Stage,
) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    stage.sync().await;
    key(&stage, true).await;
    stage.clock.advance(minutes(60));
    let finished = panicking(&stage).await;
    let error = finished.report.error.unwrap();
    assert_eq!((error.kind.as_str(), error.side), ("mistake", None));
    let found = of_psa(&stage).await.unwrap();
    assert_eq!(
        apart(stage.clock.now(), found.next_try),
        60,
        "not at once again"
    );
    assert_eq!(found.failures, 1, "nothing was proved of the connection");
    // The company and its connection are free, and the next run does what this one did not.
    let (other, _stopper) = stage.another().await;
    let company = stage.company().await;
    let options = Options::new(Mode::Update, false);
    let next = rollcall::runs::one(&other, &company, &options, &|_, _| ());
    let next = Box::pin(next).await.report;
    assert_eq!(next.status, Status::Succeeded, "{next:?}");
    assert_eq!(stage.psa.look().len(), 1);
    let id = stage.company_id;
    let running = stage.read(move |conn| runs::running(conn, id)).await;
    assert_eq!(running, []);
    let all = stage.read(move |conn| runs::list(conn, id, 9)).await;
    let mistake = all
        .iter()
        .find(|run| run.error.as_ref().is_some_and(|one| one.kind == "mistake"));
    let counted = &mistake.unwrap().counts;
    assert_eq!(
        *counted,
        serde_json::json!({}),
        "nobody counted what it wrote"
    );
}
