//! Every page of the portal as every role meets it, at both widths and in both colours: no rule of WCAG 2.2 AA is broken, nothing
//! scrolls sideways, and each page has one heading of its own, a title of its own, and a modest size. Pages come from the
//! router's own list, so that a new one cannot be forgotten.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rollcall::model::Role;
use rollcall::web::routes::{Entry, Needs};

use super::axe::Violation;
use super::demo_portal::{DemoPortal, may};
use super::{Browser, Scheme, Width};

/// The most bytes of one page, without what it loads.
const LARGEST: u64 = 150_000;

/// What is wrong, and the views in which it is.
type Faults = BTreeMap<String, Vec<String>>;

/// A page in a state that only a deed brings about.
struct State {
    name: &'static str,
    role: Option<Role>,
    /// The pattern whose first page it is.
    pattern: &'static str,
    /// What is added to the path.
    query: &'static str,
    /// The deed, as a script.
    deed: &'static str,
    /// What stands on the page afterwards.
    until: &'static str,
}

/// Sends the form of the page as it is, also where the browser would complain.
const SEND: &str = "const form = document.querySelector(`main form[method=post]`); form.noValidate = true; \
     form.querySelectorAll(`input[type=text], input:not([type])`).forEach((one) => { one.value = ``; }); \
     form.requestSubmit(form.querySelector(`.btn[type=submit]`));";

/// How much wider than the screen the page is, its headings of the first level, its bytes, and what shows no outline of two
/// pixels where it has the focus.
const MEASURE: &str = "const unseen = []; \
     for (const one of document.querySelectorAll(`a[href], button, input, select, textarea, summary`)) { \
       if (one.disabled || one.tabIndex < 0 || !one.checkVisibility()) continue; \
       one.focus({ focusVisible: true, preventScroll: true }); \
       if (document.activeElement !== one) continue; \
       const style = getComputedStyle(one); \
       if (style.outlineStyle === `none` || parseFloat(style.outlineWidth) < 2) unseen.push(one.outerHTML.slice(0, 120)); \
     } \
     document.activeElement.blur(); \
     const bytes = performance.getEntriesByType(`navigation`)[0].decodedBodySize; \
     return [document.documentElement.scrollWidth - innerWidth, document.querySelectorAll(`h1`).length, bytes, unseen];";

const STATES: &[State] = &[
    State {
        name: "a wrong password",
        role: None,
        pattern: "/sign-in",
        query: "",
        deed: SEND,
        until: ".notice.bad",
    },
    State {
        name: "contact sync with mistakes",
        role: Some(Role::Technician),
        pattern: "/companies/{company:\\d+}/contact-sync",
        query: "",
        deed: "for (const one of document.querySelectorAll(`#timezone, #guard_floor, #guard_percent, #name`)) one.value = ``; \
             const form = document.querySelector(`main form`); form.noValidate = true; \
             form.requestSubmit(form.querySelector(`.actions [type=submit]`));",
        until: ".mistake",
    },
    State {
        name: "a PSA connection with mistakes",
        role: Some(Role::Administrator),
        pattern: "/settings/psa/new",
        query: "?kind=connectwise",
        deed: "const form = document.querySelector(`main form`); form.noValidate = true; \
             form.requestSubmit(form.querySelector(`[value=save]`));",
        until: ".mistake",
    },
    State {
        name: "staff with mistakes",
        role: Some(Role::Administrator),
        pattern: "/settings/staff",
        query: "",
        deed: "const form = document.querySelector(`form[action='/settings/staff']`); form.noValidate = true; form.requestSubmit();",
        until: ".mistake",
    },
    State {
        name: "a filter that is edited",
        role: Some(Role::Technician),
        pattern: "/companies/{company:\\d+}/filters",
        query: "",
        deed: "document.querySelector(`#filters-list [hx-vals*=edit]`).click();",
        until: ".filter.open",
    },
    State {
        name: "a preview",
        role: Some(Role::Technician),
        pattern: "/companies/{company:\\d+}/preview",
        query: "",
        deed: "document.querySelector(`form[method=post][action$='/preview'] [type=submit]`).click();",
        until: "main .table",
    },
    State {
        name: "a new filter that is sent unfinished",
        role: Some(Role::Technician),
        pattern: "/companies/{company:\\d+}/filters",
        query: "",
        deed: "document.querySelector(`[hx-target='#filters-list'][hx-swap=beforeend]`).click(); \
             document.body.addEventListener(`htmx:afterSettle`, () => { \
             const form = document.querySelector(`#filters-form`); form.noValidate = true; form.requestSubmit(); }, { once: true });",
        until: ".mistake",
    },
];

/// One browser's way through the portal.
struct Round {
    demo: Arc<DemoPortal>,
    browser: Browser,
    width: Width,
    /// Who is signed in.
    role: Option<Role>,
    /// The title of every page that this role has met.
    titles: BTreeMap<String, String>,
    views: usize,
    faults: Faults,
}

impl Round {
    async fn become_role(&mut self, role: Option<Role>) {
        self.role = role;
        self.titles.clear();
        self.browser.forget_cookies().await;
        let known = self.demo.staff.iter().find(|(one, _)| Some(*one) == role);
        if let Some((_, visitor)) = known {
            let cookie = visitor.cookie().expect("who is signed in has a session");
            self.browser.take_cookie(&self.demo.url, &cookie).await;
        }
    }

    /// Opens a page and looks at it in both colours; its details, where it has any, are opened for the second.
    async fn look_at(&mut self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.demo.url)).await;
        let at = self.browser.path().await;
        if at != path {
            self.fault(format!("{path} leads to {at}"), "");
            return;
        }
        self.look(path).await;
        self.distinct(path).await;
    }

    /// Looks at the page that is open. With other colours and nothing else new, axe asks for the colours only.
    async fn look(&mut self, name: &str) {
        let found = self.browser.axe().await;
        self.judge(&format!("{name} (light)"), found).await;
        let open = "const all = document.querySelectorAll(`main details:not([open])`); all.forEach((one) => { one.open = true; }); \
             return all.length";
        let opened = self.browser.run(open, vec![]).await != 0;
        self.browser.scheme(Scheme::Dark).await;
        let found = if opened {
            self.browser.axe().await
        } else {
            self.browser.axe_of_colours().await
        };
        self.judge(&format!("{name} (dark, details open)"), found)
            .await;
        self.browser.scheme(Scheme::Light).await;
        for error in self.browser.console_errors().await {
            // The browser says so of the page itself where a test asks for a page that is refused.
            if !error.contains("Failed to load resource") || !error.contains("status of 4") {
                self.fault(format!("the console says: {error}"), name);
            }
        }
        if let Ok(folder) = std::env::var("ROLLCALL_SCREENSHOTS") {
            let role = self.role.map_or("nobody", Role::as_str);
            let name: String = name
                .chars()
                .map(|sign| {
                    if sign.is_ascii_alphanumeric() {
                        sign
                    } else {
                        '-'
                    }
                })
                .collect();
            let name = format!("{name}-{role}-{:?}.png", self.width).to_lowercase();
            self.browser
                .screenshot(&Path::new(&folder).join(name))
                .await;
        }
    }

    async fn judge(&mut self, view: &str, found: Vec<Violation>) {
        self.views += 1;
        for broken in found {
            let target = broken.targets.first().map_or("", String::as_str);
            let what = format!("{}: {} at {target}", broken.rule, broken.help);
            self.fault(what, view);
        }
        let measured = self.browser.run(MEASURE, vec![]).await;
        let (wide, heads, bytes, unseen): (i64, usize, u64, Vec<String>) =
            serde_json::from_value(measured).unwrap();
        for element in unseen {
            self.fault(format!("the focus is not seen at {element}"), view);
        }
        if wide > 0 {
            self.fault(
                "it scrolls sideways".to_owned(),
                &format!("{view} by {wide} pixels"),
            );
        }
        if heads != 1 {
            self.fault(format!("it has {heads} headings of the first level"), view);
        }
        if bytes > LARGEST {
            self.fault(
                "it is too large".to_owned(),
                &format!("{view} with {bytes} bytes"),
            );
        }
    }

    /// Remembers the title of a page; another page must not have the same.
    async fn distinct(&mut self, path: &str) {
        let title = self.browser.run("return document.title", vec![]).await;
        let title = title.as_str().unwrap_or_default().to_owned();
        if title.trim().is_empty() {
            self.fault("it has no title".to_owned(), path);
        }
        if let Some(other) = self.titles.insert(title.clone(), path.to_owned()) {
            self.fault(
                format!("two pages have the title “{title}”"),
                &format!("{other} and {path}"),
            );
        }
    }

    async fn reach(&mut self, state: &State, path: &str) {
        self.browser
            .goto(&format!("{}{path}{}", self.demo.url, state.query))
            .await;
        let ready = "return document.readyState === `complete`";
        self.browser.wait_until(ready, vec![]).await;
        self.browser.run(state.deed, vec![]).await;
        self.browser.wait_for(state.until).await;
        self.look(state.name).await;
        // Otherwise a page with changes asks whether it may be left.
        let quietly = "for (const form of document.querySelectorAll(`form[data-keep]:not([hx-post])`)) \
             form.dispatchEvent(new Event(`submit`, { bubbles: true }))";
        self.browser.run(quietly, vec![]).await;
    }

    /// Who comes with a keyboard passes over the menu by the first link.
    async fn skip_to_the_content(&self) {
        // A page without a field that has the focus from the beginning.
        self.browser
            .goto(&format!("{}/welcome/used-up", self.demo.url))
            .await;
        self.browser.press("Tab").await;
        let seen = "const at = document.activeElement; return at.matches(`.skip`) && at.getBoundingClientRect().left >= 0";
        self.browser.wait_until(seen, vec![]).await;
        self.browser.press("Enter").await;
        self.browser
            .wait_until("return document.activeElement.id === `content`", vec![])
            .await;
    }

    fn fault(&mut self, what: String, view: &str) {
        let who = self.role.map_or("nobody", Role::as_str);
        let view = format!("{view} as {who}, {:?}", self.width);
        self.faults.entry(what).or_default().push(view);
    }
}

/// Goes through all pages as everybody, at one width.
async fn go_round(
    demo: Arc<DemoPortal>,
    pages: Arc<Vec<(&'static Entry, String)>>,
    width: Width,
) -> (usize, Faults) {
    let browser = Browser::open(width).await;
    browser.bring_axe_along().await;
    let mut round = Round {
        demo: demo.clone(),
        browser,
        width,
        role: None,
        titles: BTreeMap::new(),
        views: 0,
        faults: Faults::new(),
    };
    let roles = [
        None,
        Some(Role::Reader),
        Some(Role::Technician),
        Some(Role::Administrator),
    ];
    for role in roles {
        round.become_role(role).await;
        let mut refused = false;
        for (entry, path) in pages.iter() {
            if may(entry, role) {
                round.look_at(path).await;
            } else if role.is_some() && entry.needs != Needs::Nobody && !refused {
                refused = true;
                round.look_at(path).await;
                let h1 = round.browser.text("h1").await;
                assert_eq!(h1, "Not allowed", "{path} as {role:?}");
            }
        }
        for state in STATES.iter().filter(|state| state.role == role) {
            let (_, path) = pages
                .iter()
                .find(|(entry, _)| entry.path == state.pattern)
                .unwrap();
            round.reach(state, path).await;
        }
        if role.is_none() {
            round.look_at(&demo.welcome).await;
            round.skip_to_the_content().await;
        } else {
            round.look_at("/nowhere").await;
        }
        if role.is_some() && width == Width::Phone {
            round.browser.goto(&demo.url).await;
            round.browser.click(".menu-button").await;
            round.browser.wait_for("#menu:popover-open").await;
            round.look("the menu").await;
        }
    }
    (round.views, round.faults)
}

#[tokio::test]
async fn every_page_is_accessible_to_every_role_at_both_widths_in_both_colours() {
    let demo = Arc::new(DemoPortal::open().await);
    let pages = Arc::new(demo.pages().await);
    let wide = tokio::spawn(go_round(demo.clone(), pages.clone(), Width::Desktop));
    let (phone_views, phone) = go_round(demo.clone(), pages.clone(), Width::Phone).await;
    let (wide_views, mut faults) = wide.await.unwrap();
    for (what, views) in phone {
        faults.entry(what).or_default().extend(views);
    }
    let views = phone_views + wide_views;
    println!("{views} views of {} pages were checked", pages.len());
    let told: Vec<String> = faults
        .iter()
        .map(|(what, views)| {
            format!(
                "{what}\n    {} views, first {}",
                views.len(),
                views[..views.len().min(3)].join("; ")
            )
        })
        .collect();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        told.join("\n")
    );
    assert!(views > 300, "only {views} views");
}
