//! What needs a person since a secret or certificate ends.

use chrono::{DateTime, Utc};

use super::Fleet;
use super::needs::{About, Ending, Need, WARNED, What};
use crate::db::fleet::Brief;

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
    let title = match stage {
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
    let (is, done) = if days < 0 {
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
        quarantine: None,
    })
}
