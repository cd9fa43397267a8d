//! Who saved settings last, and when: what a page says to somebody whose save came too late. Reads the history only.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::At;
use crate::db::events::{self, Event};
use crate::db::{Conn, companies};
use crate::model::text::and;

/// Who saved what `fleet apply` brought.
const FLEET_FILE: &str = "fleet file";
/// So many events are looked through.
const LOOKED_AT: i64 = 50;

/// What was last saved of a company's settings, by whom.
///
/// # Errors
/// Where the database fails.
pub fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Option<Event>> {
    Ok(saves(conn, company)?
        .into_iter()
        .find(|event| event.user_id.is_none()))
}

/// What was saved of a company's settings since it had this version, newest first: each version came by one save.
///
/// # Errors
/// Where the database fails.
pub fn since(conn: &mut Conn, company: i64, version: i64) -> QueryResult<Vec<Event>> {
    let now_at = companies::version(conn, company)?.unwrap_or_default();
    let mut all = saves(conn, company)?;
    all.truncate(steps(now_at, version));
    Ok(all)
}

/// All that makes a new version of a company: saves, and users who are ignored from now on or not any more.
fn saves(conn: &mut Conn, company: i64) -> QueryResult<Vec<Event>> {
    let mut all = events::of_company(conn, company, LOOKED_AT)?;
    all.retain(|event| {
        matches!(
            event.kind.as_str(),
            "company_saved"
                | "company_added"
                | "tenant_saved"
                | "tenant_disconnected"
                | "ignored"
                | "stopped ignoring"
        )
    });
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
) -> QueryResult<Vec<Event>> {
    let about = format!("PSA connection {name} ");
    let mut all = events::of_installation(conn, "psa_", LOOKED_AT)?;
    all.retain(|event| event.detail.starts_with(&about));
    all.truncate(steps(now_at, version));
    Ok(all)
}

/// What was saved of the MSP's own Microsoft app since it had this version, which is another now.
///
/// # Errors
/// Where the database fails.
pub fn of_microsoft_app(conn: &mut Conn, (now_at, version): (i64, i64)) -> QueryResult<Vec<Event>> {
    let mut all = events::of_installation(conn, "microsoft_app_", LOOKED_AT)?;
    all.truncate(steps(now_at, version));
    Ok(all)
}

/// "Robin and Kim changed this company 3 minutes ago."; what `me` saved alone, in another window, is not told as another's.
pub fn sentence(saved: &[Event], me: &str, what: &str, now: DateTime<Utc>) -> String {
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
    let ago = |event: &Event| At::new(event.at, now).ago;
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
        let event = |staff: &str, minutes| Event {
            id: 0,
            at: now - chrono::TimeDelta::minutes(minutes),
            staff: staff.into(),
            company_id: Some(1),
            user_id: None,
            kind: "company_saved".into(),
            detail: String::new(),
        };
        let said = |saved: &[Event]| sentence(saved, "Robin", "this company", now);
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
