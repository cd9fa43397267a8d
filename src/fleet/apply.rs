//! Reads the fleet from the database, and writes what a fleet file changes in one transaction. Decides nothing: that is done
//! in [`check`](super::check()).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::check::{CompanyWrite, Plan, PsaWrite};
use super::state::{SecretMap, State, StoredApp, StoredCompany, StoredPsa};
use crate::app::{OF_COMPANY, OF_MICROSOFT_APP, OF_PSA};
use crate::db::facts::{CONTACT_TYPES, SITES, company_scope, psa_scope, tenant_scope};
use crate::db::quarantines::{self, Owner};
use crate::db::{
    Conn, Db, DbError, companies, events, facts, links, psa_connections, secrets, settings,
    tenant_connections,
};
use crate::jobs;
use crate::model::TenantConnection;
use crate::seal::Keyring;

/// Who asks for the runs that follow, as the history says it.
const BY: &str = "fleet file";

/// Why the fleet could not be read or written.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Somebody changed the fleet after it was read.
    #[error("the fleet was changed meanwhile, so nothing was applied: apply the file again")]
    Meanwhile,
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What was written, by row id; a run of these companies may follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// PSA connections that are new or changed: what is remembered of them may be wrong now.
    pub psa: Vec<i64>,
    /// Companies that are new or changed.
    pub companies: Vec<i64>,
    /// Links that were retired.
    pub retired: usize,
}

impl State {
    /// Reads the fleet. Without keys (for an export) no secret is opened, and none is in the result.
    /// A secret that cannot be opened (it is damaged, or sealed with another key) counts as one that is not stored.
    pub async fn load(db: &Db, keys: Option<Arc<Keyring>>) -> Result<Self, StoreError> {
        Ok(db.read(move |conn| load(conn, keys.as_deref())).await?)
    }
}

fn load(conn: &mut Conn, keys: Option<&Keyring>) -> QueryResult<State> {
    let mut opened: BTreeMap<(String, i64), (SecretMap, BTreeSet<String>)> = BTreeMap::new();
    if let Some(keys) = keys {
        for stored in secrets::all(conn)? {
            let (kind, id, name) = (stored.owner_kind, stored.owner_id, stored.name);
            match keys.open_text(&kind, id, &name, &stored.sealed) {
                Ok(secret) => {
                    opened.entry((kind, id)).or_default().0.insert(name, secret);
                }
                Err(error) => {
                    tracing::warn!(%error, "A stored secret cannot be used");
                    opened.entry((kind, id)).or_default().1.insert(name);
                }
            }
        }
    }
    let mut of = |kind: &str, id: i64| opened.remove(&(kind.to_owned(), id)).unwrap_or_default();
    let mut state = State {
        ignored_licences: settings::ignored_licences(conn)?,
        ..State::default()
    };
    if let Some(client_id) = settings::get(conn, settings::MICROSOFT_APP)? {
        let (secrets, _) = of(OF_MICROSOFT_APP, 0);
        state.microsoft_app = Some(StoredApp { client_id, secrets });
    }
    for connection in psa_connections::list(conn)? {
        let (secrets, lost) = of(OF_PSA, connection.id);
        let types = remembered(conn, &psa_scope(connection.id), CONTACT_TYPES)?;
        state.psa.push(StoredPsa {
            connection,
            secrets,
            lost,
            contact_types: types.flatten(),
        });
    }
    for company in companies::list(conn)? {
        let tenant = tenant_connections::get(conn, company.id)?;
        let links = match &tenant {
            Some(tenant) => {
                links::in_force(conn, company.id, &tenant.tenant_id, &company.psa_company_id)?.len()
            }
            None => 0,
        };
        let (secrets, lost) = of(OF_COMPANY, company.id);
        state.companies.push(StoredCompany {
            secrets,
            lost,
            sites: remembered(conn, &company_scope(company.id), SITES)?,
            tenant,
            links,
            company,
        });
    }
    Ok(state)
}

/// A fact that a run remembers; `None` also where it cannot be understood. However old it is: it is only a reason to look.
fn remembered<T: DeserializeOwned>(
    conn: &mut Conn,
    scope: &str,
    name: &str,
) -> QueryResult<Option<T>> {
    let found = facts::get(conn, scope, name)?;
    Ok(found.and_then(|(value, _)| serde_json::from_value(value).ok()))
}

/// Writes a plan in one transaction, or nothing of it. `state` is what the plan was made from: where the database holds
/// something else by now, nothing is written.
pub async fn apply(
    db: &Db,
    keys: Arc<Keyring>,
    plan: &Plan,
    state: &State,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    if plan.changes.is_empty() {
        return Ok(Applied::default());
    }
    let (plan, state) = (plan.clone(), state.clone());
    db.write_with(move |conn| {
        if !load(conn, Some(&keys))?.same(&state) {
            return Err(StoreError::Meanwhile);
        }
        Ok(write(conn, &keys, &plan, &state, now)?)
    })
    .await
}

fn write(
    conn: &mut Conn,
    keys: &Keyring,
    plan: &Plan,
    state: &State,
    now: DateTime<Utc>,
) -> QueryResult<Applied> {
    let mut applied = Applied::default();
    if let Some(licences) = &plan.ignored_licences {
        settings::set_ignored_licences(conn, licences)?;
    }
    for write in &plan.psa {
        let id = psa(conn, keys, write, now)?;
        facts::forget(conn, &psa_scope(id))?;
        for stored in state
            .companies
            .iter()
            .filter(|stored| stored.company.psa_id == id)
        {
            facts::forget(conn, &company_scope(stored.company.id))?;
        }
        applied.psa.push(id);
    }
    let ids: BTreeMap<String, i64> = psa_connections::list(conn)?
        .into_iter()
        .map(|psa| (psa.name, psa.id))
        .collect();
    // Companies may exchange their places in the PSA, and no place may be taken twice even for a moment.
    for stored in &state.companies {
        let moves = |write: &&CompanyWrite| write.company.id == stored.company.id && write.moved;
        if plan.companies.iter().any(|write| moves(&write)) {
            companies::move_away(conn, stored.company.id)?;
            applied.retired += stored.links;
        }
    }
    for write in &plan.companies {
        let psa_id = ids.get(&write.psa).copied();
        let psa_id = psa_id.ok_or(diesel::result::Error::NotFound)?;
        let before = state
            .companies
            .iter()
            .find(|stored| stored.company.id == write.company.id);
        if let Some(stored) = before.filter(|_| write.retires && !write.moved) {
            applied.retired += stored.links;
        }
        let id = company(conn, keys, write, psa_id, now)?;
        let (kind, said) = match before {
            Some(_) => ("company_saved", "Settings saved from the fleet file"),
            None => ("company_added", "Company added from the fleet file"),
        };
        events::note(conn, (BY, kind), Some(id), said, now)?;
        if write.company.sync_contacts {
            jobs::follow_a_save(BY, now)(conn, id)?;
        }
        applied.companies.push(id);
    }
    Ok(applied)
}

fn psa(conn: &mut Conn, keys: &Keyring, write: &PsaWrite, now: DateTime<Utc>) -> QueryResult<i64> {
    let mut id = write.connection.id;
    let (kind, done) = if id == 0 {
        ("psa_added", "added")
    } else {
        ("psa_saved", "saved")
    };
    if id == 0 {
        id = psa_connections::insert(conn, &write.connection, now)?;
    } else {
        psa_connections::update(conn, &write.connection, now)?;
    }
    seal(conn, keys, (OF_PSA, id), &write.secrets, None)?;
    quarantines::try_now(conn, Owner::psa(id), now)?;
    let said = format!(
        "PSA connection {} {done} from the fleet file",
        write.connection.name
    );
    events::note(conn, (BY, kind), None, &said, now)?;
    Ok(id)
}

fn company(
    conn: &mut Conn,
    keys: &Keyring,
    write: &CompanyWrite,
    psa_id: i64,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    let mut company = write.company.clone();
    company.psa_id = psa_id;
    if company.id == 0 {
        company.id = companies::insert(conn, &company, now)?;
    } else {
        companies::update(conn, &company, now)?;
    }
    // What was looked up just now may be newer than what runs remember.
    if write.moved {
        facts::forget(conn, &company_scope(company.id))?;
    } else if write.placed {
        facts::forget_one(conn, &company_scope(company.id), SITES)?;
    }
    if write.placed {
        facts::forget_one(conn, &psa_scope(psa_id), CONTACT_TYPES)?;
    }
    let owner = (OF_COMPANY, company.id);
    if let Some(tenant) = &write.tenant {
        tenant_connections::put(conn, company.id, tenant, now)?;
        if write.tenant_changed {
            facts::forget(conn, &tenant_scope(&tenant.tenant_id))?;
        }
        for name in &write.dropped {
            secrets::delete(conn, owner.0, owner.1, name)?;
        }
        seal(conn, keys, owner, &write.secrets, tenant.expires)?;
        keep_end(conn, owner, tenant)?;
        quarantines::try_now(conn, Owner::tenant(company.id), now)?;
    }
    Ok(company.id)
}

fn seal(
    conn: &mut Conn,
    keys: &Keyring,
    (kind, id): (&str, i64),
    given: &BTreeMap<&'static str, SecretString>,
    expires: Option<NaiveDate>,
) -> QueryResult<()> {
    for (name, secret) in given {
        let sealed = keys.seal(kind, id, name, secret.expose_secret().as_bytes());
        secrets::put(conn, kind, id, name, &sealed, expires)?;
    }
    Ok(())
}

/// The end date may change while the secret stays.
fn keep_end(
    conn: &mut Conn,
    (kind, id): (&str, i64),
    tenant: &TenantConnection,
) -> QueryResult<()> {
    for name in secrets::names(conn, kind, id)? {
        if let Some(stored) = secrets::get(conn, kind, id, &name)?
            && stored.expires != tenant.expires
        {
            secrets::put(conn, kind, id, &name, &stored.sealed, tenant.expires)?;
        }
    }
    Ok(())
}
