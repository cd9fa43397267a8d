//! Contacts are created and changed as the vendor does it; what is not known can be switched.

use super::*;

#[tokio::test]
async fn a_contact_is_created_through_its_company() {
    let world = world().await;
    let body = json!({
        "id": 0, "companyID": world.company, "firstName": "Grace", "lastName": "Hopper",
        "isActive": 1, "emailAddress": "grace@contoso.example", "title": "",
        "mobilePhone": null, "companyLocationID": world.location,
    });
    let answer = world.write("POST", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["itemId"].as_i64().unwrap();
    assert_eq!(answer.json(), json!({ "itemId": id }));
    let expected = ContactData {
        id,
        email_address: Some("grace@contoso.example".into()),
        company_location_id: Some(world.location),
        ..ContactData::named(world.company, "Grace", "Hopper")
    };
    assert_eq!(world.autotask.contact(id), Some(expected));
    let item = world.get(&format!("Contacts/{id}")).await.json();
    assert_eq!(item["item"]["emailAddress"], "grace@contoso.example");
    assert_eq!(item["item"]["isActive"], 1);
    assert_eq!(item["item"]["title"], Value::Null);
    assert_eq!(item["item"]["primaryContact"], false);
    let own = json!({ "firstName": "In", "lastName": "House", "isActive": 0 });
    assert_eq!(world.post("Companies/0/Contacts", own).await.status, 200);
    assert_eq!(world.autotask.contacts(0).len(), 1);
    assert_eq!(world.running.controls.writes(), 2);
}

#[tokio::test]
async fn a_patch_leaves_omitted_fields() {
    let world = world().await;
    let before = world.autotask.contact(world.ada).unwrap();
    let body = json!({ "id": world.ada, "phone": "+1 555 0100", "title": null, "IsActive": 0 });
    let answer = world.write("PATCH", body.clone()).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "itemId": world.ada }))
    );
    let expected = ContactData {
        phone: Some("+1 555 0100".into()),
        title: None,
        is_active: 0,
        ..before
    };
    assert_eq!(world.autotask.contact(world.ada), Some(expected));

    world
        .autotask
        .switches(|switches| switches.null_in_patch_refused = true);
    assert_eq!(world.write("PATCH", body).await.status, 500);
    let empty = json!({ "id": world.ada, "phone": "" });
    assert_eq!(world.write("PATCH", empty).await.status, 200);
    assert_eq!(world.autotask.contact(world.ada).unwrap().phone, None);
}

#[tokio::test]
async fn a_put_nulls_omitted_fields() {
    let world = world().await;
    let stamp = |item: &Value| item["item"]["createDate"].clone();
    let path = format!("Contacts/{}", world.ada);
    let created = stamp(&world.get(&path).await.json());
    let body = json!({ "id": world.ada, "firstName": "Ada", "lastName": "King", "isActive": 1 });
    assert_eq!(world.write("PUT", body).await.status, 200);
    let expected = ContactData {
        id: world.ada,
        ..ContactData::named(world.company, "Ada", "King")
    };
    assert_eq!(world.autotask.contact(world.ada), Some(expected));
    assert_eq!(stamp(&world.get(&path).await.json()), created);
}

#[tokio::test]
async fn a_new_primary_contact_replaces_the_one_before() {
    let world = world().await;
    let second = *world.add_people(1).first().unwrap();
    for id in [world.ada, second] {
        let answer = world
            .write("PATCH", json!({ "id": id, "primaryContact": true }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert!(!world.autotask.contact(world.ada).unwrap().primary_contact);
    assert!(world.autotask.contact(second).unwrap().primary_contact);
}

#[tokio::test]
async fn open_questions_can_be_answered_either_way() {
    let world = world().await;
    let set = |set: fn(&mut Switches)| world.autotask.switches(set);
    let missing = world.get("Contacts/5").await;
    assert_eq!(
        (missing.status, missing.json()),
        (200, json!({ "item": null }))
    );
    set(|switches| switches.missing_is_404 = true);
    assert_eq!(world.get("Contacts/5").await.status, 404);

    let closed = world.inactive_location;
    let edited = world.autotask.edit_contact(world.ada, |ada| {
        ada.company_location_id = Some(closed);
    });
    assert!(edited);
    let title = json!({ "id": world.ada, "title": "Countess" });
    assert_eq!(world.write("PATCH", title.clone()).await.status, 200);
    set(|switches| switches.inactive_location_refused = true);
    let refused = world.write("PATCH", title.clone()).await;
    assert_eq!(refused.status, 500);
    let text = "Value does not reference an existing entity for companyLocationID. | Error \
                updating entity for record number [1].";
    assert_eq!(refused.json(), json!({ "errors": [text] }));
    let moved = with(title.clone(), "companyLocationID", json!(world.location));
    assert_eq!(world.write("PATCH", moved).await.status, 200);

    world
        .autotask
        .edit_company(world.company, |company| company.is_active = false);
    assert_eq!(world.write("PATCH", title.clone()).await.status, 200);
    set(|switches| switches.inactive_company_refused = true);
    assert_eq!(world.write("PATCH", title).await.status, 500);

    let everything = world.post("Contacts/query", json!({ "filter": [] })).await;
    assert_eq!(everything.status, 500);
    set(|switches| {
        switches.filter_may_be_empty = true;
        switches.blank_text_is_empty = true;
    });
    let everything = world.post("Contacts/query", json!({})).await;
    assert_eq!(everything.ids(), [world.ada, world.stranger]);
    assert_eq!(everything.json()["items"][1]["emailAddress"], "");
    set(|switches| {
        switches.blank_text_is_empty = false;
        switches.rows_are_lean = true;
    });
    let lean = world.post("Contacts/query", json!({})).await.json();
    assert!(lean["items"][1].get("emailAddress").is_none(), "{lean}");
}

#[tokio::test]
async fn a_field_may_seem_written_and_is_not() {
    let world = world().await;
    world
        .autotask
        .switches(|switches| switches.silently_ignored = vec!["title".into()]);
    let body = json!({ "id": world.ada, "title": "Countess", "phone": "1" });
    assert_eq!(world.write("PATCH", body).await.status, 200);
    let ada = world.autotask.contact(world.ada).unwrap();
    assert_eq!(
        (ada.title.as_deref(), ada.phone.as_deref()),
        (Some("Engineer"), Some("1"))
    );
}

#[tokio::test]
async fn a_removed_company_takes_its_records_along() {
    let world = world().await;
    assert!(world.autotask.remove_company(world.company));
    assert!(!world.autotask.remove_company(world.company));
    let company = world.get(&format!("Companies/{}", world.company)).await;
    assert_eq!(company.json(), json!({ "item": null }));
    let contact = world.get(&format!("Contacts/{}", world.ada)).await;
    assert_eq!(contact.json(), json!({ "item": null }));
    assert!(
        world
            .autotask
            .edit_company(0, |own| own.company_name = "Renamed".into())
    );
    assert_eq!(world.autotask.companies()[0].company_name, "Renamed");
    assert_eq!(world.autotask.companies()[0].id, 0);
    assert!(world.autotask.remove_contact(world.stranger));
    assert!(world.autotask.contacts(world.other_company).is_empty());
}
