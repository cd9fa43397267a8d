//! What needs a person since the PSA does not take people's changes, run after run. One failure in one run is a passing fault
//! and needs nobody.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;

use super::needs::{Need, What};
use super::{Fleet, counts_of};
use crate::db::fleet::{self, Brief, LastRun};
use crate::db::{Conn, changes, ignored_users};
use crate::model::UserId;

/// The people of each company whose changes failed in its last run and in the one before it, of those that brought both sides
/// together: a run that could not read says nothing of them. Who was ignored since needs nobody any more. A company of nobody
/// is left out.
///
/// # Errors
/// Where the database fails.
pub(super) fn read(
    conn: &mut Conn,
    good: &HashMap<i64, LastRun>,
) -> QueryResult<HashMap<i64, Vec<UserId>>> {
    let some_failed = |run| counts_of(run).is_some_and(|counts| counts.failed > 0);
    let mut found = HashMap::new();
    for (company, _) in good.iter().filter(|(_, run)| some_failed(run)) {
        let people = of_company(conn, *company)?;
        if !people.is_empty() {
            found.insert(*company, people);
        }
    }
    Ok(found)
}

fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Vec<UserId>> {
    let runs = fleet::good_runs_of(conn, company, 2)?;
    let [last, before] = runs.as_slice() else {
        return Ok(Vec::new());
    };
    let failed = changes::failed_in(conn, &runs)?;
    let of = |run: &String| -> HashSet<&UserId> {
        let of_run = failed.iter().filter(|(one, _)| one == run);
        of_run.map(|(_, user)| user).collect()
    };
    let ignored = ignored_users::of_company(conn, company)?;
    let ignored: HashSet<UserId> = ignored.into_iter().filter_map(|(_, user)| user).collect();
    let (last, before) = (of(last), of(before));
    let both = last.intersection(&before).copied();
    let mut people: Vec<UserId> = both
        .filter(|user| !ignored.contains(user))
        .cloned()
        .collect();
    people.sort_unstable();
    Ok(people)
}

/// The last run in which the PSA did not take the changes of people whose changes it had not taken in the run before it either,
/// and how many they are; `None` where they are nobody, or no run is expected of the company.
pub fn not_taken<'a>(fleet: &'a Fleet, company: &Brief) -> Option<(&'a LastRun, usize)> {
    let expected = company.sync_contacts && company.connected;
    let people = fleet.refused.get(&company.id).filter(|_| expected)?;
    let run = fleet.good.get(&company.id)?;
    (!people.is_empty()).then_some((run, people.len()))
}

/// People whose changes fail run after run: nothing passing, so that somebody has to look.
pub(super) fn refused(fleet: &Fleet, company: &Brief) -> Option<Need> {
    let (run, people) = not_taken(fleet, company)?;
    let title = "The PSA does not take some people's changes";
    let advice = "Look at what the PSA says to each of them. Mend it there or in Microsoft 365, or ignore the person";
    Some(Need {
        link: format!("/runs/{}?outcome=failed", run.id),
        verb: "See who failed at",
        people: i64::try_from(people).unwrap_or(i64::MAX),
        ..Need::of(company, What::Refused, title, advice)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{company, now, run};
    use super::super::{Cause, judge};
    use super::*;

    fn fleet(people: &[(i64, usize)]) -> Fleet {
        let names = ["Contoso", "Fabrikam"];
        let refused = |(id, number): &(i64, usize)| {
            let ids = (0..*number).map(|one| UserId::new(&format!("user-{one}")));
            (*id, ids.collect())
        };
        Fleet {
            companies: (1..)
                .zip(names)
                .map(|(id, name)| company(id, name))
                .collect(),
            good: [(1, run(1, None)), (2, run(2, None))].into(),
            refused: people.iter().map(refused).collect(),
            ..Fleet::default()
        }
    }

    fn told(fleet: &Fleet) -> Vec<Cause> {
        judge(fleet, now()).0
    }

    #[test]
    fn people_whose_changes_are_not_taken_are_one_cause_whatever_their_number() {
        let one = told(&fleet(&[(1, 3)]));
        assert_eq!(one.len(), 1);
        let title = "The PSA does not take the changes of 3 people at 1 company";
        assert_eq!((&*one[0].title, &*one[0].kind), (title, "warn"));
        assert_eq!(one[0].link, "/runs/run-1?outcome=failed");
        assert_eq!(one[0].button, "See who failed at Contoso");
        let two = told(&fleet(&[(1, 3), (2, 1)]));
        assert_eq!(two.len(), 1);
        let title = "The PSA does not take the changes of 4 people at 2 companies";
        assert_eq!(
            (&*two[0].title, &*two[0].button),
            (title, "Show these 2 companies")
        );
        assert_eq!(two[0].companies[1].link, "/runs/run-2?outcome=failed");
        assert_eq!(
            two[0].key, one[0].key,
            "the list is the same from night to night"
        );
    }

    #[test]
    fn they_come_after_what_is_held_and_before_conflicts() {
        let mut fleet = fleet(&[(1, 1)]);
        fleet.held = [(2, 5)].into();
        fleet.conflicts = [(1, vec![UserId::new("anna")])].into();
        let titles: Vec<String> = told(&fleet).into_iter().map(|cause| cause.title).collect();
        assert_eq!(
            titles,
            [
                "5 deactivations wait at 1 company",
                "The PSA does not take the changes of 1 person at 1 company",
                "1 person fits no single contact at 1 company"
            ]
        );
    }

    #[test]
    fn a_company_of_which_no_run_is_expected_has_nobody_who_fails() {
        let mut fleet = fleet(&[(1, 3)]);
        fleet.companies[0].sync_contacts = false;
        assert_eq!(told(&fleet), []);
    }
}
