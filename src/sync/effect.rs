//! What other settings do to people: two plans from the same reading compared, and whom each filter takes. Pure.

use std::collections::{BTreeSet, HashMap};

use super::plan::{Person, Plan, Reason};
use super::report;
use super::route::Destination;
use super::snapshot::Snapshot;
use crate::model::filter::Named;
use crate::model::text::{and, called};
use crate::model::{Action, SiteId, UserId};

/// Who is affected, and how. Within each list the people are ordered as in the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Who comes into scope.
    pub into_scope: Vec<Affected>,
    /// Who falls out of scope.
    pub out_of_scope: Vec<Affected>,
    /// Who moves from site to site, by new site; the site with the most people first.
    pub moves: Vec<Moving>,
    /// Who gets another contact type, some of them at another site too.
    pub types: Vec<Affected>,
    /// Of whom something else becomes, such as an update or a conflict.
    pub actions: Vec<Affected>,
}

/// Who moves to one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// The new site; `None`: contacts stay where they are.
    pub site: Option<Named<SiteId>>,
    /// Who.
    pub people: Vec<Affected>,
}

/// One person, and what changes for them.
#[derive(Clone, PartialEq, Eq)]
pub struct Affected {
    /// The user.
    pub user_id: UserId,
    /// Name as displayed; may be empty.
    pub name: String,
    /// User principal name.
    pub upn: String,
    /// Until now, in words.
    pub from: String,
    /// From now on, in words.
    pub to: String,
    /// Why, from now on: the filter that decides, or what the plan says; empty where there is nobody to decide about.
    pub why: String,
}

crate::model::debug_by!(Affected, user_id, from, to);

impl Effect {
    /// Whether nobody is affected.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// How many people are affected; who is in two lists counts once.
    pub fn people(&self) -> usize {
        let moving = self.moves.iter().flat_map(|moving| &moving.people);
        let people: BTreeSet<&UserId> = self
            .into_scope
            .iter()
            .chain(&self.out_of_scope)
            .chain(&self.types)
            .chain(&self.actions)
            .chain(moving)
            .map(|one| &one.user_id)
            .collect();
        people.len()
    }
}

/// Compares two plans that were made from the same reading with different settings.
///
/// Who comes into scope, falls out of it, moves or gets another type stands there; whose action alone changes stands among the
/// actions, and so does everybody who comes into or out of a conflict.
pub fn effect(before: &Plan, after: &Plan) -> Effect {
    let mut effect = Effect::default();
    let was: HashMap<&UserId, &Person> = by_user(before);
    let is = by_user(after);
    let gone = before
        .people
        .iter()
        .filter(|person| !is.contains_key(&person.user_id))
        .map(|person| (Some(person), None));
    let there = after
        .people
        .iter()
        .map(|person| (was.get(&person.user_id).copied(), Some(person)));
    for (old, new) in there.chain(gone) {
        one(&mut effect, old, new);
    }
    effect.moves.sort_by(|one, other| {
        let name = |moving: &Moving| moving.site.as_ref().map(|site| site.name.clone());
        let by_number = other.people.len().cmp(&one.people.len());
        by_number.then_with(|| name(one).cmp(&name(other)))
    });
    effect
}

fn by_user(plan: &Plan) -> HashMap<&UserId, &Person> {
    plan.people
        .iter()
        .map(|person| (&person.user_id, person))
        .collect()
}

fn one(effect: &mut Effect, old: Option<&Person>, new: Option<&Person>) {
    let Some(who) = new.or(old) else { return };
    let because = |from: String, to: String, why: String| Affected {
        user_id: who.user_id.clone(),
        name: who.name.clone(),
        upn: who.upn.clone(),
        from,
        to,
        why,
    };
    let affected =
        |from: String, to: String| because(from, to, new.map(decided).unwrap_or_default());
    let place = |person: Option<&Person>| match person {
        Some(person) if in_scope(person) => site_words(person.site.as_ref()),
        Some(person) if person.reason == Reason::Ignored => "ignored".to_owned(),
        _ => "out of scope".to_owned(),
    };
    let mut told = true;
    match (old.is_some_and(in_scope), new.is_some_and(in_scope)) {
        (false, true) => effect.into_scope.push(affected(place(old), place(new))),
        (true, false) => effect.out_of_scope.push(affected(place(old), place(new))),
        (true, true) => told = belongs_elsewhere(effect, old, new, &affected),
        (false, false) => told = false,
    }
    let conflict =
        |person: Option<&Person>| person.is_some_and(|person| person.action == Action::Conflict);
    let (from, to) = (action_words(old), action_words(new));
    if from != to && (!told || conflict(old) || conflict(new)) {
        let why = new.map(|person| report::reason(&person.reason));
        let why = why.unwrap_or_default();
        effect.actions.push(because(from.into(), to.into(), why));
    }
}

/// Somebody who is in scope before and after; whether their site or type changes.
fn belongs_elsewhere(
    effect: &mut Effect,
    old: Option<&Person>,
    new: Option<&Person>,
    affected: &dyn Fn(String, String) -> Affected,
) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return false;
    };
    // Nothing is written to a contact that is only linked, or that differs while existing contacts are not updated.
    if new.action == Action::Link || new.reason == Reason::NotUpdating {
        return false;
    }
    let mut told = false;
    let (from, to) = (old.site.as_ref(), new.site.as_ref());
    if from.map(|site| &site.id) != to.map(|site| &site.id) {
        told = true;
        let person = affected(site_words(from), site_words(to));
        let same = |moving: &&mut Moving| {
            moving.site.as_ref().map(|site| &site.id) == to.map(|site| &site.id)
        };
        match effect.moves.iter_mut().find(same) {
            Some(moving) => moving.people.push(person),
            None => effect.moves.push(Moving {
                site: to.cloned(),
                people: vec![person],
            }),
        }
    }
    let (from, to) = (old.contact_type.as_ref(), new.contact_type.as_ref());
    if from.map(|kind| &kind.id) != to.map(|kind| &kind.id) {
        told = true;
        let words = |kind: Option<&Named<_>>| {
            kind.map_or_else(|| "no contact type".to_owned(), |kind| kind.name.clone())
        };
        effect.types.push(affected(words(from), words(to)));
    }
    told
}

/// Which filter decides about a person, or why none does.
fn decided(person: &Person) -> String {
    match &person.filter {
        Some(filter) if in_scope(person) => format!("taken by {filter}"),
        Some(filter) if person.reason == Reason::Excluded => format!("excluded by {filter}"),
        None if in_scope(person) => "there is no filter".to_owned(),
        _ => report::reason(&person.reason),
    }
}

fn in_scope(person: &Person) -> bool {
    let route = person.trace.route.as_ref();
    route.is_some_and(|route| route.to.in_scope())
}

fn site_words(site: Option<&Named<SiteId>>) -> String {
    site.map_or_else(|| "no site".to_owned(), |site| site.name.clone())
}

/// What becomes of a person, in words that follow "is" or "are".
fn action_words(person: Option<&Person>) -> &'static str {
    let Some(person) = person else {
        return "left alone";
    };
    match person.action {
        _ if person.held => "held",
        Action::Create => "created",
        Action::Link => "linked",
        Action::Update => "updated",
        Action::Reactivate => "reactivated",
        Action::Deactivate => "deactivated",
        Action::Unchanged => "unchanged",
        Action::OutOfScope => "left alone",
        Action::Conflict => "in conflict",
    }
}

/// The effect in one sentence without its full stop: "14 people move to New Site, 2 come into scope, 1 falls out".
pub fn sentence(effect: &Effect) -> String {
    let mut parts: Vec<(usize, String)> = Vec::new();
    let mut part = |count: usize, one: &str, many: &str, rest: &str| {
        if count > 0 {
            let verb = if count == 1 { one } else { many };
            let words = [verb, rest].map(str::trim).join(" ");
            parts.push((count, words.trim().to_owned()));
        }
    };
    for moving in &effect.moves {
        let count = moving.people.len();
        match &moving.site {
            Some(site) => part(count, "moves", "move", &format!("to {}", site.name)),
            None => part(count, "gets", "get", "no site any more"),
        }
    }
    let into = effect.into_scope.len();
    part(into, "comes", "come", "into scope");
    let rest = if into > 0 { "out" } else { "out of scope" };
    part(effect.out_of_scope.len(), "falls", "fall", rest);
    part(effect.types.len(), "gets", "get", "another contact type");
    let mut actions: Vec<(&str, usize)> = Vec::new();
    for one in &effect.actions {
        match actions.iter_mut().find(|(to, _)| *to == one.to) {
            Some((_, count)) => *count += 1,
            None => actions.push((&one.to, 1)),
        }
    }
    for (to, count) in actions {
        part(count, "is", "are", to);
    }
    let words: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(at, (count, words))| match (at, count) {
            (0, 1) => format!("1 person {words}"),
            (0, _) => format!("{count} people {words}"),
            _ => format!("{count} {words}"),
        })
        .collect();
    if words.is_empty() {
        "Nobody is affected".to_owned()
    } else {
        words.join(", ")
    }
}

/// Whom a company's filters take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takes {
    /// For each filter, by its position, whom it takes.
    pub filters: Vec<Vec<Taken>>,
    /// Active users whom no filter takes.
    pub nobody: Vec<Taken>,
}

/// Somebody whom a filter takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Taken {
    /// The user.
    pub user_id: UserId,
    /// Name as displayed; may be empty.
    pub name: String,
    /// User principal name.
    pub upn: String,
}

crate::model::debug_by!(Taken, user_id);

/// Whom each filter takes, and who is left. Ignored users are asked by no filter and are in no list; without filters
/// both are empty.
pub fn takes(snapshot: &Snapshot, plan: &Plan) -> Takes {
    let mut takes = Takes {
        filters: vec![Vec::new(); snapshot.rules.filters.len()],
        nobody: Vec::new(),
    };
    for person in &plan.people {
        let Some(route) = &person.trace.route else {
            continue;
        };
        let list = match route.to {
            Destination::NoFilters => None,
            Destination::Nowhere => Some(&mut takes.nobody),
            Destination::Placed(at) | Destination::Excluded(at) => {
                takes.filters.get_mut(at as usize)
            }
        };
        if let Some(list) = list {
            list.push(Taken {
                user_id: person.user_id.clone(),
                name: person.name.clone(),
                upn: person.upn.clone(),
            });
        }
    }
    takes
}

/// Some names of a list in words: "Anna, Bert and 12 more".
pub fn some_names(people: &[Affected], most: usize) -> String {
    let name = |one: &Affected| called(&one.name, &one.upn).to_owned();
    let mut names: Vec<String> = people.iter().take(most).map(name).collect();
    if people.len() > most {
        names.push(format!("{} more", people.len() - most));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    and(&names)
}
