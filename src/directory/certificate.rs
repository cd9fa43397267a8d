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
    end: Option<chrono::NaiveDate>,
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
            end: end_of(own.cert.as_der()),
            key,
        })
    }

    /// The last day on which the certificate is good; `None` where it does not say in a form that is understood.
    pub(super) fn end(&self) -> Option<chrono::NaiveDate> {
        self.end
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

/// `notAfter` of a certificate in DER (RFC 5280, section 4.1): it stands in the TBS part after the version, the serial number,
/// the signature algorithm and the issuer.
fn end_of(der: &[u8]) -> Option<chrono::NaiveDate> {
    const SEQUENCE: u8 = 0x30;
    let (_, certificate, _) = element(der).filter(|found| found.0 == SEQUENCE)?;
    let (_, mut rest, _) = element(certificate).filter(|found| found.0 == SEQUENCE)?;
    let (first, _, after) = element(rest)?;
    // The version is left out where it is 1.
    if first == 0xa0 {
        rest = after;
    }
    for _ in ["serial number", "algorithm", "issuer"] {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest).filter(|found| found.0 == SEQUENCE)?;
    let (_, _, after) = element(validity)?;
    let (tag, text, _) = element(after)?;
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = match tag {
        // UTCTime: two digits of the year; from 50 on they are of the last century.
        0x17 => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, rest)
        }
        // GeneralizedTime
        0x18 => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let (month, rest) = rest.split_at_checked(2)?;
    let (day, _) = rest.split_at_checked(2)?;
    chrono::NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

/// The first element of some DER: its tag, what it holds, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        let length = bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}
