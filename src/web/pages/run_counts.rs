//! What really came of the people of runs, in numbers: the one way for lists, tiles and files. Reads the history only.

use std::collections::HashMap;

use diesel::QueryResult;
use serde::Deserialize;

use crate::db::Conn;
use crate::db::changes::{self, Short};
use crate::db::runs::Run;
use crate::model::{Action, Outcome, Status};
use crate::sync::report::Counts;
use crate::web::words;

/// The finding of a run that wrote nothing, since the company is inactive in the PSA.
const INACTIVE: &str = "company_inactive";

/// How many people each action that links or writes went through for.
pub(super) type Done = HashMap<Action, usize>;

/// The counts of a run's report; `None` where it has not ended well enough to have any.
pub(super) fn counts(run: &Run) -> Option<Counts> {
    Counts::deserialize(&run.counts).ok()
}

/// What was done in each of these runs, by the run's id. The report counts people by action, whatever came of it, so where
/// something may have come in between the history is asked.
pub(super) fn done(conn: &mut Conn, all: &[Run]) -> QueryResult<HashMap<String, Done>> {
    let rough: Vec<String> = all
        .iter()
        .filter(|run| !is_smooth(run))
        .map(|run| run.id.clone())
        .collect();
    let mut found: HashMap<String, Done> = HashMap::new();
    for line in changes::short_of_runs(conn, &rough)? {
        add(found.entry(line.run_id.clone()).or_default(), &line);
    }
    for run in all.iter().filter(|run| is_smooth(run)) {
        found.insert(run.id.clone(), by_report(run));
    }
    Ok(found)
}

/// What was done, of the lines of one run.
pub(super) fn of_lines(lines: &[Short]) -> Done {
    let mut done = Done::new();
    for line in lines {
        add(&mut done, line);
    }
    done
}

/// How many contacts were written.
pub(super) fn written(done: &Done) -> usize {
    let written = done.iter().filter(|(action, _)| action.writes());
    written.map(|(_, number)| number).sum()
}

/// What was done, in words: "2 created", "1 updated". What stands in the way of people is counted by the report.
pub(super) fn parts(done: &Done, counts: &Counts) -> Vec<String> {
    let acts = Action::ALL.into_iter().filter_map(|action| {
        let number = *done.get(&action)?;
        Some((number, words::done(action.as_str())))
    });
    let rest = [
        (counts.held, "held".to_owned()),
        (counts.failed, "failed".to_owned()),
        (counts.conflict, words::done("conflict")),
    ];
    let parts: Vec<String> = acts
        .chain(rest)
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if parts.is_empty() && counts.unchanged > 0 {
        return vec!["Nothing to do".into()];
    }
    parts
}

fn add(done: &mut Done, line: &Short) {
    if line.outcome == Outcome::Applied {
        *done.entry(line.action).or_default() += 1;
    }
}

/// Whether all that was planned was done, but for who is held.
fn is_smooth(run: &Run) -> bool {
    let whole = matches!(run.status, Some(Status::Succeeded | Status::Held));
    whole && run.findings.iter().all(|one| one.kind != INACTIVE)
}

fn by_report(run: &Run) -> Done {
    let counts = counts(run).unwrap_or_default();
    Action::ALL
        .into_iter()
        .filter(|action| action.writes() || *action == Action::Link)
        .map(|action| {
            let held = match action {
                Action::Deactivate => counts.held,
                _ => 0,
            };
            (action, counts.by(action).saturating_sub(held))
        })
        .collect()
}
