//! "Sync contacts to PSA", from the button to the page of the finished run.

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::model::{Mode, Role};
use serde_json::json;

use super::seat::{Seat, Worker};
use crate::stage::{Plain, Stage, Store, Vendor, contact, user};
use crate::web::visitor::Site;

/// Many people to create, and three contacts to mend. The clock is a real one, so that a run takes its time.
async fn stage() -> Stage {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    stage.users((0..60).map(|number| user(&format!("person{number:02}")).title("Engineer")));
    for number in 0..3 {
        let old = contact(&format!("person{number:02}"));
        stage.psa.put(&Plain {
            title: Some("Apprentice".into()),
            ..old
        });
    }
    stage
}

fn overview(stage: &Stage) -> String {
    format!("/companies/{}", stage.company_id)
}

#[tokio::test]
async fn the_button_leads_over_a_live_bar_to_the_page_of_the_finished_run() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let _worker = Worker::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go(&overview(&stage)).await;
    // So slow that the page sees the middle of the run, whatever machine it is on.
    stage.psa.controls().set_latency(Duration::from_millis(400));
    seat.browser
        .click("form[action$='/sync'] button[type=submit]")
        .await;
    let between = "const bar = document.querySelector('main progress[value]'); \
         return bar && bar.value > 0 && bar.value < bar.max && bar.max === 60";
    seat.browser.wait_until(between, vec![]).await;
    seat.picture("syncing-live").await;
    let bar = "return document.querySelector('main progress').getAttribute('aria-label')";
    assert_ne!(
        seat.browser.run(bar, vec![]).await,
        json!(null),
        "the bar has a name"
    );
    seat.is_quiet().await;
    stage.psa.controls().set_latency(Duration::ZERO);
    // The page says by itself that it is over, and its numbers are those of this run.
    let over = "return !document.querySelector('main progress') && document.querySelector('main a[href^=\"/runs/\"]')";
    seat.browser.wait_until(over, vec![]).await;
    seat.browser.wait_for_text("#figures", "60").await;
    seat.is_quiet().await;
    seat.picture("syncing-over").await;

    let run = stage.runs().await.pop().unwrap();
    let page = format!("/runs/{}", run.id);
    seat.follow(&format!("main a[href='{page}']"), &page).await;
    seat.reads("Succeeded").await;
    let shown = seat.text().await;
    for text in [
        "57",
        "Apprentice",
        "Engineer",
        "asked for by Technician",
        "Person00 Doe",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let changes = "return [...document.querySelectorAll('.change')] \
         .filter((one) => one.querySelector('del')?.innerText === 'Apprentice' && one.querySelector('ins')?.innerText === 'Engineer').length";
    assert_eq!(seat.browser.run(changes, vec![]).await, json!(3));
    seat.picture("syncing-run").await;
    assert_eq!(stage.psa.look().len(), 60);
}

#[tokio::test]
async fn a_double_click_makes_one_run_also_where_no_script_stops_it() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go(&overview(&stage)).await;
    let sending = "const form = document.querySelector('form[action$=\"/sync\"]'); const done = arguments[0]; \
         const body = () => new URLSearchParams(new FormData(form)); \
         const send = () => fetch(form.action, { method: 'post', body: body() }).then((answer) => answer.status);";
    // Two requests at once, past the script that stops a second one.
    let both = format!(
        "{sending} window.sent = null; Promise.all([send(), send()]).then((all) => {{ window.sent = all; }})"
    );
    seat.browser.run(&both, vec![]).await;
    let script = "return window.sent && window.sent.every((status) => status === 200)";
    seat.browser.wait_until(script, vec![]).await;
    seat.go(&overview(&stage)).await;
    let double = "const button = document.querySelector('form[action$=\"/sync\"] button'); button.click(); button.click();";
    seat.browser.run(double, vec![]).await;
    seat.is_at(&overview(&stage)).await;
    let _worker = Worker::start(&stage.app);
    seat.browser.wait_for("main a[href^='/runs/']").await;
    let over = "return !document.querySelector('main progress')";
    seat.browser.wait_until(over, vec![]).await;
    assert_eq!(stage.runs().await.len(), 1);
    assert_eq!(stage.psa.look().len(), 60);
}

#[tokio::test]
async fn resync_is_chosen_and_shown_as_such() {
    let stage = stage().await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let _worker = Worker::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go(&overview(&stage)).await;
    seat.browser.click("#mode-resync").await;
    seat.browser
        .click("form[action$='/sync'] button[type=submit]")
        .await;
    // The page is loaded anew when the run is over.
    seat.browser.wait_for_text("#figures", "Resync").await;
    let first = stage.runs().await.remove(0).id;
    let other = format!("main a[href^='/runs/']:not([href='/runs/{first}'])");
    seat.browser.click(&other).await;
    seat.browser.wait_for_text("h1", "Resync").await;
    seat.reads("Succeeded").await;
    seat.is_quiet().await;
    let last = stage.runs().await.pop().unwrap();
    assert_eq!(last.mode, Mode::Resync);
    let text = seat.text().await;
    assert!(text.contains("asked for by Technician"), "{text}");
}
