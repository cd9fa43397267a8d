//! `rollcall sync`.

use std::fs::File;

use rollcall::model::{Target, Test};
use rollcall::simulator::kit::FaultKind;

use super::{add_company, printing_to, rollcall, stage};
use crate::stage::{Plain, Vendor, contact, filter, user};

const CONTOSO: &[&str] = &["sync", "--company", "Contoso"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [CONTOSO, more].concat()
}

#[tokio::test]
async fn a_preview_writes_nothing_and_a_sync_says_what_it_did() {
    let stage = stage(Vendor::ConnectWise).await;
    stage.users(["anna", "bert"].map(user));
    let said = rollcall(&stage, &with(&["--preview"])).await.ends(0);
    let said = said.says(&["Contoso · preview · succeeded", "2 to create", "Anna Doe"]);
    assert!(!said.err.contains("Run finished"), "{}", said.err);
    assert_eq!(stage.psa.writes(), 0);
    let said = rollcall(&stage, CONTOSO).await.ends(0);
    said.says(&["2 created"]).complains(&["Run finished"]);
    let said = rollcall(&stage, &with(&["--resync"])).await.ends(0);
    let said = said.says(&["Contoso · resync · succeeded", "2 unchanged"]);
    assert!(!said.out.contains("anna@"), "{}", said.out);
    let said = rollcall(&stage, &["sync", "--all", "--full"]).await.ends(0);
    said.says(&["anna@contoso.example", "Status"]);
    let said = rollcall(&stage, &with(&["--full"])).await.ends(0);
    said.says(&["anna@contoso.example", "nothing differs"]);
}

#[tokio::test]
async fn with_json_only_json_is_printed_and_full_adds_the_unchanged() {
    let stage = stage(Vendor::Autotask).await;
    stage.users(["anna", "bert"].map(user));
    rollcall(&stage, CONTOSO).await.ends(0);
    let people = async |more: &[&str]| {
        let said = rollcall(&stage, &with(more)).await.ends(0).json();
        assert_eq!(said.len(), 1);
        said[0]["people"].as_array().unwrap().len()
    };
    assert_eq!(people(&["--json"]).await, 0);
    assert_eq!(people(&["--json", "--full"]).await, 2);
}

#[tokio::test]
async fn of_a_fleet_each_company_is_an_object_a_failed_one_too_and_the_worst_status_counts() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna")]);
    add_company(&stage, "Fabrikam").await;
    let said = rollcall(&stage, &["sync", "--all", "--json"]).await.ends(5);
    let mut status: Vec<_> = said
        .json()
        .iter()
        .map(|one| format!("{} {}", one["company"], one["status"]))
        .collect();
    status.sort();
    assert_eq!(
        status,
        [r#""Contoso" "succeeded""#, r#""Fabrikam" "failed""#]
    );
    let said = rollcall(&stage, &["sync", "--all"]).await.ends(5);
    let said = said.says(&["Fabrikam has no tenant connection yet.", "fleet apply`."]);
    assert!(!said.out.contains(".."), "{}", said.out);
}

#[tokio::test]
async fn the_table_of_a_fleet_says_whom_it_counts_among_those_without_a_change() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna"), user("bert")]);
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    stage.users([user("bert").blocked()]);
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    let said = rollcall(&stage, &["sync", "--all"]).await.ends(0);
    let said = said.says(&[
        "No change",
        "No change: everybody for whom nothing is to be done, also who left before.",
    ]);
    assert!(!said.out.contains("Same"), "{}", said.out);
}

#[tokio::test]
async fn wrong_usage_has_a_status_of_its_own() {
    let stage = stage(Vendor::Autotask).await;
    rollcall(&stage, &["sync"])
        .await
        .ends(2)
        .complains(&["--company <NAME>", "--all"]);
    rollcall(&stage, &with(&["--all"])).await.ends(2);
    stage.set(|company| company.sync_contacts = false).await;
    rollcall(&stage, CONTOSO)
        .await
        .ends(2)
        .complains(&["Contact sync is off"]);
    rollcall(&stage, &with(&["--preview"])).await.ends(0);
    for arguments in [&["sync", "--all"][..], &["sync", "--all", "--json"]] {
        let said = rollcall(&stage, arguments).await.ends(0);
        assert_eq!(said.out, "");
        said.complains(&["No company has contact sync on", "switch it on"]);
    }
}

#[tokio::test]
async fn a_run_that_ended_early_counts_what_was_done_and_what_was_not_reached() {
    let stage = stage(Vendor::Autotask).await;
    let names: Vec<String> = (0..30).map(|number| format!("user{number}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    rollcall(&stage, CONTOSO).await.ends(0);
    for name in &names {
        stage.edit(name, |user| user.job_title = Some("Risen".into()));
    }
    let throttle = FaultKind::Throttle {
        retry_after: Some("7200".into()),
    };
    stage.psa.fault_on_change(throttle, 4, usize::MAX);
    let said = rollcall(&stage, CONTOSO).await.ends(5);
    let summary = said.out.lines().nth(1).unwrap();
    let number = |word: &str| -> usize {
        let part = summary.split(", ").find(|part| part.ends_with(word));
        let part = part.unwrap_or_else(|| panic!("{word} is missing: {summary}"));
        part.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert_eq!(number("updated"), 4, "{summary}");
    assert!(number("not reached") >= 10, "{summary}");
    said.says(&["(skipped)"]);
}

#[tokio::test]
async fn a_person_who_fails_makes_the_run_partial() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna"), user("bert")]);
    stage.psa.fault_on_create(FaultKind::Status(400), 0, 1);
    let said = rollcall(&stage, CONTOSO).await.ends(4);
    said.says(&["1 created, 1 failed", "create (failed)"]);
}

#[tokio::test]
async fn who_is_left_alone_by_the_rules_and_has_a_contact_is_listed() {
    let stage = stage(Vendor::Autotask).await;
    stage.users(["anna", "bert"].map(user));
    rollcall(&stage, CONTOSO).await.ends(0);
    let excludes = filter(vec![Test::Licensed], Target::Exclude);
    stage.set(|company| company.filters = vec![excludes]).await;
    let said = rollcall(&stage, CONTOSO).await.ends(0);
    let said = said.says(&[
        "2 out of scope",
        "anna@contoso.example",
        "excluded by this filter",
    ]);
    assert!(!said.out.contains("out_of_scope"), "{}", said.out);
}

#[tokio::test]
async fn a_conflict_shows_its_contacts_and_the_commands_that_settle_it() {
    let stage = stage(Vendor::ConnectWise).await;
    stage.users([user("dora")]);
    let first = stage.psa.put(&Plain {
        site: Some("Main".into()),
        ..contact("dora")
    });
    let second = stage.psa.put(&contact("dora"));
    let said = rollcall(&stage, CONTOSO).await.ends(0);
    let link = "rollcall link --company Contoso --user dora@contoso.example --contact";
    said.says(&[
        &format!("contact {first}: Dora Doe, dora@contoso.example, Main, active"),
        &format!("{link} {first}"),
        &format!("{link} {second}"),
    ]);
    let said = rollcall(&stage, &["sync", "--all"]).await.ends(0);
    said.says(&[
        "1 person is in conflict",
        "\n    rollcall sync --company Contoso --preview\n",
    ]);
}

#[tokio::test]
async fn a_report_that_cannot_be_printed_fails_though_the_run_succeeded() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna")]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    printing_to(&stage, CONTOSO, full.into()).await.ends(5);
    assert_eq!(stage.psa.look().len(), 1, "the run itself was carried out");
}
