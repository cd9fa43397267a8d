//! Groups and their members.

use std::time::Duration;

use futures_util::future::join_all;
use rollcall::http::Kind;

use super::*;

async fn groups_world() -> World {
    let world = world(users(5)).await;
    world.microsoft.tenant(TENANT, |tenant| {
        let device = MemberData::Other {
            kind: "device".into(),
            id: user_id(777),
        };
        let of = |group: usize| MemberData::Group(group_id(group).as_str().into());
        tenant.groups = vec![
            group(
                1,
                "Management",
                vec![MemberData::User(user_id(1)), of(2), device],
            ),
            group(2, "Board", vec![MemberData::User(user_id(1)), of(3)]),
            group(
                3,
                "The \"old\" board",
                vec![MemberData::User(user_id(4)), of(1)],
            ),
            group(4, "Nobody", vec![]),
        ];
    });
    world
}

#[tokio::test]
async fn members_of_nested_groups_count_and_other_objects_do_not() {
    for empty_first in [false, true] {
        let world = groups_world().await;
        world
            .microsoft
            .switches(|s| s.empty_page_with_next_link = empty_first);
        let directory = world.directory();
        let mut members = directory.members(&group_id(1)).await.unwrap();
        members.sort();
        assert_eq!(members, ids([1, 4]));
        assert_eq!(directory.members(&group_id(4)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_told_apart_from_any_other_failure() {
    let world = groups_world().await;
    let directory = world.directory();
    let gone = group_id(9);
    assert_eq!(directory.group(&gone).await.unwrap(), None);
    let failed = directory.members(&gone).await.unwrap_err();
    assert_eq!((failed.kind, failed.status), (Kind::NotFound, Some(404)));
    let board = directory.group(&group_id(2)).await.unwrap();
    assert_eq!(board.as_deref(), Some("Board"));

    for body in [
        "",
        "<html></html>",
        "{}",
        r#"{"error":{"code":"UnknownError","message":""}}"#,
    ] {
        world.graph.controls.clear_faults();
        world.graph_answers(404, body);
        let failed = directory.group(&gone).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unexpected, "{body}");
    }
    for odd in ["", "..", "a/b?c#d"] {
        world.graph.controls.clear_faults();
        assert!(
            directory.members(&GroupId::new(odd)).await.is_err(),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn groups_are_found_by_the_words_of_their_names() {
    let world = groups_world().await;
    let directory = world.directory();
    let names = async |search: &str| {
        let found = directory.groups(search).await.unwrap();
        found.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(" board ").await, ["Board", "The \"old\" board"]);
    assert_eq!(names("mana").await, ["Management"]);
    assert_eq!(names("zzz").await, Vec::<String>::new());
    assert_eq!(names("").await.len(), 4);
    let found = directory.groups("Nobody").await.unwrap();
    assert_eq!(found, [(group_id(4), "Nobody".to_owned())]);
}

#[tokio::test]
async fn a_tenant_is_asked_four_things_at_once_or_as_many_as_set() {
    for (at_once, most) in [(None, 4), (Some(1), 1), (Some(0), 1), (Some(2), 2)] {
        let world = groups_world().await;
        world.graph.controls.set_latency(Duration::from_millis(20));
        let (endpoints, http) = (world.endpoints(), world.http());
        let directory =
            Directory::connect(&connection(), secret(SECRET), &endpoints, at_once, http).unwrap();
        let group = group_id(1);
        let reads = join_all((0..12).map(|_| directory.members(&group))).await;
        assert!(reads.iter().all(Result::is_ok));
        assert_eq!(world.graph.controls.busiest_lane(), most, "{at_once:?}");
    }
}
