//! What a company's settings and filters must look like. Pure.

use super::{
    DOMAIN, GUID, MOST_ENTRIES, MOST_IGNORED, MOST_PERCENT, Mistake, TIME, USERS, ZONE, domain,
    guid, psa_company_id, same, text, time, user, zone,
};
use crate::model::filter::Named;
use crate::model::{Company, Condition, Filter, GroupId, Target, Test};

/// The company with its texts trimmed and its ids in the form in which they are kept, or everything that is wrong with it.
///
/// # Errors
/// The mistakes, each with its field.
pub fn tidy(company: &Company, contact_types: bool) -> Result<Company, Vec<Mistake>> {
    let mut tidy = company.clone();
    let mut wrong = Vec::new();
    take(
        &mut wrong,
        text("name", "The name", &company.name),
        |name| {
            tidy.name = name;
        },
    );
    if !psa_company_id(company.psa_company_id.as_str()) {
        let message = "Choose the company in the PSA: its id must be a whole number";
        wrong.push(Mistake::new("psa_company_id", message));
    }
    tidy.schedule = None;
    if let Some(given) = present(company.schedule.as_deref()) {
        tidy.schedule = time(given);
        if tidy.schedule.is_none() {
            wrong.push(Mistake::new(
                "schedule",
                format!("The time of the daily run must be {TIME}"),
            ));
        }
    }
    match zone(company.timezone.trim()) {
        Some(zone) => zone.name().clone_into(&mut tidy.timezone),
        None => wrong.push(Mistake::new(
            "timezone",
            format!("The time zone must be {ZONE}"),
        )),
    }
    if company.guard.percent > MOST_PERCENT {
        let message = format!("The percentage must be a whole number from 0 to {MOST_PERCENT}");
        wrong.push(Mistake::new("guard_percent", message));
    }
    if let Some(site) = &mut tidy.default_site {
        place("default_site", "The default site", site, &mut wrong);
    }
    tidy.ignored = ignored(&company.ignored, &mut wrong);
    if company.filters.len() > MOST_ENTRIES {
        let message = format!("A company has {MOST_ENTRIES} filters at most");
        wrong.push(Mistake::new("filters", message));
    }
    for (index, filter) in tidy.filters.iter_mut().enumerate() {
        filter_at(index, filter, contact_types, &mut wrong);
    }
    same_names(&tidy.filters, &mut wrong);
    if wrong.is_empty() {
        Ok(tidy)
    } else {
        Err(wrong)
    }
}

fn take<T>(wrong: &mut Vec<Mistake>, found: Result<T, Mistake>, keep: impl FnOnce(T)) {
    match found {
        Ok(value) => keep(value),
        Err(mistake) => wrong.push(mistake),
    }
}

fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// A site or contact type that was chosen: the id finds it, the name is for people.
fn place<Id: std::fmt::Display>(
    field: &str,
    said: &str,
    named: &mut Named<Id>,
    wrong: &mut Vec<Mistake>,
) {
    if named.id.to_string().trim().is_empty() {
        wrong.push(Mistake::new(field, format!("{said} must not be empty")));
        return;
    }
    take(wrong, text(field, said, &named.name), |name| {
        named.name = name;
    });
}

fn ignored(given: &[String], wrong: &mut Vec<Mistake>) -> Vec<String> {
    if given.len() > MOST_IGNORED {
        let message = format!("{MOST_IGNORED} ignored users are the most");
        wrong.push(Mistake::new("ignored", message));
        return Vec::new();
    }
    let mut seen = std::collections::HashSet::new();
    let mut users: Vec<String> = Vec::new();
    for (index, text) in given.iter().enumerate() {
        let field = format!("ignored.{index}");
        let known = user(text.trim()).filter(|user| super::too_long("ignored", user).is_none());
        match known {
            Some(user) => {
                if seen.insert(crate::model::text::folded(&user).into_owned()) {
                    users.push(user);
                }
            }
            None => wrong.push(Mistake::new(
                field,
                format!("Ignored users are given as {USERS}"),
            )),
        }
    }
    users
}

fn filter_at(index: usize, filter: &mut Filter, contact_types: bool, wrong: &mut Vec<Mistake>) {
    let at = |key: &str| format!("filters.{index}.{key}");
    let name = present(filter.name.as_deref()).map(str::to_owned);
    filter.name = None;
    if let Some(given) = name {
        take(
            wrong,
            text(&at("name"), "The filter's name", &given),
            |name| filter.name = Some(name),
        );
    }
    match &mut filter.target {
        Target::Exclude => {}
        Target::Place { site, contact_type } => {
            if let Some(site) = site {
                place(&at("site"), "The site", site, wrong);
            }
            if let Some(kind) = contact_type {
                if contact_types {
                    place(&at("contact_type"), "The contact type", kind, wrong);
                } else {
                    let message = "This PSA has no contact types";
                    wrong.push(Mistake::new(at("contact_type"), message));
                }
            }
        }
    }
    if filter.when.is_empty() {
        let message = "A filter needs a condition: \"all licensed users\" takes everybody";
        wrong.push(Mistake::new(at("when"), message));
    }
    if filter.when.len() > MOST_ENTRIES {
        let message = format!("A filter has {MOST_ENTRIES} conditions at most");
        wrong.push(Mistake::new(at("when"), message));
    }
    for (number, condition) in filter.when.iter_mut().enumerate() {
        let field = at(&format!("when.{number}"));
        take(wrong, condition_of(&field, condition), |test| {
            condition.test = test;
        });
    }
}

fn condition_of(field: &str, condition: &Condition) -> Result<Test, Mistake> {
    let filled = |key: &str, said: &str, value: &str| {
        text(&format!("{field}.{key}"), said, value).map_err(|mistake| Mistake {
            field: field.to_owned(),
            ..mistake
        })
    };
    match &condition.test {
        Test::Licensed => Ok(Test::Licensed),
        Test::Group(group) => match guid(group.as_str().trim()) {
            Some(id) => Ok(Test::Group(GroupId::new(&id))),
            None => Err(Mistake::new(
                field,
                format!("Choose a group: its object id must be {GUID}"),
            )),
        },
        Test::Field {
            field: name,
            equals,
        } => Ok(Test::Field {
            field: *name,
            equals: filled("equals", "The value", equals)?,
        }),
        Test::UpnDomain(given) => {
            let given = filled("upn_domain", "The domain", given)?;
            domain(&given)
                .map(Test::UpnDomain)
                .ok_or_else(|| Mistake::new(field, format!("The domain must be {DOMAIN}")))
        }
        Test::Licence(licence) => filled("licence", "The licence", licence).map(Test::Licence),
    }
}

fn same_names(filters: &[Filter], wrong: &mut Vec<Mistake>) {
    for (index, filter) in filters.iter().enumerate() {
        let Some(name) = filter.name.as_deref() else {
            continue;
        };
        let before = filters[..index]
            .iter()
            .filter_map(|other| other.name.as_deref());
        if before.into_iter().any(|other| same(other, name)) {
            let message = "Another filter of this company is called so already";
            wrong.push(Mistake::new(format!("filters.{index}.name"), message));
        }
    }
}
