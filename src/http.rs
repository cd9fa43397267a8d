//! The one HTTP client: timeouts, limits, retries, throttling and the count of requests. It knows no vendor: a client tells
//! it what an answer means by a [`Judgement`].

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use rand::RngExt;
use reqwest::header::HeaderMap;
use tokio::sync::{Notify, Semaphore};

use crate::clock::Clock;
use crate::model::Calls;

/// A request is tried so many times at most.
pub const TRIES: u32 = 6;
/// All waiting of one request together ends here.
pub const PATIENCE: Duration = Duration::from_mins(2);

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

/// Whether a request may simply be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Reads, and writes of absolute values.
    Freely,
    /// A POST that adds something: what is unknown is [`Kind::Lost`], and the caller looks first.
    NotBlindly,
}

/// What an answer means.
#[derive(Debug)]
pub enum Judgement {
    /// It is the answer.
    Fine,
    /// The vendor asks to wait; nothing was done.
    Wait,
    /// The vendor or something in between is broken for now; nobody knows whether it was done.
    Passing,
    /// The vendor refused: trying again does not help.
    Refused {
        /// What it means.
        kind: Kind,
        /// The vendor's own words.
        detail: String,
        /// What to do; empty: the kind's own advice.
        advice: String,
    },
}

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `None` where it is none.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
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

/// Counts the requests of one run.
#[derive(Debug, Default)]
pub struct Counter {
    login: AtomicU64,
    graph: AtomicU64,
    psa: AtomicU64,
    closed: AtomicBool,
    closing: Notify,
}

impl Counter {
    /// The count so far.
    pub fn calls(&self) -> Calls {
        Calls {
            login: self.login.load(Ordering::Relaxed),
            graph: self.graph.load(Ordering::Relaxed),
            psa: self.psa.load(Ordering::Relaxed),
        }
    }

    async fn closed(&self) {
        loop {
            let notified = self.closing.notified();
            if self.closed.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    fn count(&self, service: Service) {
        let cell = match service {
            Service::Login => &self.login,
            Service::Graph => &self.graph,
            Service::ConnectWise | Service::Autotask => &self.psa,
        };
        cell.fetch_add(1, Ordering::Relaxed);
    }
}

tokio::task_local! {
    static COUNTER: Arc<Counter>;
}

/// Runs a future whose requests (on its own task) count for this counter.
pub async fn counted<F: Future>(counter: Arc<Counter>, future: F) -> F::Output {
    COUNTER.scope(counter, future).await
}

/// Ends the requests of the run that this task works for: those under way are answered, waiting ends, and none begins any
/// more. So a run that failed stops at once, and every request that it sent is counted.
pub fn send_no_more() {
    let _ = COUNTER.try_with(|counter| {
        counter.closed.store(true, Ordering::Release);
        counter.closing.notify_waiters();
    });
}

fn may_send() -> bool {
    !COUNTER
        .try_with(|counter| counter.closed.load(Ordering::Acquire))
        .unwrap_or(false)
}

/// Waits; not to the end where the run sends no more.
async fn pause(clock: &Clock, time: Duration) {
    match COUNTER.try_with(Arc::clone) {
        Ok(counter) => tokio::select! {
            () = clock.sleep(time) => {}
            () = counter.closed() => {}
        },
        Err(_) => clock.sleep(time).await,
    }
}

/// One request and how it may be treated.
pub struct Ask<'a> {
    /// Who is asked.
    pub service: Service,
    /// What is tried, as a phrase that follows "could not": `read the contacts`.
    pub action: &'static str,
    /// Method, address, headers and body; sent as often as needed, so its body must be in memory.
    pub request: reqwest::Request,
    /// Whether it may be repeated when its answer is lost.
    pub repeat: Repeat,
    /// So many requests at once for all that share this.
    pub lane: Option<&'a Semaphore>,
    /// What an answer means.
    pub judge: &'a (dyn Fn(&Answer) -> Judgement + Send + Sync),
}

/// The shared client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    clock: Clock,
}

impl Http {
    /// Makes the client: redirects off, rustls with the system's trust store.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the client"
    )]
    pub fn new(clock: Clock) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(Duration::from_secs(100))
            .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, clock })
    }

    /// The client, to build requests with; sending goes through [`Http::send`].
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The clock by which it waits.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends a request until it has an answer that means something.
    ///
    /// # Errors
    /// [`ApiError`] where the vendor refuses, or where it was given up after 6 tries or 2 minutes of waiting; at once where
    /// the vendor asks for a longer pause. [`Kind::Lost`] only for [`Repeat::NotBlindly`].
    pub async fn send(&self, ask: Ask<'_>) -> Result<Answer, ApiError> {
        let mut waited = Duration::ZERO;
        let mut tries = 0;
        let mut in_doubt = false;
        loop {
            tries += 1;
            let tried = self.once(&ask).await;
            let (mut failure, pause) = match tried {
                Ok(Tried::Answered(answer)) => return Ok(answer),
                Ok(Tried::Failed { failure, pause }) => (failure, pause),
                Err(refused) => {
                    return Err(ApiError {
                        in_doubt,
                        ..refused
                    });
                }
            };
            in_doubt |= failure.kind == Kind::Unavailable;
            failure.in_doubt = in_doubt;
            if failure.kind == Kind::Lost {
                return Err(failure);
            }
            let pause = pause.unwrap_or_else(|| backoff(tries));
            if waited + pause > PATIENCE {
                failure.retry_at =
                    Some(self.clock.now() + chrono::TimeDelta::from_std(pause).unwrap_or_default());
                return Err(failure);
            }
            if tries >= TRIES {
                return Err(failure);
            }
            tracing::debug!(
                service = ask.service.name(),
                status = failure.status,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "Trying again after a pause"
            );
            self::pause(&self.clock, pause).await;
            waited += pause;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one home of sending")]
    async fn once(&self, ask: &Ask<'_>) -> Result<Tried, ApiError> {
        let failed = |kind, status, detail: String| ApiError {
            status,
            ..ApiError::new(ask.service, ask.action, kind, detail)
        };
        let unknown = match ask.repeat {
            Repeat::Freely => Kind::Unavailable,
            Repeat::NotBlindly => Kind::Lost,
        };
        let Some(request) = ask.request.try_clone() else {
            return Err(failed(
                Kind::Unexpected,
                None,
                "the request cannot be repeated".into(),
            ));
        };
        let _place = match ask.lane {
            Some(lane) => lane.acquire().await.ok(),
            None => None,
        };
        if !may_send() {
            let detail = "the run failed before it was asked";
            return Err(failed(Kind::Unreachable, None, detail.into()));
        }
        let _ = COUNTER.try_with(|counter| counter.count(ask.service));
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                let kind = if error.is_connect() {
                    Kind::Unreachable
                } else {
                    unknown
                };
                let failure = failed(kind, None, cause(&error));
                return Ok(Tried::Failed {
                    failure,
                    pause: None,
                });
            }
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = match response.bytes().await {
            Ok(body) => Answer {
                status,
                headers,
                body,
            },
            Err(error) => {
                let failure = failed(unknown, None, cause(&error));
                return Ok(Tried::Failed {
                    failure,
                    pause: None,
                });
            }
        };
        let pause = answer
            .header("retry-after")
            .and_then(|text| retry_after(text, self.clock.now()));
        match (ask.judge)(&answer) {
            Judgement::Fine => Ok(Tried::Answered(answer)),
            Judgement::Wait => {
                let failure = failed(Kind::Throttled, Some(status), String::new());
                Ok(Tried::Failed { failure, pause })
            }
            Judgement::Passing => {
                let failure = failed(unknown, Some(status), String::new());
                Ok(Tried::Failed { failure, pause })
            }
            Judgement::Refused {
                kind,
                detail,
                advice,
            } => Err(failed(kind, Some(status), detail).advise(advice)),
        }
    }
}

enum Tried {
    Answered(Answer),
    Failed {
        failure: ApiError,
        pause: Option<Duration>,
    },
}

/// The innermost cause, without the address: an address may hold a name.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, std::ptr::from_ref(error)) {
        "the connection broke".to_owned()
    } else {
        cause.to_string()
    }
}

/// 1, 2, 4 … seconds, less up to half of it, so that clients do not come back together.
pub fn backoff(tries: u32) -> Duration {
    let full = 1000 * 2_u64.pow(tries.saturating_sub(1).min(6));
    Duration::from_millis(rand::rng().random_range(full / 2..=full))
}

/// The pause that a `Retry-After` header asks for: seconds, decimals or a date; `None` where it is neither.
pub fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>()
        && !seconds.is_nan()
    {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_after_is_read_as_seconds_decimals_and_dates() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T02:30:00Z")
            .unwrap()
            .to_utc();
        assert_eq!(retry_after("5", now), Some(Duration::from_secs(5)));
        assert_eq!(
            retry_after(" 2.128 ", now),
            Some(Duration::from_millis(2128))
        );
        let date = retry_after("Sat, 31 Jan 2026 02:30:30 GMT", now);
        assert_eq!(date, Some(Duration::from_secs(30)));
        let past = retry_after("Sat, 31 Jan 2026 02:29:30 GMT", now);
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-3", now), Some(Duration::ZERO));
        assert_eq!(retry_after("NaN", now), None);
    }
}
