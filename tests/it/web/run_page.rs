//! What a run's page says of a run that failed, of people who were only linked, and of the time.

use rollcall::model::Role;
use rollcall::simulator::kit::FaultKind;

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor, contact, user};

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

async fn reader(stage: &Stage) -> Visitor {
    Site::start(&stage.app).signed_in(Role::Reader).await
}

/// The page of the next run.
async fn page_of_a_run(stage: &Stage) -> String {
    let run = stage.sync().await.run;
    let page = reader(stage).await.get(&format!("/runs/{run}")).await;
    assert_eq!(page.status, 200);
    page.text
}

#[tokio::test]
async fn a_run_that_failed_before_it_wrote_says_so_and_shows_no_zeros() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 0, usize::MAX);
    let page = page_of_a_run(&stage).await;
    assert!(page.contains("Nothing was written."), "{page}");
    for zero in [
        "class=\"stats\"",
        " zero\"",
        "· 0 requests",
        "counted above",
    ] {
        assert!(!page.contains(zero), "{zero}: {page}");
    }
    assert!(page.contains("No contact was changed"), "{page}");
}

#[tokio::test]
async fn a_run_that_stopped_in_the_middle_says_whom_it_reached_and_shows_what_there_is() {
    let stage = stage().await;
    stage.users((0..20).map(|number| user(&format!("user{number:02}"))));
    // From the fourth contact on, the keys are refused: nobody after these is tried.
    stage
        .psa
        .fault_on_create(FaultKind::Status(401), 3, usize::MAX);
    let page = page_of_a_run(&stage).await;
    let said = page.split("Until then ").nth(1).expect("what was written");
    let said = said.split("</p>").next().unwrap();
    assert!(said.contains(" of 20 people were reached: "), "{said}");
    assert!(said.contains(" created, "), "{said}");
    assert!(said.ends_with("The next run does what is left."), "{said}");
    assert!(!page.contains("Nothing was written."), "{page}");
    assert!(page.contains("<span class=\"name\">Created</span>"));
    assert!(!page.contains(" zero\""), "{page}");
}

#[tokio::test]
async fn who_was_only_linked_is_not_said_to_have_changed() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.psa.put(&contact("anna"));
    let page = page_of_a_run(&stage).await;
    assert!(page.contains("What was done for whom"), "{page}");
    assert!(
        page.contains("Linked as it is: the contact was not changed."),
        "{page}"
    );
    assert!(!page.contains("changed, and why"), "{page}");
    // A run that came to its end says also what it did not do.
    assert!(page.contains(" zero\">0</span><span class=\"name\">Created"));
}

#[tokio::test]
async fn a_moment_is_told_as_so_long_ago_and_exactly_in_the_companys_zone() {
    let stage = stage().await;
    stage
        .set(|company| company.timezone = "America/New_York".into())
        .await;
    stage.users([user("anna")]);
    let run = stage.sync().await.run;
    stage.clock.advance(std::time::Duration::from_hours(3));
    let visitor = reader(&stage).await;
    let exact = "title=\"30 Jan 2026, 21:30 (America/New_York)\"";
    let own = format!("/companies/{}", stage.company_id);
    let of_run = format!("/runs/{run}");
    for path in ["/", &own, "/runs", &format!("{own}/runs"), &of_run] {
        let page = visitor.get(path).await.text;
        let ago = format!("{exact} data-local>3 hours ago</time>");
        assert!(page.contains(&ago), "{path}: {page}");
    }
    for path in ["/runs", &format!("{own}/runs"), &of_run] {
        let page = visitor.get(path).await.text;
        let [full, short] = ["full", "short"]
            .map(|how| format!("{exact} data-local=\"{how}\">31 Jan 2026, 02:30 UTC</time>"));
        let whole = page.contains(&full) || page.contains(&short);
        assert!(whole, "{path}: {page}");
    }
}
