//! A company as a night finds it, and what the oracle says of it.

use std::collections::BTreeSet;

use rollcall::db::jobs::{self, Job, JobState, Work};
use rollcall::db::{dismissals, holds, ignored_users, links, writes};
use rollcall::jobs::MOST_ATTEMPTS;

use super::oracle::{Expected, Facts, Tie, expect};
use super::seen::Cloud;
use super::world::{Town, World};

/// A company as the night found it.
pub struct Evening {
    pub facts: Facts,
    pub expected: Expected,
    /// Effects so far at its PSA.
    pub effects: usize,
    /// Nothing is left of which nobody knows what came of it: then the night's end is known beforehand.
    pub settled: bool,
}

/// Looks at every company before the night.
pub async fn evening(world: &World) -> Vec<Evening> {
    let mut evenings = Vec::new();
    for town in &world.towns {
        let row = town.row;
        let left = world.read(move |conn| writes::left_sent(conn, row)).await;
        let facts = facts(world, town).await;
        evenings.push(Evening {
            expected: expect(&facts),
            facts,
            effects: world.psas[town.psa].effects.len(),
            settled: left.is_empty(),
        });
    }
    evenings
}

/// Everything that the oracle has to know, as it is now.
pub async fn facts(world: &World, town: &Town) -> Facts {
    let company = world.company(town).await;
    let psa = &world.psas[town.psa];
    let (users, groups, skus) = world.microsoft.tenant(&town.tenant, |tenant| {
        (
            tenant.users.clone(),
            tenant.groups.clone(),
            tenant.skus.clone(),
        )
    });
    let (row, tenant) = (town.row, town.tenant.as_str().into());
    let psa_company = company.psa_company_id.clone();
    let (ties, ignored, dismissed, hold, left, waiting) = world
        .read(move |conn| {
            Ok((
                links::in_force(conn, row, &tenant, &psa_company)?,
                ignored_users::of_company(conn, row)?,
                dismissals::list(conn, row)?,
                holds::open_of(conn, row)?,
                writes::left_sent(conn, row)?,
                jobs::unfinished(conn, 100)?,
            ))
        })
        .await;
    Facts {
        connectwise: psa.cloud.is_connectwise(),
        flag_moves: match &psa.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| state.switches.default_flag_moves),
            Cloud::Autotask(_) => true,
        },
        default_type: psa.default_type.clone(),
        contacts: psa.cloud.contacts(town.company),
        ties: ties
            .into_iter()
            .map(|link| Tie {
                user: link.user_id.to_string(),
                contact: link.contact_id.to_string(),
            })
            .collect(),
        ignored: ignored
            .into_iter()
            .map(|(entry, id)| id.map_or(entry, |id| id.to_string()))
            .collect(),
        dismissed: dismissed.iter().map(ToString::to_string).collect(),
        hold: hold
            .into_iter()
            .flat_map(|hold| hold.people)
            .map(|person| person.user_id.to_string())
            .collect(),
        approved: approved_by(waiting, row),
        unsettled: left
            .into_iter()
            .filter(|left| left.contact_id.is_none())
            .map(|left| left.user_id.to_string())
            .collect(),
        users,
        groups,
        skus,
        company,
    }
}

/// Whose deactivation was approved and not carried out yet.
pub async fn approved(world: &World, town: &Town) -> BTreeSet<String> {
    let waiting = world.read(|conn| jobs::unfinished(conn, 100)).await;
    approved_by(waiting, town.row)
}

/// Whom the jobs of a company are going to deactivate: approved today, or on a day after which the connection was in quarantine
/// or failed in another way. A job that was begun for the last time by a process that is dead will not be done.
fn approved_by(waiting: Vec<Job>, company: i64) -> BTreeSet<String> {
    let is_over = |job: &Job| job.state == JobState::Running && job.attempts >= MOST_ATTEMPTS;
    let mine = waiting
        .into_iter()
        .filter(|job| job.company_id == Some(company) && !is_over(job));
    mine.flat_map(|job| match job.work {
        Work::Run(run) => run.approved,
        Work::Preview | Work::Undo(_) => BTreeSet::new(),
    })
    .map(|user| user.to_string())
    .collect()
}
