//! Operating Rollcall: how it stops, what a monitor sees of it, its log, backups, keys and the history that is kept. Where it
//! matters, the built program is what runs.

mod backup;
mod health;
mod keys;
mod logs;
mod restored;
mod retention;
mod stopping;
mod systemd;

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rollcall::db::jobs::{self, Job};
use rollcall::jobs::enqueue_run;
use rollcall::model::Mode;
use tokio::process::Child;

use crate::stage::{Stage, program};
use crate::web::visitor::Visitor;

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_mins(1);

/// A process that serves a stage's portal and does its jobs.
pub struct Serving {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Serving {
    /// Starts it, and waits until its portal answers.
    pub async fn start(stage: &Stage, more: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let log = stage.folder.path().join(format!("{address}.log"));
        let child = program(stage.environment(), &["serve"])
            .env("ROLLCALL_LISTEN", &address)
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let serving = Self {
            child,
            url: format!("http://{address}"),
            log,
        };
        until(async || tokio::net::TcpStream::connect(&address).await.is_ok()).await;
        serving
    }

    fn visitor(&self) -> Visitor {
        Visitor::of(&self.url)
    }

    /// Asks it to end, as a system does.
    pub fn terminate(&self) {
        let id = self.child.id().expect("it runs");
        let kill = std::process::Command::new("sh")
            .args(["-c", &format!("kill -TERM {id}")])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Waits until it has ended; its exit status, and its log.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let log = std::fs::read_to_string(&self.log).unwrap();
        let status = ended.unwrap_or_else(|_| panic!("it goes on:\n{log}"));
        (status.unwrap().code(), log)
    }
}

/// Waits until something holds.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap();
}

/// Asks for an update of the stage's company.
async fn ask(stage: &Stage) -> i64 {
    let (company, now) = (stage.company_id, stage.clock.now());
    let priority = jobs::Priority::Click;
    stage
        .write(move |conn| enqueue_run(conn, company, Mode::Update, priority, "Robin", now))
        .await
        .id()
}

async fn job(stage: &Stage, id: i64) -> Job {
    stage.read(move |conn| jobs::get(conn, id)).await.unwrap()
}
