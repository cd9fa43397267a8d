//! Who saved settings last, and when: what a page says to somebody whose save came too late. Reads the history only.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::At;
use crate::db::Conn;
use crate::db::events::{self, Event};

/// So many events are looked through.
const LOOKED_AT: i64 = 50;

/// What was last saved of a company's settings, by whom.
///
/// # Errors
/// Where the database fails.
pub fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Option<Event>> {
    let saves = |event: &Event| {
        matches!(
            event.kind.as_str(),
            "company_saved" | "company_added" | "tenant_saved" | "tenant_disconnected"
        )
    };
    let mut all = events::of_company(conn, company, LOOKED_AT)?.into_iter();
    Ok(all.find(saves))
}

/// What was last saved of a PSA connection of this name, by whom.
///
/// # Errors
/// Where the database fails.
pub fn of_psa(conn: &mut Conn, name: &str) -> QueryResult<Option<Event>> {
    let about = format!("PSA connection {name} ");
    let mut all = events::of_installation(conn, "psa_", LOOKED_AT)?.into_iter();
    Ok(all.find(|event| event.detail.starts_with(&about)))
}

/// When the MSP's own Microsoft app was last saved, by whom.
///
/// # Errors
/// Where the database fails.
pub fn of_microsoft_app(conn: &mut Conn) -> QueryResult<Option<Event>> {
    Ok(events::of_installation(conn, "microsoft_app_", 1)?.pop())
}

/// "Robin changed this company 3 minutes ago."
pub fn sentence(saved: Option<&Event>, what: &str, now: DateTime<Utc>) -> String {
    match saved {
        Some(event) => {
            let ago = At::new(event.at, now).ago;
            format!("{} changed {what} {ago}.", event.staff)
        }
        None => format!("Somebody else changed {what} meanwhile."),
    }
}
