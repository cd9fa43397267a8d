//! Keys, the code base, and what refusals are called.

use rollcall::http::{ApiError, Kind};
use rollcall::model::Field;
use rollcall::psa::Psa;
use rollcall::psa::connectwise::VENDOR;
use rollcall::simulator::connectwise::BadCredentials;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::{ConnectWiseStage, stage, to};
use crate::conformance::{Options, Stage, vocabulary};

async fn read(stage: &ConnectWiseStage, psa: &dyn Psa) -> Result<usize, ApiError> {
    let words = vocabulary(&*stage.connect(Options::default())).await;
    let contacts = psa.contacts(&stage.company(), &words).await?;
    Ok(contacts.len())
}

#[tokio::test]
async fn a_connection_that_cannot_work_is_refused_with_one_sentence() {
    let stage = stage().await;
    let refused = |key: &str, value: &str| {
        let mut connection = stage.connection(Options::default());
        if connection.secrets.remove(key).is_none() {
            connection.fields.insert(key.into(), value.into());
        }
        (VENDOR.connect)(connection).err().unwrap_or_default()
    };
    let url = refused("url", "http://psa.msp.example");
    assert!(url.contains("must begin with https://"), "{url}");
    let url = refused("url", "https://eu.myconnectwise.net");
    assert!(url.contains("https://api-eu.myconnectwise.net"), "{url}");
    let types = refused("mobile_type", " direct ");
    assert!(types.contains("must differ"), "{types}");
    for (key, words) in [
        ("public_key", "the public key is missing"),
        ("private_key", "the private key is missing"),
        ("client_id", "the client ID is missing"),
        ("company_id", "the login company ID is missing"),
    ] {
        assert_eq!(refused(key, ""), words);
    }
    assert_eq!(stage.controls().requests(), 0, "connecting sends nothing");
}

#[tokio::test]
async fn an_unknown_login_company_is_named_as_such() {
    for missing in [false, true] {
        let stage = stage().await;
        let psa = stage.connect(Options::default());
        stage
            .cloud
            .edit(|state| state.settings.company_id = "other".into());
        stage
            .cloud
            .switch(|switches| switches.unknown_company_is_404 = missing);
        let error = psa.phone_types().await.unwrap_err();
        assert_eq!(error.kind, Kind::Credentials);
        assert!(error.advice().contains("login company ID"));
        assert_eq!(stage.controls().requests(), 1);
        assert_eq!(psa.address(), None);
    }
}

#[tokio::test]
async fn every_way_of_refusing_keys_is_called_credentials() {
    for how in [
        BadCredentials::Unauthorized,
        BadCredentials::UserNotAuthenticated,
        BadCredentials::NotFound,
    ] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.bad_credentials = how);
        let psa = stage.connect(Options {
            wrong_keys: true,
            ..Options::default()
        });
        for _ in 0..2 {
            let error = read(&stage, &*psa).await.unwrap_err();
            assert_eq!(error.kind, Kind::Credentials, "{how:?}");
            assert!(error.advice().contains("private key"));
        }
        let error = psa.company(&stage.company()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Credentials, "{how:?}");
    }
}

#[tokio::test]
async fn a_client_id_that_is_not_taken_is_called_credentials() {
    for status in [400, 401, 403] {
        let stage = stage().await;
        let psa = stage.connect(Options::default());
        stage.cloud.edit(|state| {
            state.settings.client_id = "00000000-0000-4000-8000-000000000009".into();
            state.switches.client_id_status = status;
        });
        let error = psa.phone_types().await.unwrap_err();
        assert_eq!(
            (error.kind, error.status),
            (Kind::Credentials, Some(status))
        );
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_called_permission() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [to(Field::FirstName, "Jo"), to(Field::Email, "jo@x.example")];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    stage.cloud.switch(|switches| switches.may_write = false);
    let error = psa.send(&steps[0]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Permission);
    assert!(error.message().contains("security permission"));
    stage.cloud.switch(|switches| switches.may_read = false);
    let error = psa.phone_types().await.unwrap_err();
    assert_eq!(error.kind, Kind::Permission);
}

#[tokio::test]
async fn a_stale_code_base_is_renewed_and_the_request_sent_once_more() {
    for plain_text in [false, true] {
        let stage = stage().await;
        let psa = stage.connect(Options::default());
        let fields = [to(Field::FirstName, "Jo"), to(Field::Email, "jo@x.example")];
        let steps = stage.steps(&*psa, None, &fields, &[]).await;
        stage.cloud.edit(|state| {
            state.settings.code_base = "v2026_5/".into();
            state.switches.stale_code_base_is_400 = plain_text;
        });
        stage.controls().clear_log();
        psa.send(&steps[0]).await.unwrap();
        let asked = stage.asked();
        let paths: Vec<&str> = asked.iter().map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "company/contacts",
                "/login/companyinfo/examplemsp",
                "company/contacts"
            ]
        );
        assert_eq!(stage.cloud.contacts(stage.company).len(), 1);
        assert_eq!(psa.address().unwrap()["codebase"], "v2026_5/");
        assert_eq!(read(&stage, &*psa).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_remembered_code_base_that_makes_no_sense_is_looked_up() {
    let stage = stage().await;
    for remembered in [
        json!({"codebase": "../../evil"}),
        json!({"codebase": ""}),
        json!(7),
        json!({"zone": "x"}),
    ] {
        let psa = stage.connect(Options {
            remembered: Some(remembered),
            ..Options::default()
        });
        assert_eq!(psa.address(), None);
        assert_eq!(read(&stage, &*psa).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn requests_at_once_look_the_code_base_up_once() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let reads = (0..8).map(|_| psa.phone_types());
    for read in futures_util::future::join_all(reads).await {
        read.unwrap();
    }
    let log = stage.controls().log();
    let look_ups = log
        .iter()
        .filter(|entry| entry.target.contains("companyinfo"));
    assert_eq!(look_ups.count(), 1);
}

#[tokio::test]
async fn a_500_means_what_its_words_say() {
    let body = |message: &str| json!({"code": "ConnectWiseApi", "message": message}).to_string();
    let passing = body("A timeout has occured. Please try again.");
    let refusing = body("Error converting value \"x\" to type 'Int32'.");
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [to(Field::FirstName, "Jo"), to(Field::Email, "jo@x.example")];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    let answer = |body: &str| FaultKind::Answer {
        status: 500,
        body: body.to_owned(),
    };
    stage.controls().fault(Fault::once(answer(&passing)));
    assert_eq!(read(&stage, &*psa).await.unwrap(), 0);
    for (body, kind) in [
        (passing.as_str(), Kind::Lost),
        (refusing.as_str(), Kind::Refused),
        ("<html><body>x</body></html>", Kind::Lost),
        ("", Kind::Lost),
    ] {
        stage.controls().fault(Fault::once(answer(body)));
        let error = psa.send(&steps[0]).await.unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
        assert!(!error.message().contains('<'));
    }
    stage.controls().fault(Fault::always(answer(&refusing)));
    let requests = stage.controls().requests();
    let error = psa.phone_types().await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert_eq!(stage.controls().requests(), requests + 1);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_nested_errors() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let fields = [to(Field::Email, "jo@x.example")];
    let steps = stage.steps(&*psa, None, &fields, &[]).await;
    let error = psa.send(&steps[0]).await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Refused, Some(400)));
    assert_eq!(
        error.message(),
        "ConnectWise could not create the contact (status 400): \
         contact object is invalid: The firstName field is required."
    );
    let shown = format!("{error:?} {error}");
    assert!(
        !shown.contains("firstName"),
        "the vendor's words may name people"
    );
}
