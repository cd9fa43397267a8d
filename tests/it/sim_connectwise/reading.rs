//! Lists: both ways of paging, conditions, and how outages look.

use rollcall::simulator::connectwise::{
    AssociationData, ContactData, ItemData, ItemKind, LastPage, Settings,
};
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::json;

use super::{World, email, send};

#[tokio::test]
async fn forward_only_paging_gathers_each_contact_once() {
    let world = World::new().await;
    world.thirty_more();
    let ends = [
        (LastPage::EmptyTarget, 5, Some("<>; rel=\"next\"")),
        (LastPage::NoLink, 5, None),
        (LastPage::EmptyPage, 5, Some("<>; rel=\"next\"")),
    ];
    for (end, pages, last) in ends {
        world.cloud.switch(|switches| switches.last_page = end);
        let condition = format!("company/id={}", world.company);
        let mut url = None;
        let (mut found, mut asked) = (Vec::new(), 0);
        let link = loop {
            let request = match &url {
                None => world.request("GET", "company/contacts").query(&[
                    ("conditions", condition.as_str()),
                    ("pageSize", "7"),
                    ("page", "3"),
                ]),
                Some(url) => world
                    .client
                    .get::<&String>(url)
                    .basic_auth(&world.keys.0, Some(&world.keys.1))
                    .header("clientId", Settings::default().client_id),
            };
            let seen = send(request.header("pagination-type", "forward-only")).await;
            assert_eq!(seen.status, 200, "{}", seen.text);
            found.extend(seen.ids());
            asked += 1;
            let link = seen.headers.get("link").cloned();
            match link.as_deref().and_then(|link| link.split_once('>')) {
                Some((next, _)) if next.len() > 1 => url = Some(next[1..].to_owned()),
                _ => break link,
            }
        };
        let all: Vec<i64> = world
            .cloud
            .contacts(world.company)
            .iter()
            .map(|each| each.id)
            .collect();
        assert_eq!(
            (found, asked, link.as_deref()),
            (all, pages, last),
            "{end:?}"
        );
    }
    let ordered = world.request("GET", "company/contacts?orderBy=id");
    assert_eq!(
        send(ordered.header("pagination-type", "forward-only"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn pages_are_25_rows_unless_asked_for_and_never_more_than_1000() {
    let world = World::new().await;
    world.thirty_more();
    let first = world.get("company/contacts", &[]).await;
    assert_eq!(first.ids().len(), 25);
    assert!(first.headers["link"].contains("page=2>; rel=\"next\""));
    let second = world.get("company/contacts", &[("page", "2")]).await;
    assert_eq!(second.ids().len(), 6);
    assert!(second.headers["link"].contains("rel=\"prev\""));
    assert!(!second.headers["link"].contains("rel=\"next\""));
    assert_eq!(
        world.get("company/contacts", &[("page", "3")]).await.body,
        json!([])
    );
    for _ in 0..1000 {
        world.cloud.add_contact(ContactData {
            first_name: "Many".into(),
            ..Default::default()
        });
    }
    let capped = world
        .get(
            "company/contacts",
            &[("pageSize", "5000"), ("fields", "id")],
        )
        .await;
    assert_eq!(capped.ids().len(), 1000);
    assert_eq!(
        world.get("company/contacts/count", &[]).await.body,
        json!({"count": 1031})
    );
}

#[tokio::test]
async fn conditions_are_read_with_their_operators() {
    let world = World::new().await;
    world.thirty_more();
    let company = world.company;
    for (condition, count) in [
        (format!("company/id={company} AND inactiveFlag=False"), 16),
        (
            format!(
                "company/id = {company} and (firstName like \"Person 1*\" or id={})",
                world.ann
            ),
            12,
        ),
        (
            "company/identifier=\"contoso\" AND firstName contains \"PERSON\"".into(),
            30,
        ),
        ("firstName not like \"Person%\"".into(), 1),
        ("NOT (firstName = 'Ann')".into(), 30),
        (format!("id in ({},{},5)", world.ann, world.ann + 1), 2),
        ("lastName = null".into(), 30),
        ("lastName != \"Other\"".into(), 1),
        ("lastUpdated > [2026-01-01T00:00:00Z]".into(), 0),
        ("lastUpdated >= [2026-01-01]".into(), 31),
        ("site/name=\"Main\" OR site/id=1".into(), 1),
    ] {
        let seen = world
            .get("company/contacts/count", &[("conditions", &condition)])
            .await;
        assert_eq!(seen.body, json!({"count": count}), "{condition}");
    }
    let companies = world
        .get(
            "company/companies",
            &[
                ("conditions", "deletedFlag=False"),
                ("fields", "identifier,status/name"),
            ],
        )
        .await;
    assert_eq!(
        companies.body,
        json!([
            {"identifier": "Contoso", "status": {"name": "Active"}},
            {"identifier": "Fabrikam", "status": {"name": "Inactive"}},
        ])
    );
    let ordered = world
        .get(
            "company/contacts",
            &[("orderBy", "lastName desc,id desc"), ("pageSize", "1")],
        )
        .await;
    assert_eq!(ordered.ids(), [world.ann]);
}

#[tokio::test]
async fn child_conditions_must_hold_for_one_and_the_same_child() {
    let world = World::new().await;
    let bo = world.cloud.add_contact(ContactData {
        first_name: "Bo".into(),
        items: vec![
            ItemData {
                type_id: 2,
                kind: ItemKind::Phone,
                value: "ann@contoso.example".into(),
                ..Default::default()
            },
            email("bo@contoso.example", true),
        ],
        types: vec![AssociationData {
            id: 0,
            type_id: world.types[1],
        }],
        ..Default::default()
    });
    for (condition, found) in [
        (
            "communicationItems/value=\"ANN@contoso.example\"",
            vec![world.ann, bo],
        ),
        (
            "communicationItems/value like \"ann@contoso.example\" AND communicationItems/communicationType=\"Email\"",
            vec![world.ann],
        ),
        (
            "communicationItems/value=\"old@contoso.example\" AND communicationItems/defaultFlag=True",
            vec![],
        ),
        ("types/id=2", vec![bo]),
        (
            "types/name=\"VIP\" AND communicationItems/type/name=\"Direct\"",
            vec![bo],
        ),
    ] {
        for parameter in ["childConditions", "childconditions"] {
            let seen = world
                .get("company/contacts", &[(parameter, condition)])
                .await;
            assert_eq!(seen.ids(), found, "{condition}");
        }
    }
}

#[tokio::test]
async fn throttling_and_outages_look_like_the_vendors() {
    let world = World::new().await;
    let faults = &world.running.controls;
    faults.fault(Fault::once(FaultKind::Throttle {
        retry_after: Some("7".into()),
    }));
    let seen = world.get("company/contacts", &[]).await;
    assert_eq!(
        (seen.status, seen.headers["retry-after"].as_str()),
        (429, "7")
    );
    assert_eq!(seen.body["error"], "ConnectWiseAPI");
    assert!(seen.body.get("code").is_none());
    faults.fault(Fault::once(FaultKind::Status(500)));
    let seen = world.get("company/contacts", &[]).await;
    assert_eq!(
        seen.body["message"],
        "A timeout has occured. Please try again."
    );
    faults.fault(Fault::once(FaultKind::Status(502)));
    let seen = world.get("company/contacts", &[]).await;
    assert!(seen.status == 502 && seen.text.contains("<html>"));
    assert_eq!(faults.busiest_lane(), 1);
    assert_eq!(faults.writes(), 0);
}

#[tokio::test]
async fn a_condition_cut_anywhere_is_answered_or_refused_and_never_ends_the_server() {
    let world = World::new().await;
    let whole = "not (id in (1,-2) and lastName like \"*é[[]%\") or lastUpdated>=[2026-01-01] and \
                 company/id != 5 or title contains 'ü' or inactiveFlag=True";
    for (at, _) in whole.char_indices() {
        for condition in [&whole[..at], &whole[at..], &"(".repeat(at)] {
            let seen = world
                .get("company/contacts", &[("conditions", condition)])
                .await;
            assert!(
                [200, 400].contains(&seen.status),
                "{condition}: {}",
                seen.text
            );
        }
    }
    let seen = world
        .get("company/contacts", &[("conditions", whole)])
        .await;
    assert_eq!(seen.ids(), [world.ann]);
}
