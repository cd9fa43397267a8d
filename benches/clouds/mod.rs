//! The simulated clouds of a large MSP, and the program that works on them: what benches of whole nights share.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rollcall::simulator::autotask::{self, Autotask};
use rollcall::simulator::connectwise::{self, ConnectWise};
use rollcall::simulator::graph::{AppData, Graph, Login, Microsoft};
use rollcall::simulator::kit::{Running, start};
use rollcall::simulator::world::{Customer, Options, load_autotask, load_connectwise, load_graph};

const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const APP_SECRET: &str = "a-secret-of-the-bench";

/// The clouds.
pub struct Clouds {
    pub login: Running,
    pub graph: Running,
    pub connectwise: Running,
    pub autotask: Running,
}

impl Clouds {
    pub fn all(&self) -> [&Running; 4] {
        [&self.login, &self.graph, &self.connectwise, &self.autotask]
    }

    pub fn set_latency(&self, latency: Duration) {
        for cloud in self.all() {
            cloud.controls.set_latency(latency);
        }
    }

    pub fn requests(&self) -> usize {
        self.all()
            .iter()
            .map(|cloud| cloud.controls.requests())
            .sum()
    }
}

/// Starts them with so many companies; gives the fleet file too.
pub async fn build(companies: usize, people: usize) -> anyhow::Result<(Clouds, String)> {
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
    for number in 0..companies {
        let customer = Customer::generate(7, &format!("Customer {number}"), people, &options);
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

/// Starts the program.
pub fn program(folder: &Path, clouds: &Clouds, arguments: &[&str]) -> anyhow::Result<Child> {
    Ok(command(folder, clouds, arguments).spawn()?)
}

/// The program, to be started.
pub fn command(folder: &Path, clouds: &Clouds, arguments: &[&str]) -> Command {
    let connectwise = connectwise::Settings::default();
    let autotask = autotask::Settings::default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command
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
        .stdout(Stdio::null());
    command
}

/// Waits until it ended well.
pub fn finished(mut child: Child) -> anyhow::Result<()> {
    let status = tokio::task::block_in_place(|| child.wait())?;
    anyhow::ensure!(status.success(), "setting up failed: {status}");
    Ok(())
}

/// The most memory that a process ever had resident, in KiB (Linux's `VmHWM`); 0 where it is gone.
pub fn peak_memory(process: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
/// Lets time pass.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
