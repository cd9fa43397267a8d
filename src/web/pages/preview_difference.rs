//! What two previews of one company do differently: people who came, went or changed, and fields. Pure.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::person::address;
use super::preview_lines::{Written, acts, group, group_name, written};
use crate::model::{Outcome, UserId};
use crate::sync::report::{Line, Report};

/// So many people are told of each kind.
const MOST: usize = 100;

/// What is different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of whom something would become now, and would not before.
    pub added: Vec<Person>,
    /// Of whom nothing would become any more.
    pub gone: Vec<Person>,
    /// Of whom something else would become.
    pub changed: Vec<Person>,
    /// How many more there are than are told.
    pub more: usize,
}

/// Somebody of whom something else becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The address of the person's page.
    pub page: String,
    /// Name as displayed, or the user principal name.
    pub name: String,
    /// User principal name.
    pub upn: String,
    /// What would have been done; empty: nothing.
    pub was: String,
    /// What would be done now; empty: nothing.
    pub is: String,
    /// The fields that are different.
    pub fields: Vec<Field>,
}

/// One field that is different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The field's word.
    pub word: &'static str,
    /// What would have been written; `None`: nothing.
    pub was: Option<Written>,
    /// What would be written now; `None`: nothing.
    pub is: Option<Written>,
}

impl Difference {
    /// Whether the same is done.
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.gone.is_empty() && self.changed.is_empty()
    }
}

/// Compares what two previews of a company would do.
pub fn difference(company: i64, before: &Report, after: &Report) -> Difference {
    let was = acting(before);
    let is = acting(after);
    let mut found = Difference::default();
    for line in &after.people {
        match (was.get(&line.user_id), is.get(&line.user_id)) {
            (None, Some(now)) => found.added.push(person(company, None, Some(now))),
            (Some(before), Some(now)) if !same(before, now) => {
                found.changed.push(person(company, Some(before), Some(now)));
            }
            _ => {}
        }
    }
    for line in &before.people {
        if let (Some(before), None) = (was.get(&line.user_id), is.get(&line.user_id)) {
            found.gone.push(person(company, Some(before), None));
        }
    }
    for list in [&mut found.added, &mut found.gone, &mut found.changed] {
        found.more += list.len().saturating_sub(MOST);
        list.truncate(MOST);
    }
    found
}

/// Those of whom something would become, by user: what a plan's digest looks at.
fn acting(report: &Report) -> HashMap<&UserId, &Line> {
    let acts = |line: &&Line| acts(line) || line.outcome == Outcome::Held;
    let lines = report.people.iter().filter(acts);
    lines.map(|line| (&line.user_id, line)).collect()
}

fn same(one: &Line, other: &Line) -> bool {
    group(one) == group(other)
        && one.contact_id == other.contact_id
        && fields(Some(one)) == fields(Some(other))
}

fn fields(line: Option<&Line>) -> BTreeMap<&'static str, Vec<Written>> {
    let mut fields: BTreeMap<&'static str, Vec<Written>> = BTreeMap::new();
    for one in line.into_iter().flat_map(|line| &line.fields) {
        fields
            .entry(one.field.as_str())
            .or_default()
            .push(written(one));
    }
    fields
}

fn person(company: i64, before: Option<&Line>, now: Option<&Line>) -> Person {
    let Some(who) = now.or(before) else {
        return Person::default();
    };
    let (was, mut is) = (fields(before), fields(now));
    let mut different = Vec::new();
    for (field, was) in was {
        let now = is.remove(field);
        if now.as_ref() != Some(&was) {
            different.push(Field {
                word: field,
                was: was.into_iter().next(),
                is: now.and_then(|now| now.into_iter().next()),
            });
        }
    }
    different.extend(is.into_iter().map(|(field, now)| Field {
        word: field,
        was: None,
        is: now.into_iter().next(),
    }));
    let word = |line: Option<&Line>| line.and_then(group).map(group_name).unwrap_or_default();
    Person {
        page: address(company, &who.user_id),
        name: if who.name.is_empty() {
            who.upn.clone()
        } else {
            who.name.clone()
        },
        upn: who.upn.clone(),
        was: word(before),
        is: word(now),
        fields: different,
    }
}
