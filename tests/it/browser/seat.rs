//! Somebody who sits at a browser: comes in, opens pages, and sees that each of them is quiet: nothing in the console, and
//! nothing asked of another host. It knows the sign-in form and no other page.

use std::path::Path;
use std::time::Duration;

use rollcall::app::App;
use rollcall::auth;
use rollcall::jobs;
use rollcall::model::Role;
use serde_json::json;
use tokio::task::JoinHandle;

use super::{Browser, LIMIT, Width};
use crate::web::visitor::Site;

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse battery";

/// A browser at a portal.
pub struct Seat {
    pub browser: Browser,
    pub url: String,
}

impl Seat {
    /// An empty browser in front of a portal.
    pub async fn outside(url: &str, width: Width) -> Self {
        Self {
            browser: Browser::open(width).await,
            url: url.to_owned(),
        }
    }

    /// Somebody new with this role, under the role's own name, who has signed in through the form.
    pub async fn of(site: &Site, role: Role) -> Self {
        let name = role.label();
        let (_, token) = auth::add(&site.app, "Ann", name, role)
            .await
            .unwrap()
            .unwrap();
        let chosen = auth::use_link(&site.app, &token, name, &PASSWORD.into()).await;
        chosen.unwrap().unwrap();
        let seat = Self::outside(&site.url, Width::Desktop).await;
        seat.go("/sign-in").await;
        seat.sign_in(name, PASSWORD).await;
        seat.is_at("/").await;
        seat
    }

    /// Fills the sign-in form and sends it.
    pub async fn sign_in(&self, name: &str, password: &str) {
        self.browser.type_into("#name", name).await;
        self.browser.type_into("#password", password).await;
        self.browser
            .click("form[action='/sign-in'] button[type=submit]")
            .await;
    }

    /// Opens a page by its path, and finds it quiet.
    pub async fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.url)).await;
        self.is_quiet().await;
    }

    /// Clicks what leads to another page, waits for a page with such a path, and finds it quiet.
    pub async fn follow(&self, css: &str, path: &str) {
        self.browser.click(css).await;
        self.is_at(path).await;
    }

    /// Waits for a page whose path ends so, and finds it quiet.
    pub async fn is_at(&self, end: &str) {
        let script = "return document.readyState === 'complete' && location.origin === arguments[1] \
             && location.pathname.endsWith(arguments[0])";
        self.browser
            .wait_until(script, vec![json!(end), json!(self.url)])
            .await;
        self.is_quiet().await;
    }

    /// No script, policy or missing file was complained of since the last look, and the page asked no other host.
    pub async fn is_quiet(&self) {
        self.is_quiet_but_for("").await;
    }

    /// The same, but for a page that was answered with this status: Chromium counts it among the errors.
    pub async fn is_quiet_but_for(&self, status: &str) {
        let mut errors = self.browser.console_errors().await;
        if !status.is_empty() {
            let answered = format!("status of {status}");
            errors.retain(|error| !error.contains(&answered));
        }
        let path = self.browser.path().await;
        assert_eq!(errors, Vec::<String>::new(), "{path}");
        let script = "return [...performance.getEntriesByType('resource'), \
             ...performance.getEntriesByType('navigation')].map((entry) => entry.name) \
             .filter((name) => new URL(name).origin !== location.origin)";
        let foreign = self.browser.run(script, vec![]).await;
        assert_eq!(foreign, json!([]), "{path} asks another host");
    }

    /// Waits until the page's content says this.
    pub async fn reads(&self, text: &str) {
        self.browser.wait_for_text("main", text).await;
    }

    /// What the page's content says now.
    pub async fn text(&self) -> String {
        self.browser.text("main").await
    }

    /// The value of a field.
    pub async fn value(&self, css: &str) -> String {
        self.browser.wait_for(css).await;
        let script = "return document.querySelector(arguments[0]).value";
        let value = self.browser.run(script, vec![json!(css)]).await;
        value.as_str().unwrap().to_owned()
    }

    /// Chooses what reads so in a list.
    pub async fn choose(&self, css: &str, text: &str) {
        self.browser.wait_for(css).await;
        let script = "const list = document.querySelector(arguments[0]); \
             const found = [...list.options].find((one) => one.text === arguments[1]); \
             if (!found) return [...list.options].map((one) => one.text); \
             list.value = found.value; \
             for (const kind of ['input', 'change']) list.dispatchEvent(new Event(kind, { bubbles: true })); \
             return null";
        let there = self
            .browser
            .run(script, vec![json!(css), json!(text)])
            .await;
        assert_eq!(there, json!(null), "{css} has no {text}");
    }

    /// Moves the focus on by the Tab key until it is on such an element. Wherever it stops on the way, it can be seen.
    pub async fn tab_to(&self, css: &str) {
        self.browser.wait_for(css).await;
        let script = "const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect(); \
             if (at === document.body) return ['start', at.matches(arguments[0])]; \
             const drawn = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'; \
             const points = [[.5, .5], [.1, .3], [.9, .3], [.1, .7], [.9, .7]]; \
             const onTop = points.some(([x, y]) => { \
                 const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y); \
                 return top && (at.contains(top) || top.contains(at)); }); \
             const name = at.tagName + '#' + at.id + ' ' + (at.getAttribute('aria-label') || at.textContent).trim().slice(0, 40); \
             return [drawn ? (onTop ? '' : name + ' is covered') : name + ' shows no focus', at.matches(arguments[0])]";
        for _ in 0..150 {
            self.browser.press("Tab").await;
            let seen = self.browser.run(script, vec![json!(css)]).await;
            let wrong = seen[0].as_str().unwrap();
            assert!(
                matches!(wrong, "" | "start"),
                "on the way to {css}: {wrong}"
            );
            if seen[1] == json!(true) {
                return;
            }
        }
        panic!("the Tab key does not reach {css}");
    }

    /// Types with the keyboard, where the focus is.
    pub async fn keys(&self, text: &str) {
        for letter in text.chars() {
            let key = if letter == ' ' {
                "Space".to_owned()
            } else {
                letter.to_string()
            };
            self.browser.press(&key).await;
        }
    }

    /// Saves a picture where the tests are asked for some.
    pub async fn picture(&self, name: &str) {
        if let Ok(folder) = std::env::var("ROLLCALL_SCREENSHOTS") {
            let to = Path::new(&folder).join(format!("{name}.png"));
            self.browser.screenshot(&to).await;
        }
    }
}

/// Does an app's jobs as `rollcall serve` does, until it is dropped. The app's clock must be a real one.
pub struct Worker(JoinHandle<()>);

impl Worker {
    pub fn start(app: &App) -> Self {
        let app = app.clone();
        Self(tokio::spawn(async move { jobs::work(&app).await }))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for a job, and does it.
pub async fn one_job(app: &App) {
    let mut ticks = tokio::time::interval(Duration::from_millis(30));
    let done = async {
        loop {
            ticks.tick().await;
            if Box::pin(jobs::step(app)).await.unwrap() {
                break;
            }
        }
    };
    let done = tokio::time::timeout(LIMIT, done).await;
    done.expect("nobody asked for a job");
}
