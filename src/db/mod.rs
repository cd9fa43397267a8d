//! The database: SQLite or PostgreSQL, one set of queries. This folder alone knows that there are two, and turns rows into
//! words of the model. Everything enters by [`Db::read`] and [`Db::write`]; queries are free functions over `&mut Conn`, one
//! file a table, that open no transaction and never await. Decides nothing about people.

#![expect(
    clippy::ref_option_ref,
    reason = "diesel's derives for rows that are written take references of optional references"
)]

/// Runs one statement against the concrete connection, for what [`Conn`] cannot express: upserts and batches.
macro_rules! each {
    ($conn:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($conn) => $body,
            $crate::db::Conn::Postgres($conn) => $body,
        }
    };
}

mod conn;
mod error;
mod open;
mod process;
mod types;
mod writer;

pub mod backup;
pub mod changes;
pub mod claims;
pub mod companies;
pub mod company_notices;
pub mod consents;
pub mod deliveries;
pub mod dismissals;
pub mod events;
pub mod facts;
pub mod filters;
pub mod fleet;
pub mod going;
pub mod happened;
pub mod history;
pub mod holds;
pub mod ignored_users;
pub mod jobs;
pub mod links;
pub mod monitor;
pub mod notices;
pub mod plans;
pub mod previews;
pub mod psa_connections;
pub mod quarantines;
pub mod readings;
pub mod runs;
pub mod schema;
pub mod secrets;
pub mod sessions;
pub mod settings;
pub mod sign_in_failures;
pub mod sign_in_links;
pub mod staff;
pub mod tallies;
pub mod tenant_connections;
pub mod undos;
pub mod writes;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::QueryResult;
use diesel::r2d2::{NopErrorHandler, Pool};
use tracing::Span;

pub use conn::Conn;
pub use error::{DbError, OpenError};

use crate::clock::Clock;
use conn::{Address, Manager};
use open::Target;
use process::Process;
use writer::Writer;

/// Connections that read a SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// Connections to a PostgreSQL server, besides the one that holds the process's lock.
const POSTGRES_CONNECTIONS: u32 = 8;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

/// Dropped from top to bottom: the writer ends its work before the process gives up its lock.
struct Inner {
    writer: Option<Writer>,
    pool: Pool<Manager>,
    process: Process,
    clock: Clock,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.process.fmt(f)
    }
}

impl Db {
    /// Opens the database at `sqlite://PATH` or `postgres://…`, brings its tables up to date, and takes the lock by which
    /// others see that this process lives.
    ///
    /// # Errors
    /// One sentence that says what to do; a password in the address is in none of them.
    pub async fn open(url: &str, clock: Clock) -> Result<Self, OpenError> {
        let target = Target::parse(url)?;
        let shown = target.shown.clone();
        let opened = blocking(move || Inner::open(&target, clock)).await;
        let inner = opened.unwrap_or_else(|closed| {
            Err(OpenError::Other {
                shown,
                cause: closed.to_string(),
            })
        })?;
        Ok(Self(Arc::new(inner)))
    }

    /// Runs queries that only read. All of them see the same state of the database; a write is refused.
    pub async fn read<T, F>(&self, queries: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        let inner = self.0.clone();
        blocking(move || {
            let mut conn = inner.pool.get()?;
            conn::begin_read(&mut conn)?;
            let result = queries(&mut conn);
            conn::roll_back(&mut conn)?;
            Ok(result?)
        })
        .await?
    }

    /// Runs queries in one transaction, which is undone where they fail. What is returned `Ok` is on the disk.
    ///
    /// They are carried out even if nobody waits for them any more. On SQLite one thread runs all of them in turn, so they
    /// must not wait for anything else.
    pub async fn write<T, F>(&self, queries: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        self.write_with(|conn| queries(conn).map_err(DbError::from))
            .await
    }

    /// Like [`Self::write`], for work that can fail with an error of its own.
    pub async fn write_with<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        if let Some(writer) = &self.0.writer {
            return writer.run(work).await;
        }
        let inner = self.0.clone();
        blocking(move || {
            let mut conn = inner.pool.get().map_err(DbError::from)?;
            conn::begin_write(&mut conn).map_err(DbError::from)?;
            match work(&mut conn) {
                Ok(value) => {
                    conn::commit(&mut conn).map_err(DbError::from)?;
                    Ok(value)
                }
                Err(error) => {
                    // Where even this fails, the pool drops the connection, and the transaction with it.
                    let _ = conn::roll_back(&mut conn);
                    Err(error)
                }
            }
        })
        .await?
    }

    /// The id by which others know this process: that of its lock.
    pub fn process_id(&self) -> &str {
        &self.0.process.id
    }

    /// Makes sure that others see that this process lives: a server that was restarted has forgotten it.
    pub async fn show_life(&self) -> Result<(), DbError> {
        let inner = self.0.clone();
        blocking(move || inner.process.renew()).await?
    }

    /// Whether the process of this id still holds its lock.
    pub async fn is_alive(&self, process: &str) -> Result<bool, DbError> {
        let inner = self.0.clone();
        let process = process.to_owned();
        self.read(move |conn| inner.process.is_alive(conn, &process))
            .await
    }

    /// Whether the database answers, and its tables are those of this program.
    pub async fn is_current(&self) -> Result<bool, DbError> {
        self.read(open::is_current).await
    }

    /// Whether another process that lives may be using this database.
    ///
    /// # Errors
    /// Where the folder of the database cannot be read.
    pub fn has_others(&self) -> std::io::Result<bool> {
        self.0.process.has_others()
    }

    /// Takes, or renews, the claim of this name for `lease` from now. `false`: a process that lives has it.
    pub async fn try_claim(&self, name: &str, lease: Duration) -> Result<bool, DbError> {
        self.show_life().await?;
        let now = self.0.clock.now();
        let until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX / 1_000_000);
        let (inner, claim) = (self.0.clone(), name.to_owned());
        // Looked up before the write: on PostgreSQL it is a query, and the claim is taken only from the holder seen here.
        let dead = self
            .read(move |conn| {
                let Some(holder) = claims::holder(conn, &claim)? else {
                    return Ok(None);
                };
                let alive = inner.process.is_alive(conn, &holder)?;
                Ok((!alive).then_some(holder))
            })
            .await?;
        let (inner, claim) = (self.0.clone(), name.to_owned());
        self.write(move |conn| {
            let alive = |process: &str| dead.as_deref() != Some(process);
            claims::claim(conn, &claim, &inner.process.id, until, now, &alive)
        })
        .await
    }

    /// Whether this process has the claim of this name, for some time still.
    pub async fn has_claim(&self, name: &str) -> Result<bool, DbError> {
        let (inner, name, now) = (self.0.clone(), name.to_owned(), self.0.clock.now());
        self.read(move |conn| {
            claims::held_until(conn, &name, &inner.process.id, now).map(|held| held.is_some())
        })
        .await
    }

    /// Gives the claim back. One that another process has stays as it is.
    pub async fn release_claim(&self, name: &str) -> Result<(), DbError> {
        let (inner, name) = (self.0.clone(), name.to_owned());
        self.write(move |conn| claims::release(conn, &name, &inner.process.id))
            .await
            .map(drop)
    }
}

impl Inner {
    fn open(target: &Target, clock: Clock) -> Result<Self, OpenError> {
        target.check_file()?;
        let (process, conn) = match target.address {
            // The lock shows that the folder can be written to, before SQLite makes a file in it.
            Address::Sqlite(_) => {
                let process = Process::start(target)?;
                (process, target.prepare()?)
            }
            Address::Postgres(_) => {
                let conn = target.prepare()?;
                (Process::start(target)?, conn)
            }
        };
        let address = target.address.clone();
        let (writer, size) = match conn {
            Conn::Sqlite(_) => {
                let writer =
                    Writer::start(conn, address.clone()).map_err(|error| target.other(&error))?;
                (Some(writer), SQLITE_READERS)
            }
            Conn::Postgres(_) => (None, POSTGRES_CONNECTIONS),
        };
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .error_handler(Box::new(NopErrorHandler))
            .build(Manager {
                address,
                read_only: writer.is_some(),
            })
            .map_err(|error| target.other(&error))?;
        Ok(Self {
            writer,
            pool,
            process,
            clock,
        })
    }
}

/// Runs what waits for the disk or the network beside the async tasks, in the caller's tracing span.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    let span = Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    done.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_cancelled) => DbError::Closed,
    })
}
