//! The portal of a large MSP: 500 companies and 100,000 people in a SQLite file, each page asked for again and again, one
//! request after another. Prints how long each takes, how many bytes are sent, and the ratio to a bare handler of the same
//! process that sends the same bytes. Fails where a list takes longer or sends more than it may.
//! `cargo bench --bench portal`.

mod copies;
mod fleet;
mod visitor;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fleet::{COMPANIES, Clouds, Fleet, RUNS};
use visitor::{Bare, Visitor};

/// A list takes no longer, as a median.
const LONGEST: Duration = Duration::from_millis(50);
/// A page sends no more.
const LARGEST: usize = 150 * 1_000;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(bench())
}

async fn bench() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let clouds = Clouds::start().await?;
    let (_stopper, app) = fleet::open(folder.path(), &clouds).await?;
    let began = Instant::now();
    let fleet = Fleet::seed(&app, &clouds).await?;
    // What `serve` does in the background.
    while rollcall::tallies::count(&app).await? > 0 {}
    let size = std::fs::metadata(folder.path().join("rollcall.db"))?.len();
    eprintln!(
        "set up: {} people at {COMPANIES} companies with {RUNS} runs each, {} MB, in {:.1} s",
        fleet.people,
        size / 1_000_000,
        began.elapsed().as_secs_f64()
    );
    let visitor = Visitor::sign_in(&app).await?;
    let bare = Bare::start()?;
    let mut report = format!(
        "{:<44}{:>9}{:>9}{:>8}{:>8}{:>8}{:>8}\n",
        "page", "median", "99th", "CPU", "kB", "gzip kB", "ratio"
    );
    let mut wrong = Vec::new();
    for (is_list, path) in fleet.pages() {
        let seen = visitor.measure(&path, &bare).await?;
        writeln!(
            report,
            "{path:<44.44}{:>9.2}{:>9.2}{:>8.1}{:>8.1}{:>8.1}{:>8.0}",
            ms(seen.median),
            ms(seen.worst),
            ms(seen.cpu),
            kb(seen.plain),
            kb(seen.packed),
            seen.median.as_secs_f64() / seen.bare.as_secs_f64(),
        )?;
        if is_list && seen.median > LONGEST {
            wrong.push(format!("{path} takes {:.0} ms", ms(seen.median)));
        }
        if is_list && seen.plain > LARGEST {
            wrong.push(format!("{path} sends {:.0} kB", kb(seen.plain)));
        }
    }
    eprint!("times in ms, as a browser asks for a page (packed by gzip)\n{report}");
    anyhow::ensure!(wrong.is_empty(), "too much: {}", wrong.join("; "));
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn kb(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1_000.0
}
