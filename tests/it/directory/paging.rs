//! Lists are read whole, or not at all.

use rollcall::http::Kind;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::*;

#[tokio::test]
async fn users_are_read_to_the_last_page() {
    for empty_first in [false, true] {
        let world = world(users(2100)).await;
        world
            .microsoft
            .switches(|s| s.empty_page_with_next_link = empty_first);
        let read = world.directory().users().await.unwrap();
        let read: Vec<_> = read.into_iter().map(|user| user.id).collect();
        assert_eq!(read, ids(0..2100));
        let pages = if empty_first { 4 } else { 3 };
        assert_eq!(world.graph.controls.requests(), pages);
    }
}

#[tokio::test]
async fn a_next_link_to_another_place_is_not_followed() {
    let world = world(users(1200)).await;
    let stranger = start(Arc::new(Graph(world.microsoft.clone())))
        .await
        .unwrap();
    let other_scheme = world.graph.url.replace("http://", "https://");
    for place in [
        stranger.url.as_str(),
        other_scheme.as_str(),
        "graph.example",
    ] {
        world
            .microsoft
            .switches(|s| s.next_link_other_host = Some(place.into()));
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Incomplete, "{place}");
    }
    assert_eq!(stranger.controls.requests(), 0);
    assert_eq!(world.graph.controls.requests(), 3, "one page each");
}

#[tokio::test]
async fn a_next_link_out_of_the_version_with_a_password_or_without_sense_is_not_followed() {
    let world = world(vec![]).await;
    let url = &world.graph.url;
    let links = [
        format!("{url}/beta/users?$skiptoken=1"),
        format!("{url}/v1.0/../beta/users"),
        format!("{url}/v1.0"),
        url.replace("http://", "http://user:word@") + "/v1.0/users?$skiptoken=1",
        "/v1.0/users?$skiptoken=1".into(),
        String::new(),
    ];
    for link in links {
        world.graph.controls.clear_faults();
        world.graph.controls.clear_log();
        let page = json!({"value": [], "@odata.nextLink": link});
        world.graph_answers(200, &page.to_string());
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Incomplete, "{link}");
        assert_eq!(world.graph.controls.requests(), 1, "{link}");
    }
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_is_incomplete() {
    let world = world(vec![]).await;
    let next = format!("{}/v1.0/users?$skiptoken=1", world.graph.url);
    let page = json!({"value": [{"id": user_id(1)}], "@odata.nextLink": next});
    world.graph_answers(200, &page.to_string());
    let failed = world.directory().users().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Incomplete);
    assert_eq!(world.graph.controls.requests(), 2);
}

#[tokio::test]
async fn an_answer_without_a_list_is_unexpected() {
    let bodies = [
        "{}",
        r#"{"value":null}"#,
        "[]",
        "null",
        r#"{"value":[{}]}"#,
        r#"{"value":[{"id":"#,
    ];
    for body in bodies {
        let world = world(vec![]).await;
        world.graph_answers(200, body);
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unexpected, "{body}");
    }
    let world = world(vec![]).await;
    world
        .graph
        .controls
        .fault(Fault::always(FaultKind::Html(200)));
    let failed = world.directory().users().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unexpected);
}

#[tokio::test]
async fn a_user_that_comes_twice_is_kept_once() {
    let world = world(vec![]).await;
    let one = json!({"id": user_id(1), "userPrincipalName": "one@contoso.example"});
    let again =
        json!({"id": user_id(1).to_uppercase(), "userPrincipalName": "two@contoso.example"});
    world.graph_answers(200, &json!({"value": [one, again]}).to_string());
    let read = world.directory().users().await.unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].upn, "one@contoso.example");
}

#[tokio::test]
async fn a_read_that_breaks_on_the_second_page_recovers_or_fails_as_a_whole() {
    for kind in [
        FaultKind::Half,
        FaultKind::Drop,
        FaultKind::Html(502),
        FaultKind::Status(504),
    ] {
        let world = world(users(1200)).await;
        let second_page = Fault::once(kind.clone()).at("GET", "skiptoken");
        world.graph.controls.fault(second_page.clone());
        let read = world.directory().users().await.unwrap();
        assert_eq!(read.len(), 1200, "{kind:?}");
        assert_eq!(world.graph.controls.requests(), 3, "{kind:?}");
        world.graph.controls.fault(second_page.times(usize::MAX));
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unavailable, "{kind:?}");
        assert_eq!(world.graph.controls.requests(), 3 + 1 + 6, "{kind:?}");
    }
}

#[tokio::test]
async fn throttling_is_waited_for_exactly_or_given_up_at_once() {
    let world = world(users(3)).await;
    let throttle = |seconds: &str| FaultKind::Throttle {
        retry_after: Some(seconds.into()),
    };
    world.graph.controls.fault(Fault::once(throttle("2.128")));
    world.directory().users().await.unwrap();
    assert_eq!(world.waited_ms(), 2128);
    world.graph.controls.fault(Fault::once(throttle("600")));
    let failed = world.directory().users().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Throttled);
    assert_eq!(world.waited_ms(), 2128, "it did not wait ten minutes");
    let at = noon() + chrono::TimeDelta::milliseconds(602_128);
    assert_eq!(failed.retry_at, Some(at));
}
