//! `rollcall fleet`.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::output::{complain, say, sentence, warning_aside};
use super::{DONE, FAILED, WRONG_USAGE, print_json, waiting};
use crate::app::App;
use crate::fleet::{self, Clouds, Plan, Secrets, State, Stop, SystemSecrets};
use crate::runs;
use crate::sync::turn::{Sharing, Turn};

/// Creates or updates what a file names.
pub async fn apply(app: &App, file: &Path, only_check: bool, json: bool) -> anyhow::Result<u8> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            complain(&unread(file, &error));
            return Ok(WRONG_USAGE);
        }
    };
    let plan = match put(app, &text, &SystemSecrets::beside(file), only_check).await? {
        Ok(plan) => plan,
        Err(stop) => {
            complain_of(&stop);
            return Ok(if stop.mistakes.is_empty() {
                FAILED
            } else {
                WRONG_USAGE
            });
        }
    };
    for strange in &plan.warnings {
        complain(&warning_aside(&format!("Warning: {strange}")));
    }
    if json {
        print_json(&plan.report(!only_check));
    } else {
        say(plan.text(!only_check).trim_end());
    }
    Ok(DONE)
}

fn unread(file: &Path, error: &Error) -> String {
    let file = file.display();
    match error.kind() {
        ErrorKind::NotFound => format!(
            "There is no file {file}: name the fleet file, or make one with `rollcall fleet export`."
        ),
        ErrorKind::PermissionDenied => {
            format!("The fleet file {file} cannot be read by this user: give them the right to it.")
        }
        ErrorKind::InvalidData => format!("The fleet file {file} is no text in UTF-8."),
        _ => format!("The fleet file {file} cannot be read: {error}."),
    }
}

/// Checks a fleet file and applies it, unless it is to be checked only; the plan, or why nothing was applied.
pub async fn put(
    app: &App,
    text: &str,
    secrets: &dyn Secrets,
    only_check: bool,
) -> anyhow::Result<Result<Plan, Stop>> {
    let state = State::load(app.db(), Some(app.keyring())).await?;
    let parsed = fleet::parse(text, &state.known_psa(), secrets);
    let clouds = Clouds::new(app.clone());
    let plan = match fleet::check(&parsed, &state, &clouds, app.clock().now()).await {
        Ok(plan) => plan,
        Err(stop) => return Ok(Err(stop)),
    };
    if !only_check {
        // A run under way would go on linking people to where the company was.
        let mut turns = Vec::new();
        for company in state.companies.iter().map(|stored| &stored.company) {
            if plan.moves(company.id) {
                let name = Turn::of_company(company.id);
                let watch = |company: &str, event| waiting::told(company, &event);
                let turn = runs::wait(app, (&name, Sharing::Alone), company, &watch).await;
                turns.push(turn.map_err(|error| anyhow::anyhow!(error.message))?);
            }
        }
        let now = app.clock().now();
        fleet::apply(app.db(), app.keyring(), &plan, &state, now).await?;
        app.forget_clients();
        for turn in turns {
            runs::give_back(turn).await;
        }
    }
    Ok(Ok(plan))
}

/// Says why nothing was applied.
pub fn complain_of(stop: &Stop) {
    for mistake in &stop.mistakes {
        complain(&mistake.to_string());
    }
    for system in &stop.unreachable {
        complain(&format!(
            "{}: {} {}",
            system.connection,
            sentence(&system.message),
            sentence(&system.advice)
        ));
    }
    complain("Nothing was applied.");
}

/// Prints the whole fleet.
pub async fn export(app: &App) -> anyhow::Result<u8> {
    let state = State::load(app.db(), None).await?;
    say(fleet::export(&state).trim_end());
    Ok(DONE)
}
