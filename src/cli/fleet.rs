//! `rollcall fleet`.

use std::path::Path;

use super::output::{complain, say, sentence, warning};
use super::{DONE, FAILED, WRONG_USAGE, print_json};
use crate::app::App;
use crate::fleet::{self, Clouds, Plan, State, Stop, SystemSecrets};

/// Creates or updates what a file names.
pub async fn apply(app: &App, file: &Path, only_check: bool, json: bool) -> anyhow::Result<u8> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            complain(&format!(
                "The fleet file {} cannot be read: {error}",
                file.display()
            ));
            return Ok(WRONG_USAGE);
        }
    };
    let plan = match apply_text(app, &text, &SystemSecrets::beside(file), only_check).await? {
        Ok(plan) => plan,
        Err(stop) => {
            for mistake in &stop.mistakes {
                complain(&mistake.to_string());
            }
            for system in &stop.unreachable {
                let (message, advice) = (sentence(&system.message), sentence(&system.advice));
                complain(&format!("{}: {message}. {advice}.", system.connection));
            }
            complain("Nothing was applied.");
            return Ok(if stop.mistakes.is_empty() {
                FAILED
            } else {
                WRONG_USAGE
            });
        }
    };
    for strange in &plan.warnings {
        complain(&warning(strange));
    }
    if json {
        print_json(&plan.report(!only_check));
    } else {
        say(plan.text(!only_check).trim_end());
    }
    Ok(DONE)
}

/// Works out what a fleet file's text changes and, unless `only_check`, applies it.
pub async fn apply_text(
    app: &App,
    text: &str,
    secrets: &dyn fleet::Secrets,
    only_check: bool,
) -> anyhow::Result<Result<Plan, Stop>> {
    let state = State::load(app.db(), Some(app.keyring().clone())).await?;
    let parsed = fleet::parse(text, &state.known_psa(), secrets);
    let plan = match fleet::check(&parsed, &state, &Clouds::new(app.clone())).await {
        Ok(plan) => plan,
        Err(stop) => return Ok(Err(stop)),
    };
    if !only_check {
        let now = app.clock().now();
        fleet::apply(app.db(), app.keyring().clone(), &plan, &state, now).await?;
        app.forget_clients();
    }
    Ok(Ok(plan))
}

/// Prints the whole fleet.
pub async fn export(app: &App) -> anyhow::Result<u8> {
    let state = State::load(app.db(), None).await?;
    say(fleet::export(&state).trim_end());
    Ok(DONE)
}
