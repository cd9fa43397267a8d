//! Creates and changes: sent, refused and lost.

use rollcall::http::Kind;
use rollcall::model::{ContactId, Field, FieldChange, FieldValue};
use rollcall::psa::{Adds, Step};
use rollcall::simulator::autotask::ContactData;
use rollcall::simulator::kit::{Fault, FaultKind};

use super::{COMPANY, flag, text, world};

#[tokio::test]
async fn refusals_are_told_apart_by_their_words() {
    let world = world().await;
    let id = world.add("Jane", None);
    let contact = world.contact(id).await;
    let refused = async |fields: &[FieldChange]| {
        let step = world.steps(Some(&contact), fields, &[]).remove(0);
        world.psa.send(&step).await.unwrap_err()
    };
    let location = FieldChange {
        to: FieldValue::Site("4711".into(), "Gone".into()),
        ..text(Field::Site, "")
    };
    let error = refused(&[location]).await;
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.message().contains("companyLocationID"));
    let error = refused(&[text(Field::LastName, "")]).await;
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.detail.contains("required field lastName"));
    assert!(!format!("{error:?}").contains("lastName"));
    let long = "x".repeat(60);
    assert_eq!(
        refused(&[text(Field::Title, &long)]).await.kind,
        Kind::Refused
    );

    world.cloud.switches(|switches| switches.may_write = false);
    assert_eq!(refused(&[flag(false)]).await.kind, Kind::Permission);
    world.cloud.switches(|switches| switches.may_query = false);
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Permission);
    world.cloud.switches(|switches| {
        switches.may_write = true;
        switches.may_query = true;
    });
    world.cloud.remove_contact(id);
    assert_eq!(refused(&[flag(false)]).await.kind, Kind::NotFound);

    let objects = r#"{"errors":[{"message":"Too odd","field":"phone"}]}"#;
    let fault = Fault::once(FaultKind::Answer {
        status: 500,
        body: objects.into(),
    });
    world.running.controls.fault(fault.at("PATCH", "/Contacts"));
    assert_eq!(refused(&[flag(true)]).await.detail, "Too odd (phone)");
    let page = Fault::once(FaultKind::Html(404));
    world.running.controls.fault(page.at("PATCH", "/Contacts"));
    let error = refused(&[flag(true)]).await;
    assert_eq!((error.kind, error.detail.as_str()), (Kind::NotFound, ""));
}

#[tokio::test]
async fn a_create_gives_the_new_contact() {
    let world = world().await;
    let step = world.create();
    assert_eq!(step.adds, Adds::Contact);
    let stored: Step = serde_json::from_value(serde_json::to_value(&step).unwrap()).unwrap();
    assert_eq!(stored, step);
    assert!(world.psa.happened(&stored).await.unwrap().is_empty());
    let sent = world.psa.send(&stored).await.unwrap();
    let made = &world.cloud.contacts(COMPANY)[0];
    assert_eq!(sent.contact.unwrap().as_str(), made.id.to_string());
    assert_eq!((made.is_active, made.first_name.as_str()), (1, "Jane"));
    assert_eq!(made.email_address.as_deref(), Some("Jane@contoso.example"));
    assert_eq!(world.running.controls.writes(), 1);
}

#[tokio::test]
async fn a_lost_create_is_not_repeated_and_is_found_by_its_address() {
    for lost in [
        FaultKind::DropAfter,
        FaultKind::StatusAfter(502),
        FaultKind::StatusAfter(500),
        FaultKind::Half,
    ] {
        let world = world().await;
        let fault = Fault::once(lost.clone()).on_writes();
        world.running.controls.fault(fault);
        let step = world.create();
        let error = world.psa.send(&step).await.unwrap_err();
        assert_eq!(error.kind, Kind::Lost, "{lost:?}");
        assert_eq!(world.running.controls.writes(), 1);
        let found = world.psa.happened(&step).await.unwrap();
        let made = world.cloud.contacts(COMPANY)[0].id;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].contact, Some(ContactId::from(made.to_string())));

        // Another case, another place, another company.
        let second = world.cloud.add_contact(&ContactData {
            email_address: Some("other@contoso.example".into()),
            email_address3: Some("JANE@contoso.example".into()),
            ..ContactData::named(COMPANY, "J", "D")
        });
        world.cloud.add_contact(&ContactData {
            email_address: Some("jane@contoso.example".into()),
            ..ContactData::named(0, "J", "D")
        });
        let found = world.psa.happened(&step).await.unwrap();
        let ids: Vec<_> = found.into_iter().filter_map(|sent| sent.contact).collect();
        assert_eq!(
            ids,
            [made, second].map(|id| ContactId::from(id.to_string()))
        );
    }
}

#[tokio::test]
async fn a_create_whose_answer_has_no_number_is_lost() {
    let world = world().await;
    for body in ["{}", "<html>", r#"{"itemId":null}"#] {
        world.answers("/Contacts", 200, body);
        let error = world.psa.send(&world.create()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Lost, "{body}");
    }
}

#[tokio::test]
async fn a_lost_patch_is_simply_sent_again() {
    let world = world().await;
    let id = world.add("Jane", None);
    let contact = world.contact(id).await;
    for lost in [FaultKind::DropAfter, FaultKind::StatusAfter(504)] {
        let fault = Fault::once(lost).on_writes();
        world.running.controls.fault(fault);
        let step = world.steps(Some(&contact), &[flag(false)], &[]).remove(0);
        assert_eq!(step.adds, Adds::Nothing);
        let sent = world.psa.send(&step).await.unwrap();
        assert_eq!(sent.contact, Some(contact.id.clone()));
        assert_eq!(world.cloud.contact(id).unwrap().is_active, 0);
    }
    assert_eq!(world.running.controls.writes(), 4);
}

#[tokio::test]
async fn a_patch_leaves_alone_what_it_does_not_name() {
    let world = world().await;
    let before = ContactData {
        title: Some("Engineer".into()),
        phone: Some("1".into()),
        note: Some("a note".into()),
        email_address: Some("jane@contoso.example".into()),
        ..ContactData::named(COMPANY, "Jane", "Doe")
    };
    let id = world.cloud.add_contact(&before);
    let contact = world.contact(id).await;
    let fields = [text(Field::Title, "Lead"), flag(false)];
    let steps = world.steps(Some(&contact), &fields, &[]);
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].settles, [Field::Title, Field::Active]);
    world.psa.send(&steps[0]).await.unwrap();
    let wanted = ContactData {
        id,
        title: Some("Lead".into()),
        is_active: 0,
        ..before
    };
    assert_eq!(world.cloud.contact(id).unwrap(), wanted);
}

#[tokio::test]
async fn an_address_changes_places_or_is_kept_in_the_database() {
    let world = world().await;
    let write = async |held: [&str; 3], own: &[&str]| {
        let blank = |email: &str| (!email.is_empty()).then(|| email.to_owned());
        let id = world.cloud.add_contact(&ContactData {
            email_address: blank(held[0]),
            email_address2: blank(held[1]),
            email_address3: blank(held[2]),
            ..ContactData::named(COMPANY, "Jane", "Doe")
        });
        let contact = world.contact(id).await;
        let fields = [text(Field::Email, "new@x.example")];
        let steps = world.steps(Some(&contact), &fields, own);
        assert_eq!(steps.len(), 1);
        world.psa.send(&steps[0]).await.unwrap();
        let after = world.cloud.contact(id).unwrap();
        [
            after.email_address,
            after.email_address2,
            after.email_address3,
        ]
        .map(Option::unwrap_or_default)
    };
    let (old, new) = ("old@x.example", "new@x.example");
    let swapped = write([old, "b@x.example", "NEW@x.example"], &[]).await;
    assert_eq!(swapped, [new, "b@x.example", old]);
    let filled = write(["", new, ""], &[]).await;
    assert_eq!(filled, [new, new, ""]);
    let kept = write([old, "", ""], &[old]).await;
    assert_eq!(kept, [new, old, ""]);
    let not_own = write([old, "", ""], &[]).await;
    assert_eq!(not_own, [new, "", ""]);
    let no_place = write([old, "b@x.example", "c@x.example"], &[old]).await;
    assert_eq!(no_place, [new, "b@x.example", "c@x.example"]);
}
