//! How many people of each company stand how: counted in the background by the last reading and the settings as they are now, so
//! that the fleet says the same as a company's own pages. This keeps and gives; it counts nothing.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use super::schema::tallies::{self, dsl};
use super::types::{Json, json};

/// How many people stand how, by the word of the standing; who is not named is nobody.
pub type Tally = BTreeMap<String, usize>;

/// A company whose tally is missing or old.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Stale {
    /// The company's row id.
    #[diesel(sql_type = BigInt)]
    pub company_id: i64,
    /// What is there now of all that a tally depends on; kept with the tally that is counted by it.
    #[diesel(sql_type = Text)]
    pub seen: String,
}

/// A tally depends on the last reading, on what runs did since, and on what people decided and saved: each of them leaves its
/// last reading, run or event.
const SEEN: &str = "SELECT companies.id AS company_id, \
     COALESCE((SELECT run_id FROM readings WHERE company_id = companies.id), '-') || ' ' || \
     COALESCE((SELECT id FROM runs WHERE company_id = companies.id AND status IS NOT NULL \
     ORDER BY started_at DESC, id DESC LIMIT 1), '-') || ' ' || \
     COALESCE(CAST((SELECT MAX(id) FROM events WHERE company_id = companies.id) AS TEXT), '-') || ' ' || \
     COALESCE(CAST((SELECT MAX(id) FROM events WHERE company_id IS NULL) AS TEXT), '-') AS seen \
     FROM companies WHERE removed_at IS NULL";

/// Companies whose tally is missing or old, so many at most.
pub fn stale(conn: &mut Conn, most: i64) -> QueryResult<Vec<Stale>> {
    let query = diesel::sql_query(format!(
        "SELECT now.company_id, now.seen FROM ({SEEN}) AS now \
         LEFT JOIN tallies ON tallies.company_id = now.company_id \
         WHERE tallies.seen IS NULL OR tallies.seen <> now.seen \
         ORDER BY now.company_id LIMIT {most}"
    ));
    // `each!`: a query in words.
    each!(conn => query.load(conn))
}

/// Keeps a company's tally with what was seen before it was counted; `None`: there is no reading to count by.
pub fn keep(conn: &mut Conn, stale: &Stale, tally: Option<&Tally>) -> QueryResult<()> {
    let counts = tally.map(json).transpose()?;
    let values = (dsl::seen.eq(&stale.seen), dsl::counts.eq(counts));
    // `each!`: an insert that gives way.
    each!(conn => diesel::insert_into(dsl::tallies)
        .values((dsl::company_id.eq(stale.company_id), values.clone()))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(values)
        .execute(conn))
    .map(drop)
}

/// The tallies of all companies that have one, old ones too, by the company's row id.
pub fn all(conn: &mut Conn) -> QueryResult<HashMap<i64, Tally>> {
    let rows: Vec<(i64, Option<Json<Tally>>)> = tallies::table
        .filter(dsl::counts.is_not_null())
        .select((dsl::company_id, dsl::counts))
        .load(conn)?;
    let counted = rows.into_iter();
    Ok(counted
        .filter_map(|(company, counts)| Some((company, counts?.0)))
        .collect())
}
