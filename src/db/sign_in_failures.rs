//! How often signing in failed, by name or address, and how long the next try has to wait. A try is counted before it is
//! judged, and taken back where it was right: so tries side by side cannot slip through. Knows names and addresses as
//! hashes only.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::sign_in_failures::dsl;
use super::types::stamp;

/// So many minutes the next try waits, after the failure that uses the patience up and after each further one.
const WAITS: [i64; 6] = [1, 2, 4, 8, 16, 30];
/// Failures count for so long after the last one.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// Whether somebody may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// They may, and it counts as a failure until it is taken back.
    Taken,
    /// They may not before this time, and nothing was counted.
    LockedUntil(DateTime<Utc>),
}

/// Takes a try of this subject, who may fail `patience` times in a row before waiting.
pub fn take_try(
    conn: &mut Conn,
    subject: &str,
    patience: i64,
    now: DateTime<Utc>,
) -> QueryResult<Try> {
    forget_old(conn, subject, now)?;
    // `each!`: an insert that gives way.
    each!(conn => diesel::insert_into(dsl::sign_in_failures)
        .values((
            dsl::subject.eq(subject),
            dsl::failures.eq(0),
            dsl::last_at.eq(stamp(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    // After so many failures beyond the patience, the last wait is over. Fewer failures have waited less.
    let waited = |beyond: usize| {
        let most = if beyond + 1 == WAITS.len() {
            i64::MAX
        } else {
            patience.saturating_add(i64::try_from(beyond).unwrap_or(i64::MAX))
        };
        let until = stamp(now - TimeDelta::minutes(WAITS[beyond]));
        dsl::failures.le(most).and(dsl::last_at.le(until))
    };
    let may_try = dsl::failures
        .lt(patience)
        .or(waited(0))
        .or(waited(1))
        .or(waited(2))
        .or(waited(3))
        .or(waited(4))
        .or(waited(5));
    let taken = diesel::update(dsl::sign_in_failures.find(subject).filter(may_try))
        .set((
            dsl::failures.eq(dsl::failures + 1),
            dsl::last_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    if taken == 1 {
        return Ok(Try::Taken);
    }
    let (failures, last): (i64, NaiveDateTime) = dsl::sign_in_failures
        .find(subject)
        .select((dsl::failures, dsl::last_at))
        .first(conn)?;
    Ok(Try::LockedUntil(last.and_utc() + wait(failures - patience)))
}

fn wait(beyond: i64) -> TimeDelta {
    let at = usize::try_from(beyond).unwrap_or(0).min(WAITS.len() - 1);
    TimeDelta::minutes(WAITS[at])
}

/// Takes back the try of `at`: it was no failure, and nobody waits because of it.
pub fn give_back(conn: &mut Conn, subject: &str, at: DateTime<Utc>) -> QueryResult<()> {
    let row = dsl::sign_in_failures.find(subject);
    let longest = TimeDelta::minutes(WAITS[WAITS.len() - 1]);
    // Where nobody tried since: it was allowed, so that nobody had to wait before it either.
    let last = diesel::update(row.filter(dsl::last_at.eq(stamp(at)).and(dsl::failures.gt(0))))
        .set((
            dsl::failures.eq(dsl::failures - 1),
            dsl::last_at.eq(stamp(at - longest)),
        ))
        .execute(conn)?;
    if last == 0 {
        diesel::update(row.filter(dsl::failures.gt(0)))
            .set(dsl::failures.eq(dsl::failures - 1))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets the failures of a subject.
pub fn clear(conn: &mut Conn, subject: &str) -> QueryResult<()> {
    diesel::delete(dsl::sign_in_failures.find(subject))
        .execute(conn)
        .map(drop)
}

/// At most `limit` subjects whose failures no longer count.
pub fn old(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<String>> {
    dsl::sign_in_failures
        .filter(dsl::last_at.lt(stamp(now - REMEMBERED)))
        .select(dsl::subject)
        .limit(limit)
        .load(conn)
}

/// Forgets the failures of a subject where they no longer count. Of several subjects each in a transaction of its own: a
/// try holds two of them, and would wait for who holds many.
pub fn forget_old(conn: &mut Conn, subject: &str, now: DateTime<Utc>) -> QueryResult<()> {
    let old = dsl::last_at.lt(stamp(now - REMEMBERED));
    diesel::delete(dsl::sign_in_failures.find(subject).filter(old))
        .execute(conn)
        .map(drop)
}
