//! The keys that secrets are sealed with, read anew when their file changes: `rollcall keys rotate` changes it under processes
//! that serve.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;

use super::locked;
use crate::config::{Config, KeySource};
use crate::seal::Keyring;

/// What changes with a file: when it was changed, its length, and which file it is.
type Stamp = (i64, i64, u64, u64);

pub(super) struct Keys {
    /// `None`: the keys are in the environment, which does not change.
    file: Option<PathBuf>,
    known: Mutex<(Option<Stamp>, Arc<Keyring>)>,
}

impl Keys {
    /// The keys of these settings; a missing file is made where it `may_create` one.
    pub(super) fn open(config: &Config, may_create: bool) -> anyhow::Result<Self> {
        let file = match &config.key {
            KeySource::Text(_) => None,
            KeySource::File(path) | KeySource::Default(path) => Some(path.clone()),
        };
        // A change while it is read is seen at the next look.
        let before = file.as_ref().and_then(stamp);
        let text = config.key_text(may_create).map_err(anyhow::Error::msg)?;
        let keys = Keyring::parse(text.expose_secret())?;
        Ok(Self {
            file,
            known: Mutex::new((before, Arc::new(keys))),
        })
    }

    /// The keys as they are now. A file that is gone or wrong changes nothing until it is mended.
    pub(super) fn now(&self, config: &Config) -> Arc<Keyring> {
        let mut known = locked(&self.known);
        let seen = self.file.as_ref().and_then(stamp);
        if seen.is_some() && seen != known.0 {
            known.0 = seen;
            let text = config.key_text(false);
            match text.map(|text| Keyring::parse(text.expose_secret())) {
                Ok(Ok(keys)) => known.1 = Arc::new(keys),
                Ok(Err(error)) => {
                    tracing::error!("The key file changed, and cannot be used: {error}");
                }
                Err(error) => tracing::error!("The key file changed: {error}"),
            }
        }
        known.1.clone()
    }
}

fn stamp(path: &PathBuf) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.len(), found.ino()))
}
