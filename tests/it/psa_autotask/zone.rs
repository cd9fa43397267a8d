//! Finding the zone, following a move, and what is told apart from one.

use std::collections::BTreeMap;

use rollcall::http::Kind;
use rollcall::model::ContactId;
use rollcall::psa::Connection;
use rollcall::psa::autotask::VENDOR;
use rollcall::simulator::autotask::Unauthorized;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{COMPANY, company, connect, connection, vocabulary, world};

#[tokio::test]
async fn the_zone_is_looked_up_once_remembered_and_forgotten() {
    let world = world().await;
    assert_eq!(world.psa.address(), None);
    let at_once = tokio::join!(world.contacts(), world.contacts(), world.psa.limits());
    assert!(at_once.0.is_ok() && at_once.1.is_ok() && at_once.2.is_ok());
    assert_eq!(world.look_ups(), 1);
    let address = world.psa.address().unwrap();
    let url = &world.running.url;
    let wanted = json!({
        "url": format!("{url}/zone14/atservicesrest/"), "web_url": format!("{url}/zone14/"),
    });
    assert_eq!(address, wanted);

    let later = connect(Connection {
        remembered: Some(address.clone()),
        ..connection(&world.running, &world.clock)
    });
    assert!(later.company(&company()).await.unwrap().is_some());
    assert_eq!(world.look_ups(), 1);
    later.forget_address();
    assert_eq!(later.address(), None);
    assert!(later.company(&company()).await.unwrap().is_some());
    assert_eq!((world.look_ups(), later.address()), (2, Some(address)));
}

#[tokio::test]
async fn a_database_that_moved_is_found_again_by_one_look_up() {
    let world = world().await;
    for unauthorized in [
        Unauthorized::Empty,
        Unauthorized::Errors,
        Unauthorized::Message,
        Unauthorized::Html,
    ] {
        world
            .cloud
            .switches(|switches| switches.unauthorized = unauthorized);
        world.cloud.move_zone("zone14");
        world.psa.forget_address();
        world.contacts().await.unwrap();
        world.cloud.move_zone("zone15");
        let before = world.look_ups();
        let create = world.create();
        let all = tokio::join!(world.contacts(), world.psa.send(&create), world.contacts());
        assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
        assert_eq!(world.look_ups(), before + 1, "{unauthorized:?}");
        let address = world.psa.address().unwrap().to_string();
        assert!(address.contains("zone15"));
    }
    assert_eq!(world.cloud.contacts(COMPANY).len(), 4);
}

#[tokio::test]
async fn a_database_that_moves_between_two_pages_leaves_no_half_reading() {
    let world = world().await;
    world.cloud.switches(|switches| switches.page_cap = 1);
    world.add("A", None);
    world.add("B", None);
    world.contacts().await.unwrap();
    let elsewhere = Fault::once(FaultKind::Answer {
        status: 401,
        body: String::new(),
    });
    world.running.controls.fault(elsewhere.at("POST", "next"));
    // It has not moved: it is the credentials.
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Credentials);
    let url = &world.running.url;
    let next = format!("{url}/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1");
    let row = json!({ "id": 1, "isActive": 1 });
    let page = json!({ "items": [row], "pageDetails": { "nextPageUrl": next } });
    world.answers("Contacts/query", 200, &page.to_string());
    world.cloud.move_zone("zone15");
    let error = world.contacts().await.unwrap_err();
    assert_eq!(error.kind, Kind::Incomplete);
    assert!(error.detail.contains("moved"));
    assert_eq!(world.contacts().await.unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_a_move() {
    let world = world().await;
    world.contacts().await.unwrap();
    world.cloud.set_secret("another");
    let before = world.running.controls.requests();
    let error = world.contacts().await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(401)));
    // The refused request and one look-up; nothing is tried again.
    assert_eq!(world.running.controls.requests(), before + 2);

    let mut unknown = connection(&world.running, &world.clock);
    unknown
        .fields
        .insert("username".into(), "nobody@msp.example".into());
    let error = connect(unknown).contacts(&company(), &vocabulary()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(500)));
    assert!(error.advice().contains("user name"));

    let mut code = connection(&world.running, &world.clock);
    code.secrets
        .insert("secret".into(), "another".to_owned().into());
    code.secrets
        .insert("integration_code".into(), "WRONG".to_owned().into());
    let error = connect(code).contacts(&company(), &vocabulary()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(500)));
    assert!(error.advice().contains("integration code"));
    assert!(error.kind.stops_the_run());
}

#[tokio::test]
async fn a_zone_at_an_unsafe_address_gets_no_secret() {
    let world = world().await;
    for url in [
        "http://at.example/atservicesrest/",
        "ftp://127.0.0.1/",
        "https://user:word@at.example/",
        "nonsense",
    ] {
        let body = json!({ "zoneName": "x", "url": url, "webUrl": "https://at.example/" });
        world.running.controls.fault(Fault::once(FaultKind::Answer {
            status: 200,
            body: body.to_string(),
        }));
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{url}");
        assert_eq!(world.psa.address(), None);
    }
    let refused = |change: fn(&mut Connection)| {
        let mut connection = connection(&world.running, &world.clock);
        change(&mut connection);
        (VENDOR.connect)(connection).err().unwrap()
    };
    refused(|connection| connection.lookup_url = Some("http://at.example".into()));
    let missing = refused(|connection| connection.fields.clear());
    assert!(missing.contains("username"));
    let missing = refused(|connection| drop(connection.secrets.remove("secret")));
    assert!(missing.contains("secret"));
    let odd = refused(|connection| {
        let odd = "a\nb".to_owned().into();
        connection.secrets.insert("integration_code".into(), odd);
    });
    assert!(odd.contains("integration_code"));
    assert_eq!(
        world
            .running
            .controls
            .log()
            .iter()
            .filter(|entry| entry.target.contains("atservicesrest"))
            .count(),
        0
    );
}

#[test]
fn a_contact_is_linked_through_the_zones_website() {
    let link = |address: Option<&Value>| {
        (VENDOR.contact_link)(&BTreeMap::new(), address, &ContactId::new("77"))
    };
    let address = json!({ "url": "https://x.example/", "web_url": "https://ww14.autotask.net/" });
    let wanted = "https://ww14.autotask.net/Autotask/AutotaskExtend/ExecuteCommand.aspx\
                  ?Code=OpenContact&ContactID=77";
    assert_eq!(link(Some(&address)).as_deref(), Some(wanted));
    assert_eq!(link(None), None);
    assert_eq!(link(Some(&json!({ "web_url": null }))), None);
    assert_eq!(
        link(Some(&json!({ "web_url": "javascript:alert(1)" }))),
        None
    );
}

#[test]
fn secrets_are_declared_as_such() {
    let secrets: Vec<_> = VENDOR
        .fields
        .iter()
        .map(|field| (field.key, field.secret))
        .collect();
    let wanted = [
        ("username", false),
        ("secret", true),
        ("integration_code", true),
    ];
    assert_eq!(secrets, wanted);
    const { assert!(!VENDOR.contact_types) };
}
