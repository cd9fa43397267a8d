//! The pictures of the README, from the portal of the demo: its fleet after a day, and one company more that is added by hand.
//! They are made on every run of the tests, so that they can always be made; `make pictures` keeps them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::Width;
use super::seat::{PASSWORD, Seat};

/// The size of a picture.
const SIZE: (u32, u32) = (1280, 800);

/// A picture may have so many bytes: a README is to load at once.
const MOST: usize = 150_000;

/// The demo, killed when it is dropped.
struct Demo {
    child: Child,
    /// Kept open: the demo would fail where nobody reads what it says.
    output: BufReader<ChildStdout>,
    _temporary: TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the demo and reads its story to the end; with the link that makes an administrator.
fn demo() -> (Demo, String) {
    let temporary = TempDir::new().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("rollcall"))
        .arg("demo")
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut demo = Demo {
        child,
        output,
        _temporary: temporary,
    };
    let mut welcome = String::new();
    loop {
        let mut line = String::new();
        let read = demo.output.read_line(&mut line).unwrap();
        assert!(read > 0, "the demo ended before its portal was open");
        if line.contains("/welcome/") {
            line.trim().clone_into(&mut welcome);
        }
        if line.contains("stays up until Ctrl-C") {
            return (demo, welcome);
        }
    }
}

/// Adds the company that the demo keeps for it, and makes its preview.
async fn add_proseware(seat: &Seat) {
    let browser = &seat.browser;
    seat.go("/companies/new").await;
    if browser.count("select#psa").await == 1 {
        seat.choose("#psa", "ConnectWise").await;
        browser.wait_for("#q").await;
    }
    browser.type_into("#q", "prosew").await;
    browser.wait_for_text("#found", "Proseware").await;
    let alone = "return document.querySelectorAll('#found a').length === 1";
    browser.wait_until(alone, vec![]).await;
    browser.click("#found a").await;
    seat.reads("Is this the company?").await;
    let add = "form[action='/companies/new'][method=post] button[type=submit]";
    seat.follow(add, "/connection").await;
    browser
        .click("form[action$='/connection/consent'] button")
        .await;
    let accept = "button[aria-label='Accept for Proseware']";
    seat.follow(accept, "/connection").await;
    seat.reads("tenant is connected").await;
    let tab = "nav.tabs a[href$='/contact-sync']";
    seat.follow(tab, "/contact-sync").await;
    browser.click("#update_existing").await;
    seat.choose("#default_site", "Main").await;
    browser
        .click("form[action$='/contact-sync'] .actions button[value=save]")
        .await;
    browser.wait_for("main > .notice.ok").await;
    seat.follow("nav.tabs a[href$='/preview']", "/preview")
        .await;
    if browser.count("form[action$='/preview'] button").await > 0 {
        browser
            .click("form[action$='/preview'] button[type=submit]")
            .await;
    }
    seat.reads("Who is affected").await;
}

#[tokio::test]
async fn the_pictures_of_the_readme_are_made_from_the_demo() {
    let (_demo, link) = tokio::task::spawn_blocking(demo).await.unwrap();
    let (url, welcome) = link.split_at(link.find("/welcome/").unwrap());
    let seat = Seat::outside(url, Width::Desktop).await;
    seat.browser.size(SIZE.0, SIZE.1).await;
    seat.browser.reduce_motion().await;
    seat.go(welcome).await;
    seat.browser.type_into("#name", "Robin").await;
    seat.browser.type_into("#password", PASSWORD).await;
    seat.browser.type_into("#again", PASSWORD).await;
    seat.follow("main form button[type=submit]", "/").await;
    seat.reads("Tailspin Toys").await;

    add_proseware(&seat).await;
    // A preview that was made quickly has its job in the address still.
    let path = seat.browser.path().await;
    let preview = path.split('?').next().unwrap().to_owned();
    let updates = format!("{preview}?action=update");
    seat.go(&updates).await;
    seat.reads("Who is affected").await;
    keep(&seat, "preview", Some("main .card:last-of-type")).await;
    seat.go(&preview).await;
    seat.browser
        .click("main a[href$='/contact-sync/turn-on']")
        .await;
    seat.is_at("/turn-on").await;
    seat.browser
        .click("form[action$='/turn-on'] button[type=submit]")
        .await;
    seat.browser.wait_for("main > .notice.ok").await;
    let company = preview.strip_suffix("/preview").unwrap();
    seat.go(company).await;
    seat.browser
        .click("form[action$='/sync'] button[type=submit]")
        .await;
    // The link in the part that is drawn with the whole page: while the run is watched, the page is loaded anew at its end.
    seat.browser.click("#figures a[href^='/runs/']").await;
    seat.reads("What was done for whom").await;
    let run = seat.browser.path().await;
    seat.go(&format!("{run}?action=update")).await;
    keep(&seat, "run", None).await;

    seat.go("/").await;
    keep(&seat, "fleet", None).await;
    let contoso = "return [...document.querySelectorAll('th a')].find((one) => one.innerText === 'Contoso').pathname";
    let contoso = seat.browser.run(contoso, vec![]).await;
    let contoso = contoso.as_str().unwrap();
    seat.go(contoso).await;
    keep(&seat, "company", None).await;
    seat.go(&format!("{contoso}/filters")).await;
    seat.reads("Takes").await;
    keep(&seat, "filters", None).await;
}

/// Keeps a picture of what is in view, from this element down where one is given.
async fn keep(seat: &Seat, name: &str, from: Option<&str>) {
    let script = "const at = arguments[0] && document.querySelector(arguments[0]); \
         if (at) window.scrollTo(0, at.getBoundingClientRect().top + scrollY - 24); else window.scrollTo(0, 0); \
         document.activeElement.blur(); return document.fonts.ready.then(() => true)";
    seat.browser.run(script, vec![json!(from)]).await;
    seat.is_quiet().await;
    let picture = seat.browser.view().await;
    assert!(
        picture.len() < MOST,
        "{name}.png has {} bytes",
        picture.len()
    );
    let (width, height) = (&picture[16..20], &picture[20..24]);
    assert_eq!(
        (width, height),
        (&SIZE.0.to_be_bytes()[..], &SIZE.1.to_be_bytes()[..])
    );
    if let Some(folder) = std::env::var_os("ROLLCALL_PICTURES") {
        let to = PathBuf::from(folder).join(format!("{name}.png"));
        std::fs::write(to, picture).unwrap();
    }
}
