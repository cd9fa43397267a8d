//! `rollcall holds`.

use std::process::Stdio;

use rollcall::db::{holds, runs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::{rollcall, stage};
use crate::stage::{Stage, Vendor, an_update, user};

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

/// What a person at a terminal sees who approves without naming a company, and answers so. `script` is the terminal.
async fn at_a_terminal(stage: &Stage, answer: &str) -> String {
    let command = format!("{} holds approve", env!("CARGO_BIN_EXE_rollcall"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_clear()
        .envs(stage.environment())
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let (mut typing, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut some = [0; 4096];
    while !said.contains("[y/N]") {
        let read = out.read(&mut some).await.unwrap();
        assert!(read > 0, "it ended: {said}");
        said.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    typing.write_all(answer.as_bytes()).await.unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{said}{rest}");
    said + &rest
}

#[tokio::test]
async fn at_a_terminal_who_names_no_company_is_asked_before_anybody_is_deactivated() {
    let stage = holding(Vendor::ConnectWise).await;
    let said = at_a_terminal(&stage, "\n").await;
    assert!(said.contains("anna@contoso.example"), "{said}");
    assert!(
        said.contains("Approve these 4 deactivations at Contoso?"),
        "{said}"
    );
    assert!(said.contains("Nothing is changed."), "{said}");
    assert_eq!(active(&stage), 6);
    let said = at_a_terminal(&stage, "y\n").await;
    assert!(said.contains("4 deactivated"), "{said}");
    assert_eq!(active(&stage), 2);
}

#[tokio::test]
async fn of_several_holds_none_is_meant_without_a_company_and_the_help_says_so() {
    let stage = holding(Vendor::ConnectWise).await;
    let fabrikam = stage.neighbour("Fabrikam", true).await;
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            let person = holds::HoldPerson {
                user_id: "6f0c7b1e-0000-4000-8000-00000000000a".into(),
                upn: "jane@fabrikam.example".into(),
                name: "Jane Doe".into(),
                contact_id: "7".into(),
                reason: "licence removed".into(),
            };
            runs::start(conn, &an_update("other", fabrikam, now))?;
            holds::open(conn, fabrikam, "other", &[person], now)
        })
        .await;
    let said = rollcall(&stage, &["holds"]).await.ends(0);
    let said = said.says(&["jane@fabrikam.example", "no licence that counts"]);
    assert!(!said.out.contains("licence removed"), "{}", said.out);
    let said = rollcall(&stage, &["holds", "--json"]).await.ends(0);
    said.says(&["\"reason\":\"licence removed\""]);
    for act in ["approve", "dismiss"] {
        let said = rollcall(&stage, &["holds", act]).await.ends(2);
        said.complains(&["2 holds are open: name one with --company"]);
        let help = rollcall(&stage, &["holds", act, "--help"]).await.ends(0);
        help.says(&[
            "one hold that is open",
            "nothing where several are",
            "do not ask",
        ]);
    }
    assert_eq!(active(&stage), 6);
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
