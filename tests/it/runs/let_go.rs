//! Whom an undo leaves alone: those of whom something was put back, and nobody else.

use rollcall::db::writes::WriteState;
use rollcall::db::{events, undos};
use rollcall::model::{Outcome, Status};
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::Options;
use rollcall::sync::report::Report;
use rollcall::sync::stop::stop;

use super::undo::{a_day, id, ignored, undo, whole};
use crate::stage::{Stage, each_vendor, everywhere, line, user};

everywhere!(
    who_is_refused_is_not_left_alone_and_a_retry_leaves_them_alone,
    an_undo_that_fails_as_a_whole_leaves_alone_whom_it_put_back_and_nobody_else,
);
each_vendor!(
    an_undo_that_is_stopped_leaves_alone_whom_it_put_back_and_nobody_else,
    whose_contact_somebody_put_back_meanwhile_stays_left_alone,
    who_was_ignored_before_the_undo_stays_ignored,
    whose_request_may_have_arrived_stays_left_alone,
);

fn refusal() -> FaultKind {
    FaultKind::Answer {
        status: 400,
        body: r#"{"code":"InvalidObject","message":"refused","errors":["refused"]}"#.into(),
    }
}

/// Whom runs leave alone because of an undo, as the history has it.
async fn left_alone(stage: &Stage, report: &Report) -> Vec<String> {
    let run = report.run.clone();
    let undone = stage.read(move |conn| undos::of_run(conn, &run)).await;
    let mut users = undone.unwrap().left_alone;
    users.sort();
    users.iter().map(ToString::to_string).collect()
}

/// Asserts that runs leave alone whose line went through, and nobody else, and that the history says so.
async fn as_applied(stage: &Stage, report: &Report) {
    let mut applied: Vec<String> = report
        .people
        .iter()
        .filter(|one| one.outcome == Outcome::Applied)
        .map(|one| one.user_id.to_string())
        .collect();
    applied.sort();
    let mut now = ignored(stage).await;
    now.sort();
    assert_eq!(now, applied, "{report:?}");
    assert_eq!(left_alone(stage, report).await, applied);
}

async fn who_is_refused_is_not_left_alone_and_a_retry_leaves_them_alone(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    stage.psa.fault_on_change(refusal(), 0, 3);
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.counts.failed, 3, "{report:?}");
    stage.psa.controls().clear_faults();
    as_applied(&stage, &report).await;
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
    let company = stage.company_id;
    let said = stage
        .read(move |conn| events::of_company(conn, company, 20))
        .await;
    let count = |kind: &str| said.iter().filter(|event| event.kind == kind).count();
    assert_eq!((count("ignored"), count("stopped ignoring")), (3, 3));
    let again = undo(&stage, whole(&run.run)).await;
    assert_eq!(again.status, Status::Succeeded, "{again:?}");
    as_applied(&stage, &again).await;
    assert_eq!(ignored(&stage).await.len(), 3);
    assert_eq!(stage.psa.look()[..2], before);
    // Putting that back looks at all of them again.
    let forth = undo(&stage, whole(&again.run)).await;
    assert_eq!(forth.status, Status::Succeeded, "{forth:?}");
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
}

async fn an_undo_that_fails_as_a_whole_leaves_alone_whom_it_put_back_and_nobody_else(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    stage.psa.fault_on_change(FaultKind::Status(401), 1, 20);
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Failed, "{report:?}");
    stage.psa.controls().clear_faults();
    as_applied(&stage, &report).await;
    assert!(ignored(&stage).await.len() < 3, "{report:?}");
    let again = undo(&stage, whole(&run.run)).await;
    assert_eq!(again.status, Status::Succeeded, "{again:?}");
    assert_eq!(ignored(&stage).await.len(), 3);
    assert_eq!(stage.psa.look()[..2], before);
}

async fn an_undo_that_is_stopped_leaves_alone_whom_it_put_back_and_nobody_else(stage: Stage) {
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    let run = stage.sync().await;
    let (stopper, asked) = stop();
    let mut options = Options::undoing(whole(&run.run), false);
    options.stop = Some(asked);
    let company = stage.company().await;
    let watch = |_: &str, event: rollcall::runs::Event| {
        if matches!(
            event,
            rollcall::runs::Event::Progress(rollcall::sync::Progress::Written(1))
        ) {
            stopper.stop();
        }
    };
    let running = Box::pin(rollcall::runs::one(&stage.app, &company, &options, &watch));
    let report = running.await.report;
    assert_eq!(report.error.as_ref().unwrap().kind, "stopped", "{report:?}");
    as_applied(&stage, &report).await;
    let left = ignored(&stage).await.len();
    assert!((1..20).contains(&left), "{left}");
}

async fn whose_contact_somebody_put_back_meanwhile_stays_left_alone(stage: Stage) {
    stage.users([user("anna").title("Engineer").phones("100", "")]);
    stage.sync().await;
    stage.users([user("anna").title("Lead").phones("200", ""), user("bert")]);
    let run = stage.sync().await;
    let company = stage.company().await;
    let (scene, last) = (
        stage.app.scene(&company).await.unwrap(),
        stage.app.last(&company).await.unwrap().unwrap(),
    );
    let (facts, all) = (stage.app.facts(), whole(&run.run));
    let looked = rollcall::sync::undoing::look(&scene, &facts, &last.snapshot, &all);
    let seen = looked.await.unwrap().keys();
    // By somebody's hand: one of Anna's fields, and all that the run did for Bert. The rest is refused.
    let of = |name: &str| line(&run, name).contact_id.clone().unwrap();
    stage
        .psa
        .edit(&of("anna"), |contact| contact.phone = Some("100".into()));
    stage
        .psa
        .edit(&of("bert"), |contact| contact.active = false);
    stage.psa.fault_on_change(refusal(), 0, 20);
    let shown = rollcall::model::Undo {
        shown: Some(seen.into_iter().collect()),
        ..all
    };
    let report = undo(&stage, shown).await;
    stage.psa.controls().clear_faults();
    assert_eq!(report.counts.failed, 1, "{report:?}");
    let mut both = ["anna", "bert"].map(|name| id(name).to_string());
    both.sort();
    let mut now = ignored(&stage).await;
    now.sort();
    assert_eq!(now, both);
    assert_eq!(left_alone(&stage, &report).await, both);
}

async fn who_was_ignored_before_the_undo_stays_ignored(stage: Stage) {
    let (_, run) = a_day(&stage).await;
    let anna = id("anna").to_string();
    stage
        .set(|company| company.ignored = vec![anna.clone()])
        .await;
    stage.psa.fault_on_change(refusal(), 0, 20);
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.counts.failed, 3, "{report:?}");
    assert_eq!(ignored(&stage).await, [anna]);
    assert_eq!(left_alone(&stage, &report).await, Vec::<String>::new());
}

async fn whose_request_may_have_arrived_stays_left_alone(stage: Stage) {
    stage.users([user("anna")]);
    let run = stage.sync().await;
    let lost = Fault::always(FaultKind::StatusAfter(502)).on_writes();
    stage.psa.controls().fault(lost);
    let report = undo(&stage, whole(&run.run)).await;
    stage.psa.controls().clear_faults();
    assert_eq!(line(&report, "anna").outcome, Outcome::Failed);
    assert!(stage.states().await.contains(&WriteState::Sent));
    assert_eq!(ignored(&stage).await, [id("anna").to_string()]);
}
