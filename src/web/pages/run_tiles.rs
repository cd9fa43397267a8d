//! The numbers at the top of a run's page, and what a run that failed wrote until then.

use super::run::{Found, Tile};
use super::run_counts::{counts, of_lines, parts};
use crate::db::runs::Run;
use crate::model::{Action, Mode, Outcome};
use crate::sync::report::Counts;
use crate::web::words;

/// What was really done, from the history; what was not to be written, from the report. Of a run that did not come to its end
/// only what there is: its zeros say nothing.
pub(super) fn tiles(found: &Found) -> Vec<Tile> {
    let done = of_lines(&found.all);
    let tile = |value, word: &str| Tile {
        value,
        name: capital(word),
        link: String::new(),
    };
    let written = Action::ALL
        .into_iter()
        .filter(|action| action.writes() || *action == Action::Link)
        .map(|action| {
            let value = done.get(&action).copied().unwrap_or_default();
            tile(value, &words::done(action.as_str()))
        });
    let mut tiles: Vec<Tile> = written.collect();
    if let Some(counts) = counts(&found.run) {
        for action in [Action::Unchanged, Action::OutOfScope, Action::Conflict] {
            let name = match action {
                // The report counts them together.
                Action::OutOfScope => "out of scope or ignored".to_owned(),
                action => words::done(action.as_str()),
            };
            tiles.push(tile(counts.by(action), &name));
        }
        tiles.push(tile(counts.held, "held"));
        tiles.push(Tile {
            link: if counts.failed > 0 {
                format!("/runs/{}?outcome=failed", found.run.id)
            } else {
                String::new()
            },
            ..tile(counts.failed, "failed")
        });
    }
    if ended_early(&found.run) {
        tiles.retain(|tile| tile.value > 0);
    }
    tiles
}

/// Whether a run is over without having come to its end.
fn ended_early(run: &Run) -> bool {
    run.error.is_some() || (run.status.is_none() && !run.running)
}

/// What a run that did not come to its end wrote until then, as sentences; empty: it came to its end, or goes on.
pub(super) fn came(found: &Found) -> String {
    let run = &found.run;
    if !ended_early(run) {
        return String::new();
    }
    if found.all.is_empty() || run.preview {
        return "Nothing was written.".into();
    }
    let of = |outcome| {
        let lines = found.all.iter();
        lines.filter(|line| line.outcome == outcome).count()
    };
    let rest = Counts {
        failed: of(Outcome::Failed),
        ..Counts::default()
    };
    let people = found.all.len();
    let planned = run
        .planned
        .and_then(|planned| usize::try_from(planned).ok());
    let reached = match planned.filter(|planned| *planned > people) {
        Some(planned) => format!("Until then {people} of {planned} people were reached"),
        None => "Until then".to_owned(),
    };
    let mut said = match parts(&of_lines(&found.all), &rest).join(", ") {
        done if done.is_empty() => String::new(),
        done => format!("{reached}: {done}."),
    };
    let unknown = match of(Outcome::None) {
        0 => String::new(),
        1 => "Of 1 person it is not known yet whether the PSA took it.".to_owned(),
        some => format!("Of {some} people it is not known yet whether the PSA took it."),
    };
    let next = match run.mode {
        Mode::Update | Mode::Resync => "The next run does what is left.",
        Mode::Approval | Mode::Undo => "",
    };
    for more in [&*unknown, next] {
        if !said.is_empty() && !more.is_empty() {
            said.push(' ');
        }
        said.push_str(more);
    }
    said
}

/// Requests by service: its name and how many. Where none was sent, nothing is said.
pub(super) fn requests(found: &Found) -> Vec<(String, u64)> {
    let calls = &found.run.calls;
    let all = [
        ("Microsoft's login", calls.login),
        ("Microsoft Graph", calls.graph),
        (found.links.psa_name(), calls.psa),
    ];
    let sent = all.into_iter().filter(|(_, number)| *number > 0);
    sent.map(|(name, number)| (name.to_owned(), number))
        .collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
