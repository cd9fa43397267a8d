//! What pages read: the last runs of every company, pages of runs, and what people did; and how long jobs are kept.

use rollcall::db::events::{self, NewEvent};
use rollcall::db::runs::{self, NewRun};

use super::*;
use crate::stage::an_update;

on_both!(
    the_last_runs_of_every_company_come_in_one_query,
    pages_of_runs_follow_each_other_without_gaps,
    what_people_did_is_kept,
    what_was_over_long_ago_is_removed,
);

/// Runs of a company, a minute apart, the first and the second at one moment; their ids, oldest first.
async fn history(stage: &Stage, company: i64, name: &str, count: u32) -> Vec<String> {
    let ids: Vec<String> = (0..count)
        .map(|number| format!("{name}-{number}"))
        .collect();
    let (rows, began) = (ids.clone(), stage.clock.now());
    stage
        .write(move |conn| {
            for (number, id) in (0_i32..).zip(&rows) {
                let started_at = began + chrono::TimeDelta::minutes(1) * number.max(1);
                let run = NewRun {
                    requested_by: Some("Robin"),
                    ..an_update(id, company, started_at)
                };
                runs::start(conn, &run)?;
            }
            Ok(())
        })
        .await;
    ids
}

async fn the_last_runs_of_every_company_come_in_one_query(stage: Stage) {
    let second = another_company(&stage, "Fabrikam").await;
    let none = another_company(&stage, "Northwind").await;
    let mut first = history(&stage, stage.company_id, "a", 15).await;
    let mut few = history(&stage, second, "b", 2).await;
    let found = stage.read(|conn| runs::recent_of_all(conn, 10)).await;
    let ids = |company: i64| -> Vec<&str> {
        let runs = found.get(&company).map(Vec::as_slice).unwrap_or_default();
        runs.iter().map(|run| run.id.as_str()).collect()
    };
    first.reverse();
    few.reverse();
    assert_eq!(ids(stage.company_id), first[..10]);
    assert_eq!(ids(second), few);
    assert_eq!(ids(none), [""; 0]);
    let one = stage.read(|conn| runs::recent_of_all(conn, 1)).await;
    assert_eq!(one[&second].len(), 1, "not both of one moment");
    assert!(
        stage
            .read(|conn| runs::recent_of_all(conn, 0))
            .await
            .is_empty()
    );
}

async fn pages_of_runs_follow_each_other_without_gaps(stage: Stage) {
    let second = another_company(&stage, "Fabrikam").await;
    let mut wanted = history(&stage, stage.company_id, "a", 7).await;
    wanted.reverse();
    history(&stage, second, "b", 7).await;
    for (company, count) in [(Some(stage.company_id), 7), (None, 14)] {
        let mut found = Vec::new();
        let mut last: Option<runs::Run> = None;
        loop {
            let page = stage
                .read(move |conn| {
                    let before = last.as_ref().map(|run| (run.started_at, run.id.as_str()));
                    runs::page(conn, company, before, 3)
                })
                .await;
            last = page.last().cloned();
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|run| run.id));
        }
        assert_eq!(found.len(), count);
        found.retain(|id| id.starts_with('a'));
        assert_eq!(found, wanted);
    }
}

async fn what_people_did_is_kept(stage: Stage) {
    let (company, now) = (stage.company_id, stage.clock.now());
    let (all, of_anna) = stage
        .write(move |conn| {
            let anna: rollcall::model::UserId = "anna".into();
            for (number, kind) in (0_i32..).zip(["ignored", "filters_saved", "signed_in"]) {
                let event = NewEvent {
                    staff: "Robin",
                    company_id: (number < 2).then_some(company),
                    user_id: (number == 0).then(|| anna.clone()),
                    kind,
                    detail: "\u{1f600} <script>".into(),
                };
                events::append(conn, &event, now + chrono::TimeDelta::seconds(1) * number)?;
            }
            let all = events::of_company(conn, company, 10)?;
            assert_eq!(events::of_company(conn, company, 1)?, all[..1]);
            Ok((all, events::of_user(conn, company, &anna)?))
        })
        .await;
    let kinds: Vec<_> = all.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["filters_saved", "ignored"]);
    assert_eq!(of_anna, all[1..]);
    assert_eq!(of_anna[0].detail, "\u{1f600} <script>");
}

async fn what_was_over_long_ago_is_removed(stage: Stage) {
    let mut ids = Vec::new();
    for number in 0..3 {
        let company = another_company(&stage, &format!("Company {number}")).await;
        ids.push(
            ask_for(&stage, company, Mode::Update, Priority::Click, "Robin")
                .await
                .id(),
        );
    }
    let waits = click(&stage).await;
    let now = stage.clock.now();
    let (done, failed, cancelled) = (
        claim(&stage.app).await.unwrap(),
        claim(&stage.app).await.unwrap(),
        ids[2],
    );
    stage
        .write(move |conn| {
            jobs::finish(conn, &done, now)?;
            jobs::fail_for_good(conn, &failed, "it failed", now)?;
            jobs::cancel(conn, cancelled, "not wanted", now)
        })
        .await;
    let left = async |days: u64, most: i64| {
        stage.clock.advance(minutes(days * 24 * 60));
        let now = stage.clock.now();
        stage
            .write(move |conn| jobs::remove_old(conn, most, now))
            .await;
        stage.read(|conn| jobs::recent(conn, 9)).await.len()
    };
    assert_eq!(left(29, 100).await, 4);
    assert_eq!(left(2, 1).await, 3, "a few at a time");
    assert_eq!(left(0, 100).await, 2);
    assert_eq!(left(58, 100).await, 2, "what failed is kept for longer");
    assert_eq!(left(2, 100).await, 1);
    assert_eq!(state(&stage, waits).await, JobState::Queued);
}
