//! The guard, holds, their approval and their dismissal: `behaviour.md` sections 6 and 8.

use rollcall::db::{dismissals, holds};
use rollcall::model::{Action, Mode, Outcome, Status};
use rollcall::sync::Options;

use crate::stage::{Stage, each_vendor, everywhere, line, user};

everywhere!(too_many_leavers_are_held_until_a_technician_approves);
each_vendor!(
    a_preview_of_a_held_plan_is_held_and_changes_no_hold,
    people_leave_a_hold_and_it_closes_when_nobody_is_left,
    an_approval_checks_everything_anew,
    an_approval_that_fails_keeps_the_person_in_the_hold,
    who_was_dismissed_is_left_alone_until_active_again,
    the_rest_of_a_held_plan_is_applied,
);

const NAMES: [&str; 10] = [
    "anna", "bert", "carl", "dora", "emil", "fred", "gina", "hans", "ines", "jost",
];

async fn synced(stage: &Stage) {
    stage.users(NAMES.map(user));
    assert_eq!(stage.sync().await.status, Status::Succeeded);
}

fn block(stage: &Stage, names: &[&str]) {
    for name in names {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
}

fn address(name: &str) -> String {
    format!("{name}@contoso.example")
}

fn active(stage: &Stage) -> usize {
    stage
        .psa
        .look()
        .iter()
        .filter(|contact| contact.active)
        .count()
}

async fn too_many_leavers_are_held_until_a_technician_approves(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..3]);
    assert_eq!(
        stage.sync().await.status,
        Status::Succeeded,
        "three are never too many"
    );
    assert_eq!(active(&stage), 7);
    block(&stage, &NAMES[3..7]);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Held);
    assert_eq!(report.exit_status(), 3);
    assert_eq!((report.counts.deactivate, report.counts.held), (4, 4));
    assert_eq!(line(&report, "dora").outcome, Outcome::Held);
    assert_eq!(active(&stage), 7);
    let held = NAMES[3..7].iter().copied().map(address).collect();
    assert_eq!(stage.held().await, Some(held));
    // Who leaves while it is open joins it.
    block(&stage, &["hans"]);
    assert_eq!(stage.sync().await.counts.held, 5);
    let report = stage.approve().await;
    assert_eq!(
        (report.status, report.mode),
        (Status::Succeeded, Mode::Approval)
    );
    assert_eq!(report.people.len(), 5);
    assert!(
        report
            .people
            .iter()
            .all(|line| line.outcome == Outcome::Applied)
    );
    assert_eq!(active(&stage), 2);
    assert_eq!(stage.held().await, None);
    let writes = stage.psa.writes();
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    assert_eq!(stage.psa.writes(), writes);
}

async fn a_preview_of_a_held_plan_is_held_and_changes_no_hold(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    let report = stage.preview().await;
    assert_eq!((report.status, report.exit_status()), (Status::Held, 3));
    assert_eq!(line(&report, "anna").outcome, Outcome::Held);
    assert_eq!(stage.held().await, None);
    stage.sync().await;
    assert_eq!(stage.held().await.unwrap().len(), 5);
    stage.users(NAMES.map(user));
    assert_eq!(stage.preview().await.status, Status::Succeeded);
    assert_eq!(
        stage.held().await.unwrap().len(),
        5,
        "a preview lets nobody leave"
    );
}

async fn people_leave_a_hold_and_it_closes_when_nobody_is_left(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    stage.sync().await;
    stage.users([user("anna")]);
    let bert = stage.stored("bert@contoso.example");
    stage.psa.edit(&bert.id, |contact| contact.active = false);
    stage
        .set(|company| company.ignored = vec![address("carl")])
        .await;
    let report = stage.sync().await;
    assert_eq!(
        report.status,
        Status::Held,
        "Dora and Emil alone would not be held anew"
    );
    assert_eq!(
        stage.held().await,
        Some(vec![address("dora"), address("emil")])
    );
    assert_eq!(line(&report, "carl").action, Action::OutOfScope);
    stage.set(|company| company.update_existing = false).await;
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    assert_eq!(stage.held().await, None);
    stage.set(|company| company.update_existing = true).await;
    assert_eq!(
        stage.sync().await.status,
        Status::Succeeded,
        "the guard decides anew: two of nine"
    );
    assert!(!stage.stored("dora@contoso.example").active);
}

async fn an_approval_checks_everything_anew(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    stage.sync().await;
    // Since then Anna came back, Bert's contact was deactivated by hand, and Fred left too.
    stage.users([user("anna").title("Back")]);
    let bert = stage.stored("bert@contoso.example");
    stage.psa.edit(&bert.id, |contact| contact.active = false);
    block(&stage, &["fred"]);
    let report = stage.approve().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let outcomes: Vec<_> = NAMES[..5]
        .iter()
        .map(|name| line(&report, name).outcome)
        .collect();
    let applied = Outcome::Applied;
    assert_eq!(
        outcomes,
        [Outcome::None, Outcome::None, applied, applied, applied]
    );
    assert_eq!(report.people.len(), 5, "exactly the people of the hold");
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "1 person approved was not deactivated: the contact is inactive already",
            "1 person approved was not deactivated: they are active again",
        ]
    );
    assert!(stage.stored("anna@contoso.example").active);
    assert_eq!(
        stage.stored("anna@contoso.example").title,
        None,
        "an approval changes nothing else"
    );
    assert!(
        stage.stored("fred@contoso.example").active,
        "Fred was not in the list"
    );
    assert_eq!(stage.held().await, None);
    assert_eq!(
        stage.sync().await.status,
        Status::Succeeded,
        "one more is not too many"
    );
    assert!(!stage.stored("fred@contoso.example").active);
}

async fn an_approval_that_fails_keeps_the_person_in_the_hold(stage: Stage) {
    use rollcall::simulator::kit::FaultKind;

    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    stage.sync().await;
    let body = if stage.psa.is_connectwise() {
        r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[]}"#
    } else {
        r#"{"errors":["The contact is locked."]}"#
    };
    let status = if stage.psa.is_connectwise() { 400 } else { 500 };
    stage.psa.fault_on_change(
        FaultKind::Answer {
            status,
            body: body.into(),
        },
        2,
        1,
    );
    let report = stage.approve().await;
    assert_eq!(report.status, Status::Partial, "{report:?}");
    assert_eq!(report.counts.failed, 1);
    assert_eq!(stage.held().await.unwrap().len(), 1);
    assert_eq!(stage.sync().await.status, Status::Held);
    assert_eq!(stage.approve().await.status, Status::Succeeded);
    assert_eq!((active(&stage), stage.held().await), (5, None));
}

async fn who_was_dismissed_is_left_alone_until_active_again(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    stage.sync().await;
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            let hold = holds::open_of(conn, id)?.unwrap();
            let people: Vec<_> = hold
                .people
                .into_iter()
                .map(|person| person.user_id)
                .collect();
            dismissals::add(conn, id, &people, now)?;
            holds::close(conn, hold.id, "dismissed", None, now)
        })
        .await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(line(&report, "anna").action, Action::Unchanged);
    assert_eq!(active(&stage), 10);
    stage.users([user("anna")]);
    stage.sync().await;
    block(&stage, &["anna"]);
    let report = stage.sync().await;
    assert_eq!(
        line(&report, "anna").outcome,
        Outcome::Applied,
        "she has been active again"
    );
    assert_eq!(active(&stage), 9);
}

async fn the_rest_of_a_held_plan_is_applied(stage: Stage) {
    synced(&stage).await;
    block(&stage, &NAMES[..5]);
    stage.users([user("kurt"), user("jost").title("Boss")]);
    let report = stage.run(Options::new(Mode::Resync, false)).await.report;
    assert_eq!((report.status, report.mode), (Status::Held, Mode::Resync));
    assert!(stage.stored("kurt@contoso.example").active);
    assert_eq!(
        stage.stored("jost@contoso.example").title.as_deref(),
        Some("Boss")
    );
    assert_eq!(active(&stage), 11);
}
