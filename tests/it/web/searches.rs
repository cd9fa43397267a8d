//! What somebody searches for never stands in an address.

use std::path::Path;

use rollcall::model::Role;

use super::people::{people, stage};
use super::visitor::Site;
use crate::stage::user;

#[tokio::test]
async fn an_address_has_the_number_of_a_search_and_only_its_own_session_knows_the_text() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let to = reader
        .search(&format!("{}?sort=state", people(&stage)), " anna ")
        .await;
    assert_eq!(to, format!("{}?sort=state&s=1", people(&stage)));
    let found = reader.get(&to).await.text;
    assert!(
        found.contains("Anna Doe") && !found.contains("Bert Doe"),
        "{found}"
    );
    assert!(found.contains("value=\"anna\""), "the field shows it");
    assert!(
        found.contains("?s=1&amp;state=in_sync"),
        "chips keep it: {found}"
    );
    assert_eq!(
        reader.search(&people(&stage), "anna").await,
        format!("{}?s=1", people(&stage))
    );
    assert_eq!(
        reader.search(&people(&stage), "bert").await,
        format!("{}?s=2", people(&stage))
    );
    assert_eq!(
        reader.search(&people(&stage), "  ").await,
        people(&stage),
        "no search"
    );
    let other = site.signed_in(Role::Technician).await;
    for address in [to.as_str(), &format!("{}?s=x", people(&stage))] {
        let everyone = other.get(address).await.text;
        assert!(everyone.contains("Anna Doe") && everyone.contains("Bert Doe"));
    }
    // The oldest go first.
    for number in 0..30 {
        reader
            .search(&people(&stage), &format!("search {number}"))
            .await;
    }
    let forgotten = reader.get(&to).await.text;
    assert!(forgotten.contains("Bert Doe"));
}

#[tokio::test]
async fn a_search_leads_nowhere_but_to_a_page_of_the_portal() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    for to in [
        "",
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/x?y=z",
        "/x\r\ny",
        "/é",
    ] {
        let answer = reader.post("/search", &[("to", to), ("search", "x")]).await;
        assert_eq!(answer.status, 404, "{to}: {:?}", answer.location);
    }
    let long = "x".repeat(5_000);
    let answer = reader
        .post(
            "/search",
            &[
                ("to", "/"),
                ("search", "a"),
                ("show", &long),
                ("psa", "1&x=<b>"),
            ],
        )
        .await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/?psa=1%26x%3D%3Cb%3E&s=1")
    );
}

/// A form that is sent by GET puts what is typed into the address.
#[test]
fn no_form_with_a_field_to_type_in_is_sent_by_get() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for folder in ["pages", "parts"] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let file = file.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            for form in text.split("<form ").skip(1) {
                let form = form.split("</form>").next().unwrap();
                let typed = form.contains("type=\"search\"") || form.contains("type=\"text\"");
                assert!(
                    !typed || form.contains("method=\"post\""),
                    "{}",
                    file.display()
                );
            }
            let asked = text
                .split("<input ")
                .skip(1)
                .filter_map(|input| input.split('>').next());
            for input in asked {
                assert!(!input.contains("hx-get"), "{}: {input}", file.display());
            }
        }
    }
}
