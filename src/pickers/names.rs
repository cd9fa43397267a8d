//! How groups are called, and explanations that need it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::join_all;

use super::fact;
use crate::app::App;
use crate::db::facts::tenant_scope;
use crate::db::tenant_connections;
use crate::directory::sku_name;
use crate::model::{Company, GroupId, SkuId, Test};
use crate::sync::explain::{Explanation, Names, explain};
use crate::sync::failure::RunError;
use crate::sync::last::Last;
use crate::sync::tenant::group_name;

/// A page waits so long for the names of groups; without them it shows ids.
const PATIENCE: Duration = Duration::from_secs(3);

/// The groups that a company's filters name, switched off ones too.
pub fn groups_of(company: &Company) -> BTreeSet<GroupId> {
    let conditions = company.filters.iter().flat_map(|filter| &filter.when);
    conditions
        .filter_map(|condition| match &condition.test {
            Test::Group(group) => Some(group.clone()),
            _ => None,
        })
        .collect()
}

/// The display names of groups; without those that cannot be read, since a page or an explanation is as true with their ids.
/// `refresh`: read now, even if they are remembered.
pub async fn group_names(
    app: &App,
    company: &Company,
    groups: &BTreeSet<GroupId>,
    refresh: bool,
) -> HashMap<GroupId, String> {
    if groups.is_empty() {
        return HashMap::new();
    }
    let Ok((connection, directory)) = app.directory(company).await else {
        return HashMap::new();
    };
    let scope = tenant_scope(&connection.tenant_id);
    let names = groups.iter().map(|group| {
        let (scope, directory) = (&scope, &directory);
        let read = async move || Ok::<_, RunError>(directory.group(group).await?);
        async move {
            let name: Option<String> = fact(app, scope, &group_name(group), refresh, read)
                .await
                .ok()?;
            Some((group.clone(), name?))
        }
    });
    join_all(names).await.into_iter().flatten().collect()
}

/// The display names of the groups that a company's filters name: those that are remembered, however long, and of the others
/// what the tenant says within seconds.
///
/// # Errors
/// Where the database fails.
pub async fn names_soon(
    app: &App,
    company: &Company,
) -> Result<HashMap<GroupId, String>, RunError> {
    let mut names = remembered_names(app, company).await?;
    let mut unknown = groups_of(company);
    unknown.retain(|group| !names.contains_key(group));
    let asked = group_names(app, company, &unknown, false);
    if let Ok(found) = tokio::time::timeout(PATIENCE, asked).await {
        names.extend(found);
    }
    Ok(names)
}

/// The display names that are remembered of the groups that a company's filters name. Sends no request.
///
/// # Errors
/// Where the database fails.
pub async fn remembered_names(
    app: &App,
    company: &Company,
) -> Result<HashMap<GroupId, String>, RunError> {
    let id = company.id;
    let connection = app
        .db()
        .read(move |conn| tenant_connections::get(conn, id))
        .await?;
    let mut names = HashMap::new();
    if let Some(connection) = connection {
        let (facts, scope) = (app.facts(), tenant_scope(&connection.tenant_id));
        for group in groups_of(company) {
            let known: Option<Option<String>> =
                facts.of_any_age(&scope, &group_name(&group)).await?;
            if let Some(name) = known.flatten() {
                names.insert(group, name);
            }
        }
    }
    Ok(names)
}

/// Explains a user from the last reading; `None` where neither the tenant nor a link has them. Asks for nothing but the names
/// of groups that nobody has read yet.
///
/// # Errors
/// Where the database fails.
pub async fn explain_last(
    app: &App,
    company: &Company,
    last: &Last,
    wanted: &str,
) -> Result<Option<Explanation>, RunError> {
    let names = names_soon(app, company).await?;
    let called = Names {
        licence: &|id| sku_name(&SkuId::new(id)),
        group: &|id| names.get(id).cloned(),
    };
    Ok(explain(
        &company.name,
        &last.snapshot,
        last.plan(),
        wanted,
        &called,
    ))
}
