//! What the three simulated clouds share: a small HTTP server, the log of what was asked, latency, and faults that can be
//! switched on. A cloud only answers requests from its state; it never touches sockets.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

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

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The vendor's own 429 (or its equivalent), without effect.
    Throttle {
        /// The `Retry-After` header as sent.
        retry_after: Option<String>,
    },
    /// The vendor's answer for this status, without effect.
    Status(u16),
    /// A gateway's HTML page with this status, without effect.
    Html(u16),
    /// This answer, without effect.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON text of the body.
        body: String,
    },
    /// The connection is cut before anything happens.
    Drop,
    /// It happens, then the connection is cut without an answer.
    DropAfter,
    /// It happens, then a gateway answers with this status.
    StatusAfter(u16),
    /// The connection is cut at once and it happens this much later.
    Late(Duration),
    /// It happens, and only half of the answer arrives.
    Half,
    /// The client's process is killed on receipt, before the effect.
    KillBefore,
    /// The client's process is killed after the effect, before the answer.
    KillAfter,
}

/// A fault and the requests that it meets.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only requests with this method.
    pub method: Option<String>,
    /// Only requests whose target (path and query) contains this text, case ignored.
    pub contains: Option<String>,
    /// Only requests that write.
    pub writes_only: bool,
    /// So many fitting requests are let through first.
    pub skip: usize,
    /// So many are met after that; `usize::MAX`: all.
    pub times: usize,
}

impl Fault {
    /// The fault for every request, without end.
    pub fn always(kind: FaultKind) -> Self {
        Self {
            kind,
            method: None,
            contains: None,
            writes_only: false,
            skip: 0,
            times: usize::MAX,
        }
    }

    /// The fault for the next request alone.
    pub fn once(kind: FaultKind) -> Self {
        Self {
            times: 1,
            ..Self::always(kind)
        }
    }

    /// Narrowed to a method and a part of the target.
    #[must_use]
    pub fn at(mut self, method: &str, contains: &str) -> Self {
        self.method = Some(method.into());
        self.contains = Some(contains.into());
        self
    }

    /// Narrowed to requests that write.
    #[must_use]
    pub fn on_writes(mut self) -> Self {
        self.writes_only = true;
        self
    }

    /// The same after so many fitting requests.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// The same for so many requests.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    fn meets(&self, request: &Request, writes: bool) -> bool {
        self.method
            .as_ref()
            .is_none_or(|method| *method == request.method)
            && self.contains.as_ref().is_none_or(|text| {
                request.target.to_lowercase().contains(&text.to_lowercase())
                    || request.path.to_lowercase().contains(&text.to_lowercase())
            })
            && (!self.writes_only || writes)
    }
}

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The service's name.
    pub service: &'static str,
    /// HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// The body as text.
    pub body: String,
    /// The status answered; 0 where the connection was cut.
    pub status: u16,
    /// Whether it asked for a change.
    pub writes: bool,
}

/// The switches and records of one running simulator; cheap to clone.
#[derive(Clone, Default)]
pub struct Controls {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Logged>>,
    lanes: Mutex<HashMap<String, (usize, usize)>>,
    latency_us: AtomicU64,
    victim: AtomicU32,
}

/// Locks, also after a panic elsewhere: a simulator's state is a test's, and the test has failed already.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Controls {
    /// Switches a fault on, after those that are on already.
    pub fn fault(&self, fault: Fault) {
        lock(&self.inner.faults).push(fault);
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        lock(&self.inner.faults).clear();
    }

    /// Every request waits this long before its answer.
    pub fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.inner.latency_us.store(micros, Ordering::Relaxed);
    }

    /// The process that [`FaultKind::KillBefore`] and [`FaultKind::KillAfter`] end.
    pub fn set_victim(&self, process: u32) {
        self.inner.victim.store(process, Ordering::Relaxed);
    }

    /// Everything asked so far, in the order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.inner.log).clone()
    }

    /// Number of requests so far.
    pub fn requests(&self) -> usize {
        lock(&self.inner.log).len()
    }

    /// Number of requests so far that asked for a change.
    pub fn writes(&self) -> usize {
        lock(&self.inner.log)
            .iter()
            .filter(|entry| entry.writes)
            .count()
    }

    /// Forgets the log.
    pub fn clear_log(&self) {
        lock(&self.inner.log).clear();
    }

    /// The most requests that one lane ever had at once.
    pub fn busiest_lane(&self) -> usize {
        lock(&self.inner.lanes)
            .values()
            .map(|(_, most)| *most)
            .max()
            .unwrap_or(0)
    }

    fn enter(&self, lane: &str) -> usize {
        let mut lanes = lock(&self.inner.lanes);
        let (now, most) = lanes.entry(lane.to_owned()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        *now
    }

    fn leave(&self, lane: &str) {
        if let Some((now, _)) = lock(&self.inner.lanes).get_mut(lane) {
            *now = now.saturating_sub(1);
        }
    }

    fn fault_for(&self, request: &Request, writes: bool) -> Option<FaultKind> {
        let mut faults = lock(&self.inner.faults);
        let mut found = None;
        for fault in faults
            .iter_mut()
            .filter(|fault| fault.meets(request, writes))
        {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times > 0 && found.is_none() {
                fault.times = if fault.times == usize::MAX {
                    usize::MAX
                } else {
                    fault.times - 1
                };
                found = Some(fault.kind.clone());
            }
        }
        faults.retain(|fault| fault.times > 0);
        found
    }

    async fn wait(&self) {
        let latency = Duration::from_micros(self.inner.latency_us.load(Ordering::Relaxed));
        if !latency.is_zero() {
            pause(latency).await;
        }
    }

    async fn kill_victim(&self) {
        let process = self.inner.victim.load(Ordering::Relaxed);
        if process != 0 {
            let killed = tokio::process::Command::new("kill")
                .args(["-9", &process.to_string()])
                .status()
                .await;
            tracing::debug!(?killed, "killed the client");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a simulated network's latency is real time"
)]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A simulator that answers on a loopback port until it is dropped.
pub struct Running {
    /// Its address, as `http://127.0.0.1:port`, without a slash at the end.
    pub url: String,
    /// Its switches and records.
    pub controls: Controls,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a cloud on a free loopback port.
///
/// # Errors
/// Where no port can be bound.
pub async fn start(cloud: Arc<dyn Cloud>) -> std::io::Result<Running> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let controls = Controls::default();
    let shared = controls.clone();
    let task = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (cloud, controls) = (cloud.clone(), shared.clone());
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let (cloud, controls) = (cloud.clone(), controls.clone());
                    async move { serve(cloud, controls, request).await }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                if let Err(cut) = connection {
                    tracing::trace!(%cut, "connection ended");
                }
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Running {
        url,
        controls,
        task,
    })
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection cut on purpose")
    }
}

impl std::error::Error for Cut {}

type Answer = Result<hyper::Response<BoxBody<Bytes, Cut>>, Cut>;

async fn serve(
    cloud: Arc<dyn Cloud>,
    controls: Controls,
    request: hyper::Request<Incoming>,
) -> Answer {
    let mut request = read(request).await?;
    let writes = cloud.writes(&request);
    let fault = controls.fault_for(&request, writes);
    let lane = cloud.lane(&request);
    if let Some(lane) = &lane {
        request.in_lane = controls.enter(lane);
    }
    let index = {
        let mut log = lock(&controls.inner.log);
        log.push(Logged {
            service: cloud.name(),
            method: request.method.clone(),
            target: request.target.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status: 0,
            writes,
        });
        log.len() - 1
    };
    controls.wait().await;
    let answer = match fault {
        None => whole(cloud.answer(&request)),
        Some(FaultKind::Throttle { retry_after }) => whole(cloud.throttled(retry_after.as_deref())),
        Some(FaultKind::Status(status)) => whole(cloud.broken(status)),
        Some(FaultKind::Html(status)) => whole(gateway(status)),
        Some(FaultKind::Answer { status, body }) => whole(Reply {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: Bytes::from(body),
        }),
        Some(FaultKind::Drop) => Err(Cut),
        Some(FaultKind::DropAfter) => {
            cloud.answer(&request);
            Err(Cut)
        }
        Some(FaultKind::StatusAfter(status)) => {
            cloud.answer(&request);
            whole(gateway(status))
        }
        Some(FaultKind::Late(after)) => {
            let (cloud, request) = (cloud.clone(), request.clone());
            tokio::spawn(async move {
                pause(after).await;
                cloud.answer(&request);
            });
            Err(Cut)
        }
        Some(FaultKind::Half) => half(&cloud.answer(&request)),
        Some(FaultKind::KillBefore) => {
            controls.kill_victim().await;
            Err(Cut)
        }
        Some(FaultKind::KillAfter) => {
            cloud.answer(&request);
            controls.kill_victim().await;
            Err(Cut)
        }
    };
    if let Some(lane) = &lane {
        controls.leave(lane);
    }
    if let (Ok(response), Some(entry)) = (&answer, lock(&controls.inner.log).get_mut(index)) {
        entry.status = response.status().as_u16();
    }
    answer
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let path = percent_decoded(parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        path,
        target: parts
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body,
        in_lane: 1,
    })
}

/// A `+` in a path is a plus sign, unlike in a query.
fn percent_decoded(path: &str) -> String {
    let escaped = path.replace('+', "%2B");
    url::form_urlencoded::parse(escaped.as_bytes())
        .map(|(key, value)| {
            if value.is_empty() {
                key.into_owned()
            } else {
                format!("{key}={value}")
            }
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn gateway(status: u16) -> Reply {
    let page =
        format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    Reply::text(status, "text/html", &page)
}

fn head(reply: &Reply) -> hyper::http::response::Builder {
    let mut builder = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    builder
}

fn whole(reply: Reply) -> Answer {
    let builder = head(&reply);
    let body = Full::new(reply.body)
        .map_err(|never: Infallible| match never {})
        .boxed();
    builder.body(body).map_err(|_| Cut)
}

fn half(reply: &Reply) -> Answer {
    let builder = head(reply).header("content-length", reply.body.len().to_string());
    let first = reply.body.slice(..reply.body.len() / 2);
    let frames = futures_util::stream::iter([Ok(Frame::data(first)), Err(Cut)]);
    builder
        .body(BodyExt::boxed(StreamBody::new(frames)))
        .map_err(|_| Cut)
}
