//! The small HTTP server in front of a cloud: it logs, waits, and lets things go wrong.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{Cloud, Controls, FaultKind, Logged, Reply, Request, lock};

#[expect(
    clippy::disallowed_methods,
    reason = "a simulated network's latency is real time"
)]
pub(super) async fn pause(time: Duration) {
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
    if controls.inner.dying.load(Ordering::Acquire) {
        return Err(Cut);
    }
    let writes = cloud.writes(&request);
    let fault = controls.fault_for(&request, writes);
    if matches!(fault, Some(FaultKind::KillBefore | FaultKind::KillAfter)) {
        controls.inner.dying.store(true, Ordering::Release);
    }
    let lane = cloud
        .lane(&request)
        .map(|lane| Place::take(&controls, lane));
    if let Some((_, at_once)) = &lane {
        request.in_lane = *at_once;
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
            fault: fault.clone(),
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
                if !after.is_zero() {
                    pause(after).await;
                }
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
    drop(lane);
    if let (Ok(response), Some(entry)) = (&answer, lock(&controls.inner.log).get_mut(index)) {
        entry.status = response.status().as_u16();
    }
    answer
}

/// A place in a lane, given back also where the client is gone before its answer.
struct Place {
    controls: Controls,
    lane: String,
}

impl Place {
    /// Takes one; how many are taken now.
    fn take(controls: &Controls, lane: String) -> (Self, usize) {
        let at_once = controls.enter(&lane);
        let controls = controls.clone();
        (Self { controls, lane }, at_once)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.controls.leave(&self.lane);
    }
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
