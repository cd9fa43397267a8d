//! Wrong requests are refused as the vendor refuses them, and right ones answered.

mod consent;
mod login;
mod reading;
mod refused;

use std::sync::Arc;

use rollcall::simulator::graph::{
    AppData, Graph, GroupData, Login, MemberData, Microsoft, SkuData, TenantData, UserData,
};
use rollcall::simulator::kit::{Running, start};
use serde_json::Value;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const FOREIGN: &str = "33333333-3333-4333-8333-333333333333";
const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const SCOPE: &str = "https://graph.microsoft.com/.default";
const EVENTUAL: &[(&str, &str)] = &[("consistencylevel", "eventual")];
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
        account_enabled: Some(number.is_multiple_of(2)),
        assigned_licenses: Some(if number.is_multiple_of(3) {
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
