//! Who waits in conflict for a person's decision, by the plans that are kept and what was decided since.

use std::collections::HashMap;

use diesel::QueryResult;

use super::counts_of;
use crate::db::Conn;
use crate::db::fleet::LastRun;
use crate::db::plans;
use crate::model::UserId;
use crate::sync::plan::Kept;

/// Who is in conflict at each company of these whose last good run left somebody so, but for those who were linked or ignored
/// since. A company whose plan is not kept any more is left out.
///
/// # Errors
/// Where the database fails.
pub(super) fn read(
    conn: &mut Conn,
    good: &HashMap<i64, LastRun>,
) -> QueryResult<HashMap<i64, Vec<UserId>>> {
    let is_torn = |run| counts_of(run).is_some_and(|counts| counts.conflict > 0);
    let torn = good.iter().filter(|(_, run)| is_torn(run));
    let torn: Vec<i64> = torn.map(|(company, _)| *company).collect();
    let mut found = HashMap::new();
    for (company, people) in plans::in_conflict(conn, &torn)? {
        let people = match people {
            Some(people) => people,
            None => of_an_older_plan(conn, company)?,
        };
        found.insert(company, people);
    }
    Ok(found)
}

fn of_an_older_plan(conn: &mut Conn, company: i64) -> QueryResult<Vec<UserId>> {
    let kept = plans::get(conn, company)?.and_then(|stored| Kept::read(&stored.plan));
    let people = kept.into_iter().flat_map(Kept::in_conflict);
    Ok(people.map(|one| one.user_id).collect())
}
