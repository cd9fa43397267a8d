//! The same with real processes and the computer's clock: runs that a PSA kills with `kill -9`, and replicas of the portal on
//! one PostgreSQL of which one is killed. One that hangs is played in this process: nobody goes on with its work for a while.

use std::process::Stdio;
use std::time::Duration;

use rand::RngExt;
use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::db::jobs::Priority;
use rollcall::db::{jobs, runs as run_rows};
use rollcall::jobs::{enqueue_run, step};
use rollcall::model::Mode;
use rollcall::simulator::kit::{Fault, FaultKind};
use tokio::process::Child;

use super::evening::Evening;
use super::script::Script;
use super::tally::Tally;
use super::world::World;
use super::{check, day, evening, night};
use crate::stage::Store;

/// So many worlds at once: a killed run makes the next one wait five seconds.
const WORLDS: u64 = 6;
/// Nights of each.
const NIGHTS: usize = 3;
/// Whoever waits for something waits no longer.
const PATIENCE: Duration = Duration::from_mins(2);

fn program(world: &World, arguments: &[&str]) -> Child {
    crate::stage::program(world.environment.clone(), arguments)
        .env("ROLLCALL_LISTEN", "127.0.0.1:0")
        .env("RUST_LOG", "error")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs every company in a process of its own; its exit status, `None` where it was killed.
async fn sync(world: &World) -> Option<i32> {
    let mut child = program(world, &["sync", "--all"]);
    for psa in &world.psas {
        psa.running.controls.set_victim(child.id().unwrap());
    }
    child.wait().await.unwrap().code()
}

async fn nights(script: &Script, tally: &Tally) {
    let mut world = World::build(script, Clock::real()).await;
    for night in 0..script.nights {
        world.night = night;
        day::pass(&mut world, tally).await;
        let evenings = evening::evening(&world).await;
        let mut dice = script.dice(night, 66);
        for _ in 0..dice.random_range(1..3) {
            for psa in &world.psas {
                let kind = if dice.random_range(0..2) == 0 {
                    FaultKind::KillBefore
                } else {
                    FaultKind::KillAfter
                };
                let fault = Fault::once(kind).on_writes();
                let fault = fault.after(dice.random_range(0..12));
                psa.running.controls.fault(fault);
            }
            if sync(&world).await.is_none() {
                tally.add("kills -9", 1);
            }
            for controls in world.controls() {
                controls.clear_faults();
            }
        }
        let code = sync(&world).await;
        assert!(matches!(code, Some(0 | 3)), "{script}: {code:?}");
        now_or_never(&world).await;
        night::finish(&mut world, tally).await.unwrap();
        let mut complaints = check::morning(&world, &evenings, true, tally).await;
        if complaints.0.is_empty() {
            complaints = check::again(&mut world, tally).await.unwrap();
        }
        for town in &mut world.towns {
            town.by_hand.clear();
        }
        let all = complaints.0.join("\n");
        assert!(all.is_empty(), "{script}, night {night}:\n{all}");
    }
}

/// What waits for some minutes after a save was done by the processes.
async fn now_or_never(world: &World) {
    let now = world.clock.now();
    let cancelled = world.write(move |conn| {
        for job in jobs::unfinished(conn, 100)? {
            if job.run_at > now {
                jobs::cancel(conn, job.id, "done already", now)?;
            }
        }
        Ok(())
    });
    cancelled.await;
}

#[test]
fn nights_of_processes_that_are_killed_end_as_the_rules_say() {
    let tally = Tally::default();
    std::thread::scope(|scope| {
        for seed in 0..WORLDS {
            let tally = &tally;
            scope.spawn(move || {
                let mut script = Script::of(500 + seed);
                script.nights = NIGHTS;
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(nights(&script, tally));
            });
        }
    });
    eprintln!("{}", tally.table());
    assert!(tally.of("kills -9") >= 6, "{}", tally.table());
}

/// A world on PostgreSQL whose companies all have much to be written, slowly.
async fn busy() -> World {
    let mut script = Script::of(600);
    script.companies = vec![0, 1, 2, 3, 4, 5];
    let mut world = World::build_on(&script, Clock::real(), Store::Postgres).await;
    world.workers.truncate(1);
    for psa in &world.psas {
        psa.running.controls.set_latency(Duration::from_millis(30));
    }
    ask(&world).await;
    world
}

async fn ask(world: &World) {
    let rows: Vec<i64> = world.towns.iter().map(|town| town.row).collect();
    let now = world.clock.now();
    let asked = world.write(move |conn| {
        for row in rows {
            enqueue_run(conn, row, Mode::Update, Priority::Click, "Robin", now)?;
        }
        Ok(())
    });
    asked.await;
}

/// Waits until this many jobs at most are not over, and one is being done, if `working`.
async fn until(world: &World, most: usize, working: bool) {
    let waiting = async {
        loop {
            let all = world.read(|conn| jobs::unfinished(conn, 100)).await;
            let busy = all.iter().any(|job| job.process.is_some());
            if all.len() <= most && (busy || !working) {
                return;
            }
            world.clock.sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// No company had two runs at once, no connection more requests at once than its vendor bears, and all is as the rules say.
async fn all_is_well(mut world: World, evenings: &[Evening]) {
    for town in &world.towns {
        let row = town.row;
        let mut runs = world.read(move |conn| run_rows::list(conn, row, 100)).await;
        runs.reverse();
        for pair in runs.windows(2) {
            let ended = pair[0].finished_at;
            assert!(ended.is_some_and(|at| at <= pair[1].started_at), "{pair:?}");
        }
    }
    for (psa, most) in world.psas.iter().zip([4, 3]) {
        let busiest = psa.running.controls.busiest_lane();
        assert!(busiest <= most, "{busiest} at once");
        assert!(busiest >= 2, "they did nothing at once");
    }
    let tally = Tally::default();
    let mut complaints = check::morning(&world, evenings, true, &tally).await;
    complaints
        .0
        .extend(check::again(&mut world, &tally).await.unwrap().0);
    assert!(complaints.0.is_empty(), "{}", complaints.0.join("\n"));
}

#[tokio::test]
async fn three_replicas_share_the_companies_and_never_one_of_them() {
    let world = busy().await;
    let evenings = evening::evening(&world).await;
    let replicas = [(); 3].map(|()| program(&world, &["serve"]));
    until(&world, 0, false).await;
    ask(&world).await;
    until(&world, 0, false).await;
    drop(replicas);
    all_is_well(world, &evenings).await;
}

#[tokio::test]
async fn the_work_of_a_replica_that_is_killed_is_taken_over_at_once() {
    let world = busy().await;
    let evenings = evening::evening(&world).await;
    let mut first = program(&world, &["serve"]);
    until(&world, 6, true).await;
    written(&world).await;
    let second = program(&world, &["serve"]);
    first.kill().await.unwrap();
    // Its leases have ten minutes to go.
    until(&world, 0, false).await;
    drop(second);
    all_is_well(world, &evenings).await;
}

/// Waits until something was written to a PSA.
async fn written(world: &World) {
    let waiting = async {
        while world.psas.iter().all(|psa| psa.effects.len() < 3) {
            world.clock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// Another process, by whose clock it is so late.
async fn process(world: &mut World, clock: &Clock) -> App {
    let theirs = std::mem::replace(&mut world.clock, clock.clone());
    let app = world.open().await;
    world.clock = theirs;
    app
}

#[tokio::test]
async fn the_work_of_a_process_that_hangs_is_taken_over_after_its_lease_and_it_writes_no_more() {
    let mut world = busy().await;
    let evenings = evening::evening(&world).await;
    let now = world.clock.now();
    let clock = Clock::set_at(now);
    let hangs = process(&mut world, &clock).await;
    let mut working = Box::pin(async { while step(&hangs).await.unwrap() {} });
    // Of the four people that are written at once one always waits for a place at Autotask, where three have one.
    let begun = async {
        while world.psas[1].effects.len() < 3 {
            world.clock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = &mut working => panic!("there was too little to do"),
        begun = tokio::time::timeout(PATIENCE, begun) => begun.unwrap(),
    }
    // Nobody goes on with it now. Eleven minutes later another process looks for work.
    let late = Duration::from_mins(11);
    let later = process(&mut world, &Clock::set_at(now + late)).await;
    let over = async { while step(&later).await.unwrap() {} };
    tokio::time::timeout(PATIENCE, over).await.unwrap();
    until(&world, 0, false).await;
    let before: Vec<usize> = world.psas.iter().map(|psa| psa.effects.len()).collect();
    clock.advance(late);
    tokio::time::timeout(PATIENCE, working).await.unwrap();
    for (psa, before) in world.psas.iter().zip(before) {
        assert!(psa.effects.since(before).iter().all(|one| !one.is_change()));
    }
    drop((hangs, later));
    let tally = Tally::default();
    let mut complaints = check::morning(&world, &evenings, true, &tally).await;
    complaints
        .0
        .extend(check::again(&mut world, &tally).await.unwrap().0);
    assert!(complaints.0.is_empty(), "{}", complaints.0.join("\n"));
}
