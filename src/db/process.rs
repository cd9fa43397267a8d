//! How a process shows that it lives: by a lock that dies with it (`behaviour.md` section 9), on SQLite a locked file beside
//! the database, on PostgreSQL a session advisory lock. Knows nothing of runs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use diesel::sql_types::{BigInt, Bool};
use uuid::Uuid;

use super::conn::{Address, Conn};
use super::error::{DbError, OpenError};
use super::open::{Target, folder_of, read_only};

/// This process's id and the lock that shows that it lives.
pub(super) struct Process {
    pub(super) id: String,
    lock: Lock,
}

enum Lock {
    /// Dropped before the database's files are closed; the path is removed first.
    File { database: PathBuf, held: LockedFile },
    /// A connection of its own, since a pool would give it to somebody else.
    Session {
        address: Address,
        held: Mutex<Option<PgConnection>>,
    },
}

struct LockedFile {
    path: PathBuf,
    _file: File,
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Process {
    /// Makes an id and takes its lock.
    pub(super) fn start(target: &Target) -> Result<Self, OpenError> {
        let id = Uuid::now_v7();
        let lock = match &target.address {
            Address::Sqlite(database) => {
                sweep(database);
                let held = lock_file(database, id).map_err(|error| {
                    // "Not found" is what file systems answer on which nothing can be made.
                    if read_only(&error) || error.kind() == io::ErrorKind::NotFound {
                        OpenError::ReadOnlyFolder(folder_of(database))
                    } else {
                        target.other(&error)
                    }
                })?;
                // The lock comes first: whoever restores looks for it after taking theirs, so that one of both sees the other.
                if is_locked(&restoring_path(database)) {
                    return Err(OpenError::Restoring {
                        shown: target.shown.clone(),
                    });
                }
                Lock::File {
                    database: database.clone(),
                    held,
                }
            }
            address @ Address::Postgres(_) => {
                let held = lock_session(address, id).map_err(|error| target.other(&error))?;
                Lock::Session {
                    address: address.clone(),
                    held: Mutex::new(Some(held)),
                }
            }
        };
        Ok(Self {
            id: id.to_string(),
            lock,
        })
    }

    /// Makes sure that the lock is still held: a server that was restarted has forgotten it.
    pub(super) fn renew(&self) -> Result<(), DbError> {
        let Lock::Session { address, held } = &self.lock else {
            return Ok(());
        };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_mut().is_some_and(|conn| conn.ping().is_ok()) {
            return Ok(());
        }
        *held = None;
        let id = Uuid::parse_str(&self.id).map_err(|_| DbError::Closed)?;
        *held = Some(lock_session(address, id)?);
        Ok(())
    }

    /// Whether another process that lives has the same SQLite file; on PostgreSQL nobody can tell.
    pub(super) fn has_others(&self) -> io::Result<bool> {
        match &self.lock {
            Lock::File { database, held } => Ok(!users(database, Some(&held.path))?.is_empty()),
            Lock::Session { .. } => Ok(true),
        }
    }

    /// Whether the process of this id lives, as seen from the database of `conn`. An id that is none is dead.
    pub(super) fn is_alive(&self, conn: &mut Conn, process: &str) -> QueryResult<bool> {
        let Ok(id) = Uuid::parse_str(process) else {
            return Ok(false);
        };
        if process == self.id {
            return Ok(true);
        }
        match (&self.lock, conn) {
            (Lock::File { database, .. }, _) => Ok(is_locked(&lock_path(database, id))),
            (Lock::Session { .. }, Conn::Postgres(conn)) => is_held(conn, key(id)),
            (Lock::Session { .. }, Conn::Sqlite(_)) => Ok(false),
        }
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.lock {
            Lock::File { held, .. } => held.path.display().to_string(),
            Lock::Session { .. } => "advisory lock".to_owned(),
        };
        write!(f, "Process({}, {kind})", self.id)
    }
}

fn lock_prefix(database: &Path) -> String {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.process-")
}

fn lock_path(database: &Path, id: Uuid) -> PathBuf {
    database.with_file_name(format!("{}{id}.lock", lock_prefix(database)))
}

fn lock_file(database: &Path, id: Uuid) -> io::Result<LockedFile> {
    let path = lock_path(database, id);
    loop {
        let mut file = lockable(&path)?;
        file.lock()?;
        // Somebody who swept up may have removed the file between its making and its locking.
        if path.exists() {
            // For whoever is to end this process; the lock itself is as good without.
            let _ = write!(file, "{}", std::process::id());
            return Ok(LockedFile { path, _file: file });
        }
    }
}

fn lockable(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// Whoever has this is the only one at a SQLite database, until it is dropped: no process starts meanwhile.
pub(super) struct Alone {
    _lock: LockedFile,
}

/// Who else is at a SQLite database.
pub(super) enum Busy {
    /// Somebody who is alone with it.
    Alone,
    /// Processes that live, by the operating system's numbers, as far as they are known.
    Processes(Vec<Option<u32>>),
}

impl Alone {
    /// Takes the database for itself, unless somebody else is at it.
    pub(super) fn take(database: &Path) -> io::Result<Result<Self, Busy>> {
        let path = restoring_path(database);
        let file = lockable(&path)?;
        match file.try_lock() {
            Ok(()) if path.exists() => {}
            Ok(()) | Err(TryLockError::WouldBlock) => return Ok(Err(Busy::Alone)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let lock = LockedFile { path, _file: file };
        sweep(database);
        let users = users(database, None)?;
        Ok(if users.is_empty() {
            Ok(Self { _lock: lock })
        } else {
            Err(Busy::Processes(users))
        })
    }
}

fn restoring_path(database: &Path) -> PathBuf {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    database.with_file_name(format!("{name}.restoring.lock"))
}

/// The processes that live and have the database, besides the one with this lock: their numbers, as far as they are known.
fn users(database: &Path, besides: Option<&Path>) -> io::Result<Vec<Option<u32>>> {
    let prefix = lock_prefix(database);
    let mut users = Vec::new();
    for entry in fs::read_dir(folder_of(database))? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_string_lossy().starts_with(&prefix);
        let path = entry.path();
        if ours && besides.is_none_or(|own| own != path) && is_locked(&path) {
            let number = fs::read_to_string(&path).ok();
            users.push(number.and_then(|number| number.trim().parse().ok()));
        }
    }
    Ok(users)
}

fn is_locked(path: &Path) -> bool {
    match File::open(path).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => false,
        // Also where the file is there and cannot be judged: a lease will run out, a second run at once would do harm.
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Removes the lock files of processes that died. A file is removed only while its lock is held.
fn sweep(database: &Path) {
    let prefix = lock_prefix(database);
    let Ok(entries) = fs::read_dir(folder_of(database)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let id = name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(".lock"));
        if id.is_some_and(|id| Uuid::parse_str(id).is_ok())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The number of the advisory lock: bits of a version 7 id of which all but the version and variant are time or random.
fn key(id: Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    (high.rotate_left(32) ^ low).cast_signed()
}

fn lock_session(address: &Address, id: Uuid) -> Result<PgConnection, DbError> {
    let Conn::Postgres(mut conn) = address.connect()? else {
        return Err(DbError::Closed);
    };
    // The server notices within a minute that this computer is gone. Older servers do not know the second.
    for setting in [
        "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
        "SET idle_session_timeout = 0",
    ] {
        let _ = conn.batch_execute(setting);
    }
    // Shared: it never waits for a session of this same process that broke, of which the server does not know yet.
    diesel::sql_query("SELECT pg_advisory_lock_shared($1)")
        .bind::<BigInt, _>(key(id))
        .execute(&mut conn)?;
    Ok(conn)
}

/// Whether any session holds the advisory lock. PostgreSQL documents the two halves in its page of `pg_locks`.
fn is_held(conn: &mut PgConnection, key: i64) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = Bool)]
        held: bool,
    }
    let key = key.cast_unsigned();
    let held: Held = diesel::sql_query(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND classid::bigint = $1 AND objid::bigint = $2 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held",
    )
    .bind::<BigInt, _>((key >> 32).cast_signed())
    .bind::<BigInt, _>((key & 0xffff_ffff).cast_signed())
    .get_result(conn)?;
    Ok(held.held)
}
