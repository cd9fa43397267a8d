//! The users whom technicians ignore, as they were written and, once seen, by object id. Written with their company.

use std::collections::HashMap;

use diesel::prelude::*;

use super::Conn;
use super::schema::ignored_users::dsl;
use super::types::AT_ONCE;
use crate::model::UserId;

/// A company's entries in the order written, each with the user's object id where it is known.
pub fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Vec<(String, Option<UserId>)>> {
    let rows: Vec<(String, Option<String>)> = dsl::ignored_users
        .filter(dsl::company_id.eq(company))
        .select((dsl::entry, dsl::user_id))
        .order(dsl::position)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(entry, user)| (entry, user.map(Into::into)))
        .collect())
}

/// Remembers which user an entry means; a user principal name may be somebody else's later. Whether there is the entry.
pub fn resolve_ignored(
    conn: &mut Conn,
    company: i64,
    entry: &str,
    user: &UserId,
) -> QueryResult<bool> {
    let changed = diesel::update(dsl::ignored_users.find((company, entry)))
        .set(dsl::user_id.eq(user.as_str()))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The entries of all companies with the company's row id, each company's in the order written.
pub(super) fn all(conn: &mut Conn) -> QueryResult<Vec<(i64, String)>> {
    dsl::ignored_users
        .select((dsl::company_id, dsl::entry))
        .order((dsl::company_id, dsl::position))
        .load(conn)
}

/// Adds a user by object id, as the last entry. Fails where there is the entry.
pub fn add(conn: &mut Conn, company: i64, user: &UserId) -> QueryResult<()> {
    let last: Option<i64> = dsl::ignored_users
        .filter(dsl::company_id.eq(company))
        .select(diesel::dsl::max(dsl::position))
        .first(conn)?;
    diesel::insert_into(dsl::ignored_users)
        .values((
            dsl::company_id.eq(company),
            dsl::entry.eq(user.as_str()),
            dsl::position.eq(last.map_or(0, |last| last + 1)),
            dsl::user_id.eq(user.as_str()),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes entries away, as they were written.
pub fn remove(conn: &mut Conn, company: i64, entries: &[String]) -> QueryResult<()> {
    for entries in entries.chunks(AT_ONCE) {
        let these = dsl::ignored_users
            .filter(dsl::company_id.eq(company))
            .filter(dsl::entry.eq_any(entries));
        diesel::delete(these).execute(conn)?;
    }
    Ok(())
}

/// Replaces a company's entries. One that stays keeps its user; one that is written twice counts once.
pub(super) fn replace(conn: &mut Conn, company: i64, entries: &[String]) -> QueryResult<()> {
    let mut known: HashMap<String, Option<UserId>> =
        of_company(conn, company)?.into_iter().collect();
    diesel::delete(dsl::ignored_users.filter(dsl::company_id.eq(company))).execute(conn)?;
    let mut seen = std::collections::HashSet::new();
    for (position, entry) in (0_i64..).zip(entries) {
        if !seen.insert(entry) {
            continue;
        }
        let user = known.remove(entry).flatten();
        diesel::insert_into(dsl::ignored_users)
            .values((
                dsl::company_id.eq(company),
                dsl::entry.eq(entry),
                dsl::position.eq(position),
                dsl::user_id.eq(user.as_ref().map(UserId::as_str)),
            ))
            .execute(conn)?;
    }
    Ok(())
}
