//! Tokens through `azure_identity`: one credential a tenant, with its cache. Keeps the secret, and gives it to nobody but the
//! login.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientMethodOptions, ClientOptions, RetryOptions, Transport};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};

use super::Credential;
use super::certificate::Certificate;
use super::login;
use crate::clock::Clock;
use crate::http::{ApiError, Http, Kind, Service};
use crate::model::{Cloud, TenantConnection};

/// A bearer token.
pub(super) struct Token {
    secret: Secret,
    round: u64,
}

impl Token {
    pub(super) fn secret(&self) -> &str {
        self.secret.secret()
    }
}

enum Key {
    Secret(SecretString),
    Certificate(Arc<Certificate>),
}

/// What a credential is made from.
struct Recipe {
    tenant: String,
    client_id: String,
    cloud: Cloud,
    key: Key,
    /// Where the login is, without a slash at the end.
    login: String,
    http: Http,
}

/// How one app signs in to one tenant.
pub(super) struct SignIn {
    recipe: Recipe,
    scope: String,
    current: Mutex<Current>,
}

struct Current {
    credential: Arc<dyn TokenCredential>,
    round: u64,
}

impl SignIn {
    /// Sends nothing.
    pub(super) fn new(
        tenant: &TenantConnection,
        credential: Credential,
        login: Option<&str>,
        http: Http,
    ) -> Result<Self, ApiError> {
        let recipe = Recipe::new(tenant, credential, login, http)?;
        let credential = recipe.credential()?;
        Ok(Self {
            // the cloud's own Graph is what the token is for, wherever requests are sent
            scope: format!("{}/.default", recipe.cloud.graph_url()),
            recipe,
            current: Mutex::new(Current {
                credential,
                round: 0,
            }),
        })
    }

    /// A token that still lives for five minutes, from the cache where there is one.
    pub(super) async fn token(&self) -> Result<Token, ApiError> {
        let (credential, round) = {
            let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            (current.credential.clone(), current.round)
        };
        match credential.get_token(&[&self.scope], None).await {
            Ok(token) => Ok(Token {
                secret: token.token,
                round,
            }),
            Err(error) => Err(cause(&error)),
        }
    }

    /// Makes the next token a new one, unless another request has seen to that since `refused` was given out.
    pub(super) fn renew(&self, refused: &Token) -> Result<(), ApiError> {
        // a credential cannot forget its cached token: a new one has none
        let credential = self.recipe.credential()?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.round == refused.round {
            current.credential = credential;
            current.round += 1;
        }
        Ok(())
    }
}

impl Recipe {
    fn new(
        tenant: &TenantConnection,
        credential: Credential,
        login: Option<&str>,
        http: Http,
    ) -> Result<Self, ApiError> {
        let id = tenant.tenant_id.as_str();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if id.is_empty() || !id.chars().all(fits) {
            let what = "the tenant id is not one: a GUID was expected";
            return Err(login::error(Kind::Tenant, what));
        }
        let client_id = tenant.client_id.trim().to_owned();
        if client_id.is_empty() {
            return Err(login::error(Kind::Credentials, "the client id is missing"));
        }
        let login = super::address(Service::Login, login.unwrap_or(tenant.cloud.login_url()))?;
        Ok(Self {
            tenant: id.to_owned(),
            client_id,
            cloud: tenant.cloud,
            key: Key::read(credential)?,
            login: login.as_str().trim_end_matches('/').to_owned(),
            http,
        })
    }

    fn credential(&self) -> Result<Arc<dyn TokenCredential>, ApiError> {
        let mut cloud = CustomConfiguration::default();
        self.cloud.login_url().clone_into(&mut cloud.authority_host);
        let transport = login::Transport {
            http: self.http.clone(),
            base: self.login.clone(),
        };
        let client_options = ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            // our own client retries: azure_identity's nine tries take minutes
            retry: RetryOptions::none(),
            transport: Some(Transport::new(Arc::new(transport))),
            ..ClientOptions::default()
        };
        let made: azure_core::Result<Arc<dyn TokenCredential>> = match &self.key {
            Key::Secret(secret) => ClientSecretCredential::new(
                &self.tenant,
                self.client_id.clone(),
                Secret::new(secret.expose_secret().to_owned()),
                Some(ClientSecretCredentialOptions { client_options }),
            )
            .map(|credential| credential as Arc<dyn TokenCredential>),
            Key::Certificate(certificate) => ClientAssertionCredential::new(
                self.tenant.clone(),
                self.client_id.clone(),
                Assertion {
                    certificate: certificate.clone(),
                    audience: format!(
                        "{}/{}/oauth2/v2.0/token",
                        self.cloud.login_url(),
                        self.tenant
                    ),
                    client_id: self.client_id.clone(),
                    clock: self.http.clock().clone(),
                },
                Some(ClientAssertionCredentialOptions { client_options }),
            )
            .map(|credential| credential as Arc<dyn TokenCredential>),
        };
        made.map_err(|error| login::error(Kind::Credentials, error.to_string()))
    }
}

impl Key {
    fn read(credential: Credential) -> Result<Self, ApiError> {
        match credential {
            Credential::Secret(secret) => {
                // a secret from a file often ends with a line break
                let secret = secret.expose_secret().trim();
                if secret.is_empty() {
                    let what = "the client secret is missing";
                    return Err(login::error(Kind::Credentials, what));
                }
                Ok(Self::Secret(secret.into()))
            }
            Credential::Certificate { pfx, password } => {
                let password = password.as_ref().map_or("", ExposeSecret::expose_secret);
                let certificate = Certificate::read(pfx.expose_secret(), password)
                    .map_err(|(what, todo)| login::error(Kind::Credentials, what).advise(todo))?;
                Ok(Self::Certificate(Arc::new(certificate)))
            }
        }
    }
}

/// The [`ApiError`] that the transport wrapped.
fn cause(error: &azure_core::Error) -> ApiError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<ApiError>() {
            return found.clone();
        }
        cause = error.source();
    }
    login::error(Kind::Unexpected, "the answer holds no readable token")
}

struct Assertion {
    certificate: Arc<Certificate>,
    audience: String,
    client_id: String,
    clock: Clock,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion")
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.certificate
            .assertion(&self.audience, &self.client_id, self.clock.now())
            .ok_or_else(|| {
                let error = login::error(Kind::Credentials, "the certificate's key cannot sign");
                let message = error.to_string();
                azure_core::Error::with_error(
                    azure_core::error::ErrorKind::Credential,
                    error,
                    message,
                )
            })
    }
}
