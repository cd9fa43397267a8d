//! PSA connections: drawn from the vendor's fields, tested before they are saved, secrets never shown.

use rollcall::connections::remove_company;
use rollcall::db::{facts, psa_connections, settings};
use rollcall::model::{PsaConnection, Role};
use rollcall::psa::VENDORS;
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::scene::BUDGET;

use super::visitor::{Answer, Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

const OF: [Vendor; 2] = [Vendor::ConnectWise, Vendor::Autotask];

async fn on(vendor: Vendor) -> (Stage, Site, Visitor) {
    let stage = Stage::new(vendor, Store::Sqlite).await;
    stage
        .write(|conn| settings::allow_private_psa_addresses(conn, true))
        .await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    (stage, site, admin)
}

async fn stored(stage: &Stage) -> (PsaConnection, i64) {
    let id = stage.psa_id;
    let found = stage
        .read(move |conn| {
            Ok(psa_connections::get(conn, id)?.zip(psa_connections::version(conn, id)?))
        })
        .await;
    found.unwrap()
}

/// The form of the stage's connection as it stands, with these changes.
async fn send(stage: &Stage, admin: &Visitor, act: &str, changes: &[(&str, &str)]) -> Answer {
    let (connection, version) = stored(stage).await;
    let mut form = vec![
        ("act".to_owned(), act.to_owned()),
        ("kind".to_owned(), connection.kind),
        ("name".to_owned(), connection.name),
        ("version".to_owned(), version.to_string()),
    ];
    for (key, value) in connection.fields {
        form.push((format!("fields[{key}]"), value));
    }
    for (key, value) in changes {
        form.retain(|(known, _)| known != key);
        form.push(((*key).to_owned(), (*value).to_owned()));
    }
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    admin
        .post(&format!("/settings/psa/{}", stage.psa_id), &form)
        .await
}

#[tokio::test]
async fn a_new_connection_is_added_with_the_fields_of_its_vendor() {
    for vendor in OF {
        let (stage, _site, admin) = on(vendor).await;
        let choose = admin.get("/settings/psa/new").await;
        let (connection, secrets) = stage.psa.connection();
        for vendor in VENDORS {
            assert!(choose.text.contains(&format!("new?kind={}", vendor.id)));
        }
        let page = admin
            .get(&format!("/settings/psa/new?kind={}", connection.kind))
            .await;
        let fields = rollcall::psa::vendor(&connection.kind).unwrap().fields;
        for field in fields {
            assert!(
                page.text.contains(&format!("id=\"{}\"", field.key)),
                "{}",
                field.key
            );
        }
        let mut form = vec![
            ("act".to_owned(), "save".to_owned()),
            ("kind".to_owned(), connection.kind.clone()),
            ("name".to_owned(), "Second PSA".to_owned()),
        ];
        for (key, value) in &connection.fields {
            form.push((format!("fields[{key}]"), value.clone()));
        }
        let without: Vec<(&str, &str)> =
            form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let refused = admin.post("/settings/psa/new", &without).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("must not be empty."));
        for (key, value) in &secrets {
            form.push((format!("secrets[{key}]"), value.clone()));
        }
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let saved = admin.post("/settings/psa/new", &form).await;
        assert_eq!(
            saved.location.as_deref(),
            Some("/settings/psa"),
            "{}",
            saved.text
        );
        let list = admin.get("/settings/psa").await;
        assert!(list.text.contains("Second PSA is saved."));
        assert!(list.text.contains("Contoso") && list.text.contains("Not used"));
    }
}

#[tokio::test]
async fn a_test_says_what_was_read_and_shows_no_secret() {
    for vendor in OF {
        let (stage, _site, admin) = on(vendor).await;
        let answer = send(&stage, &admin, "test", &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("The PSA answered"));
        if vendor == Vendor::ConnectWise {
            assert!(answer.text.contains("2 contact types were read."));
            assert!(answer.text.contains(">Technical</option>"));
        } else {
            assert!(
                answer.text.contains(" left for Rollcall."),
                "{}",
                answer.text
            );
        }
        for (key, secret) in stage.psa.connection().1 {
            assert!(!answer.text.contains(&format!("\"{secret}\"")), "{key}");
        }
        assert!(answer.text.contains("leave a key empty to keep it"));
        assert_eq!(stored(&stage).await.1, 1, "a test saves nothing");
    }
}

#[tokio::test]
async fn a_failed_test_says_why_marks_no_key_of_several_and_can_be_overridden() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    let wrong = [("secrets[private_key]", "wrong")];
    let answer = send(&stage, &admin, "save", &wrong).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("The test failed, and nothing was saved."),
        "{}",
        answer.text
    );
    assert!(
        !answer.text.contains("class=\"mistake\""),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("Save anyway"));
    assert!(!answer.text.contains("\"wrong\""));
    assert_eq!(stored(&stage).await.1, 1);
    let answer = send(&stage, &admin, "anyway", &wrong).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(stored(&stage).await.1, 2);
}

#[tokio::test]
async fn a_contact_type_and_phone_types_are_chosen_from_what_was_read() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    let tested = send(
        &stage,
        &admin,
        "test",
        &[("fields[phone_type]", "Nonsense")],
    )
    .await;
    assert!(
        tested
            .text
            .contains("The PSA has no type called Nonsense: choose another.")
    );
    assert!(
        tested.text.contains("<option>Fax</option>")
            || tested.text.contains("<option selected>Nonsense")
    );
    let at = tested.text.find(">Technical</option>").unwrap();
    let value = tested.text[..at].rsplit("value=\"").next().unwrap();
    let value = value.split('"').next().unwrap().to_owned();
    let saved = send(&stage, &admin, "save", &[("contact_type", &value)]).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let (connection, _) = stored(&stage).await;
    assert_eq!(connection.default_contact_type.unwrap().name, "Technical");
}

#[tokio::test]
async fn a_private_or_plain_address_is_refused_before_anything_is_sent_there() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    stage
        .write(|conn| settings::allow_private_psa_addresses(conn, false))
        .await;
    let before = stage.psa.controls().requests();
    for (address, said) in [
        ("http://api-na.myconnectwise.net", "Give an address such as"),
        (
            "https://127.0.0.1:9",
            "This address is not on the public internet",
        ),
        (
            "https://169.254.169.254",
            "This address is not on the public internet",
        ),
        (
            "https://psa.localhost",
            "This address is not on the public internet",
        ),
    ] {
        for act in ["test", "save", "anyway"] {
            let answer = send(&stage, &admin, act, &[("fields[url]", address)]).await;
            assert_eq!(answer.status, 422, "{address} {act}");
            assert!(answer.text.contains(said), "{address} {act}");
        }
    }
    assert_eq!(stage.psa.controls().requests(), before);
    assert_eq!(stored(&stage).await.1, 1);
}

#[tokio::test]
async fn a_stale_save_keeps_what_was_typed_and_can_be_sent_again() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    stage
        .set_connection(|connection| connection.name = "Theirs".into())
        .await;
    let outdated = send(
        &stage,
        &admin,
        "save",
        &[("name", "Mine"), ("version", "1")],
    )
    .await;
    assert_eq!(outdated.status, 422);
    assert!(
        outdated
            .text
            .contains("Somebody changed this connection meanwhile.")
    );
    assert!(outdated.text.contains("value=\"Mine\"") && outdated.text.contains("Theirs"));
    assert!(outdated.text.contains("name=\"version\" value=\"2\""));
    let saved = send(
        &stage,
        &admin,
        "save",
        &[("name", "Mine"), ("version", "2")],
    )
    .await;
    assert_eq!(saved.status, 303);
    assert_eq!(stored(&stage).await.0.name, "Mine");
}

#[tokio::test]
async fn a_stale_save_and_a_stale_removal_say_who_changed_the_connection() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    let theirs = send(&stage, &admin, "save", &[("name", "Theirs")]).await;
    assert_eq!(theirs.status, 303, "{}", theirs.text);
    let mine = [("name", "Mine"), ("version", "1")];
    let refused = send(&stage, &admin, "save", &mine).await;
    let who = "You changed this connection in another window";
    assert!(refused.text.contains(who), "{}", refused.text);
    remove_company(&stage.app, stage.company_id, stage.version().await, "Ann")
        .await
        .unwrap();
    let path = format!("/settings/psa/{}/remove", stage.psa_id);
    admin.post(&path, &[("version", "1")]).await;
    assert!(admin.get(&path).await.text.contains(who));
}

#[tokio::test]
async fn stored_keys_are_sent_to_no_other_address_and_to_no_other_account() {
    for (vendor, field) in [
        (Vendor::ConnectWise, "fields[url]"),
        (Vendor::ConnectWise, "fields[company_id]"),
        (Vendor::Autotask, "fields[username]"),
    ] {
        let (stage, _site, admin) = on(vendor).await;
        let before = stage.psa.controls().requests();
        for act in ["test", "save", "anyway"] {
            let elsewhere = [(field, "https://127.0.0.1:9")];
            let answer = send(&stage, &admin, act, &elsewhere).await;
            assert_eq!(answer.status, 422, "{field} {act}");
            let said = "type it again, because the connection leads elsewhere now";
            assert!(answer.text.contains(said), "{field} {act}: {}", answer.text);
        }
        assert_eq!(stage.psa.controls().requests(), before);
        assert_eq!(stored(&stage).await.1, 1);
    }
}

#[tokio::test]
async fn a_script_gets_its_answer_into_the_open_page() {
    let (stage, _site, admin) = on(Vendor::Autotask).await;
    stage
        .psa
        .controls()
        .fault(Fault::always(FaultKind::Status(401)));
    let (connection, _) = stored(&stage).await;
    let token = admin.token().await;
    let path = format!("/settings/psa/{}", stage.psa_id);
    let mut form = vec![
        ("csrf", token.as_str()),
        ("act", "save"),
        ("name", "Main PSA"),
        ("version", "1"),
        ("fields[username]", connection.fields["username"].as_str()),
    ];
    let answer = admin.post_as(&path, &form, ("hx-request", "true")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("The test failed"));
    form[1] = ("act", "anyway");
    let answer = admin.post_as(&path, &form, ("hx-request", "true")).await;
    assert_eq!(
        answer.headers["hx-redirect"], "/settings/psa",
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_connection_that_is_used_leads_to_its_companies_and_tells_once_that_keys_stay() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    let page = admin
        .get(&format!("/settings/psa/{}", stage.psa_id))
        .await
        .text;
    let company = format!("href=\"/companies/{}\"", stage.company_id);
    assert!(page.contains(&company), "{page}");
    assert!(!page.contains("Remove this connection"), "{page}");
    assert_eq!(
        page.matches("a stored key is sent to no other place")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_connection_is_removed_once_no_company_uses_it() {
    let (stage, _site, admin) = on(Vendor::ConnectWise).await;
    let path = format!("/settings/psa/{}/remove", stage.psa_id);
    let page = admin.get(&path).await;
    assert!(
        page.text
            .contains("cannot be removed while companies use it")
    );
    assert!(page.text.contains("Contoso"));
    let refused = admin.post(&path, &[("version", "1")]).await;
    assert_eq!(refused.status, 422);
    remove_company(&stage.app, stage.company_id, stage.version().await, "Ann")
        .await
        .unwrap();
    assert!(admin.get(&path).await.text.contains("What stays"));
    let outdated = admin.post(&path, &[("version", "7")]).await;
    assert_eq!(outdated.location.as_deref(), Some(path.as_str()));
    let gone = admin.post(&path, &[("version", "1")]).await;
    assert_eq!(gone.location.as_deref(), Some("/settings/psa"));
    assert!(
        admin
            .get("/settings/psa")
            .await
            .text
            .contains("No PSA is connected yet")
    );
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(
        admin
            .get(&format!("/settings/psa/{}", stage.psa_id))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_is_left_of_the_hourly_budget_is_told_as_long_as_it_holds() {
    let (stage, _site, admin) = on(Vendor::Autotask).await;
    let (psa, now) = (stage.psa_id, stage.clock.now());
    let budget = serde_json::json!({"allowed": 10_000, "used": 2_300});
    stage
        .write(move |conn| facts::put(conn, &facts::psa_scope(psa), BUDGET, &budget, now))
        .await;
    let list = admin.get("/settings/psa").await.text;
    let fresh = "2,300 of 10,000 requests used this hour, 6,500 left for Rollcall, read just now";
    assert!(list.contains(fresh), "{list}");
    stage.clock.advance(std::time::Duration::from_mins(61));
    let list = admin.get("/settings/psa").await.text;
    let old = "2,300 of 10,000 requests were used in an hour, read 1 hour ago";
    assert!(list.contains(old), "{list}");
    assert!(!list.contains("this hour"), "{list}");
}
