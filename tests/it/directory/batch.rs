//! Users asked for by id.

use rollcall::http::Kind;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use super::*;

/// The ids of the items of each batch, in the order sent.
fn batches(world: &World) -> Vec<usize> {
    let log = world.graph.controls.log();
    let bodies = log
        .iter()
        .map(|asked| serde_json::from_str::<Value>(&asked.body).expect("JSON"));
    bodies
        .map(|body| body["requests"].as_array().expect("a list").len())
        .collect()
}

#[tokio::test]
async fn only_a_user_that_does_not_exist_is_none_and_the_order_is_kept() {
    let world = world(users(44)).await;
    let mut asked = ids(0..44);
    asked.insert(3, ids([999]).remove(0));
    let found = world.directory().users_by_id(&asked).await.unwrap();
    let order: Vec<_> = found.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(order, asked);
    let gone: Vec<_> = found
        .iter()
        .filter(|(_, user)| user.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    assert_eq!(gone, ids([999]));
    let fifth = found[4].1.as_ref().unwrap();
    assert_eq!(fifth.upn, "user3@contoso.example");
    assert_eq!(fifth.enabled, Some(true));
    let mut sizes = batches(&world);
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 20, 20]);
    assert_eq!(world.directory().users_by_id(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn throttled_items_are_asked_for_again_alone_after_the_longest_pause() {
    let world = world(users(10)).await;
    world.microsoft.switches(|s| {
        s.throttle_batch_items = 3;
        s.batch_retry_after = Some("2.128".into());
    });
    let found = world.directory().users_by_id(&ids(0..10)).await.unwrap();
    assert!(
        found
            .iter()
            .all(|(id, user)| user.as_ref().unwrap().id == *id)
    );
    assert_eq!(batches(&world), [10, 3]);
    assert_eq!(world.waited_ms(), 2128);
}

#[tokio::test]
async fn items_throttled_without_end_are_an_error() {
    for (pause, requests) in [(None, 6), (Some("1"), 6), (Some("600"), 1)] {
        let world = world(users(2)).await;
        world.microsoft.switches(|s| {
            s.throttle_batch_items = usize::MAX;
            s.batch_retry_after = pause.map(Into::into);
        });
        let failed = world.directory().users_by_id(&ids(0..2)).await.unwrap_err();
        assert_eq!((failed.kind, failed.status), (Kind::Throttled, Some(429)));
        assert_eq!(failed.retry_at.is_some(), requests == 1);
        assert_eq!(world.graph.controls.requests(), requests);
    }
}

fn batch_of(status: u16, body: &Value) -> String {
    json!({"responses": [{"id": "0", "status": status, "headers": {}, "body": body}]}).to_string()
}

#[tokio::test]
async fn any_other_failure_of_an_item_is_an_error() {
    let error = |code: &str| json!({"error": {"code": code, "message": "No."}});
    let cases = [
        (
            batch_of(403, &error("Authorization_RequestDenied")),
            Kind::Permission,
        ),
        (batch_of(404, &error("UnknownError")), Kind::Unexpected),
        (batch_of(404, &json!("PGh0bWw+")), Kind::Unexpected),
        (batch_of(400, &error("Request_BadRequest")), Kind::Refused),
        (
            batch_of(401, &error("InvalidAuthenticationToken")),
            Kind::Credentials,
        ),
        (
            batch_of(503, &error("ServiceUnavailable")),
            Kind::Unavailable,
        ),
        (batch_of(200, &json!({"id": user_id(7)})), Kind::Unexpected),
        (batch_of(200, &json!({})), Kind::Unexpected),
        (batch_of(200, &json!({"value": []})), Kind::Unexpected),
        (json!({"responses": []}).to_string(), Kind::Incomplete),
        ("{}".to_owned(), Kind::Unexpected),
    ];
    for (body, kind) in cases {
        let world = world(users(2)).await;
        world.graph_answers(200, &body);
        let failed = world.directory().users_by_id(&ids([0])).await.unwrap_err();
        assert_eq!(failed.kind, kind, "{body}");
    }
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_simply_sent_again() {
    let world = world(users(2)).await;
    world
        .graph
        .controls
        .fault(Fault::once(FaultKind::DropAfter).times(2));
    let found = world.directory().users_by_id(&ids(0..2)).await.unwrap();
    assert!(found.iter().all(|(_, user)| user.is_some()));
    assert_eq!(world.graph.controls.requests(), 3);
}
