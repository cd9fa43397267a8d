//! A certificate from a PFX file, and the assertion that it signs instead of a secret. Microsoft recommends `PS256` with
//! `x5t#S256`: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Microsoft recommends five to ten minutes.
const LIFE: TimeDelta = TimeDelta::minutes(9);

/// What is wrong, and what to do.
type Refusal = (&'static str, &'static str);

pub(super) struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
}

impl Certificate {
    /// Reads a PFX file. An empty password is none.
    pub(super) fn read(pfx: &[u8], password: &str) -> Result<Self, Refusal> {
        let archive = Pkcs12Archive::from_pkcs12(pfx, password).map_err(|error| refusal(&error))?;
        let mut keys = archive.keys.iter();
        let key = keys
            .find_map(|bag| RsaKeyPair::from_pkcs8(bag.key.as_der()).ok())
            .ok_or((
                "the PFX file holds no RSA private key",
                "Export the certificate again as a PFX file with its RSA private key",
            ))?;
        // a file may hold the issuers' certificates too: the key's own is the one that carries its public part
        let public = key.public_key().as_ref();
        let own = archive.certs.iter().find(|bag| {
            let mut places = bag.cert.as_der().windows(public.len());
            places.any(|place| place == public)
        });
        let own = own.ok_or((
            "the PFX file holds no certificate for its key",
            "Export the certificate again as a PFX file, with the certificate and its private key",
        ))?;
        Ok(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(own.cert.as_der())),
            key,
        })
    }

    /// A signed assertion; `None` where the key cannot sign.
    pub(super) fn assertion(
        &self,
        audience: &str,
        client_id: &str,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
        });
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn refusal(error: &Error) -> Refusal {
    match error {
        Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => (
            "the password does not open the PFX file",
            "Give Rollcall the password that the certificate was exported with",
        ),
        Error::UnsupportedEncryptionScheme
        | Error::UnsupportedMacAlgorithm
        | Error::UnsupportedContentType
        | Error::UnsupportedCertificateType => (
            "the PFX file is encrypted in a way that Rollcall does not know",
            "Export the certificate again as a PFX file with AES-256 encryption",
        ),
        _ => (
            "the certificate is not a PFX file",
            "Export the certificate with its private key as a PFX file (PKCS#12)",
        ),
    }
}
