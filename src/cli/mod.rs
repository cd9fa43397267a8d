//! The command line: one file a command. It parses, calls, and prints; what is decided is decided elsewhere.

mod admin_link;
mod check;
mod conflicts;
mod demo;
mod explain;
mod fleet;
mod holds;
mod link;
mod output;
mod serve;
mod show;
mod sync;
mod tally;
mod which;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Parser, Subcommand};
use indicatif::MultiProgress;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::sync::stop::{Stopper, stop};
use output::{complain, full_stop, say};
use which::find;

/// Everything was done.
const DONE: u8 = 0;
/// The command was used wrongly, or the fleet file is wrong.
const WRONG_USAGE: u8 = 2;
/// Who asked for a run, where no name is known.
const COMMAND_LINE: &str = "command line";
/// A run, or a connection, failed.
const FAILED: u8 = 5;

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
    /// Links a user to a contact by hand.
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
    /// Only this company.
    #[arg(long, value_name = "NAME", global = true)]
    company: Option<String>,
    /// Prints JSON: one object a company.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum HoldAct {
    /// Deactivates exactly the people of the hold, each checked anew.
    Approve,
    /// Leaves the people of the hold alone until they have been active again.
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
    let (stopper, stop) = stop();
    let app = match App::open(config, Clock::real(), stop).await {
        Ok(app) => app,
        Err(error) => {
            complain(&full_stop(&error.to_string()));
            return FAILED;
        }
    };
    tokio::spawn(hear_signals(stopper, bars.clone(), command.writes()));
    let status = match command {
        Command::Sync(args) => Box::pin(sync::run(&app, &args, &bars)).await,
        Command::Explain(args) => Box::pin(unless_stopped(&app, explain::run(&app, &args))).await,
        Command::Holds(args) => Box::pin(holds::run(&app, &args, &bars)).await,
        Command::Link(args) => Box::pin(link::run(&app, &args)).await,
        Command::Fleet(FleetCommand::Apply { file, check, json }) => {
            Box::pin(fleet::apply(&app, &file, check, json)).await
        }
        Command::Fleet(FleetCommand::Export) => fleet::export(&app).await,
        Command::Check(args) => Box::pin(unless_stopped(&app, check::run(&app, &args))).await,
        Command::AdminLink => admin_link::run(&app).await,
        Command::Serve => Box::pin(serve::run(&app)).await,
        // It has settings of its own, and began above.
        Command::Demo(_) => Ok(DONE),
    };
    status.unwrap_or_else(|error| {
        complain(&full_stop(&format!("{error:#}")));
        FAILED
    })
}

impl Command {
    /// Whether it may have writes in hand.
    const fn writes(&self) -> bool {
        match self {
            Self::Sync(args) => !args.preview,
            Self::Holds(args) => args.act.is_some(),
            Self::Fleet(FleetCommand::Apply { check, .. }) => !*check,
            Self::Link(_) | Self::AdminLink | Self::Serve => true,
            // The demo hears signals by itself.
            Self::Explain(_)
            | Self::Fleet(FleetCommand::Export)
            | Self::Check(_)
            | Self::Demo(_) => false,
        }
    }
}

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
async fn hear_signals(stopper: Stopper, bars: MultiProgress, writes: bool) {
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
        bars.suspend(|| {
            complain(if writes {
                "Finishing the writes in hand; once more ends at once"
            } else {
                "Stopping"
            });
        });
        stopper.stop();
    }
}

/// Prints a JSON value on a line of its own.
fn print_json(value: &impl serde::Serialize) {
    say(&serde_json::to_string(value).unwrap_or_default());
}
