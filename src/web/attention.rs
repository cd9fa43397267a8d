//! What needs a person, grouped by cause, worst first: judged from what the fleet's overview reads. Reads and writes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::words::{self, count};
use crate::db::fleet::{Brief, FailedJob, LastRun};
use crate::jobs::TRANSIENT;
use crate::sync::report::Counts;

/// A company whose contact sync is on has had no good run for so long: something is wrong.
pub const STALE: TimeDelta = TimeDelta::hours(36);
/// So many companies of a cause are named; the rest is counted.
const NAMED: usize = 12;

/// Failures after which nobody needs to do anything: the next run carries on.
const NOBODYS: [&str; 4] = ["stopped", "interrupted", "overtaken", "settings_changed"];

/// Failures whose cure is the company's connection.
const OF_A_CONNECTION: [&str; 11] = [
    "credentials",
    "secret_expired",
    "consent",
    "tenant",
    "wrong_tenant",
    "permission",
    "not_set_up",
    "secret_key",
    "company_gone",
    "not_found",
    "unreachable",
];

/// What is read of the fleet.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The companies, by name.
    pub companies: Vec<Brief>,
    /// The last run of each.
    pub last: HashMap<i64, LastRun>,
    /// The last of them that brought both sides together.
    pub good: HashMap<i64, LastRun>,
    /// How many people wait in the hold of each.
    pub held: HashMap<i64, i64>,
    /// When the next run of each may begin.
    pub next: HashMap<i64, DateTime<Utc>>,
    /// Those whose last job failed for good.
    pub failed: HashMap<i64, FailedJob>,
}

/// One cause, and the companies that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// How bad: `bad`, `warn` or `info`.
    pub kind: String,
    /// What it is: "Client secret expired".
    pub title: String,
    /// What to do about it, as a sentence.
    pub advice: String,
    /// The companies, by name, each with the address of its cure.
    pub companies: Vec<Concerned>,
    /// So many more are not named.
    pub more: usize,
    /// The button that leads to the cure: its text and address; empty where each company has its own.
    pub button: String,
    /// Where the button leads.
    pub link: String,
}

/// A company of a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// Its name.
    pub name: String,
    /// Where its cure is.
    pub link: String,
}

/// What needs a person, worst first, and the row ids of all companies concerned.
pub fn judge(fleet: &Fleet, now: DateTime<Utc>) -> (Vec<Cause>, HashSet<i64>) {
    let mut needy = HashSet::new();
    let mut causes = failing(fleet, &mut needy);
    let broken = needy.clone();
    causes.extend(held(fleet, &mut needy));
    causes.extend(conflicts(fleet, &mut needy));
    let stale: Vec<&Brief> = fleet
        .companies
        .iter()
        .filter(|one| one.sync_contacts && one.connected && !broken.contains(&one.id))
        .filter(|one| {
            let good = fleet.good.get(&one.id).map(|run| run.started_at);
            now - good.unwrap_or(one.created_at) > STALE
        })
        .collect();
    let at = |one: &Brief| format!("/companies/{}", one.id);
    let cause = each(
        stale,
        &mut needy,
        ("No good run for 36 hours", "Look why no run began", "Open"),
        at,
    );
    causes.extend(cause);
    let bare = fleet.companies.iter().filter(|one| !one.connected);
    let at = |one: &Brief| format!("/companies/{}/connection", one.id);
    let title = (
        "Set-up is not finished",
        "Connect the tenant, so that its people can be read",
        "Connect the tenant of",
    );
    causes.extend(
        each(bare.collect(), &mut needy, title, at).map(|cause| Cause {
            kind: "info".into(),
            ..cause
        }),
    );
    (causes, needy)
}

/// A cause whose cure is at each company.
fn each(
    of: Vec<&Brief>,
    needy: &mut HashSet<i64>,
    (title, advice, verb): (&str, &str, &str),
    at: impl Fn(&Brief) -> String,
) -> Option<Cause> {
    if of.is_empty() {
        return None;
    }
    needy.extend(of.iter().map(|one| one.id));
    let all: Vec<Concerned> = of
        .into_iter()
        .map(|one| Concerned {
            name: one.name.clone(),
            link: at(one),
        })
        .collect();
    let one = if all.len() == 1 { all.first() } else { None };
    Some(Cause {
        kind: "warn".into(),
        title: title.into(),
        advice: advice.into(),
        button: one
            .map(|one| format!("{verb} {}", one.name))
            .unwrap_or_default(),
        link: one.map(|one| one.link.clone()).unwrap_or_default(),
        more: all.len().saturating_sub(NAMED),
        companies: all.into_iter().take(NAMED).collect(),
    })
}

/// Companies whose last run or job failed, by kind of failure and what to do about it.
fn failing(fleet: &Fleet, needy: &mut HashSet<i64>) -> Vec<Cause> {
    // By what it is, what to do about it, and whether a connection is to be mended; with the address of each cure.
    type Kind = (String, String, bool);
    let mut groups: BTreeMap<Kind, Vec<(&Brief, String)>> = BTreeMap::new();
    for company in &fleet.companies {
        let last = fleet.last.get(&company.id);
        let failed = last.and_then(|run| Some((run, run.error.as_ref()?)));
        if let Some((run, error)) = failed {
            let tried_again =
                TRANSIENT.contains(&error.kind.as_str()) && fleet.next.contains_key(&company.id);
            if !tried_again && !NOBODYS.contains(&error.kind.as_str()) {
                let connection = OF_A_CONNECTION.contains(&error.kind.as_str());
                let link = if connection {
                    format!("/companies/{}/connection", company.id)
                } else {
                    format!("/runs/{}", run.id)
                };
                let key = (
                    words::failure(&error.kind),
                    error.advice.clone(),
                    connection,
                );
                groups.entry(key).or_default().push((company, link));
                continue;
            }
        }
        // A job can fail before its run stands in the history.
        if let Some(job) = fleet.failed.get(&company.id)
            && company.sync_contacts
            && company.connected
            && last.is_none_or(|run| {
                Some(&run.id) != job.run_id.as_ref() && run.started_at < job.finished_at
            })
        {
            let link = format!("/companies/{}/connection", company.id);
            let key = (
                "The run could not begin".to_owned(),
                job.error.clone(),
                true,
            );
            groups.entry(key).or_default().push((company, link));
        }
    }
    let mut causes: Vec<Cause> = Vec::new();
    for ((title, advice, connection), of) in groups {
        let links: HashMap<i64, String> = of
            .iter()
            .map(|(one, link)| (one.id, link.clone()))
            .collect();
        let verb = if connection {
            "Mend the connection of"
        } else {
            "See the run of"
        };
        let companies = of.into_iter().map(|(one, _)| one).collect();
        let at = |one: &Brief| links.get(&one.id).cloned().unwrap_or_default();
        causes.extend(
            each(companies, needy, (&title, &advice, verb), at).map(|cause| Cause {
                kind: "bad".into(),
                ..cause
            }),
        );
    }
    // What stops most companies comes first.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.companies.len() + cause.more));
    causes
}

fn held(fleet: &Fleet, needy: &mut HashSet<i64>) -> Option<Cause> {
    let of = |one: &Brief| fleet.held.get(&one.id).copied().unwrap_or_default();
    let number: i64 = fleet.companies.iter().map(of).sum();
    let wait = if number == 1 { "waits" } else { "wait" };
    decisions(
        fleet,
        needy,
        of,
        (
            format!("{} {wait}", count(number, "deactivation", "deactivations")),
            "More people would leave at once than usual: approve or dismiss them",
        ),
        ("Look at the held deactivations", "/holds", "/hold"),
    )
}

/// Counted by the last good run; one that was settled since counts until the next run.
fn conflicts(fleet: &Fleet, needy: &mut HashSet<i64>) -> Option<Cause> {
    let of = |one: &Brief| {
        let run = fleet.good.get(&one.id).filter(|_| one.sync_contacts);
        let counts = run.and_then(counts_of).unwrap_or_default();
        i64::try_from(counts.conflict).unwrap_or_default()
    };
    let number: i64 = fleet.companies.iter().map(of).sum();
    let fit = if number == 1 { "fits" } else { "fit" };
    decisions(
        fleet,
        needy,
        of,
        (
            format!(
                "{} {fit} no single contact",
                count(number, "person", "people")
            ),
            "Choose the right contact, or ignore the person",
        ),
        ("Settle the conflicts", "/conflicts", "/conflicts"),
    )
}

/// A cause that one page settles for all companies; where it is one company, the button leads to that company's page.
fn decisions(
    fleet: &Fleet,
    needy: &mut HashSet<i64>,
    of: impl Fn(&Brief) -> i64,
    (what, advice): (String, &str),
    (button, link, of_one): (&str, &str, &str),
) -> Option<Cause> {
    let companies: Vec<&Brief> = fleet.companies.iter().filter(|one| of(one) > 0).collect();
    let number = i64::try_from(companies.len()).unwrap_or(i64::MAX);
    let title = format!("{what} at {}", count(number, "company", "companies"));
    let at = |one: &Brief| format!("/companies/{}{of_one}", one.id);
    let cause = each(companies, needy, (&title, advice, ""), at)?;
    let link = if cause.link.is_empty() {
        link.into()
    } else {
        cause.link
    };
    Some(Cause {
        button: button.into(),
        link,
        ..cause
    })
}

/// The counts of a run's report.
pub fn counts_of(run: &LastRun) -> Option<Counts> {
    serde::Deserialize::deserialize(&run.counts).ok()
}

/// How many people the last good run left with a contact that carries their fields: created, linked, updated, reactivated and
/// unchanged, without those who failed. Who waits for a decision, is out of scope or left does not count; who was already gone
/// before counts as unchanged.
pub fn in_sync(run: &LastRun) -> Option<usize> {
    let counts = counts_of(run)?;
    let all = counts.create + counts.link + counts.update + counts.reactivate + counts.unchanged;
    Some(all.saturating_sub(counts.failed))
}

#[cfg(test)]
mod tests;
