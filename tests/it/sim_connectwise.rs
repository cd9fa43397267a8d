//! Wrong requests are refused as the vendor refuses them, and right ones answered.

mod reading;
mod refusals;
mod writing;

use std::collections::HashMap;
use std::sync::Arc;

use rollcall::simulator::connectwise::{
    CompanyData, ConnectWise, ContactData, ContactTypeData, ItemData, Settings, SiteData,
};
use rollcall::simulator::kit::{Running, start};
use serde_json::{Value, json};

/// An instance with two companies, and the way to it.
struct World {
    cloud: Arc<ConnectWise>,
    running: Running,
    client: reqwest::Client,
    keys: (String, String),
    company: i64,
    site: i64,
    foreign_site: i64,
    types: [i64; 2],
    ann: i64,
}

struct Seen {
    status: u16,
    headers: HashMap<String, String>,
    text: String,
    body: Value,
}

impl Seen {
    fn ids(&self) -> Vec<i64> {
        let rows = self.body.as_array().expect("a list");
        rows.iter()
            .map(|row| row["id"].as_i64().expect("an id"))
            .collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test talks to the simulator without the client"
)]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test talks to the simulator without the client"
)]
async fn send(request: reqwest::RequestBuilder) -> Seen {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
        .collect();
    let text = response.text().await.expect("text");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Seen {
        status,
        headers,
        text,
        body,
    }
}

fn email(address: &str, default: bool) -> ItemData {
    ItemData {
        type_id: 1,
        value: address.into(),
        default,
        ..Default::default()
    }
}

impl World {
    async fn new() -> Self {
        let cloud = Arc::new(ConnectWise::new(Settings::default()));
        let company = |identifier: &str, status: &str, deleted| {
            cloud.add_company(CompanyData {
                identifier: identifier.into(),
                name: format!("{identifier} Ltd"),
                status: status.into(),
                deleted,
                ..Default::default()
            })
        };
        let (contoso, fabrikam) = (
            company("Contoso", "", false),
            company("Fabrikam", "Inactive", false),
        );
        company("Gone", "", true);
        let site = |company_id, name: &str, inactive| {
            cloud.add_site(SiteData {
                company_id,
                name: name.into(),
                inactive,
                primary: !inactive,
                ..Default::default()
            })
        };
        let (main, foreign_site) = (
            site(contoso, "Main", false),
            site(fabrikam, "Harbour", false),
        );
        site(contoso, "Old", true);
        let types = ["End User", "VIP"].map(|description| {
            cloud.add_contact_type(ContactTypeData {
                description: description.into(),
                ..Default::default()
            })
        });
        let ann = cloud.add_contact(ContactData {
            first_name: "Ann".into(),
            last_name: Some("Lee".into()),
            company_id: Some(contoso),
            site_id: Some(main),
            items: vec![
                email("ann@contoso.example", true),
                email("old@contoso.example", false),
            ],
            ..Default::default()
        });
        let running = start(cloud.clone()).await.expect("a port");
        Self {
            cloud,
            running,
            client: client(),
            keys: ("examplemsp+public".into(), "private".into()),
            company: contoso,
            site: main,
            foreign_site,
            types,
            ann,
        }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v2026_4/apis/3.0/{path}", self.running.url);
        let method = method.parse().expect("a method");
        self.client
            .request(method, url)
            .basic_auth(&self.keys.0, Some(&self.keys.1))
            .header("clientId", Settings::default().client_id)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Seen {
        send(self.request("GET", path).query(query)).await
    }

    async fn write(&self, method: &str, path: &str, body: &Value) -> Seen {
        send(self.request(method, path).json(body)).await
    }

    async fn patch_ann(&self, path: &str, value: Value) -> Seen {
        let target = format!("company/contacts/{}", self.ann);
        let body = json!([{"op": "replace", "path": path, "value": value}]);
        self.write("PATCH", &target, &body).await
    }

    fn ann(&self) -> ContactData {
        self.cloud.contact(self.ann).expect("Ann")
    }

    fn thirty_more(&self) {
        for number in 0..30 {
            self.cloud.add_contact(ContactData {
                first_name: format!("Person {number}"),
                company_id: Some(self.company),
                inactive: number % 2 == 0,
                items: vec![email(&format!("p{number}@contoso.example"), true)],
                ..Default::default()
            });
        }
    }
}

fn replace(path: &str, value: &Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}
