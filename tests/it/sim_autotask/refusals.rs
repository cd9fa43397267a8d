//! Wrong queries, routes and sign-ins are refused.

use super::*;

#[tokio::test]
async fn wrong_queries_are_refused() {
    let world = world().await;
    let condition = |op: &str, field: &str, value: Value| json!({ "filter": [{ "op": op, "field": field, "value": value }] });
    let all = json!({ "filter": [{ "op": "exist", "field": "id" }] });
    let many: Vec<i64> = (0..501).collect();
    let udf = json!({ "op": "eq", "field": "Shoe size", "value": "9", "udf": true });
    let table: Vec<(&str, Value, &str)> = vec![
        ("no filter", json!({}), "must have a filter"),
        (
            "an empty filter",
            json!({ "filter": [] }),
            "must have a filter",
        ),
        ("no object", json!([]), "must be a JSON object"),
        (
            "a filter that is no array",
            json!({ "filter": { "op": "exist" } }),
            "array",
        ),
        ("a SQL-like filter", json!({ "filter": "id > 0" }), "array"),
        (
            "a field of another entity",
            condition("eq", "companyName", json!("x")),
            "Unable to find companyName in the Contact Entity.",
        ),
        (
            "a field that cannot be queried",
            condition("eq", "surveyOptOut", json!(true)),
            "Unable to find surveyOptOut in the Contact Entity.",
        ),
        (
            "an invented operator",
            condition("between", "id", json!([1, 2])),
            "operator",
        ),
        (
            "another API's operator",
            condition("startsWith", "lastName", json!("A")),
            "operator",
        ),
        (
            "no operator",
            json!({ "filter": [{ "field": "id", "value": 1 }] }),
            "op",
        ),
        (
            "no field",
            json!({ "filter": [{ "op": "eq", "value": 1 }] }),
            "field",
        ),
        (
            "no value",
            json!({ "filter": [{ "op": "eq", "field": "id" }] }),
            "not valid",
        ),
        (
            "a number as text",
            condition("eq", "companyID", json!("12")),
            "not valid",
        ),
        (
            "a boolean for the contact's number",
            condition("eq", "isActive", json!(true)),
            "not valid",
        ),
        (
            "a boolean as text",
            condition("eq", "primaryContact", json!("true")),
            "not valid",
        ),
        (
            "in without a list",
            condition("in", "id", json!(5)),
            "not valid",
        ),
        (
            "in with an empty list",
            condition("in", "id", json!([])),
            "not valid",
        ),
        (
            "in with over 500 values",
            condition("in", "id", json!(many)),
            "500 OR",
        ),
        (
            "contains on a number",
            condition("contains", "id", json!("1")),
            "not valid",
        ),
        (
            "an empty group",
            json!({ "filter": [{ "op": "or", "items": [] }] }),
            "items",
        ),
        (
            "a group without items",
            json!({ "filter": [{ "op": "and" }] }),
            "array",
        ),
        (
            "an unknown member in a condition",
            json!({ "filter": [{ "op": "exist", "field": "id", "not": true }] }),
            "'not'",
        ),
        (
            "an unknown member",
            with(all.clone(), "pageNumber", json!(2)),
            "'pageNumber'",
        ),
        (
            "pages over 500",
            with(all.clone(), "MaxRecords", json!(501)),
            "MaxRecords",
        ),
        (
            "pages of 0",
            with(all.clone(), "MaxRecords", json!(0)),
            "MaxRecords",
        ),
        (
            "an unknown field to include",
            with(all.clone(), "IncludeFields", json!(["mail"])),
            "Unable to find mail in the Contact Entity.",
        ),
        (
            "a dotted field to include",
            with(all.clone(), "IncludeFields", json!(["company.companyName"])),
            "Unable to find",
        ),
        (
            "fields to include as text",
            with(all.clone(), "IncludeFields", json!("id")),
            "array",
        ),
        (
            "a field that the database does not have",
            json!({ "filter": [udf.clone()] }),
            "Unable to find Shoe size",
        ),
    ];
    for (what, body, text) in table {
        for path in ["Contacts/query", "Contacts/query/count"] {
            let answer = world.post(path, body.clone()).await;
            assert_eq!(answer.status, 500, "{what}: {}", answer.text);
            let json = answer.json();
            let error = json["errors"][0].as_str().unwrap_or_default();
            assert!(error.contains(text), "{what}: {error}");
        }
    }
    let boolean = condition("eq", "isActive", json!(1));
    let answer = world.post("Companies/query", boolean).await;
    assert_eq!(answer.status, 500, "a number for the company's boolean");
    assert_eq!(
        world.running.controls.writes(),
        0,
        "a POST query is no write"
    );
}

#[tokio::test]
async fn wrong_routes_and_verbs_are_refused() {
    let world = world().await;
    let company = world.company;
    let children = format!("Companies/{company}/Contacts");
    let child = format!("{children}/{}", world.ada);
    let record = format!("Contacts/{}", world.ada);
    let long = format!("Contacts/query?search={}", "x".repeat(2048));
    let absent = format!("{children}/1");
    let locations = format!("Companies/{company}/Locations");
    let table: Vec<(&str, &str, u16, &str)> = vec![
        ("POST", "Contacts", 404, r#""Message""#),
        ("GET", "Contacts", 404, r#""Message""#),
        ("PATCH", "Contacts", 404, "<html>"),
        ("PATCH", &record, 404, "<html>"),
        (
            "PUT",
            &record,
            405,
            r#"{"Message":"The requested resource does not support http method 'PUT'."}"#,
        ),
        ("DELETE", &record, 405, "http method 'DELETE'"),
        ("POST", &record, 405, "http method 'POST'"),
        ("PUT", "Contacts/query", 405, "http method 'PUT'"),
        (
            "POST",
            "Contacts/entityInformation/fields",
            405,
            "http method 'POST'",
        ),
        ("POST", "ThresholdInformation", 405, "http method 'POST'"),
        ("GET", "Contacts/search", 404, r#""Message""#),
        ("GET", "Persons/query", 404, r#""Message""#),
        ("GET", "Companies/contoso/Contacts", 404, r#""Message""#),
        ("GET", &long, 404, "<html>"),
        ("GET", "Contacts/query", 500, "not valid JSON"),
        (
            "GET",
            "Contacts/query?search={filter}",
            500,
            "not valid JSON",
        ),
        ("GET", "Contacts/query/next?paging=2", 500, "paging"),
        ("POST", &child, 405, "http method 'POST'"),
        ("DELETE", &children, 405, "http method 'DELETE'"),
        ("DELETE", &child, 500, "adequate permissions to delete"),
        ("DELETE", &absent, 500, "No matching records found."),
        ("POST", "Companies", 500, "adequate permissions to create"),
        ("PATCH", &locations, 500, "permissions to update"),
    ];
    for (method, path, status, text) in table {
        let answer = world.ask(method, path, Some(new_person())).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(
            answer.text.contains(text),
            "{method} {path}: {}",
            answer.text
        );
    }
    assert_eq!(world.autotask.contacts(company).len(), 1);
}

#[tokio::test]
async fn wrong_credentials_are_refused_each_in_its_way() {
    let world = world().await;
    let url = world.url("ThresholdInformation");
    let ask = async |name: &str, value: Option<&str>| {
        let mut headers: Vec<_> = HEADERS
            .into_iter()
            .filter(|(key, _)| *key != name)
            .collect();
        headers.extend(value.map(|value| (name, value)));
        send("GET", &url, &headers, None).await.unwrap()
    };
    for name in ["UserName", "Secret"] {
        assert_eq!(ask(name, Some("wrong")).await.status, 401, "{name}");
        assert_eq!(ask(name, None).await.status, 401, "{name}");
    }
    for value in [Some("wrong"), None] {
        let answer = ask("ApiIntegrationCode", value).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.text, r#"{"errors":["IntegrationCode is invalid."]}"#);
    }
    let forms = [
        (Unauthorized::Empty, ""),
        (Unauthorized::Errors, "errors"),
        (Unauthorized::Message, "Message"),
        (Unauthorized::Html, "<html>"),
    ];
    for (form, text) in forms {
        world
            .autotask
            .switches(|switches| switches.unauthorized = form);
        let answer = ask("Secret", Some("wrong")).await;
        assert_eq!(answer.status, 401);
        assert!(answer.text.contains(text), "{form:?}: {}", answer.text);
    }
    world.autotask.set_secret("renewed");
    assert_eq!(ask("Secret", Some("simulated-secret")).await.status, 401);
    assert_eq!(ask("Secret", Some("renewed")).await.status, 200);
}

#[tokio::test]
async fn missing_rights_and_impersonated_queries_are_refused() {
    let world = world().await;
    let all = json!({ "filter": [{ "op": "exist", "field": "id" }] });
    let refusal = "The logged in Resource does not have the adequate permissions to query this \
                   entity type.";
    let mut headers = HEADERS.to_vec();
    headers.push(("ImpersonationResourceId", "4"));
    let url = world.url("Contacts/query");
    let answer = send("POST", &url, &headers, Some(&all)).await.unwrap();
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "errors": [refusal] }));

    world.autotask.switches(|switches| {
        switches.may_query = false;
        switches.may_write = false;
    });
    let answer = world.post("Contacts/query", all).await;
    assert_eq!(
        (answer.status, answer.json()),
        (500, json!({ "errors": [refusal] }))
    );
    let answer = world.write("POST", new_person()).await;
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("adequate permissions to create"));
}
