//! What is said of a file that is right: what changes, what is strange, and what it leaves alone.

use super::stage::Fleet;
use super::world::{GROUP, example};

/// The example's text with its first filter at the end.
fn first_last(text: &str) -> String {
    let (head, filters) = text.split_once("  [[company.filter]]\n").unwrap();
    let (first, rest) = filters.split_once("  [[company.filter]]\n").unwrap();
    format!("{head}  [[company.filter]]\n{rest}  [[company.filter]]\n{first}")
}

#[tokio::test]
async fn the_parts_of_a_filter_that_change_are_told_with_what_was_there() {
    let fleet = Fleet::of_the_example().await;
    let text = example()
        .replace("equals = \"IT\"", "equals = \"ICT\"")
        .replace("\"Technical\"", "\"End User\"")
        .replace("site = \"Site 3\"", "site = \"main\"")
        .replace("  enabled = false ", "  ");
    let rest = "{ not = { upn_domain = \"contractors.example\" } }]";
    assert_eq!(
        fleet.would_change(&text).await,
        [
            format!(
                "Company \"Contoso\": filter 2 when: [{{ field = \"department\", equals = \"IT\" }}, {rest} → \
                 [{{ field = \"department\", equals = \"ICT\" }}, {rest}"
            ),
            "Company \"Contoso\": filter 2 contact_type: Technical → End User".to_owned(),
            "Company \"Contoso\": filter 3 enabled: false → none".to_owned(),
            "Company \"Contoso\": filter 4 site: Site 3 → main".to_owned(),
        ]
    );
    let plan = fleet.apply(&text).await.unwrap().0;
    let json = serde_json::to_value(plan.report(false)).unwrap();
    assert_eq!(json["changes"][1]["field"], "filter 2 contact_type");
    assert_eq!(json["changes"][1]["from"], "Technical");
    assert_eq!(json["changes"][1]["to"], "End User");
    assert_eq!(fleet.changes(&text).await, Vec::<String>::new());
    // A site of the same name in another case is the same one.
    let case = text.replace("site = \"main\"", "site = \"MAIN\"");
    assert_eq!(fleet.would_change(&case).await, Vec::<String>::new());
}

#[tokio::test]
async fn filters_that_are_new_gone_renamed_or_moved_are_told() {
    let fleet = Fleet::of_the_example().await;
    let moved = first_last(&example());
    assert_eq!(
        fleet.would_change(&moved).await,
        [
            "Company \"Contoso\": order of filters: Management, Filter 2, Filter 3, Filter 4 → \
             Filter 2, Filter 3, Filter 4, Management"
        ]
    );
    let more =
        example() + "  [[company.filter]]\n  name = \"Rest\"\n  when = [{ licensed = true }]\n";
    assert_eq!(
        fleet.would_change(&more).await,
        ["Company \"Contoso\": filter \"Rest\": added: when [{ licensed = true }]"]
    );
    let (head, last) = example().rsplit_once("  [[company.filter]]").map_or_else(
        || unreachable!("the example has filters"),
        |(head, last)| (head.to_owned(), last.to_owned()),
    );
    assert!(last.contains("Site 3"));
    assert_eq!(
        fleet.would_change(&head).await,
        ["Company \"Contoso\": filter 4: removed: when [{ licensed = true }], site Site 3"]
    );
    let renamed = example().replace("  name = \"Management\"\n", "");
    assert_eq!(
        fleet.would_change(&renamed).await,
        ["Company \"Contoso\": filter 1 name: Management → none"]
    );
    let renamed = example().replace("name = \"Management\"", "name = \"Leadership\"");
    assert_eq!(
        fleet.would_change(&renamed).await,
        ["Company \"Contoso\": filter \"Leadership\" name: Management → Leadership"]
    );
    let nested = moved.replace("New Site\"\n  contact_type", "Main\"\n  contact_type");
    assert_eq!(fleet.would_change(&nested).await.len(), 2);
}

#[tokio::test]
async fn entries_of_lists_that_come_and_go_are_told() {
    let fleet = Fleet::of_the_example().await;
    let text = example()
        .replace("ceo@contoso.example", "cfo@contoso.example")
        .replace("\"FLOW_FREE\", ", "");
    let plan = fleet.check(&text).await.unwrap();
    let told: Vec<_> = (plan.changes.iter())
        .map(|change| {
            (
                change.from.as_deref(),
                change.to.as_deref(),
                change.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                Some("FLOW_FREE"),
                None,
                "ignored_licences: removed: FLOW_FREE"
            ),
            (
                Some("ceo@contoso.example"),
                None,
                "Company \"Contoso\": ignore: removed: ceo@contoso.example"
            ),
            (
                None,
                Some("cfo@contoso.example"),
                "Company \"Contoso\": ignore: added: cfo@contoso.example"
            ),
        ]
    );
}

#[tokio::test]
async fn two_filters_of_one_company_with_one_name_are_a_mistake() {
    let fleet = Fleet::empty().await;
    let text = example()
        + "  [[company.filter]]\n  name = \"MANAGEMENT\"\n  when = [{ licence = \"SPB\" }]\n";
    let told = fleet.mistakes(&text).await;
    assert_eq!(
        told,
        [
            "line 61, column 10: another filter of this company is called \"Management\" already, in line 43"
        ]
    );
}

#[tokio::test]
async fn what_the_file_leaves_alone_is_noted_only_where_there_is_something() {
    let fleet = Fleet::of_the_example().await;
    let plan = fleet.check(&example()).await.unwrap();
    assert_eq!(plan.notes, Vec::<String>::new());
    let other = "[[company]]\nname = \"Fabrikam\"\npsa = \"Second PSA\"\npsa_company_id = 7\n";
    let plan = fleet.check(other).await.unwrap();
    assert_eq!(
        plan.text(false),
        "Would change:\n  Company \"Fabrikam\": created\n\
         Note: in the database but not in this file, left alone: PSA \"Main PSA\", \"Second PSA\"\n\
         Note: in the database but not in this file, left alone: companies \"Contoso\"\n"
    );
    assert_eq!(plan.warnings, Vec::<String>::new());
    let json = serde_json::to_value(plan.report(false)).unwrap();
    assert_eq!(json["notes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_end_date_that_is_over_is_a_warning_as_long_as_it_stands_in_the_file() {
    let fleet = Fleet::of_the_example().await;
    let text = example().replace("2027-03-31", "2026-01-30");
    for _ in 0..2 {
        let plan = fleet.apply(&text).await.unwrap().0;
        assert_eq!(
            plan.warnings,
            [
                "line 39, column 13: the secret or certificate of \"Contoso\" ended on 2026-01-30: make a new one"
            ]
        );
    }
    let today = example().replace("2027-03-31", "2026-01-31");
    assert_eq!(fleet.check(&today).await.unwrap().warnings.len(), 0);
}

#[tokio::test]
async fn a_filter_that_can_never_take_anybody_is_a_warning_that_names_both() {
    let fleet = Fleet::of_the_example().await;
    let everybody = "[{ licensed = true }]";
    let text = example().replace(&format!("[{{ group = \"{GROUP}\" }}]"), everybody);
    let plan = fleet.check(&text).await.unwrap();
    assert_eq!(
        plan.warnings,
        [
            "line 47, column 3: filter 2 of \"Contoso\" can never take anybody: filter \"Management\" before it takes all licensed users",
            "line 57, column 3: filter 4 of \"Contoso\" can never take anybody: filter \"Management\" before it takes all licensed users",
        ]
    );
    let off = text.replace(
        "name = \"Management\"",
        "name = \"Management\"\n  enabled = false",
    );
    assert_eq!(fleet.check(&off).await.unwrap().warnings.len(), 0);
    let negated = text.replacen(everybody, "[{ not = { licensed = true } }]", 1);
    assert_eq!(fleet.check(&negated).await.unwrap().warnings.len(), 0);
}

#[tokio::test]
async fn for_an_unknown_licence_the_near_one_is_suggested() {
    let fleet = Fleet::empty().await;
    let plan = fleet
        .check(&example().replace("\"SPB\"", "\"SBP\""))
        .await
        .unwrap();
    assert_eq!(
        plan.warnings,
        [
            "line 53, column 23: the tenant of \"Contoso\" does not have the licence SBP, so the condition holds for nobody: did you mean \"SPB\"?"
        ]
    );
}

#[tokio::test]
async fn an_export_has_what_was_made_first_first_and_no_needless_blank_line() {
    let fleet = Fleet::empty().await;
    let text = "[[psa]]\nname = \"Z\"\nkind = \"autotask\"\nusername = \"u\"\n\
                secret = { env = \"AT_SECRET\" }\nintegration_code = { env = \"AT_CODE\" }\n\
                [[company]]\nname = \"Y\"\npsa = \"Z\"\npsa_company_id = 2\n\
                [[company]]\nname = \"B\"\npsa = \"Z\"\npsa_company_id = 1\n";
    fleet.apply(text).await.unwrap();
    let more = text.replace("\"Z\"", "\"A\"");
    let more = more.split("[[company]]").next().unwrap();
    fleet.apply(more).await.unwrap();
    let printed = fleet.export().await;
    assert!(!printed.contains("\n\n\n"), "{printed}");
    let names: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("name = "))
        .collect();
    assert_eq!(
        names,
        [
            "name = \"Z\"",
            "name = \"A\"",
            "name = \"Y\"",
            "name = \"B\""
        ]
    );
    assert_eq!(fleet.changes(&printed).await, Vec::<String>::new());
}
