//! What the vendor's unproved ways and an administrator's settings make of a change, each both ways.

use rollcall::http::Kind;
use rollcall::model::{ContactTypeId, Field, FieldChange, FieldValue, SiteId};
use rollcall::psa::Sent;
use rollcall::simulator::connectwise::{ContactData, ItemData, ItemKind, SiteData};
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::{ConnectWiseStage, stage, to};
use crate::conformance::{Options, Plain, Stage};

const NEW: &str = "new@contoso.example";
const OLD: &str = "old@contoso.example";

fn at(site: &SiteId) -> FieldChange {
    FieldChange {
        field: Field::Site,
        from: FieldValue::Blank,
        to: FieldValue::Site(site.clone(), String::new()),
    }
}

fn typed(of: &ContactTypeId) -> FieldChange {
    FieldChange {
        field: Field::ContactType,
        from: FieldValue::Blank,
        to: FieldValue::ContactType(of.clone(), String::new()),
    }
}

/// Sends all steps of a change of a contact with these items; the items after it.
async fn after(
    stage: &ConnectWiseStage,
    items: Vec<ItemData>,
    fields: &[FieldChange],
) -> Vec<(ItemKind, String, bool)> {
    let psa = stage.connect(Options::default());
    let (id, contact) = stage.holding(&*psa, items).await;
    let mut steps = stage.steps(&*psa, Some(&contact), fields, &[OLD]).await;
    steps.reverse();
    while let Some(step) = steps.pop() {
        let sent = psa.send(&step).await.unwrap();
        assert_eq!(sent.untaken, []);
        steps.extend(sent.then.into_iter().rev());
    }
    stage.items(id)
}

#[tokio::test]
async fn an_added_item_is_the_default_exactly_where_there_was_none() {
    for (first, moves) in [(false, true), (false, false), (true, true), (true, false)] {
        let stage = stage().await;
        stage.cloud.switch(|switches| {
            switches.first_item_becomes_default = first;
            switches.default_flag_moves = moves;
        });
        let phone = |default| stage.item(ItemKind::Phone, "Home", "9", default);
        let email = |value: &str, default| stage.item(ItemKind::Email, "Email", value, default);
        let flags = |items: Vec<(ItemKind, String, bool)>| -> Vec<bool> {
            items.into_iter().map(|item| item.2).collect()
        };
        let numbers = [to(Field::Phone, "1"), to(Field::Mobile, "2")];
        let beside_one = after(&stage, vec![phone(true)], &numbers).await;
        assert_eq!(flags(beside_one), [true, false, false], "{first} {moves}");
        let alone = after(&stage, vec![phone(false)], &numbers).await;
        assert_eq!(flags(alone), [false, true, false], "{first} {moves}");
        let mobile = after(&stage, Vec::new(), &numbers[1..]).await;
        assert_eq!(flags(mobile), [true], "{first} {moves}");

        let address = [to(Field::Email, NEW)];
        let added = after(&stage, Vec::new(), &address).await;
        assert_eq!(added, [(ItemKind::Email, NEW.into(), true)]);
        let beside = after(&stage, vec![email("desk@contoso.example", false)], &address).await;
        assert_eq!(flags(beside), [false, true], "{first} {moves}");
        let kept = after(&stage, vec![email(OLD, true)], &address).await;
        let items = [(OLD, false), (NEW, true)];
        let items = items.map(|(value, flag)| (ItemKind::Email, value.to_owned(), flag));
        assert_eq!(kept, items, "{first} {moves}");
    }
}

#[tokio::test]
async fn a_new_contact_beside_one_default_of_each_kind_either_way() {
    for first in [false, true] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.first_item_becomes_default = first);
        let psa = stage.connect(Options::default());
        let fields = [
            to(Field::FirstName, "Jane"),
            to(Field::Email, NEW),
            to(Field::Phone, "1"),
            to(Field::Mobile, "2"),
        ];
        let steps = stage.steps(&*psa, None, &fields, &[]).await;
        let made = psa.send(&steps[0]).await.unwrap().contact.unwrap();
        let items = stage.items(made.as_str().parse().unwrap());
        let flags: Vec<bool> = items.iter().map(|item| item.2).collect();
        assert_eq!(flags, [true, true, false]);
    }
}

#[tokio::test]
async fn a_contact_without_a_site_may_get_the_primary_one() {
    for given in [false, true] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.primary_site_is_given = given);
        let psa = stage.connect(Options::default());
        let mut fields = vec![to(Field::FirstName, "Jane"), to(Field::Email, NEW)];
        for (site, wanted) in [
            (None, given.then(|| stage.sites()[0].clone())),
            (Some(1), Some(stage.sites()[1].clone())),
        ] {
            fields.extend(site.map(|site: usize| at(&stage.sites()[site])));
            let steps = stage.steps(&*psa, None, &fields, &[]).await;
            let sent = psa.send(&steps[0]).await.unwrap();
            let contact = stage.contact(&*psa, &sent.contact.unwrap()).await;
            assert_eq!(contact.site, wanted, "{given}");
        }
    }
}

#[tokio::test]
async fn an_inactive_site_may_be_refused_and_that_is_one_persons_failure() {
    for refused in [false, true] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.inactive_site_refused = refused);
        let closed = stage.cloud.add_site(SiteData {
            company_id: stage.company,
            name: "Closed".into(),
            inactive: true,
            ..SiteData::default()
        });
        let closed = SiteId::new(&closed.to_string());
        let psa = stage.connect(Options::default());
        let (_, contact) = stage.holding(&*psa, Vec::new()).await;
        let fields = [
            to(Field::FirstName, "Jane"),
            to(Field::Email, NEW),
            at(&closed),
        ];
        let create = stage.steps(&*psa, None, &fields, &[]).await.remove(0);
        let fields = [to(Field::Title, "Lead"), at(&closed)];
        let change = stage
            .steps(&*psa, Some(&contact), &fields, &[])
            .await
            .remove(0);
        for step in [create, change] {
            match psa.send(&step).await {
                Ok(sent) => assert!(!refused && sent.untaken.is_empty()),
                Err(error) => {
                    assert!(refused);
                    assert_eq!(error.kind, Kind::Refused);
                    assert!(!error.kind.stops_the_run());
                    assert!(
                        error.detail.contains("The site is inactive."),
                        "{}",
                        error.detail
                    );
                }
            }
        }
        // A contact that is at a closed site already can be changed and deactivated either way.
        let there = stage.put(&Plain {
            site: Some(closed.to_string()),
            ..Plain::named("Al", "Li", "al@contoso.example")
        });
        let there = stage.contact(&*psa, &there).await;
        let leaves = FieldChange {
            field: Field::Active,
            from: FieldValue::Flag(true),
            to: FieldValue::Flag(false),
        };
        let fields = [to(Field::Title, "Lead"), leaves];
        for step in stage.steps(&*psa, Some(&there), &fields, &[]).await {
            assert_eq!(psa.send(&step).await.unwrap().untaken, []);
        }
    }
}

#[tokio::test]
async fn an_inactive_company_may_refuse_creates_and_still_lets_contacts_be_changed() {
    for refused in [false, true] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.inactive_company_refused = refused);
        let psa = stage.connect(Options::default());
        let (_, contact) = stage.holding(&*psa, Vec::new()).await;
        stage.cloud.edit(|state| {
            if let Some(company) = state.companies.get_mut(&stage.company) {
                company.status = "Inactive".into();
            }
        });
        let fields = [to(Field::FirstName, "Jane"), to(Field::Email, NEW)];
        let create = stage.steps(&*psa, None, &fields, &[]).await.remove(0);
        match psa.send(&create).await {
            Ok(_) => assert!(!refused),
            Err(error) => {
                assert!(refused);
                assert_eq!(error.kind, Kind::Refused);
                assert!(error.detail.contains("The company is inactive."));
            }
        }
        let fields = [to(Field::Title, "Lead")];
        let change = stage
            .steps(&*psa, Some(&contact), &fields, &[])
            .await
            .remove(0);
        psa.send(&change).await.unwrap();
    }
}

#[tokio::test]
async fn an_address_of_another_contact_may_be_refused_in_the_vendors_words() {
    for refused in [false, true] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.duplicate_email_refused = refused);
        let psa = stage.connect(Options::default());
        stage.put(&Plain::named("Al", "Li", NEW));
        let items = vec![stage.item(ItemKind::Email, "Email", OLD, true)];
        let (id, contact) = stage.holding(&*psa, items).await;
        let before = stage.items(id);
        let fields = [to(Field::FirstName, "Jane"), to(Field::Email, NEW)];
        let create = stage.steps(&*psa, None, &fields, &[]).await.remove(0);
        let address = [to(Field::Email, NEW)];
        let change = stage
            .steps(&*psa, Some(&contact), &address, &[])
            .await
            .remove(0);
        let add = stage
            .steps(&*psa, Some(&contact), &address, &[OLD])
            .await
            .remove(0);
        for step in [create, add, change] {
            match psa.send(&step).await {
                Ok(_) => assert!(!refused),
                Err(error) => {
                    assert!(refused);
                    assert_eq!(error.kind, Kind::Refused);
                    assert!(!error.kind.stops_the_run() && !error.in_doubt);
                    let words = "A matching contact entry already exists";
                    assert!(error.message().contains(words), "{}", error.message());
                }
            }
        }
        assert_eq!(stage.items(id) == before, refused);
    }
}

/// The answer of the next request that writes.
fn answers(stage: &ConnectWiseStage, body: &serde_json::Value) {
    let body = body.to_string();
    let answer = FaultKind::Answer { status: 201, body };
    stage.controls().fault(Fault::once(answer).on_writes());
}

#[tokio::test]
async fn an_added_item_or_type_that_was_not_taken_is_said() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let (_, contact) = stage.holding(&*psa, Vec::new()).await;
    let fields = [
        to(Field::Email, NEW),
        to(Field::Phone, "+1 555 0100"),
        typed(&stage.types()[1]),
    ];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    let item = |value: &str, flag: bool| json!({"id": 9, "value": value, "defaultFlag": flag});
    for (step, answer, taken) in [
        (0, item(&NEW.to_uppercase(), true), true),
        (0, item(NEW, false), false),
        (0, json!({"id": 9, "value": NEW}), false),
        (0, item(OLD, true), false),
        (1, item("(1) 555-0100", false), true),
        (1, item("1", true), false),
        (2, json!({"id": 9, "type": {"id": stage.types[1]}}), true),
        (2, json!({"id": 9}), true),
        (2, json!({"id": 9, "type": {"id": stage.types[0]}}), false),
    ] {
        answers(&stage, &answer);
        let sent = psa.send(&steps[step]).await.unwrap();
        let untaken = if taken {
            Vec::new()
        } else {
            steps[step].settles.clone()
        };
        let wanted = Sent {
            contact: Some(contact.id.clone()),
            untaken,
            ..Sent::default()
        };
        assert_eq!(sent, wanted, "{answer}");
    }
}

#[tokio::test]
async fn a_contact_that_was_made_otherwise_is_there_and_says_what_it_did_not_take() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [
        to(Field::FirstName, "Jane"),
        to(Field::Title, "Lead"),
        to(Field::Email, NEW),
        at(&stage.sites()[1]),
        typed(&stage.types()[1]),
    ];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    let ([main, branch], [user, technical]) = (stage.sites, stage.types);
    let record = |title: &str, site: i64, of: i64| {
        json!({"id": 9, "firstName": "Jane", "title": title, "site": {"id": site},
               "types": [{"id": of}]})
    };
    for (answer, untaken) in [
        (record("Lead ", branch, technical), vec![]),
        (record("Lead", main, technical), vec![Field::Site]),
        (record("Lead", branch, user), vec![Field::ContactType]),
        (
            record("", main, user),
            vec![Field::Title, Field::Site, Field::ContactType],
        ),
        (
            json!({"id": 9, "firstName": "Jane", "title": "Lead", "types": []}),
            vec![Field::Site, Field::ContactType],
        ),
        (
            json!({"id": 9, "firstName": "Jane", "title": "Lead", "site": {"id": branch}}),
            vec![],
        ),
        (json!({"id": 9}), vec![]),
    ] {
        answers(&stage, &answer);
        let sent = psa.send(&steps[0]).await.unwrap();
        assert_eq!(sent.contact, Some("9".into()));
        assert_eq!((sent.untaken, sent.then), (untaken, vec![]), "{answer}");
    }
}

#[tokio::test]
async fn an_address_that_never_becomes_the_default_is_not_added_again_and_again() {
    let stage = stage().await;
    stage
        .cloud
        .switch(|switches| switches.default_flag_moves = false);
    let psa = stage.connect(Options::default());
    let id = stage.cloud.add_contact(ContactData {
        first_name: "Jo".into(),
        company_id: Some(stage.company),
        items: vec![
            stage.item(ItemKind::Email, "Email", NEW, false),
            stage.item(ItemKind::Email, "Email", NEW, false),
        ],
        ..ContactData::default()
    });
    let contact = stage.contact(&*psa, &id.to_string().into()).await;
    let fields = [to(Field::Email, NEW)];
    let steps = stage.steps(&*psa, Some(&contact), &fields, &[]).await;
    let sent = psa.send(&steps[0]).await.unwrap();
    assert_eq!((sent.then, sent.untaken), (Vec::new(), vec![Field::Email]));
    assert_eq!(stage.items(id).len(), 2);
}
