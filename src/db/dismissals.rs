//! Leavers whom a technician dismissed: left alone until they have been active again (`behaviour.md` section 8).

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::dismissals::dsl;
use super::types::{AT_ONCE, stamp};
use crate::model::UserId;

/// The users of a company who are dismissed.
pub fn list(conn: &mut Conn, company: i64) -> QueryResult<Vec<UserId>> {
    let users: Vec<String> = dsl::dismissals
        .filter(dsl::company_id.eq(company))
        .select(dsl::user_id)
        .order(dsl::user_id)
        .load(conn)?;
    Ok(users.into_iter().map(Into::into).collect())
}

/// Dismisses users. Who is dismissed already stays so.
pub fn add(conn: &mut Conn, company: i64, users: &[UserId], now: DateTime<Utc>) -> QueryResult<()> {
    for users in users.chunks(AT_ONCE) {
        let rows: Vec<_> = users
            .iter()
            .map(|user| {
                (
                    dsl::company_id.eq(company),
                    dsl::user_id.eq(user.as_str()),
                    dsl::at.eq(stamp(now)),
                )
            })
            .collect();
        // `each!`: a batch that gives way.
        each!(conn => diesel::insert_into(dsl::dismissals)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    Ok(())
}

/// Ends the dismissal of users.
pub fn remove(conn: &mut Conn, company: i64, users: &[UserId]) -> QueryResult<()> {
    for users in users.chunks(AT_ONCE) {
        let users = users.iter().map(UserId::as_str);
        let these =
            dsl::dismissals.filter(dsl::company_id.eq(company).and(dsl::user_id.eq_any(users)));
        diesel::delete(these).execute(conn)?;
    }
    Ok(())
}
