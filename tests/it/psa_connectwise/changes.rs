//! How changes are worded, what a 200 proves, and what is found again after an answer was lost.

use rollcall::http::Kind;
use rollcall::model::{Field, FieldChange, FieldValue};
use rollcall::psa::Adds;
use rollcall::simulator::connectwise::{ContactData, ItemData, ItemKind};
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::{ConnectWiseStage, stage, to};
use crate::conformance::{Options, Stage};

const NEW: &str = "new@contoso.example";
const OLD: &str = "old@contoso.example";

fn email(stage: &ConnectWiseStage, value: &str, default: bool) -> ItemData {
    stage.item(ItemKind::Email, "Email", value, default)
}

fn stored(value: &str, default: bool) -> (ItemKind, String, bool) {
    (ItemKind::Email, value.to_owned(), default)
}

#[tokio::test]
async fn a_contact_is_made_by_one_request_with_everything() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [
        to(Field::FirstName, "Jane"),
        to(Field::LastName, "Doe"),
        to(Field::Phone, "1"),
        to(Field::Mobile, "2"),
        to(Field::Email, NEW),
        FieldChange {
            field: Field::Site,
            from: FieldValue::Blank,
            to: FieldValue::Site("2001".into(), "New Site".into()),
        },
        FieldChange {
            field: Field::ContactType,
            from: FieldValue::Blank,
            to: FieldValue::ContactType("2".into(), "Technical".into()),
        },
    ];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    stage.controls().clear_log();
    psa.send(&steps[0]).await.unwrap();
    let item = |of: &str, value: &str, default: bool, kind: &str| {
        json!({"type": {"id": stage.of(of)}, "value": value, "defaultFlag": default,
               "communicationType": kind})
    };
    let body = json!({
        "firstName": "Jane", "lastName": "Doe", "company": {"id": stage.company},
        "site": {"id": 2001}, "typeIds": [2],
        "communicationItems": [
            item("Email", NEW, true, "Email"),
            item("Direct", "1", true, "Phone"),
            item("Cell", "2", false, "Phone"),
        ],
    });
    assert_eq!(
        stage.asked(),
        [("POST".into(), "company/contacts".into(), body)]
    );
}

#[tokio::test]
async fn a_mobile_alone_is_the_default_phone_of_a_new_contact() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [
        to(Field::FirstName, "Jane"),
        to(Field::Email, NEW),
        to(Field::Mobile, "2"),
    ];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    let made = psa.send(&steps[0]).await.unwrap().contact.unwrap();
    let items = stage.items(made.as_str().parse().unwrap());
    assert_eq!(items[1], (ItemKind::Phone, "2".into(), true));
}

#[tokio::test]
async fn members_of_the_contact_change_in_one_request_with_a_whole_site() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let (id, contact) = stage.holding(&*psa, Vec::new()).await;
    let site = stage.sites()[1].clone();
    let fields = [
        to(Field::Title, "Engineer"),
        FieldChange {
            field: Field::Site,
            from: FieldValue::Blank,
            to: FieldValue::Site(site, "New Site".into()),
        },
        FieldChange {
            field: Field::Active,
            from: FieldValue::Flag(true),
            to: FieldValue::Flag(false),
        },
    ];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].settles, [Field::Title, Field::Site, Field::Active]);
    stage.controls().clear_log();
    psa.send(&steps[0]).await.unwrap();
    let body = json!([
        {"op": "replace", "path": "title", "value": "Engineer"},
        {"op": "replace", "path": "site", "value": {"id": stage.sites[1]}},
        {"op": "replace", "path": "inactiveFlag", "value": true},
    ]);
    let path = format!("company/contacts/{id}");
    assert_eq!(stage.asked(), [("PATCH".into(), path, body)]);
}

#[tokio::test]
async fn a_200_that_changed_nothing_says_what_was_not_taken() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let items = vec![email(&stage, OLD, true)];
    let (id, contact) = stage.holding(&*psa, items).await;
    let record = |title: &str, site: i64| {
        json!({"id": id, "firstName": "Jo", "title": title, "site": {"id": site}}).to_string()
    };
    let fields = [
        to(Field::Title, "Engineer"),
        FieldChange {
            field: Field::Site,
            from: FieldValue::Blank,
            to: FieldValue::Site("2001".into(), String::new()),
        },
        to(Field::Email, NEW),
    ];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    let nothing = json!({"id": id}).to_string();
    for (body, untaken) in [
        (record("Engineer", 2000), vec![Field::Site]),
        (record("Boss", 2001), vec![Field::Title]),
        (nothing, vec![Field::Title, Field::Site]),
    ] {
        stage
            .controls()
            .fault(Fault::once(FaultKind::Answer { status: 200, body }));
        assert_eq!(psa.send(&steps[0]).await.unwrap().untaken, untaken);
    }
    let body = json!({"id": 9, "value": OLD}).to_string();
    stage
        .controls()
        .fault(Fault::once(FaultKind::Answer { status: 200, body }));
    let error = psa.send(&steps[1]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    // Who answers without a record may have done it before, so nothing is said to be refused.
    let body = json!({"code": "SomethingElse"}).to_string();
    for step in &steps {
        let body = body.clone();
        stage
            .controls()
            .fault(Fault::once(FaultKind::Answer { status: 200, body }));
        let error = psa.send(step).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected);
    }
    assert!(
        error.message().contains("did not change: Email"),
        "{}",
        error.message()
    );
}

#[tokio::test]
async fn addresses_change_places_by_the_other_item_first() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let items = vec![email(&stage, OLD, true), email(&stage, NEW, false)];
    let (id, contact) = stage.holding(&*psa, items).await;
    let fields = [to(Field::Email, NEW)];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    let settles: Vec<&[Field]> = steps.iter().map(|step| &*step.settles).collect();
    assert_eq!(settles, [&[][..], &[Field::Email]]);
    psa.send(&steps[0]).await.unwrap();
    assert_eq!(stage.items(id), [stored(OLD, true), stored(OLD, false)]);
    // A run that dies here leaves the old address twice; the next one ends as if it had not died.
    let between = stage.contact(&*psa, &id.to_string().into()).await;
    let rest = stage
        .steps(&*psa, Some(&between), &fields, &[NEW, OLD])
        .await;
    assert_eq!(rest, steps[1..]);
    psa.send(&rest[0]).await.unwrap();
    assert_eq!(stage.items(id), [stored(NEW, true), stored(OLD, false)]);
}

#[tokio::test]
async fn an_address_becomes_the_default_or_a_new_item_does() {
    for moves in [true, false] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.default_flag_moves = moves);
        let psa = stage.connect(Options::default());
        let items = vec![email(&stage, OLD, false), email(&stage, NEW, false)];
        let (id, contact) = stage.holding(&*psa, items).await;
        let fields = [to(Field::Email, NEW)];
        let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].adds, Adds::Nothing);
        let sent = psa.send(&steps[0]).await.unwrap();
        if moves {
            assert_eq!(sent.then, []);
            assert_eq!(stage.items(id), [stored(OLD, false), stored(NEW, true)]);
            continue;
        }
        assert_eq!(sent.then.len(), 1);
        let added = &sent.then[0];
        assert_eq!(
            (added.adds, &*added.settles),
            (Adds::Item, &[Field::Email][..])
        );
        let none = psa.happened(added).await.unwrap();
        assert_eq!(none, [], "the item that is not the default is another one");
        stage
            .controls()
            .fault(Fault::once(FaultKind::DropAfter).on_writes());
        let lost = psa.send(added).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
        assert_eq!(psa.happened(added).await.unwrap().len(), 1);
        assert_eq!(stage.items(id)[2], stored(NEW, true));
    }
}

#[tokio::test]
async fn an_added_phone_takes_the_default_only_where_there_is_none() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [to(Field::Phone, "1"), to(Field::Mobile, "2")];
    let home = |default| vec![stage.item(ItemKind::Phone, "Home", "9", default)];
    for (items, flags) in [
        (Vec::new(), vec![true, false]),
        (home(false), vec![false, true, false]),
        (home(true), vec![true, false, false]),
    ] {
        let (id, contact) = stage.holding(&*psa, items).await;
        for step in stage.steps(&*psa, Some(&contact), &fields, &[]).await {
            assert_eq!(step.adds, Adds::Item);
            psa.send(&step).await.unwrap();
        }
        let stored: Vec<bool> = stage.items(id).iter().map(|item| item.2).collect();
        assert_eq!(stored, flags);
    }
}

#[tokio::test]
async fn items_and_types_whose_answer_is_lost_are_found() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let items = vec![email(&stage, OLD, true)];
    let (id, contact) = stage.holding(&*psa, items).await;
    let of = stage.types()[1].clone();
    let fields = [
        to(Field::Email, NEW),
        to(Field::Mobile, "+1 (555) 0100"),
        FieldChange {
            field: Field::ContactType,
            from: FieldValue::Blank,
            to: FieldValue::ContactType(of, String::new()),
        },
    ];
    let steps = stage
        .steps(&*psa, Some(&contact), &fields, &[NEW, OLD])
        .await;
    let adds: Vec<Adds> = steps.iter().map(|step| step.adds).collect();
    assert_eq!(adds, [Adds::Item, Adds::Item, Adds::Type]);
    for step in &steps {
        assert_eq!(psa.happened(step).await.unwrap(), []);
        stage
            .controls()
            .fault(Fault::once(FaultKind::DropAfter).on_writes());
        let lost = psa.send(step).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
        let found = psa.happened(step).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].contact, Some(contact.id.clone()));
    }
    let stored = stage.cloud.contact(id).unwrap();
    assert_eq!((stored.items.len(), stored.types.len()), (3, 1));
}

#[tokio::test]
async fn an_odd_address_is_looked_up_among_all_contacts() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    for address in [
        "o'brien+x&y@contoso.example",
        "\"odd\"@contoso.example",
        "100%*[a]\\@contoso.example",
        "jos\u{e9}@contoso.example",
        "a_b@contoso.example",
    ] {
        let id = stage.cloud.add_contact(ContactData {
            first_name: "Jo".into(),
            company_id: Some(stage.company),
            items: vec![email(&stage, address, true)],
            ..ContactData::default()
        });
        let fields = [to(Field::FirstName, "Jo"), to(Field::Email, address)];
        let steps = stage.steps(&*psa, None, &fields, &[]).await;
        let found = psa.happened(&steps[0]).await.unwrap();
        assert_eq!(found.len(), 1, "{address}");
        assert_eq!(found[0].contact, Some(id.to_string().into()));
    }
}

#[tokio::test]
async fn a_contact_that_is_gone_is_not_found_and_only_that() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let (id, contact) = stage.holding(&*psa, Vec::new()).await;
    let fields = [to(Field::Title, "Engineer"), to(Field::Email, NEW)];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    stage.cloud.remove_contact(id);
    for step in &steps {
        let error = psa.send(step).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
        assert!(!error.kind.stops_the_run());
    }
}

#[tokio::test]
async fn a_blank_puts_back_what_was_not_there() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let items = vec![
        email(&stage, OLD, true),
        stage.item(ItemKind::Phone, "Direct", "1", true),
    ];
    let (id, contact) = stage.holding(&*psa, items).await;
    let blank = |field| FieldChange {
        field,
        from: FieldValue::Blank,
        to: FieldValue::Blank,
    };
    let fields = [blank(Field::Title), blank(Field::Phone)];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    for step in &steps {
        psa.send(step).await.unwrap();
    }
    assert_eq!(steps.len(), 2);
    assert_eq!(stage.items(id), [stored(OLD, true)]);
    psa.send(&steps[1]).await.unwrap();
}
