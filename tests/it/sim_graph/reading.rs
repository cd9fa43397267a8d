//! Right requests are answered whole: pages, members, batches, properties.

use std::collections::BTreeSet;

use rollcall::simulator::graph::TenantData;
use serde_json::{Value, json};

use super::{APP, EVENTUAL, OTHER, SPB, TENANT, ask, group_id, user_id, world};

#[tokio::test]
async fn paging_gathers_every_user_exactly_once() {
    let world = world().await;
    let expected: BTreeSet<String> = (0..230).map(user_id).collect();
    for (path, pages) in [
        ("/users?$select=id,mail&$top=999", 1),
        ("/users?$select=id,mail&$top=50", 5),
        ("/users?%24top=115&%24select=id", 2),
        ("/users", 3),
    ] {
        let (ids, count) = world.every_page(path).await;
        assert_eq!(count, pages, "{path}");
        assert_eq!(ids.len(), 230, "{path}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected, "{path}");
    }
    world
        .microsoft
        .switches(|switches| switches.empty_page_with_next_link = true);
    let (ids, count) = world.every_page("/users?$select=id&$top=999").await;
    assert_eq!((ids.len(), count), (230, 2));
}

#[tokio::test]
async fn a_page_token_outlives_the_user_it_points_at_and_fits_only_its_own_list() {
    let world = world().await;
    let token = world.token().await;
    let first = world
        .call(&token, "GET", "/users?$select=id&$top=100", &[])
        .await;
    let next = first.body["@odata.nextLink"].as_str().expect("a link");
    let last = first.ids().pop().expect("a user");
    let removed = |tenant: &mut TenantData| tenant.users.retain(|user| user.id != last);
    world.microsoft.tenant(TENANT, removed);
    let bearer = format!("Bearer {token}");
    let second = ask("GET", next, &[("authorization", &bearer)], String::new()).await;
    assert_eq!(second.ids()[0], user_id(100));
    let elsewhere = next.replace("/users?", "/groups?");
    let answer = ask(
        "GET",
        &elsewhere,
        &[("authorization", &bearer)],
        String::new(),
    )
    .await;
    assert_eq!((answer.status, answer.code()), (400, "Request_BadRequest"));
    let host = Some("evil.example".to_owned());
    world
        .microsoft
        .switches(|switches| switches.next_link_other_host = host);
    let first = world.get("/users?$top=1").await;
    let next = first.body["@odata.nextLink"].as_str().expect("a link");
    assert!(
        next.starts_with("https://evil.example/v1.0/users?$top=1&$skiptoken="),
        "{next}"
    );
}

#[tokio::test]
async fn a_user_has_the_selected_properties_and_no_other() {
    let world = world().await;
    let plain = world.get("/users?$top=1").await;
    let names: Vec<&String> = plain.body["value"][0]
        .as_object()
        .expect("a user")
        .keys()
        .collect();
    assert_eq!(names.len(), 11, "{names:?}");
    let path = format!(
        "/users/{}?$select=id,accountEnabled,assignedLicenses,proxyAddresses,department,onPremisesExtensionAttributes",
        user_id(3)
    );
    let one = world.get(&path).await.body;
    assert_eq!(one["accountEnabled"], false);
    assert_eq!(one["assignedLicenses"][0]["skuId"], SPB);
    assert_eq!(one["proxyAddresses"], json!([]));
    assert_eq!(one["department"], Value::Null);
    let extension = &one["onPremisesExtensionAttributes"];
    assert_eq!(extension.as_object().map(serde_json::Map::len), Some(15));
    assert_eq!(one.as_object().expect("a user").len(), 7);
    let by_name = world
        .get("/users('USER3@contoso.example')?$select=id")
        .await;
    assert_eq!(by_name.body["id"], user_id(3));
}

#[tokio::test]
async fn what_the_app_may_not_read_is_left_out_or_null() {
    let world = world().await;
    let path = "/users?$top=1&$select=id,accountEnabled,assignedLicenses";
    world.microsoft.switches(|switches| {
        switches.leave_out_account_enabled = true;
        switches.leave_out_assigned_licenses = true;
    });
    let answer = world.get(path).await;
    assert_eq!(answer.body["value"][0], json!({"id": user_id(0)}));
    world
        .microsoft
        .switches(|switches| switches.unset_as_null = true);
    let answer = world.get(path).await;
    assert_eq!(
        answer.body["value"][0],
        json!({"id": user_id(0), "accountEnabled": null, "assignedLicenses": null})
    );
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let world = world().await;
    let token = world.token().await;
    let licensed = "/users?$filter=assignedLicenses/$count ne 0&$count=true&$select=id&$top=999";
    let answer = world.call(&token, "GET", licensed, EVENTUAL).await;
    assert_eq!(
        (answer.ids().len(), &answer.body["@odata.count"]),
        (77, &json!(77))
    );
    let path = "/users?$filter=userPrincipalName eq 'user7@contoso.example'&$select=id";
    assert_eq!(world.get(path).await.ids(), [user_id(7)]);
    let path = "/groups?$filter=startsWith(displayName,'man')&$select=id";
    assert_eq!(world.get(path).await.ids(), [group_id(1)]);
    let search = "/groups?$search=\"displayName:boa\"&$select=id";
    assert_eq!(
        world.call(&token, "GET", search, EVENTUAL).await.ids(),
        [group_id(2)]
    );
}

#[tokio::test]
async fn members_come_once_each_through_nested_groups_and_circles() {
    let world = world().await;
    let path = format!("/groups/{}/transitiveMembers?$select=id", group_id(1));
    let answer = world.get(&format!("{path}&$top=999")).await;
    assert_eq!(
        answer.body["value"],
        json!([
            {"@odata.type": "#microsoft.graph.user", "id": user_id(1)},
            {"@odata.type": "#microsoft.graph.user", "id": user_id(2)},
            {"@odata.type": "#microsoft.graph.device", "id": user_id(777)},
            {"@odata.type": "#microsoft.graph.group", "id": group_id(2)},
        ])
    );
    assert_eq!(world.every_page(&format!("{path}&$top=1")).await.1, 4);
    let token = world.token().await;
    let cast = format!(
        "/groups/{}/transitiveMembers/microsoft.graph.user?$select=id&$count=true",
        group_id(1)
    );
    let answer = world.call(&token, "GET", &cast, EVENTUAL).await;
    assert_eq!(answer.ids(), [user_id(1), user_id(2)]);
    world.microsoft.tenant(TENANT, |tenant| {
        let app = tenant.apps.get_mut(APP).expect("the app");
        app.permissions.remove("User.Read.All");
    });
    let named = format!("/groups/{}/members?$select=id,displayName", group_id(2));
    let answer = world.get(&named).await;
    assert_eq!(answer.body["value"][0]["id"], user_id(1));
    assert_eq!(answer.body["value"][0]["displayName"], Value::Null);
}

#[tokio::test]
async fn a_batch_answers_each_item_by_its_id_in_another_order() {
    let world = world().await;
    let answer = world
        .batch(&json!({"requests": [
            {"id": "a", "method": "GET", "url": format!("/users/{}?$select=id", user_id(1))},
            {"id": "b", "method": "GET", "url": format!("users/{}?$select=id", user_id(999))},
            {"id": "c", "method": "GET", "url": "/users?$select=id&$top=2"},
            {"id": "d", "method": "GET", "url": "/users?$count=true&$top=1", "headers": {"ConsistencyLevel": "eventual"}},
            {"id": "e", "method": "GET", "url": "/groups", "dependsOn": ["b"]},
        ]}))
        .await;
    assert_eq!(answer.status, 200);
    let responses = answer.body["responses"].as_array().expect("answers");
    let statuses: Vec<(&str, u64)> = responses
        .iter()
        .map(|one| {
            (
                one["id"].as_str().expect("id"),
                one["status"].as_u64().expect("status"),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        [("e", 424), ("d", 200), ("c", 200), ("b", 404), ("a", 200)]
    );
    assert_eq!(responses[4]["body"]["id"], user_id(1));
    assert_eq!(
        responses[3]["body"]["error"]["code"],
        "Request_ResourceNotFound"
    );
    let next = responses[2]["body"]["@odata.nextLink"]
        .as_str()
        .expect("a link");
    assert!(
        next.starts_with(&format!("{}/v1.0/users?", world.graph.url)),
        "{next}"
    );
}

#[tokio::test]
async fn items_of_a_batch_are_throttled_one_by_one() {
    let world = world().await;
    world.microsoft.switches(|switches| {
        switches.throttle_batch_items = 1;
        switches.batch_retry_after = Some("2.128".into());
    });
    let requests = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/groups"},
        {"id": "2", "method": "GET", "url": "/groups"},
    ]});
    let answer = world.batch(&requests).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["responses"][0]["status"], 200);
    assert_eq!(answer.body["responses"][1]["status"], 429);
    assert_eq!(
        answer.body["responses"][1]["headers"]["Retry-After"],
        "2.128"
    );
}

#[tokio::test]
async fn the_tenant_says_its_name_and_licences() {
    let world = world().await;
    let skus = world
        .get("/subscribedSkus?$select=id,skuId,skuPartNumber,consumedUnits")
        .await;
    assert_eq!(
        skus.body["value"],
        json!([{"id": format!("{TENANT}_{SPB}"), "skuId": SPB, "skuPartNumber": "SPB", "consumedUnits": 77}])
    );
    let path = "/organization?$select=id,displayName";
    let own = world.get(path).await;
    assert_eq!(
        own.body["value"],
        json!([{"id": TENANT, "displayName": "Contoso"}])
    );
    world
        .microsoft
        .switches(|switches| switches.wrong_organization = Some(OTHER.into()));
    assert_eq!(world.get(path).await.ids(), [OTHER]);
}

#[tokio::test]
async fn requests_of_one_tenant_share_a_lane() {
    let world = world().await;
    let token = world.token().await;
    let twice = tokio::join!(
        world.call(&token, "GET", "/users", &[]),
        world.call(&token, "GET", "/groups", &[])
    );
    assert_eq!((twice.0.status, twice.1.status), (200, 200));
    assert!((1..=2).contains(&world.graph.controls.busiest_lane()));
    assert_eq!(world.login.controls.busiest_lane(), 0);
}
