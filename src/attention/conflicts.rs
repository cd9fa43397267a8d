//! Who is in conflict, by the plans that are kept.

use std::collections::HashMap;

use diesel::QueryResult;

use super::{Fleet, counts_of};
use crate::db::{Conn, plans};
use crate::model::UserId;
use crate::sync::plan::Kept;

/// Who is in conflict at each company where somebody is.
pub fn in_conflict(conn: &mut Conn, fleet: &Fleet) -> QueryResult<HashMap<i64, Vec<UserId>>> {
    let mut found = HashMap::new();
    for (company, good) in &fleet.good {
        if counts_of(good).is_none_or(|counts| counts.conflict == 0) {
            continue;
        }
        let kept = plans::get(conn, *company)?.and_then(|stored| Kept::read(&stored.plan));
        let people = kept.into_iter().flat_map(Kept::in_conflict);
        found.insert(*company, people.map(|one| one.user_id).collect());
    }
    Ok(found)
}
