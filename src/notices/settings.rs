//! How notices leave and who gets them: read, checked and saved. Sends nothing.

use std::collections::BTreeSet;

use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::{App, OF_NOTICES};
use crate::db::company_notices::{self, CompanyNotices};
use crate::db::{Conn, DbError, companies, deliveries, events, secrets, settings};
use crate::mail::{self, PATIENCE, Security, Server};
use crate::rules::{self, Mistake, address};
use crate::seal::{Keyring, Sealed};

/// Where the mail server is kept among the settings.
const MAIL: &str = "notices.mail";
/// Where it is kept who hears of all companies.
const RECIPIENTS: &str = "notices.recipients";
/// Where it is kept what people do not want to hear of.
const SILENT: &str = "notices.silent";
/// The names of the secrets.
const PASSWORD: &str = "smtp_password";
const URL: &str = "webhook_url";
const KEY: &str = "webhook_secret";
/// So many addresses a list has at most.
const MOST_RECIPIENTS: usize = 50;
/// So long a password or key is at most, in characters.
const MOST_SECRET: usize = 1_000;

/// What notices tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Runs fail, a connection is in quarantine, or no run went well for too long.
    Failing,
    /// Deactivations are held.
    Held,
    /// Conflicts need a decision.
    Conflicts,
    /// A secret or certificate ends.
    Ending,
    /// What failed is in order again.
    Recovered,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Failing,
        Self::Held,
        Self::Conflicts,
        Self::Ending,
        Self::Recovered,
    ];

    /// The word of forms, calls and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Held => "held",
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
            Self::Conflicts => "Conflicts need a decision",
            Self::Ending => "A secret or certificate ends",
            Self::Recovered => "What failed is in order again",
        }
    }
}

/// The mail server, without its password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Where calls go. Its address may hold a key, so that people see its host alone.
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// What calls are signed with; `None`: nothing.
    pub key: Option<SecretString>,
}

/// Who hears of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Who hears of all companies.
    pub everybody: Vec<String>,
    /// What nobody wants to hear of.
    pub silent: BTreeSet<Kind>,
}

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

/// A mail server as somebody gives it.
pub struct NewMail {
    /// Its name or address; empty: no mail from now on.
    pub host: String,
    /// Its port; empty: the usual one.
    pub port: String,
    /// `tls`, `starttls` or `none`.
    pub security: String,
    /// That mail may be readable on its way to another machine.
    pub plain_allowed: bool,
    /// The user name.
    pub user: String,
    /// The password; empty: as it is stored.
    pub password: SecretString,
    /// The sender.
    pub from: String,
}

/// Saves the mail server, or forgets it where its host is empty.
///
/// # Errors
/// Where the database fails; inside, what is wrong.
pub async fn save_mail(app: &App, new: &NewMail, staff: &str) -> Result<Vec<Mistake>, DbError> {
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring().clone());
    if new.host.trim().is_empty() {
        let forgotten = app.db().write(move |conn| {
            settings::forget(conn, MAIL)?;
            secrets::delete(conn, OF_NOTICES, 0, PASSWORD)?;
            let detail = "No notices by mail any more";
            events::note(conn, (&staff, "notices_saved"), None, detail, now)
        });
        forgotten.await?;
        return Ok(Vec::new());
    }
    let set = match checked_mail(new) {
        Ok(set) => set,
        Err(mistakes) => return Ok(mistakes),
    };
    let password = new.password.clone();
    app.db()
        .write(move |conn| {
            let before = mail(conn)?;
            // Another server, or another user, is not given the password of the first.
            let same =
                before.is_some_and(|before| before.host == set.host && before.user == set.user);
            if set.user.is_empty() || !same {
                secrets::delete(conn, OF_NOTICES, 0, PASSWORD)?;
            }
            if !set.user.is_empty() && !password.expose_secret().is_empty() {
                keep(conn, &keys, PASSWORD, &password)?;
            }
            settings::put(conn, MAIL, &serde_json::json!(set).to_string())?;
            deliveries::try_now(conn, super::MAIL_WAY, now)?;
            let detail = "The mail server of notices is saved";
            events::note(conn, (&staff, "notices_saved"), None, detail, now)
        })
        .await?;
    Ok(Vec::new())
}

fn keep(conn: &mut Conn, keys: &Keyring, name: &str, secret: &SecretString) -> QueryResult<()> {
    let sealed = keys.seal(OF_NOTICES, 0, name, secret.expose_secret().as_bytes());
    secrets::put(conn, OF_NOTICES, 0, name, &sealed, None)
}

fn checked_mail(new: &NewMail) -> Result<MailSettings, Vec<Mistake>> {
    let mut wrong = Vec::new();
    let host = new.host.trim().to_owned();
    let odd = |c: char| !(c.is_ascii_alphanumeric() || ".-:[]_".contains(c));
    if host.contains(odd) || host.len() > 253 {
        let message = "Give the server's name alone, such as mail.msp.example";
        wrong.push(Mistake::new("host", message));
    }
    let security = Security::parse(&new.security).unwrap_or_else(|| {
        wrong.push(Mistake::new("security", "Choose one of these"));
        Security::Tls
    });
    let port = match new.port.trim() {
        "" => security.usual_port(),
        text => text
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .unwrap_or_else(|| {
                let message = format!(
                    "Give a number from 1 to 65535; {} is usual",
                    security.usual_port()
                );
                wrong.push(Mistake::new("port", message));
                0
            }),
    };
    if security == Security::None && !new.plain_allowed && !mail::is_loopback(&host) {
        let message = "Without TLS everybody on the way can read the mails, and the password. Tick that this is \
                       meant, or choose TLS";
        wrong.push(Mistake::new("plain_allowed", message));
    }
    let user = new.user.trim().to_owned();
    if user.chars().count() > 256 || user.contains(char::is_control) {
        wrong.push(Mistake::new("user", "The user name must be one short line"));
    }
    if new.password.expose_secret().chars().count() > MOST_SECRET {
        wrong.push(Mistake::new("password", "The password is too long"));
    }
    let from = mail::sender(&new.from).unwrap_or_else(|| {
        let message = "Give the sender as an address, such as rollcall@msp.example";
        wrong.push(Mistake::new("from", message));
        String::new()
    });
    if wrong.is_empty() {
        Ok(MailSettings {
            host,
            port,
            security,
            user,
            from,
        })
    } else {
        Err(wrong)
    }
}

/// A webhook as somebody gives it.
pub struct NewWebhook {
    /// Its address; empty: as it is stored.
    pub url: SecretString,
    /// What calls are signed with; empty: as it is stored.
    pub key: SecretString,
    /// No calls from now on.
    pub off: bool,
}

/// Saves the webhook, or forgets it.
///
/// # Errors
/// Where the database fails; inside, what is wrong.
pub async fn save_webhook(
    app: &App,
    new: &NewWebhook,
    staff: &str,
) -> Result<Vec<Mistake>, DbError> {
    let read = |conn: &mut Conn| Ok((stored(conn)?, settings::private_psa_addresses(conn)?));
    let ((_, has_url, _), private) = app.db().read(read).await?;
    let url = new.url.expose_secret().trim();
    let mut wrong = Vec::new();
    if !new.off {
        if url.is_empty() && !has_url {
            wrong.push(Mistake::new(
                "webhook_url",
                "Give the address that is to be called",
            ));
        } else if !url.is_empty()
            && let Err(message) = address::webhook_address(url, private).await
        {
            wrong.push(Mistake::new("webhook_url", message));
        }
        if new.key.expose_secret().chars().count() > MOST_SECRET {
            wrong.push(Mistake::new("webhook_key", "The key is too long"));
        }
    }
    if !wrong.is_empty() {
        return Ok(wrong);
    }
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring().clone());
    let (url, key, off) = (SecretString::from(url), new.key.clone(), new.off);
    app.db()
        .write(move |conn| {
            if off {
                secrets::delete(conn, OF_NOTICES, 0, URL)?;
                secrets::delete(conn, OF_NOTICES, 0, KEY)?;
            }
            for (name, secret) in [(URL, &url), (KEY, &key)] {
                if !off && !secret.expose_secret().is_empty() {
                    keep(conn, &keys, name, secret)?;
                }
            }
            deliveries::try_now(conn, super::WEBHOOK_WAY, now)?;
            let detail = if off {
                "No notices by webhook any more"
            } else {
                "The webhook of notices is saved"
            };
            events::note(conn, (&staff, "notices_saved"), None, detail, now)
        })
        .await?;
    Ok(Vec::new())
}

/// Addresses in a text, each on a line of its own or after a comma or semicolon; none twice.
///
/// # Errors
/// What is wrong, for the field of this name.
pub fn recipients(field: &str, text: &str) -> Result<Vec<String>, Mistake> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split(['\n', '\r', ',', ';']) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let Some(address) = mail::address(part) else {
            let shown: String = part.chars().take(80).collect();
            let message = format!(
                "{shown} is no mail address: give one on each line, such as ops@msp.example"
            );
            return Err(Mistake::new(field, message));
        };
        if !found.iter().any(|known| rules::same(known, &address)) {
            found.push(address);
        }
    }
    if found.len() > MOST_RECIPIENTS {
        let message = format!("{MOST_RECIPIENTS} addresses are the most: use a distribution list");
        return Err(Mistake::new(field, message));
    }
    Ok(found)
}

/// Saves who hears of what.
///
/// # Errors
/// Where the database fails.
pub async fn save_audience(app: &App, new: Audience, staff: &str) -> Result<(), DbError> {
    let (staff, now) = (staff.to_owned(), app.clock().now());
    app.db()
        .write(move |conn| {
            let silent: Vec<Kind> = new.silent.iter().copied().collect();
            settings::put(
                conn,
                RECIPIENTS,
                &serde_json::json!(new.everybody).to_string(),
            )?;
            settings::put(conn, SILENT, &serde_json::json!(silent).to_string())?;
            let detail = "Who gets notices is saved";
            events::note(conn, (&staff, "notices_saved"), None, detail, now)
        })
        .await
}

/// Saves who hears of a company, and its weekly summary; `false` where there is no such company.
///
/// # Errors
/// Where the database fails.
pub async fn save_company(
    app: &App,
    company: i64,
    new: CompanyNotices,
    staff: &str,
) -> Result<bool, DbError> {
    let (staff, now) = (staff.to_owned(), app.clock().now());
    app.db()
        .write(move |conn| {
            if companies::get(conn, company)?.is_none() {
                return Ok(false);
            }
            company_notices::put(conn, company, &new)?;
            let detail = "Who gets notices of this company is saved";
            events::note(conn, (&staff, "notices_saved"), Some(company), detail, now)?;
            Ok(true)
        })
        .await
}
