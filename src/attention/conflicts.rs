//! Who is in conflict, by the plans that are kept. Those are long, and most stay for a day, so that none is read twice.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::QueryResult;

use super::{Fleet, counts_of};
use crate::db::Conn;
use crate::db::plans::{self, Made};
use crate::model::UserId;
use crate::sync::plan::Kept;

/// Who is in conflict at each company where somebody is, and by which plan.
#[derive(Clone, Debug, Default)]
pub struct Conflicts(HashMap<i64, (Made, Arc<[UserId]>)>);

impl Conflicts {
    /// Who is in conflict at a company.
    pub fn of(&self, company: i64) -> &[UserId] {
        self.0.get(&company).map_or(&[], |(_, people)| people)
    }

    /// The same as it is now: a plan that is `self`'s still is not read again.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn now(&self, conn: &mut Conn, fleet: &Fleet) -> QueryResult<Self> {
        let is_torn = |run| counts_of(run).is_some_and(|counts| counts.conflict > 0);
        let torn = fleet.good.iter().filter(|(_, run)| is_torn(run));
        let torn: Vec<i64> = torn.map(|(company, _)| *company).collect();
        let mut found = HashMap::new();
        for (company, made) in plans::made(conn, &torn)? {
            let known = self.0.get(&company).filter(|(by, _)| *by == made);
            let people = match known {
                Some((_, people)) => people.clone(),
                None => read(conn, company)?,
            };
            found.insert(company, (made, people));
        }
        Ok(Self(found))
    }
}

fn read(conn: &mut Conn, company: i64) -> QueryResult<Arc<[UserId]>> {
    let kept = plans::get(conn, company)?.and_then(|stored| Kept::read(&stored.plan));
    let people = kept.into_iter().flat_map(Kept::in_conflict);
    Ok(people.map(|one| one.user_id).collect())
}
