//! Answers that are lost: no second contact, item or type, and everything in the history once (`behaviour.md` section 9).

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::db::writes::WriteState;
use rollcall::model::{Action, Outcome, Status};
use rollcall::simulator::kit::{Fault, FaultKind};

use crate::stage::{Stage, Store, Vendor, contact, each_vendor, everywhere, line, user};

everywhere!(
    a_create_whose_answer_is_lost_is_not_repeated,
    a_create_that_nobody_could_look_up_is_settled_by_the_next_run,
);
each_vendor!(
    a_create_that_never_arrived_is_sent_again,
    several_contacts_after_a_lost_create_are_a_conflict,
    a_lost_create_is_linked_even_if_the_user_left_meanwhile,
    a_lost_create_is_linked_and_deactivated_even_if_the_user_was_deleted_meanwhile,
    a_change_whose_answer_is_lost_is_simply_repeated,
    a_lost_create_is_not_looked_for_in_another_company,
    a_change_that_may_have_been_made_before_a_refusal_is_settled_by_the_next_run,
    a_preview_plans_as_if_what_was_left_had_been_settled,
);
everywhere!(@on only_connectwise ConnectWise Sqlite;
    an_item_or_type_whose_answer_is_lost_is_not_added_twice,
);

async fn a_create_whose_answer_is_lost_is_not_repeated(stage: Stage) {
    let kinds = [
        FaultKind::DropAfter,
        FaultKind::StatusAfter(502),
        FaultKind::StatusAfter(503),
        FaultKind::StatusAfter(504),
        FaultKind::Half,
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        let name = format!("user{number}");
        stage.users([user(&name)]);
        stage.psa.fault_on_create(kind.clone(), 0, 1);
        let report = stage.sync().await;
        assert_eq!(report.status, Status::Succeeded, "{kind:?} {report:?}");
        assert_eq!(line(&report, &name).outcome, Outcome::Applied, "{kind:?}");
        assert_eq!(stage.psa.look().len(), number + 1, "{kind:?}");
        assert_eq!(stage.links().await.len(), number + 1, "{kind:?}");
    }
    assert_eq!(stage.states().await, [WriteState::Applied; 5]);
    assert_eq!(stage.sync().await.counts.unchanged, 5);
}

async fn a_create_that_never_arrived_is_sent_again(stage: Stage) {
    stage.users([user("anna"), user("bert"), user("carl")]);
    stage.psa.fault_on_create(FaultKind::Drop, 0, 2);
    stage.psa.fault_on_create(FaultKind::Html(504), 0, 1);
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.create),
        (Status::Succeeded, 3),
        "{report:?}"
    );
    assert_eq!(stage.psa.look().len(), 3);
    assert_eq!(stage.psa.writes(), 6);
}

/// The request is cut off at once, and the PSA makes the contact two seconds later.
async fn late(vendor: Vendor) {
    let stage = Stage::with_clock(vendor, Store::Sqlite, Clock::real()).await;
    stage.users([user("anna")]);
    stage
        .psa
        .fault_on_create(FaultKind::Late(Duration::from_secs(2)), 0, 1);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!((stage.psa.look().len(), stage.psa.writes()), (1, 1));
    assert_eq!(stage.links().await.len(), 1);
}

#[tokio::test]
async fn a_create_that_connectwise_finishes_late_is_not_repeated() {
    late(Vendor::ConnectWise).await;
}

#[tokio::test]
async fn a_create_that_autotask_finishes_late_is_not_repeated() {
    late(Vendor::Autotask).await;
}

/// The create happens, its answer is lost, and the look-up fails too.
async fn unknown(stage: &Stage) {
    stage.psa.put(&contact("somebody"));
    stage.psa.fault_on_create(FaultKind::DropAfter, 0, 1);
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 1, usize::MAX);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(line(&report, "anna").outcome, Outcome::Failed);
    assert_eq!(stage.states().await, [WriteState::Sent]);
    stage.psa.controls().clear_faults();
    stage.clock.advance(Duration::from_mins(1));
}

async fn a_create_that_nobody_could_look_up_is_settled_by_the_next_run(mut stage: Stage) {
    stage.users([user("anna")]);
    unknown(&stage).await;
    stage.restart().await;
    let report = stage.sync().await;
    assert_eq!(
        line(&report, "anna").action,
        Action::Unchanged,
        "{report:?}"
    );
    assert_eq!((stage.psa.look().len(), stage.psa.writes()), (2, 1));
    assert_eq!(stage.links().await[0].2, "created");
    assert_eq!(stage.states().await, [WriteState::Applied]);
    let history = stage.history().await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].change.outcome, Outcome::Applied);
    assert!(history[0].change.fields.iter().all(|field| field.applied));
    assert!(history[0].change.contact_id.is_some());
}

async fn several_contacts_after_a_lost_create_are_a_conflict(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    stage.psa.put(&contact("bert"));
    unknown(&stage).await;
    let made = stage.stored("anna@contoso.example").id;
    // A technician, too, made a contact for her.
    let other = stage.psa.put(&contact("anna"));
    let report = stage.sync().await;
    let anna = line(&report, "anna");
    assert_eq!(
        (anna.action, anna.outcome),
        (Action::Conflict, Outcome::None)
    );
    assert!(
        anna.reason.contains(&made) && anna.reason.contains(&other),
        "{anna:?}"
    );
    assert_eq!(stage.states().await, [WriteState::Conflict]);
    assert_eq!(
        line(&stage.sync().await, "anna").action,
        Action::Conflict,
        "until a person decides"
    );
    stage.psa.remove(&other);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Unchanged);
    let links = stage.links().await;
    assert_eq!(
        (links[0].1.as_str(), links[0].2.as_str()),
        (made.as_str(), "created")
    );
    assert_eq!(stage.psa.writes(), 1);
}

async fn a_lost_create_is_linked_even_if_the_user_left_meanwhile(stage: Stage) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.psa.put(&contact("bert"));
    stage.psa.put(&contact("carl"));
    unknown(&stage).await;
    stage.edit("anna", |anna| anna.account_enabled = Some(false));
    let report = stage.sync().await;
    let anna = line(&report, "anna");
    assert_eq!(
        (anna.action, anna.outcome),
        (Action::Deactivate, Outcome::Applied)
    );
    assert!(!stage.stored("anna@contoso.example").active);
    assert_eq!(stage.links().await.len(), 3);
}

async fn a_lost_create_is_linked_and_deactivated_even_if_the_user_was_deleted_meanwhile(
    stage: Stage,
) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.psa.put(&contact("bert"));
    stage.psa.put(&contact("carl"));
    unknown(&stage).await;
    stage.delete("anna");
    for report in [stage.preview().await, stage.sync().await] {
        let anna = line(&report, "anna");
        assert_eq!(
            (anna.action, anna.reason.as_str()),
            (Action::Deactivate, "deleted"),
            "preview: {}",
            report.preview
        );
    }
    assert!(!stage.stored("anna@contoso.example").active);
    let again = stage.sync().await;
    assert_eq!(again.counts.deactivate, 0, "{again:?}");
    assert_eq!(stage.links().await.len(), 3);
}

async fn a_lost_create_is_not_looked_for_in_another_company(stage: Stage) {
    stage.users([user("anna")]);
    unknown(&stage).await;
    stage.users([user("bert")]);
    stage.psa.add_company(251, "Contoso Two");
    stage.psa.put_in(251, &contact("anna"));
    stage
        .set(|company| company.psa_company_id = "251".into())
        .await;
    stage.edit("anna", |anna| anna.account_enabled = Some(false));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert!(
        stage
            .links()
            .await
            .iter()
            .all(|link| link.0 == "bert@contoso.example")
    );
    let anna = stage.psa.look_in(251).into_iter().next().unwrap();
    assert!(anna.active, "nobody linked this contact");
}

async fn a_change_whose_answer_is_lost_is_simply_repeated(stage: Stage) {
    stage.users([user("anna").title("Boss")]);
    stage.psa.put(&contact("anna"));
    stage.psa.fault_on_change(FaultKind::DropAfter, 0, 2);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(stage.psa.writes(), 3);
    assert_eq!(stage.states().await, [WriteState::Applied]);
}

async fn a_change_that_may_have_been_made_before_a_refusal_is_settled_by_the_next_run(
    stage: Stage,
) {
    stage.users([user("anna").title("Boss")]);
    stage.psa.put(&contact("anna"));
    let wait = FaultKind::Throttle {
        retry_after: Some("3600".into()),
    };
    stage.psa.fault_on_change(FaultKind::DropAfter, 0, 1);
    stage.psa.fault_on_change(wait, 0, 1);
    let report = stage.sync().await;
    assert_eq!(report.error.as_ref().unwrap().kind, "throttled");
    assert_eq!(line(&report, "anna").outcome, Outcome::Failed);
    assert_eq!(stage.states().await, [WriteState::Sent], "nobody knows yet");
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Unchanged);
    assert_eq!(stage.states().await, [WriteState::Applied]);
    let history = stage.history().await;
    assert!(history.len() == 1 && history[0].change.fields[0].applied);
}

async fn a_preview_plans_as_if_what_was_left_had_been_settled(stage: Stage) {
    stage.users([user("anna")]);
    unknown(&stage).await;
    let report = stage.preview().await;
    assert_eq!(line(&report, "anna").action, Action::Unchanged);
    assert_eq!(
        stage.states().await,
        [WriteState::Sent],
        "a preview writes nothing down"
    );
    assert!(stage.links().await.is_empty());
}

async fn an_item_or_type_whose_answer_is_lost_is_not_added_twice(stage: Stage) {
    let end_user = stage.psa.contact_type("End User");
    stage
        .set_connection(|connection| connection.default_contact_type = end_user)
        .await;
    stage.users([user("anna").phones("123", "456")]);
    stage.psa.put(&contact("anna"));
    for kind in [FaultKind::DropAfter, FaultKind::StatusAfter(502)] {
        for path in ["communications", "typeAssociations"] {
            stage
                .psa
                .controls()
                .fault(Fault::once(kind.clone()).at("POST", path));
        }
    }
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let anna = stage.stored("anna@contoso.example");
    assert_eq!(
        (anna.phone.as_deref(), anna.mobile.as_deref()),
        (Some("123"), Some("456"))
    );
    assert_eq!(anna.types, ["End User"]);
    assert_eq!(stage.psa.writes(), 3);
    let states = stage.states().await;
    assert_eq!(states, [WriteState::Applied; 3]);
    // One that never arrived is sent again.
    stage.users([user("bert").phones("123", "456")]);
    stage.psa.put(&contact("bert"));
    stage.psa.controls().clear_faults();
    stage
        .psa
        .controls()
        .fault(Fault::once(FaultKind::Drop).at("POST", "communications"));
    stage.sync().await;
    let bert = stage.stored("bert@contoso.example");
    assert_eq!(
        (bert.phone.as_deref(), bert.mobile.as_deref()),
        (Some("123"), Some("456"))
    );
    assert_eq!(stage.psa.writes(), 7);
}
