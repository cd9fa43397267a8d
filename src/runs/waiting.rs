//! What is told to whoever waits for a turn: for whom, and for how long already. Decides nothing.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Event, Watch};
use crate::app::App;
use crate::db::{DbError, claims, going, psa_connections};
use crate::model::Company;
use crate::sync::turn::Turn;

/// It is told again after this.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What somebody else has.
    pub of: Awaited,
    /// The runs for which it waits: the company's name, and for how long each is going; the longest first. None where they
    /// are between two runs, or do something else.
    pub runs: Vec<(String, TimeDelta)>,
    /// For how long it waits.
    pub waited: TimeDelta,
}

/// What somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The PSA connection of this name.
    Connection(String),
    /// The company itself.
    Company,
}

/// Tells of one wait.
pub(super) struct Herald<'a> {
    app: &'a App,
    /// The claim that is waited for.
    claim: &'a str,
    company: &'a Company,
    watch: Watch<'a>,
    since: DateTime<Utc>,
    told: Mutex<Option<DateTime<Utc>>>,
}

impl<'a> Herald<'a> {
    /// Somebody is going to wait, or not.
    pub(super) fn new(
        app: &'a App,
        claim: &'a str,
        company: &'a Company,
        watch: Watch<'a>,
    ) -> Self {
        Self {
            app,
            claim,
            company,
            watch,
            since: app.clock().now(),
            told: Mutex::default(),
        }
    }

    /// Tells that the wait goes on, unless that was told within the last minute.
    pub(super) async fn tell(&self) {
        let now = self.app.clock().now();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_some_and(|at| now - at < AGAIN) {
                return;
            }
            *told = Some(now);
        }
        match self.look(now).await {
            Ok(waiting) => (self.watch)(&self.company.name, Event::Waiting(waiting)),
            // The next try for the turn fails by itself where the database does not come back.
            Err(error) => tracing::warn!(%error, "Could not look for whom a run waits"),
        }
    }

    async fn look(&self, now: DateTime<Utc>) -> Result<Waiting, DbError> {
        let (claim, company) = (self.claim.to_owned(), self.company.id);
        let psa = Turn::psa_of(self.claim);
        let db = self.app.db();
        let looked = db.read(move |conn| {
            let connection = psa.map(|id| psa_connections::get(conn, id)).transpose()?;
            let holder = claims::holder(conn, &claim)?;
            let going = match &holder {
                Some(process) => going::of_process(conn, process)?,
                None => Vec::new(),
            };
            Ok((connection.flatten(), holder, going))
        });
        let (connection, holder, mut going) = looked.await?;
        // Runs of a process that is gone are over.
        if let Some(process) = holder
            && !db.is_alive(&process).await?
        {
            going.clear();
        }
        let awaited = |one: &&going::Going| match psa {
            Some(psa) => one.psa_id == psa,
            None => one.company_id == company,
        };
        let runs = going.iter().filter(awaited);
        Ok(Waiting {
            of: connection.map_or(Awaited::Company, |psa| Awaited::Connection(psa.name)),
            runs: runs
                .map(|one| (one.company.clone(), now - one.started_at))
                .collect(),
            waited: now - self.since,
        })
    }
}
