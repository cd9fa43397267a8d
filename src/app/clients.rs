//! The clients of an app: one for each PSA connection and tenant, made from stored settings and unsealed secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::{App, OF_COMPANY, OF_MICROSOFT_APP, OF_PSA, locked};
use crate::db::{psa_connections, secrets, settings, tenant_connections};
use crate::directory::{Credential, Directory};
use crate::model::{Company, PsaConnection, Side, TenantConnection};
use crate::psa::{self, Connection, Psa};
use crate::seal::SealError;
use crate::sync::failure::{self, RunError, failure};
use crate::sync::scene;

/// A client of a PSA connection, and what it was made from: the connection's fields and the marks of its secrets. Another process
/// may have changed either.
pub(super) type KeptPsa = (PsaMade, Arc<dyn Psa>);
type PsaMade = (String, BTreeMap<String, String>, Marks);

/// A client of a tenant, and what it was made from: the connection, and the marks of its own secrets and of the Microsoft app's.
pub(super) type KeptDirectory = ((TenantConnection, Marks, Marks), Arc<Directory>);

/// The nonces of an owner's secrets: they change with every new secret.
type Marks = Vec<Vec<u8>>;

impl App {
    /// A PSA connection and its client.
    ///
    /// # Errors
    /// Where it does not exist, or its secrets cannot be unsealed.
    pub async fn psa(&self, id: i64) -> Result<(PsaConnection, Arc<dyn Psa>), RunError> {
        let made = self.psa_client(id).await;
        made.map_err(|error| of(error, Side::Psa))
    }

    async fn psa_client(&self, id: i64) -> Result<(PsaConnection, Arc<dyn Psa>), RunError> {
        let found = self
            .db()
            .read(move |conn| {
                let connection = psa_connections::get(conn, id)?;
                let names = secrets::names(conn, OF_PSA, id)?;
                let stored: Result<Vec<_>, _> = names
                    .iter()
                    .map(|name| secrets::get(conn, OF_PSA, id, name))
                    .collect();
                Ok((connection, stored?))
            })
            .await?;
        let (Some(connection), stored) = found else {
            return Err(not_set_up("The PSA connection does not exist any more"));
        };
        let marks = stored.iter().flatten().map(|one| one.sealed.nonce.clone());
        let made: PsaMade = (
            connection.kind.clone(),
            connection.fields.clone(),
            marks.collect(),
        );
        if let Some((known, client)) = locked(&self.0.psas).get(&id)
            && *known == made
        {
            return Ok((connection, client.clone()));
        }
        let vendor = psa::vendor(&connection.kind).ok_or_else(|| {
            not_set_up(format!("There is no PSA of the kind {}", connection.kind))
        })?;
        let mut opened = std::collections::BTreeMap::new();
        for secret in stored.into_iter().flatten() {
            let text = self
                .keyring()
                .open_text(OF_PSA, id, &secret.name, &secret.sealed);
            opened.insert(secret.name, text.map_err(|error| unsealed(&error))?);
        }
        let remembered = self
            .facts()
            .remembered(&scene::psa_scope(id), scene::ADDRESS)
            .await?;
        let client = (vendor.connect)(Connection {
            fields: connection.fields.clone(),
            secrets: opened,
            remembered,
            lookup_url: self.config().autotask_url.clone(),
            at_once: self.number(&format!("at_once.{}", vendor.id)).await?,
            http: self.http().clone(),
        })
        .map_err(not_set_up)?;
        let mut psas = locked(&self.0.psas);
        // Whoever was quicker has the client that all runs of the connection share.
        if let Some((known, client)) = psas.get(&id)
            && *known == made
        {
            return Ok((connection, client.clone()));
        }
        psas.insert(id, (made, client.clone()));
        Ok((connection, client))
    }

    /// The stored secrets of a PSA connection that can be unsealed, by the vendor's keys: for a test before it is saved.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn psa_secrets(
        &self,
        id: i64,
    ) -> Result<std::collections::BTreeMap<String, SecretString>, RunError> {
        let stored = self
            .db()
            .read(move |conn| {
                let names = secrets::names(conn, OF_PSA, id)?;
                let all = names
                    .iter()
                    .map(|name| secrets::get(conn, OF_PSA, id, name));
                all.collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let mut opened = std::collections::BTreeMap::new();
        for secret in stored.into_iter().flatten() {
            let keys = self.keyring();
            if let Ok(text) = keys.open_text(OF_PSA, id, &secret.name, &secret.sealed) {
                opened.insert(secret.name, text);
            }
        }
        Ok(opened)
    }

    /// A company's tenant connection and its client.
    ///
    /// # Errors
    /// Where the company has none, or its secret cannot be unsealed or used.
    pub async fn directory(
        &self,
        company: &Company,
    ) -> Result<(TenantConnection, Arc<Directory>), RunError> {
        let made = self.tenant_client(company).await;
        made.map_err(|error| of(error, Side::Tenant))
    }

    async fn tenant_client(
        &self,
        company: &Company,
    ) -> Result<(TenantConnection, Arc<Directory>), RunError> {
        let id = company.id;
        let (tenant, own, shared) = self
            .db()
            .read(move |conn| {
                Ok((
                    tenant_connections::get(conn, id)?,
                    secrets::marks(conn, OF_COMPANY, id)?,
                    secrets::marks(conn, OF_MICROSOFT_APP, 0)?,
                ))
            })
            .await?;
        let Some(tenant) = tenant else {
            return Err(not_set_up(format!(
                "{} has no tenant connection yet",
                company.name
            )));
        };
        let made = (tenant.clone(), own, shared);
        if let Some((known, client)) = locked(&self.0.directories).get(&id)
            && *known == made
        {
            return Ok((tenant, client.clone()));
        }
        let credential = match self.credential(OF_COMPANY, id, tenant.certificate).await? {
            Some(own) => own,
            None => self.shared(&tenant).await?,
        };
        let at_once = self.number("at_once.graph").await?;
        let http = self.http().clone();
        let client = Directory::connect(&tenant, credential, &self.endpoints(), at_once, http)?;
        let client = Arc::new(client);
        locked(&self.0.directories).insert(id, (made, client.clone()));
        Ok((tenant, client))
    }

    /// The credential of the Microsoft app, for a tenant that is read through it.
    async fn shared(&self, tenant: &TenantConnection) -> Result<Credential, RunError> {
        match self.microsoft_app().await? {
            Some((client_id, credential)) if client_id == tenant.client_id => Ok(credential),
            _ => Err(not_set_up(format!(
                "The {} of the tenant connection is missing",
                if tenant.certificate {
                    "certificate"
                } else {
                    "client secret"
                }
            ))),
        }
    }

    /// The app that the MSP registered for all its customers: its (client) id and what it signs in with; `None` where it is
    /// not set up.
    ///
    /// # Errors
    /// Where its secret cannot be unsealed or used.
    pub async fn microsoft_app(&self) -> Result<Option<(String, Credential)>, RunError> {
        let client_id = self
            .db()
            .read(|conn| settings::get(conn, settings::MICROSOFT_APP))
            .await?;
        let Some(client_id) = client_id else {
            return Ok(None);
        };
        for certificate in [true, false] {
            if let Some(found) = self.credential(OF_MICROSOFT_APP, 0, certificate).await? {
                return Ok(Some((client_id, found)));
            }
        }
        Ok(None)
    }

    /// What an owner signs in with, by certificate or by secret; `None` where none of that way is stored.
    ///
    /// # Errors
    /// Where it cannot be unsealed or used.
    pub async fn credential(
        &self,
        kind: &'static str,
        owner: i64,
        certificate: bool,
    ) -> Result<Option<Credential>, RunError> {
        if !certificate {
            let secret = self.secret(kind, owner, "client_secret").await?;
            let secret = secret.as_ref().map(as_text).transpose()?;
            return Ok(secret.map(Credential::Secret));
        }
        let Some(pfx) = self.secret(kind, owner, "certificate").await? else {
            return Ok(None);
        };
        let password = self.secret(kind, owner, "certificate_password").await?;
        // Stored as text, in base64, like every other secret.
        let pfx = BASE64
            .decode(pfx.expose_secret())
            .map_err(|_| not_set_up("The stored certificate is damaged"))?;
        let password = password.as_ref().map(as_text).transpose()?;
        Ok(Some(Credential::Certificate {
            pfx: pfx.into(),
            password,
        }))
    }

    async fn secret(
        &self,
        kind: &'static str,
        owner: i64,
        name: &'static str,
    ) -> Result<Option<secrecy::SecretSlice<u8>>, RunError> {
        let stored = self
            .db()
            .read(move |conn| secrets::get(conn, kind, owner, name))
            .await?;
        stored
            .map(|stored| self.keyring().open(kind, owner, name, &stored.sealed))
            .transpose()
            .map_err(|error| unsealed(&error))
    }
}

/// The database is of neither side.
fn of(error: RunError, side: Side) -> RunError {
    if error.kind == failure::DATABASE {
        error
    } else {
        error.by(side)
    }
}

fn not_set_up(message: impl Into<String>) -> RunError {
    failure::not_set_up(
        message,
        "Complete the connection in the portal, or with `rollcall fleet apply`",
    )
}

fn unsealed(error: &SealError) -> RunError {
    let text = error.to_string();
    // What to do stands behind the colon, for those who have no place of its own for it.
    let message = text.split(": ").next().unwrap_or_default();
    let advice = match error {
        SealError::UnknownKey { .. } => {
            "Add that key as a line of ROLLCALL_SECRET_KEY or of the key file, or enter the secrets anew"
        }
        SealError::Damaged { .. } | SealError::NotText { .. } => "Enter it anew",
    };
    failure("secret_key", message, advice)
}

fn as_text(secret: &secrecy::SecretSlice<u8>) -> Result<SecretString, RunError> {
    let text = std::str::from_utf8(secret.expose_secret());
    text.map(SecretString::from)
        .map_err(|_| not_set_up("A stored secret is not text"))
}
