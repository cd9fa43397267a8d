//! Saves how a company's tenant is read.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryResult;

use super::secret::{self, Checked, NewSecret};
use super::{Saving, turn_of};
use crate::app::{App, OF_COMPANY};
use crate::db::facts::{TENANT_TRIAL, company_scope, tenant_scope};
use crate::db::quarantines::{self, Owner};
use crate::db::{Conn, companies, events, facts, links, secrets, settings, tenant_connections};
use crate::directory::Credential;
use crate::model::{Cloud, Company, TenantConnection, TenantId};
use crate::rules::{self, Mistake};
use crate::runs;
use crate::seal::Keyring;
use crate::sync::failure::RunError;

/// A tenant connection as somebody gives it.
#[derive(Clone, Debug)]
pub struct TenantForm {
    /// The tenant id.
    pub tenant_id: String,
    /// The app's (client) id.
    pub client_id: String,
    /// The cloud that the tenant lives in.
    pub cloud: Cloud,
    /// The last day of the secret or certificate; `None`: unknown, or the certificate's own.
    pub expires: Option<NaiveDate>,
    /// What the app signs in with.
    pub secret: NewSecret,
}

/// What a form says once it is checked.
struct Draft {
    tenant: TenantConnection,
    new: Option<Checked>,
    shared: bool,
}

/// How many links of the company retire when it gets this tenant.
///
/// # Errors
/// Where the database fails.
pub fn before_saving_tenant(conn: &mut Conn, company: i64, tenant_id: &str) -> QueryResult<i64> {
    let stored = tenant_connections::get(conn, company)?;
    let tenant = TenantId::new(tenant_id.trim());
    match stored {
        Some(stored) if stored.tenant_id != tenant => links::count(conn, company),
        _ => Ok(0),
    }
}

/// What a form says, ready to be tried with a real read before it is saved: with the secret that it gives, or the one that would
/// be kept. The mistakes are those of [`save_tenant`].
///
/// # Errors
/// Where the database fails, or a stored secret cannot be unsealed.
pub async fn before_trying_tenant(
    app: &App,
    company: i64,
    form: &TenantForm,
) -> Result<Result<(TenantConnection, Credential), Vec<Mistake>>, RunError> {
    let (stored, names, shared) = app
        .db()
        .read(move |conn| {
            Ok((
                tenant_connections::get(conn, company)?,
                secrets::names(conn, OF_COMPANY, company)?,
                settings::get(conn, settings::MICROSOFT_APP)?,
            ))
        })
        .await?;
    let draft = match draft(form, stored.as_ref(), &names, shared.as_deref()) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let credential = match (&draft.new, draft.shared) {
        (Some(new), _) => new.credential(),
        (None, true) => app.microsoft_app().await?.map(|(_, credential)| credential),
        (None, false) => {
            let certificate = draft.tenant.certificate;
            app.credential(OF_COMPANY, company, certificate).await?
        }
    };
    Ok(match credential {
        Some(credential) => Ok((draft.tenant, credential)),
        None => Err(vec![Mistake::new(
            "client_secret",
            "Give a client secret or a certificate",
        )]),
    })
}

/// Saves how the tenant of a company is read; `version` is the company's. Where another secret or another way to sign in is
/// given, it takes the place of the stored one.
///
/// Where the company's contact sync is on, `then` is called in the same transaction, to have a run follow. A company that gets
/// another tenant loses its links; a run of it that is going is waited for.
///
/// # Errors
/// Where the database fails, or the program ends while a run is waited for.
pub async fn save_tenant(
    app: &App,
    company: i64,
    form: &TenantForm,
    version: i64,
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<Saving, RunError> {
    let (found, now_at, stored, names, shared) = app
        .db()
        .read(move |conn| {
            Ok((
                companies::get(conn, company)?,
                companies::version(conn, company)?,
                tenant_connections::get(conn, company)?,
                secrets::names(conn, OF_COMPANY, company)?,
                settings::get(conn, settings::MICROSOFT_APP)?,
            ))
        })
        .await?;
    let Some(found) = found.filter(|_| now_at == Some(version)) else {
        return Ok(Saving::old(now_at));
    };
    let draft = match draft(form, stored.as_ref(), &names, shared.as_deref()) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Saving::Mistakes(mistakes)),
    };
    put(app, &found, draft, (Some(version), staff), then).await
}

/// Connects a tenant in which somebody has consented to the MSP's own app; `then` as in [`save_tenant`].
pub(super) async fn connect_shared(
    app: &App,
    company: &Company,
    tenant: TenantConnection,
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<Saving, RunError> {
    let draft = Draft {
        tenant,
        new: None,
        shared: true,
    };
    put(app, company, draft, (None, staff), then).await
}

async fn put(
    app: &App,
    company: &Company,
    draft: Draft,
    (version, staff): (Option<i64>, &str),
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<Saving, RunError> {
    let id = company.id;
    let before = app
        .db()
        .read(move |conn| tenant_connections::get(conn, id))
        .await?;
    let other = before.is_some_and(|before| before.tenant_id != draft.tenant.tenant_id);
    let turn = if other {
        turn_of(app, company).await?
    } else {
        None
    };
    let (staff, now) = (staff.to_owned(), app.clock().now());
    let keys = app.keyring();
    let saved = app.db().write(move |conn| {
        let saved = write(conn, (&keys, now), id, &draft, version)?;
        if let Saving::Saved { .. } = saved {
            let detail = if other {
                "Connected to another tenant: the links are retired"
            } else {
                "Tenant connection saved"
            };
            events::note(conn, (&staff, "tenant_saved"), Some(id), detail, now)?;
            if companies::get(conn, id)?.is_some_and(|company| company.sync_contacts) {
                then(conn, id)?;
            }
        }
        Ok(saved)
    });
    let saved = saved.await;
    runs::give_back(turn).await;
    app.forget_clients();
    Ok(saved?)
}

fn write(
    conn: &mut Conn,
    (keys, now): (&Arc<Keyring>, DateTime<Utc>),
    company: i64,
    draft: &Draft,
    version: Option<i64>,
) -> QueryResult<Saving> {
    let now_at = companies::version(conn, company)?;
    let Some(version) = version.or(now_at) else {
        return Ok(Saving::Gone);
    };
    if !companies::step(conn, company, version)? {
        return Ok(Saving::old(companies::version(conn, company)?));
    }
    let owner = (OF_COMPANY, company);
    let tenant = &draft.tenant;
    tenant_connections::put(conn, company, tenant, now)?;
    quarantines::try_now(conn, Owner::tenant(company), now)?;
    facts::forget(conn, &tenant_scope(&tenant.tenant_id))?;
    facts::forget_one(conn, &company_scope(company), TENANT_TRIAL)?;
    match &draft.new {
        Some(new) => secret::replace(conn, keys, owner, new, tenant.expires)?,
        None if draft.shared => drop(secrets::delete_all(conn, OF_COMPANY, company)?),
        None => secret::set_end(conn, owner, tenant.expires)?,
    }
    Ok(Saving::Saved {
        id: company,
        version: version + 1,
    })
}

fn draft(
    form: &TenantForm,
    stored: Option<&TenantConnection>,
    names: &[String],
    app: Option<&str>,
) -> Result<Draft, Vec<Mistake>> {
    let mut wrong = Vec::new();
    let mut id = |field: &str, said: &str, text: &str| {
        let id = rules::guid(text.trim());
        if id.is_none() {
            wrong.push(Mistake::new(
                field,
                format!("{said} must be {}", rules::GUID),
            ));
        }
        id.unwrap_or_default()
    };
    let tenant_id = id("tenant_id", "The tenant id", &form.tenant_id);
    let client_id = id("client_id", "The application (client) id", &form.client_id);
    let is_app = app.is_some_and(|app| app == client_id);
    let new = secret::checked(&form.secret).map_err(|mistake| wrong.push(mistake));
    let new = new.ok().flatten();
    let kept = stored.filter(|stored| {
        let needed = if stored.certificate {
            "certificate"
        } else {
            "client_secret"
        };
        // A stored secret goes to no other cloud.
        stored.client_id == client_id
            && stored.cloud == form.cloud
            && names.iter().any(|name| name == needed)
    });
    let shared = match &form.secret {
        NewSecret::MicrosoftApp => {
            if !is_app {
                let message = "This is not the client id of the Microsoft app in the settings";
                wrong.push(Mistake::new("client_id", message));
            }
            true
        }
        NewSecret::Keep if kept.is_none() && is_app => true,
        NewSecret::Keep => {
            if kept.is_none() {
                let message = if stored.is_some() && !names.is_empty() {
                    "Another app has a secret of its own: give its client secret or certificate"
                } else {
                    "Give a client secret or a certificate"
                };
                wrong.push(Mistake::new("client_secret", message));
            }
            false
        }
        NewSecret::Secret(_) | NewSecret::Certificate { .. } => false,
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let certificate = match &new {
        Some(new) => new.certificate,
        None => !shared && kept.is_some_and(|kept| kept.certificate),
    };
    let end = new.as_ref().and_then(|new| new.end);
    Ok(Draft {
        tenant: TenantConnection {
            tenant_id: TenantId::new(&tenant_id),
            client_id,
            certificate,
            // The end of the shared app's secret is said once, with the app.
            expires: form.expires.or(end).filter(|_| !shared),
            cloud: form.cloud,
        },
        new,
        shared,
    })
}
