//! What a Microsoft app signs in with, as somebody gives it in a form: checked before it is kept, then sealed.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::NaiveDate;
use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use zeroize::Zeroizing;

use crate::db::{Conn, secrets};
use crate::directory::{Credential, certificate_end};
use crate::rules::Mistake;
use crate::seal::Keyring;

/// So long a client secret or a password is at most, in bytes; Microsoft's have 40.
const MOST_SECRET: usize = 1_000;
/// So long a certificate is at most, in base64.
const MOST_CERTIFICATE: usize = 200_000;

/// What an app is to sign in with from now on.
#[derive(Clone)]
pub enum NewSecret {
    /// What is stored.
    Keep,
    /// A client secret.
    Secret(SecretString),
    /// A certificate with its key.
    Certificate {
        /// The PFX file in base64; white space counts for nothing.
        pfx: SecretString,
        /// Its password; `None` or blank: none.
        password: Option<SecretString>,
    },
    /// What the MSP's own app signs in with.
    MicrosoftApp,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Secret(_) => "Secret",
            Self::Certificate { .. } => "Certificate",
            Self::MicrosoftApp => "MicrosoftApp",
        })
    }
}

/// A checked secret, by the name under which it is kept.
pub(super) struct Checked {
    /// Whether it is a certificate.
    pub(super) certificate: bool,
    /// The last day of the certificate.
    pub(super) end: Option<NaiveDate>,
    secrets: Vec<(&'static str, SecretString)>,
}

impl Checked {
    /// The same for a client that signs in with it; `None` where it is damaged.
    pub(super) fn credential(&self) -> Option<Credential> {
        let named = |wanted: &str| {
            let mut secrets = self.secrets.iter();
            secrets
                .find(|(name, _)| *name == wanted)
                .map(|(_, secret)| secret)
        };
        if !self.certificate {
            return named("client_secret").cloned().map(Credential::Secret);
        }
        let pfx = BASE64_STANDARD.decode(named("certificate")?.expose_secret());
        Some(Credential::Certificate {
            pfx: pfx.ok()?.into(),
            password: named("certificate_password").cloned(),
        })
    }
}

/// Checks a secret that is given; `None` where none is.
pub(super) fn checked(given: &NewSecret) -> Result<Option<Checked>, Mistake> {
    match given {
        NewSecret::Keep | NewSecret::MicrosoftApp => Ok(None),
        NewSecret::Secret(secret) => {
            let text = secret.expose_secret().trim();
            if text.is_empty() {
                let message = "Give the client secret: its value, not its id";
                return Err(Mistake::new("client_secret", message));
            }
            if text.len() > MOST_SECRET || text.contains(char::is_control) {
                let message = "This is no client secret: give its value, on one line";
                return Err(Mistake::new("client_secret", message));
            }
            Ok(Some(Checked {
                certificate: false,
                end: None,
                secrets: vec![("client_secret", text.into())],
            }))
        }
        NewSecret::Certificate { pfx, password } => certificate(pfx, password.as_ref()).map(Some),
    }
}

fn certificate(pfx: &SecretString, password: Option<&SecretString>) -> Result<Checked, Mistake> {
    let wrong = |message: String| Mistake::new("certificate", message);
    let no_file = || wrong("Give the certificate with its key as a PFX file".to_owned());
    if pfx.expose_secret().len() > MOST_CERTIFICATE {
        return Err(no_file());
    }
    let bare: Zeroizing<String> = Zeroizing::new(pfx.expose_secret().split_whitespace().collect());
    let bytes = BASE64_STANDARD.decode(bare.as_bytes());
    let bytes = bytes.ok().filter(|bytes| !bytes.is_empty());
    let bytes: SecretSlice<u8> = bytes.ok_or_else(no_file)?.into();
    let password = password.filter(|password| !password.expose_secret().is_empty());
    if password.is_some_and(|password| password.expose_secret().len() > MOST_SECRET) {
        let message = "The password is too long";
        return Err(Mistake::new("certificate_password", message));
    }
    let end = certificate_end(&bytes, password).map_err(|(what, advice)| {
        wrong(format!("The certificate cannot be used: {what}. {advice}"))
    })?;
    let mut secrets = vec![("certificate", bare.as_str().into())];
    secrets.extend(password.map(|password| ("certificate_password", password.clone())));
    Ok(Checked {
        certificate: true,
        end,
        secrets,
    })
}

/// Puts a checked secret in the place of all that the owner has.
pub(super) fn replace(
    conn: &mut Conn,
    keys: &Keyring,
    (kind, id): (&str, i64),
    new: &Checked,
    expires: Option<NaiveDate>,
) -> QueryResult<()> {
    secrets::delete_all(conn, kind, id)?;
    for (name, secret) in &new.secrets {
        let sealed = keys.seal(kind, id, name, secret.expose_secret().as_bytes());
        secrets::put(conn, kind, id, name, &sealed, expires)?;
    }
    Ok(())
}

/// Sets the end date of secrets that stay.
pub(super) fn set_end(
    conn: &mut Conn,
    (kind, id): (&str, i64),
    expires: Option<NaiveDate>,
) -> QueryResult<()> {
    for name in secrets::names(conn, kind, id)? {
        if let Some(stored) = secrets::get(conn, kind, id, &name)?
            && stored.expires != expires
        {
            secrets::put(conn, kind, id, &name, &stored.sealed, expires)?;
        }
    }
    Ok(())
}
