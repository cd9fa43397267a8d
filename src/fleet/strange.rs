//! What is strange in a fleet file and no mistake, seen from the file and the database alone. Pure.

use chrono::NaiveDate;

use super::file::{CompanyEntry, FilterEntry, FleetFile};
use super::place::Mistake;
use super::state::State;
use crate::model::Test;

/// End dates that are over, and filters that can take nobody.
pub(super) fn warnings(file: &FleetFile, today: NaiveDate) -> Vec<Mistake> {
    let mut found = Vec::new();
    for company in &file.companies {
        let expires = company
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.expires.as_ref());
        if let Some(end) = expires.filter(|end| end.value < today) {
            let message = format!(
                "the secret or certificate of {:?} ended on {}: make a new one",
                company.name.value, end.value
            );
            found.push(Mistake::new(end.place, message));
        }
        found.extend(never_reached(company));
    }
    found
}

/// Filters after one that takes everybody.
fn never_reached(company: &CompanyEntry) -> Vec<Mistake> {
    let all = |filter: &FilterEntry| {
        filter.enabled
            && filter
                .when
                .iter()
                .all(|condition| !condition.negated && condition.test == Test::Licensed)
    };
    let label = |index: usize| match &company.filters[index].name {
        Some(name) => format!("{:?}", name.value),
        None => format!("{}", index + 1),
    };
    let Some(first) = company.filters.iter().position(all) else {
        return Vec::new();
    };
    let later = company.filters.iter().enumerate().skip(first + 1);
    later
        .filter(|(_, filter)| filter.enabled)
        .map(|(index, filter)| {
            let message = format!(
                "filter {} of {:?} can never take anybody: filter {} before it takes all licensed users",
                label(index),
                company.name.value,
                label(first)
            );
            Mistake::new(filter.place, message)
        })
        .collect()
}

/// What of the database the file does not name and leaves alone.
pub(super) fn notes(file: &FleetFile, state: &State, written: &[String]) -> Vec<String> {
    let companies = state.companies.iter().map(|stored| &stored.company.name);
    let companies = companies.filter(|name| !file.names(name) && !written.contains(*name));
    let named = |name: &&String| file.psa.iter().any(|entry| entry.name.value == **name);
    let psa = state.psa.iter().map(|stored| &stored.connection.name);
    let psa = psa.filter(|name| !named(name));
    [("PSA", joined(psa)), ("companies", joined(companies))]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| {
            format!("in the database but not in this file, left alone: {what} {names}")
        })
        .collect()
}

fn joined<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    names.join(", ")
}
