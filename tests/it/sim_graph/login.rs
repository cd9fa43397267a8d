//! The login gives tokens for right credentials only, and names what is wrong by its number.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeZone, Utc};
use rollcall::simulator::graph::{AppData, SecretData};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{APP, FOREIGN, OTHER, SCOPE, TENANT, ask, form, secret_form, world};

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
