//! Browser sessions. Their keys are kept as hashes: who reads the table cannot sign in with it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::schema::sessions::{self, dsl};
use super::types::stamp;
use super::{Conn, staff};
use crate::model::Staff;

/// A session ends where nobody used it for so long.
pub const IDLE: TimeDelta = TimeDelta::hours(8);
/// A session ends so long after it began, whether or not it is used.
pub const LONGEST: TimeDelta = TimeDelta::days(7);
/// A session of nobody, which a passer-by leaves too, ends where nobody used it for so long.
pub const IDLE_OF_NOBODY: TimeDelta = TimeDelta::minutes(30);
/// So many sessions of nobody there are at most; the one unused for the longest gives way.
pub const MOST_OF_NOBODY: i64 = 1_000;
/// The time of the last use is written down once in so long.
const NOTED: TimeDelta = TimeDelta::minutes(1);

/// A session of somebody, without what it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its key.
    pub key_hash: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub seen_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    key_hash: String,
    created_at: NaiveDateTime,
    seen_at: NaiveDateTime,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            key_hash: row.key_hash,
            created_at: row.created_at.and_utc(),
            seen_at: row.seen_at.and_utc(),
        }
    }
}

/// Begins a session. One of nobody makes room for itself.
pub fn insert(
    conn: &mut Conn,
    key_hash: &str,
    staff: Option<i64>,
    state: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    if staff.is_none() {
        make_room(conn, now)?;
    }
    diesel::insert_into(dsl::sessions)
        .values((
            dsl::key_hash.eq(key_hash),
            dsl::staff_id.eq(staff),
            dsl::state.eq(state),
            dsl::created_at.eq(stamp(now)),
            dsl::seen_at.eq(stamp(now)),
        ))
        .execute(conn)
        .map(drop)
}

/// Removes what is over or too many among the sessions of nobody, so that one more can begin.
fn make_room(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let of_nobody = || dsl::sessions.filter(dsl::staff_id.is_null());
    let there: i64 = of_nobody().count().get_result(conn)?;
    if there < MOST_OF_NOBODY {
        return Ok(());
    }
    let over = of_nobody().filter(dsl::seen_at.lt(stamp(now - IDLE_OF_NOBODY)));
    diesel::delete(over).execute(conn)?;
    let there: i64 = of_nobody().count().get_result(conn)?;
    let oldest: Vec<String> = of_nobody()
        .select(dsl::key_hash)
        .order((dsl::seen_at, dsl::key_hash))
        .limit((there - MOST_OF_NOBODY + 1).max(0))
        .load(conn)?;
    diesel::delete(dsl::sessions.filter(dsl::key_hash.eq_any(oldest)))
        .execute(conn)
        .map(drop)
}

/// What a session remembers, when it was used last, and whose it is.
pub type Found = (String, DateTime<Utc>, Option<Staff>);

/// A session that goes on; `None` where it has ended, or its person may not sign in any
/// more.
pub fn state(conn: &mut Conn, key_hash: &str, now: DateTime<Utc>) -> QueryResult<Option<Found>> {
    let found: Option<(String, NaiveDateTime, Option<i64>)> = dsl::sessions
        .find(key_hash)
        .filter(
            dsl::seen_at
                .ge(stamp(now - IDLE))
                .and(dsl::created_at.ge(stamp(now - LONGEST))),
        )
        .select((dsl::state, dsl::seen_at, dsl::staff_id))
        .first(conn)
        .optional()?;
    let Some((state, seen, of)) = found else {
        return Ok(None);
    };
    if of.is_none() && seen.and_utc() < now - IDLE_OF_NOBODY {
        return Ok(None);
    }
    let person = match of {
        Some(of) => match staff::get(conn, of)?.filter(|person| person.enabled) {
            Some(person) => Some(person),
            None => return Ok(None),
        },
        None => None,
    };
    Ok(Some((state, seen.and_utc(), person)))
}

/// Changes what a session remembers. `false` where it has ended: it does not come back.
pub fn update(
    conn: &mut Conn,
    key_hash: &str,
    staff: Option<i64>,
    state: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = diesel::update(dsl::sessions.find(key_hash))
        .set((
            dsl::staff_id.eq(staff),
            dsl::state.eq(state),
            dsl::seen_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether a use at `now` is worth a write, after one that was written down at `seen`.
pub fn is_worth_noting(seen: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - seen >= NOTED
}

/// Writes down that a session is used, at most once a minute.
pub fn touch(conn: &mut Conn, key_hash: &str, now: DateTime<Utc>) -> QueryResult<()> {
    let due = dsl::sessions
        .find(key_hash)
        .filter(dsl::seen_at.le(stamp(now - NOTED)));
    diesel::update(due)
        .set(dsl::seen_at.eq(stamp(now)))
        .execute(conn)
        .map(drop)
}

/// Ends a session.
pub fn delete(conn: &mut Conn, key_hash: &str) -> QueryResult<()> {
    diesel::delete(dsl::sessions.find(key_hash))
        .execute(conn)
        .map(drop)
}

/// The sessions of somebody that have not ended, the last used first.
pub fn of_staff(conn: &mut Conn, staff: i64, now: DateTime<Utc>) -> QueryResult<Vec<Session>> {
    let rows = dsl::sessions
        .filter(
            dsl::staff_id
                .eq(staff)
                .and(dsl::seen_at.ge(stamp(now - IDLE)))
                .and(dsl::created_at.ge(stamp(now - LONGEST))),
        )
        .select(Row::as_select())
        .order((dsl::seen_at.desc(), dsl::key_hash))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many sessions of each of these have not ended; who has none is not in it.
pub fn counts(
    conn: &mut Conn,
    staff: &[i64],
    now: DateTime<Utc>,
) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(Option<i64>, i64)> = dsl::sessions
        .filter(
            dsl::staff_id
                .eq_any(staff)
                .and(dsl::seen_at.ge(stamp(now - IDLE)))
                .and(dsl::created_at.ge(stamp(now - LONGEST))),
        )
        .group_by(dsl::staff_id)
        .select((dsl::staff_id, count_star()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, many)| Some((id?, many)))
        .collect())
}

/// Ends all sessions of somebody; how many there were.
pub fn end_all_of(conn: &mut Conn, staff: i64) -> QueryResult<usize> {
    diesel::delete(dsl::sessions.filter(dsl::staff_id.eq(staff))).execute(conn)
}

/// Ends all sessions of everybody; how many there were.
pub fn end_all(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(dsl::sessions).execute(conn)
}

/// Ends the sessions of somebody but one; how many there were.
pub fn end_others(conn: &mut Conn, staff: i64, key_hash: &str) -> QueryResult<usize> {
    let others = dsl::sessions.filter(dsl::staff_id.eq(staff).and(dsl::key_hash.ne(key_hash)));
    diesel::delete(others).execute(conn)
}

/// Forgets sessions that have ended by themselves; how many there were.
pub fn clean(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    let over = dsl::sessions.filter(
        dsl::seen_at
            .lt(stamp(now - IDLE))
            .or(dsl::created_at.lt(stamp(now - LONGEST)))
            .or(dsl::staff_id
                .is_null()
                .and(dsl::seen_at.lt(stamp(now - IDLE_OF_NOBODY)))),
    );
    diesel::delete(over).execute(conn)
}
