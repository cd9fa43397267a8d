//! Time zones to choose from, found by their cities too, and moments in them. Reads nothing.

use chrono::{DateTime, Utc};
use chrono_tz::TZ_VARIANTS;
use serde::Serialize;

use crate::model::text::{self, folded};
use crate::rules;

/// The parts of the world whose zones are offered; the others of the database are older names of the same.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];
/// A mistake names so many zones that may have been meant.
const MEANT: usize = 3;

/// A time zone to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Its name in the database: `America/New_York`.
    pub name: &'static str,
    /// Its city: "New York".
    pub city: String,
}

/// Every zone to choose from, by name.
pub fn all() -> Vec<Zone> {
    let mut all: Vec<Zone> = TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| *name == "UTC" || is_offered(name))
        .map(|name| Zone {
            name,
            city: city(name),
        })
        .collect();
    all.sort_by_key(|zone| zone.name);
    all
}

fn is_offered(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(area, _)| AREAS.contains(&area))
}

fn city(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.replace('_', " ")
}

/// The zone that somebody means who types its name, whatever the case and with spaces or without, or the name of its city.
///
/// # Errors
/// A sentence that says what to type, and names what comes near.
pub fn meant(typed: &str) -> Result<&'static str, String> {
    if let Some(zone) = rules::zone(typed.trim()) {
        return Ok(zone.name());
    }
    let wanted = folded(&typed.replace('_', " ")).into_owned();
    let full = |zone: &Zone| folded(&zone.name.replace('_', " ")).into_owned();
    let all = all();
    if let Some(zone) = all.iter().find(|zone| full(zone) == wanted) {
        return Ok(zone.name);
    }
    let mut cities = all.iter().filter(|zone| folded(&zone.city) == wanted);
    if let (Some(zone), None) = (cities.next(), cities.next()) {
        return Ok(zone.name);
    }
    let near = all
        .iter()
        .filter(|zone| !wanted.is_empty() && full(zone).contains(&wanted));
    let near: Vec<&str> = near.map(|zone| zone.name).take(MEANT).collect();
    Err(if near.is_empty() {
        format!("The time zone must be {}.", rules::ZONE)
    } else {
        format!("Choose one time zone, such as {}.", near.join(" or "))
    })
}

/// A moment to the minute, with its zone: "31 Jan 2026, 02:30 (Europe/London)". In UTC where nobody knows the zone.
pub fn moment(at: DateTime<Utc>, zone: &str) -> String {
    match rules::zone(zone) {
        Some(known) if known != chrono_tz::UTC => {
            let local = at.with_timezone(&known);
            format!("{} ({})", local.format("%-d %b %Y, %H:%M"), known.name())
        }
        _ => text::moment(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_clock_of_its_zone() {
        let summer = "2026-07-31T23:30:00Z".parse().expect("a moment");
        let winter = "2026-01-31T02:30:00Z".parse().expect("a moment");
        for (at, zone, told) in [
            (summer, "Europe/London", "1 Aug 2026, 00:30 (Europe/London)"),
            (
                winter,
                "America/New_York",
                "30 Jan 2026, 21:30 (America/New_York)",
            ),
            (winter, "UTC", "31 Jan 2026, 02:30 UTC"),
            (winter, "Mars/Olympus", "31 Jan 2026, 02:30 UTC"),
        ] {
            assert_eq!(moment(at, zone), told);
        }
    }

    #[test]
    fn a_zone_is_found_by_its_name_or_its_city() {
        for (typed, zone) in [
            ("Europe/London", "Europe/London"),
            (" london ", "Europe/London"),
            ("europe/LONDON", "Europe/London"),
            ("New York", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("Melbourne", "Australia/Melbourne"),
            ("UTC", "UTC"),
            ("utc", "UTC"),
        ] {
            assert_eq!(meant(typed).as_deref(), Ok(zone), "{typed}");
        }
        // An older name of the same zone: both are named.
        let two = meant("Buenos Aires").expect_err("two zones");
        assert!(two.contains("America/Argentina/Buenos_Aires"), "{two}");
    }

    #[test]
    fn what_is_no_zone_is_answered_with_what_comes_near() {
        let near = meant("lond").expect_err("no zone");
        assert!(near.contains("Europe/London"), "{near}");
        for odd in ["", "Mars/Olympus", "<script>", "\u{202e}🙂"] {
            let said = meant(odd).expect_err("no zone");
            assert!(said.contains("Europe/London"), "{said}");
        }
    }

    #[test]
    fn every_zone_that_is_offered_has_a_city_and_can_be_chosen() {
        let all = all();
        assert!(all.len() > 300);
        for zone in all {
            assert!(!zone.city.is_empty() && !zone.city.contains('_'));
            assert_eq!(meant(zone.name), Ok(zone.name));
        }
    }
}
