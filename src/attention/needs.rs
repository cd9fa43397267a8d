//! What needs a person, thing by thing: each need names the company or connection that it is about, what to do, and where.
//! Reads and writes nothing; how needs are grouped for a page or a letter is decided elsewhere.

use std::collections::{HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::ending::ending;
use super::failures::failure_of;
use super::refused::refused;
use super::{Fleet, counts_of};
use crate::db::fleet::{Brief, LastRun};
use crate::db::quarantines::Quarantine;
use crate::jobs::TRANSIENT;
use crate::model::{RunFailure, Side};
use crate::sync::report::Counts;

/// A company whose contact sync is on has had no good run for so long: something is wrong.
pub const STALE: TimeDelta = TimeDelta::hours(36);
/// People are warned so many days before a secret or certificate ends; 0: it has ended.
pub const WARNED: [i64; 4] = [0, 1, 7, 30];

/// Failures after which nobody needs to do anything: the next run carries on, or who asked for it looks again.
const NOBODYS: [&str; 5] = [
    "stopped",
    "interrupted",
    "overtaken",
    "settings_changed",
    "plan_changed",
];

/// Failures of a PSA connection as a whole: what another company proves of it holds for all.
const OF_ALL: [&str; 5] = [
    "credentials",
    "unreachable",
    "not_set_up",
    "secret_key",
    PERMISSION,
];
/// The client may not do something.
const PERMISSION: &str = "permission";

/// Failures whose cure is the company's connection.
const OF_A_CONNECTION: [&str; 11] = [
    "credentials",
    "secret_expired",
    "consent",
    "tenant",
    "wrong_tenant",
    PERMISSION,
    "not_set_up",
    "secret_key",
    "company_gone",
    "not_found",
    "unreachable",
];

/// The kinds of needs, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Runs fail, or a connection is in quarantine.
    Failing,
    /// Deactivations are held.
    Held,
    /// The PSA does not take people's changes, run after run.
    Refused,
    /// People fit no single contact.
    Conflicts,
    /// No good run for too long.
    Stale,
    /// A secret or certificate ends.
    Ending,
    /// The set-up is not finished.
    Unfinished,
}

/// What a need is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A company, by row id.
    Company(i64),
    /// A PSA connection, by row id.
    Psa(i64),
    /// The Microsoft app of the installation.
    MicrosoftApp,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Company(id) => write!(f, "company:{id}"),
            Self::Psa(id) => write!(f, "psa:{id}"),
            Self::MicrosoftApp => f.write_str("microsoft_app"),
        }
    }
}

/// The end of a secret or certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose it is.
    pub about: About,
    /// Its last day.
    pub last_day: NaiveDate,
    /// Whether it is a certificate (else a secret).
    pub certificate: bool,
}

/// One thing that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What kind.
    pub what: What,
    /// The thing concerned.
    pub about: About,
    /// What it is: "Client secret expired".
    pub title: String,
    /// More of it, as a sentence; may be empty.
    pub detail: String,
    /// What to do about it, as a sentence.
    pub advice: String,
    /// The row ids of the companies that it concerns.
    pub companies: Vec<i64>,
    /// Where its cure is.
    pub link: String,
    /// The button that leads there, before the company's name.
    pub verb: &'static str,
    /// How many people it concerns, where that is known.
    pub people: i64,
    /// How many days are left; of an end only.
    pub days: Option<i64>,
    /// Whether runs after the end went well all the same; of an end only.
    pub works: bool,
    /// Since when the connection is in quarantine, and when it is tried next; of a quarantine only.
    pub quarantine: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Need {
    pub(super) fn of(company: &Brief, what: What, title: &str, advice: &str) -> Self {
        Self {
            what,
            about: About::Company(company.id),
            title: title.into(),
            detail: String::new(),
            advice: advice.into(),
            companies: vec![company.id],
            link: format!("/companies/{}", company.id),
            verb: "Open",
            people: 0,
            days: None,
            works: false,
            quarantine: None,
        }
    }
}

/// Everything that needs a person: in no order but that of the companies' names.
pub fn needs(fleet: &Fleet, now: DateTime<Utc>) -> Vec<Need> {
    let mut all = failing(fleet);
    let broken: HashSet<i64> = all
        .iter()
        .flat_map(|need| need.companies.iter().copied())
        .collect();
    let expired: HashSet<About> = all.iter().map(|need| need.about).collect();
    for company in &fleet.companies {
        all.extend(held(fleet, company));
        all.extend(refused(fleet, company));
        all.extend(conflicts(fleet, company));
        let good = fleet.good.get(&company.id).map(|run| run.started_at);
        let expected = company.sync_contacts && company.connected && !broken.contains(&company.id);
        if expected && is_stale(good.unwrap_or(company.created_at), now) {
            let (title, advice) = ("No good run for 36 hours", "Look why no run began");
            all.push(Need::of(company, What::Stale, title, advice));
        }
        if !company.connected {
            let (title, advice) = if company.disconnected {
                let advice =
                    "Connect it again, or remove the company if it is no customer any more";
                ("The tenant is disconnected", advice)
            } else {
                let advice = "Connect the tenant, so that its people can be read";
                ("Set-up is not finished", advice)
            };
            all.push(Need {
                link: format!("/companies/{}/connection", company.id),
                verb: "Connect the tenant of",
                ..Need::of(company, What::Unfinished, title, advice)
            });
        }
    }
    let endings = fleet.endings.iter();
    // What has ended and already makes runs fail is one cause, not two.
    let endings = endings.filter(|one| !expired.contains(&one.about));
    all.extend(endings.filter_map(|one| ending(fleet, one, now)));
    all
}

/// Whether it is proved that the company's runs go well again, or none is expected of it any more.
pub fn is_well(fleet: &Fleet, company: i64) -> bool {
    let mut companies = fleet.companies.iter();
    let found = companies.find(|one| one.id == company);
    found.is_none_or(|one| {
        let expected = one.sync_contacts && one.connected;
        !expected || fleet.ended(company).is_some_and(|run| run.error.is_none())
    })
}

/// Connections in quarantine, and companies whose last run or job failed.
fn failing(fleet: &Fleet) -> Vec<Need> {
    let mut found: Vec<Need> = fleet
        .quarantines
        .iter()
        .filter_map(|one| quarantined(fleet, one))
        .collect();
    let known: HashMap<About, Option<String>> = found
        .iter()
        .zip(&fleet.quarantines)
        .map(|(need, one)| (need.about, Some(one.kind.clone())))
        .collect();
    for company in &fleet.companies {
        if known.contains_key(&About::Company(company.id)) {
            continue;
        }
        let Some(need) = failed(fleet, company) else {
            continue;
        };
        // A company that failed by a PSA connection in quarantine is one of those that this concerns.
        let error = fleet.ended(company.id).and_then(|run| run.error.as_ref());
        let by_psa = error.is_some_and(|error| error.side == Some(Side::Psa));
        if !(by_psa && known.contains_key(&About::Psa(company.psa_id))) {
            found.push(need);
        }
    }
    found
}

/// A connection in quarantine; `None` where no company has it any more.
fn quarantined(fleet: &Fleet, one: &Quarantine) -> Option<Need> {
    let here = |company: &&Brief| match one.owner.side {
        Side::Psa => company.psa_id == one.owner.id,
        Side::Tenant => company.id == one.owner.id,
    };
    let expected = |company: &&Brief| company.sync_contacts && company.connected;
    let of = fleet.companies.iter().filter(expected).filter(here);
    let of: Vec<&Brief> = of.collect();
    let first = of.first()?;
    let psa = fleet.psas.get(&first.psa_id).map(String::as_str);
    let title = failure_of(&one.kind, Some(one.owner.side), psa);
    let need = Need {
        detail: one.message.clone(),
        companies: of.iter().map(|company| company.id).collect(),
        link: format!("/companies/{}/connection", first.id),
        verb: "Mend the connection of",
        quarantine: Some((one.since, one.next_try)),
        ..Need::of(first, What::Failing, &title, &one.advice)
    };
    Some(match one.owner.side {
        Side::Tenant => need,
        Side::Psa => Need {
            about: About::Psa(one.owner.id),
            link: format!("/settings/psa/{}", one.owner.id),
            verb: "Mend the PSA connection",
            ..need
        },
    })
}

/// The company's last run, where it failed and somebody has to do something about it: not where it is tried again by itself,
/// another company proved the connection since, or nobody needs to. Where no run is expected, nobody has to mend anything.
pub fn failed_run<'a>(fleet: &'a Fleet, company: &Brief) -> Option<(&'a LastRun, &'a RunFailure)> {
    if !(company.sync_contacts && company.connected) {
        return None;
    }
    let run = fleet.ended(company.id)?;
    let error = run.error.as_ref()?;
    let tried_again =
        TRANSIENT.contains(&error.kind.as_str()) && fleet.next.contains_key(&company.id);
    let passed = tried_again || mended_since(fleet, company, run, error);
    (!passed && !is_nobodys(&error.kind)).then_some((run, error))
}

/// Whether nobody needs to do anything about a failure of this kind.
pub fn is_nobodys(kind: &str) -> bool {
    NOBODYS.contains(&kind)
}

/// Whether something is wrong with a company of which runs are expected: none went well since `good`.
pub fn is_stale(good: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - good > STALE
}

/// A company whose last run or job failed.
fn failed(fleet: &Fleet, company: &Brief) -> Option<Need> {
    if !(company.sync_contacts && company.connected) {
        return None;
    }
    if let Some((run, error)) = failed_run(fleet, company) {
        return Some(by_run(fleet, company, run, error));
    }
    // A job can fail before its run stands in the history.
    let job = fleet.failed.get(&company.id)?;
    let later = fleet
        .last
        .get(&company.id)
        .is_none_or(|run| Some(&run.id) != job.run_id.as_ref() && run.started_at < job.finished_at);
    later.then(|| Need {
        link: format!("/companies/{}/connection", company.id),
        verb: "Mend the connection of",
        ..Need::of(
            company,
            What::Failing,
            "The run could not begin",
            &job.error,
        )
    })
}

/// Whether another company proved since then that the PSA connection works, so that the next run will go well.
fn mended_since(fleet: &Fleet, company: &Brief, run: &LastRun, error: &RunFailure) -> bool {
    // One that was refused a write had read both sides: that others could read proves nothing for it.
    let read = counts_of(run).is_some_and(|counts| counts != Counts::default());
    let of_all = OF_ALL.contains(&error.kind.as_str()) && !(error.kind == PERMISSION && read);
    let later = |one: &Brief| {
        let good = fleet
            .good
            .get(&one.id)
            .filter(|_| one.psa_id == company.psa_id);
        good.is_some_and(|good| good.started_at > run.started_at)
    };
    error.side == Some(Side::Psa) && of_all && fleet.companies.iter().any(later)
}

fn by_run(fleet: &Fleet, company: &Brief, run: &LastRun, error: &RunFailure) -> Need {
    let (link, verb) = if OF_A_CONNECTION.contains(&error.kind.as_str()) {
        let link = format!("/companies/{}/connection", company.id);
        (link, "Mend the connection of")
    } else {
        (format!("/runs/{}", run.id), "See the run of")
    };
    let psa = fleet.psas.get(&company.psa_id).map(String::as_str);
    let title = failure_of(&error.kind, error.side, psa);
    Need {
        detail: error.message.clone(),
        link,
        verb,
        ..Need::of(company, What::Failing, &title, &error.advice)
    }
}

fn held(fleet: &Fleet, company: &Brief) -> Option<Need> {
    let people = fleet.held.get(&company.id).copied().unwrap_or_default();
    let advice = "More people would leave at once than usual: approve or dismiss them";
    (people > 0).then(|| Need {
        link: format!("/companies/{}/hold", company.id),
        people,
        ..Need::of(company, What::Held, "Deactivations are held", advice)
    })
}

/// Those of the last good run for whom nobody has decided since.
fn conflicts(fleet: &Fleet, company: &Brief) -> Option<Need> {
    let run = fleet
        .good
        .get(&company.id)
        .filter(|_| company.sync_contacts);
    let counted = run.and_then(counts_of).unwrap_or_default().conflict;
    let known = run.and(fleet.conflicts.get(&company.id)).map(Vec::len);
    let people = i64::try_from(known.unwrap_or(counted)).unwrap_or_default();
    let advice = "Choose the right contact, or ignore the person";
    (people > 0).then(|| Need {
        link: format!("/companies/{}/conflicts", company.id),
        people,
        ..Need::of(
            company,
            What::Conflicts,
            "Conflicts need a decision",
            advice,
        )
    })
}
