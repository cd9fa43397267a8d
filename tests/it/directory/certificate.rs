//! Signing in with a certificate. The files of `tests/it/data` were made with openssl for these tests alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall::http::Kind;
use serde_json::Value;

use super::*;

const PFX: &[u8] = include_bytes!("../data/app.pfx");
const LEGACY: &[u8] = include_bytes!("../data/app-legacy.pfx");
const NO_PASSWORD: &[u8] = include_bytes!("../data/app-no-password.pfx");
const ELLIPTIC: &[u8] = include_bytes!("../data/app-ec.pfx");
const PEM: &[u8] = include_bytes!("../data/app.pem");
const PASSWORD: &str = "test-password";

fn certificate(pfx: &[u8], password: Option<&str>) -> Credential {
    Credential::Certificate {
        pfx: pfx.to_vec().into(),
        password: password.map(|password| password.to_owned().into()),
    }
}

async fn certificate_world() -> World {
    let world = world(users(2)).await;
    world.microsoft.switches(|s| s.now = Some(noon()));
    world.microsoft.tenant(TENANT, |tenant| {
        let app = tenant.apps.get_mut(APP).expect("the app");
        app.secrets.clear();
        app.certificates.push(PEM.to_vec());
    });
    world
}

#[tokio::test]
async fn a_certificate_signs_in_from_new_legacy_and_passwordless_files() {
    let files = [
        (PFX, Some(PASSWORD)),
        (LEGACY, Some(PASSWORD)),
        (NO_PASSWORD, None),
        (NO_PASSWORD, Some("")),
    ];
    for (pfx, password) in files {
        let world = certificate_world().await;
        let directory = world.connect(&connection(), certificate(pfx, password));
        let read = directory.unwrap().users().await;
        assert_eq!(read.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_assertion_is_for_the_real_login_and_lives_for_minutes() {
    let world = certificate_world().await;
    let directory = world.connect(&connection(), certificate(PFX, Some(PASSWORD)));
    directory.unwrap().skus().await.unwrap();
    let asked = world.login.controls.log().pop().unwrap();
    let mut form = url::form_urlencoded::parse(asked.body.as_bytes());
    let (_, assertion) = form.find(|(name, _)| name == "client_assertion").unwrap();
    let parts: Vec<Value> = assertion
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0]["alg"], "PS256");
    let audience = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    assert_eq!(parts[1]["aud"], *audience);
    assert_eq!(parts[1]["nbf"], noon().timestamp());
    let life = parts[1]["exp"].as_i64().unwrap() - noon().timestamp();
    assert!((300..=600).contains(&life), "{life}");
}

#[tokio::test]
async fn a_certificate_that_entra_does_not_know_is_told() {
    let world = certificate_world().await;
    world.microsoft.tenant(TENANT, |tenant| {
        tenant.apps.get_mut(APP).unwrap().certificates.clear();
    });
    let directory = world.connect(&connection(), certificate(PFX, Some(PASSWORD)));
    let failed = directory.unwrap().skus().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(
        failed.detail.starts_with("AADSTS700027"),
        "{}",
        failed.detail
    );
    assert!(failed.advice().contains("upload"));
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_told_in_one_sentence() {
    let world = certificate_world().await;
    let password = "the password does not open the PFX file";
    let files: [(&[u8], Option<&str>, &str); 7] = [
        (PFX, Some("wrong"), password),
        (PFX, None, password),
        (LEGACY, Some("wrong"), password),
        (
            ELLIPTIC,
            Some(PASSWORD),
            "the PFX file holds no RSA private key",
        ),
        (PEM, None, "the certificate is not a PFX file"),
        (
            &PFX[..PFX.len() / 2],
            Some(PASSWORD),
            "the certificate is not a PFX file",
        ),
        (b"", None, "the certificate is not a PFX file"),
    ];
    for (pfx, given, sentence) in files {
        let failed = world
            .connect(&connection(), certificate(pfx, given))
            .unwrap_err();
        assert_eq!(failed.kind, Kind::Credentials);
        assert_eq!(failed.detail, sentence);
        assert!(!failed.advice().contains("secret"), "{}", failed.advice());
    }
    assert_eq!(world.login.controls.requests(), 0);
}

#[test]
fn a_certificate_is_not_shown_by_debug() {
    let shown = format!("{:?}", certificate(PFX, Some(PASSWORD)));
    assert!(
        !shown.contains(PASSWORD) && !shown.contains("48, 130"),
        "{shown}"
    );
}
