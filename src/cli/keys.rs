//! `rollcall keys rotate`: seals every secret with the newest key.

use super::output::{capital, complain, count, say, sentence};
use super::{DONE, FAILED};
use crate::app::App;
use crate::config::KeySource;
use crate::keys::{self, Older};

/// Rotates, and says what is left to be done.
pub async fn rotate(app: &App) -> anyhow::Result<u8> {
    let done = keys::rotate(app).await?;
    say(&format!(
        "Key {}: {} sealed anew, {} sealed with it before.",
        done.newest,
        count(done.resealed, "secret", "secrets"),
        done.already
    ));
    let (source, own) = match &app.config().key {
        KeySource::Text(_) => ("ROLLCALL_SECRET_KEY".to_owned(), false),
        KeySource::File(path) => (path.display().to_string(), false),
        KeySource::Default(path) => (path.display().to_string(), true),
    };
    match done.older {
        Older::None if own || !done.unopened.is_empty() => {}
        Older::None => say(&format!(
            "{source} has one key. To change it, put a new one in a line above it (`openssl rand -base64 32`), start every \
             Rollcall process with both, and rotate."
        )),
        Older::Dropped => say(&format!(
            "The old key is gone from {source}. Copies of the database from before need it: make a new one with \
             `rollcall backup`."
        )),
        Older::StayForNow => say(&format!(
            "The old key stays in {source} for now, since another Rollcall process may just be storing a secret: rotate again \
             in a minute, and it goes."
        )),
        Older::Needed => say(&format!(
            "The older keys in {source} are still needed: leave them there."
        )),
        Older::NotNeeded => say(&format!(
            "Nothing needs the older keys in {source} any more: take them away once every Rollcall process has been started with \
             the newest. Copies of the database from before need them."
        )),
    }
    for (why, secrets) in &done.unopened {
        complain(&sentence(why));
        for secret in secrets {
            complain(&format!("  {}", capital(secret)));
        }
    }
    Ok(if done.unopened.is_empty() {
        DONE
    } else {
        FAILED
    })
}
