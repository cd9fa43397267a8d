//! What pages choose from: groups, licences, sites, contact types, and the values that people really have. Remembered facts
//! come first; what a cloud has to say it says within seconds, or it is an error that the page shows. Writes nothing but facts.

mod drafts;
mod names;
mod places;
mod products;

pub use drafts::{complete, members};
pub use names::{explain_last, group_names, groups_of, names_soon, remembered_names};
pub use places::{
    Called, Places, names_of_both, psa_company, psa_company_of, remember_tenant, remembered_places,
    tenant_name,
};
pub use products::{Product, products, standard_list, told};

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::db::facts::{company_scope, tenant_scope};
use crate::directory::sku_name;
use crate::model::{
    Company, ContactType, DirectoryField, GroupId, PsaCompany, Site, SkuId, User, text,
};
use crate::sync::failure::{RunError, failure};
use crate::sync::scene::{CONTACT_TYPES, SITES, psa_scope};
use crate::sync::select::{self, Activity};
use crate::sync::snapshot::{Licences, Snapshot};
use crate::sync::tenant;

/// So long a page waits for a cloud. A run waits longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A licence of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// SKU id.
    pub id: SkuId,
    /// Part number, such as `SPB`.
    pub part_number: String,
    /// The product's name; the part number where nobody knows it.
    pub name: String,
    /// Whether it makes a user active.
    pub counts: bool,
}

/// Groups of a company's tenant whose name has a word that begins like this, by name, at most 100.
///
/// # Errors
/// Where the tenant cannot be read.
pub async fn groups(
    app: &App,
    company: &Company,
    search: &str,
) -> Result<Vec<(GroupId, String)>, RunError> {
    soon(async {
        let (_, directory) = app.directory(company).await?;
        Ok(directory.groups(search).await?)
    })
    .await
}

/// Companies of a PSA whose name contains the text, at most 50.
///
/// # Errors
/// Where the PSA cannot be read.
pub async fn companies(app: &App, psa: i64, search: &str) -> Result<Vec<PsaCompany>, RunError> {
    soon(async {
        let (_, psa) = app.psa(psa).await?;
        Ok(psa.companies(search).await?)
    })
    .await
}

/// The licences of a company's tenant by name; `refresh`: read now, even if they are remembered.
///
/// # Errors
/// Where the tenant cannot be read.
pub async fn licences(
    app: &App,
    company: &Company,
    refresh: bool,
) -> Result<Vec<Licence>, RunError> {
    let ignored = app.ignored_licences().await?;
    let skus = soon(async {
        let (connection, directory) = app.directory(company).await?;
        let scope = tenant_scope(&connection.tenant_id);
        tenant::skus(&app.facts(), &scope, &directory, refresh).await
    })
    .await?;
    let counting = Licences::new(&skus, &ignored);
    let mut licences: Vec<Licence> = skus
        .into_iter()
        .map(|sku| Licence {
            name: sku_name(&sku.id).map_or_else(|| sku.part_number.clone(), Into::into),
            counts: counting.counts(&sku.id),
            id: sku.id,
            part_number: sku.part_number,
        })
        .collect();
    licences.sort_by_cached_key(|licence| (licence.name.to_lowercase(), licence.id.clone()));
    Ok(licences)
}

/// The company's sites in the PSA, inactive ones too. Those of a company that is not saved yet are read and not remembered.
///
/// # Errors
/// Where the PSA cannot be read.
pub async fn sites(app: &App, company: &Company, refresh: bool) -> Result<Vec<Site>, RunError> {
    let read = async || {
        let (_, psa) = app.psa(company.psa_id).await?;
        Ok::<_, RunError>(psa.sites(&company.psa_company_id).await?)
    };
    if company.id == 0 {
        return soon(read()).await;
    }
    fact(app, &company_scope(company.id), SITES, refresh, read).await
}

/// The contact types of a PSA connection; `None` where it has no such thing.
///
/// # Errors
/// Where the PSA cannot be read.
pub async fn contact_types(
    app: &App,
    psa: i64,
    refresh: bool,
) -> Result<Option<Vec<ContactType>>, RunError> {
    let read = async || {
        let (_, psa) = app.psa(psa).await?;
        Ok::<_, RunError>(psa.contact_types().await?)
    };
    fact(app, &psa_scope(psa), CONTACT_TYPES, refresh, read).await
}

/// The values that active users have in a field, each as most of them write it and with how many have it; the most frequent
/// first.
pub fn field_values(snapshot: &Snapshot, field: DirectoryField) -> Vec<(String, usize)> {
    counted(active(snapshot).filter_map(|user| user.fields.get(&field).map(|value| value.trim())))
}

/// The domains of the user principal names of active users, each with how many have it; the most frequent first.
pub fn domains(snapshot: &Snapshot) -> Vec<(String, usize)> {
    let domains: Vec<_> = active(snapshot)
        .filter_map(|user| text::domain(&user.upn))
        .collect();
    counted(domains.iter().map(AsRef::as_ref))
}

fn active(snapshot: &Snapshot) -> impl Iterator<Item = &User> {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    snapshot
        .users
        .iter()
        .filter(move |user| matches!(select::select(user, &licences), Activity::Active(_)))
}

/// Values that a filter takes for the same count together.
fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut spellings: HashMap<String, HashMap<&str, usize>> = HashMap::new();
    for value in values.filter(|value| !value.is_empty()) {
        let folded = text::folded(value).into_owned();
        *spellings
            .entry(folded)
            .or_default()
            .entry(value)
            .or_default() += 1;
    }
    let mut values: Vec<(String, usize)> = spellings
        .into_values()
        .filter_map(|spellings| {
            let all = spellings.values().sum();
            let most = spellings
                .into_iter()
                .max_by(|(one, count), (other, more)| count.cmp(more).then(other.cmp(one)));
            most.map(|(value, _)| (value.to_owned(), all))
        })
        .collect();
    values.sort_by(|(one, count), (other, more)| more.cmp(count).then_with(|| one.cmp(other)));
    values
}

/// A fact as remembered, unless it is to be read now.
async fn fact<T, F>(
    app: &App,
    scope: &str,
    name: &str,
    refresh: bool,
    read: impl FnOnce() -> F,
) -> Result<T, RunError>
where
    T: Serialize + DeserializeOwned,
    F: Future<Output = Result<T, RunError>>,
{
    let facts = app.facts();
    soon(async {
        if refresh {
            facts.anew(scope, name, read).await
        } else {
            facts.get(scope, name, read).await
        }
    })
    .await
}

/// An answer that a page can wait for.
async fn soon<T>(asked: impl Future<Output = Result<T, RunError>>) -> Result<T, RunError> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(failure(
            "timeout",
            format!("No answer came within {} seconds", PATIENCE.as_secs()),
            "Try again in a minute",
        )),
    }
}
