//! One request to Microsoft Graph, and lists page by page. The bearer token goes to the configured address only.

use std::collections::HashSet;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use super::token::SignIn;
use super::wire::Page;
use crate::http::{Answer, ApiError, Ask, Http, Judgement, Kind, Repeat, Service};

/// More pages than any list of a tenant has: a server that never ends is stopped here.
const PAGES: usize = 5_000;

/// What is read, and the application permission that it needs.
/// Source: microsoftgraph/microsoft-graph-devx-content, `permissions.json`, least privilege.
#[derive(Clone, Copy)]
pub(super) struct Read {
    action: &'static str,
    permission: &'static str,
}

impl Read {
    pub(super) const USERS: Self = Self::new("read the users", "User.Read.All");
    pub(super) const USER: Self = Self::new("read single users", "User.Read.All");
    pub(super) const ORGANIZATION: Self = Self::new("read the organization", "User.Read.All");
    pub(super) const MEMBERS: Self =
        Self::new("read the members of a group", "GroupMember.Read.All");
    pub(super) const GROUP: Self = Self::new("read a group", "GroupMember.Read.All");
    pub(super) const GROUPS: Self = Self::new("look for groups", "GroupMember.Read.All");
    pub(super) const SKUS: Self = Self::new("read the licences", "LicenseAssignment.Read.All");

    const fn new(action: &'static str, permission: &'static str) -> Self {
        Self { action, permission }
    }

    pub(super) fn error(self, kind: Kind, detail: impl Into<String>) -> ApiError {
        ApiError::new(Service::Graph, self.action, kind, detail)
    }

    /// The body as this type.
    pub(super) fn parse<T: DeserializeOwned>(self, answer: &Answer) -> Result<T, ApiError> {
        // serde_json's words may quote values of the body: only the place is told
        serde_json::from_slice(&answer.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            self.error(
                Kind::Unexpected,
                format!("the answer is unreadable at {place}"),
            )
        })
    }

    /// What a status other than success means.
    pub(super) fn judge(self, status: u16, body: Option<&Value>) -> Judgement {
        let error = body.map(|body| &body["error"]);
        let code = error.and_then(|error| error["code"].as_str());
        let message = error.and_then(|error| error["message"].as_str());
        let refused = |kind, advice: String| Judgement::Refused {
            kind,
            detail: match (code, message) {
                (Some(code), Some(message)) if !message.trim().is_empty() => {
                    format!("{} ({code})", message.trim())
                }
                (Some(code), _) => code.to_owned(),
                (None, _) => String::new(),
            },
            advice,
        };
        match (status, code) {
            (429, _) => Judgement::Wait,
            (408 | 500 | 502 | 503 | 504 | 509, _) => Judgement::Passing,
            (401, _) => refused(
                Kind::Credentials,
                "Microsoft Graph refuses the token: check the cloud and the app of this connection"
                    .into(),
            ),
            (403, Some("Authorization_IdentityNotFound")) => refused(
                Kind::Consent,
                "The app is not known in this tenant: grant it admin consent there, and check the tenant id".into(),
            ),
            (403, Some(_)) => refused(
                Kind::Permission,
                format!(
                    "Give the app the application permission {} in Entra, and grant admin consent in this tenant",
                    self.permission
                ),
            ),
            (404, Some("Request_ResourceNotFound")) => refused(Kind::NotFound, String::new()),
            // another 404 may come from an address that is not Graph's: nobody is called deleted for that
            (404, _) | (_, None) => refused(Kind::Unexpected, String::new()),
            _ => refused(Kind::Refused, String::new()),
        }
    }
}

pub(super) struct Graph {
    http: Http,
    base: Url,
    sign_in: SignIn,
    lane: Semaphore,
}

impl Graph {
    pub(super) fn new(
        http: Http,
        base: &str,
        sign_in: SignIn,
        at_once: usize,
    ) -> Result<Self, ApiError> {
        let mut base = super::address(Service::Graph, base)?;
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            http,
            base,
            sign_in,
            lane: Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)),
        })
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// A list to its end.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        read: Read,
        query: &str,
    ) -> Result<Vec<T>, ApiError> {
        self.pages(read, query, usize::MAX).await
    }

    /// The first rows of a list: its first page that has any, for a page may be empty and name a next one.
    pub(super) async fn first_page<T: DeserializeOwned>(
        &self,
        read: Read,
        query: &str,
    ) -> Result<Vec<T>, ApiError> {
        self.pages(read, query, 1).await
    }

    /// Pages until there are so many rows, or to the end.
    async fn pages<T: DeserializeOwned>(
        &self,
        read: Read,
        query: &str,
        enough: usize,
    ) -> Result<Vec<T>, ApiError> {
        let mut url = self.url(read, query)?;
        let mut seen = HashSet::new();
        let mut items = Vec::new();
        loop {
            if seen.len() == PAGES {
                return Err(read.error(Kind::Incomplete, "the list does not end"));
            }
            if !seen.insert(url.to_string()) {
                return Err(read.error(
                    Kind::Incomplete,
                    "a next link leads back to an earlier page",
                ));
            }
            let (page, next) = self.page(read, url).await?;
            items.extend(page);
            match next {
                Some(next) if items.len() < enough => url = self.next(read, &next)?,
                _ => return Ok(items),
            }
        }
    }

    /// A single object.
    pub(super) async fn one<T: DeserializeOwned>(
        &self,
        read: Read,
        query: &str,
    ) -> Result<T, ApiError> {
        let url = self.url(read, query)?;
        read.parse(&self.ask(read, Method::GET, &url, None).await?)
    }

    /// A POST that reads.
    pub(super) async fn post(
        &self,
        read: Read,
        path: &str,
        body: &Value,
    ) -> Result<Answer, ApiError> {
        let url = self.url(read, path)?;
        self.ask(read, Method::POST, &url, Some(body)).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        read: Read,
        url: Url,
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let answer = self.ask(read, Method::GET, &url, None).await?;
        let page: Page<T> = read.parse(&answer)?;
        let items = page
            .value
            .ok_or_else(|| read.error(Kind::Unexpected, "the answer has no list"))?;
        Ok((items, page.next))
    }

    /// Sends one request. A token that Graph refuses is replaced once.
    async fn ask(
        &self,
        read: Read,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Answer, ApiError> {
        let mut renewed = false;
        loop {
            let token = self.sign_in.token().await?;
            let mut request = self
                .http
                .client()
                .request(method.clone(), url.clone())
                .bearer_auth(token.secret())
                .header("accept", "application/json")
                .header("client-request-id", uuid::Uuid::new_v4().to_string())
                // a sync is nobody's foreground: Microsoft's throttling guidance asks for this
                .header("x-ms-throttle-priority", "low");
            if url.query().is_some_and(|query| query.contains("$search=")) {
                request = request.header("consistencylevel", "eventual");
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let request = request
                .build()
                .map_err(|_| read.error(Kind::Unexpected, "the request cannot be built"))?;
            let answer = self
                .http
                .send(Ask {
                    service: Service::Graph,
                    action: read.action,
                    request,
                    repeat: Repeat::Freely,
                    lane: Some(&self.lane),
                    judge: &|answer| judge(read, answer),
                })
                .await;
            match answer {
                Err(refused) if refused.status == Some(401) && !renewed => {
                    renewed = true;
                    self.sign_in.renew(&token)?;
                }
                other => return other,
            }
        }
    }

    fn url(&self, read: Read, query: &str) -> Result<Url, ApiError> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/v1.0/{query}"))
            .map_err(|error| read.error(Kind::Unexpected, error.to_string()))
    }

    /// A next link is followed only to where the token may go.
    fn next(&self, read: Read, link: &str) -> Result<Url, ApiError> {
        let foreign = || {
            read.error(
                Kind::Incomplete,
                "a next link leads away from Microsoft Graph; it was not followed",
            )
        };
        let url = Url::parse(link).map_err(|_| foreign())?;
        let folder = format!("{}/v1.0/", self.base.path().trim_end_matches('/'));
        let ours = url.origin() == self.base.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().starts_with(&folder);
        if ours { Ok(url) } else { Err(foreign()) }
    }
}

fn judge(read: Read, answer: &Answer) -> Judgement {
    if answer.status == 200 {
        return Judgement::Fine;
    }
    let body = answer.json();
    let judgement = read.judge(answer.status, body.as_ref());
    tracing::debug!(
        status = answer.status,
        request_id = answer.header("request-id"),
        "Microsoft Graph did not give what was asked for"
    );
    judgement
}

/// The text with everything percent-encoded that could mean something in an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            encoded.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
