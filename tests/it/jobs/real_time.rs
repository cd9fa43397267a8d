//! What the loop does on the computer's clock: a run that is asked to stop, and two processes that share the work.

use rollcall::clock::Clock;

use super::hands::{while_it_is, within_a_minute, work_while};
use super::*;
use crate::stage::{Store, Vendor, user};

/// A run that is asked to stop, on the computer's clock.
async fn stops(store: Store) {
    let stage = Stage::with_clock(Vendor::ConnectWise, store, Clock::real()).await;
    stage.users((0..30).map(|number| user(&format!("user{number}"))));
    stage.psa.controls().set_latency(Duration::from_millis(20));
    let id = click(&stage).await;
    let asked = async {
        while stage.psa.look().len() < 3 {
            tokio::task::yield_now().await;
        }
        let asked = stage
            .write(move |conn| jobs::ask_to_stop(conn, id, "Kim"))
            .await;
        assert!(asked);
        stage.app.jobs().wake();
        while_it_is(&stage, id, &[JobState::Queued, JobState::Running]).await;
        let stopped = job(&stage, id).await;
        assert_eq!(stopped.state, JobState::Cancelled);
        assert_eq!(stopped.error.as_deref(), Some("Stopped by Kim"));
        let written = stage.psa.look().len();
        assert!((3..30).contains(&written), "{written}");
        assert_eq!(
            stage.links().await.len(),
            written,
            "the writes in hand are finished"
        );
        let next = ask(&stage, Mode::Update, Priority::Click, "Kim").await.id();
        stage.app.jobs().wake();
        while_it_is(&stage, next, &[JobState::Queued, JobState::Running]).await;
        stage.stopper.stop();
    };
    work_while(&stage, asked).await;
    assert_eq!(stage.psa.look().len(), 30);
    let runs = stage.runs().await;
    let kinds: Vec<_> = runs
        .iter()
        .map(|run| run.error.as_ref().map(|error| error.kind.as_str()))
        .collect();
    assert!(
        kinds.contains(&Some("stopped")) && kinds.contains(&None),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_stops_between_writes_on_sqlite() {
    stops(Store::Sqlite).await;
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_stops_between_writes_on_postgres() {
    stops(Store::Postgres).await;
}

/// Two processes do the night of two connections, on the computer's clock.
async fn share(store: Store) {
    let stage = Stage::with_clock(Vendor::ConnectWise, store, Clock::real()).await;
    stage.users([user("anna")]);
    stage.psa.controls().set_latency(Duration::from_millis(5));
    let mut companies = stage.fleet(6).await;
    let second = stage.add_psa("Second").await;
    for number in 0..6 {
        companies.push(stage.add_company(100 + number, second).await);
    }
    let mut asked = Vec::new();
    for company in &companies {
        let one = ask_for(
            &stage,
            company.id,
            Mode::Update,
            Priority::Night,
            "schedule",
        )
        .await;
        asked.push(one.id());
    }
    let (other, stopper) = stage.another().await;
    let watched = async {
        for id in asked {
            while_it_is(&stage, id, &[JobState::Queued, JobState::Running]).await;
            assert_eq!(state(&stage, id).await, JobState::Done);
        }
        stage.stopper.stop();
        stopper.stop();
    };
    within_a_minute(async {
        tokio::join!(
            rollcall::jobs::work(&stage.app),
            rollcall::jobs::work(&other),
            watched
        );
    })
    .await;
    for psa in [stage.psa_id, second] {
        let mut runs = Vec::new();
        for company in companies.iter().filter(|company| company.psa_id == psa) {
            let id = company.id;
            let of = stage
                .read(move |conn| rollcall::db::runs::list(conn, id, 9))
                .await;
            assert_eq!(of.len(), 1, "each company once");
            runs.extend(of);
        }
        runs.sort_by_key(|run| run.started_at);
        for two in runs.windows(2) {
            assert!(
                two[0].process == two[1].process || two[0].finished_at <= Some(two[1].started_at),
                "two processes at one connection: {two:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_never_worked_by_two_processes_at_once_on_sqlite() {
    share(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_never_worked_by_two_processes_at_once_on_postgres() {
    share(Store::Postgres).await;
}
