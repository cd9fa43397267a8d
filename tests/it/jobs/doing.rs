//! Jobs that are runs: what becomes of the job when the run fails, is not wanted any more, or is stopped.

use rollcall::http::Kind;
use rollcall::jobs::{Ended, TRANSIENT, contained, enqueue_expected};
use rollcall::model::{RunFailure, Status};
use rollcall::simulator::kit::FaultKind;

use super::*;
use crate::stage::user;

on_both!(
    a_run_that_was_asked_for_is_done_and_says_who_asked,
    the_waits_of_a_job_that_fails_grow_and_end,
    a_failure_that_no_waiting_mends_ends_the_job,
    a_run_whose_company_was_switched_off_meanwhile_is_cancelled,
    a_removed_company_s_job_is_cancelled,
    a_stop_puts_the_job_back,
    a_changed_plan_writes_nothing,
    a_plan_that_holds_still_is_carried_out,
);

async fn a_run_that_was_asked_for_is_done_and_says_who_asked(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    let id = click(&stage).await;
    step(&stage).await;
    let done = job(&stage, id).await;
    assert_eq!((done.state, done.error.clone()), (JobState::Done, None));
    let runs = stage.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(Some(&runs[0].id), done.run_id.as_ref());
    assert_eq!(runs[0].status, Some(Status::Succeeded));
    assert_eq!(runs[0].requested_by.as_deref(), Some("Robin"));
    assert_eq!(runs[0].planned, Some(2));
    let run = runs[0].id.clone();
    let progress = stage
        .read(move |conn| rollcall::db::runs::progress(conn, &run))
        .await;
    assert_eq!(progress, Some((2, 2)));
    assert_eq!(stage.psa.look().len(), 2);
}

async fn the_waits_of_a_job_that_fails_grow_and_end(stage: Stage) {
    stage.users([user("anna")]);
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 0, usize::MAX);
    let id = click(&stage).await;
    let mut waits = Vec::new();
    loop {
        step(&stage).await;
        let tried = job(&stage, id).await;
        if tried.state == JobState::Failed {
            break;
        }
        let wait = tried.run_at - stage.clock.now();
        waits.push(wait.num_minutes());
        assert!(tried.error.is_some());
        stage.clock.advance(wait.to_std().unwrap());
    }
    assert_eq!(waits, [1, 2, 4, 8]);
    let failed = job(&stage, id).await;
    assert_eq!(failed.attempts, 5);
    let error = failed.error.unwrap();
    assert!(
        error.contains("503") && error.contains("run again later"),
        "{error}"
    );
    assert_eq!(stage.runs().await.len(), 5, "each try is in the history");
    stage.psa.controls().clear_faults();
    stage.clock.advance(minutes(1));
    let next = click(&stage).await;
    step(&stage).await;
    assert_eq!(state(&stage, next).await, JobState::Done);
}

async fn a_failure_that_no_waiting_mends_ends_the_job(stage: Stage) {
    stage.users([user("anna")]);
    stage.psa.remove_company();
    let id = click(&stage).await;
    step(&stage).await;
    let failed = job(&stage, id).await;
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 1));
    let error = failed.error.unwrap();
    assert!(error.contains("Check the company's id"), "{error}");
}

async fn a_run_whose_company_was_switched_off_meanwhile_is_cancelled(stage: Stage) {
    stage.users([user("anna")]);
    let id = click(&stage).await;
    stage.set(|company| company.sync_contacts = false).await;
    step(&stage).await;
    let cancelled = job(&stage, id).await;
    assert_eq!(cancelled.state, JobState::Cancelled);
    let why = cancelled.error.unwrap();
    assert_eq!(why, "Contact sync is switched off for Contoso");
    assert_eq!(stage.requests().total(), 0);
}

async fn a_removed_company_s_job_is_cancelled(stage: Stage) {
    use diesel::prelude::*;
    use rollcall::db::schema::companies::dsl;

    let id = click(&stage).await;
    let (company, now) = (stage.company_id, stage.clock.now().naive_utc());
    stage
        .write(move |conn| {
            diesel::update(dsl::companies.find(company))
                .set(dsl::removed_at.eq(now))
                .execute(conn)
        })
        .await;
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Cancelled);
}

async fn a_stop_puts_the_job_back(mut stage: Stage) {
    stage.users([user("anna")]);
    let id = click(&stage).await;
    stage.stopper.stop();
    step(&stage).await;
    let back = job(&stage, id).await;
    assert_eq!((back.state, back.attempts), (JobState::Queued, 0));
    assert_eq!(stage.psa.writes(), 0);
    stage.restart().await;
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    assert_eq!(stage.psa.look().len(), 1);
}

async fn expected(stage: &Stage) -> (i64, String) {
    ask_for_a_preview(stage).await;
    step(stage).await;
    let (company, now) = (stage.company_id, stage.clock.now());
    let preview = stage
        .read(move |conn| rollcall::db::previews::get(conn, company))
        .await
        .unwrap();
    let digest = preview.digest.clone();
    let asked = stage
        .write(move |conn| enqueue_expected(conn, company, &digest, "Robin", now))
        .await;
    (asked.id(), preview.digest)
}

async fn a_changed_plan_writes_nothing(stage: Stage) {
    stage.users([user("anna")]);
    let (id, _) = expected(&stage).await;
    stage.users([user("bert")]);
    step(&stage).await;
    let failed = job(&stage, id).await;
    // Nobody has to mend anything: it is no failure of the job's.
    assert_eq!((failed.state, failed.attempts), (JobState::Cancelled, 1));
    let wanted = RunFailure {
        kind: "plan_changed".into(),
        message: "What would be done has changed since the preview".into(),
        advice: "Look at the new preview, then run it".into(),
        side: None,
    };
    assert_eq!(
        failed.error,
        Some(format!("{}. {}", wanted.message, wanted.advice))
    );
    let runs = stage.runs().await;
    assert_eq!((runs.len(), runs[0].status), (1, Some(Status::Failed)));
    assert_eq!(
        (runs[0].error.as_ref(), runs[0].planned),
        (Some(&wanted), None)
    );
    assert_eq!((stage.psa.writes(), stage.links().await.len()), (0, 0));
}

async fn a_plan_that_holds_still_is_carried_out(stage: Stage) {
    stage.users([user("anna"), user("bert").title("Engineer")]);
    let (id, digest) = expected(&stage).await;
    assert_eq!(digest.len(), 64);
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    assert_eq!(stage.psa.look().len(), 2);
    let (_, next) = expected(&stage).await;
    assert_ne!(next, digest, "nothing is to be done any more");
}

#[tokio::test]
async fn a_panic_fails_the_job_in_which_it_happens() {
    let ended = contained(async { panic!("a mistake") }).await;
    assert!(matches!(ended, Ended::Failed(why) if why.contains("mistake of its own")));
    assert_eq!(contained(async { Ended::Done }).await, Ended::Done);
}

#[test]
fn the_failures_that_pass_by_themselves_are_words_of_the_clients() {
    for kind in [
        Kind::Unreachable,
        Kind::Unavailable,
        Kind::Throttled,
        Kind::Lost,
        Kind::Incomplete,
        Kind::Budget,
    ] {
        assert!(TRANSIENT.contains(&kind.as_str()), "{kind:?}");
    }
    for kind in [
        Kind::Credentials,
        Kind::SecretExpired,
        Kind::Consent,
        Kind::Tenant,
    ] {
        assert!(!TRANSIENT.contains(&kind.as_str()), "{kind:?}");
    }
}
