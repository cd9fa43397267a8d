//! A PSA that is watched: what each writing request did to a contact is written down, whatever was answered.

use std::sync::{Arc, Mutex};

use rollcall::simulator::kit::{Cloud as Answers, Reply, Request};

use super::seen::{Cloud, Seen};

/// One writing request and what it did.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The contact; `None`: the request was refused before it concerned one.
    pub contact: Option<String>,
    /// As it was; `None`: it was made.
    pub before: Option<Seen>,
    /// As it is.
    pub after: Option<Seen>,
}

impl Effect {
    /// Whether anything changed.
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

/// What was written so far.
#[derive(Clone, Default)]
pub struct Effects(Arc<Mutex<Vec<Effect>>>);

impl Effects {
    /// All since the one of this number.
    pub fn since(&self, from: usize) -> Vec<Effect> {
        self.0.lock().unwrap()[from..].to_vec()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// The cloud with its watcher.
pub struct Watched {
    inner: Arc<dyn Answers>,
    cloud: Cloud,
    effects: Effects,
}

impl Watched {
    pub fn new(cloud: &Cloud, effects: &Effects) -> Self {
        Self {
            inner: match cloud {
                Cloud::ConnectWise(cloud) => cloud.clone(),
                Cloud::Autotask(cloud) => cloud.clone(),
            },
            cloud: cloud.clone(),
            effects: effects.clone(),
        }
    }
}

impl Answers for Watched {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn answer(&self, request: &Request) -> Reply {
        if !self.inner.writes(request) {
            return self.inner.answer(request);
        }
        let named = named(request);
        let look = |id: Option<i64>| id.and_then(|id| self.cloud.contact(id));
        let before = look(named);
        let reply = self.inner.answer(request);
        let contact = named.or_else(|| made(&reply));
        let after = look(contact);
        self.effects.0.lock().unwrap().push(Effect {
            contact: contact.map(|id| id.to_string()),
            before,
            after,
        });
        reply
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        self.inner.throttled(retry_after)
    }

    fn broken(&self, status: u16) -> Reply {
        self.inner.broken(status)
    }

    fn lane(&self, request: &Request) -> Option<String> {
        self.inner.lane(request)
    }

    fn writes(&self, request: &Request) -> bool {
        self.inner.writes(request)
    }
}

/// The contact that a request names, in its path or its body.
fn named(request: &Request) -> Option<i64> {
    let segments = request.segments();
    let place = segments
        .iter()
        .position(|segment| segment.eq_ignore_ascii_case("contacts"))?;
    if let Some(id) = segments.get(place + 1) {
        return id.parse().ok();
    }
    request.json()?.get("id")?.as_i64().filter(|id| *id != 0)
}

/// The contact that an answer says was made.
fn made(reply: &Reply) -> Option<i64> {
    let body: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
    let id = body.get("itemId").or_else(|| body.get("id"))?;
    (reply.status < 300).then(|| id.as_i64()).flatten()
}
