//! The data folder and the key file. It overwrites no file but Rollcall's own keys, where they are rotated.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Config, Database, KeySource};
use crate::seal::Keyring;

/// A SQLite database that is not there: whoever opens it makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingDatabase {
    /// Its file.
    pub path: PathBuf,
    /// The variable that says where it is.
    pub variable: &'static str,
}

impl Config {
    /// The database, where it is a file that is not there. Blocks.
    pub fn missing_database(&self) -> Option<MissingDatabase> {
        let Database::Sqlite(path) = &self.database else {
            return None;
        };
        let found = fs::symlink_metadata(path);
        found
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
            .then(|| MissingDatabase {
                path: path.clone(),
                variable: if path.starts_with(&self.data_dir) {
                    "ROLLCALL_DATA_DIR"
                } else {
                    "ROLLCALL_DATABASE_URL"
                },
            })
    }

    /// Makes the data folder (mode 0700) where it is missing, and makes sure that it can be written to.
    /// The error is one sentence for people.
    pub fn prepare_data_dir(&self) -> Result<(), String> {
        let folder = &self.data_dir;
        if folder.is_file() {
            return Err(format!(
                "The data folder {} is a file: name a folder in ROLLCALL_DATA_DIR",
                folder.display()
            ));
        }
        let refused = |what: &str, error: &std::io::Error| {
            format!(
                "The data folder {} cannot be {what} ({error}): make it writable for the user that runs Rollcall, \
                 or name another folder in ROLLCALL_DATA_DIR",
                folder.display()
            )
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| refused("made", &error))?;
        tempfile::tempfile_in(folder)
            .map(drop)
            .map_err(|error| refused("written to", &error))
    }

    /// The text of the keys that secrets are sealed with, newest first, one a line.
    ///
    /// A missing key file is made with a new key (mode 0600) only where `may_create`: where the database holds no sealed
    /// secret. Blocks on files. The error is one sentence for people.
    pub fn key_text(&self, may_create: bool) -> Result<SecretString, String> {
        let path = match &self.key {
            KeySource::Text(text) => return Ok(text.clone()),
            KeySource::File(path) | KeySource::Default(path) => path,
        };
        match read(path)? {
            Some(text) => Ok(text),
            None if may_create => {
                create(path)?;
                read(path)?.ok_or_else(|| format!("The key file {} vanished", path.display()))
            }
            None => Err(format!(
                "The key file {} is missing, and the database holds secrets that were sealed with it: put the file back, \
                 or name it in ROLLCALL_SECRET_KEY_FILE",
                path.display()
            )),
        }
    }
}

impl Config {
    /// Puts a new key above those of Rollcall's own key file. The file is changed whole or not at all. Blocks. The error is one
    /// sentence for people.
    pub fn add_own_key(&self) -> Result<(), String> {
        let (path, text) = self.own_key()?;
        let (_, newest) = Keyring::generate();
        let lines = format!("{}{}", newest.expose_secret(), text.expose_secret());
        write_over(&path, &SecretString::from(lines))
    }

    /// Leaves only the newest key in Rollcall's own key file. The file is changed whole or not at all. Blocks. The error is one
    /// sentence for people.
    pub fn drop_older_own_keys(&self) -> Result<(), String> {
        let (path, text) = self.own_key()?;
        let newest = text.expose_secret().lines().map(str::trim);
        let newest = newest.into_iter().find(|line| !line.is_empty());
        let line = format!("{}\n", newest.unwrap_or_default());
        write_over(&path, &SecretString::from(line))
    }

    /// When Rollcall's own key file was last changed; `None`: the keys are somebody else's to change.
    pub fn own_key_changed_at(&self) -> Option<SystemTime> {
        match &self.key {
            KeySource::Default(path) => fs::metadata(path).and_then(|file| file.modified()).ok(),
            KeySource::Text(_) | KeySource::File(_) => None,
        }
    }

    fn own_key(&self) -> Result<(PathBuf, SecretString), String> {
        match &self.key {
            KeySource::Default(path) => Ok((path.clone(), self.key_text(false)?)),
            KeySource::Text(_) | KeySource::File(_) => {
                Err("The key is not Rollcall's own to change".to_owned())
            }
        }
    }
}

/// Puts a file of this text, for this user alone, in the place of the one that is there.
fn write_over(path: &Path, text: &SecretString) -> Result<(), String> {
    let refused = |error: std::io::Error| {
        format!(
            "The key file {} cannot be changed ({error}): make its folder writable for the user that runs Rollcall",
            path.display()
        )
    };
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(refused)?;
    // Whoever runs this may be root, and who serves is not.
    fs::metadata(path)
        .and_then(|old| chown(file.path(), Some(old.uid()), Some(old.gid())))
        .map_err(refused)?;
    file.write_all(text.expose_secret().as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(refused)?;
    file.persist(path).map_err(|error| refused(error.error))?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(refused)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The file's text; `None` where there is no file.
fn read(path: &Path) -> Result<Option<SecretString>, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let open = fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
            if open {
                tracing::warn!(
                    path = %path.display(),
                    "The key file can be read by other users of this machine: set its mode to 0600"
                );
            }
            Ok(Some(text.into()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!(
            "The key file {} cannot be read ({error})",
            path.display()
        )),
    }
}

/// Makes the file whole or not at all, and leaves a file alone that another process made meanwhile.
fn create(path: &Path) -> Result<(), String> {
    let refused = |error: &dyn std::fmt::Display| {
        format!(
            "The key file {} cannot be made ({error}): make its folder writable for the user that runs Rollcall, \
             or give a key in ROLLCALL_SECRET_KEY",
            path.display()
        )
    };
    let (_, text) = Keyring::generate();
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder_of(path))
        .map_err(|error| refused(&error))?;
    file.write_all(text.expose_secret().as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| refused(&error))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(&error.error)),
    }
}
