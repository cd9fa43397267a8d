//! A company whose tenant was disconnected: since when, by whom, and what still stands. Reads the history only.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::Serialize;

use super::At;
use crate::db::events::Saved;
use crate::db::{Conn, events, tenant_connections};

/// When a tenant was disconnected, and by whom; drawn by the component `disconnected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disconnected {
    /// When.
    pub at: At,
    /// By whom; empty where nobody knows.
    pub who: String,
}

impl Disconnected {
    /// Of a company that has no tenant now and had one; `None` for every other.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn of(conn: &mut Conn, company: i64) -> QueryResult<Option<Saved>> {
        if tenant_connections::get(conn, company)?.is_some() {
            return Ok(None);
        }
        Ok(events::saves(conn, company, &[events::TENANT_DISCONNECTED], 1)?.pop())
    }

    /// As a page shows it, seen at `now`.
    pub fn new(saved: &Saved, now: DateTime<Utc>) -> Self {
        Self {
            at: At::new(saved.at, now),
            who: saved.staff.clone(),
        }
    }

    /// For the samples of a page.
    pub fn sample() -> Self {
        Self {
            at: At::sample(),
            who: "<script>\"' \u{202e}evil\u{202c} 🙂".into(),
        }
    }
}
