//! A connection to either database, and how one is opened. Runs no query of its own.

use std::path::{Path, PathBuf};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{Error, ManageConnection, R2D2Connection};

/// How long a statement waits for another process that writes to the same SQLite file, in milliseconds.
const BUSY_TIMEOUT: u32 = 30_000;

/// A connection to one of the two databases.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Where the database is. Has no `Debug`: the address may carry a password.
#[derive(Clone)]
pub(super) enum Address {
    /// An absolute path.
    Sqlite(PathBuf),
    /// An address that libpq understands.
    Postgres(String),
}

impl Address {
    /// Opens a connection, never through `Conn::establish`, which takes any text for the path of a new file.
    pub(super) fn connect(&self) -> Result<Conn, Error> {
        match self {
            Self::Sqlite(path) => sqlite(path).map(Conn::Sqlite),
            Self::Postgres(address) => PgConnection::establish(address)
                .map(Conn::Postgres)
                .map_err(Error::ConnectionError),
        }
    }
}

/// Opens a file; SQLite makes one that is missing.
pub(super) fn sqlite(path: &Path) -> Result<SqliteConnection, Error> {
    let path = path.to_str().ok_or_else(|| {
        Error::ConnectionError(ConnectionError::BadConnection(
            "the path of the database is not UTF-8".into(),
        ))
    })?;
    let mut conn = SqliteConnection::establish(path).map_err(Error::ConnectionError)?;
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
         PRAGMA journal_size_limit = 67108864;"
    ))
    .map_err(Error::QueryError)?;
    Ok(conn)
}

/// Starts a transaction for reading: all its statements see the same state of the database.
pub(super) fn begin_read(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    }
}

/// Starts a transaction for writing. IMMEDIATE on SQLite: a deferred one that reads first fails with
/// "database is locked" at its first write where somebody else wrote meanwhile.
pub(super) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

/// Makes the transaction, or the innermost savepoint, permanent.
pub(super) fn commit(conn: &mut Conn) -> QueryResult<()> {
    each!(conn => AnsiTransactionManager::commit_transaction(conn))
}

/// Undoes the transaction, or the innermost savepoint.
pub(super) fn roll_back(conn: &mut Conn) -> QueryResult<()> {
    each!(conn => AnsiTransactionManager::rollback_transaction(conn))
}

/// Starts a savepoint inside the open transaction.
pub(super) fn savepoint(conn: &mut Conn) -> QueryResult<()> {
    each!(conn => AnsiTransactionManager::begin_transaction(conn))
}

/// How many transactions and savepoints are open; an error where the connection is of no use any more.
pub(super) fn depth(conn: &mut Conn) -> QueryResult<u32> {
    let depth = each!(conn => {
        AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()
    })?;
    Ok(depth.map_or(0, std::num::NonZero::get))
}

/// Makes connections for the pool.
pub(super) struct Manager {
    pub(super) address: Address,
    /// Whether SQLite refuses to write; PostgreSQL is told in each transaction.
    pub(super) read_only: bool,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn, Error> {
        let mut conn = self.address.connect()?;
        if let (Conn::Sqlite(conn), true) = (&mut conn, self.read_only) {
            conn.batch_execute("PRAGMA query_only = ON;")
                .map_err(Error::QueryError)?;
        }
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Error> {
        match conn {
            // A file does not go away as a server does.
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => conn.ping().map_err(Error::QueryError),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        // An open transaction is left behind by a panic.
        !matches!(depth(conn), Ok(0))
    }
}
