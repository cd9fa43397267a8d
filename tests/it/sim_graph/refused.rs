//! Graph refuses wrong requests, tokens and permissions, and fails, in the vendor's words.

use chrono::{TimeDelta, TimeZone, Utc};
use rollcall::simulator::graph::AppData;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{APP, EVENTUAL, TENANT, ask, group_id, secret_form, user_id, world};

/// `[eventual] [METHOD] path | status code | part of the message`; GET where no method stands.
const WRONG: &str = r#"
# users
/users?$top=1000 | 400 Request_BadRequest | page size specified: '1000'. Must be between 1 and 999
/users?$top=0 | 400 Request_BadRequest | between 1 and 999
/users?$top=many | 400 BadRequest | 'many'
/users?$skip=10 | 400 Request_BadRequest | '$skip' is not supported
/users?$select=id,shoeSize | 400 BadRequest | 'shoeSize' on type 'microsoft.graph.user'
/users?$select=displayname | 400 BadRequest | 'displayname'
/users?$select=id&$select=mail | 400 BadRequest | more than once
/users?$select=id,aboutMe | 501 NotImplemented |
/users?$select=signInActivity | 403 Authentication_RequestFromNonPremiumTenantOrB2CTenant |
/users?$limit=5 | 400 BadRequest | '$limit'
/users?select=id | 400 BadRequest | 'select'
/users?$orderby=displayName | 400 Request_UnsupportedQuery | Sorting
/users?$skiptoken=garbled | 400 Request_BadRequest | page token
/users?$count=true | 400 Request_UnsupportedQuery | ConsistencyLevel
/users/$count | 400 Request_BadRequest | $count
/users?$filter=assignedLicenses/$count ne 0 | 400 Request_UnsupportedQuery | assignedLicenses
eventual /users?$filter=assignedLicenses/$count ne 0 | 400 Request_UnsupportedQuery | assignedLicenses
/users?$filter=endswith(mail,'x') | 400 Request_UnsupportedQuery | 'endswith'
/users?$filter=shoeSize eq 'x' | 400 Request_UnsupportedQuery | 'shoeSize'
/users?$filter=mail eq x | 400 BadRequest | Syntax
/users/NO_USER | 404 Request_ResourceNotFound | 'NO_USER' does not exist or one of its queried
/users/no@contoso.example?$select=id | 404 Request_ResourceNotFound | 'no@contoso.example'
/users/user1@contoso.example?$top=5 | 400 Request_BadRequest | '$top'
/users/user1@contoso.example/shoes | 400 BadRequest | segment 'shoes'
POST /users | 405 Request_BadRequest | not allowed
PATCH /users/user1@contoso.example | 405 Request_BadRequest | not allowed
# paths
/persons | 400 BadRequest | Resource not found for the segment 'persons'.
/../v9.9/users | 400 BadRequest | Invalid version: v9.9
# groups
/groups?$search="displayName:man" | 400 Request_UnsupportedQuery | $search
eventual /groups?$search=man | 400 BadRequest | Syntax
/groups?$select=id,members | 400 BadRequest | microsoft.graph.group
/groups?$expand=members | 400 Request_BadRequest | '$expand'
/groups/NO_GROUP | 404 Request_ResourceNotFound | 'NO_GROUP'
/groups/NO_GROUP/transitiveMembers?$select=id&$top=999 | 404 Request_ResourceNotFound |
/groups/GROUP/transitiveMembers?$select=shoeSize | 400 BadRequest | microsoft.graph.directoryObject
/groups/GROUP/transitiveMembers/microsoft.graph.user | 400 Request_UnsupportedQuery |
/groups/GROUP/transitiveMembers/microsoft.graph.user?$count=true | 400 Request_UnsupportedQuery |
eventual /groups/GROUP/transitiveMembers/microsoft.graph.user | 400 Request_UnsupportedQuery |
eventual /groups/GROUP/transitiveMembers/microsoft.graph.teapot | 400 BadRequest | teapot
# licences, organization, batch
/subscribedSkus?$top=5 | 400 Request_BadRequest | '$top'
/subscribedSkus?$filter=skuPartNumber eq 'SPB' | 400 Request_BadRequest | '$filter'
/subscribedSkus?$select=name | 400 BadRequest | subscribedSku
DELETE /subscribedSkus | 405 Request_BadRequest |
/organization?$select=tenantId | 400 BadRequest | organization
/organization/NO_USER | 404 Request_ResourceNotFound |
GET /$batch | 405 Request_BadRequest |
"#;

#[tokio::test]
async fn each_wrong_request_to_graph_is_refused_as_graph_refuses_it() {
    let world = world().await;
    let token = world.token().await;
    let table = WRONG
        .replace("NO_USER", &user_id(999))
        .replace("NO_GROUP", &group_id(999))
        .replace("GROUP", &group_id(1));
    let lines: Vec<&str> = table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    for line in &lines {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [request, expected, message] = parts[..] else {
            panic!("not three parts: {line}");
        };
        let (headers, request) = match request.strip_prefix("eventual ") {
            Some(rest) => (EVENTUAL, rest),
            None => (&[][..], request),
        };
        let (method, path) = match request.split_once(" /") {
            Some((method, _)) if !method.contains('/') => (method, &request[method.len() + 1..]),
            _ => ("GET", request),
        };
        let answer = world.call(&token, method, path, headers).await;
        assert_eq!(
            format!("{} {}", answer.status, answer.code()),
            expected,
            "{line}"
        );
        assert!(
            answer.message().contains(message),
            "{line}: {}",
            answer.body
        );
        let id = answer.headers["request-id"].to_str().expect("text");
        assert_eq!(answer.body["error"]["innerError"]["request-id"], id);
    }
    assert_eq!(lines.len(), 46);
    assert_eq!(world.graph.controls.requests(), lines.len());
    assert_eq!(world.graph.controls.writes(), 0);
}

#[tokio::test]
async fn a_wrong_batch_is_refused_whole() {
    let world = world().await;
    let item = |id: &str, url: &str| json!({"id": id, "method": "GET", "url": url});
    let many: Vec<Value> = (0..21).map(|n| item(&n.to_string(), "/groups")).collect();
    let cases = [
        (json!({"requests": many}), "maximum value of 20"),
        (json!({"requests": []}), "Invalid batch"),
        (json!({"items": []}), "Invalid batch"),
        (
            json!({"requests": [item("1", "/groups"), item("1", "/users")]}),
            "unique",
        ),
        (json!({"requests": [item("1", "/$batch")]}), "batch"),
        (
            json!({"requests": [item("1", "https://graph.microsoft.com/v1.0/users")]}),
            "relative",
        ),
        (
            json!({"requests": [{"id": "1", "url": "/users"}]}),
            "'method'",
        ),
        (
            json!({"requests": [{"id": 1, "method": "GET", "url": "/users"}]}),
            "'id'",
        ),
        (
            json!({"requests": [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["9"]}]}),
            "'9'",
        ),
    ];
    for (body, message) in cases {
        let answer = world.batch(&body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "BadRequest"),
            "{body}"
        );
        assert!(answer.message().contains(message), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_missing_garbled_or_expired_token_is_answered_with_401() {
    let world = world().await;
    let token = world.token().await;
    let url = format!("{}/v1.0/users", world.graph.url);
    let none = ask("GET", &url, &[], String::new()).await;
    assert_eq!(
        (none.status, none.code()),
        (401, "InvalidAuthenticationToken")
    );
    for wrong in ["garbled", ""] {
        let answer = world.call(wrong, "GET", "/users", &[]).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "InvalidAuthenticationToken")
        );
    }
    assert_eq!(world.call(&token, "GET", "/users", &[]).await.status, 200);
    world.microsoft.expire_tokens();
    let expired = world.call(&token, "GET", "/users", &[]).await;
    assert_eq!(
        (expired.status, expired.code()),
        (401, "InvalidAuthenticationToken")
    );
    let noon = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
    world
        .microsoft
        .switches(|switches| switches.now = Some(noon));
    let token = world.token().await;
    let later = noon + TimeDelta::seconds(3600);
    world
        .microsoft
        .switches(|switches| switches.now = Some(later));
    assert_eq!(world.call(&token, "GET", "/users", &[]).await.status, 401);
}

#[tokio::test]
async fn each_missing_permission_is_answered_with_403() {
    let world = world().await;
    let token = world.token().await;
    let members = format!(
        "/groups/{}/transitiveMembers?$select=id&$top=999",
        group_id(1)
    );
    let cases = [
        ("User.Read.All", "/users?$select=id"),
        ("User.Read.All", "/users/user1@contoso.example"),
        ("User.Read.All", "/organization"),
        ("GroupMember.Read.All", "/groups"),
        ("GroupMember.Read.All", members.as_str()),
        ("LicenseAssignment.Read.All", "/subscribedSkus"),
    ];
    let set = |edit: &dyn Fn(&mut AppData)| {
        world.microsoft.tenant(TENANT, |tenant| {
            let app = tenant.apps.get_mut(APP).expect("the app");
            *app = AppData::reader("right");
            edit(app);
        });
    };
    for (permission, path) in cases {
        set(&|app| {
            app.permissions.remove(permission);
        });
        let answer = world.call(&token, "GET", path, &[]).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "Authorization_RequestDenied"),
            "{path}"
        );
        set(&|app| app.permissions = ["Directory.Read.All".to_owned()].into());
        assert_eq!(
            world.call(&token, "GET", path, &[]).await.status,
            200,
            "{path}"
        );
        set(&|app| app.consented = false);
        assert_eq!(
            world.call(&token, "GET", path, &[]).await.status,
            403,
            "{path}"
        );
    }
    world.microsoft.tenant(TENANT, |tenant| tenant.apps.clear());
    let gone = world.call(&token, "GET", "/users", &[]).await;
    assert_eq!(
        (gone.status, gone.code()),
        (403, "Authorization_IdentityNotFound")
    );
}

#[tokio::test]
async fn throttling_and_outages_come_in_the_vendors_form() {
    let world = world().await;
    let token = world.token().await;
    let wait = Some("2.128".to_owned());
    let throttle = FaultKind::Throttle { retry_after: wait };
    world.graph.controls.fault(Fault::once(throttle.clone()));
    world.login.controls.fault(Fault::once(throttle));
    let answer = world.call(&token, "GET", "/users", &[]).await;
    assert_eq!((answer.status, answer.code()), (429, "TooManyRequests"));
    assert_eq!(answer.headers["retry-after"], "2.128");
    let answer = world.login(TENANT, secret_form("right")).await;
    assert_eq!(
        (answer.status, &answer.body["error_codes"]),
        (429, &json!([90_055]))
    );
    world
        .microsoft
        .switches(|switches| switches.lowercase_inner_error = true);
    for status in [500, 502, 503, 504] {
        world
            .graph
            .controls
            .fault(Fault::once(FaultKind::Status(status)));
        let answer = world.call(&token, "GET", "/users", &[]).await;
        assert_eq!(answer.status, status);
        assert!(!answer.code().is_empty());
        assert!(answer.body["error"]["innererror"]["request-id"].is_string());
    }
    world
        .login
        .controls
        .fault(Fault::once(FaultKind::Status(503)));
    let answer = world.login(TENANT, secret_form("right")).await;
    assert_eq!(answer.body["error_codes"], json!([90_033]));
    assert_eq!(answer.body["error"], "temporarily_unavailable");
}
