//! What people did, in the portal or by commands: who, when, to which company or user. Rows are added and never changed.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::events::{self, dsl};
use super::types::{AT_ONCE, stamp};
use crate::model::UserId;

/// A tenant was disconnected from its company.
pub const TENANT_DISCONNECTED: &str = "tenant_disconnected";

/// Something that a person did.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent<'a> {
    /// The person's name, or where it was done.
    pub staff: &'a str,
    /// The company concerned, by row id; `None`: the whole installation.
    pub company_id: Option<i64>,
    /// The user concerned.
    pub user_id: Option<UserId>,
    /// What was done, a word that programs can branch on.
    pub kind: &'a str,
    /// The same for people: a sentence, with the note that was given.
    pub detail: String,
}

crate::model::debug_by!(NewEvent<'_>, company_id, kind);

/// Something that a person did, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Row id.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The person's name, or where it was done.
    pub staff: String,
    /// The company concerned, by row id.
    pub company_id: Option<i64>,
    /// The user concerned.
    pub user_id: Option<UserId>,
    /// What was done, a word that programs can branch on.
    pub kind: String,
    /// The same for people.
    pub detail: String,
}

crate::model::debug_by!(Event, id, at, company_id, kind);

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct Row {
    id: i64,
    at: NaiveDateTime,
    staff: String,
    company_id: Option<i64>,
    user_id: Option<String>,
    kind: String,
    detail: String,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: row.at.and_utc(),
            staff: row.staff,
            company_id: row.company_id,
            user_id: row.user_id.map(Into::into),
            kind: row.kind,
            detail: row.detail,
        }
    }
}

/// Writes down what somebody did to the installation or a company; `detail` is a sentence without secrets.
pub fn note(
    conn: &mut Conn,
    (staff, kind): (&str, &str),
    company_id: Option<i64>,
    detail: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let event = NewEvent {
        staff,
        company_id,
        user_id: None,
        kind,
        detail: detail.to_owned(),
    };
    append(conn, &event, now)
}

/// Writes down what was done.
pub fn append(conn: &mut Conn, event: &NewEvent<'_>, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(dsl::events)
        .values((
            dsl::at.eq(stamp(now)),
            dsl::staff.eq(event.staff),
            dsl::company_id.eq(event.company_id),
            dsl::user_id.eq(event.user_id.as_ref().map(UserId::as_str)),
            dsl::kind.eq(event.kind),
            dsl::detail.eq(&event.detail),
        ))
        .execute(conn)
        .map(drop)
}

/// The last things that were done to a company and its users, newest first.
pub fn of_company(conn: &mut Conn, company: i64, limit: i64) -> QueryResult<Vec<Event>> {
    let rows = dsl::events
        .filter(dsl::company_id.eq(company))
        .select(Row::as_select())
        .order((dsl::at.desc(), dsl::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Who saved something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When.
    pub at: DateTime<Utc>,
    /// The person's name, or where it was done.
    pub staff: String,
}

/// The last times that something of these kinds was done to a company, newest first. What one person did at one moment, such
/// as the users whom one undo leaves alone, is one.
pub fn saves(conn: &mut Conn, company: i64, kinds: &[&str], limit: i64) -> QueryResult<Vec<Saved>> {
    let last = diesel::dsl::max(dsl::id);
    let rows: Vec<(NaiveDateTime, String)> = dsl::events
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::kind.eq_any(kinds.to_vec())),
        )
        .group_by((dsl::at, dsl::staff))
        .select((dsl::at, dsl::staff))
        .order((dsl::at.desc(), last.desc()))
        .limit(limit)
        .load(conn)?;
    let saved = |(at, staff): (NaiveDateTime, String)| Saved {
        at: at.and_utc(),
        staff,
    };
    Ok(rows.into_iter().map(saved).collect())
}

/// Whether something of this kind was ever done to a company.
pub fn was(conn: &mut Conn, company: i64, kind: &str) -> QueryResult<bool> {
    let found = dsl::events.filter(dsl::company_id.eq(company).and(dsl::kind.eq(kind)));
    diesel::select(diesel::dsl::exists(found)).get_result(conn)
}

/// Which of these companies something of this kind was ever done to.
pub fn companies_with(conn: &mut Conn, of: &[i64], kind: &str) -> QueryResult<HashSet<i64>> {
    let mut found = HashSet::new();
    for some in of.chunks(AT_ONCE) {
        let rows: Vec<Option<i64>> = dsl::events
            .filter(dsl::company_id.eq_any(some).and(dsl::kind.eq(kind)))
            .select(dsl::company_id)
            .distinct()
            .load(conn)?;
        found.extend(rows.into_iter().flatten());
    }
    Ok(found)
}

/// The last things of the whole installation whose kind begins like this, newest first.
pub fn of_installation(conn: &mut Conn, kind: &str, limit: i64) -> QueryResult<Vec<Event>> {
    told(conn, (kind, ""), limit)
}

/// Like [`of_installation`], of those alone whose sentence begins like this.
pub fn told(conn: &mut Conn, (kind, detail): (&str, &str), limit: i64) -> QueryResult<Vec<Event>> {
    let rows = dsl::events
        .filter(dsl::company_id.is_null())
        .filter(dsl::kind.like(beginning(kind)).escape('!'))
        .filter(dsl::detail.like(beginning(detail)).escape('!'))
        .select(Row::as_select())
        .order((dsl::at.desc(), dsl::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The pattern of what begins like this.
fn beginning(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if matches!(letter, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

/// What was done to a user of a company, newest first.
pub fn of_user(conn: &mut Conn, company: i64, user: &UserId) -> QueryResult<Vec<Event>> {
    let rows = dsl::events
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::user_id.eq(user.as_str())),
        )
        .select(Row::as_select())
        .order((dsl::at.desc(), dsl::id.desc()))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
