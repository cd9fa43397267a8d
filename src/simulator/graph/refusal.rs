//! Errors as Graph words them, and the ids that every answer carries:
//! <https://learn.microsoft.com/graph/errors>.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{State, Switches};
use crate::simulator::kit::{Reply, Request};

/// The ids and the time of one answer.
pub(super) struct Trace {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) now: DateTime<Utc>,
}

impl Trace {
    pub(super) fn new(request: Option<&Request>, state: &State) -> Self {
        let id = Uuid::new_v4().to_string();
        let client = request.and_then(|request| request.header("client-request-id"));
        Self {
            client: client.map_or_else(|| id.clone(), ToOwned::to_owned),
            id,
            now: state.now(),
        }
    }

    pub(super) fn stamp(&self, reply: Reply) -> Reply {
        reply
            .with("request-id", &self.id)
            .with("client-request-id", &self.client)
    }
}

/// Why a request is refused.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) headers: Vec<(String, String)>,
    /// Set for the login, whose errors look otherwise: the AADSTS number.
    pub(super) aadsts: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            headers: Vec::new(),
            aadsts: None,
        }
    }

    /// The gateway's refusal, before the directory sees the request.
    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The directory's refusal.
    pub(super) fn directory(message: &str) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    pub(super) fn unsupported(message: &str) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    pub(super) fn not_found(key: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            &format!(
                "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    pub(super) fn no_segment(path: &[&str]) -> Self {
        let segment = path.last().copied().unwrap_or_default();
        Self::bad_request(&format!("Resource not found for the segment '{segment}'."))
    }

    pub(super) fn token(message: &str) -> Self {
        let mut refusal = Self::new(401, "InvalidAuthenticationToken", message);
        refusal.headers.push((
            "WWW-Authenticate".into(),
            "Bearer realm=\"\", error=\"invalid_token\"".into(),
        ));
        refusal
    }

    pub(super) fn throttled(retry_after: Option<&str>) -> Self {
        let mut refusal = Self::new(429, "TooManyRequests", "Too many requests.");
        refusal.headers = retry_after
            .map(|wait| ("Retry-After".into(), wait.into()))
            .into_iter()
            .collect();
        refusal
    }

    pub(super) fn broken(status: u16) -> Self {
        let (code, message) = match status {
            500 => ("InternalServerError", "Internal Server Error"),
            502 => ("BadGateway", "Bad Gateway"),
            503 => ("serviceUnavailable", "Service Unavailable"),
            504 => ("GatewayTimeout", "Gateway Timeout"),
            _ => ("UnknownError", ""),
        };
        Self::new(status, code, message)
    }

    pub(super) fn reply(&self, switches: &Switches, trace: &Trace) -> Reply {
        let body = match self.aadsts {
            Some(number) => super::login::error_body(self, number, switches, trace),
            None => self.body(switches, trace),
        };
        let mut reply = Reply::json(self.status, &body);
        reply.headers.extend(self.headers.iter().cloned());
        reply
    }

    fn body(&self, switches: &Switches, trace: &Trace) -> Value {
        let inner = if switches.lowercase_inner_error {
            "innererror"
        } else {
            "innerError"
        };
        json!({"error": {
            "code": self.code,
            "message": self.message,
            // without an offset, as Graph writes it
            inner: {
                "date": trace.now.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": trace.id,
                "client-request-id": trace.client,
            },
        }})
    }
}
