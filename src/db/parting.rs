//! What saving and removing a connection or a company leaves in the tables of others: an event, cancelled jobs, no preview.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::{events, jobs, previews, runs};
use super::types::stamp;

/// Writes down what somebody did; `detail` is a sentence without secrets.
pub fn note(
    conn: &mut Conn,
    (staff, kind): (&str, &str),
    company: Option<i64>,
    detail: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(events::table)
        .values((
            events::at.eq(stamp(now)),
            events::staff.eq(staff),
            events::company_id.eq(company),
            events::kind.eq(kind),
            events::detail.eq(detail),
        ))
        .execute(conn)
        .map(drop)
}

/// Cancels the jobs of a company that nobody has begun, and gives their number.
pub fn cancel_jobs(conn: &mut Conn, company: i64, now: DateTime<Utc>) -> QueryResult<usize> {
    let queued = jobs::table.filter(jobs::company_id.eq(company).and(jobs::state.eq("queued")));
    diesel::update(queued)
        .set((
            jobs::state.eq("cancelled"),
            jobs::finished_at.eq(stamp(now)),
        ))
        .execute(conn)
}

/// Forgets the preview of a company, which is of no use any more.
pub fn forget_preview(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(previews::table.find(company))
        .execute(conn)
        .map(drop)
}

/// How many runs the history of a company keeps.
pub fn runs_kept(conn: &mut Conn, company: i64) -> QueryResult<i64> {
    runs::table
        .filter(runs::company_id.eq(company))
        .count()
        .get_result(conn)
}
