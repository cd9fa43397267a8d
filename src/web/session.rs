//! Browser sessions in the database, for actix-session: the key is in the browser's cookie only, the table holds its hash.
//! A session is over for good where its row is gone: nothing that is still under way brings it back.

use std::collections::HashMap;

use actix_session::storage::{
    LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key,
};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::auth::hashed;
use crate::db::{DbError, sessions};
use crate::seal::Keyring;

/// Under this name a session remembers the row id of who is signed in, a whole number.
pub const STAFF: &str = "staff";
/// Under this name a handler finds the hash of its own session's key, for a session that came with the request. It is not
/// stored.
pub const KEY_HASH: &str = "session_hash";
/// Under this name the gate finds who is signed in, as they were when the request came. It is not stored.
pub const PERSON: &str = "person";
/// Under this name the gate finds when the session was used last. It is not stored.
pub const SEEN: &str = "seen";

type State = HashMap<String, String>;

/// The sessions of the portal. How long they last is said in [`sessions`], not by actix-session.
#[derive(Clone)]
pub struct Sessions(App);

impl Sessions {
    /// The sessions in the database of this app.
    pub fn new(app: App) -> Self {
        Self(app)
    }
}

/// The key that signs the session's cookie; another newest key of the keyring signs everybody out.
pub fn cookie_key(keyring: &Keyring) -> Key {
    Key::from(keyring.derive("session cookie").as_slice())
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let hash = hashed(key.as_ref());
        let now = self.0.clock().now();
        let wanted = hash.clone();
        let found = self
            .0
            .db()
            .read(move |conn| sessions::state(conn, &wanted, now))
            .await
            .map_err(|error| LoadError::Other(error.into()))?;
        let Some((state, seen, person)) = found else {
            return Ok(None);
        };
        let mut state: State = serde_json::from_str(&state)
            .map_err(|error| LoadError::Deserialization(error.into()))?;
        // A value of a session is JSON.
        state.insert(KEY_HASH.to_owned(), format!("\"{hash}\""));
        let seen = serde_json::to_string(&seen)
            .map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(SEEN.to_owned(), seen);
        if let Some(person) = person {
            let person = serde_json::to_string(&person)
                .map_err(|error| LoadError::Deserialization(error.into()))?;
            state.insert(PERSON.to_owned(), person);
        }
        Ok(Some(state))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let (staff, state) =
            stored(state).map_err(|error| SaveError::Serialization(error.into()))?;
        let hash = hashed(key.as_ref());
        let now = self.0.clock().now();
        self.0
            .db()
            .write(move |conn| sessions::insert(conn, &hash, staff, &state, now))
            .await
            .map_err(|error| SaveError::Other(error.into()))?;
        Ok(key)
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (staff, state) =
            stored(state).map_err(|error| UpdateError::Serialization(error.into()))?;
        let hash = hashed(key.as_ref());
        let now = self.0.clock().now();
        // Where the session was ended meanwhile nothing is changed, and the key opens nothing.
        self.0
            .db()
            .write(move |conn| sessions::update(conn, &hash, staff, &state, now))
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        // The gate knows whether a request is a use of the session, see `note_use`.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let hash = hashed(key.as_ref());
        self.0
            .db()
            .write(move |conn| sessions::delete(conn, &hash))
            .await?;
        Ok(())
    }
}

/// Writes down that the session with this hash is used now, which was used last at `seen`; at most once a minute.
///
/// # Errors
/// Where the database fails.
pub async fn note_use(app: &App, hash: String, seen: DateTime<Utc>) -> Result<(), DbError> {
    let now = app.clock().now();
    if !sessions::is_worth_noting(seen, now) {
        return Ok(());
    }
    app.db()
        .write(move |conn| sessions::touch(conn, &hash, now))
        .await
}

/// Who is signed in, and the state as it is stored.
fn stored(mut state: State) -> Result<(Option<i64>, String), serde_json::Error> {
    state.remove(KEY_HASH);
    state.remove(PERSON);
    state.remove(SEEN);
    let staff = match state.get(STAFF) {
        Some(id) => serde_json::from_str(id)?,
        None => None,
    };
    Ok((staff, serde_json::to_string(&state)?))
}
