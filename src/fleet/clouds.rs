//! Looks up in the real systems, through the clients of the crate. The connections need not be in the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret as _;

use super::look::{Lookup, PhoneTypes, PsaTarget, TenantTarget, Unreachable};
use crate::app::App;
use crate::directory::{Credential, Directory};
use crate::http::ApiError;
use crate::model::{ContactType, GroupId, Limits, PsaCompanyId, Site, Sku, Vocabulary};
use crate::psa::{Connection, Psa};

/// The real systems, with one client for each connection of the file.
pub struct Clouds {
    app: App,
    psa: Mutex<HashMap<String, Arc<dyn Psa>>>,
    tenants: tokio::sync::Mutex<HashMap<String, Arc<Directory>>>,
}

impl Clouds {
    /// With the app's HTTP client and addresses.
    pub fn new(app: App) -> Self {
        Self {
            app,
            psa: Mutex::default(),
            tenants: tokio::sync::Mutex::default(),
        }
    }

    fn client(&self, target: &PsaTarget) -> Result<Arc<dyn Psa>, String> {
        let mut clients = self.psa.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&target.name) {
            return Ok(client.clone());
        }
        let client = (target.vendor.connect)(Connection {
            fields: target.fields.clone(),
            secrets: target.secrets.clone(),
            remembered: None,
            lookup_url: self.app.config().autotask_url.clone(),
            at_once: None,
            http: self.app.http().clone(),
        })?;
        clients.insert(target.name.clone(), client.clone());
        Ok(client)
    }

    fn psa(&self, target: &PsaTarget) -> Result<Arc<dyn Psa>, Unreachable> {
        self.client(target).map_err(|message| Unreachable {
            connection: target.name.clone(),
            message,
            advice: "Correct the connection".to_owned(),
        })
    }

    /// The tenant's client, once the right tenant has answered.
    async fn tenant(&self, target: &TenantTarget) -> Result<Arc<Directory>, Unreachable> {
        if let Some(client) = self.tenants.lock().await.get(&target.company) {
            return Ok(client.clone());
        }
        let failed = |error: ApiError| unreachable(&target.company, &error);
        let credential = credential(target)?;
        let endpoints = self.app.endpoints();
        let http = self.app.http().clone();
        let client = Directory::connect(&target.connection, credential, &endpoints, None, http)
            .map_err(failed)?;
        client.confirm_tenant().await.map_err(failed)?;
        let client = Arc::new(client);
        let mut clients = self.tenants.lock().await;
        clients.insert(target.company.clone(), client.clone());
        Ok(client)
    }
}

fn unreachable(connection: &str, error: &ApiError) -> Unreachable {
    Unreachable {
        connection: connection.to_owned(),
        message: error.message(),
        advice: error.advice(),
    }
}

fn credential(target: &TenantTarget) -> Result<Credential, Unreachable> {
    let broken = |message: &str| Unreachable {
        connection: target.company.clone(),
        message: message.to_owned(),
        advice: "Give the secret or the certificate in the fleet file".to_owned(),
    };
    if !target.connection.certificate {
        let secret = target.secrets.get("client_secret");
        let secret = secret.ok_or_else(|| broken("The client secret is missing"))?;
        return Ok(Credential::Secret(secret.clone()));
    }
    let pfx = target.secrets.get("certificate");
    let pfx = pfx.ok_or_else(|| broken("The certificate is missing"))?;
    let pfx = BASE64_STANDARD
        .decode(pfx.expose_secret())
        .map_err(|_| broken("The stored certificate is damaged"))?;
    Ok(Credential::Certificate {
        pfx: pfx.into(),
        password: target.secrets.get("certificate_password").cloned(),
    })
}

#[async_trait]
impl Lookup for Clouds {
    fn usable(&self, psa: &PsaTarget) -> Result<(), String> {
        self.client(psa).map(drop)
    }

    async fn reached(&self, psa: &PsaTarget) -> Result<(), Unreachable> {
        let answer = self.psa(psa)?.companies("").await;
        answer
            .map(drop)
            .map_err(|error| unreachable(&psa.name, &error))
    }

    async fn confirmed(&self, tenant: &TenantTarget) -> Result<(), Unreachable> {
        self.tenant(tenant).await.map(drop)
    }

    async fn company_exists(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<bool, Unreachable> {
        let found = self.psa(psa)?.company(company).await;
        found
            .map(|company| company.is_some())
            .map_err(|error| unreachable(&psa.name, &error))
    }

    async fn sites(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<Vec<Site>, Unreachable> {
        let sites = self.psa(psa)?.sites(company).await;
        sites.map_err(|error| unreachable(&psa.name, &error))
    }

    async fn contact_types(&self, psa: &PsaTarget) -> Result<Vec<ContactType>, Unreachable> {
        let types = self.psa(psa)?.contact_types().await;
        types
            .map(Option::unwrap_or_default)
            .map_err(|error| unreachable(&psa.name, &error))
    }

    async fn phone_types(&self, psa: &PsaTarget) -> Result<PhoneTypes, Unreachable> {
        let client = self.psa(psa)?;
        let types = client.phone_types().await;
        let phone_types = types.map_err(|error| unreachable(&psa.name, &error))?;
        let there = phone_types
            .iter()
            .filter(|kind| kind.phone)
            .map(|kind| kind.name.clone())
            .collect();
        // Limits play no part in which types are missing, and reading them costs a request.
        let vocabulary = Vocabulary {
            contact_types: None,
            phone_types,
            limits: Limits {
                first_name: 0,
                last_name: 0,
                title: 0,
                phone: 0,
                mobile: 0,
                email: 0,
                last_name_required: false,
            },
        };
        Ok(PhoneTypes {
            missing: client.missing_phone_types(&vocabulary),
            there,
        })
    }

    async fn group_exists(
        &self,
        tenant: &TenantTarget,
        group: &GroupId,
    ) -> Result<bool, Unreachable> {
        let found = self.tenant(tenant).await?.group(group).await;
        found
            .map(|group| group.is_some())
            .map_err(|error| unreachable(&tenant.company, &error))
    }

    async fn skus(&self, tenant: &TenantTarget) -> Result<Vec<Sku>, Unreachable> {
        let skus = self.tenant(tenant).await?.skus().await;
        skus.map_err(|error| unreachable(&tenant.company, &error))
    }
}
