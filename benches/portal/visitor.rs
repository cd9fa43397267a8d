//! Who looks at the portal, and how long it takes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data};
use actix_web::{App as Web, HttpResponse, HttpServer};
use anyhow::Context;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, COOKIE, LOCATION, SET_COOKIE};
use rollcall::app::App;
use rollcall::auth;
use rollcall::model::Role;
use rollcall::web;

/// So often each page is asked for.
const ASKED: usize = 100;
/// Who is signed in.
pub const NAME: &str = "Robin";
const PASSWORD: &str = "correct horse battery";
/// What the searched pages look for, by the number that the session gives it.
const SEARCHES: [(u32, &str); 2] = [(1, "customer"), (2, "an")];

/// Somebody who is signed in.
pub struct Visitor {
    client: reqwest::Client,
    url: String,
    cookie: String,
}

/// What a page costs.
pub struct Seen {
    pub median: Duration,
    pub worst: Duration,
    /// Of the whole process, by request.
    pub cpu: Duration,
    pub plain: usize,
    pub packed: usize,
    /// The median of the bare handler.
    pub bare: Duration,
}

impl Visitor {
    pub async fn sign_in(app: &App) -> anyhow::Result<Self> {
        let listener = web::bind(([127, 0, 0, 1], 0).into())?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(web::serve(app.clone(), listener));
        Self::invite(app).await?;
        Self::enter(url).await
    }

    /// Lets Robin sign in.
    pub async fn invite(app: &App) -> anyhow::Result<()> {
        let (_, token) = auth::add(app, "Ann", NAME, Role::Administrator)
            .await?
            .map_err(|_| anyhow::anyhow!("nobody was added"))?;
        let chosen = auth::use_link(app, &token, NAME, &PASSWORD.into()).await?;
        chosen.map_err(|_| anyhow::anyhow!("the password was not taken"))?;
        Ok(())
    }

    /// Signs in at a portal.
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    pub async fn enter(url: String) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_gzip()
            .no_proxy()
            .build()?;
        let mut visitor = Self {
            client,
            url,
            cookie: String::new(),
        };
        let form = [("name", NAME), ("password", PASSWORD)];
        visitor.send(("/sign-in", "/sign-in"), &form).await?;
        // Under these numbers the pages that are measured are searched.
        for (number, text) in SEARCHES {
            let form = [("to", "/"), ("search", text)];
            let to = visitor.send(("/account", "/search"), &form).await?;
            anyhow::ensure!(to == format!("/?s={number}"), "{text} leads to {to}");
        }
        Ok(visitor)
    }

    /// Sends a form with the token of a page; where it leads.
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    async fn send(
        &mut self,
        (page, to): (&str, &str),
        fields: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let page = self.ask(page, false).await?;
        let page = String::from_utf8_lossy(&page);
        let (_, rest) = page
            .split_once("name=\"csrf\" value=\"")
            .context("no token")?;
        let token = rest.split('"').next().unwrap_or_default();
        let form = [&[("csrf", token)], fields].concat();
        let request = self
            .client
            .post(format!("{}{to}", self.url))
            .form(&form)
            .header(COOKIE, &self.cookie);
        let answer = request.send().await?;
        self.keep(&answer);
        anyhow::ensure!(answer.status() == 303, "{to}: {}", answer.status());
        let led = answer.headers().get(LOCATION);
        Ok(led.context("it leads nowhere")?.to_str()?.to_owned())
    }

    fn keep(&mut self, answer: &reqwest::Response) {
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().unwrap_or_default().split(';').next();
            pair.unwrap_or_default().clone_into(&mut self.cookie);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    pub async fn ask(&mut self, path: &str, packed: bool) -> anyhow::Result<Bytes> {
        let request = self.client.get(format!("{}{path}", self.url));
        let encoding = if packed { "gzip" } else { "identity" };
        let request = request
            .header(COOKIE, &self.cookie)
            .header(ACCEPT_ENCODING, encoding);
        let answer = request.send().await?;
        self.keep(&answer);
        anyhow::ensure!(answer.status() == 200, "{path}: {}", answer.status());
        Ok(answer.bytes().await?)
    }

    /// Sends one request after another; how long each took.
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    async fn times(&self, url: &str) -> anyhow::Result<(Vec<Duration>, Bytes)> {
        let mut times = Vec::with_capacity(ASKED);
        let mut body = Bytes::new();
        for _ in 0..ASKED {
            let request = self
                .client
                .get(url)
                .header(COOKIE, &self.cookie)
                .header(ACCEPT_ENCODING, "gzip");
            let began = Instant::now();
            let answer = request.send().await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            body = answer.bytes().await?;
            times.push(began.elapsed());
            anyhow::ensure!(status == 200, "{url}: {status}");
            anyhow::ensure!(
                headers.get(SET_COOKIE).is_none(),
                "{url} writes the session for a page view"
            );
            anyhow::ensure!(
                headers.get(CONTENT_ENCODING).is_some() || url.contains("/bare"),
                "{url} is not packed"
            );
        }
        times.sort();
        Ok((times, body))
    }

    pub async fn measure(&self, path: &str, bare: &Bare) -> anyhow::Result<Seen> {
        let mut first = Self {
            client: self.client.clone(),
            url: self.url.clone(),
            cookie: self.cookie.clone(),
        };
        let plain = first.ask(path, false).await?.len();
        let before = cpu();
        let (times, body) = self.times(&format!("{}{path}", self.url)).await?;
        let cpu = cpu().saturating_sub(before) / u32::try_from(ASKED)?;
        bare.send(body.clone());
        let (bare, _) = self.times(&bare.url).await?;
        Ok(Seen {
            median: times[ASKED / 2],
            worst: times[ASKED * 99 / 100],
            cpu,
            plain,
            packed: body.len(),
            bare: bare[ASKED / 2],
        })
    }
}

/// A handler that sends bytes, and nothing else.
pub struct Bare {
    url: String,
    body: Data<Mutex<Bytes>>,
}

impl Bare {
    pub fn start() -> anyhow::Result<Self> {
        let body = Data::new(Mutex::new(Bytes::new()));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/bare", listener.local_addr()?);
        let shared = body.clone();
        let server = HttpServer::new(move || {
            Web::new()
                .app_data(shared.clone())
                .route("/bare", actix_web::web::get().to(bytes))
        });
        let server = server.workers(2).disable_signals().listen(listener)?.run();
        tokio::spawn(server);
        Ok(Self { url, body })
    }

    fn send(&self, bytes: Bytes) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
}

async fn bytes(body: Data<Mutex<Bytes>>) -> HttpResponse {
    let bytes = body.lock().unwrap_or_else(PoisonError::into_inner).clone();
    HttpResponse::Ok().body(bytes)
}

/// The processor's time that this process had, in Linux's hundredths of a second; 0 elsewhere.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || {
        fields
            .next()
            .and_then(|ticks| ticks.parse::<u64>().ok())
            .unwrap_or_default()
    };
    Duration::from_millis(10 * (ticks() + ticks()))
}
