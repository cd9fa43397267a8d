//! Members of groups that a filter names which is not saved yet. They are kept in memory for some minutes, so that trying a
//! filter out does not read a group again and again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::join_all;

use super::soon;
use crate::app::App;
use crate::directory::Directory;
use crate::http::Kind;
use crate::model::{Company, GroupId, TenantId, UserId};
use crate::sync::failure::{RunError, failure};
use crate::sync::named::groups_in_use;
use crate::sync::snapshot::Snapshot;

/// The members of a group, or why they are not known.
pub type Members = Result<Arc<HashSet<UserId>>, RunError>;

/// The members, nested ones too, of each of these groups, from memory where they were read in the last ten minutes. A group that
/// cannot be read is an error of its own.
pub async fn members(
    app: &App,
    company: &Company,
    groups: &[GroupId],
) -> HashMap<GroupId, Members> {
    let client = match app.directory(company).await {
        Ok(client) => client,
        Err(error) => {
            let failed = |group: &GroupId| (group.clone(), Err(error.clone()));
            return groups.iter().map(failed).collect();
        }
    };
    let (connection, directory) = client;
    let tenant = &connection.tenant_id;
    let reading = groups.iter().map(|group| {
        let directory = &directory;
        async move {
            let read = soon(read(app, company.id, (tenant, directory), group)).await;
            (group.clone(), read)
        }
    });
    join_all(reading).await.into_iter().collect()
}

async fn read(
    app: &App,
    company: i64,
    (tenant, directory): (&TenantId, &Directory),
    group: &GroupId,
) -> Members {
    let key = (company, tenant.clone(), group.clone());
    if let Some(known) = app.known_members(&key) {
        return Ok(known);
    }
    match directory.members(group).await {
        Ok(members) => Ok(app.know_members(key, members.into_iter().collect())),
        Err(error) if error.kind == Kind::NotFound => Err(failure(
            "missing_group",
            "The tenant does not have this group any more",
            "Choose another group, or switch the filter off",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Puts the members of groups that the company's filters name and that the snapshot lacks into it. Returns the groups that could
/// not be read: a plan made without them takes nobody for a member.
pub async fn complete(
    app: &App,
    company: &Company,
    snapshot: &mut Snapshot,
) -> Vec<(GroupId, RunError)> {
    let mut missing: Vec<GroupId> = groups_in_use(company).into_keys().collect();
    missing.retain(|group| !snapshot.groups.contains_key(group));
    if missing.is_empty() {
        return Vec::new();
    }
    missing.sort();
    let mut read = members(app, company, &missing).await;
    let mut failed = Vec::new();
    for group in missing {
        match read.remove(&group) {
            Some(Ok(members)) => {
                snapshot.groups.insert(group, (*members).clone());
            }
            Some(Err(error)) => failed.push((group, error)),
            None => {}
        }
    }
    failed
}
