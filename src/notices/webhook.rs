//! Calls to the webhook: a signed POST of JSON. `docs/WEBHOOK.md` says how the receiver checks it.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;

use super::settings::Webhook;
use crate::http::Http;
use crate::mail::Refusal;

/// So long a call may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many characters of the answer are kept.
const WORDS: usize = 300;

/// The signature of a call: HMAC with SHA-256 (RFC 2104) of the timestamp, a full stop and the body, in hex.
pub fn signature(key: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Calls once. `Ok` only where the answer's status is 2xx.
pub(super) async fn send(
    http: &Http,
    to: &Webhook,
    (id, body): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let timestamp = now.timestamp().to_string();
    let refused = |message: String, connection| Refusal {
        message,
        connection,
    };
    let mut request = http
        .client()
        .post(to.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("X-Rollcall-Id", id)
        .header("X-Rollcall-Timestamp", &timestamp)
        .timeout(PATIENCE)
        .body(body.to_owned());
    if let Some(key) = &to.key {
        let signed = signature(key.expose_secret(), &timestamp, body);
        request = request.header("X-Rollcall-Signature", format!("sha256={signed}"));
    }
    let request = request.build();
    let request =
        request.map_err(|_| refused("The webhook's address cannot be used".into(), false))?;
    let host = to.url.host_str().unwrap_or_default();
    let answer = http.send_once(request).await;
    let answer = answer.map_err(|why| {
        let advice = "check the address, and whether a firewall is between";
        refused(
            format!("No answer from {host}: {advice}. Original message: {why}"),
            true,
        )
    })?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body);
    let said: String = said.trim().chars().take(WORDS).collect();
    let said = super::letters::one_line(&said);
    let message = format!("{host} answered with status {}: {said}", answer.status);
    Err(refused(
        message.trim_end_matches([':', ' ']).to_owned(),
        false,
    ))
}
