//! Undos that wait together in one job, and who asked for each.

use rollcall::model::Undo;

use super::*;
use crate::stage::user;

on_both!(undos_of_two_people_in_one_job_are_each_of_who_asked,);

async fn ask_to_undo(stage: &Stage, run: &str, who: &'static str) -> i64 {
    let undo = Undo {
        run: run.to_owned(),
        user: None,
        ignoring: true,
        shown: None,
    };
    let (company, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| rollcall::jobs::enqueue_undo(conn, company, undo, who, now))
        .await
        .id()
}

async fn undos_of_two_people_in_one_job_are_each_of_who_asked(stage: Stage) {
    stage.users([user("anna")]);
    let first = stage.sync().await.run;
    stage.clock.advance(minutes(1));
    stage.edit("anna", |user| user.job_title = Some("Lead".into()));
    let second = stage.sync().await.run;
    stage.clock.advance(minutes(1));
    let id = ask_to_undo(&stage, &second, "Ann").await;
    assert_eq!(ask_to_undo(&stage, &first, "Bob").await, id);
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    let mut runs = stage.runs().await;
    runs.retain(|run| run.mode == Mode::Undo);
    let mut who: Vec<_> = runs
        .iter()
        .filter_map(|run| run.requested_by.as_deref())
        .collect();
    who.sort_unstable();
    assert_eq!(who, ["Ann", "Bob"]);
}
