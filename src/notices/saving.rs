//! How notices leave and who gets them, as somebody gives it in a form: checked, then saved. Sends nothing.

use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};

use super::settings::{
    Audience, KEY, Kind, MAIL, MailSettings, PASSWORD, RECIPIENTS, SILENT, URL, stored,
};
use super::{MAIL_WAY, WEBHOOK_WAY};
use crate::app::{App, OF_NOTICES};
use crate::db::company_notices::{self, CompanyNotices};
use crate::db::{Conn, DbError, companies, deliveries, events, secrets, settings};
use crate::mail::{self, Security};
use crate::rules::{self, Mistake, address};
use crate::seal::Keyring;

/// So many addresses a list has at most.
const MOST_RECIPIENTS: usize = 50;
/// So long a password or key is at most, in characters.
const MOST_SECRET: usize = 1_000;

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

/// Saves the mail server, or forgets it where its host is empty: what waits to leave by it is dropped then.
///
/// # Errors
/// Where the database fails; inside, what is wrong.
pub async fn save_mail(app: &App, new: &NewMail, staff: &str) -> Result<Vec<Mistake>, DbError> {
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring().clone());
    if new.host.trim().is_empty() {
        let forgotten = app.db().write(move |conn| {
            settings::forget(conn, MAIL)?;
            secrets::delete(conn, OF_NOTICES, 0, PASSWORD)?;
            deliveries::drop_waiting(conn, MAIL_WAY)?;
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
            let before = super::settings::mail(conn)?;
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
            deliveries::try_now(conn, MAIL_WAY, now)?;
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

/// Saves the webhook, or forgets it: what waits to leave by it is dropped then.
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
                deliveries::drop_waiting(conn, WEBHOOK_WAY)?;
            }
            for (name, secret) in [(URL, &url), (KEY, &key)] {
                if !off && !secret.expose_secret().is_empty() {
                    keep(conn, &keys, name, secret)?;
                }
            }
            deliveries::try_now(conn, WEBHOOK_WAY, now)?;
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
