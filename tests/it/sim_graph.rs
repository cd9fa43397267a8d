//! Wrong requests are refused as the vendor refuses them, and right ones answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, TimeZone, Utc};
use rollcall::simulator::graph::{
    AppData, Graph, GroupData, Login, MemberData, Microsoft, SecretData, SkuData, TenantData,
    UserData,
};
use rollcall::simulator::kit::{Fault, FaultKind, Running, start};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const FOREIGN: &str = "33333333-3333-4333-8333-333333333333";
const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const SCOPE: &str = "https://graph.microsoft.com/.default";
const FORM: &str = "application/x-www-form-urlencoded";

struct World {
    microsoft: Arc<Microsoft>,
    login: Running,
    graph: Running,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    fn ids(&self) -> Vec<String> {
        let ids = self.body["value"].as_array().expect("a list").iter();
        ids.map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is asked from outside, without the crate's own client"
)]
async fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let method = method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body");
    Answer {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

fn user_id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn group_id(number: usize) -> String {
    format!("99999999-0000-4000-8000-{number:012}")
}

fn user(number: usize) -> UserData {
    UserData {
        id: user_id(number),
        user_principal_name: format!("user{number}@contoso.example"),
        display_name: Some(format!("User {number}")),
        account_enabled: Some(number % 2 == 0),
        assigned_licenses: Some(if number % 3 == 0 {
            vec![SPB.into()]
        } else {
            vec![]
        }),
        ..UserData::default()
    }
}

fn group(number: usize, name: &str, members: Vec<MemberData>) -> GroupData {
    GroupData {
        id: group_id(number),
        display_name: name.into(),
        security_enabled: true,
        members,
        ..GroupData::default()
    }
}

/// A tenant of 230 users and groups that nest in a circle, and one that lives in another cloud.
async fn world() -> World {
    let microsoft = Microsoft::new();
    microsoft.add_tenant(TenantData {
        id: TENANT.into(),
        display_name: "Contoso".into(),
        default_domain: "contoso.example".into(),
        apps: [(APP.to_owned(), AppData::reader("right"))].into(),
        users: (0..230).rev().map(user).collect(),
        groups: vec![
            group(
                1,
                "Management",
                vec![
                    MemberData::User(user_id(1)),
                    MemberData::Group(group_id(2)),
                    MemberData::User(user_id(999)),
                ],
            ),
            group(
                2,
                "Board",
                vec![
                    MemberData::User(user_id(1)),
                    MemberData::User(user_id(2)),
                    MemberData::Group(group_id(1)),
                    MemberData::Other {
                        kind: "device".into(),
                        id: user_id(777),
                    },
                ],
            ),
        ],
        skus: vec![SkuData {
            sku_id: SPB.into(),
            sku_part_number: "SPB".into(),
            ..SkuData::default()
        }],
        ..TenantData::default()
    });
    microsoft.add_tenant(TenantData {
        id: FOREIGN.into(),
        default_domain: "far.example".into(),
        other_cloud: true,
        ..TenantData::default()
    });
    let login = start(Arc::new(Login(microsoft.clone()))).await;
    let graph = start(Arc::new(Graph(microsoft.clone()))).await;
    World {
        microsoft,
        login: login.expect("a port"),
        graph: graph.expect("a port"),
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn secret_form(secret: &str) -> String {
    form(&[
        ("client_id", APP),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
    ])
}

impl World {
    async fn login(&self, tenant: &str, body: String) -> Answer {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.login.url);
        ask("POST", &url, &[("content-type", FORM)], body).await
    }

    async fn token(&self) -> String {
        let answer = self.login(TENANT, secret_form("right")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"]
            .as_str()
            .expect("a token")
            .into()
    }

    async fn call(&self, token: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(more);
        let url = format!("{}/v1.0{path}", self.graph.url);
        ask(method, &url, &headers, String::new()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(&self.token().await, "GET", path, &[]).await
    }

    async fn batch(&self, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token().await);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let url = format!("{}/v1.0/$batch", self.graph.url);
        ask("POST", &url, &headers, body.to_string()).await
    }

    async fn every_page(&self, path: &str) -> (Vec<String>, usize) {
        let token = self.token().await;
        let bearer = format!("Bearer {token}");
        let mut answer = self.call(&token, "GET", path, &[]).await;
        let (mut ids, mut pages) = (answer.ids(), 1);
        while let Some(next) = answer.body["@odata.nextLink"].as_str().map(str::to_owned) {
            answer = ask("GET", &next, &[("authorization", &bearer)], String::new()).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            ids.extend(answer.ids());
            pages += 1;
        }
        (ids, pages)
    }
}

#[tokio::test]
async fn each_wrong_request_to_graph_is_refused_as_graph_refuses_it() {
    const EVENTUAL: &[(&str, &str)] = &[("consistencylevel", "eventual")];
    let world = world().await;
    let token = world.token().await;
    let members = format!("/groups/{}/transitiveMembers", group_id(1));
    let cast = format!("{members}/microsoft.graph.user?$select=id");
    let counted = format!("{cast}&$count=true");
    let odd_cast = format!("{members}/microsoft.graph.teapot");
    let unknown_user = format!("/users/{}", user_id(999));
    let unknown_group = format!("/groups/{}", group_id(999));
    let unknown_members = format!("{unknown_group}/transitiveMembers?$select=id&$top=999");
    let members_select = format!("{members}?$select=shoeSize");
    let cases: &[(&str, &str, &[(&str, &str)], u16, &str, &str)] = &[
        (
            "GET",
            "/users?$top=1000",
            &[],
            400,
            "Request_BadRequest",
            "page size specified: '1000'",
        ),
        (
            "GET",
            "/users?$top=0",
            &[],
            400,
            "Request_BadRequest",
            "between 1 and 999",
        ),
        ("GET", "/users?$top=many", &[], 400, "BadRequest", "'many'"),
        (
            "GET",
            "/users?$skip=10",
            &[],
            400,
            "Request_BadRequest",
            "'$skip' is not supported",
        ),
        (
            "GET",
            "/users?$select=id,shoeSize",
            &[],
            400,
            "BadRequest",
            "property named 'shoeSize' on type 'microsoft.graph.user'",
        ),
        (
            "GET",
            "/users?$select=displayname",
            &[],
            400,
            "BadRequest",
            "'displayname'",
        ),
        (
            "GET",
            "/users?$select=id&$select=mail",
            &[],
            400,
            "BadRequest",
            "more than once",
        ),
        (
            "GET",
            "/users?$select=id,aboutMe",
            &[],
            501,
            "NotImplemented",
            "",
        ),
        (
            "GET",
            "/users?$select=signInActivity",
            &[],
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "",
        ),
        ("GET", "/users?$limit=5", &[], 400, "BadRequest", "'$limit'"),
        (
            "GET",
            "/users?select=id",
            &[],
            400,
            "BadRequest",
            "'select'",
        ),
        (
            "GET",
            "/users?$orderby=displayName",
            &[],
            400,
            "Request_UnsupportedQuery",
            "Sorting",
        ),
        (
            "GET",
            "/users?$skiptoken=garbled",
            &[],
            400,
            "Request_BadRequest",
            "page token",
        ),
        (
            "GET",
            "/users?$count=true",
            &[],
            400,
            "Request_UnsupportedQuery",
            "ConsistencyLevel",
        ),
        (
            "GET",
            "/users/$count",
            &[],
            400,
            "Request_BadRequest",
            "$count",
        ),
        (
            "GET",
            "/users?$filter=assignedLicenses/$count ne 0",
            &[],
            400,
            "Request_UnsupportedQuery",
            "assignedLicenses",
        ),
        (
            "GET",
            "/users?$filter=assignedLicenses/$count ne 0",
            EVENTUAL,
            400,
            "Request_UnsupportedQuery",
            "assignedLicenses",
        ),
        (
            "GET",
            "/users?$filter=endswith(mail,'x')",
            &[],
            400,
            "Request_UnsupportedQuery",
            "'endswith'",
        ),
        (
            "GET",
            "/users?$filter=shoeSize eq 'x'",
            &[],
            400,
            "Request_UnsupportedQuery",
            "'shoeSize'",
        ),
        (
            "GET",
            "/users?$filter=mail eq x",
            &[],
            400,
            "BadRequest",
            "Syntax",
        ),
        (
            "GET",
            &unknown_user,
            &[],
            404,
            "Request_ResourceNotFound",
            "does not exist or one of its queried reference-property objects",
        ),
        (
            "GET",
            "/users/nobody@contoso.example?$select=id",
            &[],
            404,
            "Request_ResourceNotFound",
            "'nobody@contoso.example'",
        ),
        (
            "GET",
            "/users/user1@contoso.example?$top=5",
            &[],
            400,
            "Request_BadRequest",
            "'$top'",
        ),
        (
            "GET",
            "/users/user1@contoso.example/shoes",
            &[],
            400,
            "BadRequest",
            "segment 'shoes'",
        ),
        (
            "POST",
            "/users",
            &[],
            405,
            "Request_BadRequest",
            "not allowed",
        ),
        (
            "PATCH",
            "/users/user1@contoso.example",
            &[],
            405,
            "Request_BadRequest",
            "not allowed",
        ),
        (
            "GET",
            "/persons",
            &[],
            400,
            "BadRequest",
            "Resource not found for the segment 'persons'.",
        ),
        (
            "GET",
            "/../v9.9/users",
            &[],
            400,
            "BadRequest",
            "Invalid version: v9.9",
        ),
        (
            "GET",
            "/groups?$search=\"displayName:man\"",
            &[],
            400,
            "Request_UnsupportedQuery",
            "$search",
        ),
        (
            "GET",
            "/groups?$search=man",
            EVENTUAL,
            400,
            "BadRequest",
            "Syntax",
        ),
        (
            "GET",
            "/groups?$select=id,members",
            &[],
            400,
            "BadRequest",
            "microsoft.graph.group",
        ),
        (
            "GET",
            "/groups?$expand=members",
            &[],
            400,
            "Request_BadRequest",
            "'$expand'",
        ),
        (
            "GET",
            &unknown_group,
            &[],
            404,
            "Request_ResourceNotFound",
            &unknown_group[8..],
        ),
        (
            "GET",
            &unknown_members,
            &[],
            404,
            "Request_ResourceNotFound",
            "",
        ),
        ("GET", &cast, &[], 400, "Request_UnsupportedQuery", ""),
        ("GET", &counted, &[], 400, "Request_UnsupportedQuery", ""),
        ("GET", &cast, EVENTUAL, 400, "Request_UnsupportedQuery", ""),
        ("GET", &odd_cast, EVENTUAL, 400, "BadRequest", "teapot"),
        (
            "GET",
            &members_select,
            &[],
            400,
            "BadRequest",
            "microsoft.graph.directoryObject",
        ),
        (
            "GET",
            "/subscribedSkus?$top=5",
            &[],
            400,
            "Request_BadRequest",
            "'$top'",
        ),
        (
            "GET",
            "/subscribedSkus?$filter=skuPartNumber eq 'SPB'",
            &[],
            400,
            "Request_BadRequest",
            "'$filter'",
        ),
        (
            "GET",
            "/subscribedSkus?$select=name",
            &[],
            400,
            "BadRequest",
            "subscribedSku",
        ),
        (
            "GET",
            "/organization?$select=tenantId",
            &[],
            400,
            "BadRequest",
            "organization",
        ),
        (
            "GET",
            "/organization/22222222-2222-4222-8222-222222222222",
            &[],
            404,
            "Request_ResourceNotFound",
            "",
        ),
        ("GET", "/$batch", &[], 405, "Request_BadRequest", ""),
        (
            "DELETE",
            "/subscribedSkus",
            &[],
            405,
            "Request_BadRequest",
            "",
        ),
    ];
    for (method, path, headers, status, code, message) in cases {
        let answer = world.call(&token, method, path, headers).await;
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.body);
        assert_eq!(answer.code(), *code, "{method} {path}");
        assert!(
            answer.message().contains(message),
            "{method} {path}: {}",
            answer.body
        );
        let id = answer.headers["request-id"].to_str().expect("text");
        assert_eq!(answer.body["error"]["innerError"]["request-id"], id);
    }
    assert_eq!(world.graph.controls.requests(), cases.len());
    assert_eq!(world.graph.controls.writes(), 0);
}

#[tokio::test]
async fn each_wrong_login_is_refused_with_its_aadsts_number() {
    let world = world().await;
    world.microsoft.tenant(TENANT, |tenant| {
        let app = tenant.apps.get_mut(APP).expect("the app");
        app.secrets.push(SecretData {
            value: "old".into(),
            expired: true,
        });
        let off = AppData {
            disabled: true,
            ..AppData::reader("right")
        };
        tenant.apps.insert("off".into(), off);
    });
    let right = |name: &'static str, value: &'static str| {
        let mut fields = vec![
            ("client_id", APP),
            ("client_secret", "right"),
            ("grant_type", "client_credentials"),
            ("scope", SCOPE),
        ];
        fields.retain(|(field, _)| *field != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
        form(&fields)
    };
    let cases = [
        (
            "common",
            secret_form("right"),
            400,
            "invalid_request",
            9_001_023,
        ),
        (
            "organizations",
            secret_form("right"),
            400,
            "invalid_request",
            50_059,
        ),
        (OTHER, secret_form("right"), 400, "invalid_request", 90_002),
        (
            "nowhere.example",
            secret_form("right"),
            400,
            "invalid_request",
            90_002,
        ),
        (
            "nonsense",
            secret_form("right"),
            400,
            "invalid_request",
            900_023,
        ),
        (
            FOREIGN,
            secret_form("right"),
            400,
            "invalid_request",
            900_382,
        ),
        (
            TENANT,
            right("client_id", "bbbb"),
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            TENANT,
            right("client_id", "off"),
            400,
            "unauthorized_client",
            7_000_112,
        ),
        (
            TENANT,
            right("client_id", ""),
            400,
            "invalid_request",
            900_144,
        ),
        (
            TENANT,
            right("grant_type", ""),
            400,
            "invalid_request",
            900_144,
        ),
        (
            TENANT,
            right("grant_type", "password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (TENANT, right("scope", ""), 400, "invalid_request", 900_144),
        (
            TENANT,
            right("scope", "User.Read.All"),
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            TENANT,
            right("scope", "https://x.example/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            TENANT,
            right("client_secret", ""),
            401,
            "invalid_client",
            7_000_216,
        ),
        (
            TENANT,
            secret_form("wrong"),
            401,
            "invalid_client",
            7_000_215,
        ),
        (TENANT, secret_form("old"), 401, "invalid_client", 7_000_222),
        (
            TENANT,
            secret_form("right") + "&scope=x",
            400,
            "invalid_request",
            90_014,
        ),
        (TENANT, "{}".into(), 400, "invalid_request", 900_144),
    ];
    for (tenant, body, status, error, number) in cases {
        let answer = world.login(tenant, body).await;
        assert_eq!(answer.status, status, "{number}: {}", answer.body);
        assert_eq!(answer.body["error"], error);
        assert_eq!(answer.body["error_codes"], json!([number]));
        let text = answer.body["error_description"].as_str().expect("text");
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
        assert!(
            text.contains("\r\nTrace ID: ") && text.contains("\r\nTimestamp: "),
            "{text}"
        );
    }
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", world.login.url);
    let got = ask("GET", &url, &[], String::new()).await;
    assert_eq!(got.body["error_codes"], json!([900_561]));
    let json_body = ask(
        "POST",
        &url,
        &[("content-type", "application/json")],
        secret_form("right"),
    );
    assert_eq!(json_body.await.body["error_codes"], json!([900_144]));
    assert_eq!(world.microsoft.tokens_issued(), 0);
}

#[tokio::test]
async fn a_login_error_without_line_breaks_can_be_had() {
    let world = world().await;
    world
        .microsoft
        .switches(|switches| switches.escaped_login_errors = false);
    let answer = world.login(TENANT, secret_form("wrong")).await;
    let text = answer.body["error_description"].as_str().expect("text");
    assert!(
        text.contains(" Trace ID: ") && !text.contains('\n'),
        "{text}"
    );
}

#[tokio::test]
async fn a_token_is_given_by_domain_and_for_every_national_cloud() {
    let world = world().await;
    for host in [
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    ] {
        let body = secret_form("right").replace("graph.microsoft.com", host);
        let answer = world.login("Contoso.example", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["expires_in"], 3599);
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
    let eventual = [("consistencylevel", "eventual")];
    let licensed = "/users?$filter=assignedLicenses/$count ne 0&$count=true&$select=id&$top=999";
    let answer = world.call(&token, "GET", licensed, &eventual).await;
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
        world.call(&token, "GET", search, &eventual).await.ids(),
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
    let eventual = [("consistencylevel", "eventual")];
    let answer = world.call(&token, "GET", &cast, &eventual).await;
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

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a short element");
    let mut bytes = vec![tag, 0x82];
    bytes.extend(length.to_be_bytes());
    bytes.extend(content);
    bytes
}

/// A certificate as far as the simulator reads it: nobody checks who signed it.
fn certificate(key: &KeyPair) -> Vec<u8> {
    let public: PublicKeyX509Der = key.public_key().as_der().expect("a public key");
    let (number, empty) = (der(2, &[2]), der(0x30, &[]));
    let version = der(0xa0, &number);
    let parts = [
        &version[..],
        &number,
        &empty,
        &empty,
        &empty,
        &empty,
        public.as_ref(),
    ];
    let signed = der(0x30, &parts.concat());
    der(0x30, &[&signed[..], &empty, &der(3, &[0])].concat())
}

fn assertion(key: &KeyPair, head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(head), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_certificate_signs_in_only_with_the_right_key_and_claims() {
    let world = world().await;
    let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
    world
        .microsoft
        .switches(|switches| switches.now = Some(now));
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let stranger = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let own = certificate(&key);
    let head = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(&own))});
    world.microsoft.tenant(TENANT, |tenant| {
        tenant
            .apps
            .get_mut(APP)
            .expect("the app")
            .certificates
            .push(own);
    });
    let claims = json!({
        "aud": format!("http://127.0.0.1:1/{TENANT}/oauth2/v2.0/token"),
        "iss": APP, "sub": APP, "jti": "1", "nbf": now.timestamp(), "exp": now.timestamp() + 300,
    });
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let long_ago = json!(now.timestamp() - 3600);
    let cases = [
        (&key, head.clone(), claims.clone(), 200),
        (&stranger, head.clone(), claims.clone(), 401),
        (
            &key,
            with(&head, "alg", json!("RS256")),
            claims.clone(),
            401,
        ),
        (
            &key,
            with(&head, "x5t#S256", json!("AAAA")),
            claims.clone(),
            401,
        ),
        (&key, head.clone(), with(&claims, "iss", json!("x")), 401),
        (&key, head.clone(), with(&claims, "jti", Value::Null), 401),
        (&key, head.clone(), with(&claims, "exp", long_ago), 401),
        (
            &key,
            head.clone(),
            with(&claims, "aud", json!("http://x/y/oauth2/v2.0/token")),
            401,
        ),
    ];
    for (key, head, claims, status) in cases {
        let body = form(&[
            ("client_id", APP),
            ("grant_type", "client_credentials"),
            ("scope", SCOPE),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion(key, &head, &claims)),
        ]);
        let answer = world.login(TENANT, body).await;
        assert_eq!(answer.status, status, "{head} {claims}: {}", answer.body);
        if status == 401 {
            assert_eq!(answer.body["error_codes"], json!([700_027]));
        }
    }
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
