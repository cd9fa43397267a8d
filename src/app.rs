//! App: the state that everything shares, nothing else. It opens the database, unseals secrets, and holds one client for each
//! PSA connection and tenant.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, psa_connections, secrets, settings, tenant_connections};
use crate::directory::{Credential, Directory, Endpoints};
use crate::http::Http;
use crate::model::{Company, GroupId, PsaConnection, TenantConnection, TenantId, UserId};
use crate::psa::{self, Connection, Psa};
use crate::seal::Keyring;
use crate::sync::facts::{Facts, Readers};
use crate::sync::failure::{RunError, failure};
use crate::sync::scene::{self, Scene};
use crate::sync::stop::Stop;
use crate::sync::turn::Turns;

/// The owner kind of a PSA connection's secrets; the owner id is the connection's.
pub const OF_PSA: &str = "psa";
/// The owner kind of a tenant connection's secrets; the owner id is the company's.
pub const OF_COMPANY: &str = "company";
/// The owner kind of the secrets of the app that the MSP registered for all its customers; the owner id is 0.
pub const OF_MICROSOFT_APP: &str = "microsoft_app";

/// Rung when a job is asked for, so that this process looks for it at once.
#[derive(Default)]
pub struct Bell(Notify);

impl Bell {
    /// To be called once the request is committed.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody rings, or has rung since it was last heard.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// What everything shares; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    db: Db,
    keyring: Arc<Keyring>,
    clock: Clock,
    http: Http,
    stop: Stop,
    readers: Readers,
    turns: Turns,
    jobs: Bell,
    psas: Mutex<HashMap<i64, Arc<dyn Psa>>>,
    directories: Mutex<HashMap<i64, (TenantConnection, Arc<Directory>)>>,
    members: Mutex<HashMap<GroupKey, (DateTime<Utc>, Arc<HashSet<UserId>>)>>,
}

/// A group of a company's tenant: the company's row id, the tenant, the group.
pub type GroupKey = (i64, TenantId, GroupId);

/// So long the members of a group are kept for drafts of filters.
const MEMBERS_KEPT: TimeDelta = TimeDelta::minutes(10);

impl App {
    /// Opens the database and the keys; makes the data folder and the key file where they are missing.
    ///
    /// # Errors
    /// One sentence that says what to do.
    pub async fn open(config: Config, clock: Clock, stop: Stop) -> anyhow::Result<Self> {
        config.prepare_data_dir().map_err(anyhow::Error::msg)?;
        let url = config.database.url();
        let db = Db::open(url.expose_secret(), clock.clone()).await?;
        let sealed = db.read(secrets::any).await?;
        let text = config.key_text(!sealed).map_err(anyhow::Error::msg)?;
        let keyring = Keyring::parse(text.expose_secret())?;
        let http = if config.is_simulated() {
            Http::direct(clock.clone())?
        } else {
            Http::new(clock.clone())?
        };
        Ok(Self(Arc::new(Inner {
            config,
            db,
            keyring: Arc::new(keyring),
            clock,
            http,
            stop,
            readers: Readers::default(),
            turns: Turns::default(),
            jobs: Bell::default(),
            psas: Mutex::default(),
            directories: Mutex::default(),
            members: Mutex::default(),
        })))
    }

    /// The settings of this process.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The keys that secrets are sealed with.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.0.keyring
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The shared HTTP client.
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// Whether the program is asked to end.
    pub fn stop(&self) -> &Stop {
        &self.0.stop
    }

    /// The turns that this process has.
    pub fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// Wakes whoever does the jobs of this process.
    pub fn jobs(&self) -> &Bell {
        &self.0.jobs
    }

    /// Where Microsoft is found.
    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            login: self.0.config.login_url.clone(),
            graph: self.0.config.graph_url.clone(),
        }
    }

    /// Forgets the clients, so that changed settings and secrets take effect.
    pub fn forget_clients(&self) {
        locked(&self.0.psas).clear();
        locked(&self.0.directories).clear();
        locked(&self.0.members).clear();
    }

    /// The members of a group that were read for a draft in the last ten minutes.
    pub fn known_members(&self, group: &GroupKey) -> Option<Arc<HashSet<UserId>>> {
        let now = self.clock().now();
        let known = locked(&self.0.members);
        let (read_at, members) = known.get(group)?;
        (now - *read_at < MEMBERS_KEPT).then(|| members.clone())
    }

    /// Keeps the members of a group that were read for a draft.
    pub fn know_members(&self, group: GroupKey, members: HashSet<UserId>) -> Arc<HashSet<UserId>> {
        let (now, members) = (self.clock().now(), Arc::new(members));
        let mut known = locked(&self.0.members);
        known.retain(|_, (read_at, _)| now - *read_at < MEMBERS_KEPT);
        known.insert(group, (now, members.clone()));
        members
    }

    /// A PSA connection and its client.
    ///
    /// # Errors
    /// Where it does not exist, or its secrets cannot be unsealed.
    pub async fn psa(&self, id: i64) -> Result<(PsaConnection, Arc<dyn Psa>), RunError> {
        let found = self
            .db()
            .read(move |conn| {
                let connection = psa_connections::get(conn, id)?;
                let names = secrets::names(conn, OF_PSA, id)?;
                let stored: Result<Vec<_>, _> = names
                    .iter()
                    .map(|name| secrets::get(conn, OF_PSA, id, name))
                    .collect();
                Ok((connection, stored?))
            })
            .await?;
        let (Some(connection), stored) = found else {
            return Err(not_set_up("The PSA connection does not exist any more"));
        };
        if let Some(client) = locked(&self.0.psas).get(&id) {
            return Ok((connection, client.clone()));
        }
        let vendor = psa::vendor(&connection.kind).ok_or_else(|| {
            not_set_up(format!("There is no PSA of the kind {}", connection.kind))
        })?;
        let mut opened = std::collections::BTreeMap::new();
        for secret in stored.into_iter().flatten() {
            let text = self
                .keyring()
                .open_text(OF_PSA, id, &secret.name, &secret.sealed);
            opened.insert(secret.name, text.map_err(|error| unsealed(&error))?);
        }
        let remembered = self
            .facts()
            .remembered(&scene::psa_scope(id), scene::ADDRESS)
            .await?;
        let client = (vendor.connect)(Connection {
            fields: connection.fields.clone(),
            secrets: opened,
            remembered,
            lookup_url: self.config().autotask_url.clone(),
            at_once: self.number(&format!("at_once.{}", vendor.id)).await?,
            http: self.http().clone(),
        })
        .map_err(not_set_up)?;
        Ok((
            connection,
            locked(&self.0.psas).entry(id).or_insert(client).clone(),
        ))
    }

    /// A company's tenant connection and its client.
    ///
    /// # Errors
    /// Where the company has none, or its secret cannot be unsealed or used.
    pub async fn directory(
        &self,
        company: &Company,
    ) -> Result<(TenantConnection, Arc<Directory>), RunError> {
        let id = company.id;
        let Some(tenant) = self
            .db()
            .read(move |conn| tenant_connections::get(conn, id))
            .await?
        else {
            return Err(not_set_up(format!(
                "{} has no tenant connection yet",
                company.name
            )));
        };
        if let Some((known, client)) = locked(&self.0.directories).get(&id)
            && *known == tenant
        {
            return Ok((tenant, client.clone()));
        }
        let credential = match self.credential(OF_COMPANY, id, tenant.certificate).await? {
            Some(own) => own,
            None => self.shared(&tenant).await?,
        };
        let at_once = self.number("at_once.graph").await?;
        let http = self.http().clone();
        let client = Directory::connect(&tenant, credential, &self.endpoints(), at_once, http)?;
        let client = Arc::new(client);
        locked(&self.0.directories).insert(id, (tenant.clone(), client.clone()));
        Ok((tenant, client))
    }

    /// The credential of the Microsoft app, for a tenant that is read through it.
    async fn shared(&self, tenant: &TenantConnection) -> Result<Credential, RunError> {
        match self.microsoft_app().await? {
            Some((client_id, credential)) if client_id == tenant.client_id => Ok(credential),
            _ => Err(not_set_up(format!(
                "The {} of the tenant connection is missing",
                if tenant.certificate {
                    "certificate"
                } else {
                    "client secret"
                }
            ))),
        }
    }

    /// The app that the MSP registered for all its customers: its (client) id and what it signs in with; `None` where it is
    /// not set up.
    ///
    /// # Errors
    /// Where its secret cannot be unsealed or used.
    pub async fn microsoft_app(&self) -> Result<Option<(String, Credential)>, RunError> {
        let client_id = self
            .db()
            .read(|conn| settings::get(conn, settings::MICROSOFT_APP))
            .await?;
        let Some(client_id) = client_id else {
            return Ok(None);
        };
        for certificate in [true, false] {
            if let Some(found) = self.credential(OF_MICROSOFT_APP, 0, certificate).await? {
                return Ok(Some((client_id, found)));
            }
        }
        Ok(None)
    }

    /// What an owner signs in with, by certificate or by secret; `None` where none of that way is stored.
    ///
    /// # Errors
    /// Where it cannot be unsealed or used.
    pub async fn credential(
        &self,
        kind: &'static str,
        owner: i64,
        certificate: bool,
    ) -> Result<Option<Credential>, RunError> {
        if !certificate {
            let secret = self.secret(kind, owner, "client_secret").await?;
            let secret = secret.as_ref().map(as_text).transpose()?;
            return Ok(secret.map(Credential::Secret));
        }
        let Some(pfx) = self.secret(kind, owner, "certificate").await? else {
            return Ok(None);
        };
        let password = self.secret(kind, owner, "certificate_password").await?;
        // Stored as text, in base64, like every other secret.
        let pfx = BASE64
            .decode(pfx.expose_secret())
            .map_err(|_| not_set_up("The stored certificate is damaged"))?;
        let password = password.as_ref().map(as_text).transpose()?;
        Ok(Some(Credential::Certificate {
            pfx: pfx.into(),
            password,
        }))
    }

    async fn secret(
        &self,
        kind: &'static str,
        owner: i64,
        name: &'static str,
    ) -> Result<Option<secrecy::SecretSlice<u8>>, RunError> {
        let stored = self
            .db()
            .read(move |conn| secrets::get(conn, kind, owner, name))
            .await?;
        stored
            .map(|stored| self.keyring().open(kind, owner, name, &stored.sealed))
            .transpose()
            .map_err(|error| unsealed(&error))
    }

    /// A whole number of the settings; `None` where it is not set.
    async fn number(&self, key: &str) -> Result<Option<usize>, RunError> {
        let key = key.to_owned();
        let value = self
            .db()
            .read(move |conn| settings::get(conn, &key))
            .await?;
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    /// The licences that do not count: the list of the settings, or the one it starts with.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn ignored_licences(&self) -> Result<Vec<String>, RunError> {
        Ok(self.db().read(scene::ignored_licences).await?)
    }

    /// The remembered facts, for a look-up outside a run.
    pub fn facts(&self) -> Facts {
        Facts::new(
            self.db().clone(),
            self.clock().clone(),
            self.0.readers.clone(),
        )
    }

    /// Everything that a run of this company needs.
    ///
    /// # Errors
    /// Where something is missing or cannot be unsealed.
    pub async fn scene(&self, company: &Company) -> Result<Scene, RunError> {
        let (tenant, directory) = self.directory(company).await?;
        let (connection, psa) = self.psa(company.psa_id).await?;
        Ok(Scene {
            db: self.db().clone(),
            clock: self.clock().clone(),
            readers: self.0.readers.clone(),
            stop: self.stop().clone(),
            company: company.clone(),
            tenant,
            connection,
            directory,
            psa,
            ignored_licences: self.ignored_licences().await?,
        })
    }
}

fn not_set_up(message: impl Into<String>) -> RunError {
    failure(
        "not_set_up",
        message,
        "Complete the connection with `rollcall fleet apply`",
    )
}

fn unsealed(error: &crate::seal::SealError) -> RunError {
    failure(
        "secret_key",
        error.to_string(),
        "Give Rollcall the key that the secret was sealed with",
    )
}

fn as_text(secret: &secrecy::SecretSlice<u8>) -> Result<SecretString, RunError> {
    let text = std::str::from_utf8(secret.expose_secret());
    text.map(SecretString::from)
        .map_err(|_| not_set_up("A stored secret is not text"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
