//! What needs a person, grouped by cause, worst first: judged from what the fleet's overview reads. The portal shows it and
//! notices tell of it, so that there is one opinion. Writes nothing, and asks nobody but the database.

mod conflicts;
mod ending;
mod failures;
mod needs;
mod refused;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::OF_COMPANY;
use crate::db::fleet::{self, Brief, FailedJob, LastRun};
use crate::db::quarantines::{self, Quarantine};
use crate::db::tallies::{self, Tally};
use crate::db::{Conn, psa_connections, secrets, settings, tenant_connections};
use crate::model::UserId;
use crate::model::text::{self, count};
use crate::sync::report::Counts;
use crate::sync::standing::Standing;

pub use failures::failure;
pub use needs::{
    About, Ending, Need, STALE, WARNED, What, failed_run, is_nobodys, is_stale, is_well, needs,
};
pub use refused::not_taken;

/// So many companies of a cause are named; the rest is counted.
const NAMED: usize = 12;
/// A job that failed for good so long ago is no news.
const NEWS: TimeDelta = TimeDelta::days(14);

/// What is read of the fleet.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The companies, by name.
    pub companies: Vec<Brief>,
    /// The last run of each.
    pub last: HashMap<i64, LastRun>,
    /// The last run that is over, of those whose last run is not.
    pub over: HashMap<i64, LastRun>,
    /// The last of them that brought both sides together.
    pub good: HashMap<i64, LastRun>,
    /// How many people wait in the hold of each.
    pub held: HashMap<i64, i64>,
    /// Who is in conflict at each, as far as the last plan is kept: those for whom nobody has decided yet.
    pub conflicts: HashMap<i64, Vec<UserId>>,
    /// Whose changes the PSA did not take in the last two runs of each, as far as nobody ignores them since.
    pub refused: HashMap<i64, Vec<UserId>>,
    /// When the next run of each may begin.
    pub next: HashMap<i64, DateTime<Utc>>,
    /// Those whose last job failed for good.
    pub failed: HashMap<i64, FailedJob>,
    /// Connections in quarantine.
    pub quarantines: Vec<Quarantine>,
    /// The names of the PSA connections.
    pub psas: HashMap<i64, String>,
    /// The companies whose tenant is read through the installation's Microsoft app.
    pub of_app: HashSet<i64>,
    /// When secrets and certificates end, where that is soon.
    pub endings: Vec<Ending>,
    /// How many people of each company stand how.
    pub tallies: HashMap<i64, Tally>,
}

impl Fleet {
    /// How many people of a company stand like this, by its last reading and the settings as they are; `None` where nothing was
    /// read of it, or nobody has counted yet.
    pub fn people(&self, company: i64, standing: Standing) -> Option<usize> {
        let tally = self.tallies.get(&company)?;
        Some(tally.get(standing.as_str()).copied().unwrap_or_default())
    }

    /// A company's last run that is over.
    pub fn ended(&self, company: i64) -> Option<&LastRun> {
        let last = self.last.get(&company);
        last.filter(|run| run.status.is_some())
            .or_else(|| self.over.get(&company))
    }
}

/// Reads all of it.
pub fn read(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Fleet> {
    let last = fleet::last_runs(conn)?;
    let over = if last.values().any(|run| run.status.is_none()) {
        fleet::last_ended_runs(conn)?
    } else {
        HashMap::new()
    };
    let good = fleet::last_good_runs(conn)?;
    Ok(Fleet {
        companies: fleet::companies(conn)?,
        last,
        over,
        conflicts: conflicts::read(conn, &good)?,
        refused: refused::read(conn, &good)?,
        good,
        held: fleet::held(conn)?,
        next: fleet::next_runs(conn)?,
        failed: fleet::failed_jobs(conn, now - NEWS)?,
        quarantines: quarantines::all(conn)?,
        psas: psa_connections::labels(conn)?.into_iter().collect(),
        of_app: of_app(conn)?,
        endings: ending::soon(conn, now)?,
        tallies: tallies::all(conn)?,
    })
}

fn of_app(conn: &mut Conn) -> QueryResult<HashSet<i64>> {
    let Some(client) = settings::get(conn, settings::MICROSOFT_APP)? else {
        return Ok(HashSet::new());
    };
    let own = secrets::owners(conn, OF_COMPANY)?;
    let of_client = tenant_connections::of_client(conn, &client)?;
    Ok(of_client
        .into_iter()
        .filter(|id| !own.contains(id))
        .collect())
}

/// One cause, and the companies that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What tells it from others in an address; says nothing of its text.
    pub key: String,
    /// How bad: `bad`, `warn` or `info`.
    pub kind: String,
    /// What it is: "Client secret expired".
    pub title: String,
    /// Since when it is in quarantine, and when it is tried next, as a sentence; empty where it is in none.
    pub quarantine: String,
    /// What to do about it, as a sentence.
    pub advice: String,
    /// The companies, by name, each with the address of its cure.
    pub companies: Vec<Concerned>,
    /// So many more are not named.
    pub more: usize,
    /// The button that leads to the cure: its text.
    pub button: String,
    /// Where the button leads.
    pub link: String,
    /// The row ids of all of them.
    #[serde(skip)]
    pub ids: Vec<i64>,
}

impl Cause {
    /// The fleet's list of exactly these companies.
    pub fn list(&self) -> String {
        format!("/?cause={}", self.key)
    }

    /// The same for somebody who may not open settings: the button leads to the list of the companies.
    #[must_use]
    pub fn without_settings(mut self) -> Self {
        if self.link.starts_with("/settings/") {
            self.link = self.list();
            self.button = show_these(self.ids.len());
        }
        self
    }
}

/// A company of a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// Its name.
    pub name: String,
    /// Where its cure is.
    pub link: String,
}

/// What makes one cause of several needs: what it is, what to do about it, and the button; a decision is one cause, whatever
/// the numbers.
type Key<'a> = (What, &'a str, &'a str, &'a str);

/// What needs a person, worst first, and the row ids of all companies concerned.
pub fn judge(fleet: &Fleet, now: DateTime<Utc>) -> (Vec<Cause>, HashSet<i64>) {
    let all = needs(fleet, now);
    let needy = all
        .iter()
        .flat_map(|need| need.companies.iter().copied())
        .collect();
    let mut groups: BTreeMap<Key<'_>, Vec<&Need>> = BTreeMap::new();
    for need in &all {
        let key = (need.what, &*need.title, &*need.advice, need.verb);
        groups.entry(key).or_default().push(need);
    }
    let mut causes: Vec<(What, Cause)> = groups
        .into_values()
        .map(|group| (group[0].what, cause(fleet, &group, now)))
        .collect();
    // Within a kind, what concerns most companies comes first.
    causes.sort_by_key(|(what, cause)| (*what, std::cmp::Reverse(cause.ids.len())));
    (causes.into_iter().map(|(_, cause)| cause).collect(), needy)
}

fn cause(fleet: &Fleet, group: &[&Need], now: DateTime<Utc>) -> Cause {
    let first = group[0];
    let mut companies = Vec::new();
    let mut ids = Vec::new();
    for need in group {
        let own = matches!(need.about, About::Company(_));
        for one in fleet
            .companies
            .iter()
            .filter(|one| need.companies.contains(&one.id))
        {
            ids.push(one.id);
            companies.push(Concerned {
                name: one.name.clone(),
                link: if own {
                    need.link.clone()
                } else {
                    format!("/companies/{}", one.id)
                },
            });
        }
    }
    let key = key(first);
    let people = group.iter().map(|need| need.people).sum();
    let (button, link) = button(fleet, group, &companies, &key);
    Cause {
        kind: match first.what {
            What::Failing => "bad",
            What::Ending if first.days.is_some_and(|days| days < 0) && !first.works => "bad",
            What::Ending if first.days.is_some_and(|days| days > 7) => "info",
            What::Unfinished => "info",
            _ => "warn",
        }
        .into(),
        title: title(first, people, companies.len()),
        quarantine: quarantine(group, now),
        advice: first.advice.clone(),
        more: companies.len().saturating_sub(NAMED),
        companies: companies.into_iter().take(NAMED).collect(),
        button,
        link,
        key,
        ids,
    }
}

/// Since when the first of these is in quarantine, and when the first is tried next.
fn quarantine(group: &[&Need], now: DateTime<Utc>) -> String {
    let all = || group.iter().filter_map(|need| need.quarantine);
    let (Some(since), Some(next)) = (
        all().map(|(since, _)| since).min(),
        all().map(|(_, next)| next).min(),
    ) else {
        return String::new();
    };
    let at = if next > now {
        text::moment(next)
    } else {
        "now".into()
    };
    let since = text::moment(since);
    if all().count() == 1 {
        format!("In quarantine since {since}, tried again {at}")
    } else {
        format!("In quarantine, the first since {since}; the first is tried again {at}")
    }
}

fn title(need: &Need, people: i64, companies: usize) -> String {
    let companies = i64::try_from(companies).unwrap_or(i64::MAX);
    let at = count(companies, "company", "companies");
    match need.what {
        What::Held => {
            let wait = if people == 1 { "waits" } else { "wait" };
            let what = count(people, "deactivation", "deactivations");
            format!("{what} {wait} at {at}")
        }
        What::Conflicts => {
            let fit = if people == 1 { "fits" } else { "fit" };
            let who = count(people, "person", "people");
            format!("{who} {fit} no single contact at {at}")
        }
        What::Refused => {
            let who = count(people, "person", "people");
            format!("The PSA does not take the changes of {who} at {at}")
        }
        _ => need.title.clone(),
    }
}

/// The one button of a cause, and where it leads: where the cure is one for all of them, there; else to the list of exactly
/// these companies.
fn button(fleet: &Fleet, group: &[&Need], companies: &[Concerned], key: &str) -> (String, String) {
    let first = group[0];
    let all = match first.what {
        What::Held => Some(("Look at the held deactivations", "/holds")),
        What::Conflicts => Some(("Settle the conflicts", "/conflicts")),
        _ => None,
    };
    if let [one] = group {
        return match (all, &one.about) {
            (Some((button, _)), _) => (button.into(), one.link.clone()),
            (None, About::Company(_)) => {
                let name = companies.first().map(|one| one.name.as_str());
                let button = format!("{} {}", one.verb, name.unwrap_or_default());
                (button.trim().to_owned(), one.link.clone())
            }
            (None, _) => (one.verb.into(), one.link.clone()),
        };
    }
    if let Some((button, link)) = all {
        return (button.into(), link.into());
    }
    if let Some(shared) = shared(fleet, group) {
        return shared;
    }
    (show_these(companies.len()), format!("/?cause={key}"))
}

fn show_these(number: usize) -> String {
    format!("Show these {number} companies")
}

/// The connection that all of these have in common, where it is what failed.
fn shared(fleet: &Fleet, group: &[&Need]) -> Option<(String, String)> {
    use crate::model::Side;
    let mut psa = HashSet::new();
    let mut by = HashSet::new();
    for need in group {
        let About::Company(id) = need.about else {
            return None;
        };
        psa.insert(fleet.companies.iter().find(|one| one.id == id)?.psa_id);
        let error = fleet.ended(id)?.error.as_ref()?;
        let of_app = fleet.of_app.contains(&id)
            && ["secret_expired", "credentials"].contains(&error.kind.as_str());
        by.insert((error.side?, of_app, need.verb));
    }
    let mut by = by.into_iter();
    let (side, of_app, verb) = by.next().filter(|_| by.next().is_none())?;
    if !verb.contains("connection") {
        return None;
    }
    match side {
        Side::Psa if psa.len() == 1 => {
            let id = psa.into_iter().next()?;
            Some((
                "Mend the PSA connection".into(),
                format!("/settings/psa/{id}"),
            ))
        }
        Side::Tenant if of_app => Some((
            "Mend the Microsoft app".into(),
            "/settings/microsoft".into(),
        )),
        _ => None,
    }
}

/// What tells a cause from others in an address.
fn key(need: &Need) -> String {
    let text = format!(
        "{:?}\n{}\n{}\n{}",
        need.what, need.title, need.advice, need.verb
    );
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut key = String::new();
    for byte in &digest[..6] {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// The counts of a run's report.
pub fn counts_of(run: &LastRun) -> Option<Counts> {
    serde::Deserialize::deserialize(&run.counts).ok()
}

#[cfg(test)]
mod tests;
