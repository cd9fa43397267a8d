//! What the three simulated clouds share: a small HTTP server, the log of what was asked, latency, and faults that can be
//! switched on. A cloud only answers requests from its state; it never touches sockets.

mod controls;
mod screen;
mod server;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

pub use controls::{Controls, Fault, FaultKind, Logged};
pub use screen::{escaped, fields, gone, screen};
pub use server::{Running, start};

/// One request as a cloud sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Upper-case HTTP method.
    pub method: String,
    /// Path with percent-encoding undone, without the query.
    pub path: String,
    /// Path and query as they stood on the wire.
    pub target: String,
    /// Query parameters in their order, decoded.
    pub query: Vec<(String, String)>,
    /// Headers by lower-case name.
    pub headers: HashMap<String, String>,
    /// The body, whole.
    pub body: Bytes,
    /// How many requests of the same lane are being answered now, this one included (see [`Cloud::lane`]).
    pub in_lane: usize,
}

impl Request {
    /// The header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first query parameter of exactly this name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path's segments without empty ones.
    pub fn segments(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect()
    }

    /// The body as JSON; `None` where it is none.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The fields of a form body, decoded.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body)
            .into_owned()
            .collect()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers in their order.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Bytes,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![(
                "content-type".into(),
                "application/json; charset=utf-8".into(),
            )],
            body: Bytes::from(body.to_string()),
        }
    }

    /// An answer of plain text or HTML.
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// The same with one header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A simulated service: answers requests from its own state.
pub trait Cloud: Send + Sync + 'static {
    /// The service's name in the log: `login`, `graph`, `connectwise` or `autotask`.
    fn name(&self) -> &'static str;
    /// Answers one request, with its effect on the state.
    fn answer(&self, request: &Request) -> Reply;
    /// What the vendor answers when it throttles.
    fn throttled(&self, retry_after: Option<&str>) -> Reply;
    /// What the vendor answers when it is broken in the way of this status.
    fn broken(&self, status: u16) -> Reply;
    /// The group of requests whose number at once the vendor limits; `None`: not limited.
    fn lane(&self, _request: &Request) -> Option<String> {
        None
    }
    /// Whether the request changes something (POST by which one reads does not).
    fn writes(&self, request: &Request) -> bool;
}

/// Locks, also after a panic elsewhere: a simulator's state is a test's, and the test has failed already.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
