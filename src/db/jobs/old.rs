//! Removes jobs that were over long ago. What the runs did stays in the history.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::Conn;
use super::super::schema::jobs::dsl;
use super::super::types::stamp;
use super::JobState;

/// What was done or cancelled is kept for so long.
const KEPT: TimeDelta = TimeDelta::days(30);
/// What failed for good is kept for so long.
const FAILED_KEPT: TimeDelta = TimeDelta::days(90);

/// Removes the oldest `most` of them at most; how many there were.
pub fn remove_old(conn: &mut Conn, most: i64, now: DateTime<Utc>) -> QueryResult<usize> {
    let failed = JobState::Failed.as_str();
    let old: Vec<i64> = dsl::jobs
        // In words, as the index of these rows has it.
        .filter(sql::<Bool>("finished_at IS NOT NULL"))
        .filter(dsl::finished_at.lt(stamp(now - KEPT)))
        .filter(
            dsl::state
                .ne(failed)
                .or(dsl::finished_at.lt(stamp(now - FAILED_KEPT))),
        )
        .order(dsl::finished_at)
        .limit(most)
        .select(dsl::id)
        .load(conn)?;
    if old.is_empty() {
        return Ok(0);
    }
    diesel::delete(dsl::jobs.filter(dsl::id.eq_any(old))).execute(conn)
}
