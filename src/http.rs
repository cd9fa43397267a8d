//! The one HTTP client: timeouts, limits, retries, throttling and the count of requests. It knows no vendor: a client tells
//! it what an answer means by a [`Judgement`].

mod counter;
mod error;
mod tally;
mod wait;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use counter::{count, is_late, may_send};

pub use counter::{Counter, before, counted, pause, send_no_more};
pub use error::{ApiError, Kind, Service};
pub use tally::Answers;
pub use wait::{backoff, retry_after};

/// A request is tried so many times at most.
pub const TRIES: u32 = 6;
/// So much of an answer is read at least where nobody knows whose it is, in bytes.
const BEGINNING: usize = 64 * 1024;
/// No answer of a vendor is larger, unpacked, in bytes: a page of 1,000 records has some megabytes.
const MOST: usize = 64 * 1024 * 1024;
/// What is said of an answer that has more.
const TOO_MUCH: &str = "the answer has more than 64 MiB";
/// All waiting of one request together ends here.
pub const PATIENCE: Duration = Duration::from_mins(2);

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
    tally: tally::Tally,
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
        Self::built(clock, reqwest::Client::builder())
    }

    /// Makes a client that asks no proxy, whatever the environment says: for systems on this machine.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the client"
    )]
    pub fn direct(clock: Clock) -> anyhow::Result<Self> {
        Self::built(clock, reqwest::Client::builder().no_proxy())
    }

    fn built(clock: Clock, builder: reqwest::ClientBuilder) -> anyhow::Result<Self> {
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(Duration::from_secs(100))
            .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            clock,
            tally: tally::Tally::default(),
        })
    }

    /// The client, to build requests with; sending goes through [`Http::send`].
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The clock by which it waits.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How often each service answered with which status, since this client was made.
    pub fn answers(&self) -> Answers {
        self.tally.answers()
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
            let (mut failure, pause) = match self.once(&ask).await {
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
                failure.retry_at = pause.and_then(|pause| after(self.clock.now(), pause));
                return Err(failure);
            }
            let pause = pause.unwrap_or_else(|| backoff(tries));
            if waited + pause > PATIENCE {
                failure.retry_at = after(self.clock.now(), pause);
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

    /// Sends a request once and counts it for nobody: for a caller that keeps what did not go through and tries it again. Of the
    /// answer's body no more than its beginning is kept: whose it is, nobody knows.
    ///
    /// # Errors
    /// Where there was no answer: why, without the address.
    #[expect(clippy::disallowed_methods, reason = "this is the one home of sending")]
    pub async fn send_once(&self, request: reqwest::Request) -> Result<Answer, String> {
        let response = self.client.execute(request).await;
        let mut response = response.map_err(|error| cause(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (body, _ended) = read(&mut response, BEGINNING)
            .await
            .map_err(|error| cause(&error))?;
        Ok(Answer {
            status,
            headers,
            body,
        })
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
        let unsent = if !may_send() {
            Some("the run failed before it was asked")
        } else if is_late(self.clock.now()) {
            Some("this process hung, and another one may do its work by now")
        } else {
            None
        };
        if let Some(detail) = unsent {
            return Err(failed(Kind::Unreachable, None, detail.into()));
        }
        count(ask.service);
        let mut response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                self.tally.note(ask.service, None);
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
        self.tally.note(ask.service, Some(status));
        let body = match read(&mut response, MOST).await {
            Ok((body, true)) => body,
            // What was asked for may have been done all the same.
            Ok(_) if ask.repeat == Repeat::NotBlindly => {
                let failure = failed(Kind::Lost, Some(status), TOO_MUCH.into());
                return Ok(Tried::Failed {
                    failure,
                    pause: None,
                });
            }
            Ok(_) => return Err(failed(Kind::Unexpected, Some(status), TOO_MUCH.into())),
            Err(error) => {
                let failure = failed(unknown, None, cause(&error));
                return Ok(Tried::Failed {
                    failure,
                    pause: None,
                });
            }
        };
        let answer = Answer {
            status,
            headers,
            body,
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

/// The body of an answer until it ends or until so many bytes are exceeded, and whether it ended.
async fn read(response: &mut reqwest::Response, most: usize) -> reqwest::Result<(Bytes, bool)> {
    let mut body = BytesMut::new();
    while body.len() <= most {
        match response.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok((body.freeze(), true)),
        }
    }
    Ok((body.freeze(), false))
}

/// The time so much later; `None` where a vendor asks for more than a calendar has.
fn after(now: DateTime<Utc>, pause: Duration) -> Option<DateTime<Utc>> {
    now.checked_add_signed(chrono::TimeDelta::from_std(pause).ok()?)
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
