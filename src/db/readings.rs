//! The last complete reading of each company, as text that this module does not look into.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::readings::dsl;
use super::types::stamp;

/// What was read of both sides.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// The company's row id.
    pub company_id: i64,
    /// The run that read it.
    pub run_id: String,
    /// When.
    pub read_at: DateTime<Utc>,
    /// The users, JSON text.
    pub users: String,
    /// The contacts, JSON text.
    pub contacts: String,
    /// What else was read, such as the members of groups, and of which tenant and PSA company; JSON text.
    pub rest: String,
}

/// Without the people in it.
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("company_id", &self.company_id)
            .field("run_id", &self.run_id)
            .field("read_at", &self.read_at)
            .finish_non_exhaustive()
    }
}

/// Remembers a reading in place of the company's last one.
pub fn put(conn: &mut Conn, reading: &Reading) -> QueryResult<()> {
    let content = (
        dsl::run_id.eq(&reading.run_id),
        dsl::read_at.eq(stamp(reading.read_at)),
        dsl::users.eq(&reading.users),
        dsl::rest.eq(&reading.rest),
        dsl::contacts.eq(&reading.contacts),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::readings)
        .values((dsl::company_id.eq(reading.company_id), content))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// The run that read a company last.
pub fn run_of(conn: &mut Conn, company: i64) -> QueryResult<Option<(String, DateTime<Utc>)>> {
    let row: Option<(String, NaiveDateTime)> = dsl::readings
        .find(company)
        .select((dsl::run_id, dsl::read_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(run, at)| (run, at.and_utc())))
}

/// When the last complete reading of a company began.
pub fn read_at(conn: &mut Conn, company: i64) -> QueryResult<Option<DateTime<Utc>>> {
    let found = dsl::readings.find(company).select(dsl::read_at);
    let at: Option<NaiveDateTime> = found.first(conn).optional()?;
    Ok(at.map(|at| at.and_utc()))
}

/// The last complete reading of a company.
pub fn get(conn: &mut Conn, company: i64) -> QueryResult<Option<Reading>> {
    type Row = (i64, String, NaiveDateTime, String, String, String);
    let row: Option<Row> = dsl::readings.find(company).first(conn).optional()?;
    Ok(row.map(
        |(company_id, run_id, read_at, users, rest, contacts)| Reading {
            company_id,
            run_id,
            read_at: read_at.and_utc(),
            users,
            contacts,
            rest,
        },
    ))
}

/// Forgets the last reading of a company: it is not read any more.
pub fn forget(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(dsl::readings.find(company))
        .execute(conn)
        .map(drop)
}
