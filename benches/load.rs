//! A fleet's night while people look at it: 1,000 companies of 100 people, nothing changed, every request taking 50 ms, all daily
//! runs due at once, and one `rollcall serve` that does them and answers the portal. Simulators in this process.
//! Prints the time, the requests, the peak memory, and how long the portal's pages take meanwhile.
//! `cargo bench --bench load`.

mod clouds;
#[path = "portal/visitor.rs"]
#[expect(
    dead_code,
    reason = "of the portal's own bench only the sign-in is used here"
)]
mod visitor;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clouds::{Clouds, build, finished, pause, peak_memory, program};
use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::jobs::Priority;
use rollcall::db::{companies, jobs};
use rollcall::jobs::{enqueue_run, schedule};
use rollcall::model::Mode;
use rollcall::sync::stop::{Stopper, stop};
use visitor::Visitor;

/// As the issue wants it; fewer for a quick look.
const COMPANIES: &str = "ROLLCALL_LOAD_COMPANIES";
const PEOPLE: usize = 100;
const LATENCY: Duration = Duration::from_millis(50);
/// The pages that are looked at in turn.
const PAGES: [&str; 4] = ["/", "/runs", "/settings/jobs", "/companies/1"];

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(bench())
}

async fn bench() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let number = std::env::var(COMPANIES).ok();
    let number: usize = number.map_or(Ok(1_000), |text| text.parse())?;
    let (clouds, fleet) = build(number, PEOPLE).await?;
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet)?;
    finished(program(
        folder.path(),
        &clouds,
        &["fleet", "apply", &file.to_string_lossy()],
    )?)?;
    finished(program(folder.path(), &clouds, &["sync", "--all"])?)?;
    for cloud in clouds.all() {
        cloud.controls.clear_log();
    }
    clouds.set_latency(LATENCY);
    let (_stopper, app) = open(folder.path(), &clouds).await?;
    Visitor::invite(&app).await?;
    let now = app.clock().now();
    let due = app.db().write(move |conn| {
        let all = companies::list(conn)?;
        for company in &all {
            enqueue_run(
                conn,
                company.id,
                Mode::Update,
                Priority::Night,
                schedule::SCHEDULE,
                now,
            )?;
        }
        Ok(all.len())
    });
    let due = due.await?;
    let address = free_address()?;
    let began = Instant::now();
    let mut server = clouds::command(folder.path(), &clouds, &["serve"])
        .env("ROLLCALL_LISTEN", &address)
        .spawn()?;
    let mut visitor = visit(&format!("http://{address}")).await?;
    let mut times = Vec::new();
    let mut looked = began;
    for page in PAGES.into_iter().cycle() {
        let asked = Instant::now();
        visitor.ask(page, true).await?;
        times.push(asked.elapsed());
        if looked.elapsed() > Duration::from_millis(250) {
            looked = Instant::now();
            if app.db().read(jobs::count_unfinished).await? == 0 {
                break;
            }
        }
        pause(Duration::from_millis(15)).await;
    }
    let took = began.elapsed();
    let peak = peak_memory(server.id());
    server.kill()?;
    server.wait()?;
    let writes: usize = clouds.all().iter().map(|one| one.controls.writes()).sum();
    anyhow::ensure!(
        writes == 0,
        "nothing had changed, and {writes} writes were sent"
    );
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    eprintln!("companies         {due} of {PEOPLE} people, nothing changed");
    eprintln!("latency           {} ms a request", LATENCY.as_millis());
    eprintln!("requests          {}", clouds.requests());
    eprintln!(
        "time              {:.2} s (wanted: under 90 s)",
        took.as_secs_f64()
    );
    eprintln!(
        "peak memory       {:.0} MB (wanted: under 250 MB)",
        f64::from(peak) / 1024.0
    );
    eprintln!(
        "the portal        {} pages, median {:.1} ms, 99th percentile {:.1} ms (wanted: under 100 ms)",
        times.len(),
        at(50),
        at(99)
    );
    Ok(())
}

/// Signs in as soon as the portal answers.
async fn visit(url: &str) -> anyhow::Result<Visitor> {
    let began = Instant::now();
    loop {
        match Visitor::enter(url.to_owned()).await {
            Err(_) if began.elapsed() < Duration::from_secs(10) => {
                pause(Duration::from_millis(20)).await;
            }
            visitor => return visitor,
        }
    }
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .to_string())
}

/// The database, from this process.
async fn open(folder: &Path, clouds: &Clouds) -> anyhow::Result<(Stopper, App)> {
    let (stopper, asked) = stop();
    let key = std::fs::read_to_string(folder.join("secret.key"));
    let key = key.unwrap_or_else(|_| STANDARD.encode([7_u8; 32]));
    let config = Config::from_env(|name| {
        let value = match name {
            "ROLLCALL_DATA_DIR" => return Some(OsString::from(folder)),
            "ROLLCALL_SECRET_KEY" => key.trim().to_owned(),
            "ROLLCALL_LOGIN_URL" => clouds.login.url.clone(),
            "ROLLCALL_GRAPH_URL" => clouds.graph.url.clone(),
            _ => return None,
        };
        Some(OsString::from(value))
    });
    let config = config.map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
    Ok((stopper, App::open(config, Clock::real(), asked).await?))
}
