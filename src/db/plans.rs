//! The last plan of each company, whole, as text that this module does not look into.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::plans::dsl;
use super::schema::{ignored_users, links};
use super::types::{AT_ONCE, Json, json, stamp};
use crate::model::UserId;

/// A plan as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPlan {
    /// The company's row id.
    pub company_id: i64,
    /// The run that made it.
    pub run_id: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// The plan, JSON text.
    pub plan: String,
    /// Who is in conflict by it, and who was when the last run planned and is settled since; `None`: an older version kept it, and
    /// did not say.
    pub in_conflict: Option<Vec<UserId>>,
}

/// Without the people in it.
impl std::fmt::Debug for StoredPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredPlan")
            .field("company_id", &self.company_id)
            .field("run_id", &self.run_id)
            .field("made_at", &self.made_at)
            .finish_non_exhaustive()
    }
}

/// Remembers a plan in place of the company's last one.
pub fn put(conn: &mut Conn, plan: &StoredPlan) -> QueryResult<()> {
    let in_conflict = plan.in_conflict.as_ref().map(json).transpose()?;
    let content = (
        dsl::run_id.eq(&plan.run_id),
        dsl::made_at.eq(stamp(plan.made_at)),
        dsl::plan.eq(&plan.plan),
        dsl::in_conflict.eq(in_conflict.as_ref()),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::plans)
        .values((dsl::company_id.eq(plan.company_id), content))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// The last plan of a company.
pub fn get(conn: &mut Conn, company: i64) -> QueryResult<Option<StoredPlan>> {
    type Row = (
        i64,
        String,
        NaiveDateTime,
        String,
        Option<Json<Vec<UserId>>>,
    );
    let row: Option<Row> = dsl::plans.find(company).first(conn).optional()?;
    Ok(row.map(
        |(company_id, run_id, made_at, plan, in_conflict)| StoredPlan {
            company_id,
            run_id,
            made_at: made_at.and_utc(),
            plan,
            in_conflict: in_conflict.map(|people| people.0),
        },
    ))
}

/// Who is in conflict by the last plans of these companies and neither linked nor ignored since; `None`: the plan does not say.
/// A company without a plan is left out.
pub fn in_conflict(
    conn: &mut Conn,
    companies: &[i64],
) -> QueryResult<HashMap<i64, Option<Vec<UserId>>>> {
    let mut found = were_in_conflict(conn, companies)?;
    let settled = settled_of(conn, &found)?;
    for (company, people) in &mut found {
        if let Some(people) = people {
            people.retain(|user| !settled.contains(&(*company, user.to_string())));
        }
    }
    Ok(found)
}

/// The same with those who were linked or ignored since.
pub fn were_in_conflict(
    conn: &mut Conn,
    companies: &[i64],
) -> QueryResult<HashMap<i64, Option<Vec<UserId>>>> {
    let mut found = HashMap::new();
    for some in companies.chunks(AT_ONCE) {
        let rows: Vec<(i64, Option<Json<Vec<UserId>>>)> = dsl::plans
            .filter(dsl::company_id.eq_any(some))
            .select((dsl::company_id, dsl::in_conflict))
            .load(conn)?;
        let rows = rows.into_iter();
        found.extend(rows.map(|(company, people)| (company, people.map(|people| people.0))));
    }
    Ok(found)
}

/// Who is in conflict by the last plan of a company, and linked or ignored by now.
pub fn settled(conn: &mut Conn, company: i64) -> QueryResult<Vec<UserId>> {
    let mut found = were_in_conflict(conn, &[company])?;
    let settled = settled_of(conn, &found)?;
    let mut people = found.remove(&company).flatten().unwrap_or_default();
    people.retain(|user| settled.contains(&(company, user.to_string())));
    Ok(people)
}

/// Who of these has a link or is ignored.
fn settled_of(
    conn: &mut Conn,
    all: &HashMap<i64, Option<Vec<UserId>>>,
) -> QueryResult<HashSet<(i64, String)>> {
    let mut settled = HashSet::new();
    let companies: Vec<i64> = all.keys().copied().collect();
    for some in companies.chunks(AT_ONCE) {
        let people = some.iter().filter_map(|company| all.get(company)?.as_ref());
        let people: Vec<&str> = people.flatten().map(UserId::as_str).collect();
        settled.extend(linked(conn, some, &people)?);
        let ignored: Vec<(i64, Option<String>)> = ignored_users::table
            .filter(ignored_users::company_id.eq_any(some))
            .filter(ignored_users::user_id.is_not_null())
            .select((ignored_users::company_id, ignored_users::user_id))
            .load(conn)?;
        let ignored = ignored.into_iter();
        settled.extend(ignored.filter_map(|(company, user)| Some((company, user?))));
    }
    Ok(settled)
}

/// Who of these has a link: by company.
fn linked(conn: &mut Conn, companies: &[i64], people: &[&str]) -> QueryResult<Vec<(i64, String)>> {
    let mut found = Vec::new();
    for some in people.chunks(AT_ONCE) {
        let in_force = links::table
            .filter(
                links::company_id
                    .eq_any(companies)
                    .and(links::retired_at.is_null()),
            )
            .filter(links::user_id.eq_any(some.to_vec()))
            .select((links::company_id, links::user_id));
        found.extend(in_force.load::<(i64, String)>(conn)?);
    }
    Ok(found)
}

/// Forgets the last plan of a company: it is not read any more.
pub fn forget(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(dsl::plans.find(company))
        .execute(conn)
        .map(drop)
}
