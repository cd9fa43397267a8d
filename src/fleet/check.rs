//! Turns what a fleet file says into what is to be written: compares it with the database, and looks up in the real systems
//! what the changed entries name. It writes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use secrecy::SecretString;
use serde::Serialize;

use super::change::FleetChange;
use super::diff::difference;
use super::look::{Lookup, Unreachable};
use super::names::{Looks, contact_types, unusable};
use super::parse::Parsed;
use super::place::Mistake;
use super::state::State;
use super::strange::{notes, warnings};
use crate::model::{Company, PsaConnection, TenantConnection};

/// So many companies are looked up at once; each system has its own limit besides.
const AT_ONCE: usize = 8;

/// What is to be written, and what is to be said about it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What changes, in the file's order.
    pub changes: Vec<FleetChange>,
    /// What is strange and no mistake, without the word that it is a warning.
    pub warnings: Vec<String>,
    /// What else is worth knowing: what the file leaves alone.
    pub notes: Vec<String>,
    pub(super) psa: Vec<PsaWrite>,
    pub(super) companies: Vec<CompanyWrite>,
    pub(super) ignored_licences: Option<Vec<String>>,
}

/// A PSA connection to be written; its row id is 0 where it is new.
#[derive(Clone, Debug)]
pub(super) struct PsaWrite {
    pub(super) connection: PsaConnection,
    pub(super) secrets: BTreeMap<&'static str, SecretString>,
}

/// A company to be written; its row id is 0 where it is new, and its connection is known by name.
#[derive(Clone, Debug)]
pub(super) struct CompanyWrite {
    pub(super) company: Company,
    pub(super) psa: String,
    pub(super) tenant: Option<TenantConnection>,
    pub(super) secrets: BTreeMap<&'static str, SecretString>,
    pub(super) dropped: Vec<String>,
    /// Whether its place in the PSA is new or another one.
    pub(super) moved: bool,
    /// Whether its sites and contact types were looked up.
    pub(super) placed: bool,
    /// Whether its tenant connection is new or another one.
    pub(super) tenant_changed: bool,
    /// Whether its links are retired.
    pub(super) retires: bool,
}

/// Why nothing is applied. Where there are mistakes they come first (exit status 2); else something could not be reached (5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// Everything wrong with the file, in its order.
    pub mistakes: Vec<Mistake>,
    /// The systems that could not be asked.
    pub unreachable: Vec<Unreachable>,
}

/// What `fleet apply --json` prints.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// Whether it was written.
    pub applied: bool,
    /// What changes.
    pub changes: &'a [FleetChange],
    /// What is strange and no mistake.
    pub warnings: &'a [String],
    /// What else is worth knowing.
    pub notes: &'a [String],
}

impl Plan {
    /// Whether the company of this row id changes its tenant or its place in the PSA.
    pub fn moves(&self, company: i64) -> bool {
        let mut writes = self.companies.iter();
        writes.any(|write| write.company.id == company && (write.retires || write.moved))
    }

    /// The plan as `--json` prints it.
    pub fn report(&self, applied: bool) -> Report<'_> {
        Report {
            applied,
            changes: &self.changes,
            warnings: &self.warnings,
            notes: &self.notes,
        }
    }

    /// The plan in sentences, one a line, without the warnings.
    pub fn text(&self, applied: bool) -> String {
        let head = match (self.changes.is_empty(), applied) {
            (true, _) => "Nothing changes.",
            (false, true) => "Changed:",
            (false, false) => "Would change:",
        };
        let mut text = format!("{head}\n");
        for change in &self.changes {
            writeln!(text, "  {change}").expect("writing to a string cannot fail");
        }
        for note in &self.notes {
            writeln!(text, "Note: {note}").expect("writing to a string cannot fail");
        }
        text
    }
}

/// What was found out while looking up.
#[derive(Default)]
pub(super) struct Found {
    pub(super) mistakes: Vec<Mistake>,
    pub(super) unreachable: Vec<Unreachable>,
    pub(super) warnings: Vec<Mistake>,
}

impl Found {
    /// The answer; `None` where the system could not be asked.
    pub(super) fn answer<T>(&mut self, answer: Result<T, Unreachable>) -> Option<T> {
        answer.map_err(|error| self.unreachable(error)).ok()
    }

    fn unreachable(&mut self, error: Unreachable) {
        let told = |known: &Unreachable| known.connection == error.connection;
        if !self.unreachable.iter().any(told) {
            self.unreachable.push(error);
        }
    }

    /// Says whose mistakes these are: the file shows only the company's PSA connection.
    fn of_unnamed(&mut self, company: &str) {
        for mistake in &mut self.mistakes {
            mistake.message = format!(
                "company {company:?}, which this file does not name: {}",
                mistake.message
            );
        }
    }

    fn add(&mut self, other: Self) {
        self.mistakes.extend(other.mistakes);
        self.warnings.extend(other.warnings);
        for error in other.unreachable {
            self.unreachable(error);
        }
    }
}

/// Works out what a fleet file changes. Every mistake is found, those of the file's text included; where its TOML is broken
/// nothing is looked up. `now` tells which end dates are over.
pub async fn check(
    parsed: &Parsed,
    state: &State,
    lookup: &dyn Lookup,
    now: DateTime<Utc>,
) -> Result<Plan, Stop> {
    let mut found = Found {
        mistakes: parsed.mistakes.clone(),
        ..Found::default()
    };
    let mut plan = Plan::default();
    if !parsed.broken {
        let mut difference = difference(&parsed.file, state);
        found.mistakes.append(&mut difference.mistakes);
        plan.changes.append(&mut difference.settings);
        plan.ignored_licences = difference.ignored_licences.take();
        unusable(&mut difference, lookup, &mut found.mistakes);
        let (companies, targets) = (&difference.companies, &difference.targets);
        let types = contact_types(companies, &difference.psa, targets, lookup).await;
        let looks = Looks::new(lookup, targets, types);
        for draft in &difference.psa {
            let write = looks.psa(draft, &mut found).await;
            plan.changes.extend(draft.changes.iter().cloned());
            plan.psa.push(write);
        }
        let answers: Vec<(CompanyWrite, Found)> = stream::iter(&difference.companies)
            .map(|draft| looks.company(draft))
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (draft, (write, mut more)) in difference.companies.iter().zip(answers) {
            if !draft.named {
                more.of_unnamed(&draft.entry.name.value);
            }
            found.add(more);
            plan.changes.extend(draft.changes.iter().cloned());
            plan.companies.push(write);
        }
    }
    if found.mistakes.is_empty() && found.unreachable.is_empty() {
        found
            .warnings
            .extend(warnings(&parsed.file, now.date_naive()));
        found.warnings.sort();
        plan.warnings = found.warnings.iter().map(ToString::to_string).collect();
        let written: Vec<String> = (plan.companies.iter())
            .map(|write| write.company.name.clone())
            .collect();
        plan.notes = notes(&parsed.file, state, &written);
        return Ok(plan);
    }
    found.mistakes.sort();
    found.mistakes.dedup();
    Err(Stop {
        mistakes: found.mistakes,
        unreachable: found.unreachable,
    })
}
