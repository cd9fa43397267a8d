//! Wrong creates and updates are refused, and change nothing.

use super::*;

#[tokio::test]
async fn wrong_creates_are_refused() {
    let world = world().await;
    let table: Vec<(&str, Value, &str)> = vec![
        (
            "no first name",
            without(new_person(), "firstName"),
            "Value does not exist for the required field firstName",
        ),
        (
            "no last name",
            without(new_person(), "lastName"),
            "Value does not exist for the required field lastName",
        ),
        (
            "a blank last name",
            with(new_person(), "lastName", json!(" ")),
            "required field lastName",
        ),
        (
            "no activity",
            without(new_person(), "isActive"),
            "Value does not exist for the required field isActive",
        ),
        (
            "a boolean activity",
            with(new_person(), "isActive", json!(true)),
            "Error converting value true",
        ),
        (
            "an activity of 2",
            with(new_person(), "isActive", json!(2)),
            "Picklist value [2] does not exist for isActive",
        ),
        (
            "a name of 21",
            with(new_person(), "firstName", json!("x".repeat(21))),
            "firstName",
        ),
        (
            "a title of 51",
            with(new_person(), "title", json!("x".repeat(51))),
            "title",
        ),
        (
            "an address of 255",
            with(new_person(), "emailAddress", json!("x".repeat(255))),
            "emailAddress",
        ),
        (
            "a mobile phone of 26",
            with(new_person(), "mobilePhone", json!("1".repeat(26))),
            "mobilePhone",
        ),
        (
            "another company's location",
            with(
                new_person(),
                "companyLocationID",
                json!(world.foreign_location),
            ),
            "Reference value on field: companyLocationID of type: CompanyLocation does not exist \
             or is invalid.",
        ),
        (
            "a location that is not there",
            with(new_person(), "companyLocationID", json!(1)),
            "Reference value on field: companyLocationID",
        ),
        (
            "another company in the body",
            with(new_person(), "companyID", json!(world.other_company)),
            "companyID",
        ),
        ("an id", with(new_person(), "id", json!(7)), "id"),
        (
            "a field of the server",
            with(new_person(), "createDate", json!("2025-01-01T00:00:00Z")),
            "read only",
        ),
        (
            "an unknown field",
            with(new_person(), "email", json!("g@contoso.example")),
            "Unable to find email in the Contact Entity.",
        ),
        (
            "an unknown prefix",
            with(new_person(), "namePrefix", json!(9)),
            "Picklist value [9] does not exist for namePrefix",
        ),
        (
            "a phone as a number",
            with(new_person(), "phone", json!(123)),
            "Error converting value",
        ),
        (
            "a field that the database does not have",
            with(
                new_person(),
                "userDefinedFields",
                json!([{ "name": "Size", "value": "9" }]),
            ),
            "Unable to find Size in the Contact Entity.",
        ),
        ("an array", json!([new_person()]), "one JSON object"),
    ];
    for (what, body, text) in table {
        let answer = world.write("POST", body).await;
        assert_eq!(answer.status, 500, "{what}: {}", answer.text);
        let json = answer.json();
        let error = json["errors"][0].as_str().unwrap_or_default();
        assert!(error.contains(text), "{what}: {error}");
    }
    let nobody = world.post("Companies/99/Contacts", new_person()).await;
    assert_eq!(nobody.status, 500);
    assert!(
        nobody
            .text
            .contains("Reference value on field: companyID of type: Company")
    );
    let url = world.url(&format!("Companies/{}/Contacts", world.company));
    let form = send("POST", &url, &HEADERS[..3], Some(&new_person()))
        .await
        .unwrap();
    assert_eq!(form.status, 415, "{}", form.text);
    assert_eq!(
        world.autotask.contacts(world.company).len(),
        1,
        "nothing was created"
    );
}

#[tokio::test]
async fn wrong_updates_are_refused() {
    let world = world().await;
    let ada = |name: &str, value: Value| with(json!({ "id": world.ada }), name, value);
    let table: Vec<(&str, &str, Value, &str)> = vec![
        (
            "PATCH",
            "no id",
            json!({ "title": "x" }),
            "required field id",
        ),
        ("PUT", "no id", new_person(), "required field id"),
        (
            "PATCH",
            "an id as text",
            json!({ "id": "5" }),
            "Error converting value",
        ),
        (
            "PATCH",
            "an id that is not there",
            json!({ "id": 5 }),
            "No matching records found.",
        ),
        (
            "PATCH",
            "a contact of another company",
            json!({ "id": world.stranger, "title": "x" }),
            "No matching records found.",
        ),
        (
            "PATCH",
            "a move to another company",
            ada("companyID", json!(world.other_company)),
            "companyID",
        ),
        (
            "PATCH",
            "a boolean activity",
            ada("isActive", json!(false)),
            "Error converting",
        ),
        (
            "PATCH",
            "a required field as null",
            ada("lastName", Value::Null),
            "required field lastName",
        ),
        (
            "PATCH",
            "a required field as blank",
            ada("lastName", json!("")),
            "required field lastName",
        ),
        (
            "PATCH",
            "a field of the server",
            ada("lastModifiedDate", json!("2025-01-01")),
            "read only",
        ),
        (
            "PATCH",
            "a foreign location",
            ada("companyLocationID", json!(world.foreign_location)),
            "Reference value on field: companyLocationID",
        ),
        (
            "PATCH",
            "JSON Patch",
            json!([{ "op": "replace", "path": "title", "value": "x" }]),
            "one JSON object",
        ),
        (
            "PUT",
            "a record without its names",
            ada("isActive", json!(1)),
            "required field firstName",
        ),
    ];
    let before = world.autotask.contact(world.ada);
    for (method, what, body, text) in table {
        let answer = world.write(method, body).await;
        assert_eq!(answer.status, 500, "{what}: {}", answer.text);
        let json = answer.json();
        let error = json["errors"][0].as_str().unwrap_or_default();
        assert!(error.contains(text), "{what}: {error}");
    }
    assert_eq!(
        world.autotask.contact(world.ada),
        before,
        "nothing was changed"
    );
}
