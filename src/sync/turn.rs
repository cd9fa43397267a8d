//! Whose turn it is: one run for a company at a time, and one process at a time for a PSA connection (`behaviour.md`
//! section 9). A claim is renewed while it is held, and is free at once when its process is gone.

use std::time::Duration;

use crate::clock::Clock;
use crate::db::{Db, DbError};

/// So long a claim lasts without being renewed: for a process that hangs.
const LEASE: Duration = Duration::from_mins(10);
/// It is renewed so often.
const RENEWAL: Duration = Duration::from_mins(2);
/// Who waits for a turn looks again after this.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A claim that is held until it is given back, or until the process ends.
pub struct Turn {
    db: Db,
    name: String,
    renewing: tokio::task::JoinHandle<()>,
}

impl Turn {
    /// The claim's name for a PSA connection.
    pub fn of_psa(id: i64) -> String {
        format!("psa:{id}")
    }

    /// The claim's name for a company.
    pub fn of_company(id: i64) -> String {
        format!("company:{id}")
    }

    /// Takes the claim if it is free.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn try_take(db: &Db, clock: &Clock, name: &str) -> Result<Option<Self>, DbError> {
        if !db.try_claim(name, LEASE).await? {
            return Ok(None);
        }
        let renewing = tokio::spawn(renew(db.clone(), clock.clone(), name.to_owned()));
        Ok(Some(Self {
            db: db.clone(),
            name: name.to_owned(),
            renewing,
        }))
    }

    /// Takes the claim as soon as it is free; `waiting` is told once that somebody else has it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take(
        db: &Db,
        clock: &Clock,
        name: &str,
        waiting: impl FnOnce(),
    ) -> Result<Self, DbError> {
        if let Some(turn) = Self::try_take(db, clock, name).await? {
            return Ok(turn);
        }
        waiting();
        loop {
            clock.sleep(LOOK_AGAIN).await;
            if let Some(turn) = Self::try_take(db, clock, name).await? {
                return Ok(turn);
            }
        }
    }

    /// The claim's name, to be checked before each write.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the claim back.
    ///
    /// # Errors
    /// Where the database fails; the claim then ends with the process.
    pub async fn give_back(self) -> Result<(), DbError> {
        self.renewing.abort();
        self.db.release_claim(&self.name).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(db: Db, clock: Clock, name: String) {
    loop {
        real_time(RENEWAL).await;
        match db.try_claim(&name, LEASE).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => tracing::warn!(%error, claim = %name, "Could not renew a claim"),
        }
        tracing::trace!(claim = %name, now = %clock.now(), "Renewed a claim");
    }
}

/// Renewal shows that this process lives, which is a matter of real time, also where a test sets the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a sign of life is sent in real time"
)]
async fn real_time(time: Duration) {
    tokio::time::sleep(time).await;
}
