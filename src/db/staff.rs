//! Who may sign in to the portal, and their passwords as hashes. Decides nothing about who may do what.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::Conn;
use super::schema::staff::{self, dsl};
use super::types::{Word, stamp};
use crate::model::text::folded;
use crate::model::{Role, Staff};

#[derive(Queryable, Selectable)]
#[diesel(table_name = staff)]
struct Row {
    id: i64,
    name: String,
    role: Word<Role>,
    password: Option<String>,
    enabled: bool,
    created_at: NaiveDateTime,
    signed_in_at: Option<NaiveDateTime>,
}

impl From<Row> for Staff {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: row.role.0,
            enabled: row.enabled,
            signed_in_at: row.signed_in_at.map(|at| at.and_utc()),
            created_at: row.created_at.and_utc(),
            has_password: row.password.is_some(),
        }
    }
}

/// Everybody, by name.
pub fn list(conn: &mut Conn) -> QueryResult<Vec<Staff>> {
    let rows = dsl::staff
        .select(Row::as_select())
        .order((dsl::name_key, dsl::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The person of this row id.
pub fn get(conn: &mut Conn, id: i64) -> QueryResult<Option<Staff>> {
    let row = dsl::staff
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The person of this name, whatever its case, and the hash of their password.
pub fn by_name(conn: &mut Conn, name: &str) -> QueryResult<Option<(Staff, Option<String>)>> {
    let row = dsl::staff
        .filter(dsl::name_key.eq(folded(name).as_ref()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(|row| {
        let password = row.password.clone();
        (row.into(), password)
    }))
}

/// The hash of the password of somebody who has one.
pub fn password(conn: &mut Conn, id: i64) -> QueryResult<Option<String>> {
    let found: Option<Option<String>> = dsl::staff
        .find(id)
        .select(dsl::password)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

/// Keeps others from changing any of the staff until the transaction ends. Comes before every other statement of it, so
/// that two transactions never wait for each other.
pub fn lock(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Postgres(conn) => conn.batch_execute("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE"),
        // There is one writer, and its transactions are IMMEDIATE.
        Conn::Sqlite(_) => Ok(()),
    }
}

/// Adds somebody without a password; `None` where the name is taken, whatever its case.
pub fn insert(
    conn: &mut Conn,
    name: &str,
    role: Role,
    now: DateTime<Utc>,
) -> QueryResult<Option<Staff>> {
    // `each!`: an insert that gives way.
    let added = each!(conn => diesel::insert_into(dsl::staff)
        .values((
            dsl::name.eq(name),
            dsl::name_key.eq(folded(name).as_ref()),
            dsl::role.eq(role.as_str()),
            dsl::enabled.eq(true),
            dsl::created_at.eq(stamp(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 {
        return Ok(None);
    }
    Ok(by_name(conn, name)?.map(|(person, _)| person))
}

/// Changes what somebody may do.
pub fn set_role(conn: &mut Conn, id: i64, role: Role) -> QueryResult<()> {
    diesel::update(dsl::staff.find(id))
        .set(dsl::role.eq(role.as_str()))
        .execute(conn)
        .map(drop)
}

/// Lets somebody sign in, or not.
pub fn set_enabled(conn: &mut Conn, id: i64, enabled: bool) -> QueryResult<()> {
    diesel::update(dsl::staff.find(id))
        .set(dsl::enabled.eq(enabled))
        .execute(conn)
        .map(drop)
}

/// Sets the hash of somebody's password, or takes the password away.
pub fn set_password(conn: &mut Conn, id: i64, hash: Option<&str>) -> QueryResult<()> {
    diesel::update(dsl::staff.find(id))
        .set(dsl::password.eq(hash))
        .execute(conn)
        .map(drop)
}

/// Sets the hash of somebody's password where it is still `before`; whether it was.
pub fn change_password(conn: &mut Conn, id: i64, before: &str, hash: &str) -> QueryResult<bool> {
    let same = dsl::staff.find(id).filter(dsl::password.eq(before));
    let changed = diesel::update(same)
        .set(dsl::password.eq(hash))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes down that somebody signed in. `false` where they were disabled meanwhile, or their password is another now.
pub fn signed_in(conn: &mut Conn, id: i64, hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let same = dsl::staff
        .find(id)
        .filter(dsl::enabled.eq(true).and(dsl::password.eq(hash)));
    let changed = diesel::update(same)
        .set(dsl::signed_in_at.eq(stamp(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// So many enabled administrators have a password, besides the one of the row id `but`.
pub fn administrators(conn: &mut Conn, but: Option<i64>) -> QueryResult<i64> {
    dsl::staff
        .filter(
            dsl::enabled
                .eq(true)
                .and(dsl::role.eq(Role::Administrator.as_str()))
                .and(dsl::password.is_not_null())
                .and(dsl::id.ne(but.unwrap_or(-1))),
        )
        .count()
        .get_result(conn)
}
