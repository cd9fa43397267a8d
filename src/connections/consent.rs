//! Connects a tenant by the consent of its administrator to the MSP's own app. What Microsoft's answer says is only a hint:
//! the tenant is read before anything of it is kept.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use diesel::QueryResult;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::tenant::connect_shared;
use super::{Saving, microsoft_app};
use crate::app::App;
use crate::db::consents::{self, Taken};
use crate::db::{Conn, companies, tenant_connections};
use crate::directory::Directory;
use crate::directory::consent::{Answer, consent_address};
use crate::model::{Cloud, Company, TenantConnection, TenantId};
use crate::rules;
use crate::sync::failure::RunError;

/// So long Microsoft's answer is waited for.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// A tenant that was connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEnd {
    /// The company's row id.
    pub company: i64,
    /// The company's version from now on.
    pub version: i64,
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's own name, for the technician to compare.
    pub tenant_name: String,
}

/// Why no tenant was connected; each is one sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsentRefusal {
    /// There is no app to consent to.
    #[error("The Microsoft app is not set up: an administrator enters it in the settings first")]
    NoApp,
    /// The company is gone.
    #[error("The company does not exist any more")]
    NoCompany,
    /// The answer belongs to no question.
    #[error(
        "This answer of Microsoft was not asked for, or was used already: start again with Connect"
    )]
    Unknown,
    /// The question was asked in another browser session.
    #[error(
        "The connection was started in another session: start it again here, or finish it in the browser where you began"
    )]
    OtherSession,
    /// The answer came after an hour or more.
    #[error("The answer came too late: start again with Connect")]
    Expired,
    /// The administrator did not consent.
    #[error(
        "The administrator of the tenant did not accept: nothing was connected. Start again with Connect when they are ready to"
    )]
    Denied,
    /// Microsoft answered with another error.
    #[error(
        "Microsoft did not connect the tenant: sign in there as an administrator who may consent for the whole organization, then \
         start again with Connect"
    )]
    Failed,
    /// Another tenant than the one that is connected.
    #[error(
        "Another tenant answered than the one that is connected, so nothing was changed. If it is the right one, disconnect the \
         present tenant first: that says what becomes of the links"
    )]
    OtherTenant,
    /// The answer names no tenant.
    #[error("Microsoft's answer names no tenant: start again with Connect")]
    NoTenant,
    /// The tenant could not be read.
    #[error(
        "The tenant was not connected, because it could not be read: {message}. After a consent Microsoft may need a minute: then \
         start again with Connect"
    )]
    Unreadable {
        /// What happened, without a full stop.
        message: String,
    },
    /// Rollcall itself failed.
    #[error("{0}")]
    Rollcall(String),
}

impl From<RunError> for ConsentRefusal {
    fn from(error: RunError) -> Self {
        Self::Rollcall(error.message)
    }
}

impl From<crate::db::DbError> for ConsentRefusal {
    fn from(error: crate::db::DbError) -> Self {
        RunError::from(error).into()
    }
}

/// Begins to connect the tenant of a company: the address of Microsoft to which the browser goes. `session_hash` is the hash of
/// the browser session, `redirect_uri` the portal's own address for the answer, as it is registered with the app.
///
/// # Errors
/// Where there is no Microsoft app or no such company, or the database fails.
pub async fn begin_consent(
    app: &App,
    company: i64,
    session_hash: &str,
    redirect_uri: &str,
) -> Result<String, ConsentRefusal> {
    let Some(shared) = microsoft_app(app).await? else {
        return Err(ConsentRefusal::NoApp);
    };
    let (found, tenant) = app
        .db()
        .read(move |conn| {
            Ok((
                companies::version(conn, company)?,
                tenant_connections::get(conn, company)?,
            ))
        })
        .await?;
    if found.is_none() {
        return Err(ConsentRefusal::NoCompany);
    }
    let mut random = [0; 32];
    rand::fill(&mut random);
    let state = URL_SAFE_NO_PAD.encode(random);
    let (hash, session, now) = (hash(&state), session_hash.to_owned(), app.clock().now());
    app.db()
        .write(move |conn| consents::put(conn, &hash, (&session, company), now + PATIENCE, now))
        .await?;
    let cloud = tenant
        .as_ref()
        .map_or(Cloud::default(), |tenant| tenant.cloud);
    let login = app.endpoints().login;
    let login = login.as_deref().unwrap_or(cloud.login_url());
    let tenant = tenant.as_ref().map(|tenant| &tenant.tenant_id);
    Ok(consent_address(
        (login, cloud),
        tenant,
        &shared.client_id,
        redirect_uri,
        &state,
    ))
}

/// The company that an answer of Microsoft is about, by its query, whoever asked; `None` where nobody did. Uses nothing up: to
/// be asked before [`finish_consent`], so that who is refused can be led to where to begin again.
///
/// # Errors
/// Where the database fails.
pub async fn consent_company(app: &App, query: &str) -> Result<Option<i64>, RunError> {
    let hash = hash(&Answer::parse(query).state);
    let found = app
        .db()
        .read(move |conn| consents::company_of(conn, &hash))
        .await?;
    Ok(found)
}

/// Ends what [`begin_consent`] began, with the query of the address to which Microsoft sent the browser back (without its
/// `?`): the tenant is read with the MSP's own app, then connected. A state is good once. `then` belongs to the same transaction,
/// where the company's contact sync is on.
///
/// # Errors
/// Why nothing was connected.
pub async fn finish_consent(
    app: &App,
    session_hash: &str,
    query: &str,
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<ConsentEnd, ConsentRefusal> {
    let answer = Answer::parse(query);
    let (hash, session, now) = (
        hash(&answer.state),
        session_hash.to_owned(),
        app.clock().now(),
    );
    let taken = app
        .db()
        .write(move |conn| consents::take(conn, &hash, &session, now))
        .await?;
    let company = match taken {
        Taken::Company(company) => company,
        Taken::Unknown => return Err(ConsentRefusal::Unknown),
        Taken::OtherSession => return Err(ConsentRefusal::OtherSession),
        Taken::Expired => return Err(ConsentRefusal::Expired),
    };
    // Microsoft's words of a refusal by the administrator, in both versions of the endpoint.
    match answer.error.as_deref() {
        None if answer.consented => {}
        Some("access_denied" | "permission_denied" | "consent_required") => {
            return Err(ConsentRefusal::Denied);
        }
        _ => return Err(ConsentRefusal::Failed),
    }
    let tenant = answer.tenant.as_deref().and_then(rules::guid);
    let tenant = TenantId::new(&tenant.ok_or(ConsentRefusal::NoTenant)?);
    let (company, stored) = app
        .db()
        .read(move |conn| {
            let stored = tenant_connections::get(conn, company)?;
            Ok((companies::get(conn, company)?, stored))
        })
        .await?;
    let company = company.ok_or(ConsentRefusal::NoCompany)?;
    if stored
        .as_ref()
        .is_some_and(|stored| stored.tenant_id != tenant)
    {
        return Err(ConsentRefusal::OtherTenant);
    }
    let cloud = stored.map(|stored| stored.cloud);
    let (connection, tenant_name) = read(app, tenant, cloud.unwrap_or_default()).await?;
    connect(app, &company, (connection, tenant_name), staff, then).await
}

/// Reads the tenant with the MSP's own app; its name.
async fn read(
    app: &App,
    tenant_id: TenantId,
    cloud: Cloud,
) -> Result<(TenantConnection, String), ConsentRefusal> {
    let Some((client_id, credential)) = app.microsoft_app().await? else {
        return Err(ConsentRefusal::NoApp);
    };
    let connection = TenantConnection {
        tenant_id,
        client_id,
        certificate: false,
        expires: None,
        cloud,
    };
    let unreadable = |error: crate::http::ApiError| ConsentRefusal::Unreadable {
        message: error.message().trim_end_matches('.').to_owned(),
    };
    let http = app.http().clone();
    let directory = Directory::connect(&connection, credential, &app.endpoints(), None, http)
        .map_err(unreadable)?;
    let name = directory.confirm_tenant().await.map_err(unreadable)?;
    Ok((connection, name))
}

async fn connect(
    app: &App,
    company: &Company,
    (connection, tenant_name): (TenantConnection, String),
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<ConsentEnd, ConsentRefusal> {
    let tenant = connection.tenant_id.clone();
    match connect_shared(app, company, connection, staff, then).await? {
        Saving::Saved { version, .. } => Ok(ConsentEnd {
            company: company.id,
            version,
            tenant,
            tenant_name,
        }),
        Saving::Gone => Err(ConsentRefusal::NoCompany),
        _ => Err(ConsentRefusal::Unknown),
    }
}

/// What is kept of a state: its SHA-256, in hex.
fn hash(state: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(state.as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
    }
    hex
}
