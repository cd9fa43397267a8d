//! People whose changes the PSA does not take: told in the second run, once for each of them.

use chrono::TimeDelta;
use rollcall::simulator::kit::FaultKind;

use super::hooks::with_hook;
use super::{after, on_both, with_mail};
use crate::stage::{Stage, user};

on_both!(whose_changes_are_refused_is_told_in_the_second_run_and_once);

/// Lets a night pass, in which the PSA takes nothing.
async fn night(stage: &Stage) {
    after(stage, TimeDelta::hours(24)).await;
    stage.sync().await;
    after(stage, TimeDelta::minutes(1)).await;
}

async fn whose_changes_are_refused_is_told_in_the_second_run_and_once(stage: Stage) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.sync().await;
    let post = with_mail(&stage).await;
    let hook = with_hook(&stage, "").await;
    let refusal = FaultKind::Answer {
        status: 400,
        body: r#"{"code":"InvalidObject","message":"contact object is invalid"}"#.into(),
    };
    stage.psa.fault_on_change(refusal, 0, usize::MAX);
    let promote = |name| stage.edit(name, |user| user.job_title = Some("Boss".into()));
    promote("anna");
    night(&stage).await;
    assert!(post.fresh().is_empty(), "one night is no news");
    promote("bert");
    let mut told = Vec::new();
    for _ in 0..4 {
        night(&stage).await;
        told.push(
            post.fresh()
                .into_iter()
                .map(|mail| mail.text())
                .collect::<Vec<_>>(),
        );
    }
    let numbers: Vec<usize> = told.iter().map(Vec::len).collect();
    assert_eq!(
        numbers,
        [1, 1, 0, 0],
        "Anna, then Bert too, and no more: {told:?}"
    );
    assert!(
        told[0][0].contains("1 person's changes failed in the last two runs"),
        "{told:?}"
    );
    assert!(
        told[1][0].contains("2 people's changes failed in the last two runs"),
        "{told:?}"
    );
    let calls = hook.fresh();
    assert_eq!(calls.len(), 2);
    let call = calls[1].json();
    assert_eq!(call["kind"], "refused");
    assert_eq!(call["cause"], "The PSA does not take some people's changes");
    assert_eq!(
        call["title"],
        "The PSA does not take some people's changes at Contoso"
    );
    assert_eq!(call["companies"][0]["name"], "Contoso");
    assert!(call["link"].as_str().unwrap().contains("?outcome=failed"));
}
