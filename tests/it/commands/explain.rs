//! `rollcall explain`.

use rollcall::model::{Target, Test};
use rollcall::simulator::graph::GroupData;

use super::{Said, rollcall, stage};
use crate::stage::{Plain, Stage, TENANT, Vendor, contact, filter, user};

const GROUP: &str = "2d9b0000-0000-4000-8000-000000000001";

async fn explained(stage: &Stage, person: &str, more: &[&str]) -> Said {
    let arguments = ["explain", "--company", "Contoso", "--user", person];
    rollcall(stage, &[&arguments[..], more].concat()).await
}

/// A company with somebody of every kind.
async fn everybody() -> Stage {
    let stage = stage(Vendor::ConnectWise).await;
    let usual = ["fred", "gina", "hans", "ines", "jost", "kira", "lena"];
    stage.users(["anna", "bert", "carl", "emil"].map(user));
    stage.users(usual.map(user));
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    stage.edit("bert", |user| user.account_enabled = Some(false));
    stage.delete("emil");
    stage.users([user("dora")]);
    stage.psa.put(&contact("dora"));
    stage.psa.put(&contact("dora"));
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.groups.push(GroupData {
            id: GROUP.into(),
            display_name: "Managers".into(),
            ..GroupData::default()
        });
    });
    let mut managers = filter(vec![Test::Group(GROUP.into())], Target::Exclude);
    managers.name = Some("Management".into());
    let place = Target::Place {
        site: None,
        contact_type: None,
    };
    let all = filter(vec![Test::Licensed], place);
    stage
        .set(|company| {
            company.filters = vec![managers, all];
            company.ignored = vec![user("carl").0.id];
        })
        .await;
    stage
}

#[tokio::test]
async fn each_kind_of_person_is_explained_in_five_steps() {
    let stage = everybody().await;
    let table = [
        ("anna", ["found", "active", "taken", "found", "unchanged"]),
        (
            "bert",
            ["found", "not active", "not asked", "found", "deactivate"],
        ),
        (
            "carl",
            ["found", "active", "ignored", "found", "out of scope"],
        ),
        ("dora", ["found", "active", "taken", "conflict", "conflict"]),
        (
            "emil",
            ["deleted", "not active", "not asked", "found", "deactivate"],
        ),
    ];
    for (name, results) in table {
        let person = format!("{name}@contoso.example");
        let said = explained(&stage, &person, &["--json"]).await.ends(0);
        let [one] = &said.json()[..] else {
            panic!("{}", said.out)
        };
        let steps = one["steps"].as_array().unwrap();
        let said: Vec<_> = steps.iter().map(|step| step["result"].as_str()).collect();
        assert_eq!(said, results.map(Some), "{name}: {steps:?}");
        let names: Vec<_> = steps.iter().map(|step| step["step"].as_str()).collect();
        let expected = ["directory", "active", "filter", "contact", "next run"];
        assert_eq!(names, expected.map(Some));
    }
    let said = explained(&stage, "nobody@contoso.example", &[])
        .await
        .ends(2);
    said.complains(&[
        "Contoso has no user nobody@contoso.example",
        "check the user principal name",
    ]);
    // Somebody else's name written nearly, and a part of it.
    for nearly in ["anna@contosso.example", "anna doe", "anna@"] {
        let said = explained(&stage, nearly, &[]).await.ends(2);
        said.complains(&["did you mean \"anna@contoso.example\"?"]);
    }
    let said = explained(&stage, "", &[]).await.ends(2);
    said.complains(&["The user is empty"]);
}

#[tokio::test]
async fn people_read_a_line_for_each_filter_groups_by_name_and_the_commands_of_a_conflict() {
    let stage = everybody().await;
    let said = explained(&stage, "dora@contoso.example", &[]).await.ends(0);
    let said = said.says(&[
        "Filter 2 takes this user\n",
        "Management does not: the user is not in the group Managers\n",
        "Dora Doe, dora@contoso.example, active",
        "rollcall link --company Contoso --user dora@contoso.example --contact",
    ]);
    assert_eq!(said.out.matches(&user("dora").0.id).count(), 1);
    let said = explained(&stage, "bert@contoso.example", &[]).await.ends(0);
    said.says(&["active: active becomes inactive"]);
}

#[tokio::test]
async fn with_updates_off_the_fields_that_differ_are_named() {
    let stage = stage(Vendor::Autotask).await;
    stage.users([user("anna").title("Lead")]);
    stage.psa.put(&Plain {
        active: false,
        ..contact("anna")
    });
    stage.set(|company| company.update_existing = false).await;
    rollcall(&stage, &["sync", "--all"]).await.ends(0);
    let said = explained(&stage, "anna@contoso.example", &[]).await.ends(0);
    said.says(&[
        "active: inactive stays, and does not become active",
        "title: nothing stays, and does not become \"Lead\"",
    ]);
}
