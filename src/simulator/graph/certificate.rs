//! Client assertions signed with a certificate's key, checked as Microsoft recommends them: PS256 with `x5t#S256`.
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>. Validity dates of certificates are not
//! looked at.

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::data::{AppData, TenantData};

/// Seconds that two clocks may differ.
const SKEW: i64 = 300;

/// Why the assertion is not accepted.
pub(super) fn check(
    assertion: &str,
    tenant: &TenantData,
    client: &str,
    app: &AppData,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let malformed = || "The assertion is malformed.".to_owned();
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let (head, claims) = (part(head), part(claims));
    let (head, claims) = (head.ok_or_else(malformed)?, claims.ok_or_else(malformed)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    if head["alg"] != "PS256" {
        return Err("The algorithm is not supported.".into());
    }
    let thumbprint = head["x5t#S256"]
        .as_str()
        .ok_or("The header 'x5t#S256' is missing.")?;
    let key = app
        .certificates
        .iter()
        .filter_map(|certificate| der(certificate))
        .find(|certificate| URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)) == thumbprint)
        .ok_or("The key was not found.")?;
    let key = public_key(&key).ok_or("The key is not readable.")?.to_vec();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "The provided signature value did not match the expected signature value.")?;
    if claims["iss"] != *client || claims["sub"] != *client {
        return Err("The issuer and subject must be the client id.".into());
    }
    if claims["jti"].as_str().is_none_or(str::is_empty) {
        return Err("The claim 'jti' is missing.".into());
    }
    if !claims["aud"]
        .as_str()
        .is_some_and(|url| audience(url, tenant))
    {
        return Err("The audience is not the token endpoint.".into());
    }
    let expires = claims["exp"]
        .as_i64()
        .ok_or("The claim 'exp' is missing.")?;
    let not_before = claims["nbf"].as_i64().unwrap_or_default();
    if expires < now.timestamp().saturating_sub(SKEW)
        || not_before > now.timestamp().saturating_add(SKEW)
    {
        return Err("The assertion is not within its valid time range.".into());
    }
    Ok(())
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Any scheme and host: the simulator has neither Microsoft's name nor TLS.
fn audience(url: &str, tenant: &TenantData) -> bool {
    let Ok(url) = url::Url::parse(url) else {
        return false;
    };
    let segments: Vec<&str> = url.path().split('/').skip(1).collect();
    let ours = |name: &str| {
        let mut names = std::iter::once(&tenant.id)
            .chain(std::iter::once(&tenant.default_domain))
            .chain(&tenant.other_domains);
        names.any(|known| known.eq_ignore_ascii_case(name))
    };
    matches!(segments.as_slice(), [name, "oauth2", "v2.0", "token"] if ours(name))
}

/// A certificate's DER, from DER or PEM.
fn der(certificate: &[u8]) -> Option<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(certificate) else {
        return Some(certificate.to_vec());
    };
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

/// The `SubjectPublicKeyInfo` of an X.509 certificate (RFC 5280, section 4.1).
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut rest = content(content(certificate)?)?;
    if *rest.first()? == 0xa0 {
        // the version, which a certificate of version 1 leaves out
        rest = split(rest)?.1;
    }
    for _serial_to_subject in 0..5 {
        rest = split(rest)?.1;
    }
    Some(split(rest)?.0)
}

/// The first DER element, and what follows it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (start, length) = header(bytes)?;
    bytes.split_at_checked(start.checked_add(length)?)
}

fn content(bytes: &[u8]) -> Option<&[u8]> {
    let (start, length) = header(bytes)?;
    bytes.get(start..start.checked_add(length)?)
}

/// Where the content starts, and its length.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let digits = bytes.get(2..2 + (first & 0x7f))?;
    let length = digits.iter().try_fold(0_usize, |length, digit| {
        Some(length.checked_mul(256)? + usize::from(*digit))
    })?;
    Some((2 + digits.len(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBiDCCAS+gAwIBAgIULfaTvNnTRIaJwiT6TivOPChyuC4wCgYIKoZIzj0EAwIw\n\
GjEYMBYGA1UEAwwPY29udG9zby5leGFtcGxlMB4XDTI2MTEyMzAyNDY1NFoXDTM2\n\
MTEyMDAyNDY1NFowGjEYMBYGA1UEAwwPY29udG9zby5leGFtcGxlMFkwEwYHKoZI\n\
zj0CAQYIKoZIzj0DAQcDQgAEQX49iHl62yEgxb7U9FQvGqLiTTAm+h0FAtmMy/mo\n\
BJ8KiwNJ0R7xy7mIkDYgjb4Y7dzc13Yfbf0oY1RlKKPYs6NTMFEwHQYDVR0OBBYE\n\
FDZ6/mIoUAONMcr2n8H4+b9IOYlHMB8GA1UdIwQYMBaAFDZ6/mIoUAONMcr2n8H4\n\
+b9IOYlHMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgMe/z++/b\n\
PketK1rpIemdScHV+qS+tGdcJ/3nWrKHdcwCIHS8g31NyPUZ/TnaAlipZ9jXXpIE\n\
Sw/4aaABOmGo0ZKW\n\
-----END CERTIFICATE-----\n";

    #[test]
    fn the_public_key_of_a_pem_certificate_is_found() {
        let certificate = der(PEM.as_bytes()).unwrap();
        let digest = Sha256::digest(public_key(&certificate).unwrap());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(digest),
            "KACCWYZr-3v2qA0TnWWk0kJF4yGl_YiGG7GwfXOTGWM"
        );
    }

    #[test]
    fn half_a_certificate_has_no_key() {
        let certificate = der(PEM.as_bytes()).unwrap();
        for length in 0..certificate.len() {
            assert_eq!(public_key(&certificate[..length]), None, "{length}");
        }
    }
}
