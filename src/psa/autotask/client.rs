//! How a request reaches Autotask: zone, headers, limits, pages. It knows no field of any entity.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::VENDOR;
use super::judge::judge;
use super::meter::{Meter, Pace};
use super::wire;
use super::zone::{Located, Zones};
use crate::http::{Answer, ApiError, Ask, Http, Judgement, Kind, Repeat, Service};
use crate::psa::{Budget, Connection};

/// Requests at once for each tracking identifier and endpoint. Source: the vendor's help, "Thread
/// limiting".
const AT_ONCE: usize = 3;
/// Rows of a page, at most. Source: the vendor's help, "Basic query calls".
pub(super) const PAGE: usize = 500;

/// What can be queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entity {
    Companies,
    Contacts,
    CompanyLocations,
}

impl Entity {
    fn route(self) -> &'static str {
        match self {
            Self::Companies => "Companies",
            Self::Contacts => "Contacts",
            Self::CompanyLocations => "CompanyLocations",
        }
    }
}

/// An error of this vendor without a status.
pub(super) fn failed(action: &'static str, kind: Kind, detail: impl Into<String>) -> ApiError {
    ApiError::new(Service::Autotask, action, kind, detail)
}

/// An answer that is not what the vendor documents.
pub(super) fn unexpected(action: &'static str, detail: &str) -> ApiError {
    failed(action, Kind::Unexpected, detail)
}

/// One request, in the words of the zone's API.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// What is tried, as a phrase: `read the contacts`.
    pub(super) action: &'static str,
    pub(super) method: &'a Method,
    /// The route below the version.
    pub(super) route: &'a str,
    pub(super) body: Option<&'a Value>,
    pub(super) repeat: Repeat,
}

/// The requests at once that the vendor limits.
struct Lanes {
    /// Contacts and companies together. A contact is written through its company, and whether the
    /// vendor counts `Companies/5/Contacts` as the one or the other is not documented: together
    /// neither can exceed its limit.
    companies_and_contacts: Semaphore,
    locations: Semaphore,
    others: Semaphore,
}

impl Lanes {
    fn of(&self, route: &str) -> &Semaphore {
        match route.split('/').next() {
            Some("Companies" | "Contacts") => &self.companies_and_contacts,
            Some("CompanyLocations") => &self.locations,
            _ => &self.others,
        }
    }
}

/// One API user's way to its database.
pub(super) struct Client {
    http: Http,
    headers: HeaderMap,
    pub(super) zones: Zones,
    meter: Meter,
    lanes: Lanes,
}

impl Client {
    /// Makes it; sends nothing.
    ///
    /// # Errors
    /// Where a credential is missing or cannot be sent, or the look-up's address cannot be used.
    pub(super) fn new(connection: &Connection) -> Result<Self, String> {
        let username = connection.field(&VENDOR, "username");
        let secret = |key: &str| connection.secrets.get(key).map(SecretString::expose_secret);
        let mut headers = HeaderMap::new();
        for (key, name, value) in [
            ("username", "UserName", Some(username.as_str())),
            ("secret", "Secret", secret("secret")),
            (
                "integration_code",
                "ApiIntegrationCode",
                secret("integration_code"),
            ),
        ] {
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| format!("{key} is missing"))?;
            let mut value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| format!("{key} holds a character that cannot be sent"))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let lane = || Semaphore::new(connection.at_once.unwrap_or(AT_ONCE).max(1));
        Ok(Self {
            zones: Zones::new(
                connection.http.clone(),
                connection.lookup_url.as_deref(),
                &username,
                connection.remembered.as_ref(),
            )?,
            http: connection.http.clone(),
            headers,
            meter: Meter::default(),
            lanes: Lanes {
                companies_and_contacts: lane(),
                locations: lane(),
                others: lane(),
            },
        })
    }

    /// Sends a request as fast as the budget allows; its JSON and the zone that answered.
    pub(super) async fn json(&self, call: Call<'_>) -> Result<(Value, Located), ApiError> {
        let answer = self.send(call, None).await;
        answer.and_then(|(answer, at)| Ok((parsed(call.action, &answer)?, at)))
    }

    /// Sends a request, to a next page of this zone where one is given.
    async fn send(
        &self,
        call: Call<'_>,
        page: Option<(&Url, &Located)>,
    ) -> Result<(Answer, Located), ApiError> {
        self.keep_pace(call.action).await?;
        self.deliver(call, page).await
    }

    /// Waits or refuses as the last reading of the budget asks for. Only a budget that was read
    /// once is kept.
    async fn keep_pace(&self, action: &'static str) -> Result<(), ApiError> {
        if self.meter.wants_reading(self.http.clock().now())
            && let Err(failure) = self.budget().await
        {
            // The reading at hand still counts; it is tried again later.
            tracing::debug!(kind = failure.kind.as_str(), "No new reading of the budget");
        }
        match self.meter.pace() {
            Pace::After(Duration::ZERO) => Ok(()),
            Pace::After(pause) => {
                self.http.clock().sleep(pause).await;
                Ok(())
            }
            Pace::Stop(Budget { allowed, used }) => Err(failed(
                action,
                Kind::Budget,
                format!(
                    "{used} of the {allowed} requests an hour that the database allows are used, \
                     and the rest is left to others"
                ),
            )),
        }
    }

    /// The budget, asked for at any pace.
    pub(super) async fn budget(&self) -> Result<Budget, ApiError> {
        let call = Call {
            action: "read the request budget",
            method: &Method::GET,
            route: "ThresholdInformation",
            body: None,
            repeat: Repeat::Freely,
        };
        let (answer, _) = self.deliver(call, None).await?;
        let budget = wire::budget(&parsed(call.action, &answer)?)
            .ok_or_else(|| unexpected(call.action, "the numbers are missing"))?;
        self.meter.read(budget, self.http.clock().now());
        Ok(budget)
    }

    /// The budget as it was last read, and when.
    pub(super) fn known_budget(&self) -> Option<(Budget, DateTime<Utc>)> {
        self.meter.known()
    }

    /// Sends a request; after a 401 once more where the database has moved to another zone.
    async fn deliver(
        &self,
        call: Call<'_>,
        page: Option<(&Url, &Located)>,
    ) -> Result<(Answer, Located), ApiError> {
        let at = match page {
            Some((_, at)) => at.clone(),
            None => self.zones.current().await?,
        };
        let refused = match self.once(call, page.map(|(url, _)| url), &at).await {
            Err(refused) if refused.status == Some(401) => refused,
            other => return other.map(|answer| (answer, at)),
        };
        // What an earlier try may have done is not undone by what comes of the others.
        let earlier = refused.in_doubt;
        let doubted = |error: ApiError| ApiError {
            in_doubt: error.in_doubt || earlier,
            ..error
        };
        let Some(now) = self.zones.moved(&at).await.map_err(doubted)? else {
            return Err(refused);
        };
        if page.is_some() {
            let detail = "the database moved to another zone between two pages";
            return Err(failed(call.action, Kind::Incomplete, detail));
        }
        self.meter.count();
        let answer = self.once(call, None, &now).await.map_err(doubted)?;
        Ok((answer, now))
    }

    async fn once(
        &self,
        call: Call<'_>,
        page: Option<&Url>,
        at: &Located,
    ) -> Result<Answer, ApiError> {
        let url = page.cloned().or_else(|| at.zone.route(call.route));
        let url = url.ok_or_else(|| unexpected(call.action, "the route is no address"))?;
        let mut request = self.http.client().request(call.method.clone(), url);
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let request = request.headers(self.headers.clone()).build();
        let request = request.map_err(|_| unexpected(call.action, "it could not be worded"))?;
        let counted = |answer: &Answer| {
            let judgement = judge(answer);
            if matches!(judgement, Judgement::Wait | Judgement::Passing) {
                self.meter.count();
            }
            judgement
        };
        let ask = Ask {
            service: Service::Autotask,
            action: call.action,
            request,
            repeat: call.repeat,
            lane: Some(self.lanes.of(call.route)),
            judge: &counted,
        };
        self.http.send(ask).await
    }

    /// Every row that fits the filter, each once, or an error. A query is a POST, and its next
    /// pages are POSTs with the same body: a GET there is refused. Source: observed, and the
    /// vendor's help for the paging itself.
    pub(super) async fn rows(
        &self,
        action: &'static str,
        entity: Entity,
        filter: Value,
        fields: &[&str],
    ) -> Result<Vec<Value>, ApiError> {
        let route = format!("{}/query", entity.route());
        let body = json!({ "filter": filter, "MaxRecords": PAGE, "IncludeFields": fields });
        let call = Call {
            action,
            method: &Method::POST,
            route: &route,
            body: Some(&body),
            repeat: Repeat::Freely,
        };
        let incomplete = |detail: &str| failed(action, Kind::Incomplete, detail);
        let (mut rows, mut ids, mut pages) = (Vec::new(), HashSet::new(), HashSet::new());
        let (mut answer, at) = self.json(call).await?;
        loop {
            let page = wire::page(answer).map_err(|detail| unexpected(action, detail))?;
            let before = rows.len();
            for row in page.rows {
                let id = wire::id(&row).ok_or_else(|| unexpected(action, "a row has no id"))?;
                if ids.insert(id) {
                    rows.push(row);
                }
            }
            let Some(next) = page.next else {
                return Ok(rows);
            };
            let next = at.zone.own_page(&next).ok_or_else(|| {
                incomplete("the next page is not at the address of the zone, so it was not read")
            })?;
            if !pages.insert(next.clone()) || rows.len() == before {
                return Err(incomplete("the pages repeat themselves"));
            }
            let (page, _) = self.send(call, Some((&next, &at))).await?;
            answer = parsed(action, &page)?;
        }
    }

    /// The first rows that fit the filter, as one page.
    pub(super) async fn first_rows(
        &self,
        action: &'static str,
        entity: Entity,
        filter: Value,
        fields: &[&str],
        most: usize,
    ) -> Result<Vec<Value>, ApiError> {
        let body = json!({ "filter": filter, "MaxRecords": most, "IncludeFields": fields });
        let call = Call {
            action,
            method: &Method::POST,
            route: &format!("{}/query", entity.route()),
            body: Some(&body),
            repeat: Repeat::Freely,
        };
        let (answer, _) = self.json(call).await?;
        let mut rows = wire::items(answer).map_err(|detail| unexpected(action, detail))?;
        rows.truncate(most);
        Ok(rows)
    }
}

fn parsed(action: &'static str, answer: &Answer) -> Result<Value, ApiError> {
    let json = answer.json().filter(Value::is_object);
    json.ok_or_else(|| ApiError {
        status: Some(answer.status),
        ..unexpected(action, "the answer is not JSON")
    })
}
