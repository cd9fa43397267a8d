//! What a monitor is told of the database: counts over all companies. Writes nothing, and judges nothing.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Conn;
use super::schema::{changes, jobs, quarantines, runs};
use super::types::stamp;

/// How many of a kind: two words, and their number.
pub type Counted = (String, String, i64);

/// The runs that began since then, previews apart, by mode and the word of how they ended; `running` where they have not.
pub fn runs(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<Vec<Counted>> {
    let rows: Vec<(String, Option<String>, i64)> = runs::table
        .filter(
            runs::started_at
                .ge(stamp(since))
                .and(runs::preview.eq(false)),
        )
        .group_by((runs::mode, runs::status))
        .select((runs::mode, runs::status, count_star()))
        .load(conn)?;
    let word = |(mode, status, count): (String, Option<String>, i64)| {
        (mode, status.unwrap_or_else(|| "running".into()), count)
    };
    Ok(rows.into_iter().map(word).collect())
}

/// The changes of the runs that began since then, by action and outcome.
pub fn changes(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<Vec<Counted>> {
    changes::table
        .inner_join(runs::table)
        .filter(runs::started_at.ge(stamp(since)))
        .group_by((changes::action, changes::outcome))
        .select((changes::action, changes::outcome, count_star()))
        .load(conn)
}

/// How many jobs there are, and since when the one waits that waits longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// They could begin.
    pub waiting: i64,
    /// They are not due yet.
    pub scheduled: i64,
    /// They are done now.
    pub running: i64,
    /// When the first of those that wait was due.
    pub oldest: Option<DateTime<Utc>>,
}

/// The jobs as they are now.
pub fn queue(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Queue> {
    // In words, since an index of these rows alone is of no use for a state that is a value.
    let queued = || jobs::table.filter(sql::<Bool>("state = 'queued'"));
    let due = || queued().filter(jobs::run_at.le(stamp(now)));
    let oldest: Option<NaiveDateTime> = due().select(min(jobs::run_at)).first(conn)?;
    let waiting: i64 = due().count().get_result(conn)?;
    let all: i64 = queued().count().get_result(conn)?;
    let running = jobs::table.filter(sql::<Bool>("state = 'running'"));
    Ok(Queue {
        waiting,
        scheduled: all - waiting,
        running: running.count().get_result(conn)?,
        oldest: oldest.map(|at| at.and_utc()),
    })
}

/// The connections in quarantine, by their kind.
pub fn quarantines(conn: &mut Conn) -> QueryResult<Vec<(String, i64)>> {
    quarantines::table
        .group_by(quarantines::owner_kind)
        .select((quarantines::owner_kind, count_star()))
        .load(conn)
}
