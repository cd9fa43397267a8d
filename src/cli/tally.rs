//! People counted by what came of them, as the summaries for people say it. The report's own counts are by action, whatever
//! the outcome (`behaviour.md` section 10).

use super::output::{faint, warning};
use crate::model::{Action, Outcome};
use crate::sync::report::{Line, Report};

/// How many people, by action and by what came of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Applied or, in a preview, planned; in the order of [`Action::ALL`].
    done: [usize; Action::ALL.len()],
    /// Waiting for a technician.
    pub held: usize,
    /// Refused or unknown.
    pub failed: usize,
    /// Planned, and not reached.
    pub skipped: usize,
}

impl Tally {
    /// Counts the people of a report; of a whole one.
    pub fn of(people: &[Line]) -> Self {
        let mut tally = Self::default();
        for line in people {
            let acts = line.action.writes() || line.action == Action::Link;
            match line.outcome {
                Outcome::Held => tally.held += 1,
                Outcome::Failed => tally.failed += 1,
                Outcome::Skipped => tally.skipped += 1,
                Outcome::None if acts => {}
                Outcome::None | Outcome::Planned | Outcome::Applied => {
                    tally.done[place(line.action)] += 1;
                }
            }
        }
        tally
    }

    /// For how many people this was done or, in a preview, would be.
    pub fn done(&self, action: Action) -> usize {
        self.done[place(action)]
    }

    /// The counts in words.
    pub fn words(&self, report: &Report) -> String {
        let will = report.preview;
        let done = Action::ALL.into_iter().filter_map(|action| {
            let number = self.done(action);
            (number > 0).then(|| format!("{number} {}", word(action, will)))
        });
        let mut parts: Vec<String> = done.collect();
        if self.held > 0 {
            let would = if will { "would be " } else { "" };
            let nothing = if !will && self.done(Action::Deactivate) == 0 {
                " (nothing deactivated)"
            } else {
                ""
            };
            let held = format!("{} {would}held for a technician{nothing}", self.held);
            parts.push(warning(&held));
        }
        if self.failed > 0 {
            parts.push(warning(&format!("{} failed", self.failed)));
        }
        if self.skipped > 0 {
            let words = not_reached(report);
            parts.push(warning(&format!("{} {words}", self.skipped)));
        }
        if parts.is_empty() {
            faint("nobody concerned")
        } else {
            parts.join(", ")
        }
    }
}

/// Why people were skipped: the run ended first, or the PSA's company is inactive.
fn not_reached(report: &Report) -> &'static str {
    if report.error.is_some() {
        "not reached"
    } else {
        "not written"
    }
}

fn place(action: Action) -> usize {
    Action::ALL
        .iter()
        .position(|one| *one == action)
        .unwrap_or_default()
}

const fn word(action: Action, will: bool) -> &'static str {
    match (action, will) {
        (Action::Create, true) => "to create",
        (Action::Create, false) => "created",
        (Action::Link, true) => "to link",
        (Action::Link, false) => "linked",
        (Action::Update, true) => "to update",
        (Action::Update, false) => "updated",
        (Action::Reactivate, true) => "to reactivate",
        (Action::Reactivate, false) => "reactivated",
        (Action::Deactivate, true) => "to deactivate",
        (Action::Deactivate, false) => "deactivated",
        (Action::Unchanged, _) => "unchanged",
        (Action::OutOfScope, _) => "out of scope",
        (Action::Conflict, _) => "in conflict",
    }
}

/// What is kept of one company's report among a fleet's: people are listed where something went wrong, the rest is counted.
pub struct Short {
    /// The report, without most people.
    pub report: Report,
    /// All people, counted.
    pub tally: Tally,
}

impl Short {
    /// Counts, then forgets the people of whom a fleet's report says nothing.
    pub fn of(mut report: Report) -> Self {
        let tally = Tally::of(&report.people);
        report.people.retain(|line| line.error.is_some());
        Self { report, tally }
    }
}
