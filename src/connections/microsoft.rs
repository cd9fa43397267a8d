//! The app that the MSP registered once for all its customers: its client id and its secret.

use chrono::NaiveDate;
use diesel::QueryResult;

use super::Saving;
use super::secret::{self, NewSecret};
use crate::app::{App, OF_COMPANY, OF_MICROSOFT_APP};
use crate::db::quarantines::{self, Owner};
use crate::db::{Conn, companies, events, secrets, settings, tenant_connections};
use crate::rules::{self, Mistake};
use crate::sync::failure::RunError;

/// The MSP's own app, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicrosoftApp {
    /// Its (client) id.
    pub client_id: String,
    /// Whether it signs in with a certificate (else a secret).
    pub certificate: bool,
    /// The last day of the secret or certificate, where known.
    pub expires: Option<NaiveDate>,
}

/// The MSP's own app; `None` where it is not set up.
///
/// # Errors
/// Where the database fails.
pub async fn microsoft_app(app: &App) -> Result<Option<MicrosoftApp>, RunError> {
    Ok(app.db().read(stored).await?)
}

fn stored(conn: &mut Conn) -> QueryResult<Option<MicrosoftApp>> {
    let Some(client_id) = settings::get(conn, settings::MICROSOFT_APP)? else {
        return Ok(None);
    };
    for (name, certificate) in [("certificate", true), ("client_secret", false)] {
        if let Some(found) = secrets::get(conn, OF_MICROSOFT_APP, 0, name)? {
            return Ok(Some(MicrosoftApp {
                client_id,
                certificate,
                expires: found.expires,
            }));
        }
    }
    Ok(None)
}

/// The names of the companies whose tenant is read through the MSP's own app: with another client id they lose their secret.
///
/// # Errors
/// Where the database fails.
pub fn of_microsoft_app(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let Some(client_id) = settings::get(conn, settings::MICROSOFT_APP)? else {
        return Ok(Vec::new());
    };
    let ids = tenant_connections::of_client(conn, &client_id)?;
    let mut names = Vec::new();
    for (id, name) in companies::labels(conn)? {
        if ids.contains(&id) && secrets::names(conn, OF_COMPANY, id)?.is_empty() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Saves the MSP's own app. `expires` is the last day of the secret or certificate; where it is not given it is read from a
/// new certificate. The version and row id of the answer mean nothing.
///
/// # Errors
/// Where the database fails.
pub async fn save_microsoft_app(
    app: &App,
    client_id: &str,
    new: &NewSecret,
    expires: Option<NaiveDate>,
    staff: &str,
) -> Result<Saving, RunError> {
    let before = microsoft_app(app).await?;
    let mut wrong = Vec::new();
    let client_id = rules::guid(client_id.trim()).unwrap_or_else(|| {
        let message = format!("The application (client) id must be {}", rules::GUID);
        wrong.push(Mistake::new("client_id", message));
        String::new()
    });
    let checked = secret::checked(new).unwrap_or_else(|mistake| {
        wrong.push(mistake);
        None
    });
    let same = before.is_some_and(|before| before.client_id == client_id);
    if wrong.is_empty() && checked.is_none() && !same {
        let message = "Give the app's client secret or certificate";
        wrong.push(Mistake::new("client_secret", message));
    }
    if !wrong.is_empty() {
        return Ok(Saving::Mistakes(wrong));
    }
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring());
    app.db()
        .write(move |conn| {
            settings::put(conn, settings::MICROSOFT_APP, &client_id)?;
            let owner = (OF_MICROSOFT_APP, 0);
            match &checked {
                Some(new) => secret::replace(conn, &keys, owner, new, expires.or(new.end))?,
                None => secret::set_end(conn, owner, expires)?,
            }
            for company in tenant_connections::of_client(conn, &client_id)? {
                quarantines::try_now(conn, Owner::tenant(company), now)?;
            }
            let detail = "Microsoft app saved";
            events::note(conn, (&staff, "microsoft_app_saved"), None, detail, now)
        })
        .await?;
    app.forget_clients();
    Ok(Saving::Saved { id: 0, version: 1 })
}
