//! Queries, pages, the zone and the fields are answered as the vendor answers them.

use super::*;

#[tokio::test]
async fn the_zone_is_found_without_credentials_and_can_move() {
    let world = world().await;
    let root = &world.running.url;
    for path in [
        "v1.0/zoneInformation",
        "atservicesrest/V1.0/ZoneInformation",
    ] {
        let url = format!("{root}/{path}?user=api@msp.example");
        let answer = send("GET", &url, &[], None).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        let expected = format!("{root}/zone14/atservicesrest/");
        assert_eq!(answer.json()["url"], json!(expected));
    }
    let url = format!("{root}/v1.0/zoneInformation?user=nobody@msp.example");
    let answer = send("GET", &url, &[], None).await.unwrap();
    assert_eq!(answer.status, 500);
    let text = r#"{"errors":["Zone information could not be determined"]}"#;
    assert_eq!(answer.text, text);
    let url = format!("{root}/atservicesrest/versioninformation");
    let answer = send("GET", &url, &[], None).await.unwrap();
    assert_eq!(answer.json(), json!({ "apiVersions": ["1.0"] }));

    assert_eq!(world.get("thresholdinformation").await.status, 200);
    world.autotask.move_zone("zone22");
    assert_eq!(world.get("ThresholdInformation").await.status, 401);
    let url = format!("{root}/v1.0/zoneInformation?user=api@msp.example");
    let moved = send("GET", &url, &[], None).await.unwrap().json();
    let url = format!(
        "{}v1.0/ThresholdInformation",
        moved["url"].as_str().unwrap()
    );
    assert_eq!(send("GET", &url, &HEADERS, None).await.unwrap().status, 200);
}

#[tokio::test]
async fn paging_with_post_gathers_each_contact_once() {
    let world = world().await;
    let mut expected = world.add_people(1203);
    expected.insert(world.ada);
    let body = json!({
        "filter": [{ "op": "eq", "field": "CompanyId", "value": world.company }],
        "IncludeFields": ["id", "lastName"],
    });
    let first = world.post("Contacts/query", body.clone()).await;
    let details = &first.json()["pageDetails"];
    assert_eq!(details["count"], 500);
    assert_eq!(details["requestCount"], 500);
    assert_eq!(details["prevPageUrl"], Value::Null);
    let row = &first.json()["items"][1];
    assert_eq!(
        row.as_object().unwrap().len(),
        2,
        "only the included fields: {row}"
    );

    let next = details["nextPageUrl"].as_str().unwrap().to_owned();
    assert!(
        next.starts_with(&world.url("Contacts/query/next?paging=")),
        "{next}"
    );
    let wrong = send("GET", &next, &HEADERS, None).await.unwrap();
    assert_eq!(wrong.status, 405);
    let text = r#"{"Message":"The requested resource does not support http method 'GET'."}"#;
    assert_eq!(wrong.text, text);
    let other = json!({ "filter": [{ "op": "exist", "field": "id" }] });
    let wrong = send("POST", &next, &HEADERS, Some(&other)).await.unwrap();
    assert_eq!(wrong.status, 500, "another body: {}", wrong.text);

    let mut found = first.ids();
    let mut following = Some(next);
    let mut last = first;
    while let Some(url) = following {
        last = send("POST", &url, &HEADERS, Some(&body)).await.unwrap();
        assert_eq!(last.status, 200, "{}", last.text);
        found.extend(last.ids());
        let next = &last.json()["pageDetails"]["nextPageUrl"];
        following = next.as_str().map(str::to_owned);
    }
    assert_eq!(found.len(), 1204);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    let previous = last.json()["pageDetails"]["prevPageUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let previous = send("POST", &previous, &HEADERS, Some(&body))
        .await
        .unwrap();
    assert_eq!(previous.ids().len(), 500);
    let count = world.post("Contacts/query/count", body.clone()).await;
    assert_eq!(count.json(), json!({ "queryCount": 1204 }));

    let no_id = with(body, "IncludeFields", json!(["lastName"]));
    let answer = world.post("Contacts/query", no_id).await;
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("IncludeFields must contain id"));
}

#[tokio::test]
async fn paging_with_get_goes_on_with_get() {
    let world = world().await;
    let mut expected = world.add_people(4);
    expected.insert(world.ada);
    let search = json!({
        "filter": [{ "op": "eq", "field": "companyID", "value": world.company }],
        "MaxRecords": 2,
    });
    let first = world.get(&format!("Contacts/query?search={search}")).await;
    let children = world
        .get(&format!("Companies/{}/Contacts", world.company))
        .await;
    assert_eq!(children.ids().len(), 5);
    let mut found = first.ids();
    let mut page = first.json();
    while let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() {
        let wrong = send("POST", next, &HEADERS, Some(&search)).await.unwrap();
        assert_eq!(wrong.status, 405, "{}", wrong.text);
        let answer = send("GET", next, &HEADERS, None).await.unwrap();
        found.extend(answer.ids());
        page = answer.json();
    }
    assert_eq!(found.len(), 5);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn each_operator_finds_what_it_says() {
    let world = world().await;
    let add = |first: &str, last: &str, active: i64, mail: Option<&str>| {
        world.autotask.add_contact(&ContactData {
            is_active: active,
            email_address: mail.map(str::to_owned),
            ..ContactData::named(world.company, first, last)
        })
    };
    let (ada, stranger) = (world.ada, world.stranger);
    let bob = add("Bob", "Stone", 0, None);
    let eve = add("Eve", "Lovell", 1, Some("eve@contoso.example"));
    let test =
        |op: &str, field: &str, value: Value| json!([{ "op": op, "field": field, "value": value }]);
    let love = json!({ "op": "beginsWith", "field": "lastName", "value": "LOVE" });
    let stone = json!({ "op": "eq", "field": "lastname", "value": "stone" });
    let table = vec![
        (
            test("eq", "emailAddress", json!("ADA@contoso.example")),
            vec![ada],
        ),
        (test("noteq", "isActive", json!(1)), vec![bob]),
        (test("gt", "id", json!(bob)), vec![eve]),
        (test("gte", "id", json!(bob)), vec![bob, eve]),
        (test("lt", "id", json!(bob)), vec![ada, stranger]),
        (test("lte", "id", json!(stranger)), vec![ada, stranger]),
        (
            test("beginsWith", "lastName", json!("love")),
            vec![ada, eve],
        ),
        (test("endsWith", "lastName", json!("ell")), vec![eve]),
        (test("contains", "lastName", json!("vel")), vec![ada, eve]),
        (
            json!([{ "op": "exist", "field": "emailAddress" }]),
            vec![ada, eve],
        ),
        (
            json!([{ "op": "notExist", "field": "emailAddress" }]),
            vec![stranger, bob],
        ),
        (test("in", "id", json!([ada, bob, 1])), vec![ada, bob]),
        (
            test("notIn", "companyID", json!([world.company])),
            vec![stranger],
        ),
        (
            test("eq", "primaryContact", json!(false)),
            vec![ada, stranger, bob, eve],
        ),
        (
            test("gt", "lastModifiedDate", json!("2025-01-01")),
            vec![ada, stranger, bob, eve],
        ),
        (
            test("gt", "lastModifiedDate", json!("2125-01-01T00:00:00Z")),
            vec![],
        ),
        (
            json!([love, { "op": "eq", "field": "isActive", "value": 1 }]),
            vec![ada, eve],
        ),
        (
            json!([{ "op": "or", "items": [love, stone] }]),
            vec![ada, bob, eve],
        ),
        (
            json!([{ "op": "or", "items": [stone, { "op": "and", "items": [love,
            { "op": "notExist", "field": "title" }] }] }]),
            vec![bob, eve],
        ),
    ];
    for (filter, expected) in table {
        let answer = world
            .post("Contacts/query", json!({ "filter": filter }))
            .await;
        assert_eq!(answer.status, 200, "{filter}: {}", answer.text);
        assert_eq!(answer.ids(), expected, "{filter}");
    }
    let active = json!({ "filter": [{ "op": "eq", "field": "isActive", "value": true }] });
    let companies = world.post("Companies/query", active.clone()).await;
    assert_eq!(companies.ids(), [0, world.company, world.other_company]);
    let locations = world.post("CompanyLocations/query", active).await;
    assert_eq!(locations.ids(), [world.location, world.foreign_location]);
}

#[tokio::test]
async fn the_fields_are_described_with_their_lengths() {
    let world = world().await;
    let described = async || {
        let answer = world.get("Contacts/entityInformation/fields").await.json();
        let fields = answer["fields"].as_array().unwrap().clone();
        let named = |field: Value| (field["name"].as_str().unwrap().to_owned(), field);
        fields.into_iter().map(named).collect::<Map<_, _>>()
    };
    let fields = described().await;
    let lengths = [
        ("firstName", 20),
        ("lastName", 20),
        ("title", 50),
        ("emailAddress3", 254),
        ("phone", 25),
        ("mobilePhone", 25),
        ("alternatePhone", 32),
        ("extension", 10),
        ("externalID", 50),
    ];
    for (name, length) in lengths {
        assert_eq!(fields[name]["length"], length, "{name}");
        assert_eq!(fields[name]["dataType"], "string", "{name}");
    }
    assert_eq!(fields["isActive"]["dataType"], "integer");
    assert_eq!(fields["isActive"]["isRequired"], true);
    assert_eq!(fields["lastModifiedDate"]["isReadOnly"], true);
    assert_eq!(
        fields["companyLocationID"]["referenceEntityType"],
        "CompanyLocation"
    );
    assert_eq!(fields["namePrefix"]["picklistValues"][0]["value"], "1");

    let long = with(new_person(), "firstName", json!("x".repeat(50)));
    assert_eq!(world.write("POST", long.clone()).await.status, 500);
    world
        .autotask
        .switches(|switches| switches.name_length = 50);
    assert_eq!(described().await["firstName"]["length"], 50);
    assert_eq!(world.write("POST", long).await.status, 200);
    let info = world.get("Contacts/entityInformation").await.json();
    assert_eq!(info["info"]["canUpdate"], true);
}
