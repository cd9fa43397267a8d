//! The command line: one file a command. It parses, calls, and prints; what is decided is decided elsewhere.

mod admin_link;
mod backup;
mod check;
mod conflicts;
mod demo;
mod explain;
mod fleet;
mod holds;
mod keys;
mod link;
mod output;
mod serve;
mod show;
mod sync;
mod tally;
mod waiting;
mod which;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use indicatif::MultiProgress;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::sync::stop::{Stopper, stop};
use output::{complain, say, sentence};
use which::{CHECK_THE_USER, find, find_with_user};

/// Everything was done.
const DONE: u8 = 0;
/// The command was used wrongly, or the fleet file is wrong.
const WRONG_USAGE: u8 = 2;
/// A run, or a connection, failed.
const FAILED: u8 = 5;
/// Once it is asked to end, the program is gone within 30 seconds: so long the writes in hand may take.
const LAST_WRITES: Duration = Duration::from_secs(28);
/// So long what waits for the disk or a server may take after that.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// Keeps the contacts of a PSA in step with Microsoft 365.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the tenant and the PSA, and makes contacts match.
    Sync(SyncArgs),
    /// Explains one person: active or not, which filter, which contact, what the next run would do.
    Explain(ExplainArgs),
    /// Shows deactivations that wait for a technician; approves or dismisses them.
    Holds(HoldsArgs),
    /// Links a user to a contact by hand, and asks for a run, which `serve` does within five minutes.
    Link(LinkArgs),
    /// Describes PSA connections and companies in one file.
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Tests every connection with a real read.
    Check(CheckArgs),
    /// Prints a link that makes a new administrator, or lets one who is locked out choose another password.
    AdminLink,
    /// Serves the portal, and does the jobs behind it.
    Serve,
    /// The keys that secrets in the database are sealed with.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copies the database to a new file, while others work with it (SQLite).
    Backup {
        /// The file to be made.
        file: PathBuf,
    },
    /// Puts a copy in the database's place, and keeps what was there (SQLite).
    Restore {
        /// The file that `backup` made.
        file: PathBuf,
    },
    /// Shows everything with simulated clouds, and keeps them up for the other commands.
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["company", "all"])))]
struct SyncArgs {
    /// The company to run.
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// Every company with contact sync on.
    #[arg(long)]
    all: bool,
    /// Plans, shows what would be done, and writes nothing.
    #[arg(long)]
    preview: bool,
    /// Forgets every cached reading first.
    #[arg(long)]
    resync: bool,
    /// Prints JSON: one object a company.
    #[arg(long)]
    json: bool,
    /// Everybody: also the people for whom nothing is to be done, and however many they are.
    #[arg(long)]
    full: bool,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The company.
    #[arg(long, value_name = "NAME")]
    company: String,
    /// The user: principal name or object id.
    #[arg(long, value_name = "UPN_OR_ID")]
    user: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct HoldsArgs {
    /// What to do with a hold; left out: shows what is held.
    #[command(subcommand)]
    act: Option<HoldAct>,
    /// Only this company. Left out, `holds` shows what is held at every company; `approve` and `dismiss` then mean all people of the
    /// one hold that is open, and do nothing where several are. At a terminal they show these people and ask first; without one
    /// they do not ask.
    #[arg(long, value_name = "NAME", global = true)]
    company: Option<String>,
    /// Prints JSON: one object a company.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum HoldAct {
    /// Deactivates exactly the people of the hold, each checked anew. Without `--company`: of whichever company has the one open hold.
    Approve,
    /// Leaves the people of the hold alone until they have been active again. Without `--company`: of whichever company has the one
    /// open hold.
    Dismiss,
}

#[derive(Debug, Args)]
struct LinkArgs {
    /// The company.
    #[arg(long, value_name = "NAME")]
    company: String,
    /// The user: principal name or object id.
    #[arg(long, value_name = "UPN_OR_ID")]
    user: String,
    /// The contact's id in the PSA.
    #[arg(long, value_name = "ID")]
    contact: String,
}

#[derive(Debug, Subcommand)]
enum FleetCommand {
    /// Creates or updates what a file names, and says what changed.
    Apply {
        /// The fleet file.
        file: PathBuf,
        /// Only says what would change.
        #[arg(long)]
        check: bool,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the whole fleet as a file, secrets left out.
    Export,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Seals every secret anew with the newest key; makes that key first where the key file is Rollcall's own.
    Rotate,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Only this company's connections.
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// Prints JSON: one line a connection.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Ends after the story.
    #[arg(long)]
    exit: bool,
}

/// Runs the program; the exit status is that of `behaviour.md` section 10.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("The program cannot start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let status = runtime.block_on(run(cli.command));
    // What still runs was left behind, and said in the log.
    runtime.shutdown_timeout(LAST_BREATH);
    ExitCode::from(if output::lost() { FAILED } else { status })
}

async fn run(command: Command) -> u8 {
    if let Command::Demo(args) = &command {
        return Box::pin(demo::run(args)).await;
    }
    let config = match Config::from_env(|name| std::env::var_os(name)) {
        Ok(config) => config,
        Err(problems) => {
            for problem in problems {
                complain(&problem.to_string());
            }
            return WRONG_USAGE;
        }
    };
    let bars = MultiProgress::new();
    if let Err(error) = crate::telemetry::init(&config, &bars) {
        complain(&format!("Logging cannot be set up: {error}"));
        return WRONG_USAGE;
    }
    let complain = match config.log_format {
        LogFormat::Json => |text: &str| tracing::error!("{text}"),
        LogFormat::Text => complain,
    };
    // These two touch the database's files themselves.
    match &command {
        Command::Backup { file } => return backup::save(&config, file).await,
        Command::Restore { file } => return backup::restore(config, file).await,
        _ => {}
    }
    let (stopper, stop) = stop();
    let new = config.missing_database();
    let (made, format) = (new.map(|new| output::made(&new)), config.log_format);
    let app = match App::open(config, Clock::real(), stop).await {
        Ok(app) => app,
        Err(error) => {
            complain(&sentence(&error.to_string()));
            return FAILED;
        }
    };
    match (made, format) {
        (Some(made), LogFormat::Json) => tracing::warn!("{made}"),
        (Some(made), LogFormat::Text) => output::complain(&made),
        (None, _) => {}
    }
    tokio::spawn(hear_signals(stopper, bars.clone(), command.last_words()));
    let overdue = command.overdue();
    let status = tokio::select! {
        status = Box::pin(carry_out(&app, command, &bars)) => status,
        () = too_late(&app) => Ok(overdue),
    };
    status.unwrap_or_else(|error| {
        complain(&sentence(&format!("{error:#}")));
        FAILED
    })
}

async fn carry_out(app: &App, command: Command, bars: &MultiProgress) -> anyhow::Result<u8> {
    match command {
        Command::Sync(args) => Box::pin(sync::run(app, &args, bars)).await,
        Command::Explain(args) => Box::pin(unless_stopped(app, explain::run(app, &args))).await,
        Command::Holds(args) => Box::pin(holds::run(app, &args, bars)).await,
        Command::Link(args) => Box::pin(link::run(app, &args)).await,
        Command::Fleet(FleetCommand::Apply { file, check, json }) => {
            Box::pin(fleet::apply(app, &file, check, json)).await
        }
        Command::Fleet(FleetCommand::Export) => fleet::export(app).await,
        Command::Check(args) => Box::pin(unless_stopped(app, check::run(app, &args))).await,
        Command::AdminLink => admin_link::run(app).await,
        Command::Keys(KeysCommand::Rotate) => keys::rotate(app).await,
        Command::Serve => Box::pin(serve::run(app)).await,
        // They began above.
        Command::Demo(_) | Command::Backup { .. } | Command::Restore { .. } => Ok(DONE),
    }
}

/// Waits until the program is asked to end and has had its time for that. What is in hand then is left as a crash would leave
/// it: the next start settles it.
async fn too_late(app: &App) {
    app.stop().wait().await;
    app.clock().sleep(LAST_WRITES).await;
    tracing::warn!(
        seconds = LAST_WRITES.as_secs(),
        "What is in hand takes too long and is left: the next start, or another process, settles it and carries on"
    );
}

impl Command {
    /// What is said when it is asked to end; `None`: in a line of the log.
    const fn last_words(&self) -> Option<&'static str> {
        let writes = match self {
            Self::Serve => return None,
            Self::Sync(args) => !args.preview,
            Self::Holds(args) => args.act.is_some(),
            Self::Fleet(FleetCommand::Apply { check, .. }) => !*check,
            Self::Link(_) | Self::AdminLink | Self::Keys(_) => true,
            // The demo hears signals by itself.
            Self::Explain(_)
            | Self::Fleet(FleetCommand::Export)
            | Self::Check(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Demo(_) => false,
        };
        Some(if writes { FINISHING } else { "Stopping" })
    }

    /// The exit status where it could not end in time.
    const fn overdue(&self) -> u8 {
        match self {
            // The portal did what it was asked to do.
            Self::Serve => DONE,
            _ => FAILED,
        }
    }
}

/// What a command with writes in hand says when it is asked to end.
const FINISHING: &str = "Finishing the writes in hand; once more ends at once";

/// A command that only reads ends at once where the program is asked to end.
async fn unless_stopped(
    app: &App,
    command: impl Future<Output = anyhow::Result<u8>>,
) -> anyhow::Result<u8> {
    tokio::select! {
        status = command => status,
        () = app.stop().wait() => Ok(FAILED),
    }
}

/// Ctrl-C and SIGTERM finish the writes in hand; a second one ends the program at once.
async fn hear_signals(stopper: Stopper, bars: MultiProgress, words: Option<&'static str>) {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let Ok(mut terminate) = terminate else { return };
    let mut asked = false;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        if asked {
            std::process::exit(130);
        }
        asked = true;
        if let Some(words) = words {
            bars.suspend(|| complain(words));
        } else {
            tracing::info!("{FINISHING}");
        }
        stopper.stop();
    }
}

/// Prints a JSON value on a line of its own.
fn print_json(value: &impl serde::Serialize) {
    say(&serde_json::to_string(value).unwrap_or_default());
}
