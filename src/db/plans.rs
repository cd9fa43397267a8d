//! The last plan of each company, whole, as text that this module does not look into.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::plans::dsl;
use super::types::{AT_ONCE, stamp};

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
    let content = (
        dsl::run_id.eq(&plan.run_id),
        dsl::made_at.eq(stamp(plan.made_at)),
        dsl::plan.eq(&plan.plan),
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
    let row: Option<(i64, String, NaiveDateTime, String)> =
        dsl::plans.find(company).first(conn).optional()?;
    Ok(row.map(|(company_id, run_id, made_at, plan)| StoredPlan {
        company_id,
        run_id,
        made_at: made_at.and_utc(),
        plan,
    }))
}

/// Which plan it is: the run that made it, and when.
pub type Made = (String, DateTime<Utc>);

/// Which plans these companies have, without the plans themselves.
pub fn made(conn: &mut Conn, companies: &[i64]) -> QueryResult<Vec<(i64, Made)>> {
    let mut found = Vec::new();
    for some in companies.chunks(AT_ONCE) {
        let rows: Vec<(i64, String, NaiveDateTime)> = dsl::plans
            .filter(dsl::company_id.eq_any(some))
            .select((dsl::company_id, dsl::run_id, dsl::made_at))
            .load(conn)?;
        found.extend(
            rows.into_iter()
                .map(|(company, run, at)| (company, (run, at.and_utc()))),
        );
    }
    Ok(found)
}

/// Forgets the last plan of a company: it is not read any more.
pub fn forget(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(dsl::plans.find(company))
        .execute(conn)
        .map(drop)
}
