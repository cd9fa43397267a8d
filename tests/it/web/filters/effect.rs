//! What a draft of the filters would do, told before anything is stored; what its choosers offer.

use super::*;

#[tokio::test]
async fn the_effect_is_told_before_anything_is_stored() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let site = stage.psa.site("New Site").id.to_string();
    let night: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[site]", &site),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
    ];
    let twice: &[(&str, &str)] = &[
        ("[name]", "Twice"),
        ("[enabled]", "true"),
        night[2],
        night[3],
    ];
    let filters: &[(&str, &[(&str, &str)])] = &[("n0", night), ("n1", twice)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for wanted in [
        "1 person moves to New Site, 3 fall out of scope.",
        "Dora Doe",
        ": taken by Filter 1",
        ": no filter takes this user",
        "id=\"n0-takes\" hx-swap-oob=\"true\"",
        "Takes 1 person",
        "It can never take anybody: Filter 1 above takes all of them.",
        "3 people; nothing is done to them.",
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn whoever_is_not_named_at_once_is_unfolded() {
    let stage = stage().await;
    stage.users((0..25).map(|number| user(&format!("user{number:02}"))));
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let nobody: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[when][0][kind]", "domain"),
        ("[when][0][value]", "nowhere.example"),
    ];
    let fields = list(&version(&stage).await, &[("n0", nobody)]);
    let to = format!("{}/effect", address(&stage));
    let text = send(&visitor, &to, &fields).await.text;
    let (before, after) = text
        .split_once("<summary id=\"filter-effect-more-1\">and 9 more</summary>")
        .unwrap_or_else(|| panic!("{text}"));
    let names = |text: &str| text.matches("→").count();
    assert_eq!(names(before), 20, "{text}");
    assert_eq!(names(after), 9, "{text}");
    assert!(text.contains("<summary id=\"filter-others-more\">and 9 more</summary>"));
}

#[tokio::test]
async fn a_filter_that_is_not_finished_takes_no_part_in_the_numbers() {
    let stage = stage().await;
    stage.set(|company| company.filters.clear()).await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let to = format!("{}/effect", address(&stage));
    let new: &[(&str, &str)] = &[("[enabled]", "true"), ("[when][0][kind]", "")];
    let fields = list(&version(&stage).await, &[("n0", new)]);
    let first = send(&visitor, &to, &fields).await.text;
    for wanted in [
        "Filter 1 is not finished: the numbers leave it out, and the list cannot be saved yet.",
        "Without it: nobody is affected.",
        "No finished filter yet:",
        "(4 people)",
    ] {
        assert!(first.contains(wanted), "{wanted}\n{first}");
    }
    let fields = list(
        &version(&stage).await,
        &[("n0", new), ("n1", new), ("n2", EVERYONE)],
    );
    let more = send(&visitor, &to, &fields).await.text;
    for wanted in [
        "Filter 1 and Filter 2 are not finished: the numbers leave them out",
        "Takes 4 people",
    ] {
        assert!(more.contains(wanted), "{wanted}\n{more}");
    }
    assert!(!more.contains("fall out of scope"), "{more}");
}

#[tokio::test]
async fn a_tenant_that_does_not_answer_is_a_notice_and_the_rest_works() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    visitor.get(&address(&stage)).await;
    let down = || Fault::always(FaultKind::Status(403)).at("GET", "groups");
    stage.graph.controls.fault(down());
    let groups = format!("/companies/{}/groups", stage.company_id);
    let found = visitor.post(&groups, &[("search", "Night")]).await;
    assert_eq!(found.status, 200);
    assert!(
        found.text.contains("Groups cannot be searched now."),
        "{}",
        found.text
    );
    let night: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
        ("[when][0][label]", "Night shift"),
    ];
    let fields = list(&version(&stage).await, &[("n0", night)]);
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert!(
        effect
            .text
            .contains("cannot be read now, so it counts as empty"),
        "{}",
        effect.text
    );
    assert_eq!(send(&visitor, &address(&stage), &fields).await.status, 303);
    stage.graph.controls.clear_faults();
    let found = visitor.post(&groups, &[("search", "Night")]).await;
    assert!(
        found
            .text
            .contains("data-pick=\"2d9b0000-0000-4000-8000-000000000002\"")
    );
}

#[tokio::test]
async fn an_open_filter_offers_what_the_tenant_and_the_psa_really_have() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let open: &[(&str, &str)] = &[
        ("[when][0][kind]", "field"),
        ("[when][0][field]", "department"),
        ("[when][1][kind]", "domain"),
        ("[when][2][kind]", "licence"),
    ];
    let mut fields = list(&version(&stage).await, &[("k0", open)]);
    fields.extend([("act".into(), "edit".into()), ("key".into(), "k0".into())]);
    let part = send(&visitor, &format!("{}/item", address(&stage)), &fields).await;
    for wanted in [
        "<option value=\"IT\">2 people</option>",
        "<option value=\"contoso.example\">4 people</option>",
        "Microsoft 365 Business Premium",
        ">New Site</option>",
        "Default contact type",
    ] {
        assert!(part.text.contains(wanted), "{wanted}\n{}", part.text);
    }
}
