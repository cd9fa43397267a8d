//! Whose hands do which jobs: shares of connections, and what hangs.

use rollcall::sync::turn::Turn;

use super::*;
use crate::stage::{Store, Vendor, user};

on_both!(
    runs_of_a_connection_that_another_process_works_are_passed_over,
    a_process_stays_with_its_connections_and_leaves_the_others_to_others,
    a_slow_connection_holds_up_neither_another_one_nor_a_preview,
    where_all_hands_are_busy_a_further_connection_gets_one,
    a_run_that_hangs_is_dropped_and_done_again,
);

/// Another process's turn of the stage's PSA connection.
async fn turn(app: &App, psa: i64) -> Option<Turn> {
    Turn::try_take(app.turns(), (app.db(), app.clock()), psa)
        .await
        .unwrap()
}

async fn runs_of_a_connection_that_another_process_works_are_passed_over(stage: Stage) {
    stage.users([user("anna")]);
    let (other, _stopper) = stage.another().await;
    let theirs = turn(&other, stage.psa_id).await.unwrap();
    assert!(turn(&stage.app, stage.psa_id).await.is_none());
    let run = click(&stage).await;
    let preview = ask_for_a_preview(&stage).await;
    step(&stage).await;
    assert_eq!(state(&stage, preview).await, JobState::Done);
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    assert_eq!(state(&stage, run).await, JobState::Queued);
    // The process that works the connection does it, and nobody else.
    assert!(rollcall::jobs::step(&other).await.unwrap());
    assert_eq!(state(&stage, run).await, JobState::Done);
    let next = ask(&stage, Mode::Resync, Priority::Click, "Robin")
        .await
        .id();
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    theirs.give_back().await.unwrap();
    step(&stage).await;
    assert_eq!(state(&stage, next).await, JobState::Done);
}

async fn a_process_stays_with_its_connections_and_leaves_the_others_to_others(stage: Stage) {
    let mine = stage.fleet(3).await;
    let theirs = stage.add_psa("Theirs").await;
    let strange = stage.add_company(10, theirs).await;
    let also_strange = stage.add_company(11, theirs).await;
    ask_for(
        &stage,
        mine[0].id,
        Mode::Update,
        Priority::Night,
        "schedule",
    )
    .await;
    let in_hand = claim(&stage.app).await.unwrap();
    let first = ask_for(
        &stage,
        strange.id,
        Mode::Update,
        Priority::Night,
        "schedule",
    )
    .await;
    stage.clock.advance(seconds(1));
    let own = ask_for(
        &stage,
        mine[1].id,
        Mode::Update,
        Priority::Night,
        "schedule",
    )
    .await;
    step(&stage).await;
    assert_eq!(
        state(&stage, own.id()).await,
        JobState::Done,
        "it came later"
    );
    assert_eq!(state(&stage, first.id()).await, JobState::Queued);
    ask_for(
        &stage,
        mine[2].id,
        Mode::Update,
        Priority::Night,
        "schedule",
    )
    .await;
    let clicked = ask_for(
        &stage,
        also_strange.id,
        Mode::Update,
        Priority::Click,
        "Robin",
    )
    .await;
    step(&stage).await;
    assert_eq!(
        state(&stage, clicked.id()).await,
        JobState::Done,
        "a click goes before the night of all connections"
    );
    let (other, _stopper) = stage.another().await;
    assert!(rollcall::jobs::step(&other).await.unwrap());
    assert_eq!(state(&stage, first.id()).await, JobState::Done);
    assert_eq!(in_hand.company_id, Some(mine[0].id));
}

/// Waits until a job is no more than this.
pub(super) async fn while_it_is(stage: &Stage, id: i64, states: &[JobState]) {
    while states.contains(&state(stage, id).await) {
        tokio::task::yield_now().await;
    }
}

/// The stage's process does jobs while this happens, which asks it to end.
pub(super) async fn work_while(stage: &Stage, asked: impl Future<Output = ()>) {
    within_a_minute(async {
        tokio::join!(rollcall::jobs::work(&stage.app), asked);
    })
    .await;
}

pub(super) async fn within_a_minute(work: impl Future<Output = ()>) {
    tokio::time::timeout(minutes(1), work).await.unwrap();
}

/// Runs of these companies hang as long as these turns are held, and one of each is asked for.
async fn hang(stage: &Stage, companies: &[rollcall::model::Company]) -> Vec<Turn> {
    let mut turns = Vec::new();
    for company in companies {
        turns.push(stage.going(company.id).await);
        ask_for(stage, company.id, Mode::Update, Priority::Night, "schedule").await;
    }
    turns
}

async fn in_hand(stage: &Stage) -> usize {
    let process = stage.app.db().process_id().to_owned();
    let hands = stage.read(move |conn| jobs::in_hand(conn, &process)).await;
    hands.len()
}

async fn a_slow_connection_holds_up_neither_another_one_nor_a_preview(stage: Stage) {
    stage.users([user("anna")]);
    let slow = stage.fleet(20).await;
    let second = stage.add_psa("Second").await;
    let quick = stage.add_company(100, second).await;
    let turns = hang(&stage, &slow).await;
    stage.clock.advance(seconds(1));
    let run = ask_for(&stage, quick.id, Mode::Update, Priority::Night, "schedule").await;
    let preview = ask_for_a_preview(&stage).await;
    let alive = [JobState::Queued, JobState::Running];
    let asked = async {
        while_it_is(&stage, run.id(), &alive).await;
        while_it_is(&stage, preview, &alive).await;
        let click = ask_for(&stage, quick.id, Mode::Resync, Priority::Click, "Robin").await;
        stage.app.jobs().wake();
        while_it_is(&stage, click.id(), &alive).await;
        assert_eq!(
            in_hand(&stage).await,
            8,
            "the slow connection has its share"
        );
        stage.stopper.stop();
    };
    work_while(&stage, asked).await;
    assert_eq!(state(&stage, run.id()).await, JobState::Done);
    drop(turns);
}

async fn where_all_hands_are_busy_a_further_connection_gets_one(stage: Stage) {
    stage.users([user("anna")]);
    let mut turns = hang(&stage, &stage.fleet(10).await).await;
    let second = stage.add_psa("Second").await;
    let third = stage.add_psa("Third").await;
    let mut slow = Vec::new();
    for number in 0..10 {
        slow.push(stage.add_company(50 + number, second).await);
    }
    turns.extend(hang(&stage, &slow).await);
    let quick = stage.add_company(100, third).await;
    stage.clock.advance(seconds(1));
    let run = ask_for(&stage, quick.id, Mode::Update, Priority::Night, "schedule").await;
    let alive = [JobState::Queued, JobState::Running];
    let asked = async {
        while_it_is(&stage, run.id(), &alive).await;
        assert_eq!(in_hand(&stage).await, 16);
        stage.stopper.stop();
    };
    work_while(&stage, asked).await;
    assert_eq!(state(&stage, run.id()).await, JobState::Done);
    drop(turns);
}

async fn a_run_that_hangs_is_dropped_and_done_again(stage: Stage) {
    stage.users([user("anna")]);
    let hangs = stage.going(stage.company_id).await;
    let id = click(&stage).await;
    let asked = async {
        while_it_is(&stage, id, &[JobState::Queued]).await;
        stage.clock.advance(minutes(7 * 60));
        hangs.give_back().await.unwrap();
        while stage.psa.look().is_empty() {
            tokio::task::yield_now().await;
        }
        stage.stopper.stop();
    };
    work_while(&stage, asked).await;
    let dropped = job(&stage, id).await;
    assert_ne!(dropped.state, JobState::Running);
    assert_eq!(stage.psa.look().len(), 1);
}

#[tokio::test]
async fn the_budget_is_read_before_a_connection_is_worked_and_is_kept_for_the_pages() {
    let stage = Stage::new(Vendor::Autotask, Store::Sqlite).await;
    stage.users([user("anna")]);
    let asked = || {
        let log = stage.psa.running.controls.log();
        log.iter()
            .filter(|entry| entry.target.contains("ThresholdInformation"))
            .count()
    };
    click(&stage).await;
    step(&stage).await;
    assert_eq!(asked(), 1);
    let psa = stage.psa_id;
    let kept = stage
        .read(move |conn| {
            let scope = rollcall::db::facts::psa_scope(psa);
            rollcall::db::facts::get(conn, &scope, rollcall::sync::scene::BUDGET)
        })
        .await;
    let (budget, at) = kept.unwrap();
    assert_eq!(budget["allowed"], 10_000);
    assert_eq!(at, stage.clock.now());
    stage.clock.advance(minutes(4));
    click(&stage).await;
    step(&stage).await;
    assert_eq!(asked(), 1, "it was read a moment ago");
    stage.clock.advance(minutes(2));
    click(&stage).await;
    step(&stage).await;
    assert_eq!(asked(), 2);
}
