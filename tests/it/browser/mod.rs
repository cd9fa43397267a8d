//! A real Chromium for what only a browser shows: dragging, focus, colours, and what a policy for scripts lets through. What
//! needs no browser is tested without one.
//!
//! Every function waits for what it needs, at most [`LIMIT`], and fails the test with the selector where that does not come.

mod accessible;
mod adding;
mod axe;
mod deciding;
mod demo_portal;
mod driver;
mod entering;
mod failing;
mod filters;
mod hands;
mod keeping;
mod keys;
mod order;
mod pictures;
mod proof;
mod quarantine;
mod seat;
mod syncing;
mod undoing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;

/// The longest that anything is waited for: long, because the machine may do everything at once.
pub const LIMIT: Duration = Duration::from_secs(90);

/// How often it is looked for.
const PERIOD: Duration = Duration::from_millis(30);

/// Without a sandbox, because Chromium refuses one to root; without everything that would reach for the network.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// The size of the page, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 1280 by 900.
    Desktop,
    /// 390 by 844, with touch.
    Phone,
}

/// The colours that the person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// One Chromium with one page and a profile of its own. Dropped, it is closed.
pub struct Browser {
    client: Client,
    session: String,
    profile: PathBuf,
    media: Mutex<BTreeMap<&'static str, &'static str>>,
    _place: SemaphorePermit<'static>,
}

impl Browser {
    /// Opens one, with light colours and an empty page.
    pub async fn open(width: Width) -> Self {
        let place = driver::place().await;
        // The first call starts a process and waits for it.
        let driver = tokio::task::spawn_blocking(driver::Driver::get)
            .await
            .unwrap();
        let profile = driver.profile();
        let mut args: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        args.push(format!("--user-data-dir={}", profile.display()));
        let mut options = json!({ "binary": driver.chromium, "args": args });
        if width == Width::Phone {
            options["mobileEmulation"] = json!({ "deviceMetrics": {
                "width": 390, "height": 844, "pixelRatio": 2, "touch": true, "mobile": true,
            }});
        }
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else {
            unreachable!("an object stands above")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("a browser; are chromium and chromedriver of the same version?");
        let session = client.session_id().await.unwrap().unwrap();
        let browser = Self {
            client,
            session,
            profile,
            media: Mutex::default(),
            _place: place,
        };
        if width == Width::Desktop {
            // The window's frame takes some of the size that the flag says.
            browser.size(1280, 900).await;
        }
        // Several browsers are open at once, and no window of theirs has the focus by itself in every version.
        let focus = json!({ "enabled": true });
        browser
            .cdp("Emulation.setFocusEmulationEnabled", focus)
            .await;
        browser.scheme(Scheme::Light).await;
        browser
    }

    /// Loads an address and waits for the page's `load` event.
    pub async fn goto(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// The path and query of the page's address.
    pub async fn path(&self) -> String {
        let address = self.client.current_url().await.unwrap();
        let query = address.query().map(|query| format!("?{query}"));
        format!("{}{}", address.path(), query.unwrap_or_default())
    }

    /// The first element that is there now; fails where there is none.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.find(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// How many such elements there are now.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits for an element.
    pub async fn wait_for(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(LIMIT).every(PERIOD);
        let found = wait.for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("waited for {css}: {error}"))
    }

    /// Waits until an element's text contains this.
    pub async fn wait_for_text(&self, css: &str, text: &str) {
        let script = "const at = document.querySelector(arguments[0]); return at && at.innerText.includes(arguments[1])";
        self.wait_until(script, vec![json!(css), json!(text)]).await;
    }

    /// Waits until a script that returns something says something that is true.
    pub async fn wait_until(&self, script: &str, args: Vec<Value>) {
        let mut ticks = tokio::time::interval(PERIOD);
        let looked = async {
            loop {
                ticks.tick().await;
                // A page that is just being left answers with an error.
                let answer = self.client.execute(script, args.clone()).await;
                let nothing = [json!(null), json!(false), json!(0), json!("")];
                if answer.is_ok_and(|answer| !nothing.contains(&answer)) {
                    break;
                }
            }
        };
        if tokio::time::timeout(LIMIT, looked).await.is_err() {
            let page = self.text("body").await;
            panic!("waited for `{script}` with {args:?}; the page says: {page}");
        }
    }

    /// Waits for an element, brings it into view and clicks it. One that the page replaces in between is looked for again.
    pub async fn click(&self, css: &str) {
        let clicked = async {
            loop {
                match self.wait_for(css).await.click().await {
                    Ok(()) => break,
                    Err(error) if error.is_stale_element_reference() => {}
                    Err(error) => panic!("{css}: {error}"),
                }
            }
        };
        let in_time = tokio::time::timeout(LIMIT, clicked).await;
        assert!(in_time.is_ok(), "{css} is replaced again and again");
    }

    /// Empties a field and types into it.
    pub async fn type_into(&self, css: &str, text: &str) {
        let field = self.wait_for(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The text of an element, as it is seen.
    pub async fn text(&self, css: &str) -> String {
        self.wait_for(css).await.text().await.unwrap()
    }

    /// What a script returns. The page's policy for scripts does not reach it.
    pub async fn run(&self, script: &str, args: Vec<Value>) -> Value {
        let answer = self.client.execute(script, args).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Saves a picture of the whole page, also of what must be scrolled to.
    pub async fn screenshot(&self, to: &Path) {
        let wanted = json!({ "captureBeyondViewport": true });
        let answer = self.cdp("Page.captureScreenshot", wanted).await;
        let picture = base64::prelude::BASE64_STANDARD.decode(answer["data"].as_str().unwrap());
        std::fs::write(to, picture.unwrap()).unwrap();
    }

    /// Gives the page this size, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// A picture of what is in view, as a PNG file, without scroll bars.
    pub async fn view(&self) -> Vec<u8> {
        self.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
            .await;
        let answer = self.cdp("Page.captureScreenshot", json!({})).await;
        let picture = base64::prelude::BASE64_STANDARD.decode(answer["data"].as_str().unwrap());
        picture.unwrap()
    }

    /// From here on, also on pages that follow, the person prefers these colours.
    pub async fn scheme(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        self.prefer("prefers-color-scheme", value).await;
    }

    /// From here on, also on pages that follow, the person wants nothing to move.
    pub async fn reduce_motion(&self) {
        self.prefer("prefers-reduced-motion", "reduce").await;
    }

    /// Chromium forgets the features that a later call does not name.
    async fn prefer(&self, name: &'static str, value: &'static str) {
        let features: Vec<Value> = {
            let mut media = self.media.lock().unwrap();
            media.insert(name, value);
            let pairs = media.iter();
            pairs
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect()
        };
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// From here on, nobody is signed in.
    pub async fn forget_cookies(&self) {
        self.cdp("Network.clearBrowserCookies", json!({})).await;
    }

    /// Takes a cookie, `name=value`, for this address.
    pub async fn take_cookie(&self, address: &str, cookie: &str) {
        let (name, value) = cookie.split_once('=').expect("a name and a value");
        let cookie = json!({ "name": name, "value": value, "url": address, "httpOnly": true });
        self.cdp("Network.setCookie", cookie).await;
    }

    /// What the page's scripts and its policy for scripts complained of since the last call, and files that did not load.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.issue("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| format!("{}: {}", word(&entry["source"]), word(&entry["message"])))
            .collect()
    }

    /// Takes the network away, or gives it back; every answer comes so much later.
    pub async fn network(&self, offline: bool, latency: Duration) {
        let conditions = json!({
            "offline": offline, "latency": u32::try_from(latency.as_millis()).unwrap(),
            "download_throughput": 1_000_000_000, "upload_throughput": 1_000_000_000,
        });
        let body = json!({ "network_conditions": conditions });
        self.issue("chromium/network_conditions", body).await;
    }

    /// One command of Chromium's own protocol.
    async fn cdp(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.issue("goog/cdp/execute", body).await
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Extra { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Browser {
    /// Also closes the browser of a test that failed. By hand, because the test's runtime may be on its way out; chromedriver
    /// answers when the browser has gone.
    fn drop(&mut self) {
        use std::io::{Read, Write};
        let port = driver::Driver::get().port;
        let closed = std::net::TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(LIMIT))?;
            let session = &self.session;
            write!(
                stream,
                "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            )?;
            stream.read(&mut [0; 64])
        });
        if let Err(error) = closed {
            eprintln!("a browser was not closed: {error}");
        }
        // What is left of it goes with the folder of the driver.
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A command of chromedriver that `WebDriver` does not know.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(self.body.to_string()))
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
