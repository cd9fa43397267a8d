//! Who saved settings last, and when: what a page says to somebody whose save came too late. Reads the history only.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::At;
use crate::db::events::{self, Event, Saved};
use crate::db::{Conn, companies};
use crate::model::text::and;

/// Who saved what `fleet apply` brought.
const FLEET_FILE: &str = "fleet file";
/// So many saves are named at most.
const NAMED: i64 = 50;
/// What is done when a company's settings are saved.
const SETTINGS: [&str; 4] = [
    "company_saved",
    "company_added",
    "tenant_saved",
    events::TENANT_DISCONNECTED,
];
/// The same, and users who are ignored from now on or not any more.
const ALL: [&str; 6] = [
    SETTINGS[0],
    SETTINGS[1],
    SETTINGS[2],
    SETTINGS[3],
    "ignored",
    "stopped ignoring",
];

/// When a company's settings were last saved, and by whom.
///
/// # Errors
/// Where the database fails.
pub fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Option<Saved>> {
    Ok(events::saves(conn, company, &SETTINGS, 1)?.pop())
}

/// What was saved of a company's settings since it had this version, newest first: each version came by one save, or by one
/// undo, which leaves many users alone at once.
///
/// # Errors
/// Where the database fails.
pub fn since(conn: &mut Conn, company: i64, version: i64) -> QueryResult<Vec<Saved>> {
    let now_at = companies::version(conn, company)?.unwrap_or_default();
    let mut all = events::saves(conn, company, &ALL, NAMED)?;
    all.truncate(steps(now_at, version));
    Ok(all)
}

fn steps(now_at: i64, version: i64) -> usize {
    usize::try_from(now_at - version).unwrap_or_default()
}

/// What was saved of a PSA connection of this name since it had this version, which is another now.
///
/// # Errors
/// Where the database fails.
pub fn of_psa(
    conn: &mut Conn,
    name: &str,
    (now_at, version): (i64, i64),
) -> QueryResult<Vec<Saved>> {
    let about = format!("PSA connection {name} ");
    let all = events::told(conn, ("psa_", &about), NAMED)?;
    Ok(saved(all, steps(now_at, version)))
}

/// What was saved of the MSP's own Microsoft app since it had this version, which is another now.
///
/// # Errors
/// Where the database fails.
pub fn of_microsoft_app(conn: &mut Conn, (now_at, version): (i64, i64)) -> QueryResult<Vec<Saved>> {
    let all = events::of_installation(conn, "microsoft_app_", NAMED)?;
    Ok(saved(all, steps(now_at, version)))
}

fn saved(all: Vec<Event>, steps: usize) -> Vec<Saved> {
    let newest = all.into_iter().take(steps);
    newest
        .map(|event| Saved {
            at: event.at,
            staff: event.staff,
        })
        .collect()
}

/// "Robin and Kim changed this company 3 minutes ago."; what `me` saved alone, in another window, is not told as another's.
pub fn sentence(saved: &[Saved], me: &str, what: &str, now: DateTime<Utc>) -> String {
    let others = || saved.iter().filter(|event| event.staff != me);
    let mut names: Vec<&str> = Vec::new();
    for event in others() {
        let name = match event.staff.as_str() {
            FLEET_FILE => "the fleet file",
            name => name,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let ago = |event: &Saved| At::new(event.at, now).ago;
    match (others().next(), saved.first()) {
        (Some(last), _) => {
            let names = and(&names);
            let names = names
                .strip_prefix("the fleet file")
                .map_or(names.clone(), |rest| format!("The fleet file{rest}"));
            format!("{names} changed {what} {}.", ago(last))
        }
        (None, Some(mine)) => format!("You changed {what} in another window {}.", ago(mine)),
        (None, None) => format!("Somebody changed {what} meanwhile."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_changed_something_meanwhile_is_named_and_oneself_is_not_another() {
        let now = DateTime::from_timestamp(1_769_826_600, 0).expect("a time");
        let event = |staff: &str, minutes| Saved {
            at: now - chrono::TimeDelta::minutes(minutes),
            staff: staff.into(),
        };
        let said = |saved: &[Saved]| sentence(saved, "Robin", "this company", now);
        let all = [
            event("Robin", 1),
            event("Kim", 3),
            event("fleet file", 9),
            event("Kim", 10),
        ];
        assert_eq!(
            said(&all),
            "Kim and the fleet file changed this company 3 minutes ago."
        );
        assert_eq!(
            said(&all[..1]),
            "You changed this company in another window 1 minute ago."
        );
        assert_eq!(said(&[]), "Somebody changed this company meanwhile.");
    }
}
