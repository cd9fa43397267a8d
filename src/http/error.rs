//! What went wrong with a request, and what to do about it.

use std::fmt;

use chrono::{DateTime, Utc};

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Microsoft's login.
    Login,
    /// Microsoft Graph.
    Graph,
    /// ConnectWise PSA.
    ConnectWise,
    /// Autotask PSA.
    Autotask,
}

impl Service {
    /// Its name, for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Graph => "graph",
            Self::ConnectWise => "connectwise",
            Self::Autotask => "autotask",
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "Microsoft's login",
            Self::Graph => "Microsoft Graph",
            Self::ConnectWise => "ConnectWise",
            Self::Autotask => "Autotask",
        }
    }
}

/// What went wrong, as far as a caller decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No connection could be made.
    Unreachable,
    /// The service stayed broken.
    Unavailable,
    /// The service throttles for longer than a run may wait.
    Throttled,
    /// A request that adds something was sent, and nobody knows what became of it.
    Lost,
    /// Secret, key or user name are wrong.
    Credentials,
    /// The client secret has expired.
    SecretExpired,
    /// The app is not known in the tenant.
    Consent,
    /// The tenant is unknown or blocked, or lives in another cloud.
    Tenant,
    /// The tenant that answered is not the one configured.
    WrongTenant,
    /// Signed in, but not allowed to do this.
    Permission,
    /// What was asked for does not exist.
    NotFound,
    /// The vendor refuses this one request.
    Refused,
    /// A reading that is not known to be complete.
    Incomplete,
    /// The answer is not what the vendor documents.
    Unexpected,
    /// The hourly budget of the PSA is nearly used up.
    Budget,
}

impl Kind {
    /// The word of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Throttled => "throttled",
            Self::Lost => "lost",
            Self::Credentials => "credentials",
            Self::SecretExpired => "secret_expired",
            Self::Consent => "consent",
            Self::Tenant => "tenant",
            Self::WrongTenant => "wrong_tenant",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Incomplete => "incomplete",
            Self::Unexpected => "unexpected",
            Self::Budget => "budget",
        }
    }

    /// Whether it concerns the whole connection, so that the next person would fail alike.
    pub const fn stops_the_run(self) -> bool {
        !matches!(self, Self::NotFound | Self::Refused | Self::Lost)
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => "Check the address, the network and the firewall, then run again",
            Self::Unavailable => {
                "The service is out of order: nothing needs to be done here, run again later"
            }
            Self::Throttled => "The service asks for a pause: run again later",
            Self::Lost => "The next run looks up what became of it",
            Self::Credentials => "Check the user names, keys and secrets of this connection",
            Self::SecretExpired => {
                "The client secret has expired: add a new one in Entra, then give it to Rollcall"
            }
            Self::Consent => "Grant admin consent for the app in this tenant",
            Self::Tenant => "Check the tenant id and the cloud of this connection",
            Self::WrongTenant => "Check the tenant id of this connection",
            Self::Permission => "Give the app or API user the right that is missing",
            Self::NotFound => "Check that it still exists",
            Self::Refused => "Read what the service says and mend the data",
            Self::Incomplete => "Nothing was written: run again",
            Self::Unexpected => {
                "Check that the address is the service's own and that no proxy answers in its place"
            }
            Self::Budget => "Run again in an hour, when the budget is free again",
        }
    }
}

/// A request that failed for good. `Debug` and `Display` leave the vendor's words out: they may name people.
#[derive(Clone)]
pub struct ApiError {
    /// Who was asked.
    pub service: Service,
    /// What was tried, as a phrase: `read the contacts`.
    pub action: &'static str,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What it means.
    pub kind: Kind,
    /// The vendor's own words, or the network's.
    pub detail: String,
    /// What to do, in one sentence; empty: the kind's own.
    pub advice: String,
    /// When to try again, where the service said so.
    pub retry_at: Option<DateTime<Utc>>,
    /// An earlier try of the same request may have been done, whatever became of the last.
    pub in_doubt: bool,
}

impl ApiError {
    /// A failure that was not found out by a status.
    pub fn new(
        service: Service,
        action: &'static str,
        kind: Kind,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            service,
            action,
            status: None,
            kind,
            detail: detail.into(),
            advice: String::new(),
            retry_at: None,
            in_doubt: false,
        }
    }

    /// The same with advice of its own.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// What happened, in one sentence, with the vendor's own words.
    pub fn message(&self) -> String {
        let detail = self.detail.trim();
        if detail.is_empty() {
            self.to_string()
        } else {
            format!("{self}: {detail}")
        }
    }

    /// What to do, in one sentence.
    pub fn advice(&self) -> String {
        let advice = if self.advice.is_empty() {
            self.kind.advice()
        } else {
            &self.advice
        };
        match self.retry_at {
            Some(at) => format!(
                "{advice} (not before {})",
                at.format("%Y-%m-%d %H:%M:%S UTC")
            ),
            None => advice.to_owned(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} could not {}", self.service.name(), self.action)?;
        match (self.status, self.kind) {
            (Some(status), _) => write!(f, " (status {status})"),
            (None, Kind::Unreachable) => f.write_str(" (no connection)"),
            (None, Kind::Lost) => f.write_str(" (no answer)"),
            (None, _) => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({self}, {})", self.kind.as_str())
    }
}

impl std::error::Error for ApiError {}
