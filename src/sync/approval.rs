//! People of a hold whom a plan does not deactivate, and why: for the hold's page, and for an approval that finds it so. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::plan::{Note, Person, Plan, Reason};
use super::report;
use super::select::Activity;
use crate::model::{Action, UserId};

/// Why a plan does not deactivate somebody who waits in a hold, as a sentence about them without its full stop; `None`: it does.
/// `person`: their line in the plan.
pub fn why_not(person: Option<&Person>) -> Option<&'static str> {
    let Some(person) = person else {
        return Some("they have no contact any more");
    };
    if person.action == Action::Deactivate {
        return None;
    }
    Some(match (&person.reason, &person.trace.activity) {
        (Reason::Ignored, _) => "a technician ignores them",
        (_, Activity::Active(_)) => "they are active again",
        (Reason::LeftAlone(_, because), _) => report::because_words(*because),
        (_, Activity::NoAnswer(_)) => "Microsoft Graph does not say whether they are active",
        _ => "nothing is to be done for them any more",
    })
}

/// What an approval says of the people approved whom its plan does not deactivate: so many for each cause.
pub fn notes(plan: &Plan, approved: &HashSet<UserId>) -> Vec<Note> {
    let lines = plan.people.iter().map(|person| (&person.user_id, person));
    let lines: HashMap<&UserId, &Person> = lines.collect();
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for user in approved {
        if let Some(why) = why_not(lines.get(user).copied()) {
            *causes.entry(why).or_default() += 1;
        }
    }
    let causes = causes.into_iter();
    causes
        .map(|(why, count)| Note::NotDeactivated(count, why.to_owned()))
        .collect()
}

/// Such a note in words.
pub(super) fn words(count: usize, why: &str) -> String {
    match count {
        1 => format!("1 person approved was not deactivated: {why}"),
        count => format!("{count} people approved were not deactivated: {why}"),
    }
}
