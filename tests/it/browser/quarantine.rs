//! A connection in quarantine, as its people meet it: on the company's overview, among the jobs, and among the PSA connections.

use rollcall::app::OF_PSA;
use rollcall::db::jobs::Priority;
use rollcall::jobs::{enqueue_run, step};
use rollcall::model::{Mode, Role};
use serde_json::json;

use super::seat::Seat;
use super::{Scheme, Width};
use crate::stage::{Stage, Store, Vendor, put_secret, user};
use crate::web::visitor::Site;

async fn run(stage: &Stage, company: i64, priority: Priority) {
    let now = stage.clock.now();
    stage
        .write(move |conn| enqueue_run(conn, company, Mode::Update, priority, "schedule", now))
        .await;
}

#[tokio::test]
async fn a_connection_in_quarantine_says_since_when_why_and_when_it_is_tried_again() {
    let stage = Stage::new(Vendor::Autotask, Store::Sqlite).await;
    stage.users([user("anna"), user("bert")]);
    let all = stage.fleet(3).await;
    run(&stage, stage.company_id, Priority::Click).await;
    assert!(step(&stage.app).await.unwrap());
    put_secret(&stage.app, OF_PSA, stage.psa_id, "secret", "wrong").await;
    for company in &all {
        run(&stage, company.id, Priority::Night).await;
    }
    stage.clock.advance(std::time::Duration::from_mins(5));
    assert!(step(&stage.app).await.unwrap());
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    let overview = format!("/companies/{}", stage.company_id);
    for (width, pixels) in [(Width::Desktop, (1280, 900)), (Width::Phone, (390, 844))] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            seat.browser.size(pixels.0, pixels.1).await;
            seat.browser.scheme(scheme).await;
            for (name, path, says) in [
                (
                    "overview",
                    overview.as_str(),
                    "The PSA connection is in quarantine.",
                ),
                (
                    "jobs",
                    "/settings/jobs",
                    "The PSA connection is in quarantine",
                ),
                ("psa", "/settings/psa", "requests used this hour"),
                ("fleet", "/", "Contoso"),
            ] {
                seat.go(path).await;
                seat.browser.wait_for_text("main", says).await;
                let wide = "return document.documentElement.scrollWidth <= innerWidth";
                assert_eq!(seat.browser.run(wide, vec![]).await, json!(true), "{path}");
                seat.picture(&format!("quarantine-{name}-{width:?}-{scheme:?}"))
                    .await;
            }
        }
    }
    seat.go(&overview).await;
    let cure = "return document.querySelector('main a.btn.primary').getAttribute('href')";
    assert_eq!(
        seat.browser.run(cure, vec![]).await,
        json!(format!("/settings/psa/{}", stage.psa_id))
    );
    seat.browser
        .wait_for_text("main", "Tried again in 1 hour")
        .await;
    // The run that waits can be cancelled there.
    seat.browser.click("form[action$='/cancel'] button").await;
    seat.browser
        .wait_for_text("main", "The job is cancelled.")
        .await;
    assert_eq!(seat.browser.path().await, overview);
}
