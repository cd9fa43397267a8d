//! What is to be told now, decided from what needs a person and from what was told before. Reads and writes nothing.
//!
//! A need opens a notice, once for its cause and the thing concerned, and its end closes it. What is told of a notice are its
//! *marks*: the title of a failure, the people of a hold, of conflicts and of refused changes, the days before an end. A mark is told once, so that a failure of ten
//! nights is one letter, and a hold that grows is told again for the new people alone.
//!
//! Causes of one title make one letter, with the names of all. A title that was told less than an hour ago waits until the hour
//! is over, and what joins it meanwhile comes with it. So does a thing whose cause was over less than an hour ago: one that comes
//! and goes is told once an hour at most, and keeps nothing of another company from being told.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::settings::Kind;
use crate::attention::{About, Fleet, Need, What, is_well};
use crate::db::holds::Hold;
use crate::db::notices::Notice;
use crate::model::UserId;

/// Causes of one title are told once in so much time at most.
pub const TOGETHER: TimeDelta = TimeDelta::hours(1);
/// So many people of a company in conflict, or whose changes are refused, are told one by one; more make no more letters.
const MOST_PEOPLE: usize = 200;

/// The word under which a need is kept; `None`: it is shown on the fleet's page alone.
pub const fn word(what: What) -> Option<&'static str> {
    match what {
        What::Failing => Some("failing"),
        What::Held => Some("held"),
        What::Refused => Some("refused"),
        What::Conflicts => Some("conflicts"),
        What::Stale => Some("stale"),
        What::Ending => Some("ending"),
        What::Unfinished => None,
    }
}

/// What a need is called among the settings.
pub const fn kind(what: What) -> Kind {
    match what {
        What::Held => Kind::Held,
        What::Refused => Kind::Refused,
        What::Conflicts => Kind::Conflicts,
        What::Ending => Kind::Ending,
        What::Failing | What::Stale | What::Unfinished => Kind::Failing,
    }
}

/// A need of which something is to be told.
#[derive(Clone, Debug)]
pub struct Item {
    /// The need.
    pub need: Need,
    /// The open notice's row id; `None`: it is opened now.
    pub notice: Option<i64>,
    /// What was not told of it yet.
    pub fresh: Vec<String>,
    /// What will have been told then.
    pub told: Vec<String>,
}

/// Something that was told and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// The notice's row id.
    pub notice: i64,
    /// What it was.
    pub topic: String,
    /// The companies that are in order again.
    pub companies: Vec<i64>,
}

/// What comes of one look.
#[derive(Debug, Default)]
pub struct Look {
    /// Needs that have no notice yet, by cause and thing, with their titles.
    pub open: Vec<(&'static str, About, String)>,
    /// Notices that are over, by row id, and whether there is nothing to tell of it.
    pub close: Vec<(i64, bool)>,
    /// What is to be told, by title.
    pub tell: Vec<Vec<Item>>,
    /// What is to be told to be over.
    pub over: Vec<Over>,
    /// Notices whose end is not worth telling any more.
    pub silent: Vec<i64>,
}

/// Decides what is to be told now.
pub fn look(
    fleet: &Fleet,
    needs: &[Need],
    holds: &HashMap<i64, Hold>,
    notices: &[Notice],
    now: DateTime<Utc>,
) -> Look {
    let mut done = Look::default();
    let open: HashMap<(&str, &str), &Notice> = notices
        .iter()
        .filter(|one| one.closed_at.is_none())
        .map(|one| ((one.cause.as_str(), one.about.as_str()), one))
        .collect();
    let mut seen = HashSet::new();
    let mut topics: BTreeMap<(What, &str), Vec<Item>> = BTreeMap::new();
    for need in needs {
        let Some(cause) = word(need.what) else {
            continue;
        };
        let about = need.about.to_string();
        let known = open.get(&(cause, about.as_str()));
        seen.extend(known.map(|one| one.id));
        if known.is_none() {
            done.open.push((cause, need.about, need.title.clone()));
        }
        let told = known.map(|one| one.told.clone()).unwrap_or_default();
        let marks = marks(need, fleet, holds);
        let fresh: Vec<String> = marks
            .into_iter()
            .filter(|one| !told.contains(one))
            .collect();
        if fresh.is_empty() || lately(notices, (cause, &about), &need.title, now) {
            continue;
        }
        let item = Item {
            need: need.clone(),
            notice: known.map(|one| one.id),
            told: told.into_iter().chain(fresh.iter().cloned()).collect(),
            fresh,
        };
        let topic = (need.what, need.title.as_str());
        topics.entry(topic).or_default().push(item);
    }
    done.tell = topics.into_values().collect();
    ended(fleet, needs, notices, &seen, &mut done, now);
    done
}

/// What of a need is told once each.
fn marks(need: &Need, fleet: &Fleet, holds: &HashMap<i64, Hold>) -> Vec<String> {
    match (need.what, need.about) {
        (What::Held, About::Company(id)) => {
            let people = holds.get(&id).map(|hold| hold.people.as_slice());
            let ids = people.unwrap_or_default().iter();
            ids.map(|person| person.user_id.to_string()).collect()
        }
        (What::Conflicts, About::Company(id)) => one_by_one(fleet.conflicts.get(&id)),
        (What::Refused, About::Company(id)) => one_by_one(fleet.refused.get(&id)),
        // A day that was noted wrongly harms nobody: the portal shows it, and no mail leaves.
        (What::Ending, _) if need.works => Vec::new(),
        _ => vec![need.title.clone()],
    }
}

/// Each of these people, as far as so many are told one by one.
fn one_by_one(people: Option<&Vec<UserId>>) -> Vec<String> {
    let mut ids: Vec<String> = people
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    ids.sort_unstable();
    ids.truncate(MOST_PEOPLE);
    ids
}

/// Whether something of this title was told less than an hour ago, or this very thing was over then, after it had been told.
fn lately(
    notices: &[Notice],
    (cause, about): (&str, &str),
    title: &str,
    now: DateTime<Utc>,
) -> bool {
    // A clock that was set back is no reason to be silent.
    let lately = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now && now - at < TOGETHER);
    notices.iter().any(|one| {
        one.cause == cause
            && one.topic == title
            && one.told_at.is_some()
            && (lately(one.told_at) || one.about == about && lately(one.closed_at))
    })
}

/// Closes what is over, and finds what of it is to be told.
fn ended(
    fleet: &Fleet,
    needs: &[Need],
    notices: &[Notice],
    seen: &HashSet<i64>,
    done: &mut Look,
    now: DateTime<Utc>,
) {
    let lately = notices.iter().any(|one| {
        let at = one
            .over_at
            .filter(|_| one.told_at.is_some() && tells_of_its_end(one));
        at.is_some_and(|at| at <= now && now - at < TOGETHER)
    });
    for one in notices {
        let closing = one.closed_at.is_none();
        if closing && (seen.contains(&one.id) || !is_over(fleet, one)) {
            continue;
        }
        if !closing && one.over_at.is_some() {
            continue;
        }
        let companies = if one.told_at.is_some() && tells_of_its_end(one) {
            in_order(fleet, needs, one)
        } else {
            Vec::new()
        };
        if closing {
            done.close.push((one.id, companies.is_empty()));
        } else if companies.is_empty() {
            done.silent.push(one.id);
        }
        if !companies.is_empty() && !lately {
            done.over.push(Over {
                notice: one.id,
                topic: one.topic.clone(),
                companies,
            });
        }
    }
}

/// Failures are told to be over; who decided something knows it.
fn tells_of_its_end(one: &Notice) -> bool {
    ["failing", "stale"].contains(&one.cause.as_str())
}

/// Of a failure it has to be proved that it is over; a run that is tried again proves nothing.
fn is_over(fleet: &Fleet, one: &Notice) -> bool {
    match about(one) {
        Some(About::Company(id)) if one.cause == "failing" => is_well(fleet, id),
        _ => true,
    }
}

/// The companies of a notice that are in order again.
fn in_order(fleet: &Fleet, needs: &[Need], one: &Notice) -> Vec<i64> {
    let failing: HashSet<i64> = needs
        .iter()
        .filter(|need| matches!(need.what, What::Failing | What::Stale))
        .flat_map(|need| need.companies.iter().copied())
        .collect();
    let here = |id: i64, psa: i64| match about(one) {
        Some(About::Company(about)) => id == about && is_well(fleet, id),
        Some(About::Psa(about)) => psa == about,
        _ => false,
    };
    let companies = fleet.companies.iter();
    companies
        .filter(|company| company.sync_contacts && company.connected)
        .filter(|company| here(company.id, company.psa_id) && !failing.contains(&company.id))
        .map(|company| company.id)
        .collect()
}

fn about(one: &Notice) -> Option<About> {
    let (kind, id) = one.about.split_once(':')?;
    let id = id.parse().ok()?;
    match kind {
        "company" => Some(About::Company(id)),
        "psa" => Some(About::Psa(id)),
        _ => None,
    }
}
