//! The demo's portal, with a visitor of every role in it, and real addresses for every page of the router. The demo is the
//! program as people start it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use rollcall::model::Role;
use rollcall::web::routes::{self, Entry, Gives, Needs, Verb};
use tempfile::TempDir;

use crate::web::visitor::Visitor;

const PASSWORD: &str = "correct horse battery";

/// Pages of one pattern that are looked at.
const INSTANCES: usize = 2;

/// Pages of one pattern that are searched for links.
const SEARCHED: usize = 12;

/// Pages that no link of another page leads to.
const BY_HAND: &[(&str, &str, &str)] = &[
    (
        "/consent",
        "/consent",
        "Microsoft leads here; without its answer the page says what is wrong",
    ),
    ("/sign-in", "/sign-in", "who is not signed in is led here"),
    (
        "/welcome/{token}",
        "/welcome/used-up",
        "a link that is used up",
    ),
];

/// A demo that serves its portal, until dropped.
pub struct DemoPortal {
    pub url: String,
    /// Somebody of each role, the highest last.
    pub staff: Vec<(Role, Visitor)>,
    /// The path of a sign-in link that nobody has used.
    pub welcome: String,
    child: Child,
    _folder: TempDir,
}

impl DemoPortal {
    /// Starts the demo, signs its administrator in through the link that it prints, and adds the other roles.
    pub async fn open() -> Self {
        let (child, folder, link) = tokio::task::spawn_blocking(start).await.unwrap();
        let (url, path) = link.split_at(link.find("/welcome/").expect("a sign-in link"));
        let mut demo = Self {
            url: url.to_owned(),
            staff: Vec::new(),
            welcome: String::new(),
            child,
            _folder: folder,
        };
        let administrator = demo.let_in(path, "Administrator").await;
        for role in [Role::Reader, Role::Technician] {
            let path = added(&administrator, role.label(), role).await;
            let visitor = demo.let_in(&path, "").await;
            demo.staff.push((role, visitor));
        }
        demo.welcome = added(&administrator, "Robin", Role::Reader).await;
        add_newcomer(&administrator).await;
        switch_off(&administrator, "Fabrikam").await;
        demo.staff.push((Role::Administrator, administrator));
        demo
    }

    async fn let_in(&self, path: &str, name: &str) -> Visitor {
        let visitor = Visitor::of(&self.url);
        let mut fields = vec![("password", PASSWORD), ("again", PASSWORD)];
        if !name.is_empty() {
            fields.push(("name", name));
        }
        let answer = visitor.post(path, &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        visitor
    }

    /// Addresses of every page of the router, found by following links from the fleet; with the pattern that each fits. A pattern
    /// of which there is none fails the test.
    pub async fn pages(&self) -> Vec<(&'static Entry, String)> {
        let patterns: Vec<&'static Entry> = routes::all()
            .into_iter()
            .filter(|entry| entry.verb == Verb::Get && entry.gives == Gives::Page)
            .collect();
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for &(pattern, path, _why) in BY_HAND {
            found.entry(pattern).or_default().push(path.to_owned());
        }
        let mut seen = BTreeSet::from(["/".to_owned()]);
        let mut open: VecDeque<String> = [
            "/",
            "/holds",
            "/conflicts",
            "/runs?status=failed",
            // Forms lead to these, and a link only where no company uses the connection.
            "/settings/licences/add?licence=SPB",
            "/settings/licences/remove?licence=FLOW_FREE",
            "/settings/licences/standard",
            "/settings/psa/1/remove",
            // Microsoft's answer to a link that was sent leads to these.
            "/consent/thanks",
            "/consent/declined",
        ]
        .map(str::to_owned)
        .into();
        let (_, visitor) = self.staff.last().unwrap();
        let mut searched: BTreeMap<&str, usize> = BTreeMap::new();
        while let Some(address) = open.pop_front() {
            let path = address.split('?').next().unwrap_or_default();
            let fitting = patterns.iter().find(|entry| fits(entry.path, path));
            let Some(entry) = fitting else { continue };
            let count = searched.entry(entry.path).or_default();
            *count += 1;
            if *count > SEARCHED {
                continue;
            }
            let answer = visitor.get(&address).await;
            if answer.status != 200 {
                assert_eq!(answer.status, 303, "{address} is a dead link");
                continue;
            }
            let instances = found.entry(entry.path).or_default();
            if !instances.iter().any(|one| one == path) {
                instances.push(path.to_owned());
            }
            for link in links(&answer.text) {
                if seen.insert(link.clone()) {
                    open.push_back(link);
                }
            }
        }
        let mut pages = Vec::new();
        let mut missing = Vec::new();
        for entry in patterns {
            match found.remove(entry.path) {
                Some(paths) => {
                    pages.extend(paths.into_iter().take(INSTANCES).map(|path| (entry, path)));
                }
                None => missing.push(entry.path),
            }
        }
        assert!(
            missing.is_empty(),
            "no link leads to these pages: {missing:?}"
        );
        pages
    }
}

impl Drop for DemoPortal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A demo whose portal is open, and the link that it printed.
fn start() -> (Child, TempDir, String) {
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("rollcall"))
        .arg("demo")
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut story, mut link) = (String::new(), String::new());
    while !story.ends_with("stays up until Ctrl-C.\n") {
        let start = story.len();
        let read = output.read_line(&mut story).unwrap();
        assert!(
            read > 0,
            "the demo ended before its portal was open:\n{story}"
        );
        let told = story[start..].trim();
        if told.starts_with("http") && told.contains("/welcome/") {
            told.clone_into(&mut link);
        }
    }
    // What it still prints is read away, so that it never waits for a reader.
    std::thread::spawn(move || output.read_to_string(&mut String::new()));
    (child, folder, link)
}

/// Adds somebody as an administrator does; answers the path of their sign-in link.
async fn added(administrator: &Visitor, name: &str, role: Role) -> String {
    let fields = [("name", name), ("role", role.as_str())];
    let answer = administrator.post("/settings/staff", &fields).await;
    let link = after(&answer.text, "<code id=\"link\">").split('<').next();
    let link = link.unwrap_or_default().replace("&#x2F;", "/");
    link[link.find("/welcome/").unwrap()..].to_owned()
}

/// Adds the company that waits for it, so that there is one whose set-up is not finished.
async fn add_newcomer(visitor: &Visitor) {
    let page = visitor.get("/companies/new").await.text;
    let (before, _) = page.split_once(">ConnectWise</option>").unwrap();
    let psa = before.rsplit("value=\"").next().unwrap_or_default();
    let psa: String = psa.chars().take_while(char::is_ascii_digit).collect();
    let found = format!("/companies/new?psa={psa}");
    let found = visitor.found(&found, "Prosew").await.text;
    let id = after(&found, "chosen=").chars();
    let id: String = id.take_while(char::is_ascii_digit).collect();
    let fields = [
        ("psa", psa.as_str()),
        ("psa_company_id", &id),
        ("name", "Proseware"),
    ];
    let answer = visitor.post("/companies/new", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

/// Turns the contact sync of a company off, so that there is one to turn on.
async fn switch_off(visitor: &Visitor, name: &str) {
    let fleet = visitor.get("/").await.text;
    let found = fleet.split_once(&format!("\">{name}</a>"));
    let (before, _) = found.unwrap_or_else(|| panic!("no {name} in {fleet}"));
    let path = before.rsplit("href=\"").next().unwrap_or_default();
    let path = format!("{}/contact-sync", path.trim_end_matches('"'));
    let form = visitor.get(&path).await.text;
    let version = after(&form, "name=\"version\" value=\"").split('"').next();
    let fields = [
        ("version", version.unwrap_or_default()),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
        ("name", name),
        ("action", "save"),
    ];
    let answer = visitor.post(&path, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

/// What stands behind a mark.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let found = text.split_once(mark);
    found.unwrap_or_else(|| panic!("no {mark} in {text}")).1
}

/// The addresses on this portal that a page leads to, as they stand in it.
fn links(html: &str) -> Vec<String> {
    let all = html.split("href=\"").skip(1);
    let all = all.filter_map(|rest| rest.split('"').next());
    all.filter(|link| link.starts_with('/') && !link.starts_with("/assets/"))
        .map(|link| link.replace("&amp;", "&").replace("&#x2F;", "/"))
        .map(|link| link.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

/// Whether a path fits a pattern of the router.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) => {
                let number = wanted.contains("\\d");
                let fits = match wanted.starts_with('{') {
                    true if number => part.bytes().all(|byte| byte.is_ascii_digit()),
                    true => !part.is_empty() && !part.contains(".csv"),
                    false => wanted == part,
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Whether somebody of this role may see the page.
pub fn may(entry: &Entry, role: Option<Role>) -> bool {
    match entry.needs {
        // Open for what Microsoft answers to a link that was sent; its page is a technician's.
        Needs::Nobody if entry.path == "/consent" => Needs::Role(Role::Technician).allow(role),
        // A page for who is not signed in leads everybody else on, or signs them out.
        Needs::Nobody => role.is_none(),
        Needs::Program => false,
        Needs::Role(_) => entry.needs.allow(role),
    }
}

#[test]
fn a_path_fits_its_pattern_only() {
    assert!(fits("/", "/"));
    assert!(fits(
        "/companies/{company:\\d+}/people",
        "/companies/12/people"
    ));
    assert!(!fits("/companies/{company:\\d+}", "/companies/new"));
    assert!(fits("/runs/{run}", "/runs/abc"));
    assert!(!fits("/runs/{run}", "/runs/abc/changes.csv"));
    assert!(!fits("/runs/{run}", "/runs"));
}
