//! Wrong requests are refused as the vendor refuses them, and right ones answered.

mod limits;
mod reading;
mod refusals;
mod refused_writes;
mod writing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rollcall::simulator::autotask::{
    Autotask, CompanyData, ContactData, LocationData, Settings, Switches, Unauthorized,
};
use rollcall::simulator::kit::{self, Cloud, Fault, FaultKind, Running};
use serde_json::{Map, Value, json};

struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn ids(&self) -> Vec<i64> {
        let json = self.json();
        let items = json["items"].as_array().expect("items");
        items
            .iter()
            .map(|item| item["id"].as_i64().expect("an id"))
            .collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is asked as any client might, right or wrong"
)]
async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> reqwest::Result<Answer> {
    let mut request = reqwest::Client::new().request(method.parse().expect("a method"), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let response = request.send().await?;
    Ok(Answer {
        status: response.status().as_u16(),
        text: response.text().await?,
    })
}

/// A database with two companies, and its simulator.
struct World {
    autotask: Arc<Autotask>,
    running: Running,
    company: i64,
    other_company: i64,
    location: i64,
    inactive_location: i64,
    foreign_location: i64,
    ada: i64,
    stranger: i64,
}

const HEADERS: [(&str, &str); 4] = [
    ("ApiIntegrationCode", "SIMULATEDINTEGRATIONCODE"),
    ("UserName", "api@msp.example"),
    ("Secret", "simulated-secret"),
    ("Content-Type", "application/json"),
];

async fn world() -> World {
    let autotask = Arc::new(Autotask::new(Settings::default()));
    let add_company = |name: &str| {
        autotask.add_company(&CompanyData {
            company_name: name.into(),
            is_active: true,
            ..CompanyData::default()
        })
    };
    let company = add_company("Contoso");
    let other_company = add_company("Fabrikam");
    let add_location = |company_id: i64, name: &str, is_active: bool| {
        autotask.add_location(&LocationData {
            company_id,
            name: name.into(),
            is_active,
            ..LocationData::default()
        })
    };
    let location = add_location(company, "Main", true);
    let inactive_location = add_location(company, "Closed", false);
    let foreign_location = add_location(other_company, "Main", true);
    let ada = autotask.add_contact(&ContactData {
        email_address: Some("ada@contoso.example".into()),
        title: Some("Engineer".into()),
        company_location_id: Some(location),
        ..ContactData::named(company, "Ada", "Lovelace")
    });
    let stranger = autotask.add_contact(&ContactData::named(other_company, "Some", "One"));
    let running = kit::start(autotask.clone()).await.expect("a port");
    World {
        autotask,
        running,
        company,
        other_company,
        location,
        inactive_location,
        foreign_location,
        ada,
        stranger,
    }
}

impl World {
    fn url(&self, path: &str) -> String {
        format!("{}/zone14/atservicesrest/v1.0/{path}", self.running.url)
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let answer = send(method, &self.url(path), &HEADERS, body.as_ref()).await;
        answer.expect("an answer")
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body)).await
    }

    async fn write(&self, method: &str, body: Value) -> Answer {
        let path = format!("Companies/{}/Contacts", self.company);
        self.ask(method, &path, Some(body)).await
    }

    fn add_people(&self, count: usize) -> BTreeSet<i64> {
        let add = |number: usize| {
            let last = format!("Person {number}");
            let contact = ContactData::named(self.company, "Test", &last);
            self.autotask.add_contact(&contact)
        };
        (0..count).map(add).collect()
    }
}

fn new_person() -> Value {
    json!({ "firstName": "Grace", "lastName": "Hopper", "isActive": 1 })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().expect("an object").remove(name);
    body
}
