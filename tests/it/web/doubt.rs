//! A tenant that may be another customer's is doubted for as long as it is connected, wherever that matters.

use rollcall::model::Role;

use super::connection::{page_of, stage};
use super::visitor::Site;

#[tokio::test]
async fn a_tenant_that_another_company_has_too_is_doubted_on_every_page_that_matters() {
    let stage = stage().await;
    let other = stage.add_company(1, stage.psa_id).await;
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let company = format!("/companies/{}", stage.company_id);
    let turn_on = format!("{company}/contact-sync/turn-on");
    for path in [&page_of(&stage), &company, &turn_on] {
        for _ in 0..2 {
            let page = visitor.get(path).await.text;
            assert!(page.contains("Is this the right tenant?"), "{path}: {page}");
            let to = format!("/companies/{}/connection", other.id);
            assert!(page.contains(&to), "{path}: {page}");
        }
    }
}

#[tokio::test]
async fn a_tenant_that_calls_itself_otherwise_is_doubted_until_the_names_fit() {
    let stage = stage().await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let doubted = async || {
        let page = visitor.get(&page_of(&stage)).await.text;
        page.contains("Is this the right tenant?")
    };
    assert!(!doubted().await, "it is called as the company is");
    stage.set(|company| company.name = "Fabrikam".into()).await;
    assert!(doubted().await);
    let page = visitor.get(&page_of(&stage)).await.text;
    assert!(
        page.contains("It calls itself “<bdi>Contoso</bdi>”"),
        "{page}"
    );
    assert!(!page.contains("/disconnect"), "a reader only looks");
    stage
        .set(|company| company.name = "The Contoso Group".into())
        .await;
    assert!(!doubted().await);
}
