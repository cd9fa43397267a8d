//! Links that let somebody choose a password, once. Their tokens are kept as hashes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::sign_in_links::dsl;
use super::types::stamp;

/// Keeps a link for somebody, or for an administrator, in place of the unused ones for the same.
pub fn put(
    conn: &mut Conn,
    token_hash: &str,
    staff: Option<i64>,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    retire(conn, staff)?;
    diesel::insert_into(dsl::sign_in_links)
        .values((
            dsl::token_hash.eq(token_hash),
            dsl::staff_id.eq(staff),
            dsl::expires_at.eq(stamp(until)),
        ))
        .execute(conn)
        .map(drop)
}

/// For whom a link is, where it can be used: somebody's row id, or `None` within for an administrator.
pub fn look(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<Option<i64>>> {
    dsl::sign_in_links
        .find(token_hash)
        .filter(dsl::expires_at.gt(stamp(now)))
        .select(dsl::staff_id)
        .first(conn)
        .optional()
}

/// Uses a link up, and gives what [`look`] gives. Of several at the same moment one gets it.
pub fn take(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<Option<i64>>> {
    let usable = dsl::sign_in_links
        .find(token_hash)
        .filter(dsl::expires_at.gt(stamp(now)));
    diesel::delete(usable)
        .returning(dsl::staff_id)
        .get_result(conn)
        .optional()
}

/// Forgets the links for somebody, or those for an administrator.
pub fn retire(conn: &mut Conn, staff: Option<i64>) -> QueryResult<()> {
    match staff {
        Some(staff) => {
            diesel::delete(dsl::sign_in_links.filter(dsl::staff_id.eq(staff))).execute(conn)
        }
        None => diesel::delete(dsl::sign_in_links.filter(dsl::staff_id.is_null())).execute(conn),
    }
    .map(drop)
}

/// Forgets all links, of everybody; how many there were.
pub fn retire_all(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(dsl::sign_in_links).execute(conn)
}

/// Forgets links that can no longer be used; how many there were.
pub fn clean(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::sign_in_links.filter(dsl::expires_at.le(stamp(now)))).execute(conn)
}
