//! `rollcall link`.

use rollcall::db::jobs;
use rollcall::model::{Target, Test};

use super::{Said, rollcall, stage};
use crate::stage::{Stage, Vendor, contact, filter, user};

async fn link(stage: &Stage, person: &str, id: &str) -> Said {
    let arguments = [
        "link",
        "--company",
        "Contoso",
        "--user",
        person,
        "--contact",
        id,
    ];
    rollcall(stage, &arguments).await
}

#[tokio::test]
async fn a_link_that_moves_names_the_contact_it_leaves() {
    let stage = stage(Vendor::ConnectWise).await;
    stage.users([user("anna"), user("bert")]);
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    let old = stage.stored("anna@contoso.example").id;
    let new = stage.psa.put(&contact("other"));
    let anna = "anna@contoso.example";
    link(&stage, anna, &new).await.ends(0).says(&[
        &format!("contact {new}: Other Doe, other@contoso.example, active"),
        &format!("Until now: contact {old}: Anna Doe, {anna}"),
        "The next run brings it in step.",
        "A run follows within five minutes where `rollcall serve` is running. Without it:",
        "rollcall sync --company Contoso",
    ]);
    let company = stage.company_id;
    let asked = stage.read(move |conn| jobs::waiting(conn, company)).await;
    let who: Vec<_> = asked
        .iter()
        .map(|job| job.requested_by.as_deref())
        .collect();
    assert_eq!(who, [Some("command line")], "the run is asked for");
    let said = link(&stage, anna, &new).await.ends(0);
    said.says(&["already"]);
    let said = link(&stage, "bert@contoso.example", &new).await.ends(2);
    said.complains(&["is linked to anna@contoso.example already"]);
}

#[tokio::test]
async fn a_link_at_a_company_with_contact_sync_off_asks_for_no_run_and_says_so() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna")]);
    let id = stage.psa.put(&contact("anna"));
    stage.set(|company| company.sync_contacts = false).await;
    let said = link(&stage, "anna@contoso.example", &id).await.ends(0);
    said.says(&["Contact sync is off for this company: it takes effect when it is on."]);
    let company = stage.company_id;
    let asked = stage.read(move |conn| jobs::waiting(conn, company)).await;
    assert_eq!(asked.len(), 0);
}

#[tokio::test]
async fn linking_a_user_out_of_scope_says_that_runs_leave_the_contact_alone() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna")]);
    let id = stage.psa.put(&contact("anna"));
    let excludes = filter(vec![Test::Licensed], Target::Exclude);
    stage.set(|company| company.filters = vec![excludes]).await;
    let said = link(&stage, "anna@contoso.example", &id).await.ends(0);
    said.says(&[
        "out of scope (excluded by this filter)",
        "leave the contact alone",
    ]);
}

#[tokio::test]
async fn a_link_to_nobody_or_nothing_is_refused() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna")]);
    let id = stage.psa.put(&contact("anna"));
    for (person, id, words) in [
        ("nobody@contoso.example", id.as_str(), "has no user nobody"),
        (
            "ana@contoso.example",
            id.as_str(),
            "did you mean \"anna@contoso.example\"?",
        ),
        ("anna@contoso.example", "999999", "has no contact 999999"),
        (" ", &id, "The user is empty"),
    ] {
        link(&stage, person, id).await.ends(2).complains(&[words]);
    }
    assert_eq!(stage.links().await, []);
}

#[tokio::test]
async fn linking_a_user_who_is_not_active_says_what_the_next_run_does() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna").blocked()]);
    let id = stage.psa.put(&contact("anna"));
    let said = link(&stage, "anna@contoso.example", &id).await.ends(0);
    said.says(&[
        "not active (sign-in is blocked)",
        "would deactivate the contact",
    ]);
}
