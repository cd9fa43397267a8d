//! Saves a PSA connection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};

use super::psa_rules::{Draft, draft, leads_elsewhere};
use super::{Saving, taken, turn_of};
use crate::app::{App, OF_PSA};
use crate::db::facts::{company_scope, psa_scope};
use crate::db::quarantines::Owner;
use crate::db::{
    Conn, companies, events, facts, jobs, links, previews, psa_connections, quarantines, secrets,
    settings,
};
use crate::model::PsaConnection;
use crate::psa::{Connection, vendor};
use crate::rules::{self, Mistake, address};
use crate::runs;
use crate::seal::Keyring;
use crate::sync::failure::RunError;

/// A PSA connection as somebody gives it.
#[derive(Clone)]
pub struct PsaForm {
    /// The connection; its row id is 0 where it is new. Fields that its vendor does not have count for nothing.
    pub connection: PsaConnection,
    /// The secrets by the vendor's keys; one that is left out or blank stays as it is stored, which is refused where the
    /// connection leads elsewhere: stored secrets are sent to no other place.
    pub secrets: BTreeMap<String, SecretString>,
}

impl fmt::Debug for PsaForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsaForm")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// How many links retire when the connection is saved so: those of all its companies, where it leads to another PSA.
///
/// # Errors
/// Where the database fails.
pub fn before_saving_psa(conn: &mut Conn, connection: &PsaConnection) -> QueryResult<i64> {
    let (Some(stored), Some(vendor)) = (
        psa_connections::get(conn, connection.id)?,
        vendor(&connection.kind),
    ) else {
        return Ok(0);
    };
    if !leads_elsewhere(vendor, &stored, connection) {
        return Ok(0);
    }
    let mut count = 0;
    for (id, _) in companies::of_psa(conn, connection.id)? {
        count += links::count(conn, id)?;
    }
    Ok(count)
}

/// Saves a PSA connection as it was seen at `version`; one whose row id is 0 is added. Where it leads to another PSA from then
/// on, its companies lose their links; their runs that are going are waited for.
///
/// # Errors
/// Where the database fails, or the program ends while a run is waited for.
pub async fn save_psa(
    app: &App,
    form: &PsaForm,
    version: i64,
    staff: &str,
) -> Result<Saving, RunError> {
    let id = form.connection.id;
    let (stored, now_at, kept, private) = app
        .db()
        .read(move |conn| {
            let mut kept = Vec::new();
            for name in secrets::names(conn, OF_PSA, id)? {
                kept.extend(secrets::get(conn, OF_PSA, id, &name)?);
            }
            Ok((
                psa_connections::get(conn, id)?,
                psa_connections::version(conn, id)?,
                kept,
                settings::private_psa_addresses(conn)?,
            ))
        })
        .await?;
    if id != 0 && now_at != Some(version) {
        return Ok(Saving::old(now_at));
    }
    let Some(vendor) = vendor(&form.connection.kind) else {
        return Ok(Saving::mistake("kind", "Choose a PSA"));
    };
    // A secret that cannot be opened is of no use, and must be given anew.
    let mut opened: BTreeMap<String, SecretString> = BTreeMap::new();
    for secret in kept {
        let keys = app.keyring();
        if let Ok(text) = keys.open_text(OF_PSA, id, &secret.name, &secret.sealed) {
            opened.insert(secret.name, text);
        }
    }
    let names: Vec<String> = opened.keys().cloned().collect();
    let mut draft = match draft(form, vendor, stored.as_ref(), &names) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Saving::Mistakes(mistakes)),
    };
    if let Some(text) = &draft.address {
        match address::psa_address_looked_up(text, private).await {
            Ok(url) => {
                let url = url.as_str().trim_end_matches('/').to_owned();
                draft.connection.fields.insert("url".to_owned(), url);
            }
            Err(message) => return Ok(Saving::mistake("url", message)),
        }
    }
    if draft.elsewhere {
        opened.clear();
    }
    for (name, secret) in &draft.given {
        opened.insert((*name).to_owned(), secret.clone());
    }
    if let Err(message) = (vendor.connect)(Connection {
        fields: draft.connection.fields.clone(),
        secrets: opened,
        remembered: None,
        lookup_url: app.config().autotask_url.clone(),
        at_once: None,
        http: app.http().clone(),
    }) {
        return Ok(Saving::Mistakes(vec![Mistake::new("", message)]));
    }
    put(app, draft, version, staff).await
}

async fn put(app: &App, draft: Draft, version: i64, staff: &str) -> Result<Saving, RunError> {
    let id = draft.connection.id;
    let mut turns = Vec::new();
    if draft.elsewhere {
        let list = app.db().read(companies::list).await?;
        for company in list.iter().filter(|company| company.psa_id == id) {
            match turn_of(app, company).await {
                Ok(turn) => turns.push(turn),
                Err(error) => {
                    for turn in turns {
                        runs::give_back(turn).await;
                    }
                    return Err(error);
                }
            }
        }
    }
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring());
    let saved = app.db().write(move |conn| {
        let saved = write(conn, (&keys, now), &draft, version)?;
        if let Saving::Saved { .. } = saved {
            let name = &draft.connection.name;
            let (kind, detail) = match (id, draft.elsewhere) {
                (0, _) => ("psa_added", format!("PSA connection {name} added")),
                (_, false) => ("psa_saved", format!("PSA connection {name} saved")),
                (_, true) => (
                    "psa_saved",
                    format!("PSA connection {name} leads to another PSA: the links are retired, and contact sync is off"),
                ),
            };
            events::note(conn, (&staff, kind), None, &detail, now)?;
        }
        Ok(saved)
    });
    let saved = saved.await;
    for turn in turns {
        runs::give_back(turn).await;
    }
    app.forget_clients();
    taken(saved)
}

fn write(
    conn: &mut Conn,
    (keys, now): (&Arc<Keyring>, DateTime<Utc>),
    draft: &Draft,
    version: i64,
) -> QueryResult<Saving> {
    let connection = &draft.connection;
    let others = psa_connections::labels(conn)?;
    let mut others = others.iter().filter(|(id, _)| *id != connection.id);
    if others.any(|(_, name)| rules::same(name, &connection.name)) {
        return Ok(Saving::NameTaken);
    }
    let (id, version) = if connection.id == 0 {
        (psa_connections::insert(conn, connection, now)?, 1)
    } else if psa_connections::update_from(conn, connection, version, now)? {
        (connection.id, version + 1)
    } else {
        return Ok(Saving::old(psa_connections::version(conn, connection.id)?));
    };
    for (name, secret) in &draft.given {
        let sealed = keys.seal(OF_PSA, id, name, secret.expose_secret().as_bytes());
        secrets::put(conn, OF_PSA, id, name, &sealed, None)?;
    }
    quarantines::try_now(conn, Owner::psa(id), now)?;
    facts::forget(conn, &psa_scope(id))?;
    for (company, _) in companies::of_psa(conn, id)? {
        facts::forget(conn, &company_scope(company))?;
        if draft.elsewhere {
            // The company's number may be somebody else's there: nothing is written before a person has looked.
            links::retire_all(conn, company, "another PSA", now)?;
            companies::stop_sync(conn, company, now)?;
            jobs::cancel_waiting(conn, company, now)?;
            previews::forget(conn, company)?;
        }
    }
    Ok(Saving::Saved { id, version })
}
