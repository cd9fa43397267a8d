//! Opens the database: the address, what is wrong with it, and the migrations. Makes a file only where a good address names
//! one in a folder that exists.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use url::Url;

use super::conn::{self, Address, Conn};
use super::error::OpenError;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Only one process migrates a PostgreSQL database at a time: the key of that lock, any number.
const MIGRATION_LOCK: i64 = 0x526f_6c6c_6361_6c6c;

/// An address that is well formed, and how to name it without its password.
pub(super) struct Target {
    pub(super) address: Address,
    pub(super) shown: String,
    /// What must not appear in a message.
    hidden: Vec<String>,
}

impl Target {
    /// Understands the address of a database.
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            // In other programs a question mark begins options; here it would silently become part of a file's name.
            if path.trim().is_empty() || path == ":memory:" || path.contains(['?', '\0']) {
                return Err(OpenError::Path);
            }
            let path = std::path::absolute(path).map_err(|_| OpenError::Path)?;
            return Ok(Self {
                shown: path.display().to_string(),
                address: Address::Sqlite(path),
                hidden: Vec::new(),
            });
        }
        if url.starts_with("postgres://") {
            return Self::postgres(url);
        }
        Err(OpenError::Scheme)
    }

    fn postgres(text: &str) -> Result<Self, OpenError> {
        let url = Url::parse(text).map_err(|_| OpenError::Malformed)?;
        // libpq reads an address with a stray `@`, `#` or `/` in another way, and would show parts of the password.
        if url.fragment().is_some() || text.matches('@').count() > 1 || text.contains('\0') {
            return Err(OpenError::Malformed);
        }
        let mut hidden: Vec<String> = url.password().map(str::to_owned).into_iter().collect();
        hidden.extend(url.query_pairs().filter_map(|(key, value)| {
            let secret = key.eq_ignore_ascii_case("password") || key == "sslpassword";
            secret.then(|| value.into_owned())
        }));
        let host = url.host_str().unwrap_or_default();
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let joint = if url.query().is_some() { '&' } else { '?' };
        let mut address =
            format!("{text}{joint}fallback_application_name=rollcall&client_encoding=UTF8");
        if !url.query_pairs().any(|(key, _)| key == "connect_timeout") {
            address.push_str("&connect_timeout=10");
        }
        Ok(Self {
            shown: format!("postgres://{host}{port}{}", url.path()),
            address: Address::Postgres(address),
            hidden,
        })
    }

    /// A driver's message without what must not be shown, on one line.
    fn clean(&self, message: &str) -> String {
        let mut message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        for hidden in self.hidden.iter().filter(|hidden| !hidden.is_empty()) {
            message = message.replace(hidden.as_str(), "***");
        }
        message
    }

    pub(super) fn other(&self, cause: &dyn std::fmt::Display) -> OpenError {
        OpenError::Other {
            shown: self.shown.clone(),
            cause: self.clean(&cause.to_string()),
        }
    }

    /// Looks at the file and its folder before SQLite does, whose message would only be "unable to open database file".
    pub(super) fn check_file(&self) -> Result<(), OpenError> {
        let Address::Sqlite(path) = &self.address else {
            return Ok(());
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => return Err(OpenError::NoFolder(folder.into())),
            // The folder of a read-only file system shows itself when the process lock is made in it.
            Ok(found) if found.permissions().readonly() => {
                return Err(OpenError::ReadOnlyFolder(folder.into()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(OpenError::NoFolder(folder.into()));
            }
            Err(error) => return Err(self.other(&error)),
        }
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.other(&error)),
            Ok(found) if !found.is_file() => Err(OpenError::NotOurs(path.clone())),
            Ok(found) if found.permissions().readonly() => {
                Err(OpenError::ReadOnlyFile(path.clone()))
            }
            Ok(_) => match OpenOptions::new().write(true).open(path) {
                Ok(_) => Ok(()),
                Err(error) if read_only(&error) => Err(OpenError::ReadOnlyFile(path.clone())),
                Err(error) => Err(self.other(&error)),
            },
        }
    }

    /// Connects and brings the tables up to date.
    pub(super) fn prepare(&self) -> Result<Conn, OpenError> {
        if let Address::Sqlite(path) = &self.address {
            make_private(path).map_err(|error| self.other(&error))?;
        }
        let mut conn = self
            .address
            .connect()
            .map_err(|error| match &self.address {
                Address::Sqlite(path) => self.sqlite_error(path, &error),
                Address::Postgres(_) => OpenError::Unreachable {
                    shown: self.shown.clone(),
                    cause: self.clean(&error.to_string()),
                },
            })?;
        if let (Conn::Sqlite(conn), Address::Sqlite(path)) = (&mut conn, &self.address) {
            refuse_foreign(conn).map_err(|error| match error {
                Foreign::Yes => OpenError::NotOurs(path.clone()),
                Foreign::Query(error) => self.sqlite_error(path, &error),
            })?;
            write_ahead(conn).map_err(|error| self.sqlite_error(path, &error))?;
            // A migration that makes a table anew would delete, with the old one, all that refers to it.
            conn.batch_execute("PRAGMA foreign_keys = OFF;")
                .map_err(|error| self.sqlite_error(path, &error))?;
        }
        conn::begin_write(&mut conn).map_err(|error| self.other(&error))?;
        match self.migrate(&mut conn) {
            Ok(()) => conn::commit(&mut conn).map_err(|error| self.other(&error))?,
            Err(error) => {
                // The connection is dropped, and with it what is left of the transaction.
                let _ = conn::roll_back(&mut conn);
                return Err(error);
            }
        }
        if let Conn::Sqlite(conn) = &mut conn {
            conn.batch_execute("PRAGMA foreign_keys = ON;")
                .map_err(|error| self.other(&error))?;
        }
        Ok(conn)
    }

    fn migrate(&self, conn: &mut Conn) -> Result<(), OpenError> {
        if let Conn::Postgres(conn) = conn {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .execute(conn)
                .map_err(|error| self.other(&error))?;
        }
        let unknown = match conn {
            Conn::Sqlite(conn) => unknown(conn, &SQLITE),
            Conn::Postgres(conn) => unknown(conn, &POSTGRES),
        };
        if let Some(version) = unknown.map_err(|error| self.other(&error))? {
            return Err(OpenError::Newer {
                shown: self.shown.clone(),
                version,
            });
        }
        match conn {
            Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(drop),
            Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(drop),
        }
        .map_err(|error| self.other(&error))
    }

    fn sqlite_error(&self, path: &Path, error: &dyn std::fmt::Display) -> OpenError {
        let text = error.to_string();
        if text.contains("not a database") {
            OpenError::NotOurs(path.into())
        } else if text.contains("readonly") {
            OpenError::ReadOnlyFile(path.into())
        } else {
            self.other(&text)
        }
    }
}

/// Whether the tables are those of this program: every migration is applied, and none that it does not know.
pub(super) fn is_current(conn: &mut Conn) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let query = diesel::sql_query("SELECT version FROM __diesel_schema_migrations");
    // `each!`: a query in words.
    let applied: Vec<Applied> = each!(conn => query.load(conn))?;
    let known = match conn {
        Conn::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(&SQLITE),
        Conn::Postgres(_) => versions::<diesel::pg::Pg>(&POSTGRES),
    }
    .map_err(diesel::result::Error::QueryBuilderError)?;
    Ok(applied.len() == known.len() && applied.iter().all(|one| known.contains(&one.version)))
}

fn versions<DB>(known: &EmbeddedMigrations) -> diesel::migration::Result<Vec<String>>
where
    DB: diesel::backend::Backend,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let known = diesel::migration::MigrationSource::<DB>::migrations(known)?;
    let versions = known.iter().map(|one| one.name().version().to_string());
    Ok(versions.collect())
}

/// Whether the operating system does not let this program write there.
pub(super) fn read_only(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// Makes a database's file, where it is missing, for this user alone: it holds what is known of people. SQLite gives its
/// other files the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The folder that a database file lies in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_path_buf()
}

/// The first applied migration that this program does not have.
fn unknown<C, DB>(
    conn: &mut C,
    known: &EmbeddedMigrations,
) -> diesel::migration::Result<Option<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let known = versions::<DB>(known)?;
    let mut applied: Vec<String> = conn
        .applied_migrations()?
        .iter()
        .map(ToString::to_string)
        .collect();
    applied.sort();
    Ok(applied.into_iter().find(|version| !known.contains(version)))
}

enum Foreign {
    Yes,
    Query(diesel::result::Error),
}

/// Refuses a file that holds tables but none of ours: somebody else's database.
fn refuse_foreign(conn: &mut SqliteConnection) -> Result<(), Foreign> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        tables: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        ours: i64,
    }
    let found: Count = diesel::sql_query(
        "SELECT COUNT(*) AS tables, COUNT(CASE name WHEN '__diesel_schema_migrations' THEN 1 END) AS ours \
         FROM sqlite_master WHERE type = 'table'",
    )
    .get_result(conn)
    .map_err(Foreign::Query)?;
    if found.tables > 0 && found.ours == 0 {
        return Err(Foreign::Yes);
    }
    Ok(())
}

/// Switches to write-ahead logging, in which readers and the writer do not wait for each other. The file remembers it.
fn write_ahead(conn: &mut SqliteConnection) -> QueryResult<()> {
    // Two processes that make the file at the same moment: SQLite answers "locked" at once, whatever its timeout is.
    let mut tries = 0;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(error) if tries < 100 && error.to_string().contains("locked") => {
                tries += 1;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            done => return done,
        }
    }
}
