//! A fleet's night with nothing changed: 200 companies of 100 people, every request taking 50 ms, simulators in this process
//! and `rollcall sync --all` in another. Prints the time, the peak memory of the rollcall process, and the ratio to the bare
//! requests sent by a plain loop at the same concurrency. `cargo bench --bench fleet`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use rollcall::simulator::autotask::{self, Autotask};
use rollcall::simulator::connectwise::{self, ConnectWise};
use rollcall::simulator::graph::{AppData, Graph, Login, Microsoft};
use rollcall::simulator::kit::{Running, start};
use rollcall::simulator::world::{Customer, Options, load_autotask, load_connectwise, load_graph};

const COMPANIES: usize = 200;
const PEOPLE: usize = 100;
const LATENCY: Duration = Duration::from_millis(50);
/// As many requests at once as the fleet run has under way at most: companies at once, two sides each.
const AT_ONCE: usize = 24;
const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const APP_SECRET: &str = "a-secret-of-the-bench";

struct Clouds {
    login: Running,
    graph: Running,
    connectwise: Running,
    autotask: Running,
}

impl Clouds {
    fn all(&self) -> [&Running; 4] {
        [&self.login, &self.graph, &self.connectwise, &self.autotask]
    }

    fn set_latency(&self, latency: Duration) {
        for cloud in self.all() {
            cloud.controls.set_latency(latency);
        }
    }

    fn requests(&self) -> usize {
        self.all()
            .iter()
            .map(|cloud| cloud.controls.requests())
            .sum()
    }
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(bench())
}

async fn bench() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (clouds, fleet) = build().await?;
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

async fn build() -> anyhow::Result<(Clouds, String)> {
    let microsoft = Microsoft::new();
    let connectwise_settings = connectwise::Settings::default();
    let autotask_settings = autotask::Settings::default();
    let connectwise = Arc::new(ConnectWise::new(connectwise_settings.clone()));
    let autotask = Arc::new(Autotask::new(autotask_settings.clone()));
    let clouds = Clouds {
        login: start(Arc::new(Login(microsoft.clone()))).await?,
        graph: start(Arc::new(Graph(microsoft.clone()))).await?,
        connectwise: start(connectwise.clone()).await?,
        autotask: start(autotask.clone()).await?,
    };
    let mut fleet = format!(
        "[[psa]]\nname = \"CW\"\nkind = \"connectwise\"\nurl = \"{}\"\ncompany_id = \"{}\"\n\
         public_key = {{ env = \"CW_PUBLIC\" }}\nprivate_key = {{ env = \"CW_PRIVATE\" }}\n\
         client_id = {{ env = \"CW_CLIENT\" }}\n\n\
         [[psa]]\nname = \"AT\"\nkind = \"autotask\"\nusername = \"{}\"\n\
         secret = {{ env = \"AT_SECRET\" }}\nintegration_code = {{ env = \"AT_CODE\" }}\n",
        clouds.connectwise.url, connectwise_settings.company_id, autotask_settings.user,
    );
    let options = Options {
        contacts_percent: 100,
        messy: false,
        ..Options::default()
    };
    for number in 0..COMPANIES {
        let customer = Customer::generate(7, &format!("Customer {number}"), PEOPLE, &options);
        let tenant = load_graph(&microsoft, &customer, APP, AppData::reader(APP_SECRET));
        let (psa, loaded) = if number % 2 == 0 {
            ("CW", load_connectwise(&connectwise, &customer))
        } else {
            ("AT", load_autotask(&autotask, &customer))
        };
        write!(
            fleet,
            "\n[[company]]\nname = \"{}\"\npsa = \"{psa}\"\npsa_company_id = {}\nsync_contacts = true\n\
             update_existing = true\n\n  [company.tenant]\n  tenant_id = \"{tenant}\"\n  \
             client_id = \"{APP}\"\n  client_secret = {{ env = \"APP_SECRET\" }}\n",
            customer.name, loaded.company_id,
        )?;
    }
    Ok((clouds, fleet))
}

fn program(folder: &Path, clouds: &Clouds, arguments: &[&str]) -> anyhow::Result<Child> {
    let connectwise = connectwise::Settings::default();
    let autotask = autotask::Settings::default();
    let child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(arguments)
        .env_clear()
        .env("ROLLCALL_DATA_DIR", folder)
        .env("ROLLCALL_LOGIN_URL", &clouds.login.url)
        .env("ROLLCALL_GRAPH_URL", &clouds.graph.url)
        .env("ROLLCALL_AUTOTASK_URL", &clouds.autotask.url)
        .env("RUST_LOG", "warn")
        .env("APP_SECRET", APP_SECRET)
        .env("CW_PUBLIC", connectwise.public_key)
        .env("CW_PRIVATE", connectwise.private_key)
        .env("CW_CLIENT", connectwise.client_id)
        .env("AT_SECRET", autotask.secret)
        .env("AT_CODE", autotask.integration_code)
        .stdout(Stdio::null())
        .spawn()?;
    Ok(child)
}

fn finished(mut child: Child) -> anyhow::Result<()> {
    let status = tokio::task::block_in_place(|| child.wait())?;
    anyhow::ensure!(status.success(), "setting up failed: {status}");
    Ok(())
}

/// The most memory that a process ever had resident, in KiB (Linux's `VmHWM`); 0 where it is gone.
fn peak_memory(process: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
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

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
