//! The place of a company in its PSA: another one, and one that another company has.

use super::*;

#[tokio::test]
async fn another_place_in_the_psa_says_first_how_many_links_retire() {
    let stage = stage().await;
    stage.psa.add_company(300, "Fabrikam");
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = format!("{}/psa", page_of(&stage));
    let list = visitor.get(&path).await;
    let psa = stage.psa_id.to_string();
    assert!(list.text.contains("Fabrikam"), "{}", list.text);
    let chosen = format!("{path}?psa={psa}&chosen=300");
    let page = visitor.get(&chosen).await;
    assert!(
        page.text.contains("The link of 1 person retires"),
        "{}",
        page.text
    );
    let version = hidden(&page.text, "version");
    let mut fields = vec![
        ("version", version.as_str()),
        ("psa", &psa),
        ("psa_company_id", "300"),
    ];
    let answer = send(&visitor, &chosen, &path, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("Tick here"), "{}", answer.text);
    fields.push(("confirm", "true"));
    let mut old = fields.clone();
    old[0].1 = "99";
    let answer = send(&visitor, &chosen, &path, &old).await;
    assert!(
        answer
            .text
            .contains("Somebody changed this company meanwhile"),
        "{}",
        answer.text
    );
    let answer = send(&visitor, &chosen, &path, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(stage.company().await.psa_company_id.as_str(), "300");
    assert_eq!(stage.links().await.len(), 0);
    let page = visitor.get(&page_of(&stage)).await;
    assert!(page.text.contains("1 link was retired"), "{}", page.text);
}

#[tokio::test]
async fn a_place_that_another_company_has_names_it() {
    let stage = stage().await;
    stage.psa.add_company(300, "Fabrikam");
    stage.add_bare_company("Fabrikam of Rollcall", "300").await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let path = format!("{}/psa", page_of(&stage));
    let psa = stage.psa_id.to_string();
    let version = hidden(
        &visitor.get(&format!("{path}?chosen=300")).await.text,
        "version",
    );
    let fields = [
        ("version", version.as_str()),
        ("psa", &psa),
        ("psa_company_id", "300"),
    ];
    let answer = send(&visitor, &path, &path, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("is Fabrikam of Rollcall in Rollcall already"),
        "{}",
        answer.text
    );
}
