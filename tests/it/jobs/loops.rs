//! The loop: it does what is asked for, wakes at once, and ends when it is asked to.

use super::*;
use crate::stage::{Store, Vendor, user};
use rollcall::clock::Clock;

/// Waits until a job is over; a test that waits for ever is ended by the one limit below.
async fn over(stage: &Stage, id: i64) {
    while matches!(state(stage, id).await, JobState::Queued | JobState::Running) {
        tokio::task::yield_now().await;
    }
}

async fn loops(store: Store) {
    let stage = Stage::with_clock(Vendor::ConnectWise, store, Clock::real()).await;
    let (other, stopper) = stage.another().await;
    stage.users([user("anna"), user("bert")]);
    let preview = ask_for_a_preview(&stage).await;
    let run = click(&stage).await;
    let waits = ask(&stage, Mode::Update, Priority::Save, "Kim").await.id();
    let asked = async {
        over(&stage, preview).await;
        over(&stage, run).await;
        let next = ask_for_a_preview(&stage).await;
        stage.app.jobs().wake();
        over(&stage, next).await;
        stage.stopper.stop();
        stopper.stop();
    };
    let all = async {
        tokio::join!(
            rollcall::jobs::work(&stage.app),
            rollcall::jobs::work(&other),
            asked
        )
    };
    tokio::time::timeout(minutes(1), all).await.unwrap();
    assert_eq!(state(&stage, preview).await, JobState::Done);
    assert_eq!(state(&stage, run).await, JobState::Done);
    assert_eq!((stage.psa.look().len(), stage.psa.writes()), (2, 2));
    assert_eq!(stage.runs().await.len(), 1);
    if waits != run {
        assert_eq!(state(&stage, waits).await, JobState::Queued);
    }
}

#[tokio::test]
async fn two_processes_do_what_is_asked_for_and_end_when_asked_on_sqlite() {
    loops(Store::Sqlite).await;
}

#[tokio::test]
async fn two_processes_do_what_is_asked_for_and_end_when_asked_on_postgres() {
    loops(Store::Postgres).await;
}
