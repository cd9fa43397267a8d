//! App: the state that everything shares, nothing else. It opens the database, unseals secrets, and holds one client for each
//! PSA connection and tenant.

mod clients;
mod keys;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, DbError, secrets, settings};
use crate::directory::Endpoints;
use crate::http::Http;
use crate::model::{Company, GroupId, TenantId, UserId};
use crate::seal::Keyring;
use crate::sync::facts::{Facts, Readers};
use crate::sync::failure::RunError;
use crate::sync::last::{self, Last};
use crate::sync::readings::Readings;
use crate::sync::scene::{self, Scene};
use crate::sync::stop::Stop;
use crate::sync::turn::Turns;

/// The owner kind of a PSA connection's secrets; the owner id is the connection's.
pub const OF_PSA: &str = "psa";
/// The owner kind of a tenant connection's secrets; the owner id is the company's.
pub const OF_COMPANY: &str = "company";
/// The owner kind of the secrets of the app that the MSP registered for all its customers; the owner id is 0.
pub const OF_MICROSOFT_APP: &str = "microsoft_app";

/// The owner kind of the secrets with which notices leave: the mail server's password, the webhook. The owner id is 0.
pub const OF_NOTICES: &str = "notices";

/// Rung when a job is asked for, so that this process looks for it at once. Also knows when the loop that does the jobs last
/// turned, which shows that it neither ended nor hangs.
#[derive(Default)]
pub struct Bell {
    rung: Notify,
    turned: Mutex<Option<DateTime<Utc>>>,
}

impl Bell {
    /// To be called once the request is committed.
    pub fn wake(&self) {
        self.rung.notify_one();
    }

    /// Waits until somebody rings, or has rung since it was last heard.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }

    /// To be called at each turn of the loop.
    pub fn turn(&self, now: DateTime<Utc>) {
        *locked(&self.turned) = Some(now);
    }

    /// When the loop last turned; `None`: nobody does jobs in this process.
    pub fn turned(&self) -> Option<DateTime<Utc>> {
        *locked(&self.turned)
    }
}

/// What everything shares; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    db: Db,
    keys: keys::Keys,
    clock: Clock,
    began: DateTime<Utc>,
    http: Http,
    stop: Stop,
    readers: Readers,
    turns: Turns,
    readings: Readings,
    jobs: Bell,
    psas: Mutex<HashMap<i64, clients::KeptPsa>>,
    directories: Mutex<HashMap<i64, clients::KeptDirectory>>,
    members: Mutex<HashMap<GroupKey, ReadMembers>>,
}

/// A group of a company's tenant: the company's row id, the tenant, the group.
pub type GroupKey = (i64, TenantId, GroupId);

/// The members of a group, and when they were read.
type ReadMembers = (DateTime<Utc>, Arc<HashSet<UserId>>);

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
        let keys = keys::Keys::open(&config, !sealed)?;
        let http = if config.is_simulated() {
            Http::direct(clock.clone())?
        } else {
            Http::new(clock.clone())?
        };
        Ok(Self(Arc::new(Inner {
            config,
            db,
            keys,
            began: clock.now(),
            clock,
            http,
            stop,
            readers: Readers::default(),
            turns: Turns::default(),
            readings: Readings::default(),
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

    /// The keys that secrets are sealed with, as they are now: their file may change while the program runs.
    pub fn keyring(&self) -> Arc<Keyring> {
        self.0.keys.now(&self.0.config)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// When this process began.
    pub fn began(&self) -> DateTime<Utc> {
        self.0.began
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

    /// The company as it was last read, with exactly these settings: [`last::snapshot`].
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn last(&self, company: &Company) -> Result<Option<Arc<Last>>, DbError> {
        last::snapshot(self.db(), &self.0.readings, company).await
    }

    /// The same for who looks at every company once: it leaves what pages keep in memory as it is.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn last_once(&self, company: &Company) -> Result<Option<Arc<Last>>, DbError> {
        last::snapshot(self.db(), &Readings::default(), company).await
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
