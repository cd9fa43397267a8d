//! Who hears of a company besides those who hear of all, and its weekly summary.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::company_notices::{self, dsl};
use super::types::{Json, json, stamp};

/// What is set for a company.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CompanyNotices {
    /// Who hears of it, besides those who hear of all.
    pub recipients: Vec<String>,
    /// Whether the weekly summary is sent.
    pub weekly: bool,
    /// To whom.
    pub weekly_recipients: Vec<String>,
    /// The end of the week that was told last.
    pub weekly_until: Option<DateTime<Utc>>,
}

crate::model::debug_by!(CompanyNotices, weekly, weekly_until);

#[derive(Queryable, Selectable)]
#[diesel(table_name = company_notices)]
struct Row {
    company_id: i64,
    recipients: Json<Vec<String>>,
    weekly: bool,
    weekly_recipients: Json<Vec<String>>,
    weekly_until: Option<NaiveDateTime>,
}

impl From<Row> for (i64, CompanyNotices) {
    fn from(row: Row) -> Self {
        let set = CompanyNotices {
            recipients: row.recipients.0,
            weekly: row.weekly,
            weekly_recipients: row.weekly_recipients.0,
            weekly_until: row.weekly_until.map(|at| at.and_utc()),
        };
        (row.company_id, set)
    }
}

/// What is set for a company; nothing where nobody set anything.
pub fn get(conn: &mut Conn, company: i64) -> QueryResult<CompanyNotices> {
    let row = dsl::company_notices
        .find(company)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    let set = row.map(|row| <(i64, CompanyNotices)>::from(row).1);
    Ok(set.unwrap_or_default())
}

/// What is set, by the company's row id.
pub fn all(conn: &mut Conn) -> QueryResult<HashMap<i64, CompanyNotices>> {
    let rows = dsl::company_notices.select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Sets it. A summary that is switched on begins with the week in which it was.
pub fn put(conn: &mut Conn, company: i64, set: &CompanyNotices) -> QueryResult<()> {
    let until = get(conn, company)?.weekly_until.filter(|_| set.weekly);
    let content = (
        dsl::recipients.eq(json(&set.recipients)?),
        dsl::weekly.eq(set.weekly),
        dsl::weekly_recipients.eq(json(&set.weekly_recipients)?),
        dsl::weekly_until.eq(until.map(stamp)),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::company_notices)
        .values((dsl::company_id.eq(company), content.clone()))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// Takes the week that ends at `until` for the summary, where the last one ended at `seen`; whether nobody else did.
pub fn take_week(
    conn: &mut Conn,
    company: i64,
    seen: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
) -> QueryResult<bool> {
    let of = dsl::company_notices.filter(dsl::company_id.eq(company).and(dsl::weekly.eq(true)));
    let set = dsl::weekly_until.eq(stamp(until));
    let changed = match seen {
        Some(seen) => diesel::update(of.filter(dsl::weekly_until.eq(stamp(seen))))
            .set(set)
            .execute(conn)?,
        None => diesel::update(of.filter(dsl::weekly_until.is_null()))
            .set(set)
            .execute(conn)?,
    };
    Ok(changed == 1)
}

/// Lets the next summaries begin at `now`, not earlier: the weeks before are told already, or are not known.
pub fn skip_weeks(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(dsl::company_notices.filter(dsl::weekly_until.lt(stamp(now))))
        .set(dsl::weekly_until.eq(stamp(now)))
        .execute(conn)
}
