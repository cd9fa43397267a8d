//! Connections tested with a real read, stored ones and those of a form that is not saved yet. Writes nothing anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use crate::app::App;
use crate::directory::{Credential, Directory, Identity};
use crate::model::filter::Named;
use crate::model::text::and;
use crate::model::{Company, ContactTypeId, PsaCompany, TenantConnection, Test, Vocabulary};
use crate::psa::{self, Budget, Connection, Psa};
use crate::sync::failure::{RunError, company_gone, failure};
use crate::sync::scene::tenant_scope;
use crate::sync::select::{self, Activity};
use crate::sync::snapshot::Licences;
use crate::sync::{self, named, tenant};

/// What is worth knowing of a company that is inactive in the PSA.
pub const INACTIVE: &str = "the company is inactive in the PSA, so that nothing is written for it";

/// A tenant that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedTenant {
    /// Its name, as it says itself.
    pub name: String,
    /// Its verified domains.
    pub domains: Vec<String>,
    /// So many users it has, guests and blocked ones too.
    pub users: usize,
    /// So many of them have a licence that counts, and may sign in.
    pub active: usize,
}

/// A PSA that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedPsa {
    /// Its words and limits.
    pub vocabulary: Vocabulary,
    /// The names of phone types that the connection uses and that the PSA does not have.
    pub missing: Vec<String>,
    /// How much of the vendor's hourly budget is used; `None` where there is none, or it was not told.
    pub budget: Option<Budget>,
}

/// Reads companies, types and limits with a stored PSA connection, as a run does.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn psa(app: &App, id: i64) -> Result<Vocabulary, RunError> {
    let (connection, psa) = app.psa(id).await?;
    psa_answers(&*psa, connection.default_contact_type.as_ref()).await
}

/// The same with a connection that is not stored: the vendor's id, its fields and its secrets by their keys. Phone types that are
/// missing are part of the answer, so that others can be chosen from what was read.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn look_at_psa(
    app: &App,
    kind: &str,
    fields: &BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretString>,
) -> Result<TriedPsa, RunError> {
    let psa = unstored(app, kind, fields, secrets)?;
    let vocabulary = vocabulary(&*psa).await?;
    let missing = psa.missing_phone_types(&vocabulary);
    // The budget is worth knowing, and no reason to call the connection bad.
    let budget = psa.budget().await.unwrap_or_default();
    Ok(TriedPsa {
        vocabulary,
        missing,
        budget,
    })
}

/// The client of a connection that is not stored.
fn unstored(
    app: &App,
    kind: &str,
    fields: &BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretString>,
) -> Result<Arc<dyn Psa>, RunError> {
    let advice = "Check what is filled in";
    let vendor = psa::vendor(kind)
        .ok_or_else(|| sync::not_set_up(format!("There is no PSA of the kind {kind}"), advice))?;
    (vendor.connect)(Connection {
        fields: fields.clone(),
        secrets,
        remembered: None,
        lookup_url: app.config().autotask_url.clone(),
        at_once: None,
        http: app.http().clone(),
    })
    .map_err(|message| sync::not_set_up(message, advice))
}

/// Reads a connection's words and limits, after a look at its companies.
async fn vocabulary(psa: &dyn Psa) -> Result<Vocabulary, RunError> {
    psa.companies("").await?;
    Ok(Vocabulary {
        contact_types: psa.contact_types().await?,
        phone_types: psa.phone_types().await?,
        limits: psa.limits().await?,
    })
}

async fn psa_answers(
    psa: &dyn Psa,
    default_type: Option<&Named<ContactTypeId>>,
) -> Result<Vocabulary, RunError> {
    let vocabulary = vocabulary(psa).await?;
    if let (Some(types), Some(wanted)) = (&vocabulary.contact_types, default_type)
        && !types.iter().any(|known| known.id == wanted.id)
    {
        return Err(failure(
            "missing_contact_type",
            format!("the default contact type {} is gone", wanted.name),
            "Choose another one for the PSA connection",
        ));
    }
    let missing = psa.missing_phone_types(&vocabulary);
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(vocabulary);
    }
    Err(failure(
        "missing_phone_type",
        format!(
            "the connection names phone types that the PSA does not have: {}",
            and(&missing)
        ),
        "Choose others for the PSA connection (phone_type and mobile_type)",
    ))
}

/// Reads a company's tenant as a run does: itself, its users, licences, and the groups that filters name.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn tenant(app: &App, company: &Company) -> Result<TriedTenant, RunError> {
    let (connection, directory) = app.directory(company).await?;
    let tried = tenant_answers(app, &directory).await?;
    for (label, test) in named::enabled_tests(company) {
        if let Test::Group(group) = test
            && directory.group(group).await?.is_none()
        {
            let scope = tenant_scope(&connection.tenant_id);
            let called = tenant::called(&app.facts(), &scope, group).await?;
            return Err(failure(
                "missing_group",
                format!("{label} names the group {called}, which is gone"),
                "Choose another group, or switch the filter off",
            ));
        }
    }
    Ok(tried)
}

/// The same with a connection that is not stored; the tenant is confirmed by reading it.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn try_tenant(
    app: &App,
    tenant: &TenantConnection,
    credential: Credential,
) -> Result<TriedTenant, RunError> {
    let http = app.http().clone();
    let directory = Directory::connect(tenant, credential, &app.endpoints(), None, http)?;
    tenant_answers(app, &directory).await
}

/// Signs in to a tenant with a connection that is not stored, and reads what the tenant is called.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn sign_in(
    app: &App,
    tenant: &TenantConnection,
    credential: Credential,
) -> Result<String, RunError> {
    let http = app.http().clone();
    let directory = Directory::connect(tenant, credential, &app.endpoints(), None, http)?;
    Ok(directory.confirm_tenant().await?)
}

async fn tenant_answers(app: &App, directory: &Directory) -> Result<TriedTenant, RunError> {
    let Identity { name, domains, .. } = directory.identity().await?;
    let users = directory.users().await?;
    if let Some(silence) = select::unreadable(&users) {
        return Err(failure(
            "permission",
            format!("Microsoft Graph gives {} for no user", silence.field()),
            "Give the app the application permission User.Read.All and grant admin consent again",
        ));
    }
    let skus = directory.skus().await?;
    let licences = Licences::new(&skus, &app.ignored_licences().await?);
    let active = users
        .iter()
        .filter(|user| matches!(select::select(user, &licences), Activity::Active(_)))
        .count();
    Ok(TriedTenant {
        name,
        domains,
        users: users.len(),
        active,
    })
}

/// The company as the PSA has it, after each site and contact type that its settings name was found. `words`: what [`psa()`] gave;
/// without them contact types are not looked for.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn company(
    app: &App,
    company: &Company,
    words: Option<&Vocabulary>,
) -> Result<PsaCompany, RunError> {
    let (_, psa) = app.psa(company.psa_id).await?;
    let Some(there) = psa.company(&company.psa_company_id).await? else {
        return Err(company_gone(company.psa_company_id.as_str()));
    };
    let sites = psa.sites(&company.psa_company_id).await?;
    let missing = named::missing_sites(company, &sites);
    if !missing.is_empty() {
        return Err(named::gone("site", &missing));
    }
    if let Some(words) = words {
        let missing = named::types_gone(company, None, words);
        if !missing.is_empty() {
            return Err(named::gone("contact_type", &missing));
        }
    }
    Ok(there)
}
