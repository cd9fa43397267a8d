//! Microsoft's login as `azure_identity`'s transport: requests go through the one HTTP client, to the configured address, and
//! the error body is read here. (`azure_identity` 1.0 loses status and code of a body with escapes in it, and takes a 200
//! without a token for success.)

use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use serde_json::Value;

use crate::http::{Answer, ApiError, Ask, Http, Judgement, Kind, Repeat, Service};
use crate::model::text;

/// The vendor's sentence is cut here, in UTF-16 units.
const LONGEST: usize = 500;

pub(super) fn error(kind: Kind, detail: impl Into<String>) -> ApiError {
    ApiError::new(Service::Login, ACTION, kind, detail)
}

const ACTION: &str = "sign the app in";

/// Sends `azure_identity`'s requests to `base`, whatever authority they were made for.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) http: Http,
    /// Without a slash at the end.
    pub(super) base: String,
}

#[async_trait::async_trait]
impl HttpClient for Transport {
    /// # Errors
    /// Always an azure error around an [`ApiError`].
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.send(request).await.map_err(|error| {
            let message = error.to_string();
            azure_core::Error::with_error(azure_core::error::ErrorKind::Other, error, message)
        })?;
        Ok(AsyncRawResponse::from_bytes(
            answer.status.into(),
            Headers::new(),
            answer.body,
        ))
    }
}

impl Transport {
    async fn send(&self, request: &Request) -> Result<Answer, ApiError> {
        let Body::Bytes(form) = request.body() else {
            return Err(error(Kind::Unexpected, "the request is no form"));
        };
        let request = self
            .http
            .client()
            .post(format!("{}{}", self.base, request.url().path()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.clone())
            .build()
            .map_err(|_| error(Kind::Unexpected, "the request cannot be built"))?;
        self.http
            .send(Ask {
                service: Service::Login,
                action: ACTION,
                request,
                repeat: Repeat::Freely,
                lane: None,
                judge: &judge,
            })
            .await
    }
}

/// What an answer of the token endpoint means.
fn judge(answer: &Answer) -> Judgement {
    let body = answer.json();
    if answer.status == 200 {
        let token = body.as_ref().and_then(|body| body["access_token"].as_str());
        return if token.is_some_and(|token| !token.is_empty()) {
            Judgement::Fine
        } else {
            refused(Kind::Unexpected, "the answer holds no token".into(), "")
        };
    }
    if answer.status == 429 {
        return Judgement::Wait;
    }
    let body = body.unwrap_or_default();
    let description = body["error_description"].as_str().unwrap_or_default();
    let detail = sentence(description);
    if let Some((_, meaning)) = codes(&body, description).find_map(known) {
        return match meaning {
            Meaning::Passing => Judgement::Passing,
            Meaning::Refused(kind, advice) => refused(*kind, detail, advice),
        };
    }
    match (answer.status, body["error"].as_str()) {
        (408 | 500 | 502 | 503 | 504 | 509, _)
        | (_, Some("temporarily_unavailable" | "server_error")) => Judgement::Passing,
        (_, Some("invalid_client" | "invalid_grant")) => refused(Kind::Credentials, detail, ""),
        (_, Some("unauthorized_client" | "consent_required")) => refused(Kind::Consent, detail, ""),
        (_, Some("invalid_tenant")) => refused(Kind::Tenant, detail, ""),
        (_, Some(_)) => refused(
            Kind::Credentials,
            detail,
            "Check the tenant id, the client id and the cloud of this connection",
        ),
        (_, None) => refused(
            Kind::Unexpected,
            "the answer is not one of Microsoft's login".into(),
            "",
        ),
    }
}

fn refused(kind: Kind, detail: String, advice: &str) -> Judgement {
    Judgement::Refused {
        kind,
        detail,
        advice: advice.into(),
    }
}

/// The AADSTS numbers of a body, from `error_codes` or else from its sentence.
fn codes<'a>(body: &'a Value, description: &'a str) -> impl Iterator<Item = u64> + 'a {
    let listed = body["error_codes"].as_array().into_iter().flatten();
    let written = description.split("AADSTS").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().ok()
    });
    listed.filter_map(Value::as_u64).chain(written)
}

/// The vendor's sentence without the trace that follows it.
fn sentence(description: &str) -> String {
    let end = ["Trace ID:", "Correlation ID:", "Timestamp:"]
        .into_iter()
        .filter_map(|mark| description.find(mark))
        .min();
    let kept = &description[..end.unwrap_or(description.len())];
    let words: Vec<&str> = kept.split_whitespace().collect();
    text::cut(&words.join(" "), LONGEST).to_owned()
}

/// What a number means.
enum Meaning {
    /// Try again.
    Passing,
    /// Trying again does not help; what to do, and where.
    Refused(Kind, &'static str),
}

fn known(code: u64) -> Option<&'static (u64, Meaning)> {
    MEANINGS.iter().find(|(known, _)| *known == code)
}

const OTHER_CLOUD: Meaning = Meaning::Refused(
    Kind::Tenant,
    "The tenant is in another national cloud: set the cloud of this connection (global, usgov, usgov-dod or china)",
);
const CONSENT: Meaning = Meaning::Refused(
    Kind::Consent,
    "The app was not granted what it asks for: in Entra, open the app registration, check its API permissions for Microsoft Graph and grant admin consent in this tenant",
);
const POLICY: Meaning = Meaning::Refused(
    Kind::Permission,
    "A security policy of the tenant blocks the app: ask the tenant's administrator to exclude it in Entra, Protection, Conditional Access",
);

/// Microsoft asks clients not to depend on these numbers, and they are the only way to tell these cases apart.
/// Source: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
const MEANINGS: &[(u64, Meaning)] = &[
    (
        7_000_215,
        Meaning::Refused(
            Kind::Credentials,
            "The client secret is wrong, often because its id was copied: copy the secret's value (Entra, App registrations, Certificates & secrets), then give it to Rollcall",
        ),
    ),
    (
        7_000_222,
        Meaning::Refused(
            Kind::SecretExpired,
            "The client secret has expired: add a new one (Entra, App registrations, Certificates & secrets), then give its value to Rollcall",
        ),
    ),
    (
        700_027,
        Meaning::Refused(
            Kind::Credentials,
            "Microsoft does not know the certificate: upload its public part (Entra, App registrations, Certificates & secrets), or give Rollcall the one that is there",
        ),
    ),
    (
        700_024,
        Meaning::Refused(
            Kind::Credentials,
            "The sign-in with the certificate is not valid at this time: set the clock of the computer that runs Rollcall",
        ),
    ),
    (
        700_016,
        Meaning::Refused(
            Kind::Consent,
            "The app is not in this tenant: grant it admin consent there, or check the client id and the tenant id of this connection",
        ),
    ),
    (
        7_000_112,
        Meaning::Refused(
            Kind::Consent,
            "The app is disabled in this tenant: ask the tenant's administrator to enable it (Entra, Enterprise applications, Properties)",
        ),
    ),
    (
        90_002,
        Meaning::Refused(
            Kind::Tenant,
            "There is no such tenant in this cloud: check the tenant id (Entra, Overview) and the cloud of this connection",
        ),
    ),
    (
        900_023,
        Meaning::Refused(
            Kind::Tenant,
            "The tenant cannot be used: check the tenant id (Entra, Overview) of this connection",
        ),
    ),
    (
        9_001_023,
        Meaning::Refused(
            Kind::Tenant,
            "The tenant id must be that of one tenant, not common or organizations: copy it from Entra, Overview",
        ),
    ),
    (65_001, CONSENT),
    (650_052, CONSENT),
    (650_056, CONSENT),
    (650_057, CONSENT),
    (500_011, CONSENT),
    (53_003, POLICY),
    (530_032, POLICY),
    (90_038, OTHER_CLOUD),
    (900_382, OTHER_CLOUD),
    (900_432, OTHER_CLOUD),
    (90_006, Meaning::Passing),
    (90_012, Meaning::Passing),
    (90_024, Meaning::Passing),
    (90_033, Meaning::Passing),
    (90_055, Meaning::Passing),
    (90_090, Meaning::Passing),
];
