//! The two commands whole: from the file on the disk to the answer, and the printed fleet. Prints nothing itself.

use std::fmt;
use std::path::Path;

use thiserror::Error;

use super::apply::{StoreError, apply};
use super::check::{Plan, Stop, check};
use super::clouds::Clouds;
use super::export::export;
use super::parse::parse;
use super::secrets::SystemSecrets;
use super::state::State;
use crate::app::App;

/// Why a fleet file was not applied. Nothing was changed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The file cannot be read.
    #[error("The fleet file {file} cannot be read ({cause}): give the path of a text in UTF-8")]
    File {
        /// Its path.
        file: String,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file has mistakes, or a system could not be asked.
    #[error("{0}")]
    Stop(Stop),
    /// The database or the secrets in it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// The exit status of the contract: 2 for a wrong file, else 5.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::File { .. } => 2,
            Self::Stop(stop) if !stop.mistakes.is_empty() => 2,
            Self::Stop(_) | Self::Store(_) => 5,
        }
    }
}

/// Each mistake a line; where there is none, each system that could not be asked.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mistakes = self.mistakes.iter().map(ToString::to_string);
        let lines: Vec<String> = if self.mistakes.is_empty() {
            let systems = self.unreachable.iter();
            let line = |system: &super::look::Unreachable| {
                format!(
                    "{}: {}. {}",
                    system.connection, system.message, system.advice
                )
            };
            systems.map(line).collect()
        } else {
            mistakes.collect()
        };
        f.write_str(&lines.join("\n"))
    }
}

/// Applies a fleet file, or with `only_check` says what it would change. The plan says what changed, if anything
/// ([`Plan::text`], [`Plan::report`]).
pub async fn apply_file(app: &App, file: &Path, only_check: bool) -> Result<Plan, Failure> {
    let text = tokio::fs::read_to_string(file)
        .await
        .map_err(|cause| Failure::File {
            file: file.display().to_string(),
            cause,
        })?;
    let state = State::load(app.db(), Some(app.clone())).await?;
    let parsed = parse(&text, &state.known_psa(), &SystemSecrets::beside(file));
    let plan = check(&parsed, &state, &Clouds::new(app.clone()))
        .await
        .map_err(Failure::Stop)?;
    if !only_check {
        apply(app.db(), app.clone(), &plan, &state, app.clock().now()).await?;
        app.forget_clients();
    }
    Ok(plan)
}

/// The whole fleet as a fleet file, secrets left out.
pub async fn export_fleet(app: &App) -> Result<String, StoreError> {
    Ok(export(&State::load::<App>(app.db(), None).await?))
}
