//! Runs that die: the simulated PSA kills the program at each of a run's writes, before and after the effect, and the next
//! run ends as if nothing had happened (`behaviour.md` section 9).

mod chaos;
mod drops;
mod end;
mod trial;
mod undone;
pub mod world;

use std::sync::Arc;

use rollcall::simulator::kit::{Fault, FaultKind};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stage::{Store, Vendor};
use end::End;
use trial::{Prepared, Trial};

/// So many trials at once, over all tests: most of a trial's time is spent waiting for the PSA's possible late effect.
static AT_ONCE: Semaphore = Semaphore::const_new(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_connectwise_and_sqlite_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::ConnectWise, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_connectwise_and_postgres_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::ConnectWise, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_autotask_and_sqlite_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::Autotask, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_autotask_and_postgres_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::Autotask, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_connectwise_that_is_killed_twice_ends_as_if_it_had_not_died() {
    killed_twice(Vendor::ConnectWise, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_autotask_that_is_killed_twice_ends_as_if_it_had_not_died() {
    killed_twice(Vendor::Autotask, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_approval_on_connectwise_is_carried_on() {
    killed_approval(Vendor::ConnectWise, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_approval_on_autotask_is_carried_on() {
    killed_approval(Vendor::Autotask, Store::Sqlite).await;
}

const SYNC: &[&str] = &["sync", "--company", "Contoso", "--json"];
const APPROVE: &[&str] = &["holds", "approve", "--company", "Contoso", "--json"];

const KINDS: [FaultKind; 2] = [FaultKind::KillBefore, FaultKind::KillAfter];

fn kill(kind: &FaultKind, at: usize) -> Fault {
    Fault::once(kind.clone()).on_writes().after(at)
}

/// Awaits every trial.
async fn all(mut trials: JoinSet<()>) {
    while let Some(done) = trials.join_next().await {
        done.unwrap();
    }
}

/// The run that follows a death dies too, at one of its first writes, and a third one ends.
async fn killed_twice(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::new(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    let (undisturbed, writes) = (Arc::new(trial.end().await), trial.psa.writes());
    let mut trials = JoinSet::new();
    for at in 0..writes - 8 {
        let (first, second) = (KINDS[at % 2].clone(), KINDS[at / 2 % 2].clone());
        let (world, undisturbed) = (world.clone(), undisturbed.clone());
        trials.spawn(async move {
            let _place = AT_ONCE.acquire().await.unwrap();
            let trial = Trial::new(&world).await;
            assert_eq!(trial.run(SYNC, Some(kill(&first, at))).await, None);
            assert_eq!(trial.run(SYNC, Some(kill(&second, at % 3))).await, None);
            assert_eq!(trial.run(SYNC, None).await, Some(0));
            let end = trial.end().await;
            end.same(
                &undisturbed,
                &format!("{first:?} at write {at}, then {second:?}"),
            );
        });
    }
    all(trials).await;
}

/// A technician approves, the program dies, and the technician approves again.
async fn killed_approval(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::holding(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(3));
    let before = trial.psa.writes();
    assert_eq!(trial.run(APPROVE, None).await, Some(0));
    assert_eq!(trial.psa.writes(), before + 5, "five leavers");
    let undisturbed = Arc::new(trial.end().await);
    let mut trials = JoinSet::new();
    for at in 0..5 {
        for kind in KINDS {
            let (world, undisturbed) = (world.clone(), undisturbed.clone());
            trials.spawn(async move {
                let _place = AT_ONCE.acquire().await.unwrap();
                let trial = Trial::new(&world).await;
                assert_eq!(trial.run(SYNC, None).await, Some(3));
                assert_eq!(trial.run(APPROVE, Some(kill(&kind, at))).await, None);
                assert_eq!(trial.run(APPROVE, None).await, Some(0), "{kind:?} at {at}");
                trial
                    .end()
                    .await
                    .same(&undisturbed, &format!("{kind:?} at {at}"));
                assert_eq!(trial.run(SYNC, None).await, Some(0), "no hold is open");
            });
        }
    }
    all(trials).await;
}

async fn killed_at_each_write(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::new(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    let undisturbed = Arc::new(trial.end().await);
    let writes = trial.psa.writes();
    assert!(writes >= 40, "{writes} writes");
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    assert_eq!(trial.psa.writes(), writes, "nothing is left to write");

    let mut trials = JoinSet::new();
    for at in 0..writes {
        for kind in KINDS {
            let (world, undisturbed) = (world.clone(), undisturbed.clone());
            trials.spawn(async move {
                let _place = AT_ONCE.acquire().await.unwrap();
                let trial = Trial::new(&world).await;
                let killed = trial.run(SYNC, Some(kill(&kind, at))).await;
                assert_eq!(killed, None, "{kind:?} at write {at}: it was not killed");
                assert_eq!(
                    trial.run(SYNC, None).await,
                    Some(0),
                    "{kind:?} at write {at}"
                );
                trial
                    .end()
                    .await
                    .same(&undisturbed, &format!("{kind:?} at write {at}"));
            });
        }
    }
    all(trials).await;
}
