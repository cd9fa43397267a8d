//! The switches and records of a running simulator: faults, latency, the log of what was asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::server::pause;
use super::{Request, lock};

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
    /// The connection is cut at once and it happens this much later; after no time at all: as soon as somebody else has had a turn.
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
    /// What went wrong with it.
    pub fault: Option<FaultKind>,
}

/// The switches and records of one running simulator; cheap to clone.
#[derive(Clone, Default)]
pub struct Controls {
    pub(super) inner: Arc<Inner>,
}

/// Ends a client within this process.
type Ending = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(super) struct Inner {
    faults: Mutex<Vec<Fault>>,
    pub(super) log: Mutex<Vec<Logged>>,
    lanes: Mutex<HashMap<String, (usize, usize)>>,
    latency_us: AtomicU64,
    victim: AtomicU32,
    /// How a client within this process is ended, in the place of a process.
    ending: Mutex<Option<Ending>>,
    /// Whether the victim is being killed: nothing that it still sends may have an effect.
    pub(super) dying: AtomicBool,
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

    /// What ends the client in the place of a process, where it runs within this one.
    pub fn set_victim_within(&self, ending: impl Fn() + Send + Sync + 'static) {
        *lock(&self.inner.ending) = Some(Arc::new(ending));
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

    pub(super) fn enter(&self, lane: &str) -> usize {
        let mut lanes = lock(&self.inner.lanes);
        let (now, most) = lanes.entry(lane.to_owned()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        *now
    }

    pub(super) fn leave(&self, lane: &str) {
        if let Some((now, _)) = lock(&self.inner.lanes).get_mut(lane) {
            *now = now.saturating_sub(1);
        }
    }

    pub(super) fn fault_for(&self, request: &Request, writes: bool) -> Option<FaultKind> {
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

    pub(super) async fn wait(&self) {
        let latency = Duration::from_micros(self.inner.latency_us.load(Ordering::Relaxed));
        if !latency.is_zero() {
            pause(latency).await;
        }
    }

    pub(super) async fn kill_victim(&self) {
        let inner = self.inner.clone();
        // On a task of its own: whoever waits here is dropped with the connection of the client that dies.
        let killing = tokio::spawn(async move {
            let ending = lock(&inner.ending).clone();
            if let Some(ending) = ending {
                ending();
            }
            let process = inner.victim.load(Ordering::Relaxed);
            if process != 0 {
                // The shell's own `kill`: the program of that name is not on every machine.
                let killed = tokio::process::Command::new("sh")
                    .args(["-c", &format!("kill -9 {process}")])
                    .status()
                    .await;
                tracing::debug!(?killed, "killed the client");
            }
            inner.dying.store(false, Ordering::Release);
        });
        if let Err(broken) = killing.await {
            tracing::debug!(%broken, "the killing ended early");
        }
    }
}
