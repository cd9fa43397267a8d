//! A connection in quarantine on the page of its company's connection: why, until when, and its cure.

use rollcall::db::quarantines::{self, Owner};
use rollcall::model::{Role, RunFailure, Side};

use super::connection::{page_of, stage};
use super::new_company::send;
use super::visitor::Site;
use crate::stage::Stage;

/// The connection failed by a mistake that a person has to mend.
async fn fails(stage: &Stage, kind: &'static str, owner: Owner, side: Side) {
    let failure = RunFailure {
        kind: kind.into(),
        message: "The vendor said AADSTS7000215".into(),
        advice: "Give it what is right".into(),
        side: Some(side),
    };
    let now = stage.clock.now();
    stage
        .write(move |conn| quarantines::fail(conn, owner, &failure, now, now))
        .await;
}

/// The button that stands out, of a page with one.
fn primary(page: &str) -> String {
    let main = &page[page.find("<main").unwrap()..];
    let at = main.find("btn primary").expect("a primary button");
    assert_eq!(main.matches("btn primary").count(), 1, "{main}");
    let begin = main[..at].rfind('<').unwrap();
    main[begin..].split("</").next().unwrap().to_owned()
}

#[tokio::test]
async fn the_connection_page_of_a_tenant_in_quarantine_says_so_once_and_its_button_is_the_cure() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(
        page.contains("Connected") && !page.contains("quarantine"),
        "{page}"
    );
    fails(
        &stage,
        "credentials",
        Owner::tenant(stage.company_id),
        Side::Tenant,
    )
    .await;
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(
        page.contains("<span class=\"badge bad\">In quarantine</span>"),
        "{page}"
    );
    assert!(!page.contains(">Connected<"), "{page}");
    assert_eq!(page.matches("AADSTS7000215").count(), 1, "{page}");
    assert!(page.contains(">in 1 hour</time>"), "{page}");
    let button = primary(&page);
    assert!(button.contains("/connection/secret"), "{button}");
    assert!(button.ends_with("Replace the secret"), "{button}");
    // A test that is answered well ends the waiting.
    let test = format!("{}/test-tenant", page_of(&stage));
    let answer = send(&visitor, &page_of(&stage), &test, &[]).await;
    let page = visitor.get(&answer.location.unwrap()).await.text;
    assert!(
        page.contains("The run that waited for its next try begins now."),
        "{page}"
    );
    // The old error is no news any more.
    assert!(page.contains("In quarantine until the next run"), "{page}");
    assert!(!page.contains("AADSTS7000215"), "{page}");
}

#[tokio::test]
async fn a_missing_permission_is_tested_again_and_a_psa_in_quarantine_is_an_administrators() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    fails(
        &stage,
        "permission",
        Owner::tenant(stage.company_id),
        Side::Tenant,
    )
    .await;
    let page = technician.get(&page_of(&stage)).await.text;
    assert!(primary(&page).ends_with("Test the tenant"), "{page}");
    let id = stage.company_id;
    stage
        .write(move |conn| quarantines::forget(conn, Owner::tenant(id)))
        .await;
    fails(&stage, "credentials", Owner::psa(stage.psa_id), Side::Psa).await;
    let page = technician.get(&page_of(&stage)).await.text;
    assert!(page.contains("An administrator can do that."), "{page}");
    assert!(!page.contains("/settings/psa/"), "{page}");
    let administrator = site.signed_in(Role::Administrator).await;
    let page = administrator.get(&page_of(&stage)).await.text;
    let cure = format!(
        "href=\"/settings/psa/{}\">Mend the PSA connection",
        stage.psa_id
    );
    assert!(page.contains(&cure), "{page}");
}
