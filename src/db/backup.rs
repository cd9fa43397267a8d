//! Copies of a SQLite database: made while others work with it, and put in its place while nobody does. PostgreSQL has programs
//! of its own for that. It knows nothing of keys: a copy is as sealed as the database.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tempfile::{NamedTempFile, TempPath};
use thiserror::Error;

use super::conn::{self, Conn};
use super::error::OpenError;
use super::open::{Target, folder_of};
use super::process::{Alone, Busy};
use super::{companies, company_notices, deliveries, jobs, quarantines, sessions, sign_in_links};

/// Why there is no copy, or why none was put in the database's place.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The file that was named cannot be what it is to be: nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// It could not be done: nothing was changed.
    #[error("{0}")]
    Failed(String),
}

/// What is in a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// Companies that are not removed.
    pub companies: i64,
}

/// Copies the database at `database` to a new file, for this user alone. Others may read and write meanwhile: what is copied is
/// one moment's state. The file is there whole, checked and on the disk, or not at all. Blocks.
///
/// # Errors
/// One sentence that says what to do.
pub fn save(database: &Path, file: &Path) -> Result<Copied, CopyError> {
    let refused = |error: io::Error| {
        CopyError::Failed(format!("{} cannot be written: {error}", file.display()))
    };
    match File::open(database) {
        Ok(_) if database.is_file() => {}
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(CopyError::Failed(format!(
                "The database {} cannot be read by this user: call this as the user that runs Rollcall",
                database.display()
            )));
        }
        _ => {
            return Err(CopyError::Failed(format!(
                "There is no database at {}, so that nothing was saved: check ROLLCALL_DATA_DIR and \
                 ROLLCALL_DATABASE_URL",
                database.display()
            )));
        }
    }
    if file.symlink_metadata().is_ok() {
        return Err(exists(file));
    }
    let folder = folder_of(&std::path::absolute(file).map_err(refused)?);
    if !folder.is_dir() {
        return Err(CopyError::Refused(format!(
            "There is no folder {}: make it, or name a file in another one",
            folder.display()
        )));
    }
    let copy = copy(database, &folder, file)?;
    let copied = inspect(&copy).map_err(CopyError::Failed)?;
    File::open(&copy)
        .and_then(|file| file.sync_all())
        .map_err(refused)?;
    copy.persist_noclobber(file).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            exists(file)
        } else {
            refused(error.error)
        }
    })?;
    sync_folder(&folder).map_err(refused)?;
    Ok(copied)
}

/// Puts what is in `file` in the place of the database at `database`, its tables brought up to date, and nothing in it going on
/// by itself: no job, no daily run that was missed, no letter, no session. The database that was there
/// is kept beside it, under the name that is given back. Blocks.
///
/// # Errors
/// One sentence that says what to do: also where a process that lives uses the database.
pub fn restore(
    database: &Path,
    file: &Path,
    now: DateTime<Utc>,
) -> Result<(Copied, Option<PathBuf>), CopyError> {
    if !file.is_file() {
        return Err(CopyError::Refused(format!(
            "There is no file {}",
            file.display()
        )));
    }
    let same = |path: &Path| path.canonicalize().ok();
    if same(file).is_some_and(|file| same(database) == Some(file)) {
        return Err(CopyError::Refused(format!(
            "{} is the database itself: name a copy that `rollcall backup` made",
            file.display()
        )));
    }
    let folder = folder_of(database);
    let failed = |error: io::Error| {
        CopyError::Failed(format!(
            "{} cannot be replaced: {error}",
            database.display()
        ))
    };
    let _alone = match Alone::take(database).map_err(failed)? {
        Ok(alone) => alone,
        Err(busy) => return Err(CopyError::Failed(in_use(&busy))),
    };
    let copy = copy(file, &folder, &folder)?;
    let url = format!("sqlite://{}", copy.display());
    let prepared = Target::parse(&url).and_then(|target| target.prepare());
    let mut conn = prepared.map_err(|error| match error {
        OpenError::NotOurs(_) => foreign(file),
        OpenError::Newer { version, .. } => CopyError::Refused(format!(
            "{} was made by a newer version of Rollcall (it has migration {version}): restore it with that \
             version or a later one",
            file.display()
        )),
        other => CopyError::Failed(other.to_string()),
    })?;
    stand_still(&mut conn, now).map_err(|error| {
        CopyError::Failed(format!("{} cannot be prepared: {error}", file.display()))
    })?;
    drop(conn);
    let copied = inspect(&copy).map_err(CopyError::Failed)?;
    File::open(&copy)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    let kept = match fs::metadata(database) {
        Ok(old) => {
            // Whoever runs this may be root, and who serves is not.
            chown(&copy, Some(old.uid()), Some(old.gid())).map_err(failed)?;
            Some(keep(database, now).map_err(failed)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    copy.persist(database)
        .map_err(|error| failed(error.error))?;
    sync_folder(&folder).map_err(failed)?;
    Ok((copied, kept))
}

/// Why what a copy had to do is not done.
const RESTORED: &str = "The database was restored from a copy in which this waited";

/// Lets nothing of an old state go on or begin by itself, so that people can look first: what was asked for then may be done
/// already, or not be wanted any more.
fn stand_still(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    conn::begin_write(conn)?;
    jobs::cancel_all(conn, RESTORED, now)?;
    companies::skip_days(conn, now)?;
    // One that is to be tried again has a run of its own for that.
    quarantines::forget_all(conn)?;
    deliveries::give_up(conn, (None, RESTORED), None, now)?;
    company_notices::skip_weeks(conn, now)?;
    sessions::end_all(conn)?;
    sign_in_links::retire_all(conn)?;
    conn::commit(conn)
}

/// One moment's state of a Rollcall database, in a temporary file of this folder.
fn copy(database: &Path, folder: &Path, named: &Path) -> Result<TempPath, CopyError> {
    let copy = tempfile::Builder::new()
        .prefix(".rollcall-copy-")
        .tempfile_in(folder)
        .map(NamedTempFile::into_temp_path)
        .map_err(|error| CopyError::Failed(unwritten(named, folder, &error)))?;
    let mut conn = conn::sqlite(database).map_err(|error| unreadable(database, &error))?;
    if !is_ours(&mut conn).map_err(|error| unreadable(database, &error))? {
        return Err(foreign(database));
    }
    let to = copy
        .to_str()
        .ok_or_else(|| CopyError::Refused(format!("the path {} is not UTF-8", folder.display())))?;
    // SQLite writes into a file that is there only where it is empty; this one is, and nobody else may read it.
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(to)
        .execute(&mut conn)
        .map_err(|error| {
            // SQLite leaves it where the copy was not finished.
            let _ = fs::remove_file(beside(&copy, "-journal"));
            if error.to_string().contains("disk is full") {
                no_room(folder)
            } else {
                unreadable(database, &error)
            }
        })?;
    Ok(copy)
}

/// Who has to end before a database can be replaced.
fn in_use(busy: &Busy) -> String {
    let Busy::Processes(users) = busy else {
        return "Another copy is just being restored: wait until that is done".to_owned();
    };
    let known: Vec<String> = users.iter().flatten().map(u32::to_string).collect();
    match &known[..] {
        [one] if users.len() == 1 => format!(
            "The Rollcall process {one} uses the database: stop it (`rollcall serve` by `systemctl stop rollcall` where \
             systemd started it), then restore"
        ),
        [] => "Another Rollcall process uses the database: stop it, then restore".to_owned(),
        some => format!(
            "Several Rollcall processes use the database ({}): stop them, then restore",
            some.join(", ")
        ),
    }
}

/// Why nothing can be written there, and what to do.
fn unwritten(named: &Path, folder: &Path, error: &io::Error) -> String {
    let (named, folder) = (named.display(), folder.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
            "{named} cannot be written: this user may not write to the folder {folder}, or it is read-only"
        ),
        // The library's own words name a file that nobody asked for.
        _ => format!("{named} cannot be written: no file can be made in the folder {folder}"),
    }
}

fn no_room(folder: &Path) -> CopyError {
    CopyError::Failed(format!(
        "There is no room for a copy of the database in {}: make room there first",
        folder.display()
    ))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn is_ours(conn: &mut SqliteConnection) -> QueryResult<bool> {
    let found: Count = diesel::sql_query(
        "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' \
         AND name IN ('__diesel_schema_migrations', 'companies', 'secrets')",
    )
    .get_result(conn)?;
    Ok(found.count == 3)
}

/// Makes sure that the file is whole, and says what is in it.
fn inspect(path: &Path) -> Result<Copied, String> {
    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let said = |error: &dyn std::fmt::Display| format!("The copy cannot be read: {error}");
    let mut conn = conn::sqlite(path).map_err(|error| said(&error))?;
    let findings: Vec<Finding> = diesel::sql_query("PRAGMA integrity_check")
        .load(&mut conn)
        .map_err(|error| said(&error))?;
    if let Some(finding) = findings.iter().find(|one| one.integrity_check != "ok") {
        return Err(format!(
            "The database is damaged, and the copy with it: {}",
            finding.integrity_check
        ));
    }
    let companies: Count =
        diesel::sql_query("SELECT COUNT(*) AS count FROM companies WHERE removed_at IS NULL")
            .get_result(&mut conn)
            .map_err(|error| said(&error))?;
    drop(conn);
    let bytes = fs::metadata(path).map_err(|error| said(&error))?.len();
    Ok(Copied {
        bytes,
        companies: companies.count,
    })
}

/// Gives the database a second name, and leaves at its own name nothing of SQLite's that a new file would be taken to go with.
fn keep(database: &Path, now: DateTime<Utc>) -> io::Result<PathBuf> {
    // What a process that died left in the log goes into the file, unless the file is too damaged for that.
    if let Ok(mut conn) = conn::sqlite(database) {
        let _ = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn);
    }
    let mut kept = beside(
        database,
        &format!(".before-restore-{}", now.format("%Y%m%dT%H%M%SZ")),
    );
    while kept.symlink_metadata().is_ok() {
        kept = beside(&kept, "-");
    }
    if fs::hard_link(database, &kept).is_err() {
        // Not every file system knows two names of one file.
        fs::copy(database, &kept)?;
        File::open(&kept)?.sync_all()?;
    }
    for end in ["-wal", "-shm"] {
        match fs::rename(beside(database, end), beside(&kept, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(kept)
}

/// The path with this at its end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// A new name in a folder lasts only once the folder is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn exists(file: &Path) -> CopyError {
    CopyError::Refused(format!(
        "{} exists already: choose another name",
        file.display()
    ))
}

fn foreign(file: &Path) -> CopyError {
    CopyError::Refused(format!("{} is not a Rollcall database", file.display()))
}

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> CopyError {
    let text = error.to_string();
    if text.contains("not a database") {
        foreign(file)
    } else {
        CopyError::Failed(format!("{} cannot be copied: {text}", file.display()))
    }
}
