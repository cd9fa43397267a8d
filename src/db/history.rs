//! The end of old history: runs, with their changes and requests, and holds that were closed, which nothing needs any more. In
//! small pieces, so that nobody waits for it.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use super::Conn;
use super::types::stamp;

/// Runs that began before a time, oldest first, as far as nothing needs them: none that goes on, or whose requests nobody knows the
/// end of, or whose people still wait in a hold; none of which a company's reading, plan or preview is; and of each company neither the last one
/// nor the last good one.
const OLD: &str = "SELECT runs.id, runs.started_at FROM runs WHERE runs.started_at < $1 \
     AND (runs.started_at, runs.id) > ($2, $3) AND runs.state <> 'running' \
     AND NOT EXISTS (SELECT 1 FROM writes WHERE writes.run_id = runs.id AND writes.state IN ('sent', 'conflict')) \
     AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.company_id = runs.company_id AND holds.run_id = runs.id \
     AND holds.closed_at IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM readings WHERE readings.company_id = runs.company_id AND readings.run_id = runs.id) \
     AND NOT EXISTS (SELECT 1 FROM plans WHERE plans.company_id = runs.company_id AND plans.run_id = runs.id) \
     AND NOT EXISTS (SELECT 1 FROM previews WHERE previews.company_id = runs.company_id AND previews.run_id = runs.id) \
     AND EXISTS (SELECT 1 FROM runs AS later WHERE later.company_id = runs.company_id AND NOT later.preview \
     AND later.started_at > runs.started_at) \
     AND (runs.preview OR runs.mode NOT IN ('update', 'resync') OR runs.status NOT IN ('succeeded', 'held', 'partial') \
     OR EXISTS (SELECT 1 FROM runs AS later WHERE later.company_id = runs.company_id AND NOT later.preview \
     AND later.mode IN ('update', 'resync') AND later.status IN ('succeeded', 'held', 'partial') \
     AND later.started_at > runs.started_at)) \
     ORDER BY runs.started_at, runs.id LIMIT ";

/// The changes of a run but those that say how a person's contact came to be theirs, as long as it is.
const FORGOTTEN: &str = "DELETE FROM changes WHERE run_id = $1 AND NOT (action IN ('create', 'link') \
     AND EXISTS (SELECT 1 FROM links WHERE links.company_id = changes.company_id AND links.user_id = changes.user_id \
     AND links.retired_at IS NULL))";

/// A run of which no change is left.
const EMPTY: &str = "DELETE FROM runs WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM changes WHERE changes.run_id = runs.id)";

/// Where a look at old history came to: the time and id of the last run looked at.
pub type Mark = (NaiveDateTime, String);

#[derive(QueryableByName)]
struct Old {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Timestamp)]
    started_at: NaiveDateTime,
}

/// Removes a piece of what began before a time: of at most `most` runs after `mark`. Gives how many runs went, and where to go on;
/// `None`: there is nothing more.
pub fn remove_before(
    conn: &mut Conn,
    before: DateTime<Utc>,
    mark: &Mark,
    most: usize,
) -> QueryResult<(usize, Option<Mark>)> {
    let query = diesel::sql_query(format!("{OLD}{most}"))
        .bind::<Timestamp, _>(stamp(before))
        .bind::<Timestamp, _>(mark.0)
        .bind::<Text, _>(&mark.1);
    // `each!`: queries in words.
    let old: Vec<Old> = each!(conn => query.load(conn))?;
    let mut removed = 0;
    for run in &old {
        let changes = diesel::sql_query(FORGOTTEN).bind::<Text, _>(&run.id);
        each!(conn => changes.execute(conn))?;
        let empty = diesel::sql_query(EMPTY).bind::<Text, _>(&run.id);
        removed += each!(conn => empty.execute(conn))?;
    }
    let more = old.len() == most;
    let next = old.into_iter().next_back().filter(|_| more);
    Ok((removed, next.map(|run| (run.started_at, run.id))))
}

/// Removes the holds that were closed before a time, with their people; gives their number.
pub fn remove_holds_before(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    use super::schema::holds::dsl;
    diesel::delete(dsl::holds.filter(dsl::closed_at.lt(stamp(before)))).execute(conn)
}
