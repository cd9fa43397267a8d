//! What Microsoft's documents leave open decides nothing: each way of it, and all reads, give the same.

use rollcall::http::Kind;
use rollcall::model::User;
use rollcall::simulator::graph::{SecretData, Switches};

use super::*;

type Way = fn(&mut Switches);

/// Every way by itself, and all together.
const WAYS: [(&str, Way); 6] = [
    ("as the simulator has it", |_| ()),
    ("innererror", |s| s.lowercase_inner_error = true),
    ("null", |s| s.unset_as_null = true),
    ("an empty first page", |s| {
        s.empty_page_with_next_link = true;
    }),
    ("spaces in login errors", |s| s.escaped_login_errors = false),
    ("all", |s| {
        s.lowercase_inner_error = true;
        s.unset_as_null = true;
        s.empty_page_with_next_link = true;
        s.escaped_login_errors = false;
    }),
];

fn sparse(number: usize) -> UserData {
    UserData {
        account_enabled: None,
        assigned_licenses: None,
        ..user(number)
    }
}

async fn world_of(way: Way) -> World {
    let mut people = users(3);
    people.push(sparse(3));
    let world = world(people).await;
    world.microsoft.switches(way);
    world.microsoft.tenant(TENANT, |tenant| {
        let member = |number| MemberData::User(user_id(number));
        tenant.groups = vec![group(1, "Board", vec![member(1), member(3)])];
    });
    world
}

fn known(user: &User) -> (UserId, Option<bool>, bool) {
    (user.id.clone(), user.enabled, user.licences.is_some())
}

#[tokio::test]
async fn every_read_gives_the_same_whatever_is_left_open() {
    for (name, way) in WAYS {
        let world = world_of(way).await;
        let directory = world.directory();
        let wanted: Vec<_> = ids(0..4)
            .into_iter()
            .zip([true, true, true, false])
            .map(|(id, told)| (id, told.then_some(true), told))
            .collect();
        let listed = directory.users().await.unwrap();
        assert_eq!(
            listed.iter().map(known).collect::<Vec<_>>(),
            wanted,
            "{name}"
        );

        let asked = ids([3, 9, 0]);
        let single = directory.users_by_id(&asked).await.unwrap();
        let (order, found): (Vec<_>, Vec<_>) = single.into_iter().unzip();
        assert_eq!(order, asked, "{name}");
        assert_eq!(found[0].as_ref(), Some(&listed[3]), "{name}");
        assert_eq!(
            (found[1].as_ref(), found[2].as_ref()),
            (None, Some(&listed[0]))
        );

        let mut members = directory.members(&group_id(1)).await.unwrap();
        members.sort();
        assert_eq!(members, ids([1, 3]), "{name}");
        assert_eq!(directory.skus().await.unwrap().len(), 1, "{name}");
        assert_eq!(
            directory.confirm_tenant().await.unwrap(),
            "Contoso",
            "{name}"
        );
        let board = directory.group(&group_id(1)).await.unwrap();
        assert_eq!(board.as_deref(), Some("Board"), "{name}");
        for search in ["", "board"] {
            let groups = directory.groups(search).await.unwrap();
            assert_eq!(groups, [(group_id(1), "Board".into())], "{name} {search:?}");
        }
    }
}

#[tokio::test]
async fn every_refusal_means_the_same_whatever_is_left_open() {
    for (name, way) in WAYS {
        let world = world_of(way).await;
        let directory = world.directory();
        let gone = group_id(9);
        assert_eq!(directory.group(&gone).await.unwrap(), None, "{name}");
        let missing = directory.members(&gone).await.unwrap_err();
        assert_eq!(missing.kind, Kind::NotFound, "{name}");

        let app = |edit: fn(&mut AppData)| {
            world.microsoft.tenant(TENANT, |tenant| {
                edit(tenant.apps.get_mut(APP).unwrap());
            });
        };
        app(|app| app.consented = false);
        let asked = ids([1]);
        for failed in [
            directory.users().await.unwrap_err(),
            directory.users_by_id(&asked).await.unwrap_err(),
            directory.skus().await.unwrap_err(),
        ] {
            assert_eq!(failed.kind, Kind::Permission, "{name}");
            assert!(failed.detail.contains("Insufficient privileges"), "{name}");
        }

        app(|app| {
            app.secrets = vec![SecretData {
                value: "another".into(),
                expired: false,
            }];
        });
        let failed = world.directory().users().await.unwrap_err();
        assert_eq!(failed.kind, Kind::Credentials, "{name}");
        assert!(
            failed.detail.starts_with("AADSTS7000215: "),
            "{}",
            failed.detail
        );
        assert!(!failed.detail.contains("Trace ID"), "{}", failed.detail);
        assert!(!failed.detail.contains('\r'), "{name}");
    }
}
