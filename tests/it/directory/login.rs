//! What the login answers when it gives no token.

use rollcall::http::Kind;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::*;

/// Every number of the vendor page that says what is wrong, and what a person should read about it.
const REFUSED: &[(u32, u16, &str, Kind, &str)] = &[
    (7_000_215, 401, "invalid_client", Kind::Credentials, "value"),
    (
        7_000_222,
        401,
        "invalid_client",
        Kind::SecretExpired,
        "expired",
    ),
    (
        700_027,
        401,
        "invalid_client",
        Kind::Credentials,
        "certificate",
    ),
    (700_024, 401, "invalid_client", Kind::Credentials, "clock"),
    (
        700_016,
        400,
        "unauthorized_client",
        Kind::Consent,
        "admin consent",
    ),
    (
        7_000_112,
        400,
        "unauthorized_client",
        Kind::Consent,
        "disabled",
    ),
    (90_002, 400, "invalid_tenant", Kind::Tenant, "tenant id"),
    (900_023, 400, "invalid_request", Kind::Tenant, "tenant id"),
    (9_001_023, 400, "invalid_request", Kind::Tenant, "common"),
    (65_001, 400, "invalid_grant", Kind::Consent, "admin consent"),
    (
        650_052,
        400,
        "invalid_client",
        Kind::Consent,
        "admin consent",
    ),
    (
        650_056,
        400,
        "invalid_client",
        Kind::Consent,
        "admin consent",
    ),
    (
        650_057,
        400,
        "invalid_resource",
        Kind::Consent,
        "admin consent",
    ),
    (
        500_011,
        400,
        "invalid_resource",
        Kind::Consent,
        "admin consent",
    ),
    (53_003, 400, "access_denied", Kind::Permission, "policy"),
    (530_032, 400, "access_denied", Kind::Permission, "policy"),
    (
        90_038,
        400,
        "invalid_request",
        Kind::Tenant,
        "national cloud",
    ),
    (
        900_382,
        400,
        "invalid_request",
        Kind::Tenant,
        "national cloud",
    ),
    (
        900_432,
        400,
        "invalid_request",
        Kind::Tenant,
        "national cloud",
    ),
    (
        1_234_567,
        401,
        "invalid_client",
        Kind::Credentials,
        "secrets",
    ),
    (
        1_234_567,
        400,
        "unauthorized_client",
        Kind::Consent,
        "consent",
    ),
    (
        1_234_567,
        400,
        "something_new",
        Kind::Credentials,
        "client id",
    ),
];

fn login_error(code: u32, error: &str, line: &str, listed: bool) -> String {
    let mut body = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: It's refused \"so\".{line}Trace ID: 1{line}Correlation ID: 2{line}Timestamp: 3"
        ),
    });
    if listed {
        body["error_codes"] = json!([code]);
    }
    body.to_string()
}

#[tokio::test]
async fn every_known_refusal_of_the_login_has_its_kind_and_its_advice() {
    let world = world(users(3)).await;
    for (code, status, error, kind, word) in REFUSED {
        for (line, listed) in [("\r\n", true), (" ", true), (" ", false)] {
            let body = login_error(*code, error, line, listed);
            world
                .login
                .controls
                .fault(Fault::once(answer(*status, &body)));
            let failed = world.directory().skus().await.unwrap_err();
            assert_eq!(failed.kind, *kind, "{code}");
            assert_eq!(failed.status, Some(*status), "{code}");
            assert_eq!(failed.service.name(), "Microsoft's login");
            let detail = format!("AADSTS{code}: It's refused \"so\".");
            assert_eq!(failed.detail, detail);
            assert!(
                failed.advice().contains(word),
                "{code}: {}",
                failed.advice()
            );
        }
    }
    assert_eq!(world.waited_ms(), 0, "nothing of it is tried again");
    assert_eq!(world.graph.controls.requests(), 0);
}

#[tokio::test]
async fn a_passing_trouble_of_the_login_is_tried_again() {
    for code in [90_006, 90_012, 90_024, 90_033, 90_055, 90_090] {
        let world = world(users(3)).await;
        let body = login_error(code, "temporarily_unavailable", "\r\n", true);
        let fault = Fault::once(answer(400, &body));
        world.login.controls.fault(fault.times(3));
        let read = world.directory().users().await;
        assert_eq!(read.unwrap().len(), 3, "{code}");
        assert_eq!(world.login.controls.requests(), 4, "{code}");

        world
            .login
            .controls
            .fault(Fault::always(answer(400, &body)));
        let failed = world.directory().skus().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unavailable, "{code}");
        assert_eq!(world.login.controls.requests(), 10, "{code}");
    }
}

#[tokio::test]
async fn a_throttled_login_waits_as_long_as_it_is_asked_to() {
    let world = world(users(3)).await;
    let throttle = FaultKind::Throttle {
        retry_after: Some("2.128".into()),
    };
    world.login.controls.fault(Fault::once(throttle));
    world.directory().skus().await.unwrap();
    assert_eq!(world.waited_ms(), 2128);
}

#[tokio::test]
async fn an_answer_without_a_token_is_no_token() {
    let world = world(users(3)).await;
    let nothing = [
        answer(200, "{}"),
        answer(
            200,
            r#"{"token_type":"Bearer","expires_in":3599,"access_token":""}"#,
        ),
        answer(200, r#"{"access_token":7}"#),
        answer(200, r#"{"access_token":"token","expires_in":"soon"}"#),
        answer(404, "[]"),
        FaultKind::Html(200),
        FaultKind::Html(403),
        FaultKind::Html(302),
    ];
    for fault in nothing {
        world.login.controls.fault(Fault::once(fault.clone()));
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unexpected, "{fault:?}");
        assert_eq!(failed.service.name(), "Microsoft's login");
    }
    assert_eq!(world.graph.controls.requests(), 0);
    world
        .login
        .controls
        .fault(Fault::always(FaultKind::Html(503)));
    let failed = world.directory().skus().await.unwrap_err();
    assert_eq!((failed.kind, failed.status), (Kind::Unavailable, Some(503)));
}
