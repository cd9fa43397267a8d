//! `rollcall holds`.

use super::{rollcall, stage};
use crate::stage::{Stage, Vendor, user};

const NAMES: [&str; 6] = ["anna", "bert", "carl", "dora", "emil", "fred"];

/// A company whose last run held four people.
async fn holding(vendor: Vendor) -> Stage {
    let stage = stage(vendor).await;
    stage.users(NAMES.map(user));
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    for name in &NAMES[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    let said = rollcall(&stage, &["sync", "--company", "Contoso"]).await;
    said.ends(3).says(&[
        "4 held for a technician (nothing deactivated)",
        "deactivate (held)",
        "rollcall holds approve --company Contoso",
        "rollcall holds dismiss --company Contoso",
    ]);
    stage
}

fn active(stage: &Stage) -> usize {
    let contacts = stage.psa.look();
    contacts.iter().filter(|contact| contact.active).count()
}

#[tokio::test]
async fn a_hold_is_shown_and_approved() {
    let stage = holding(Vendor::ConnectWise).await;
    let said = rollcall(&stage, &["holds"]).await.ends(0);
    said.says(&["4 contacts to deactivate", "Anna Doe", "sign-in blocked"]);
    let said = rollcall(&stage, &["holds", "--json"]).await.ends(0).json();
    assert_eq!(said[0]["people"].as_array().unwrap().len(), 4);
    let said = rollcall(&stage, &["holds", "approve", "--company", "Contoso"]).await;
    said.ends(0).says(&["4 deactivated"]);
    assert_eq!(active(&stage), 2);
    let said = rollcall(&stage, &["holds", "approve"]).await.ends(0);
    said.complains(&["Nothing is held."]);
    let said = rollcall(&stage, &["holds", "approve", "--company", "Contoso"]).await;
    said.ends(0).complains(&["Nothing is held at Contoso."]);
}

#[tokio::test]
async fn a_dismissed_hold_is_not_opened_again() {
    let stage = holding(Vendor::Autotask).await;
    let said = rollcall(&stage, &["holds", "dismiss"]).await.ends(0);
    said.says(&["4 deactivations dismissed"]);
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    assert_eq!(active(&stage), 6);
    let said = rollcall(&stage, &["holds", "dismiss"]).await.ends(0);
    said.complains(&["Nothing is held"]);
}

#[tokio::test]
async fn a_hold_of_a_company_with_contact_sync_off_can_only_be_dismissed() {
    let stage = holding(Vendor::Autotask).await;
    stage.set(|company| company.sync_contacts = false).await;
    let said = rollcall(&stage, &["holds", "approve"]).await.ends(2);
    said.complains(&["Contact sync is off for Contoso"]);
    assert_eq!(active(&stage), 6);
    rollcall(&stage, &["holds", "dismiss"]).await.ends(0);
}
