//! Each wrong request, with the status and words by which it is refused; and who may not call at
//! all.

use rollcall::simulator::connectwise::BadCredentials;
use serde_json::json;

use super::{World, send};

/// Method, path, body, status, words. `C` is the contact, `S` its site, `F` another company's site,
/// `I` an item's path; `+{…}` is a new contact of the company with these members, `N*x` a text of
/// so many letters.
const WRONG: &str = r#"
GET | company/nothing | | 404 | The endpoint does not exist.
GET | company/contacts/search | | 404 | The endpoint does not exist.
GET | company/contacts/57919 | | 404 | "message":"Contact 57919 not found"
GET | company/companies/57919/sites | | 404 | Company 57919 not found
GET | C/communications/1 | | 404 | "code":"NotFound"
POST | company/companies | {} | 405 | POST
DELETE | company/communicationTypes | | 405 | DELETE
DELETE | C | | 405 | DELETE
GET | company/contacts?conditions=email="a" | | 400 | "message":"email is not a recognized name."
GET | company/contacts?conditions=Company/id=1 | | 400 | Company/id is not a recognized name.
GET | company/contacts?conditions=types/id=1 | | 400 | types/id is not a recognized name.
GET | company/contacts?conditions=id="1" | | 400 | "code":"ApiFindCondition"
GET | company/contacts?conditions=lastName=Lee | | 400 | ApiFindCondition
GET | company/contacts?conditions=(id=1 | | 400 | parenthesis
GET | company/contacts?conditions=id=1 id=2 | | 400 | Unexpected
GET | company/contacts?conditions=lastName="a\"b" | | 400 | ApiFindCondition
GET | company/contacts?conditions=lastUpdated>[yesterday] | | 400 | ApiFindCondition
GET | company/contacts?conditions=id=99999999999999999999 | | 400 | is not a number
GET | company/contacts?childConditions=types/id in (1) | | 400 | in is not supported
GET | company/contacts?childConditions=lastName="a" | | 400 | lastName is not a recognized name.
GET | company/contacts?fields=id,email | | 400 | email is not a recognized name.
GET | company/contacts?orderBy=email | | 400 | email is not a recognized name.
GET | company/contacts?page=0 | | 400 | page
GET | company/contacts?pageSize=many | | 400 | pageSize
GET | company/contacts/types?conditions=name="VIP" | | 400 | name is not a recognized name.
GET | company/contacts?conditions=firstName="8000*x" | | 414 | Request-URI Too Large
POST | company/contacts | [] | 400 | ConnectWiseApi
POST | company/contacts | {"lastName": "Lee"} | 400 | The firstName field is required.
POST | company/contacts | {"firstName": " "} | 400 | "code":"MissingRequiredField"
POST | company/contacts | +{"firstName": "31*x"} | 400 | maximum length of 30
POST | company/contacts | +{"lastName": "31*x"} | 400 | "code":"MaxLengthField"
POST | company/contacts | +{"title": "101*x"} | 400 | maximum length of 100
POST | company/contacts | +{"email": "a"} | 400 | Could not find member 'email' on object of type 'Contact'.
POST | company/contacts | +{"type": {"id": 1}} | 400 | Check your accept header
POST | company/contacts | +{"company": {"id": 9}} | 400 | "field":"company/id"
POST | company/contacts | +{"company": {"identifier": "Gone"}} | 400 | company/id
POST | company/contacts | +{"site": {"id": F}} | 400 | "field":"site/id"
POST | company/contacts | {"firstName": "Bo", "site": {"id": S}} | 400 | site/id
POST | company/contacts | +{"typeIds": [1, 99]} | 400 | ContactType 99 not found
POST | company/contacts | +{"inactiveFlag": "maybe"} | 500 | Error converting value
POST | company/contacts | +{"communicationItems": [{"type": {"id": 99}, "value": "a"}]} | 400 | type/id
POST | company/contacts | +{"communicationItems": [{"value": "a"}]} | 400 | The type field is required.
POST | company/contacts | +{"communicationItems": [{"type": {"id": 1}}]} | 400 | The value field is required.
POST | company/contacts | +{"communicationItems": [{"type": {"id": 1}, "value": "251*x"}]} | 400 | length of 250
POST | company/contacts | +{"communicationItems": [{"type": {"id": 2}, "value": "a", "communicationType": "Email"}]} | 400 | fit
POST | company/contacts | +{"communicationItems": [{"type": {"id": 1}, "value": "a", "main": true}]} | 400 | member 'main'
PATCH | C | {"title": "Chief"} | 400 | "code":"InvalidPatch"
PATCH | C | [{"op": "test", "path": "title", "value": "x"}] | 400 | InvalidPatch
PATCH | C | [{"op": "replace", "path": "title"}] | 400 | InvalidPatch
PATCH | C | [{"op": "replace", "path": "Title", "value": "Chief"}] | 400 | InvalidPatch
PATCH | C | [{"op": "replace", "path": "title", "value": 5}] | 400 | InvalidPatch
PATCH | C | [{"op": "replace", "path": "title", "value": "101*x"}] | 400 | MaxLengthField
PATCH | C | [{"op": "remove", "path": "firstName"}] | 400 | MissingRequiredField
PATCH | C | [{"op": "replace", "path": "site", "value": {"id": F}}] | 400 | site/id
PATCH | C | [{"op": "replace", "path": "communicationItems", "value": "a"}] | 400 | cast or convert from System.String to
PATCH | C | [{"op": "replace", "path": "communicationItems/7/value", "value": "a"}] | 400 | InvalidPatch
PATCH | C | [{"op": "replace", "path": "lastName", "value": "Li"}, {"op": "add", "path": "no", "value": 1}] | 400 | no
PATCH | company/contacts/1 | [{"op": "replace", "path": "title", "value": "x"}] | 404 | Contact 1 not found
POST | C/communications | {"type": {"id": 1}} | 400 | MissingRequiredField
PATCH | I | [{"op": "replace", "path": "value", "value": ""}] | 400 | MissingRequiredField
PATCH | I | [{"op": "replace", "path": "address", "value": "a"}] | 400 | InvalidPatch
PATCH | I | {"value": "a"} | 400 | InvalidPatch
POST | C/typeAssociations | {"type": {"id": 1}} | 400 | The contact field is required.
POST | C/typeAssociations | {"type": {"id": 99}, "contact": {"id": 30000}} | 400 | type/id
DELETE | C/typeAssociations/1 | | 404 | NotFound
"#;

fn filled(text: &str, world: &World) -> String {
    let contact = format!("company/contacts/{}", world.ann);
    let item = format!("{contact}/communications/{}", world.ann().items[0].id);
    let mut text = match text.strip_prefix('+') {
        Some(more) => {
            let company = world.company;
            let start = format!(r#"{{"firstName": "Bo", "company": {{"id": {company}}}, "#);
            more.replacen('{', &start, 1)
        }
        None => text.to_owned(),
    };
    for length in [31, 101, 251, 8000] {
        text = text.replace(&format!("{length}*x"), &"x".repeat(length));
    }
    if let Some(rest) = text
        .strip_prefix('C')
        .filter(|rest| !rest.starts_with(char::is_lowercase))
    {
        return format!("{contact}{rest}");
    }
    text.replace(
        r#"{"id": F}"#,
        &format!(r#"{{"id": {}}}"#, world.foreign_site),
    )
    .replace(r#"{"id": S}"#, &format!(r#"{{"id": {}}}"#, world.site))
    .replace('I', if text == "I" { &item } else { "I" })
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_vendors_status_and_words() {
    let world = World::new().await;
    let before = world.ann();
    assert_eq!(world.ann, 30_000, "the table names it");
    let mut refused = 0;
    for line in WRONG.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [method, path, body, status, words] = parts[..] else {
            panic!("five parts: {line}");
        };
        let mut request = world.request(method, &filled(path, &world));
        if !body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(filled(body, &world));
        }
        let seen = send(request).await;
        assert_eq!(seen.status.to_string(), status, "{line}: {}", seen.text);
        assert!(seen.text.contains(words), "{line}: {}", seen.text);
        assert_eq!(world.ann(), before, "{line}");
        refused += 1;
    }
    assert!(refused > 60);
    assert_eq!(world.cloud.contacts(world.company).len(), 1);
    let plain = send(world.request("POST", "company/contacts").body("{}")).await;
    assert_eq!(plain.status, 415);
    let broken = world.request("POST", "company/contacts");
    let broken = broken.header("content-type", "application/json").body("{");
    assert_eq!(send(broken).await.status, 400);
}

#[tokio::test]
async fn who_has_no_keys_no_client_id_or_no_role_is_refused() {
    let mut world = World::new().await;
    let path = "company/contacts/count";
    let url = format!("{}/v2026_4/apis/3.0/{path}", world.running.url);
    let bare = send(
        world
            .client
            .get(&url)
            .basic_auth("examplemsp+public", Some("private")),
    )
    .await;
    assert_eq!(bare.status, 401);
    world
        .cloud
        .switch(|switches| switches.client_id_status = 403);
    let bare = send(
        world
            .client
            .get(&url)
            .basic_auth("examplemsp+public", Some("private")),
    )
    .await;
    assert_eq!(bare.status, 403);

    world.cloud.switch(|switches| switches.may_write = false);
    assert_eq!(world.get(path, &[]).await.status, 200);
    let refused = world.patch_ann("title", json!("Chief")).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("Security"))
    );

    world.keys.1 = "wrong".into();
    let refused = world.get(path, &[]).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["message"], "Incorrect public/private key");
    assert_eq!(world.get("system/info", &[]).await.status, 401);
    world.cloud.switch(|switches| {
        switches.bad_credentials = BadCredentials::NotFound;
        switches.system_info_is_open = true;
    });
    assert_eq!(world.get(path, &[]).await.status, 404);
    assert_eq!(world.get("system/info", &[]).await.body["isCloud"], true);
}

#[tokio::test]
async fn a_code_base_goes_stale_and_the_login_look_up_names_the_new_one() {
    let world = World::new().await;
    let look_up = format!("{}/login/companyinfo/examplemsp", world.running.url);
    let seen = send(world.client.get(&look_up)).await;
    assert_eq!(seen.body["Codebase"], "v2026_4/");
    assert_eq!(seen.body["IsCloud"], "True");
    let nobody = format!("{}/login/companyinfo/nobody", world.running.url);
    let seen = send(world.client.get(&nobody)).await;
    assert_eq!((seen.status, seen.text.as_str()), (200, "null"));
    world
        .cloud
        .switch(|switches| switches.unknown_company_is_404 = true);
    assert_eq!(send(world.client.get(&nobody)).await.status, 404);

    world
        .cloud
        .edit(|state| state.settings.code_base = "v2026_5/".into());
    assert_eq!(world.get("company/contacts", &[]).await.status, 404);
    world
        .cloud
        .switch(|switches| switches.stale_code_base_is_400 = true);
    let stale = world.get("company/contacts", &[]).await;
    assert_eq!(stale.status, 400);
    assert_eq!(stale.text, "Cannot route. Codebase/company is invalid");
    let current = world.request("GET", "../../../v4_6_release/apis/3.0/company/contacts");
    let current = send(current).await;
    assert_eq!(current.status, 200);
    assert_eq!(current.headers["api-current-version"], "2026.5");
    assert!(current.headers.contains_key("x-cw-request-id"));
}
