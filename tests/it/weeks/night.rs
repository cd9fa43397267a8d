//! A night: the schedule asks for runs, one to three processes do them with the real jobs' loop, and on a bad night they are
//! killed at any of their awaits while everything around them fails.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::TimeDelta;
use rand::RngExt;
use rand::rngs::StdRng;
use rollcall::app::App;
use rollcall::db::jobs;
use rollcall::jobs::{schedule, step};
use tokio::task::JoinSet;

use super::tally::Tally;
use super::trouble;
use super::world::World;

/// How the tally calls the ways in which a process dies on a bad night.
pub const KILLS: [&str; 2] = ["kills at an await", "kills by a fault"];

/// No company's jobs go on after so many looks.
const LOOKS: usize = 80;

/// Dropped after so many polls, as a process that is killed between two instructions.
struct Mortal<F> {
    work: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.work.as_mut().poll(context).map(Some)
    }
}

/// One process does what is due; whether that was anything.
async fn work(app: App) -> (App, Result<bool, String>) {
    let mut any = false;
    loop {
        match step(&app).await {
            Ok(true) => any = true,
            Ok(false) => return (app, Ok(any)),
            Err(error) => return (app, Err(error.to_string())),
        }
    }
}

/// All processes work at once; those that die are replaced.
async fn round(
    world: &mut World,
    mut deaths: Option<&mut StdRng>,
    tally: &Tally,
) -> Result<bool, String> {
    let ids: Vec<String> = world
        .workers
        .iter()
        .map(|app| app.db().process_id().to_owned())
        .collect();
    let mut hands = JoinSet::new();
    let mut victims = Vec::new();
    for app in std::mem::take(&mut world.workers) {
        let polls = deaths.as_mut().map_or(usize::MAX, |dice| {
            if dice.random_range(0..3) == 0 {
                dice.random_range(1..600)
            } else {
                usize::MAX
            }
        });
        victims.push(hands.spawn(Mortal {
            work: Box::pin(work(app)),
            polls,
        }));
    }
    let victims: std::sync::Arc<[_]> = victims.into();
    for (next, psa) in world.psas.iter().enumerate() {
        let victims = victims.clone();
        // A different one for each PSA.
        let mine = next % victims.len();
        psa.running
            .controls
            .set_victim_within(move || victims[mine].abort());
    }
    for controls in [&world.login.controls, &world.graph.controls] {
        let victims = victims.clone();
        controls.set_victim_within(move || victims[0].abort());
    }
    let (mut any, mut failed) = (false, None);
    while let Some(ended) = hands.join_next().await {
        match ended {
            Ok(Some((app, done))) => {
                world.workers.push(app);
                match done {
                    Ok(done) => any |= done,
                    Err(error) => failed = Some(error),
                }
            }
            Ok(None) => tally.add(KILLS[0], 1),
            Err(error) if error.is_cancelled() => tally.add(KILLS[1], 1),
            Err(error) => return Err(format!("a process panicked: {error}")),
        }
    }
    bury(world, &ids, tally).await;
    match failed {
        Some(error) => Err(format!("a process failed: {error}")),
        None => Ok(any),
    }
}

/// Waits until the dead are dead, and what they had sent has arrived; then opens others in their place.
async fn bury(world: &mut World, ids: &[String], tally: &Tally) {
    let alive: Vec<String> = world
        .workers
        .iter()
        .map(|app| app.db().process_id().to_owned())
        .collect();
    let dead: Vec<&String> = ids.iter().filter(|id| !alive.contains(id)).collect();
    if dead.is_empty() {
        return;
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    for id in dead {
        let new = world.open().await;
        while new.db().is_alive(id).await.unwrap() {
            tokio::task::yield_now().await;
        }
        tally.add("restarts", 1);
        world.workers.push(new);
    }
}

/// A night on which everything may fail.
pub async fn bad(world: &mut World, tally: &Tally) -> Result<(), String> {
    let mut dice = world.script.dice(world.night, 88);
    begin(world).await?;
    for _ in 0..dice.random_range(1..4) {
        trouble::over(world);
        trouble::switch(world, &mut dice, tally);
        trouble::faults(world, &mut dice);
        let kills = world.script.kills;
        round(world, kills.then_some(&mut dice), tally).await?;
        let minutes = dice.random_range(1..40);
        world.clock.advance(Duration::from_mins(minutes));
    }
    trouble::over(world);
    trouble::count(world, tally);
    Ok(())
}

/// A night on which nothing fails, until nothing is left to be done.
pub async fn quiet(world: &mut World, tally: &Tally) -> Result<(), String> {
    trouble::over(world);
    begin(world).await?;
    finish(world, tally).await?;
    trouble::count(world, tally);
    Ok(())
}

/// Does everything that waits, however long it has to wait.
pub async fn finish(world: &mut World, tally: &Tally) -> Result<(), String> {
    for _ in 0..LOOKS {
        round(world, None, tally).await?;
        let waiting = world.read(|conn| jobs::unfinished(conn, 100)).await;
        if waiting.is_empty() {
            return Ok(());
        }
        let now = world.clock.now();
        let next = waiting.iter().map(|job| job.run_at).min().unwrap_or(now);
        let wait = (next - now).clamp(TimeDelta::minutes(5), TimeDelta::hours(1));
        world.clock.advance(wait.to_std().unwrap());
    }
    let waiting = world.read(|conn| jobs::unfinished(conn, 100)).await;
    Err(format!("jobs never end: {waiting:?}"))
}

/// The next day's runs are due.
async fn begin(world: &mut World) -> Result<(), String> {
    let day = TimeDelta::days(i64::try_from(world.night).unwrap() + 1);
    let wanted = crate::stage::beginning() + day + TimeDelta::hours(12);
    let missing = (wanted - world.clock.now()).to_std().unwrap_or_default();
    world.clock.advance(missing);
    for app in &world.workers {
        schedule::tick(app)
            .await
            .map_err(|error| format!("the schedule failed: {error}"))?;
    }
    Ok(())
}
