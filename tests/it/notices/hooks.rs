//! The webhook: what is called, how it is signed, and what happens when the other side refuses.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use rollcall::db::{deliveries, settings as stored};
use rollcall::notices::saving::{self, NewWebhook};
use rollcall::notices::sending;
use secrecy::SecretString;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{after, look, ran};
use crate::stage::{Stage, Store, Vendor};

/// A call that arrived: its head in lower case, and its body.
#[derive(Clone, Debug)]
pub struct Call {
    head: String,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> Option<String> {
        let start = format!("{name}: ");
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub struct Hook {
    url: String,
    status: Arc<Mutex<u16>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hook {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let hook = Self {
            url: format!(
                "http://{}/hook?key=a-hidden-key",
                listener.local_addr().unwrap()
            ),
            status: Arc::new(Mutex::new(202)),
            calls: Arc::default(),
        };
        let shared = hook.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let call = loop {
                    let mut some = [0; 4096];
                    let read = stream.read(&mut some).await.unwrap_or(0);
                    bytes.extend_from_slice(&some[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let head = head.to_lowercase();
                    let length = head.split("content-length: ").nth(1).unwrap();
                    let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
                    if body.len() >= length {
                        let body = body.to_owned();
                        break Call { head, body };
                    }
                };
                shared.calls.lock().unwrap().push(call);
                let status = *shared.status.lock().unwrap();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: 9\r\nconnection: close\r\n\r\nsays what"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        hook
    }

    pub fn fresh(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

async fn new(key: &str) -> (Stage, Hook) {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let hook = with_hook(&stage, key).await;
    (stage, hook)
}

/// A webhook that takes every call.
pub async fn with_hook(stage: &Stage, key: &str) -> Hook {
    let hook = Hook::start().await;
    stage
        .write(|conn| stored::allow_private_psa_addresses(conn, true))
        .await;
    let new = NewWebhook {
        url: SecretString::from(hook.url.as_str()),
        key: SecretString::from(key),
        off: false,
    };
    assert_eq!(
        saving::save_webhook(&stage.app, &new, "Ann").await.unwrap(),
        []
    );
    hook
}

#[tokio::test]
async fn a_call_carries_what_happened_and_a_signature_that_the_receiver_can_check() {
    let (stage, hook) = new("a-shared-key").await;
    stage.neighbour("Fabrikam", true).await;
    ran(&stage, stage.company_id, Err("secret_expired")).await;
    look(&stage).await;
    let calls = hook.fresh();
    assert_eq!(calls.len(), 1, "without any mail server");
    let call = &calls[0];
    let (json, id) = (call.json(), stage.company_id);
    assert_eq!(json["kind"], "failing");
    assert_eq!(json["cause"], "Client secret expired");
    assert_eq!(json["title"], "Client secret expired at Contoso");
    assert_eq!(
        json["companies"],
        serde_json::json!([{ "id": id, "name": "Contoso" }])
    );
    let link = format!(
        "{}/companies/{id}/connection",
        stage.app.config().portal_url()
    );
    assert_eq!(json["link"], link);
    assert!(
        json["text"]
            .as_str()
            .unwrap()
            .contains("Add a new client secret in Entra.")
    );
    assert_eq!(json["id"], call.header("x-rollcall-id").unwrap());
    let stamp = call.header("x-rollcall-timestamp").unwrap();
    assert!((stage.clock.now().timestamp() - stamp.parse::<i64>().unwrap()).abs() < 120);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a-shared-key");
    let signed = call.header("x-rollcall-signature").unwrap();
    let hex = signed.strip_prefix("sha256=").unwrap();
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let message = format!("{stamp}.{}", call.body);
    hmac::verify(&key, message.as_bytes(), &bytes).unwrap();
    assert!(hmac::verify(&key, call.body.as_bytes(), &bytes).is_err());
}

#[tokio::test]
async fn a_call_that_is_refused_is_tried_again_with_the_same_id() {
    let (stage, hook) = new("").await;
    *hook.status.lock().unwrap() = 500;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    let kept = stage
        .read(|conn| deliveries::list(conn, 10))
        .await
        .remove(0);
    let why = kept.error.unwrap();
    assert_eq!(why, "127.0.0.1 answered with status 500: says what");
    assert!(!kept.subject.contains("hidden") && !why.contains("hidden"));
    *hook.status.lock().unwrap() = 200;
    after(&stage, TimeDelta::minutes(5)).await;
    let calls = hook.fresh();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].json()["id"], calls[1].json()["id"]);
    assert_eq!(
        calls[0].header("x-rollcall-signature"),
        None,
        "no key, no signature"
    );
    ran(&stage, stage.company_id, Ok(0)).await;
    look(&stage).await;
    let calls = hook.fresh();
    assert_eq!(calls[0].json()["kind"], "recovered");
    assert_eq!(calls[0].json()["cause"], "Admin consent missing");
}

#[tokio::test]
async fn what_waits_for_a_webhook_that_is_turned_off_is_dropped() {
    let (stage, hook) = new("").await;
    *hook.status.lock().unwrap() = 500;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    let off = NewWebhook {
        url: SecretString::from(""),
        key: SecretString::from(""),
        off: true,
    };
    let wrong = saving::save_webhook(&stage.app, &off, "Ann").await.unwrap();
    assert_eq!(wrong, []);
    let kept = stage.read(|conn| deliveries::list(conn, 10)).await;
    assert!(kept.is_empty(), "{kept:?}");
    after(&stage, TimeDelta::days(4)).await;
    let failed = stage.read(deliveries::failed).await;
    assert_eq!(failed, 0, "nothing could not leave");
    assert_eq!(hook.fresh().len(), 1, "it was not called again");
}

#[tokio::test]
async fn of_an_answer_without_end_only_the_beginning_is_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let endless = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 500 x\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let http = stage.app.http();
    let request = http.client().get(format!("http://{address}/")).build();
    let answer = http.send_once(request.unwrap()).await.unwrap();
    assert_eq!(answer.status, 500);
    assert!(answer.body.len() < 1024 * 1024, "{}", answer.body.len());
    endless.await.unwrap();
}

#[tokio::test]
async fn an_address_in_a_private_network_is_refused_unless_it_is_allowed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    for (url, said) in [
        ("https://10.0.0.1/hook", "not on the public internet"),
        ("https://localhost/hook", "not on the public internet"),
        ("http://hooks.msp.example/x", "https://"),
        (
            "https://user:pass@hooks.msp.example/x",
            "without a user name",
        ),
        ("nonsense", "https://"),
    ] {
        let new = NewWebhook {
            url: SecretString::from(url),
            key: SecretString::from(""),
            off: false,
        };
        let mistakes = saving::save_webhook(&stage.app, &new, "Ann").await.unwrap();
        assert!(mistakes[0].message.contains(said), "{url}: {mistakes:?}");
    }
    let why = sending::test_call(&stage.app).await.unwrap().unwrap_err();
    assert_eq!(why, "No webhook is set up");
}

#[tokio::test]
async fn the_text_of_a_test_says_who_calls_and_that_it_is_a_test() {
    let (stage, hook) = new("a-shared-key").await;
    sending::test_call(&stage.app).await.unwrap().unwrap();
    let call = hook.fresh()[0].json();
    assert_eq!(call["kind"], "test");
    assert_eq!(call["text"], "Rollcall: a test call, nothing to do");
}
