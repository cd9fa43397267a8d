//! What needs a person since a secret or certificate ends.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;

use super::Fleet;
use super::needs::{About, Ending, Need, WARNED, What};
use crate::app::{OF_MICROSOFT_APP, OF_PSA};
use crate::db::fleet::Brief;
use crate::db::{Conn, secrets, tenant_connections};

/// A secret or certificate that ends soon, or has ended.
pub(super) fn ending(fleet: &Fleet, one: &Ending, now: DateTime<Utc>) -> Option<Need> {
    let days = (one.last_day - now.date_naive()).num_days();
    // The last day still counts: it has ended on the next.
    let stage = WARNED.into_iter().find(|stage| {
        if *stage == 0 {
            days < 0
        } else {
            days <= *stage
        }
    })?;
    let thing = if one.certificate {
        "certificate"
    } else {
        "client secret"
    };
    let works = days < 0 && is_proved(fleet, one);
    let title = match stage {
        0 if works => format!("The last day noted for a {thing} is past, and it works still"),
        0 => format!("A {thing} has ended"),
        1 => format!("A {thing} ends within a day"),
        days => format!("A {thing} ends within {days} days"),
    };
    let day = one.last_day.format("%-d %b %Y");
    let of = |here: &dyn Fn(&&Brief) -> bool| -> Vec<i64> {
        fleet
            .companies
            .iter()
            .filter(here)
            .map(|one| one.id)
            .collect()
    };
    let (companies, whose, link, verb) = match one.about {
        About::Company(id) => {
            let link = format!("/companies/{id}/connection");
            (
                of(&|one| one.id == id),
                String::new(),
                link,
                "Replace it for",
            )
        }
        About::Psa(id) => {
            let name = fleet.psas.get(&id).cloned().unwrap_or_default();
            let link = format!("/settings/psa/{id}");
            let of = of(&|one| one.psa_id == id);
            (
                of,
                format!(" of the PSA connection {name}"),
                link,
                "Replace it",
            )
        }
        About::MicrosoftApp => {
            let of = of(&|one| fleet.of_app.contains(&one.id));
            let link = "/settings/microsoft".to_owned();
            (of, " of the Microsoft app".to_owned(), link, "Replace it")
        }
    };
    if companies.is_empty() && matches!(one.about, About::Company(_)) {
        return None;
    }
    let (is, done) = if works {
        ("was", "Correct its last day, or replace it")
    } else if days < 0 {
        ("was", "No run can read or write before it is replaced")
    } else {
        (
            "is",
            "Replace it before that day: no run can read or write afterwards",
        )
    };
    Some(Need {
        what: What::Ending,
        about: one.about,
        title,
        detail: format!("The last day of the {thing}{whose} {is} {day}"),
        advice: done.into(),
        companies,
        link,
        verb,
        people: 0,
        days: Some(days),
        works,
        quarantine: None,
    })
}

/// Whether a run that began after the last day went well, so that the day is wrong. The day is one of some time zone: so the one
/// after it proves nothing.
fn is_proved(fleet: &Fleet, one: &Ending) -> bool {
    let mut of = fleet.companies.iter().filter(|company| match one.about {
        About::Company(id) => company.id == id,
        About::Psa(id) => company.psa_id == id,
        About::MicrosoftApp => fleet.of_app.contains(&company.id),
    });
    of.any(|company| {
        let good = fleet.good.get(&company.id);
        good.is_some_and(|good| (good.started_at.date_naive() - one.last_day).num_days() > 1)
    })
}

/// When secrets and certificates end, where that is soon: the first of each connection.
pub(super) fn soon(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Vec<Ending>> {
    let furthest = WARNED.into_iter().max().unwrap_or_default();
    let until = (now + TimeDelta::days(furthest)).date_naive();
    let mut found: BTreeMap<About, Ending> = BTreeMap::new();
    let mut add = |about, last_day, certificate| {
        let one = Ending {
            about,
            last_day,
            certificate,
        };
        let known = found.entry(about).or_insert(one);
        if last_day < known.last_day {
            *known = one;
        }
    };
    for (company, last_day, certificate) in tenant_connections::ending(conn, until)? {
        add(About::Company(company), last_day, certificate);
    }
    for (kind, id, name, last_day) in secrets::ending(conn, until)? {
        let about = match kind.as_str() {
            OF_PSA => About::Psa(id),
            OF_MICROSOFT_APP => About::MicrosoftApp,
            _ => continue,
        };
        add(about, last_day, name.starts_with("certificate"));
    }
    Ok(found.into_values().collect())
}
