//! How runs ended: the word of each, and a company's last runs as a strip of dots. Reads the database only.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{At, Part, Samples, words};
use crate::app::App;
use crate::db::DbError;
use crate::db::runs::Run;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<Strip>();
}

/// One run of a strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dot {
    /// How it is coloured: `ok`, `warn`, `bad`, `info` or `off`.
    pub kind: String,
    /// What it says to who hears it, or points at it: "Succeeded, 3 hours ago".
    pub text: String,
}

/// The strip of dots of these runs, which come newest first; the newest dot stands at the right. A page draws it by
/// `{{ <dots all={page.dots}/> }}`.
pub fn strip(newest_first: &[Run], now: DateTime<Utc>) -> Vec<Dot> {
    newest_first
        .iter()
        .rev()
        .map(|run| dot(status(run), run.started_at, now))
        .collect()
}

/// The dot of a run with a status of this word that began at `at`.
pub fn dot(word: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Dot {
    dot_of(word, &At::new(at, now).ago)
}

/// The dot of a run with a status of this word that began so long ago.
pub fn dot_of(word: &str, ago: &str) -> Dot {
    Dot {
        kind: words::status_kind(word),
        text: format!("{}, {ago}", words::status(word)),
    }
}

/// The word of a run's status: `running` while it goes on, `interrupted` where its process is gone.
pub fn status(run: &Run) -> &'static str {
    match run.status {
        Some(status) => status.as_str(),
        None if run.running => "running",
        None => "interrupted",
    }
}

/// Marks the runs as not running any more whose process is gone, so that [`status`] tells them apart.
///
/// # Errors
/// Where the database fails.
pub async fn note_dead(app: &App, all: impl IntoIterator<Item = &mut Run>) -> Result<(), DbError> {
    let mut running: Vec<&mut Run> = all.into_iter().filter(|run| run.running).collect();
    let living = living(app, running.iter().map(|run| run.process.clone())).await?;
    for run in &mut running {
        run.running = living.contains(&run.process);
    }
    Ok(())
}

/// Those of these processes that live; each is asked for once.
///
/// # Errors
/// Where the database fails.
pub async fn living(
    app: &App,
    all: impl IntoIterator<Item = String>,
) -> Result<HashSet<String>, DbError> {
    let all: HashSet<String> = all.into_iter().collect();
    let mut living = HashSet::new();
    for process in all {
        if app.db().is_alive(&process).await? {
            living.insert(process);
        }
    }
    Ok(living)
}

/// A strip alone, for the test that draws every template.
#[derive(Serialize)]
struct Strip {
    all: Vec<Dot>,
}

impl Part for Strip {
    const TEMPLATE: &'static str = "parts/dots.html";

    fn samples() -> Vec<Self> {
        vec![
            Self { all: Vec::new() },
            Self {
                all: sample_strip(),
            },
        ]
    }
}

/// Dots for the samples of a page.
pub fn sample_strip() -> Vec<Dot> {
    [
        "succeeded",
        "held",
        "partial",
        "failed",
        "running",
        "interrupted",
    ]
    .into_iter()
    .map(|word| dot_of(word, "3 hours ago"))
    .collect()
}
