//! What can go wrong with the database, worded for people. Prints no password.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why a query did not do its work.
#[derive(Clone, Debug, Error)]
pub enum DbError {
    /// The database refused, or could not keep, what was asked.
    #[error("the database answered: {0}")]
    Query(Arc<diesel::result::Error>),
    /// There is no connection to the database.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The program is ending.
    #[error("the database is closed, because the program is ending")]
    Closed,
}

impl DbError {
    /// Whether somebody else was faster with what can be there only once: nothing was written, and trying again helps.
    pub fn is_taken(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        let Self::Query(error) = self else {
            return false;
        };
        matches!(
            **error,
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
        )
    }
}

impl From<diesel::result::Error> for DbError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(Arc::new(error))
    }
}

impl From<diesel::r2d2::PoolError> for DbError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<diesel::r2d2::Error> for DbError {
    fn from(error: diesel::r2d2::Error) -> Self {
        match error {
            diesel::r2d2::Error::QueryError(error) => error.into(),
            diesel::r2d2::Error::ConnectionError(error) => Self::Unavailable(error.to_string()),
        }
    }
}

/// Why the database could not be opened. Each is one sentence that says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Neither `sqlite://` nor `postgres://`.
    #[error(
        "the database address must begin with sqlite:// (and a path) or with postgres://: correct \
         ROLLCALL_DATABASE_URL"
    )]
    Scheme,
    /// No usable path after `sqlite://`.
    #[error(
        "the database address needs the path of a file after sqlite://, without options: correct \
         ROLLCALL_DATABASE_URL, for example sqlite:///var/lib/rollcall/rollcall.db"
    )]
    Path,
    /// An address that is not well formed; not shown, since it may carry a password.
    #[error(
        "the database address cannot be understood: write it as \
         postgres://user:password@host:port/database, with special characters of the password \
         percent-encoded"
    )]
    Malformed,
    /// The file's folder does not exist.
    #[error("the folder {} of the database does not exist: make it, or correct ROLLCALL_DATABASE_URL", .0.display())]
    NoFolder(PathBuf),
    /// The folder cannot be written to.
    #[error("the folder {} of the database is read-only: let Rollcall's user write to it, or choose another folder", .0.display())]
    ReadOnlyFolder(PathBuf),
    /// The file cannot be written to.
    #[error("the database file {} is read-only: let Rollcall's user write to it, or choose another file", .0.display())]
    ReadOnlyFile(PathBuf),
    /// The file is something else.
    #[error("{} is not a Rollcall database: choose another file in ROLLCALL_DATABASE_URL", .0.display())]
    NotOurs(PathBuf),
    /// Another file is being put in its place.
    #[error("the database {shown} is being restored: start again when that is done")]
    Restoring {
        /// The database.
        shown: String,
    },
    /// A migration is applied that this program does not know.
    #[error(
        "the database {shown} was made by a newer version of Rollcall (it has migration {version}): \
         run that version or a later one"
    )]
    Newer {
        /// The database, without a password.
        shown: String,
        /// The first migration that is unknown.
        version: String,
    },
    /// The server does not answer, or refuses.
    #[error(
        "the database {shown} cannot be reached: check that the server runs and that the address, \
         user and password are right ({cause})"
    )]
    Unreachable {
        /// The database, without a password.
        shown: String,
        /// What the driver said.
        cause: String,
    },
    /// Anything else.
    #[error(
        "the database {shown} cannot be used: check its disk space, and that Rollcall's user may \
         read, write and create tables ({cause})"
    )]
    Other {
        /// The database, without a password.
        shown: String,
        /// What the database or the operating system said.
        cause: String,
    },
}
