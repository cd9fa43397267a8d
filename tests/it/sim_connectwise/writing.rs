//! Writes that are taken, and what comes of them.

use rollcall::simulator::connectwise::{ItemKind, PatchedTypes, SiteData};
use serde_json::json;

use super::{World, replace, send};

#[tokio::test]
async fn a_new_contact_is_answered_whole_and_without_what_is_not_set() {
    let world = World::new().await;
    let body = json!({
        "id": 0, "firstName": "Bo", "title": "Line\nbreak",
        "company": {"id": world.company}, "site": {"id": world.site}, "typeIds": [world.types[1]],
        "communicationItems": [
            {"type": {"id": "1"}, "value": "bo@contoso.example", "communicationType": "Email", "defaultFlag": true},
            {"type": {"name": "Cell"}, "value": "5550100", "defaultFlag": true},
        ],
    });
    let seen = world.write("POST", "company/contacts", &body).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    assert!(seen.body.get("lastName").is_none());
    assert_eq!(seen.body["title"], "Line break");
    assert_eq!(seen.body["company"]["identifier"], "Contoso");
    assert_eq!(seen.body["types"][0]["name"], "VIP");
    assert_eq!(seen.body["customFields"], json!([]));
    assert_eq!(
        seen.body["communicationItems"][0]["domain"],
        "@contoso.example"
    );
    assert_eq!(seen.body["defaultPhoneType"], "Cell");
    assert_eq!(seen.body["defaultPhoneNbr"], "5550100");
    let link = seen.body["company"]["_info"]["company_href"]
        .as_str()
        .expect("a link");
    assert!(link.contains("/apis/3.0//company/companies/"), "{link}");

    let lone = world
        .write("POST", "company/contacts", &json!({"firstName": "Cy"}))
        .await;
    assert_eq!(lone.status, 201);
    assert!(lone.body.get("communicationItems").is_none());
    assert!(lone.body.get("company").is_none());
    assert_eq!(lone.body["types"], json!([]));
    let slim = world
        .get(
            &format!("company/contacts/{}", lone.body["id"]),
            &[("fields", "id,firstName,types")],
        )
        .await;
    assert!(slim.body.get("_info").is_none());
    assert_eq!(slim.body["firstName"], "Cy");
}

#[tokio::test]
async fn a_new_default_item_takes_the_default_from_the_one_of_its_kind() {
    let world = World::new().await;
    let path = format!("company/contacts/{}/communications", world.ann);
    let body = json!({"type": {"id": 1}, "value": "new@contoso.example", "defaultFlag": true});
    let seen = world.write("POST", &path, &body).await;
    assert_eq!(seen.status, 201);
    assert_eq!(seen.body["contactId"], world.ann);
    assert_eq!(
        world.ann().default_value(ItemKind::Email),
        Some("new@contoso.example")
    );
    let phone = world
        .write("POST", &path, &json!({"type": {"id": 2}, "value": "1"}))
        .await;
    assert_eq!(phone.body["defaultFlag"], false);
    world
        .cloud
        .switch(|switches| switches.first_item_becomes_default = true);
    let phone = world
        .write("POST", &path, &json!({"type": {"id": 4}, "value": "2"}))
        .await;
    assert_eq!(phone.body["defaultFlag"], true);

    let old = format!("{path}/{}", world.ann().items[1].id);
    world
        .cloud
        .switch(|switches| switches.default_flag_moves = false);
    let seen = world
        .write("PATCH", &old, &replace("defaultFlag", &json!(true)))
        .await;
    assert_eq!(
        (seen.status, &seen.body["defaultFlag"]),
        (200, &json!(false))
    );
    world
        .cloud
        .switch(|switches| switches.default_flag_moves = true);
    let seen = world
        .write("PATCH", &old, &replace("/defaultFlag", &json!(true)))
        .await;
    assert_eq!(seen.body["defaultFlag"], true);
    assert_eq!(
        world.ann().default_value(ItemKind::Email),
        Some("old@contoso.example")
    );
    let seen = world
        .write(
            "PATCH",
            &old,
            &replace("value", &json!("newer@contoso.example")),
        )
        .await;
    assert_eq!(seen.body["value"], "newer@contoso.example");
    let gone = send(world.request("DELETE", &old)).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(world.ann().default_value(ItemKind::Email), None);
    let list = world.get(&path, &[]).await;
    assert_eq!(
        list.ids(),
        world
            .ann()
            .items
            .iter()
            .map(|item| item.id)
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_patch_replaces_whole_objects_and_ignores_what_is_below_them() {
    let world = World::new().await;
    let other = world.cloud.add_site(SiteData {
        company_id: world.company,
        name: "Second".into(),
        ..Default::default()
    });
    let seen = world.patch_ann("site/id", json!(other)).await;
    assert_eq!(
        (seen.status, &seen.body["site"]["id"]),
        (200, &json!(world.site))
    );
    let seen = world.patch_ann("site", json!({"id": other})).await;
    assert_eq!(seen.body["site"]["name"], "Second");
    let seen = world.patch_ann("/inactiveFlag", json!(true)).await;
    assert_eq!(seen.body["inactiveFlag"], true);
    let seen = world.patch_ann("defaultPhoneNbr", json!("5550100")).await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.get("defaultPhoneNbr").is_none());
    let seen = world
        .patch_ann("types", json!([{"id": world.types[0]}]))
        .await;
    assert_eq!((seen.status, &seen.body["types"]), (200, &json!([])));
    world
        .cloud
        .switch(|switches| switches.patched_types = PatchedTypes::Refused);
    assert_eq!(world.patch_ann("typeIds", json!([1])).await.status, 400);
    let seen = world
        .patch_ann(
            "communicationItems/1/value",
            json!("second@contoso.example"),
        )
        .await;
    assert_eq!(
        seen.body["communicationItems"][1]["value"],
        "second@contoso.example"
    );
    let path = format!("company/contacts/{}", world.ann);
    let added = json!({"type": {"id": 1}, "value": "third@contoso.example", "defaultFlag": true});
    let front = json!([{"op": "add", "path": "/communicationItems/0", "value": added}]);
    let seen = world.write("PATCH", &path, &front).await;
    assert_eq!(seen.body["communicationItems"][2]["defaultFlag"], false);
    let end = json!([{"op": "add", "path": "/communicationItems/3", "value": added},
        {"op": "remove", "path": "/communicationItems/2"}]);
    let seen = world.write("PATCH", &path, &end).await;
    assert_eq!(seen.body["communicationItems"][2]["defaultFlag"], true);
    assert_eq!(seen.body["communicationItems"][0]["defaultFlag"], false);
    assert_eq!(world.ann().items.len(), 3);
    let seen = world
        .write("PUT", &path, &json!({"firstName": "Anna"}))
        .await;
    assert!(seen.body.get("company").is_none() && seen.body.get("lastName").is_none());
}

#[tokio::test]
async fn contact_types_are_added_and_taken_away_by_association() {
    let world = World::new().await;
    let path = format!("company/contacts/{}/typeAssociations", world.ann);
    let body = json!({"type": {"id": world.types[0]}, "contact": {"id": world.ann}});
    let seen = world.write("POST", &path, &body).await;
    assert_eq!(seen.status, 201);
    assert_eq!(seen.body["type"]["name"], "End User");
    let again = world.write("POST", &path, &body).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.body["errors"][0]["code"], "ObjectExists");
    let condition = format!("contact/id={}", world.ann);
    let all = world
        .get(
            "company/contactTypeAssociations",
            &[("conditions", &condition)],
        )
        .await;
    assert_eq!(all.ids(), [seen.body["id"].as_i64().expect("an id")]);
    let gone = send(world.request("DELETE", &format!("{path}/{}", seen.body["id"]))).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.ann().type_ids(), [0; 0]);
}

#[tokio::test]
async fn what_the_vendor_may_refuse_can_be_switched_on() {
    let world = World::new().await;
    let inactive = world.cloud.edit(|state| {
        let site = state.sites.values().find(|site| site.inactive);
        site.expect("an inactive site").id
    });
    let fabrikam = world.company + 1;
    let email = json!({"type": {"id": 1}, "value": "ANN@contoso.example"});
    let bodies = [
        json!({"firstName": "Bo", "company": {"id": world.company}, "site": {"id": inactive}}),
        json!({"firstName": "Bo", "company": {"id": fabrikam}}),
        json!({"firstName": "Bo", "company": {"id": world.company}, "communicationItems": [email]}),
    ];
    for body in &bodies {
        assert_eq!(
            world.write("POST", "company/contacts", body).await.status,
            201,
            "{body}"
        );
    }
    world.cloud.switch(|switches| {
        switches.inactive_site_refused = true;
        switches.inactive_company_refused = true;
        switches.duplicate_email_refused = true;
        switches.primary_site_is_given = true;
    });
    for (body, code) in bodies
        .iter()
        .zip(["InvalidField", "InvalidField", "ObjectExists"])
    {
        let seen = world.write("POST", "company/contacts", body).await;
        assert_eq!(
            (seen.status, &seen.body["errors"][0]["code"]),
            (400, &json!(code)),
            "{body}"
        );
    }
    let body = json!({"firstName": "Cy", "company": {"id": world.company}});
    let seen = world.write("POST", "company/contacts", &body).await;
    assert_eq!(seen.body["site"]["id"], world.site);
}
