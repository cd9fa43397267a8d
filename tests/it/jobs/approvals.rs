//! Approvals as jobs: for exactly those who were approved, and signed by everybody who approved.

use diesel::prelude::*;
use rollcall::db::events;
use rollcall::db::schema::holds::dsl;

use super::*;
use crate::stage::user;

on_both!(
    an_approval_deactivates_who_was_held,
    two_peoples_approvals_that_become_one_job_are_signed_by_both,
);

/// Anna, Bert and Carl leave, and their deactivations are held; Dora stays.
async fn three_of_four_leave(stage: &Stage) {
    let names = ["anna", "bert", "carl", "dora"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in &names[..3] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    assert_eq!(stage.sync().await.counts.held, 3);
}

async fn an_approval_deactivates_who_was_held(stage: Stage) {
    three_of_four_leave(&stage).await;
    let [anna, bert] = ["anna", "bert"].map(|name| user(name).0.id);
    let id = ask_for_an_approval(&stage, &[&anna, &bert]).await;
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    let held = stage.held().await.unwrap();
    assert_eq!(held, ["carl@contoso.example"], "exactly who was approved");
    let last = stage.runs().await.pop().unwrap();
    assert_eq!((last.mode, last.planned), (Mode::Approval, Some(2)));
}

/// Somebody approves these people's deactivations, by the names they were made with.
async fn approve(stage: &Stage, staff: &str, note: Option<&str>, names: &[&str]) -> i64 {
    let (company, now) = (stage.company_id, stage.clock.now());
    let users: Vec<_> = names.iter().map(|name| user(name).0.id.into()).collect();
    let signed = Signed {
        staff: staff.into(),
        note: note.map(Into::into),
    };
    stage
        .write(move |conn| enqueue_approval(conn, company, users, &signed, now))
        .await
        .id()
}

async fn two_peoples_approvals_that_become_one_job_are_signed_by_both(stage: Stage) {
    three_of_four_leave(&stage).await;
    let first = approve(&stage, "Ann", Some("left in March"), &["anna", "bert"]).await;
    stage.clock.advance(minutes(1));
    let second = approve(&stage, "Bob", Some("by phone"), &["carl"]).await;
    stage.clock.advance(minutes(1));
    let third = approve(&stage, "Ann", Some("the rest"), &["carl"]).await;
    assert_eq!((first, first), (second, third), "one run does it all");
    step(&stage).await;
    assert_eq!(stage.held().await, None);
    let last = stage.runs().await.pop().unwrap();
    assert_eq!(last.mode, Mode::Approval);
    assert_eq!(last.requested_by.as_deref(), Some("Ann and Bob"));
    let (closed_by, note): (Option<String>, Option<String>) = stage
        .read(|conn| {
            dsl::holds
                .select((dsl::closed_by, dsl::note))
                .order(dsl::id.desc())
                .first(conn)
        })
        .await;
    assert_eq!(closed_by.as_deref(), Some("Ann and Bob"));
    assert_eq!(
        note.as_deref(),
        Some("Ann: left in March; the rest; Bob: by phone")
    );
    // Of each person the history has who approved them.
    let company = stage.company_id;
    for (name, by) in [("anna", "Ann"), ("bert", "Ann")] {
        let id = user(name).0.id.into();
        let noted = stage
            .read(move |conn| events::of_user(conn, company, &id))
            .await;
        let approved: Vec<_> = noted
            .iter()
            .filter(|event| event.kind == "approved")
            .collect();
        assert_eq!(
            (approved.len(), approved[0].staff.as_str()),
            (1, by),
            "{name}"
        );
    }
}
