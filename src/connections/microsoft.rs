//! The app that the MSP registered once for all its customers: its client id and its secret.

use chrono::NaiveDate;
use diesel::QueryResult;

use super::Saving;
use super::secret::{self, Checked, NewSecret};
use crate::app::{App, OF_COMPANY, OF_MICROSOFT_APP};
use crate::db::quarantines::{self, Owner};
use crate::db::{Conn, companies, events, secrets, settings, tenant_connections};
use crate::directory::Credential;
use crate::model::TenantConnection;
use crate::rules::{self, Mistake};
use crate::sync::failure::RunError;

/// The MSP's own app as somebody gives it.
#[derive(Clone, Debug)]
pub struct MicrosoftForm {
    /// Its (client) id.
    pub client_id: String,
    /// What it signs in with.
    pub secret: NewSecret,
    /// The last day of the secret or certificate; `None`: unknown, or the certificate's own.
    pub expires: Option<NaiveDate>,
}

/// A connected tenant, and what would be signed in with there.
pub struct Trial {
    /// The name of the company whose tenant it is.
    pub company: String,
    /// The tenant, with the app's id.
    pub tenant: TenantConnection,
    /// What the app signs in with.
    pub credential: Credential,
}

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
    Ok(users(conn)?.into_iter().map(|(_, name)| name).collect())
}

/// The companies whose tenant is read through the MSP's own app, by name.
fn users(conn: &mut Conn) -> QueryResult<Vec<(i64, String)>> {
    let Some(client_id) = settings::get(conn, settings::MICROSOFT_APP)? else {
        return Ok(Vec::new());
    };
    let ids = tenant_connections::of_client(conn, &client_id)?;
    let own = secrets::owners(conn, OF_COMPANY)?;
    let labels = companies::labels(conn)?.into_iter();
    Ok(labels
        .filter(|(id, _)| ids.contains(id) && !own.contains(id))
        .collect())
}

/// The version of what is stored; 0: nothing was saved yet.
///
/// # Errors
/// Where the database fails.
pub fn microsoft_app_version(conn: &mut Conn) -> QueryResult<i64> {
    settings::version(conn, settings::MICROSOFT_APP_VERSION)
}

/// What a form says, ready to be tried by a real sign-in before it is saved: in the tenant of the first company that uses the
/// app, `None` where no company does. The mistakes are those of [`save_microsoft_app`].
///
/// # Errors
/// Where the database fails, or a stored secret cannot be unsealed.
pub async fn before_trying_microsoft_app(
    app: &App,
    form: &MicrosoftForm,
) -> Result<Result<Option<Trial>, Vec<Mistake>>, RunError> {
    let before = microsoft_app(app).await?;
    let (client_id, new) = match draft(form, before.as_ref()) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let first = app.db().read(|conn| {
        let Some((id, company)) = users(conn)?.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(company).zip(tenant_connections::get(conn, id)?))
    });
    let Some((company, tenant)) = first.await? else {
        return Ok(Ok(None));
    };
    let credential = match &new {
        Some(new) => new.credential(),
        None => app.microsoft_app().await?.map(|(_, credential)| credential),
    };
    let Some(credential) = credential else {
        return Ok(Err(vec![nothing_given()]));
    };
    let tenant = TenantConnection {
        client_id,
        ..tenant
    };
    Ok(Ok(Some(Trial {
        company,
        tenant,
        credential,
    })))
}

fn nothing_given() -> Mistake {
    Mistake::new(
        "client_secret",
        "Give the app's client secret or certificate",
    )
}

/// The app's id and its new secret, once they are checked.
fn draft(
    form: &MicrosoftForm,
    before: Option<&MicrosoftApp>,
) -> Result<(String, Option<Checked>), Vec<Mistake>> {
    let mut wrong = Vec::new();
    let client_id = rules::guid(form.client_id.trim()).unwrap_or_else(|| {
        let message = format!("The application (client) id must be {}", rules::GUID);
        wrong.push(Mistake::new("client_id", message));
        String::new()
    });
    let checked = secret::checked(&form.secret).unwrap_or_else(|mistake| {
        wrong.push(mistake);
        None
    });
    let same = before.is_some_and(|before| before.client_id == client_id);
    if wrong.is_empty() && checked.is_none() && !same {
        wrong.push(nothing_given());
    }
    if wrong.is_empty() {
        Ok((client_id, checked))
    } else {
        Err(wrong)
    }
}

/// Saves the MSP's own app as it was seen at `version`; see [`microsoft_app_version`]. The row id of the answer means nothing.
///
/// # Errors
/// Where the database fails.
pub async fn save_microsoft_app(
    app: &App,
    form: &MicrosoftForm,
    version: i64,
    staff: &str,
) -> Result<Saving, RunError> {
    let now_at = app.db().read(microsoft_app_version).await?;
    // An old form is said to be old first: its mistakes may be somebody else's.
    if now_at != version {
        return Ok(Saving::Stale { now: now_at });
    }
    let before = microsoft_app(app).await?;
    let (client_id, checked) = match draft(form, before.as_ref()) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Saving::Mistakes(mistakes)),
    };
    let (staff, now, keys) = (staff.to_owned(), app.clock().now(), app.keyring());
    let expires = form.expires;
    let saved = app
        .db()
        .write(move |conn| {
            if !settings::step(conn, settings::MICROSOFT_APP_VERSION, version)? {
                return Ok(Saving::Stale {
                    now: microsoft_app_version(conn)?,
                });
            }
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
            events::note(conn, (&staff, "microsoft_app_saved"), None, detail, now)?;
            Ok(Saving::Saved {
                id: 0,
                version: version + 1,
            })
        })
        .await?;
    app.forget_clients();
    Ok(saved)
}
