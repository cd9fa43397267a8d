//! How many requests a run sends: as the clouds counted them, which is what its report says (the stage compares the two).

use rollcall::clock::Clock;
use rollcall::http::{Ask, Http, Judgement, Kind, Repeat, Service};
use rollcall::model::{Mode, Status, Target, Test};
use rollcall::simulator::graph::{GroupData, MemberData};
use rollcall::sync::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stage::{Plain, Stage, TENANT, beginning, contact, everywhere, filter, user};

everywhere!(
    a_run_with_nothing_changed_sends_at_most_seven_requests,
    a_first_run_adds_facts_and_one_request_for_each_contact,
);
everywhere!(@on only_connectwise ConnectWise Sqlite;
    each_item_and_type_that_changes_is_one_request_more,
);

const GROUPS: [&str; 2] = [
    "2d9b0000-0000-4000-8000-000000000001",
    "2d9b0000-0000-4000-8000-000000000002",
];

/// 200 people, filters on two groups, and as many contacts besides.
async fn company(stage: &Stage) {
    let names: Vec<String> = (0..200).map(|number| format!("user{number}")).collect();
    stage.users(
        names
            .iter()
            .map(|name| user(name).title("Clerk").phones("1234", "5678")),
    );
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.groups = GROUPS
            .iter()
            .zip(names.chunks(50))
            .map(|(id, members)| GroupData {
                id: (*id).into(),
                display_name: "Group".into(),
                members: members
                    .iter()
                    .map(|name| MemberData::User(user(name).0.id))
                    .collect(),
                ..GroupData::default()
            })
            .collect();
    });
    let (main, new) = (stage.psa.site("Main"), stage.psa.site("New Site"));
    let technical = stage.psa.contact_type("Technical");
    stage
        .set(|company| {
            let place = |site, contact_type| Target::Place {
                site: Some(site),
                contact_type,
            };
            company.filters = vec![
                filter(vec![Test::Group(GROUPS[0].into())], place(new, technical)),
                filter(
                    vec![Test::Group(GROUPS[1].into())],
                    place(main.clone(), None),
                ),
                filter(vec![Test::Licensed], place(main, None)),
            ];
        })
        .await;
    for number in 0..200 {
        stage.psa.put(&contact(&format!("somebody{number}")));
    }
}

fn total(report: &rollcall::sync::report::Report) -> u64 {
    report.calls.login + report.calls.graph + report.calls.psa
}

async fn a_run_with_nothing_changed_sends_at_most_seven_requests(mut stage: Stage) {
    company(&stage).await;
    assert_eq!(stage.sync().await.counts.create, 200);
    assert_eq!(stage.psa.look().len(), 400);
    for _ in 0..2 {
        stage.restart().await;
        let report = stage.sync().await;
        assert_eq!(
            (report.status, report.counts.unchanged),
            (Status::Succeeded, 200)
        );
        assert!(total(&report) <= 7, "{:?}", report.calls);
    }
    stage.restart().await;
    let reports = stage.run_all(vec![stage.company().await]).await;
    assert!(
        total(&reports[0]) <= 7,
        "as a fleet: {:?}",
        reports[0].calls
    );
    stage.restart().await;
    let preview = stage.preview().await;
    assert!(total(&preview) <= 7, "{:?}", preview.calls);
}

async fn a_first_run_adds_facts_and_one_request_for_each_contact(mut stage: Stage) {
    company(&stage).await;
    let report = stage.sync().await;
    assert_eq!(report.counts.create, 200);
    assert!(total(&report) <= 7 + 8 + 3 + 200, "{:?}", report.calls);
    // One request a changed contact, whatever changes in it alone.
    for number in 0..10 {
        stage.edit(&format!("user{number}"), |user| {
            user.job_title = Some("Boss".into());
            user.surname = Some("Smith".into());
        });
    }
    stage.restart().await;
    let report = stage.sync().await;
    assert_eq!(report.counts.update, 10);
    assert!(total(&report) <= 7 + 3 + 10, "{:?}", report.calls);
    stage.restart().await;
    let report = stage.run(Options::new(Mode::Resync, false)).await.report;
    assert_eq!(report.counts.unchanged, 200);
    assert!(total(&report) <= 7 + 8, "{:?}", report.calls);
    // All of a contact's values at once are one request on Autotask.
    if !stage.psa.is_connectwise() {
        stage.edit("user0", |user| {
            user.business_phones = vec!["99".into()];
            user.mobile_phone = Some("98".into());
            user.user_principal_name = "user0@new.example".into();
        });
        stage.restart().await;
        let report = stage.sync().await;
        assert_eq!(report.counts.update, 1);
        assert!(total(&report) <= 7 + 3 + 1, "{:?}", report.calls);
    }
}

async fn each_item_and_type_that_changes_is_one_request_more(mut stage: Stage) {
    let end_user = stage.psa.contact_type("End User");
    stage.users([
        user("anna").title("Boss").phones("1234", "5678"),
        user("bert").phones("12", "34"),
    ]);
    stage.psa.put(&Plain {
        phone: Some("0".into()),
        ..contact("anna")
    });
    stage.sync().await;
    stage
        .set_connection(|connection| connection.default_contact_type = end_user)
        .await;
    stage.edit("anna", |anna| {
        anna.job_title = Some("Chief".into());
        anna.business_phones = vec!["4321".into()];
        anna.mobile_phone = Some("8765".into());
        anna.user_principal_name = "anna.doe@contoso.example".into();
    });
    stage.restart().await;
    let writes = stage.psa.writes();
    let report = stage.sync().await;
    assert_eq!(report.counts.update, 2);
    // Anna: title, three items, a type; Bert: a type.
    assert_eq!(stage.psa.writes() - writes, 5 + 1);
    assert!(total(&report) <= 7 + 3 + 6, "{:?}", report.calls);
}

/// An answer that never ends is given up, and what it was the answer to is not taken for undone.
#[tokio::test]
async fn an_answer_without_end_fails_its_request_and_does_not_fill_the_memory() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endless = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\n\r\n").await;
            while stream.write_all(&vec![b'x'; 64 * 1024]).await.is_ok() {}
        }
    });
    let http = Http::direct(Clock::set_at(beginning())).unwrap();
    for (repeat, kind) in [
        (Repeat::Freely, Kind::Unexpected),
        (Repeat::NotBlindly, Kind::Lost),
    ] {
        let asked = http.send(Ask {
            service: Service::Graph,
            action: "read the users",
            request: http.client().get(&url).build().unwrap(),
            repeat,
            lane: None,
            judge: &|_| Judgement::Fine,
        });
        let error = asked.await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(error.detail, "the answer has more than 64 MiB");
    }
    endless.await.unwrap();
}
