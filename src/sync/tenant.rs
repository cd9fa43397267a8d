//! Reads the tenant's side of a company: users, the members of groups that filters name, licences.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::failure::{RunError, failure};
use super::named::{enabled_tests, gone, groups_in_use};
use super::observe::{Remembered, Together};
use super::scene::{ORGANIZATION, SKUS, Scene};
use super::select;
use super::settling;
use super::snapshot::Licences;
use crate::directory::Directory;
use crate::http::{ApiError, Kind};
use crate::model::{Company, GroupId, Side, Sku, Test, User, UserId};

/// The tenant's licences, and names that were looked for in vain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Skus {
    skus: Vec<Sku>,
    unknown: BTreeSet<String>,
}

/// The tenant's side as read.
pub(super) struct TenantSide {
    pub(super) users: Vec<User>,
    pub(super) groups: HashMap<GroupId, HashSet<UserId>>,
    pub(super) skus: Vec<Sku>,
    pub(super) newly_deleted: Vec<UserId>,
}

/// Reads the tenant's side whole.
pub(super) async fn directory_side(
    scene: &Scene,
    facts: &Facts,
    remembered: &Remembered,
    together: &Together,
) -> Result<TenantSide, RunError> {
    let (directory, scope) = (&scene.directory, scene.tenant_scope());
    let groups = groups_in_use(&scene.company);
    let read = tokio::join!(
        together.branch(facts.get(&scope, ORGANIZATION, || directory.confirm_tenant())),
        together.branch(async { Ok(directory.users().await?) }),
        join_all(
            groups
                .into_iter()
                .map(|(id, label)| together.branch(members(directory, (facts, &scope), id, label)))
        ),
        together.branch(facts.get(&scope, SKUS, || skus_of(directory))),
    );
    let (Some(_), Some(mut users), groups, Some(skus)) = read else {
        return Err(together.failure());
    };
    let Some(groups) = groups.into_iter().collect::<Option<HashMap<_, _>>>() else {
        return Err(together.failure());
    };
    if let Some(silence) = select::unreadable(&users) {
        return Err(failure(
            "permission",
            format!(
                "Microsoft Graph gives {} for no user of the tenant",
                silence.field()
            ),
            "Give the app the application permission User.Read.All and grant admin consent again",
        )
        .by(Side::Tenant));
    }
    let listed: HashSet<&UserId> = users.iter().map(|user| &user.id).collect();
    // Who may turn out to be linked by a create that was left sent is asked for too.
    let linked = remembered.links.iter().filter(|link| !link.user_deleted);
    let missing: BTreeSet<&UserId> = linked
        .map(|link| &link.user_id)
        .chain(settling::created(&remembered.left))
        .filter(|user| !listed.contains(user))
        .collect();
    let missing: Vec<UserId> = missing.into_iter().cloned().collect();
    let mut newly_deleted = Vec::new();
    if !missing.is_empty() {
        for (id, found) in directory.users_by_id(&missing).await? {
            match found {
                Some(user) => users.push(user),
                None => newly_deleted.push(id),
            }
        }
    }
    let skus = current_skus(scene, facts, skus, &users).await?;
    Ok(TenantSide {
        users,
        groups,
        skus,
        newly_deleted,
    })
}

async fn skus_of(directory: &Directory) -> Result<Skus, ApiError> {
    Ok(Skus {
        skus: directory.skus().await?,
        unknown: BTreeSet::new(),
    })
}

/// The licences of the tenant with this scope of facts, as remembered, unless they are to be read now.
///
/// # Errors
/// Where they cannot be read.
pub async fn skus(
    facts: &Facts,
    scope: &str,
    directory: &Directory,
    refresh: bool,
) -> Result<Vec<Sku>, RunError> {
    let read = if refresh {
        facts.anew(scope, SKUS, || skus_of(directory)).await
    } else {
        facts.get(scope, SKUS, || skus_of(directory)).await
    };
    Ok(read?.skus)
}

/// The licences in a remembered fact of this kind; none where it cannot be understood.
pub fn skus_in(fact: serde_json::Value) -> Vec<Sku> {
    let read: Option<Skus> = serde_json::from_value(fact).ok();
    read.map(|read| read.skus).unwrap_or_default()
}

/// The name of the fact how a group is called, in the scope of its tenant.
pub fn group_name(group: &GroupId) -> String {
    format!("group:{group}")
}

/// A group that may be gone, by the name that it had and its id.
///
/// # Errors
/// Where the database fails.
pub async fn called(facts: &Facts, scope: &str, group: &GroupId) -> Result<String, RunError> {
    let name: Option<Option<String>> = facts.of_any_age(scope, &group_name(group)).await?;
    Ok(match name.flatten() {
        Some(name) => format!("{name} ({group})"),
        None => group.to_string(),
    })
}

async fn members(
    directory: &Directory,
    (facts, scope): (&Facts, &str),
    id: GroupId,
    label: String,
) -> Result<(GroupId, HashSet<UserId>), RunError> {
    match directory.members(&id).await {
        Ok(members) => Ok((id, members.into_iter().collect())),
        Err(error) if error.kind == Kind::NotFound => {
            let called = called(facts, scope, &id).await?;
            let message = format!(
                "{label} names the group {called}, which the tenant does not have any more"
            );
            Err(gone("group", &[message]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads the licences anew where somebody holds, or a filter names, one that is unknown and was not looked for yet.
async fn current_skus(
    scene: &Scene,
    facts: &Facts,
    skus: Skus,
    users: &[User],
) -> Result<Vec<Sku>, RunError> {
    let unknown = unknown_skus(&skus.skus, &scene.company, users);
    let scope = scene.tenant_scope();
    if facts.is_fresh(&scope, SKUS) {
        if unknown != skus.unknown {
            facts
                .put(
                    &scope,
                    SKUS,
                    &Skus {
                        unknown,
                        skus: skus.skus.clone(),
                    },
                )
                .await?;
        }
        return Ok(skus.skus);
    }
    if unknown.is_subset(&skus.unknown) {
        return Ok(skus.skus);
    }
    let now = scene.directory.skus().await?;
    let unknown = unknown_skus(&now, &scene.company, users);
    facts
        .put(
            &scope,
            SKUS,
            &Skus {
                skus: now.clone(),
                unknown,
            },
        )
        .await?;
    Ok(now)
}

fn unknown_skus(skus: &[Sku], company: &Company, users: &[User]) -> BTreeSet<String> {
    let licences = Licences::new(skus, &[]);
    let held: HashSet<_> = users
        .iter()
        .flat_map(|user| user.licences.iter().flatten())
        .collect();
    let named = enabled_tests(company).filter_map(|(_, test)| match test {
        Test::Licence(name) if licences.find(name).is_empty() => Some(name.trim().to_lowercase()),
        _ => None,
    });
    held.into_iter()
        .filter(|id| !licences.knows(id))
        .map(ToString::to_string)
        .chain(named)
        .collect()
}
