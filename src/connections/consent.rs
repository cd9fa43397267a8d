//! Connects a tenant by the consent of its administrator to the MSP's own app. What Microsoft's answer says is only a hint:
//! the tenant is read before anything of it is kept.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use diesel::QueryResult;
use sha2::{Digest, Sha256};

use super::consent_refusal::ConsentRefusal;
use super::tenant::connect_shared;
use super::{Saving, microsoft_app};
use crate::app::App;
use crate::db::consents::{self, Taken};
use crate::db::{Conn, companies, tenant_connections};
use crate::directory::consent::{Answer, consent_address};
use crate::directory::{Directory, Identity};
use crate::http::{ApiError, Kind};
use crate::model::{Cloud, TenantConnection, TenantId};
use crate::rules;
use crate::sync::failure::RunError;

/// What Microsoft sends back, as state, with the answer to a link that was sent to an administrator. It is no secret, and bound
/// to nothing: such an answer does nothing either.
pub const SENT: &str = "sent";
/// So long Microsoft's answer is waited for.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// A tenant whose administrator has consented to the MSP's own app: it was read with it, and nothing of it is stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consented {
    /// The row id of the company that it is to be connected to.
    pub company: i64,
    /// What the tenant says of itself.
    pub tenant: Identity,
    cloud: Cloud,
}

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
    Ok(address(
        app,
        tenant.as_ref(),
        (&shared.client_id, redirect_uri),
        &state,
    ))
}

/// The address of Microsoft at which the customer's own administrator consents, to be sent to them. It says nothing of the
/// company but the tenant that it has already. Microsoft leads from there to `redirect_uri` with the state [`SENT`].
///
/// # Errors
/// Where there is no Microsoft app, or the database fails.
pub async fn consent_link(
    app: &App,
    company: i64,
    redirect_uri: &str,
) -> Result<String, ConsentRefusal> {
    let Some(shared) = microsoft_app(app).await? else {
        return Err(ConsentRefusal::NoApp);
    };
    let tenant = app
        .db()
        .read(move |conn| tenant_connections::get(conn, company))
        .await?;
    Ok(address(
        app,
        tenant.as_ref(),
        (&shared.client_id, redirect_uri),
        SENT,
    ))
}

/// Where an administrator consents: of the tenant that is connected, or of any.
fn address(
    app: &App,
    tenant: Option<&TenantConnection>,
    (client_id, redirect_uri): (&str, &str),
    state: &str,
) -> String {
    let cloud = tenant.map_or(Cloud::default(), |tenant| tenant.cloud);
    let login = app.endpoints().login;
    let login = login.as_deref().unwrap_or(cloud.login_url());
    let tenant = tenant.map(|tenant| &tenant.tenant_id);
    consent_address((login, cloud), tenant, client_id, redirect_uri, state)
}

/// Whether an answer of Microsoft is to a link that was sent, by its query: whether the administrator accepted. Anybody can make
/// one up, so that it is good for a word of thanks alone.
pub fn answer_to_link(query: &str) -> Option<bool> {
    let answer = Answer::parse(query);
    (answer.state == SENT).then_some(answer.error.is_none() && answer.consented)
}

/// The company that an answer of Microsoft is about, by its query, whoever asked; `None` where nobody did. Uses nothing up: to
/// be asked before [`answered_consent`], so that who is refused can be led to where to begin again.
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

/// Takes the answer to what [`begin_consent`] began, by the query of the address to which Microsoft sent the browser back
/// (without its `?`): the tenant is read with the MSP's own app. A state is good once.
///
/// # Errors
/// Why there is nothing to connect.
pub async fn answered_consent(
    app: &App,
    session_hash: &str,
    query: &str,
) -> Result<Consented, ConsentRefusal> {
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
    let tenant = tenant.ok_or(ConsentRefusal::NoTenant)?;
    read(app, company, &tenant).await
}

/// Reads a tenant in which somebody has consented elsewhere, by its id or one of its domains; of an address the domain counts.
///
/// # Errors
/// Why there is nothing to connect.
pub async fn find_consented(
    app: &App,
    company: i64,
    typed: &str,
) -> Result<Consented, ConsentRefusal> {
    let typed = typed.trim();
    let domain = typed.rsplit('@').next().unwrap_or_default();
    let named = rules::guid(typed).or_else(|| host(domain));
    read(app, company, &named.ok_or(ConsentRefusal::NotATenant)?).await
}

/// A domain as Microsoft writes it. An address of the internet is none.
fn host(text: &str) -> Option<String> {
    match url::Host::parse(text).ok()? {
        url::Host::Domain(name) if name.contains('.') => Some(name),
        _ => None,
    }
}

/// Reads the tenant of this id or domain with the MSP's own app.
async fn read(app: &App, company: i64, named: &str) -> Result<Consented, ConsentRefusal> {
    let (found, stored) = app
        .db()
        .read(move |conn| {
            let stored = tenant_connections::get(conn, company)?;
            Ok((companies::version(conn, company)?, stored))
        })
        .await?;
    if found.is_none() {
        return Err(ConsentRefusal::NoCompany);
    }
    let cloud = stored.as_ref().map(|stored| stored.cloud);
    let cloud = cloud.unwrap_or_default();
    let mut asked = TenantId::new(named);
    let tenant = loop {
        // Nothing is asked of a tenant that will not be connected.
        let other = stored
            .as_ref()
            .is_some_and(|stored| stored.tenant_id != asked);
        if other && rules::guid(asked.as_str()).is_some() {
            return Err(ConsentRefusal::OtherTenant);
        }
        let tenant = identity(app, asked.clone(), cloud).await?;
        if tenant.id == asked {
            break tenant;
        }
        // A domain has led there: what is kept is the id, so that it is read by that too.
        asked = tenant.id;
    };
    Ok(Consented {
        company,
        tenant,
        cloud,
    })
}

/// How a tenant is read through the MSP's own app of this client id.
const fn through(client_id: String, tenant_id: TenantId, cloud: Cloud) -> TenantConnection {
    TenantConnection {
        tenant_id,
        client_id,
        certificate: false,
        expires: None,
        cloud,
    }
}

async fn identity(
    app: &App,
    tenant_id: TenantId,
    cloud: Cloud,
) -> Result<Identity, ConsentRefusal> {
    let Some((client_id, credential)) = app.microsoft_app().await? else {
        return Err(ConsentRefusal::NoApp);
    };
    let connection = through(client_id, tenant_id, cloud);
    let unreadable = |error: ApiError| match error.kind {
        Kind::Consent => ConsentRefusal::NoConsent,
        _ => ConsentRefusal::Unreadable {
            message: error.message().trim_end_matches('.').to_owned(),
        },
    };
    let http = app.http().clone();
    let directory = Directory::connect(&connection, credential, &app.endpoints(), None, http)
        .map_err(unreadable)?;
    directory.identity().await.map_err(unreadable)
}

/// Connects a tenant that was read. `then` belongs to the same transaction, where the company's contact sync is on.
///
/// # Errors
/// Why it was not connected.
pub async fn connect_consented(
    app: &App,
    consented: Consented,
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<ConsentEnd, ConsentRefusal> {
    let Consented {
        company: id,
        tenant,
        cloud,
    } = consented;
    let Some(shared) = microsoft_app(app).await? else {
        return Err(ConsentRefusal::NoApp);
    };
    let (company, stored) = app
        .db()
        .read(move |conn| {
            let stored = tenant_connections::get(conn, id)?;
            Ok((companies::get(conn, id)?, stored))
        })
        .await?;
    let company = company.ok_or(ConsentRefusal::NoCompany)?;
    if stored.is_some_and(|stored| stored.tenant_id != tenant.id) {
        return Err(ConsentRefusal::OtherTenant);
    }
    let connection = through(shared.client_id, tenant.id.clone(), cloud);
    match connect_shared(app, &company, connection, staff, then).await? {
        Saving::Saved { version, .. } => Ok(ConsentEnd {
            company: id,
            version,
            tenant: tenant.id,
            tenant_name: tenant.name,
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
