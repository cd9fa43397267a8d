//! Removes a company or a PSA connection, and disconnects a tenant. What is removed keeps its row, for the history; contacts in
//! the PSA stay as they are.

use diesel::QueryResult;

use super::turn_of;
use crate::app::{App, OF_COMPANY, OF_PSA};
use crate::db::facts::{company_scope, psa_scope, tenant_scope};
use crate::db::holds::{self, HoldPerson};
use crate::db::quarantines::Owner;
use crate::db::{
    Conn, companies, consents, events, facts, jobs, links, plans, previews, psa_connections,
    quarantines, readings, runs as run_rows, secrets, tenant_connections,
};
use crate::runs;
use crate::sync::failure::RunError;

/// What a page says before a company is removed or its tenant disconnected: the links retire, the hold closes, the runs stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The company's version.
    pub version: i64,
    /// How many links retire.
    pub links: i64,
    /// Those who wait in the open hold, which closes.
    pub held: Vec<HoldPerson>,
    /// How many runs the history keeps.
    pub runs: i64,
    /// Whether it has a tenant connection.
    pub connected: bool,
}

/// What came of removing or disconnecting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parted {
    /// It is done.
    Done {
        /// So many links were retired.
        links: usize,
    },
    /// Somebody else changed it meanwhile: nothing was done.
    Stale {
        /// Its version now.
        now: i64,
    },
    /// It is gone already, or never was.
    Gone,
    /// These companies use it: nothing was done.
    InUse(Vec<String>),
}

impl Parted {
    fn old(now: Option<i64>) -> Self {
        now.map_or(Self::Gone, |now| Self::Stale { now })
    }
}

/// What goes and what stays when the company is removed or its tenant disconnected; `None` where there is no such company.
///
/// # Errors
/// Where the database fails.
pub fn before_removing_company(conn: &mut Conn, id: i64) -> QueryResult<Option<Parting>> {
    let Some(version) = companies::version(conn, id)? else {
        return Ok(None);
    };
    let hold = holds::open_of(conn, id)?;
    Ok(Some(Parting {
        version,
        links: links::count(conn, id)?,
        held: hold.map(|hold| hold.people).unwrap_or_default(),
        runs: run_rows::count(conn, id)?,
        connected: tenant_connections::get(conn, id)?.is_some(),
    }))
}

/// Removes a company as it was seen at `version`, once no run of it is going.
///
/// # Errors
/// Where the database fails, or the program ends while a run is waited for.
pub async fn remove_company(
    app: &App,
    id: i64,
    version: i64,
    staff: &str,
) -> Result<Parted, RunError> {
    part(app, id, (version, staff), true).await
}

/// Disconnects the tenant of a company as it was seen at `version`, once no run of it is going. Its contact sync is off from
/// then on, for there is nothing to read.
///
/// # Errors
/// Where the database fails, or the program ends while a run is waited for.
pub async fn disconnect_tenant(
    app: &App,
    company: i64,
    version: i64,
    staff: &str,
) -> Result<Parted, RunError> {
    part(app, company, (version, staff), false).await
}

async fn part(
    app: &App,
    id: i64,
    (version, staff): (i64, &str),
    whole: bool,
) -> Result<Parted, RunError> {
    let (company, now_at) = app
        .db()
        .read(move |conn| Ok((companies::get(conn, id)?, companies::version(conn, id)?)))
        .await?;
    let Some(company) = company.filter(|_| now_at == Some(version)) else {
        return Ok(Parted::old(now_at));
    };
    let turn = turn_of(app, &company).await?;
    let (staff, now) = (staff.to_owned(), app.clock().now());
    let parted = app.db().write(move |conn| {
        let here = if whole {
            companies::remove(conn, id, version, now)?
        } else {
            companies::step(conn, id, version)?
        };
        if !here {
            return Ok(Parted::old(companies::version(conn, id)?));
        }
        if !whole {
            companies::stop_sync(conn, id, now)?;
        }
        let (why, kind) = if whole {
            ("company removed", "company_removed")
        } else {
            ("tenant disconnected", events::TENANT_DISCONNECTED)
        };
        let retired = links::retire_all(conn, id, why, now)?;
        if let Some(tenant) = tenant_connections::get(conn, id)? {
            facts::forget(conn, &tenant_scope(&tenant.tenant_id))?;
            tenant_connections::delete(conn, id)?;
        }
        quarantines::forget(conn, Owner::tenant(id))?;
        secrets::delete_all(conn, OF_COMPANY, id)?;
        if let Some(hold) = holds::open_of(conn, id)? {
            holds::close(conn, hold.id, why, None, now)?;
        }
        facts::forget(conn, &company_scope(id))?;
        consents::forget(conn, id)?;
        jobs::cancel_waiting(conn, id, now)?;
        previews::forget(conn, id)?;
        readings::forget(conn, id)?;
        plans::forget(conn, id)?;
        let detail = format!("{}: {retired} links retired", first_upper(why));
        events::note(conn, (&staff, kind), Some(id), &detail, now)?;
        Ok(Parted::Done { links: retired })
    });
    let parted = parted.await;
    runs::give_back(turn).await;
    app.forget_clients();
    Ok(parted?)
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.as_str().chars()).collect()
}

/// Removes a PSA connection as it was seen at `version`; refused while companies use it.
///
/// # Errors
/// Where the database fails.
pub async fn remove_psa(app: &App, id: i64, version: i64, staff: &str) -> Result<Parted, RunError> {
    let (staff, now) = (staff.to_owned(), app.clock().now());
    let parted = app
        .db()
        .write(move |conn| {
            let now_at = psa_connections::version(conn, id)?;
            let connection = psa_connections::get(conn, id)?;
            let Some(connection) = connection.filter(|_| now_at == Some(version)) else {
                return Ok(Parted::old(now_at));
            };
            let used = companies::of_psa(conn, id)?;
            if !used.is_empty() {
                let names = used.into_iter().map(|(_, name)| name);
                return Ok(Parted::InUse(names.collect()));
            }
            if !psa_connections::remove(conn, id, version, now)? {
                return Ok(Parted::old(psa_connections::version(conn, id)?));
            }
            quarantines::forget(conn, Owner::psa(id))?;
            secrets::delete_all(conn, OF_PSA, id)?;
            facts::forget(conn, &psa_scope(id))?;
            let detail = format!("PSA connection {} removed", connection.name);
            events::note(conn, (&staff, "psa_removed"), None, &detail, now)?;
            Ok(Parted::Done { links: 0 })
        })
        .await;
    app.forget_clients();
    Ok(parted?)
}
