//! A simulation of weeks: random companies, random days, random faults of every kind that the simulators know, random kills and
//! restarts of one to three processes on either database, with time set by hand. After each quiet night an oracle that shares no
//! line with the engine says whether everything is as `behaviour.md` wants it.
//!
//! `ROLLCALL_WEEKS_SEED` plays one seed, or what a failure printed; `ROLLCALL_SOAK_NIGHTS` says how many company-nights
//! [`a_simulation_of_weeks_ends_every_quiet_night_as_the_rules_say`] plays (`make soak`). What is thrown is the same each
//! time; in which order threads answer is not.

mod check;
mod day;
mod diary;
mod evening;
mod filters;
mod founding;
mod history;
mod night;
mod oracle;
mod processes;
mod script;
mod seen;
mod tally;
mod trouble;
mod watch;
mod world;

use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use rand::RngExt;
use rollcall::clock::Clock;

use script::Script;
use tally::Tally;
use world::World;

/// So many company-nights are played unless told otherwise.
const NIGHTS: usize = 2_000;
/// So many smaller scripts are tried after a failure.
const TRIALS: usize = 24;
/// A kind of trouble comes at least so often.
const OFTEN: usize = 50;
/// A process dies at an await at least so often: about thirty times in [`NIGHTS`], since most die of a fault before.
const AT_AN_AWAIT: usize = 12;

/// Plays a script to its end; else what was wrong.
async fn play(script: &Script, tally: &Tally) -> Result<(), String> {
    let clock = Clock::set_at(crate::stage::beginning());
    let mut world = World::build(script, clock).await;
    for night in 0..script.nights {
        world.night = night;
        day::pass(&mut world, tally).await;
        let evenings = evening::evening(&world).await;
        let last = night + 1 == script.nights;
        let quiet = last || script.dice(night, 99).random_range(0..100) < 40;
        let of = |error: String| {
            format!(
                "night {night}, {}:\n{error}",
                if quiet { "quiet" } else { "bad" }
            )
        };
        if quiet {
            night::quiet(&mut world, tally).await.map_err(of)?;
        } else {
            night::bad(&mut world, tally).await.map_err(of)?;
        }
        tally.add("nights", 1);
        tally.add("company-nights", world.towns.len());
        let mut complaints = check::morning(&world, &evenings, quiet, tally).await;
        if quiet && complaints.0.is_empty() {
            complaints = check::again(&mut world, tally).await.map_err(of)?;
            for town in &mut world.towns {
                tally.add("company-nights looked at", 1);
                town.by_hand.clear();
            }
        }
        if !complaints.0.is_empty() {
            let mut text = complaints.0.join("\n");
            for town in &world.towns {
                if text.contains(&format!("company {}: ", town.number)) {
                    let _ = write!(text, "\n{}", diary::of(&world, town).await);
                }
            }
            return Err(of(text));
        }
    }
    Ok(())
}

/// Plays a script on a runtime of its own.
fn played(script: &Script, tally: &Tally) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let done = runtime.block_on(AssertUnwindSafe(play(script, tally)).catch_unwind());
    done.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

/// The smallest script found that fails too, and what it says.
fn shrunk(script: &Script, error: String) -> (Script, String) {
    let (mut smallest, mut says) = (script.clone(), error);
    let mut trials = 0;
    'smaller: loop {
        for smaller in smallest.smaller() {
            if trials == TRIALS {
                break 'smaller;
            }
            trials += 1;
            if let Err(error) = played(&smaller, &Tally::default()) {
                (smallest, says) = (smaller, error);
                continue 'smaller;
            }
        }
        break;
    }
    (smallest, says)
}

fn report(script: &Script, error: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "ROLLCALL_WEEKS_SEED='{script}' fails in {error}");
    text
}

fn wanted(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

#[test]
fn a_simulation_of_weeks_ends_every_quiet_night_as_the_rules_say() {
    let tally = Tally::default();
    if let Some(script) = wanted("ROLLCALL_WEEKS_SEED") {
        let script: Script = script.parse().unwrap();
        if let Err(error) = played(&script, &tally) {
            panic!("{}", report(&script, &error));
        }
        eprintln!("{}", tally.table());
        return;
    }
    let soak = wanted("ROLLCALL_SOAK_NIGHTS");
    let wanted: usize = soak
        .as_ref()
        .map_or(NIGHTS, |nights| nights.parse().unwrap());
    let failed: Mutex<Vec<(Script, String)>> = Mutex::default();
    let next = AtomicU64::new(if soak.is_some() { 1_000 } else { 0 });
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism()
            .map_or(2, usize::from)
            .max(2)
        {
            scope.spawn(|| {
                while tally.of("company-nights") < wanted && failed.lock().unwrap().is_empty() {
                    let script = Script::of(next.fetch_add(1, Ordering::Relaxed));
                    if let Err(error) = played(&script, &tally) {
                        failed.lock().unwrap().push((script, error));
                    }
                }
            });
        }
    });
    eprintln!("{}", tally.table());
    let failed = failed.into_inner().unwrap();
    if let Some((script, error)) = failed.into_iter().next() {
        eprintln!("{}", report(&script, &error));
        let (script, error) = shrunk(&script, error);
        panic!("{}", report(&script, &error));
    }
    let seldom: Vec<String> = trouble::FAULTS
        .iter()
        .map(|name| format!("all faults {name}"))
        .chain(
            trouble::SWITCHES
                .iter()
                .map(|name| format!("switch {name}")),
        )
        .map(|name| (name, OFTEN))
        .chain([
            (night::KILLS[0].to_owned(), AT_AN_AWAIT),
            (night::KILLS[1].to_owned(), OFTEN),
        ])
        .filter(|(name, least)| tally.of(name) < *least)
        .map(|(name, least)| format!("{name}, less than {least}"))
        .collect();
    assert!(
        seldom.is_empty(),
        "these came less often than they should: {seldom:?}"
    );
}
