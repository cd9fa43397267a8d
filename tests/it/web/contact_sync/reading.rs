//! The options of a company for who may only read them.

use super::*;

#[tokio::test]
async fn a_reader_reads_the_options_as_facts_and_finds_no_field() {
    let stage = stage().await;
    let site = stage.psa.site("New Site");
    stage
        .set(|company| {
            company.default_site = Some(site);
            company.schedule = Some("02:30".into());
            (company.guard.floor, company.guard.percent) = (7, 11);
        })
        .await;
    stage.users([user("Jane Doe")]);
    stage.sync().await;
    let portal = Site::start(&stage.app);
    let page_of = async |role| portal.signed_in(role).await.get(&page(&stage)).await.text;
    let text = page_of(Role::Reader).await;
    for said in [
        "New Site",
        "02:30",
        "more than 7 and more than 11 percent",
        "waits for a technician",
        "See the filters",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let content = text.split("id=\"content\"").nth(1).unwrap();
    for part in [
        "<input type=\"text\"",
        "<select",
        "<fieldset",
        "checkbox",
        "for you",
        ">Save<",
    ] {
        assert!(!content.contains(part), "{part}: {content}");
    }
    let text = page_of(Role::Technician).await;
    assert!(
        text.contains("waits for you") && text.contains("<fieldset"),
        "{text}"
    );
}
