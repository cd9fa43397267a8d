//! The runs that a process has under way, with their companies: for whom somebody waits. Does not know who lives.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::{companies, runs};

/// A run that is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// The company's row id.
    pub company_id: i64,
    /// Its name.
    pub company: String,
    /// Its PSA connection's row id.
    pub psa_id: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// The runs of a process that have not ended, without previews, oldest first.
pub fn of_process(conn: &mut Conn, process: &str) -> QueryResult<Vec<Going>> {
    let rows: Vec<(i64, String, i64, NaiveDateTime)> = runs::table
        .inner_join(companies::table.on(companies::id.eq(runs::company_id)))
        .filter(
            runs::process
                .eq(process)
                .and(runs::state.eq(super::runs::RUNNING))
                .and(runs::preview.eq(false)),
        )
        .select((
            companies::id,
            companies::name,
            companies::psa_id,
            runs::started_at,
        ))
        .order((runs::started_at, runs::id))
        .load(conn)?;
    let going =
        |(company_id, company, psa_id, started_at): (i64, String, i64, NaiveDateTime)| Going {
            company_id,
            company,
            psa_id,
            started_at: started_at.and_utc(),
        };
    Ok(rows.into_iter().map(going).collect())
}
