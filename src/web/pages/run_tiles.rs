//! The numbers at the top of a run's page.

use super::run::{Found, Tile};
use super::run_counts::{counts, of_lines};
use crate::model::Action;
use crate::web::words;

/// What was really done, from the history; what was not to be written, from the report.
pub(super) fn tiles(found: &Found) -> Vec<Tile> {
    let done = of_lines(&found.all);
    let written = Action::ALL
        .into_iter()
        .filter(|action| action.writes() || *action == Action::Link)
        .map(|action| Tile {
            value: done.get(&action).copied().unwrap_or_default(),
            name: capital(&words::done(action.as_str())),
            link: String::new(),
        });
    let mut tiles: Vec<Tile> = written.collect();
    let Some(counts) = counts(&found.run) else {
        return tiles;
    };
    for action in [Action::Unchanged, Action::OutOfScope, Action::Conflict] {
        tiles.push(Tile {
            value: counts.by(action),
            name: match action {
                // The report counts them together.
                Action::OutOfScope => "Out of scope or ignored".into(),
                action => capital(&words::done(action.as_str())),
            },
            link: String::new(),
        });
    }
    tiles.push(Tile {
        value: counts.held,
        name: "Held".into(),
        link: String::new(),
    });
    tiles.push(Tile {
        value: counts.failed,
        name: "Failed".into(),
        link: if counts.failed > 0 {
            format!("/runs/{}?outcome=failed", found.run.id)
        } else {
            String::new()
        },
    });
    tiles
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
