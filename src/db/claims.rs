//! Claims: what only one process may do at a time, such as the runs of a PSA connection. Does not know who lives.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::claims;
use super::types::stamp;

/// The process that has the claim of this name, whether or not it lives or its lease has run out.
pub fn holder(conn: &mut Conn, name: &str) -> QueryResult<Option<String>> {
    claims::table
        .find(name)
        .select(claims::process)
        .first(conn)
        .optional()
}

/// The claims whose names begin like this, and whose leases have not run out, that other processes have: name and process.
pub fn of_others(
    conn: &mut Conn,
    prefix: &str,
    process: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(String, String)>> {
    claims::table
        .filter(
            claims::name
                .like(format!("{prefix}%"))
                .and(claims::process.ne(process))
                .and(claims::until.gt(stamp(now))),
        )
        .select((claims::name, claims::process))
        .load(conn)
}

/// Takes the claim of this name until `until` where it is free, ours (then it is renewed), its lease has run out, or its
/// process is not `alive`. Atomic: of several processes one gets it. `alive` must not use the database.
pub fn claim(
    conn: &mut Conn,
    name: &str,
    process: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
    alive: &dyn Fn(&str) -> bool,
) -> QueryResult<bool> {
    let (until, now) = (stamp(until), stamp(now));
    // `each!`: an insert that gives way.
    let inserted = each!(conn => diesel::insert_into(claims::table)
        .values((
            claims::name.eq(name),
            claims::process.eq(process),
            claims::until.eq(until),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    if inserted == 1 {
        return Ok(true);
    }
    let (holder, held_until): (String, NaiveDateTime) = match claims::table
        .find(name)
        .select((claims::process, claims::until))
        .first(conn)
        .optional()?
    {
        Some(held) => held,
        // Given back in this moment: the next try gets it.
        None => return Ok(false),
    };
    if holder != process && held_until > now && alive(&holder) {
        return Ok(false);
    }
    // Only from the holder that was looked at: somebody else may have been faster.
    let seen = claims::table.filter(
        claims::name
            .eq(name)
            .and(claims::process.eq(&holder))
            .and(claims::until.eq(held_until)),
    );
    let taken = diesel::update(seen)
        .set((claims::process.eq(process), claims::until.eq(until)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Until when the process has the claim of this name; `None` where it has not, or its lease has run out.
pub fn held_until(
    conn: &mut Conn,
    name: &str,
    process: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<DateTime<Utc>>> {
    let found: Option<NaiveDateTime> = claims::table
        .filter(
            claims::name
                .eq(name)
                .and(claims::process.eq(process))
                .and(claims::until.gt(stamp(now))),
        )
        .select(claims::until)
        .first(conn)
        .optional()?;
    Ok(found.map(|until| until.and_utc()))
}

/// Gives the claim of this name back; whether the process had it.
pub fn release(conn: &mut Conn, name: &str, process: &str) -> QueryResult<bool> {
    let ours = claims::table.filter(claims::name.eq(name).and(claims::process.eq(process)));
    Ok(diesel::delete(ours).execute(conn)? == 1)
}
