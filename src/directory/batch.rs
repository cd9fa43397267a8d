//! Single users by id, 20 in one request. Each item of a batch has a status of its own and is throttled on its own:
//! <https://learn.microsoft.com/graph/json-batching>.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::graph::{Graph, Read, encoded};
use super::wire::{WireUser, select};
use crate::http::{self, ApiError, Judgement, Kind, PATIENCE, TRIES, backoff, retry_after};
use crate::model::{User, UserId};

/// Items of one batch. Source: Microsoft Graph, "JSON batching".
const MOST: usize = 20;

#[derive(Deserialize)]
struct Responses {
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    id: String,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    body: Value,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.as_str())
    }
}

pub(super) async fn users(
    graph: &Graph,
    ids: &[UserId],
) -> Result<Vec<(UserId, Option<User>)>, ApiError> {
    let chunks = ids.chunks(MOST).map(|chunk| chunk_of(graph, chunk));
    Ok(try_join_all(chunks).await?.into_iter().flatten().collect())
}

async fn chunk_of(graph: &Graph, ids: &[UserId]) -> Result<Vec<(UserId, Option<User>)>, ApiError> {
    let clock = graph.http().clock();
    let mut found: HashMap<usize, Option<User>> = HashMap::with_capacity(ids.len());
    let mut waited = Duration::ZERO;
    let mut tries = 0;
    loop {
        tries += 1;
        let open: Vec<usize> = (0..ids.len())
            .filter(|at| !found.contains_key(at))
            .collect();
        let Some((failure, pause)) = once(graph, ids, &open, &mut found).await? else {
            break;
        };
        let pause = pause.unwrap_or_else(|| backoff(tries));
        if waited + pause > PATIENCE {
            let pause = chrono::TimeDelta::from_std(pause).unwrap_or_default();
            return Err(ApiError {
                retry_at: clock.now().checked_add_signed(pause),
                ..failure
            });
        }
        if tries >= TRIES {
            return Err(failure);
        }
        http::pause(clock, pause).await;
        waited += pause;
    }
    let found = (0..ids.len()).map(|at| found.remove(&at).flatten());
    Ok(ids.iter().cloned().zip(found).collect())
}

/// Why items are still open, and the longest pause that one of them asks for.
type Later = (ApiError, Option<Duration>);

/// Asks for the open ones; `Some` where some of them must be asked for again.
async fn once(
    graph: &Graph,
    ids: &[UserId],
    open: &[usize],
    found: &mut HashMap<usize, Option<User>>,
) -> Result<Option<Later>, ApiError> {
    let select = select();
    let requests: Vec<Value> = open
        .iter()
        .map(|at| {
            let url = format!("/users/{}?$select={select}", encoded(ids[*at].as_str()));
            json!({"id": at.to_string(), "method": "GET", "url": url})
        })
        .collect();
    let answer = graph
        .post(Read::USER, "$batch", &json!({"requests": requests}))
        .await?;
    let Responses { responses } = Read::USER.parse(&answer)?;
    let mut responses: HashMap<String, Response> = responses
        .into_iter()
        .map(|response| (response.id.clone(), response))
        .collect();
    let mut later: Option<Later> = None;
    for at in open {
        let response = responses.remove(&at.to_string()).ok_or_else(|| {
            Read::USER.error(Kind::Incomplete, "a part of the batch was not answered")
        })?;
        let error = |kind, detail: String| ApiError {
            status: Some(response.status),
            ..Read::USER.error(kind, detail)
        };
        if response.status == 200 {
            found.insert(*at, Some(user(&ids[*at], response.body)?));
            continue;
        }
        let kind = match Read::USER.judge(response.status, Some(&response.body)) {
            Judgement::Refused {
                kind: Kind::NotFound,
                ..
            } => {
                found.insert(*at, None);
                continue;
            }
            Judgement::Refused {
                kind,
                detail,
                advice,
            } => return Err(error(kind, detail).advise(advice)),
            Judgement::Wait => Kind::Throttled,
            Judgement::Passing | Judgement::Fine => Kind::Unavailable,
        };
        let pause = response
            .header("retry-after")
            .and_then(|text| retry_after(text, graph.http().clock().now()));
        let longest = later.take().and_then(|(_, pause)| pause).max(pause);
        later = Some((error(kind, String::new()), longest));
    }
    Ok(later)
}

fn user(id: &UserId, body: Value) -> Result<User, ApiError> {
    let unexpected = |what: &str| Read::USER.error(Kind::Unexpected, what);
    let user: WireUser = serde_json::from_value(body)
        .map_err(|_| unexpected("a part of the batch is unreadable"))?;
    let user = user.into_user();
    if user.id == *id {
        Ok(user)
    } else {
        Err(unexpected("a part of the batch is about another user"))
    }
}
