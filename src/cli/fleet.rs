//! `rollcall fleet`.

use std::path::Path;

use super::output::{complain, say, warning};
use super::{DONE, print_json};
use crate::app::App;
use crate::fleet::{apply_file, export_fleet};

/// Creates or updates what a file names.
pub async fn apply(app: &App, file: &Path, only_check: bool, json: bool) -> anyhow::Result<u8> {
    let plan = match apply_file(app, file, only_check).await {
        Ok(plan) => plan,
        Err(failure) => {
            complain(&failure.to_string());
            complain("Nothing was applied.");
            return Ok(failure.exit_status());
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

/// Prints the whole fleet.
pub async fn export(app: &App) -> anyhow::Result<u8> {
    say(export_fleet(app).await?.trim_end());
    Ok(DONE)
}
