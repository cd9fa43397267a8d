//! `rollcall demo`: simulated clouds with a small MSP in them, a story that a real fleet goes through, and a check that it
//! comes out as it should. It uses no setting of the environment but `RUST_LOG`, and leaves nothing behind.

mod checks;
mod clouds;
mod days;
mod files;
mod portal;
mod story;
mod tell;

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::MultiProgress;
use tokio::signal::unix::{SignalKind, signal};

use super::output::{bad, capital, complain, say, say_wrapped};
use super::{DONE, DemoArgs, FAILED};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::sync::stop::{Stopper, stop};
use clouds::Clouds;
use files::Variables;
use story::Story;

/// Tells the story; then keeps clouds and database up until Ctrl-C, or ends.
pub async fn run(args: &DemoArgs) -> u8 {
    match stage(args).await {
        Ok(status) => status,
        Err(error) => {
            complain(&capital(&format!("{error:#}")));
            FAILED
        }
    }
}

async fn stage(args: &DemoArgs) -> anyhow::Result<u8> {
    let folder = tempfile::Builder::new()
        .prefix("rollcall-demo-")
        .tempdir()
        .context("no temporary folder can be made")?;
    let (stopper, stop) = stop();
    tokio::spawn(hear_signals(stopper, folder.path().to_owned()));
    let clouds = Clouds::start()
        .await
        .context("the simulated clouds cannot be started")?;
    let listener = listen()?;
    let settings = files::settings(&clouds, folder.path(), listener.local_addr()?);
    let config = config(&settings)?;
    let bars = MultiProgress::new();
    crate::telemetry::init(&config, &bars).context("logging cannot be set up")?;
    let variables = Variables::of(&clouds);
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::parent);
    let story = Story {
        app: App::open(config, Clock::real(), stop.clone()).await?,
        clouds: &clouds,
        bars: &bars,
        fleet: write(folder.path(), "fleet.toml", &files::fleet(&clouds))?,
        environment: write(
            folder.path(),
            "demo.env",
            &files::environment(&settings, &variables, program),
        )?,
    };
    let wrong = story.tell(&variables).await?;
    let mut status = DONE;
    if !wrong.is_empty() {
        status = FAILED;
        say("");
        say(&bad("This did not come out as it should:"));
        for one in &wrong {
            say_wrapped(one, 2, 0);
        }
    } else if stop.asked() {
        status = FAILED;
        say("");
        say("The demo was stopped before its end.");
    }
    if !args.exit && !stop.asked() {
        portal::open(&story.app, &clouds, listener).await?;
    }
    say("");
    drop(story);
    let path = folder.path().to_owned();
    folder
        .close()
        .with_context(|| format!("the folder {} cannot be removed", path.display()))?;
    say("The clouds are gone, and so is the demo's folder.");
    Ok(status)
}

/// The portal's usual port, or where it is taken any free one.
fn listen() -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 8080))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .context("no port is free for the portal")
}

/// The demo's own settings: of the environment only the log filter counts, and only warnings are logged without it.
fn config(settings: &[(&'static str, String)]) -> anyhow::Result<Config> {
    let lookup = |name: &str| {
        if name == "RUST_LOG" {
            return Some(std::env::var_os(name).unwrap_or_else(|| OsString::from("warn")));
        }
        let (_, value) = settings.iter().find(|(known, _)| *known == name)?;
        Some(value.into())
    };
    Config::from_env(lookup).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(problems.join("; "))
    })
}

/// Writes a file that only its owner can read.
fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

/// Ctrl-C, SIGTERM and a closed terminal end the demo, after the writes in hand; a second one at once. The folder goes in
/// every case.
async fn hear_signals(stopper: Stopper, folder: PathBuf) {
    let (Ok(mut terminate), Ok(mut hang_up)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return;
    };
    let mut asked = false;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        if asked {
            // What cannot be removed in a hurry is in the folder for temporary files at least.
            let _ = std::fs::remove_dir_all(&folder);
            std::process::exit(130);
        }
        asked = true;
        stopper.stop();
    }
}
