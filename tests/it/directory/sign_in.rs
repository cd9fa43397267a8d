//! Tokens: one for all, renewed when refused, the right cloud and address, and secrets kept.

use std::sync::Arc;

use futures_util::future::join_all;
use rollcall::directory::{Directory, Endpoints};
use rollcall::http::{Counter, Kind, counted};
use rollcall::model::{Calls, Cloud, TenantConnection, TenantId};
use rollcall::simulator::graph::TenantData;
use rollcall::simulator::kit::{Fault, FaultKind};

use super::*;

#[tokio::test]
async fn connecting_sends_nothing_and_ten_reads_share_one_token() {
    let world = world(users(3)).await;
    let directory = Arc::new(world.directory());
    assert_eq!(world.login.controls.requests(), 0);
    let tasks = (0..10).map(|_| {
        let directory = directory.clone();
        tokio::spawn(async move { directory.users().await })
    });
    for read in join_all(tasks).await {
        assert_eq!(read.unwrap().unwrap().len(), 3);
    }
    assert_eq!(world.microsoft.tokens_issued(), 1);
    assert_eq!(world.login.controls.requests(), 1);
    assert_eq!(world.graph.controls.requests(), 10);
}

#[tokio::test]
async fn requests_are_counted_retries_of_the_login_included() {
    let world = world(users(3)).await;
    let directory = world.directory();
    let gateway = Fault::once(FaultKind::Html(503)).times(2);
    world.login.controls.fault(gateway);
    let counter = Arc::new(Counter::default());
    let read = counted(counter.clone(), directory.users()).await;
    assert_eq!(read.unwrap().len(), 3);
    let calls = Calls {
        login: 3,
        graph: 1,
        psa: 0,
    };
    assert_eq!(counter.calls(), calls);
}

#[tokio::test]
async fn a_token_that_graph_refuses_is_renewed_once() {
    let world = world(users(3)).await;
    let directory = world.directory();
    directory.users().await.unwrap();
    world.microsoft.expire_tokens();
    let reads = join_all((0..4).map(|_| directory.users())).await;
    assert!(reads.iter().all(|read| read.as_ref().unwrap().len() == 3));
    assert_eq!(world.microsoft.tokens_issued(), 2);
}

#[tokio::test]
async fn a_token_that_graph_always_refuses_is_an_error_after_two_tokens() {
    let world = world(users(3)).await;
    let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure."}}"#;
    world.graph_answers(401, body);
    let error = world.directory().users().await.unwrap_err();
    assert_eq!(error.kind, Kind::Credentials);
    assert_eq!(error.status, Some(401));
    assert_eq!(world.microsoft.tokens_issued(), 2);
    assert_eq!(world.graph.controls.requests(), 2);
}

#[tokio::test]
async fn a_wrong_secret_app_or_tenant_is_told_apart() {
    for escaped in [true, false] {
        let world = world(vec![]).await;
        world
            .microsoft
            .switches(|s| s.escaped_login_errors = escaped);
        let failure = async |tenant: &TenantConnection, text: &str| {
            let directory = world.connect(tenant, secret(text)).unwrap();
            directory.confirm_tenant().await.unwrap_err()
        };
        let wrong = failure(&connection(), "wrong").await;
        assert_eq!(wrong.kind, Kind::Credentials);
        assert!(
            wrong
                .detail
                .starts_with("AADSTS7000215: Invalid client secret")
        );
        assert!(!wrong.detail.contains("Trace"), "{}", wrong.detail);

        world.microsoft.tenant(TENANT, |tenant| {
            let app = tenant.apps.get_mut(APP).unwrap();
            app.secrets[0].expired = true;
        });
        let expired = failure(&connection(), SECRET).await;
        assert_eq!(expired.kind, Kind::SecretExpired);

        let mut unknown_app = connection();
        unknown_app.client_id = OTHER.into();
        assert_eq!(failure(&unknown_app, SECRET).await.kind, Kind::Consent);

        let mut unknown_tenant = connection();
        unknown_tenant.tenant_id = TenantId::new(OTHER);
        assert_eq!(failure(&unknown_tenant, SECRET).await.kind, Kind::Tenant);

        world.microsoft.add_tenant(TenantData {
            id: OTHER.into(),
            other_cloud: true,
            ..TenantData::default()
        });
        let cloud = failure(&unknown_tenant, SECRET).await;
        assert_eq!(cloud.kind, Kind::Tenant);
        assert!(cloud.advice().contains("national cloud"));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_the_graph_of_the_cloud_wherever_requests_go() {
    let scopes = [
        (Cloud::Global, "https://graph.microsoft.com/.default"),
        (Cloud::Usgov, "https://graph.microsoft.us/.default"),
        (Cloud::UsgovDod, "https://dod-graph.microsoft.us/.default"),
        (
            Cloud::China,
            "https://microsoftgraph.chinacloudapi.cn/.default",
        ),
    ];
    let world = world(users(1)).await;
    for (cloud, scope) in scopes {
        let tenant = TenantConnection {
            cloud,
            ..connection()
        };
        let directory = world
            .connect(&tenant, secret("the-client-secret\n"))
            .unwrap();
        assert_eq!(directory.users().await.unwrap().len(), 1);
        let asked = world.login.controls.log().pop().unwrap();
        assert_eq!(asked.target, format!("/{TENANT}/oauth2/v2.0/token"));
        let form = url::form_urlencoded::parse(asked.body.as_bytes());
        let form: Vec<(String, String)> = form.into_owned().collect();
        assert!(form.contains(&("scope".into(), scope.into())), "{form:?}");
    }
}

#[tokio::test]
async fn the_login_may_stand_under_a_path_and_be_out_of_reach() {
    let world = world(vec![]).await;
    let at = |login: String| {
        let endpoints = Endpoints {
            login: Some(login),
            graph: Some(world.graph.url.clone()),
        };
        Directory::connect(
            &connection(),
            secret(SECRET),
            &endpoints,
            None,
            world.http(),
        )
    };
    let under = at(format!("{}/login", world.login.url)).unwrap();
    let failed = under.skus().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unexpected);
    let asked = world.login.controls.log().pop().unwrap();
    assert_eq!(asked.target, format!("/login/{TENANT}/oauth2/v2.0/token"));

    let nobody = at("http://127.0.0.1:1".into()).unwrap();
    let failed = nobody.skus().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unreachable);

    for wrong in [
        "http://login.example",
        "login.example",
        "ftp://127.0.0.1",
        "",
    ] {
        let failed = at(wrong.into()).unwrap_err();
        assert_eq!(failed.kind, Kind::Unreachable, "{wrong}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_connection_is_said_before_anything_is_sent() {
    let world = world(vec![]).await;
    for tenant_id in ["", "two words", "a/b", "a@b"] {
        let tenant = TenantConnection {
            tenant_id: TenantId::new(tenant_id),
            ..connection()
        };
        let failed = world.connect(&tenant, secret(SECRET)).unwrap_err();
        assert_eq!(failed.kind, Kind::Tenant, "{tenant_id}");
    }
    let nameless = TenantConnection {
        client_id: " ".into(),
        ..connection()
    };
    let failed = world.connect(&nameless, secret(SECRET)).unwrap_err();
    assert_eq!(
        failed.message(),
        "Microsoft's login could not sign the app in: the client id is missing"
    );
    let failed = world.connect(&connection(), secret(" \n")).unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert_eq!(world.login.controls.requests(), 0);
}

#[tokio::test]
async fn no_secret_is_shown_by_debug_or_by_errors() {
    let world = world(vec![]).await;
    let credential = secret("Geheimnis");
    assert!(!format!("{credential:?}").contains("Geheimnis"));
    let directory = world.connect(&connection(), credential).unwrap();
    let failed = directory.skus().await.unwrap_err();
    let shown = format!(
        "{directory:?} {failed:?} {failed} {} {}",
        failed.message(),
        failed.advice()
    );
    assert!(!shown.contains("Geheimnis"), "{shown}");
    assert!(shown.contains(TENANT));
}
