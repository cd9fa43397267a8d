//! Rotation of the keys: every secret is sealed anew with the newest key. It may die at any point and be done again: a key leaves
//! Rollcall's own file only when nothing in the database needs it any more.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use secrecy::ExposeSecret;

use crate::app::{App, OF_COMPANY, OF_MICROSOFT_APP, OF_NOTICES, OF_PSA};
use crate::db::secrets::{self, StoredSecret};
use crate::db::{Conn, companies, psa_connections};
use crate::seal::Keyring;

/// A process that took the keys before the file was changed has stored what it sealed after so long.
const STORED_BY_THEN: Duration = Duration::from_mins(1);

/// Of two who rotate at once, one would seal with a key that the other takes out of the file.
const CLAIM: &str = "keys";
/// So long the claim lasts without its process ending.
const LEASE: Duration = Duration::from_mins(10);

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The id of the newest key.
    pub newest: String,
    /// Secrets that were sealed anew.
    pub resealed: usize,
    /// Secrets that were sealed with the newest key already.
    pub already: usize,
    /// Secrets that no key opens: why, and whose they are.
    pub unopened: BTreeMap<String, Vec<String>>,
    /// What became of the older keys.
    pub older: Older,
}

/// What became of the older keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// There are none.
    None,
    /// They are gone from Rollcall's own file.
    Dropped,
    /// They stay in Rollcall's own file: another process may just be storing what it sealed with one of them.
    StayForNow,
    /// A secret still needs one of them.
    Needed,
    /// Nothing needs them: whoever gave the keys can take them away.
    NotNeeded,
}

/// Seals every secret with the newest key. Where the key is Rollcall's own, it makes that key itself, unless an earlier rotation
/// did and did not come to its end.
///
/// # Errors
/// One sentence that says what to do; what was not done is done by the next rotation.
pub async fn rotate(app: &App) -> anyhow::Result<Rotated> {
    if !app.db().try_claim(CLAIM, LEASE).await? {
        bail!("another process is rotating the keys: wait until it is done");
    }
    let rotated = in_turn(app).await;
    app.db().release_claim(CLAIM).await?;
    rotated
}

async fn in_turn(app: &App) -> anyhow::Result<Rotated> {
    let own = app.config().own_key_changed_at().is_some();
    if own && app.keyring().older_ids().next().is_none() {
        app.config().add_own_key().map_err(anyhow::Error::msg)?;
    }
    let keys = app.keyring();
    let sealing = keys.clone();
    let (resealed, already, unopened, needed) = app
        .db()
        .write(move |conn| seal_anew(conn, &sealing))
        .await?;
    let older = if keys.older_ids().next().is_none() {
        Older::None
    } else if keys.older_ids().any(|id| needed.contains(id)) {
        Older::Needed
    } else if !own {
        Older::NotNeeded
    } else if app.db().has_others()? && !is_settled(app) {
        Older::StayForNow
    } else {
        app.config()
            .drop_older_own_keys()
            .map_err(anyhow::Error::msg)?;
        Older::Dropped
    };
    Ok(Rotated {
        newest: keys.newest_id().to_owned(),
        resealed,
        already,
        unopened,
        older,
    })
}

/// Whether whatever was sealed before the file was changed is stored by now, and was seen.
fn is_settled(app: &App) -> bool {
    let changed = app.config().own_key_changed_at().map(DateTime::<Utc>::from);
    changed.is_some_and(|at| {
        (app.clock().now() - at)
            .to_std()
            .is_ok_and(|age| age > STORED_BY_THEN)
    })
}

type Sealed = (usize, usize, BTreeMap<String, Vec<String>>, HashSet<String>);

/// Seals what another key than the newest has sealed; also gives the ids of keys that are needed afterwards.
fn seal_anew(conn: &mut Conn, keys: &Arc<Keyring>) -> QueryResult<Sealed> {
    let (mut resealed, mut already) = (0, 0);
    let mut unopened: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut needed = HashSet::new();
    for stored in secrets::all(conn)? {
        if stored.sealed.key_id == keys.newest_id() {
            already += 1;
            continue;
        }
        let (kind, id, name) = (&stored.owner_kind, stored.owner_id, &stored.name);
        match keys.open(kind, id, name, &stored.sealed) {
            Ok(secret) => {
                let sealed = keys.seal(kind, id, name, secret.expose_secret());
                // Whoever replaced it in this moment may have used the older key.
                if secrets::reseal(conn, &stored, &sealed)? {
                    resealed += 1;
                } else {
                    needed.insert(stored.sealed.key_id.clone());
                }
            }
            Err(error) => {
                needed.insert(stored.sealed.key_id.clone());
                let these = unopened.entry(error.to_string()).or_default();
                these.push(whose(conn, &stored)?);
            }
        }
    }
    Ok((resealed, already, unopened, needed))
}

/// The owner of a secret, for people.
fn whose(conn: &mut Conn, stored: &StoredSecret) -> QueryResult<String> {
    let id = stored.owner_id;
    let known = match stored.owner_kind.as_str() {
        OF_PSA => psa_connections::get(conn, id)?
            .map(|connection| format!("the PSA connection {}", connection.name)),
        OF_COMPANY => companies::get(conn, id)?.map(|company| company.name),
        OF_MICROSOFT_APP => Some("the Microsoft app".to_owned()),
        OF_NOTICES => Some("the notices".to_owned()),
        _ => None,
    };
    let owner = known.unwrap_or_else(|| format!("{} {id}", stored.owner_kind));
    Ok(format!("{} of {owner}", stored.name.replace('_', " ")))
}
