//! How notices leave and who gets them, as it is stored and as it is used. Sends nothing, and changes nothing.

use std::collections::BTreeSet;

use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::{App, OF_NOTICES};
use crate::db::{Conn, DbError, secrets, settings};
use crate::mail::{self, PATIENCE, Security, Server};
use crate::seal::Sealed;

/// Where the mail server is kept among the settings.
pub(super) const MAIL: &str = "notices.mail";
/// Where it is kept who hears of all companies.
pub(super) const RECIPIENTS: &str = "notices.recipients";
/// Where it is kept what people do not want to hear of.
pub(super) const SILENT: &str = "notices.silent";
/// The names of the secrets.
pub(super) const PASSWORD: &str = "smtp_password";
pub(super) const URL: &str = "webhook_url";
pub(super) const KEY: &str = "webhook_secret";

/// What notices tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Runs fail, a connection is in quarantine, or no run went well for too long.
    Failing,
    /// Deactivations are held.
    Held,
    /// The PSA does not take people's changes, run after run.
    Refused,
    /// Conflicts need a decision.
    Conflicts,
    /// A secret or certificate ends.
    Ending,
    /// What failed is in order again.
    Recovered,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Failing,
        Self::Held,
        Self::Refused,
        Self::Conflicts,
        Self::Ending,
        Self::Recovered,
    ];

    /// The word of forms, calls and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Conflicts => "conflicts",
            Self::Ending => "ending",
            Self::Recovered => "recovered",
        }
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Failing => "Runs fail, or a connection does not work",
            Self::Held => "Deactivations are held",
            Self::Refused => "The PSA does not take somebody's changes, twice in a row",
            Self::Conflicts => "Conflicts need a decision",
            Self::Ending => "A secret or certificate ends",
            Self::Recovered => "What failed is in order again",
        }
    }
}

/// The mail server, without its password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The user name; empty: it asks for none.
    pub user: String,
    /// The sender.
    pub from: String,
}

crate::model::debug_by!(MailSettings, host, port, security);

/// Where calls go. Its address may hold a key, so that people see its host alone.
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// What calls are signed with; `None`: nothing.
    pub key: Option<SecretString>,
}

/// Who hears of what.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Who hears of all companies.
    pub everybody: Vec<String>,
    /// What nobody wants to hear of.
    pub silent: BTreeSet<Kind>,
}

crate::model::debug_by!(Audience, silent);

/// The mail server that is set up; `None`: none.
pub fn mail(conn: &mut Conn) -> QueryResult<Option<MailSettings>> {
    let text = settings::get(conn, MAIL)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Whether a password of the mail server, and a webhook with and without a key, are stored.
pub fn stored(conn: &mut Conn) -> QueryResult<(bool, bool, bool)> {
    let names = secrets::names(conn, OF_NOTICES, 0)?;
    let has = |name: &str| names.iter().any(|known| known == name);
    Ok((has(PASSWORD), has(URL), has(KEY)))
}

/// Who hears of what.
pub fn audience(conn: &mut Conn) -> QueryResult<Audience> {
    Ok(Audience {
        everybody: list(settings::get(conn, RECIPIENTS)?),
        silent: list(settings::get(conn, SILENT)?).into_iter().collect(),
    })
}

fn list<T: serde::de::DeserializeOwned>(text: Option<String>) -> Vec<T> {
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Why something cannot be sent: a sentence for people.
pub type Obstacle = String;

/// The mail server as it is used.
///
/// # Errors
/// Where the database fails; inside, where none is set up or its password cannot be opened.
pub async fn server(app: &App) -> Result<Result<Server, Obstacle>, DbError> {
    let read = |conn: &mut Conn| Ok((mail(conn)?, secrets::get(conn, OF_NOTICES, 0, PASSWORD)?));
    let (set, password) = app.db().read(read).await?;
    let Some(set) = set else {
        return Ok(Err("No mail server is set up".into()));
    };
    if app.config().is_simulated() && !mail::is_loopback(&set.host) {
        return Ok(Err(STAYS_HERE.into()));
    }
    let mut user = None;
    if !set.user.is_empty() {
        let opened = match &password {
            Some(one) => app
                .keyring()
                .open_text(OF_NOTICES, 0, PASSWORD, &one.sealed),
            None => Ok(SecretString::from("")),
        };
        match opened {
            Ok(password) => user = Some((set.user.clone(), password)),
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(Server {
        host: set.host,
        port: set.port,
        security: set.security,
        user,
        from: set.from,
        patience: PATIENCE,
    }))
}

/// What is said where every cloud is simulated.
const STAYS_HERE: &str = "This is a demo: nothing leaves this machine";

/// The webhook as it is used.
///
/// # Errors
/// Where the database fails; inside, where none is set up or its secrets cannot be opened.
pub async fn webhook(app: &App) -> Result<Result<Webhook, Obstacle>, DbError> {
    let read = |conn: &mut Conn| {
        let url = secrets::get(conn, OF_NOTICES, 0, URL)?;
        Ok((url, secrets::get(conn, OF_NOTICES, 0, KEY)?))
    };
    let (url, key) = app.db().read(read).await?;
    let Some(url) = url else {
        return Ok(Err("No webhook is set up".into()));
    };
    let open = |name: &str, sealed: &Sealed| app.keyring().open_text(OF_NOTICES, 0, name, sealed);
    let opened = open(URL, &url.sealed).map_err(|error| error.to_string());
    let parsed = opened.and_then(|text| {
        Url::parse(text.expose_secret()).map_err(|_| "The webhook's address is damaged".to_owned())
    });
    let key = key.map(|key| open(KEY, &key.sealed)).transpose();
    Ok(match (parsed, key) {
        (Ok(url), _) if app.config().is_simulated() && !is_here(&url) => Err(STAYS_HERE.into()),
        (Ok(url), Ok(key)) => Ok(Webhook { url, key }),
        (Err(why), _) => Err(why),
        (_, Err(error)) => Err(error.to_string()),
    })
}

fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(mail::is_loopback)
}
