//! Slow-changing facts, remembered in the database for 7 days (`behaviour.md` section 9), and read again at once where
//! something contradicts them.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::RunError;
use crate::clock::Clock;
use crate::db::{Db, facts};

/// So long a fact is believed.
const BELIEVED: TimeDelta = TimeDelta::days(7);

/// One reader at a time for each fact that companies share; cheap to clone.
#[derive(Clone, Default)]
pub struct Readers(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

impl Readers {
    fn of(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        locked(&self.0).entry(key.to_owned()).or_default().clone()
    }
}

/// The facts as one run sees them.
pub struct Facts {
    db: Db,
    clock: Clock,
    readers: Readers,
    /// What this run has read itself.
    fresh: Mutex<HashSet<String>>,
}

impl Facts {
    /// The facts for a run that begins.
    pub fn new(db: Db, clock: Clock, readers: Readers) -> Self {
        Self {
            db,
            clock,
            readers,
            fresh: Mutex::default(),
        }
    }

    /// Whether this run has read the fact itself.
    pub fn is_fresh(&self, scope: &str, name: &str) -> bool {
        locked(&self.fresh).contains(&key(scope, name))
    }

    /// The fact as remembered; `None` where it is not, is too old, or cannot be understood any more.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn remembered<T: DeserializeOwned>(
        &self,
        scope: &str,
        name: &str,
    ) -> Result<Option<T>, RunError> {
        let found = self.stored(scope, name).await?;
        let believed = found.filter(|(_, read_at)| self.clock.now() - *read_at <= BELIEVED);
        Ok(believed.and_then(|(value, _)| serde_json::from_value(value).ok()))
    }

    /// The fact as remembered, however old it is: for names, which are better than ids also when they are old.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of_any_age<T: DeserializeOwned>(
        &self,
        scope: &str,
        name: &str,
    ) -> Result<Option<T>, RunError> {
        let found = self.stored(scope, name).await?;
        Ok(found.and_then(|(value, _)| serde_json::from_value(value).ok()))
    }

    /// The fact as it is kept, and when it was read.
    async fn stored(
        &self,
        scope: &str,
        name: &str,
    ) -> Result<Option<(serde_json::Value, DateTime<Utc>)>, RunError> {
        let (scope, name) = (scope.to_owned(), name.to_owned());
        let found = self.db.read(move |conn| facts::get(conn, &scope, &name));
        Ok(found.await?)
    }

    /// The fact as remembered, or read now and remembered.
    ///
    /// # Errors
    /// Where the database fails, or the reading.
    pub async fn get<T, E, F>(
        &self,
        scope: &str,
        name: &str,
        read: impl FnOnce() -> F,
    ) -> Result<T, RunError>
    where
        T: Serialize + DeserializeOwned,
        RunError: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        let reader = self.readers.of(&key(scope, name));
        let _turn = reader.lock().await;
        match self.remembered(scope, name).await? {
            Some(value) => Ok(value),
            None => self.read(scope, name, read).await,
        }
    }

    /// The fact read now, unless this run has read it already, and remembered.
    ///
    /// # Errors
    /// Where the database fails, or the reading.
    pub async fn anew<T, E, F>(
        &self,
        scope: &str,
        name: &str,
        read: impl FnOnce() -> F,
    ) -> Result<T, RunError>
    where
        T: Serialize + DeserializeOwned,
        RunError: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        if self.is_fresh(scope, name)
            && let Some(value) = self.remembered(scope, name).await?
        {
            return Ok(value);
        }
        self.read(scope, name, read).await
    }

    async fn read<T, E, F>(
        &self,
        scope: &str,
        name: &str,
        read: impl FnOnce() -> F,
    ) -> Result<T, RunError>
    where
        T: Serialize,
        RunError: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        let value = read().await?;
        self.put(scope, name, &value).await?;
        Ok(value)
    }

    /// Remembers a fact as read now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn put<T: Serialize>(
        &self,
        scope: &str,
        name: &str,
        value: &T,
    ) -> Result<(), RunError> {
        locked(&self.fresh).insert(key(scope, name));
        let (scope, name, now) = (scope.to_owned(), name.to_owned(), self.clock.now());
        let value = serde_json::to_value(value).unwrap_or_default();
        self.db
            .write(move |conn| facts::put(conn, &scope, &name, &value, now))
            .await?;
        Ok(())
    }

    /// Forgets every fact of a scope.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget(&self, scope: &str) -> Result<(), RunError> {
        let scope = scope.to_owned();
        self.db
            .write(move |conn| facts::forget(conn, &scope))
            .await?;
        Ok(())
    }

    /// Forgets one fact, so that the next run reads it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget_one(&self, scope: &str, name: &'static str) -> Result<(), RunError> {
        let scope = scope.to_owned();
        self.db
            .write(move |conn| facts::forget_one(conn, &scope, name))
            .await?;
        Ok(())
    }
}

fn key(scope: &str, name: &str) -> String {
    format!("{scope} {name}")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
