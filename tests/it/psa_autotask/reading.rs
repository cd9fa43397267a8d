//! Reading companies, locations and contacts: all of it, or an error.

use std::time::Duration;

use rollcall::http::Kind;
use rollcall::model::{Contact, PsaCompanyId};
use rollcall::simulator::autotask::{CompanyData, ContactData, LocationData, Switches};
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::{COMPANY, company, vocabulary, world};

#[tokio::test]
async fn every_contact_is_read_page_by_page_in_both_forms_of_a_blank() {
    let world = world().await;
    for number in 0..7 {
        world.add(&format!("P{number}"), None);
    }
    world
        .cloud
        .add_contact(&ContactData::named(0, "Own", "Company"));
    for (blank, lean) in [(false, false), (true, false), (false, true)] {
        world.cloud.switches(|switches| {
            switches.page_cap = 3;
            switches.blank_text_is_empty = blank;
            switches.rows_are_lean = lean;
        });
        world.running.controls.clear_log();
        let contacts = world.contacts().await.unwrap();
        assert_eq!(contacts.len(), 7);
        assert!(contacts.iter().all(|contact| contact.active));
        let blank = |contact: &Contact| contact.email.is_none() && contact.title.is_none();
        assert!(contacts.iter().all(blank));
        let log = world.running.controls.log();
        let pages = log
            .iter()
            .filter(|entry| entry.target.contains("Contacts/"));
        let pages: Vec<_> = pages.collect();
        assert_eq!(pages.len(), 3);
        assert!(
            pages
                .iter()
                .all(|page| page.method == "POST" && page.body == pages[0].body)
        );
    }
    assert_eq!(world.running.controls.writes(), 0);
}

#[tokio::test]
async fn a_contact_is_read_with_all_that_rollcall_looks_at() {
    let world = world().await;
    let id = world.cloud.add_contact(&ContactData {
        title: Some("Lead".into()),
        email_address: Some("jane@contoso.example".into()),
        email_address3: Some("j@contoso.example".into()),
        phone: Some("1".into()),
        mobile_phone: Some("2".into()),
        company_location_id: Some(9),
        primary_contact: true,
        is_active: 0,
        ..ContactData::named(COMPANY, "Jane", "Doe")
    });
    let contact = world.contact(id).await;
    assert!(!contact.active && contact.main);
    assert_eq!(contact.title.as_deref(), Some("Lead"));
    assert_eq!(contact.email.as_deref(), Some("jane@contoso.example"));
    assert_eq!(contact.other_emails, ["j@contoso.example"]);
    let phones = (contact.phone.as_deref(), contact.mobile.as_deref());
    assert_eq!(phones, (Some("1"), Some("2")));
    assert_eq!(contact.site.unwrap().as_str(), "9");
}

#[tokio::test]
async fn a_page_that_fails_midway_is_an_error() {
    let world = world().await;
    world.cloud.switches(|switches| switches.page_cap = 2);
    for number in 0..6 {
        world.add(&format!("P{number}"), None);
    }
    let fault = Fault::always(FaultKind::Status(503)).at("POST", "query/next");
    world.running.controls.fault(fault.after(1));
    let error = world.contacts().await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Unavailable, Some(503)));
    assert!(world.waited() > Duration::from_secs(10));
    world.running.controls.clear_faults();
    let once = Fault::once(FaultKind::Half).at("POST", "query/next");
    world.running.controls.fault(once);
    assert_eq!(world.contacts().await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_next_page_elsewhere_or_again_is_not_followed() {
    let world = world().await;
    let zone = format!("{}/zone14/atservicesrest/v1.0/", world.running.url);
    let elsewhere = world.running.url.replace("127.0.0.1", "localhost");
    let page = |next: &str, id: i64| {
        let row = json!({ "id": id, "isActive": 1 });
        json!({ "items": [row], "pageDetails": { "nextPageUrl": next } }).to_string()
    };
    for next in [
        "https://evil.example/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1".to_owned(),
        format!("{elsewhere}/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1"),
        format!(
            "{}/zone15/atservicesrest/v1.0/Contacts/query/next",
            world.running.url
        ),
        "/zone14/atservicesrest/v1.0/Contacts/query/next".to_owned(),
    ] {
        world.answers("Contacts/query", 200, &page(&next, 1));
        let before = world.running.controls.requests();
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Incomplete, "{next}");
        let sent = world.running.controls.log();
        let new = &sent[before..];
        assert!(new.iter().all(|entry| !entry.target.contains("next")));
    }
    let again = format!("{zone}Contacts/query/next?paging=1");
    for id in [1, 2] {
        world.answers("Contacts/query", 200, &page(&again, id));
    }
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Incomplete);
    let empty = json!({ "items": [], "pageDetails": { "nextPageUrl": again } });
    world.answers("Contacts/query", 200, &empty.to_string());
    let error = world.contacts().await.unwrap_err();
    assert_eq!(
        error.kind,
        Kind::Incomplete,
        "a page without rows is no end"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_documented_is_no_empty_list() {
    let world = world().await;
    for body in [
        "<html>sign in</html>",
        "[]",
        "{}",
        r#"{"items":[]}"#,
        r#"{"items":null,"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"isActive":1}],"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"id":1}],"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"id":1,"isActive":1,"companyID":9}],"pageDetails":{"nextPageUrl":null}}"#,
    ] {
        world.answers("Contacts/query", 200, body);
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{body}");
    }
    assert!(world.contacts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_company_that_is_gone_is_none_in_either_form() {
    let world = world().await;
    for missing_is_404 in [false, true] {
        let set = |switches: &mut Switches| {
            switches.missing_is_404 = missing_is_404;
        };
        world.cloud.switches(set);
        let found = world.psa.company(&company()).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.active), ("Contoso", true));
        let own = world.psa.company(&PsaCompanyId::new("0")).await.unwrap();
        assert_eq!(own.unwrap().name, "Example MSP");
        for gone in ["999", "Contoso"] {
            let gone = world.psa.company(&PsaCompanyId::new(gone)).await;
            assert!(gone.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn companies_are_searched_by_a_part_of_their_name() {
    let world = world().await;
    for number in 0..60 {
        world.cloud.add_company(&CompanyData {
            company_name: format!("Fabrikam {number}"),
            is_active: number % 2 == 0,
            ..CompanyData::default()
        });
    }
    let found = world.psa.companies(" contoso ").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, company());
    assert_eq!(world.psa.companies("brik").await.unwrap().len(), 50);
    assert_eq!(world.psa.companies("").await.unwrap().len(), 50);
    assert!(world.psa.companies("nobody").await.unwrap().is_empty());
}

#[tokio::test]
async fn locations_are_read_with_the_inactive_ones() {
    let world = world().await;
    for (name, is_active) in [("Main", true), ("Old", false)] {
        world.cloud.add_location(&LocationData {
            company_id: COMPANY,
            name: name.into(),
            is_active,
            ..LocationData::default()
        });
    }
    let sites = world.psa.sites(&company()).await.unwrap();
    let sites: Vec<_> = sites
        .iter()
        .map(|site| (site.name.as_str(), site.active))
        .collect();
    assert_eq!(sites, [("Main", true), ("Old", false)]);
    assert_eq!(world.psa.contact_types().await.unwrap(), None);
    assert!(world.psa.phone_types().await.unwrap().is_empty());
    assert!(world.psa.missing_phone_types(&vocabulary()).is_empty());
}

#[tokio::test]
async fn field_lengths_are_those_of_the_database() {
    let world = world().await;
    for length in [20, 50] {
        world
            .cloud
            .switches(|switches| switches.name_length = length);
        let limits = world.psa.limits().await.unwrap();
        assert_eq!((limits.first_name, limits.last_name), (length, length));
        assert_eq!((limits.title, limits.phone, limits.mobile), (50, 25, 25));
        assert_eq!(limits.email, 254);
        assert!(limits.last_name_required);
    }
}
