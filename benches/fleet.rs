//! A fleet's night with nothing changed: 200 companies of 100 people, every request taking 50 ms, simulators in this process
//! and `rollcall sync --all` in another. Prints the time, the peak memory of the rollcall process, and the ratio to the bare
//! requests sent by a plain loop at the same concurrency. `cargo bench --bench fleet`.

mod clouds;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use clouds::{Clouds, build, finished, pause, peak_memory, program};
use futures_util::stream::{self, StreamExt};

const COMPANIES: usize = 200;
const PEOPLE: usize = 100;
const LATENCY: Duration = Duration::from_millis(50);
/// As many requests at once as the fleet run has under way at most: companies at once, two sides each.
const AT_ONCE: usize = 24;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(bench())
}

async fn bench() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (clouds, fleet) = build(COMPANIES, PEOPLE).await?;
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet)?;
    let program = |arguments: &[&str]| program(folder.path(), &clouds, arguments);
    finished(program(&["fleet", "apply", &file.to_string_lossy()])?)?;
    finished(program(&["sync", "--all"])?)?;
    let writes: usize = clouds
        .all()
        .iter()
        .map(|cloud| cloud.controls.writes())
        .sum();
    eprintln!("set up: {COMPANIES} companies of {PEOPLE} people, {writes} writes in the first run");

    for cloud in clouds.all() {
        cloud.controls.clear_log();
    }
    clouds.set_latency(LATENCY);
    let began = Instant::now();
    let mut child = program(&["sync", "--all"])?;
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak_kib.max(peak_memory(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        pause(Duration::from_millis(20)).await;
    };
    let took = began.elapsed();
    anyhow::ensure!(status.success(), "the measured run failed: {status}");
    let writes: usize = clouds
        .all()
        .iter()
        .map(|cloud| cloud.controls.writes())
        .sum();
    anyhow::ensure!(
        writes == 0,
        "nothing had changed, and {writes} writes were sent"
    );
    let requests = clouds.requests();
    let bare = bare(&clouds).await?;
    let mut report = String::new();
    writeln!(
        report,
        "companies         {COMPANIES} of {PEOPLE} people, nothing changed"
    )?;
    writeln!(
        report,
        "latency           {} ms a request",
        LATENCY.as_millis()
    )?;
    writeln!(report, "requests          {requests}")?;
    writeln!(
        report,
        "time              {:.2} s (wanted: under 20 s)",
        took.as_secs_f64()
    )?;
    writeln!(
        report,
        "peak memory       {:.0} MB (wanted: under 150 MB)",
        f64::from(peak_kib) / 1024.0
    )?;
    writeln!(
        report,
        "bare requests     {:.2} s, {AT_ONCE} at once",
        bare.as_secs_f64()
    )?;
    writeln!(
        report,
        "ratio to bare     {:.2}",
        took.as_secs_f64() / bare.as_secs_f64()
    )?;
    eprint!("{report}");
    Ok(())
}

/// The same requests again, as the clouds logged them, sent without doing anything with the answers.
#[expect(
    clippy::disallowed_methods,
    reason = "the bare requests are sent without our client"
)]
async fn bare(clouds: &Clouds) -> anyhow::Result<Duration> {
    let client = reqwest::Client::builder().build()?;
    let requests: Vec<(String, String, String)> = clouds
        .all()
        .iter()
        .flat_map(|cloud| {
            cloud.controls.log().into_iter().map(|entry| {
                (
                    entry.method,
                    format!("{}{}", cloud.url, entry.target),
                    entry.body,
                )
            })
        })
        .collect();
    let began = Instant::now();
    stream::iter(requests)
        .map(|(method, url, body)| {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or_default();
            let request = client.request(method, url).body(body);
            async move {
                if let Ok(response) = request.send().await {
                    let _ = response.bytes().await;
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
    Ok(began.elapsed())
}
