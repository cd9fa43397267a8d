//! Talks to one `ConnectWise`: signs requests, finds and renews the code base, and reads lists page by page. It knows no
//! contact and decides nothing.

use std::sync::{Mutex, PoisonError};

use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::address::{Found, Keys, encoded, tidy};
use super::judge::{CHECK_KEYS, is_astray, judge};
use super::links::names_a_next_page;
use super::wire::Row;
use crate::http::{Answer, ApiError, Ask, Http, Kind, Repeat, Service};

/// The API's model is fixed to one whose contact is the same in 2025.8, 2026.4 and 2026.11 (the vendor's `OpenAPI` documents);
/// without a version the newest is answered, which may change ("PSA API Requests").
const ACCEPTED: &str = "application/vnd.connectwise.com+json; version=2026.4";

/// The most rows a page ("PSA Pagination").
const PAGE: usize = 1000;

/// Requests at once where the connection does not say. The vendor names no number; above about 1,000 a minute it throttles.
const AT_ONCE: usize = 4;

/// What stands at an address, for the meaning of a 404.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Something that every instance has: its absence is about the connection.
    Always,
    /// A record, or what is below one.
    Perhaps,
}

/// One call below the API's root.
pub(super) struct Call<'a> {
    /// What is tried, as a phrase that follows "could not".
    pub action: &'static str,
    /// Method.
    pub method: Method,
    /// Path below the root, encoded, such as `company/contacts`.
    pub path: String,
    /// Query, decoded.
    pub query: Vec<(&'a str, String)>,
    /// Body.
    pub body: Option<&'a Value>,
    /// Whether it may be repeated when its answer is lost.
    pub repeat: Repeat,
    /// The meaning of a 404.
    pub stands: Stands,
}

impl Call<'_> {
    /// A read.
    pub fn get(action: &'static str, path: impl Into<String>, stands: Stands) -> Self {
        Self {
            action,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            repeat: Repeat::Freely,
            stands,
        }
    }
}

/// The client of one connection.
pub(super) struct Client {
    http: Http,
    site: String,
    company_id: String,
    keys: Keys,
    /// The names of the phone type and the mobile type.
    pub(super) type_names: [String; 2],
    lane: Semaphore,
    found: Mutex<Option<Found>>,
    /// Held while the code base is looked up, so that requests at once look it up once.
    looking: tokio::sync::Mutex<()>,
}

impl Client {
    /// Makes a client; sends nothing. `site` has no slash at its end.
    pub fn new(
        http: Http,
        site: String,
        company_id: String,
        keys: Keys,
        type_names: [String; 2],
        remembered: Option<&Value>,
        at_once: Option<usize>,
    ) -> Self {
        let found = remembered
            .and_then(|value| Found::deserialize(value).ok())
            .and_then(|found| {
                let code_base = tidy(&found.code_base)?;
                Some(Found { code_base, ..found })
            });
        Self {
            http,
            site,
            company_id,
            keys,
            type_names,
            lane: Semaphore::new(at_once.unwrap_or(AT_ONCE).max(1)),
            found: Mutex::new(found),
            looking: tokio::sync::Mutex::new(()),
        }
    }

    /// Where the API was found, as JSON.
    pub fn found(&self) -> Option<Value> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .as_ref()
            .and_then(|found| serde_json::to_value(found).ok())
    }

    /// Forgets where the API was found.
    pub fn forget(&self) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An error that no status shows.
    pub fn error(action: &'static str, kind: Kind, detail: impl Into<String>) -> ApiError {
        ApiError::new(Service::ConnectWise, action, kind, detail)
    }

    /// Sends a call. Where nothing answers under a code base that was not just looked up, it is looked up anew, and the call
    /// is sent once more where it has changed.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, ApiError> {
        self.attempt(&call, false).await
    }

    async fn attempt(&self, call: &Call<'_>, forward_only: bool) -> Result<Answer, ApiError> {
        let (found, fresh) = self.code_base(None).await?;
        let mut answer = self.once(call, &found, forward_only).await?;
        if is_astray(&answer) && !fresh {
            let (renewed, _) = self.code_base(Some(&found)).await?;
            if renewed != found {
                answer = self.once(call, &renewed, forward_only).await?;
            }
        }
        if is_astray(&answer) {
            return Err(astray(call, answer.status));
        }
        Ok(answer)
    }

    async fn once(
        &self,
        call: &Call<'_>,
        found: &Found,
        forward_only: bool,
    ) -> Result<Answer, ApiError> {
        let query: Vec<String> = call
            .query
            .iter()
            .map(|(key, value)| format!("{key}={}", encoded(value)))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let address = format!(
            "{}/{}apis/3.0/{}{mark}{}",
            self.site,
            found.code_base,
            call.path,
            query.join("&")
        );
        let url = parsed(call.action, &address)?;
        let mut request = self
            .http
            .client()
            .request(call.method.clone(), url)
            .header(AUTHORIZATION, self.keys.authorization.clone())
            .header("clientId", self.keys.client_id.clone())
            .header(ACCEPT, ACCEPTED);
        if forward_only {
            request = request.header("pagination-type", "forward-only");
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        self.send(call.action, request, call.repeat, &judge).await
    }

    async fn send(
        &self,
        action: &'static str,
        request: reqwest::RequestBuilder,
        repeat: Repeat,
        judge: &(dyn Fn(&Answer) -> crate::http::Judgement + Send + Sync),
    ) -> Result<Answer, ApiError> {
        let request = request
            .build()
            .map_err(|_| Self::error(action, Kind::Unexpected, "the request cannot be worded"))?;
        let ask = Ask {
            service: Service::ConnectWise,
            action,
            request,
            repeat,
            lane: Some(&self.lane),
            judge,
        };
        self.http.send(ask).await
    }

    /// The code base, and whether it was looked up just now. `stale`: look it up unless somebody else has done so since.
    async fn code_base(&self, stale: Option<&Found>) -> Result<(Found, bool), ApiError> {
        let known = || {
            let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.clone().filter(|found| Some(found) != stale)
        };
        if let Some(found) = known() {
            return Ok((found, false));
        }
        let _alone = self.looking.lock().await;
        if let Some(found) = known() {
            return Ok((found, false));
        }
        self.forget();
        let found = self.look_up().await?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok((found, true))
    }

    /// Asks the login page's own look-up, which takes no keys (Developer Guide). An unknown login company is `null` or a 404.
    async fn look_up(&self) -> Result<Found, ApiError> {
        const ACTION: &str = "find the API of the login company";
        const ADVICE: &str = "Check the login company ID and the API address of this connection";
        let address = format!(
            "{}/login/companyinfo/{}",
            self.site,
            encoded(&self.company_id)
        );
        let url = parsed(ACTION, &address)?;
        let request = self
            .http
            .client()
            .get(url)
            .header(ACCEPT, "application/json");
        let answer = self.send(ACTION, request, Repeat::Freely, &judge).await;
        let unknown = |status| {
            let detail = "it does not know the login company ID";
            let error = Self::error(ACTION, Kind::Credentials, detail).advise(ADVICE);
            Err(ApiError { status, ..error })
        };
        let answer = match answer {
            Ok(answer) if is_astray(&answer) => return unknown(Some(answer.status)),
            Err(error) if error.kind == Kind::NotFound => return unknown(error.status),
            other => other?,
        };
        let unexpected = || {
            let detail = "the answer is not the look-up's own";
            Self::error(ACTION, Kind::Unexpected, detail)
        };
        let body = answer.json().ok_or_else(unexpected)?;
        if body.is_null() {
            return unknown(None);
        }
        let member = |name: &str| {
            let members = body.as_object()?.iter();
            let mut named = members.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            named.next().map(|(_, value)| value)
        };
        let code_base = member("Codebase").and_then(Value::as_str).and_then(tidy);
        // `IsCloud` is documented as a text.
        let cloud = match member("IsCloud") {
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            other => other == Some(&Value::Bool(true)),
        };
        Ok(Found {
            code_base: code_base.ok_or_else(unexpected)?,
            cloud,
        })
    }

    /// Every row of a list, or an error. Forward-only paging: the rows after the last id seen, as long as a next page is
    /// named; ids that do not rise show that the paging was not understood.
    pub async fn all<T: Row>(&self, mut call: Call<'_>) -> Result<Vec<T>, ApiError> {
        let mut rows: Vec<T> = Vec::new();
        call.query.push(("pageSize", PAGE.to_string()));
        loop {
            let answer = self.attempt(&call, true).await?;
            let page: Vec<T> = parse(call.action, &answer)?;
            let got = page.len();
            for row in page {
                if rows.last().is_some_and(|last| row.id() <= last.id()) {
                    let detail = "the pages of the list overlap";
                    return Err(Self::error(call.action, Kind::Incomplete, detail));
                }
                rows.push(row);
            }
            let next = names_a_next_page(&answer.headers);
            // A full page without any link may have lost it on the way: one more request shows the end.
            if !next && got < PAGE {
                return Ok(rows);
            }
            let (Some(last), true) = (rows.last(), got > 0) else {
                if !next {
                    return Ok(rows);
                }
                let detail = "a page without rows names a next page";
                return Err(Self::error(call.action, Kind::Incomplete, detail));
            };
            call.query.retain(|(key, _)| *key != "pageId");
            call.query.push(("pageId", last.id().to_string()));
        }
    }

    /// The rows of one page.
    pub async fn page<T: Row>(&self, call: Call<'_>) -> Result<Vec<T>, ApiError> {
        let action = call.action;
        parse(action, &self.call(call).await?)
    }
}

fn astray(call: &Call<'_>, status: u16) -> ApiError {
    let error = match call.stands {
        Stands::Always => {
            let detail = "nothing answers under the API's address, which is also how the cloud answers wrong keys";
            Client::error(call.action, Kind::Credentials, detail).advise(CHECK_KEYS)
        }
        Stands::Perhaps => Client::error(call.action, Kind::NotFound, "nothing is there"),
    };
    ApiError {
        status: Some(status),
        ..error
    }
}

fn parse<T: Row>(action: &'static str, answer: &Answer) -> Result<Vec<T>, ApiError> {
    serde_json::from_slice(&answer.body).map_err(|_| {
        let detail = "the answer is not the list that ConnectWise documents";
        Client::error(action, Kind::Unexpected, detail)
    })
}

fn parsed(action: &'static str, address: &str) -> Result<Url, ApiError> {
    Url::parse(address)
        .map_err(|_| Client::error(action, Kind::Unexpected, "the address cannot be worded"))
}
