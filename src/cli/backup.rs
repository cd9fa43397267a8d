//! `rollcall backup` and `rollcall restore`: copies of a SQLite database, while the portal serves, and back.

use std::path::{Path, PathBuf};

use super::output::{complain, count, say, sentence};
use super::{DONE, FAILED, WRONG_USAGE};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Database, KeySource};
use crate::db::backup::{self, Copied, CopyError};
use crate::db::secrets;
use crate::sync::stop::stop;

/// Copies the database to a new file.
pub async fn save(config: &Config, file: &Path) -> u8 {
    let Some(database) = sqlite(config, "pg_dump --format=custom") else {
        return WRONG_USAGE;
    };
    let to = file.to_owned();
    match blocking(move || backup::save(&database, &to)).await {
        Ok(copied) => {
            say(&format!("Saved {} to {}.", told(&copied), file.display()));
            say(&sentence(&format!(
                "The key is not in it, and the secrets in it are of no use without: keep {} too, in another place",
                key(config)
            )));
            DONE
        }
        Err(error) => complained(&error),
    }
}

/// Puts a copy in the database's place.
pub async fn restore(config: Config, file: &Path) -> u8 {
    let Some(database) = sqlite(&config, "pg_restore") else {
        return WRONG_USAGE;
    };
    if let Err(error) = config.prepare_data_dir() {
        complain(&sentence(&error));
        return FAILED;
    }
    let (from, now) = (file.to_owned(), Clock::real().now());
    let (copied, kept) = match blocking(move || backup::restore(&database, &from, now)).await {
        Ok(restored) => restored,
        Err(error) => return complained(&error),
    };
    say(&format!(
        "Restored {} from {}.",
        told(&copied),
        file.display()
    ));
    if let Some(kept) = kept {
        say(&format!(
            "The database that was there is kept: {}.",
            kept.display()
        ));
    }
    say(
        "Contacts made since then are found by their address. What people decided since then is not in it: settings, links made \
         by hand, who is ignored, who was dismissed from a hold. Look at a preview before the next run.",
    );
    say(
        "Nothing that waited in it is done: jobs are cancelled, missed daily runs are not made up for, letters are not sent. \
         Each company runs at its next time, and everybody signs in anew.",
    );
    match unopened(config).await {
        Ok(0) => DONE,
        Ok(secrets) => {
            complain(&format!(
                "The database is restored, but the key opens {} of it not: add the key that was used then as a line of the key \
                 file or of ROLLCALL_SECRET_KEY, or enter the secrets anew.",
                count(secrets, "secret", "secrets")
            ));
            FAILED
        }
        Err(error) => {
            complain(&sentence(&format!(
                "The database is restored, but it cannot be used: {error:#}"
            )));
            FAILED
        }
    }
}

/// How many secrets of the database none of the keys has sealed.
async fn unopened(config: Config) -> anyhow::Result<usize> {
    let (_stopper, asked) = stop();
    let app = App::open(config, Clock::real(), asked).await?;
    let all = app.db().read(secrets::all).await?;
    let keys = app.keyring();
    let strange = all.iter().filter(|secret| !keys.knows(&secret.sealed));
    Ok(strange.count())
}

fn sqlite(config: &Config, program: &str) -> Option<PathBuf> {
    match &config.database {
        Database::Sqlite(path) => Some(path.clone()),
        Database::Postgres(_) => {
            complain(&format!(
                "The database is a PostgreSQL server's: use its own `{program}`, as docs/OPERATING.md shows."
            ));
            None
        }
    }
}

fn key(config: &Config) -> String {
    match &config.key {
        KeySource::Text(_) => "the key in ROLLCALL_SECRET_KEY".to_owned(),
        KeySource::File(path) | KeySource::Default(path) => path.display().to_string(),
    }
}

fn told(copied: &Copied) -> String {
    let companies = usize::try_from(copied.companies).unwrap_or_default();
    format!(
        "{} ({})",
        count(companies, "company", "companies"),
        indicatif::HumanBytes(copied.bytes)
    )
}

fn complained(error: &CopyError) -> u8 {
    complain(&sentence(&error.to_string()));
    match error {
        CopyError::Refused(_) => WRONG_USAGE,
        CopyError::Failed(_) => FAILED,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CopyError> + Send + 'static,
) -> Result<T, CopyError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(CopyError::Failed(error.to_string())))
}
