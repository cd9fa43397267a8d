//! What the settings name and the clouds do not have (any more) stops the run before anything is written, and the run says
//! which: `behaviour.md` section 3.

use rollcall::model::filter::Named;
use rollcall::model::{Filter, Status, Target, Test};
use rollcall::simulator::graph::{GroupData, MemberData};
use rollcall::sync::report::Report;

use crate::stage::{Stage, TENANT, Vendor, each_vendor, everywhere, filter, line, user};

each_vendor!(
    a_missing_group_stops_the_run,
    a_missing_group_of_a_filter_that_is_off_does_not,
    a_missing_site_stops_the_run,
    a_site_that_closed_since_it_was_read_stops_a_run_that_writes,
    members_of_nested_groups_are_taken,
);

const GROUP: &str = "2d9b0000-0000-4000-8000-000000000001";

fn to_group() -> Filter {
    let place = Target::Place {
        site: None,
        contact_type: None,
    };
    Filter {
        name: Some("Management".into()),
        ..filter(vec![Test::Group(GROUP.into())], place)
    }
}

fn to_site(site: Named<rollcall::model::SiteId>) -> Filter {
    let place = Target::Place {
        site: Some(site),
        contact_type: None,
    };
    filter(vec![Test::Licensed], place)
}

fn gone<Id: From<&'static str>>(name: &str) -> Named<Id> {
    Named {
        id: Id::from("999999"),
        name: name.into(),
    }
}

/// Nothing was written, and the failure has this kind and names this.
fn stopped(stage: &Stage, report: &Report, kind: &str, named: &str) {
    let error = report.error.as_ref().unwrap();
    assert_eq!(
        (error.kind.as_str(), report.status),
        (kind, Status::Failed),
        "{error:?}"
    );
    assert_eq!(report.exit_status(), 5);
    assert!(error.message.contains(named), "{error:?}");
    assert!(!error.advice.is_empty());
    assert_eq!(stage.psa.writes(), 0);
}

async fn a_missing_group_stops_the_run(stage: Stage) {
    stage.users([user("anna")]);
    stage
        .set(|company| company.filters = vec![to_group()])
        .await;
    stopped(
        &stage,
        &stage.preview().await,
        "missing_group",
        "Management",
    );
    stopped(&stage, &stage.sync().await, "missing_group", GROUP);
    let runs = stage.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(
        (runs[0].status, runs[0].running),
        (Some(Status::Failed), false)
    );
    assert_eq!(runs[0].error.as_ref().unwrap().kind, "missing_group");
}

async fn a_missing_group_of_a_filter_that_is_off_does_not(stage: Stage) {
    stage.users([user("anna")]);
    let off = Filter {
        enabled: false,
        ..to_group()
    };
    let site = Filter {
        enabled: false,
        ..to_site(gone("Nowhere"))
    };
    stage.set(|company| company.filters = vec![off, site]).await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!(line(&report, "anna").reason, "no filter takes this user");
    assert_eq!(
        stage.psa.writes(),
        0,
        "with all filters off, everybody is out of scope"
    );
}

async fn a_missing_site_stops_the_run(stage: Stage) {
    stage.users([user("anna")]);
    stage
        .set(|company| company.default_site = Some(gone("Old office")))
        .await;
    stopped(&stage, &stage.sync().await, "missing_site", "Old office");
    let new = stage.psa.site("New Site");
    stage.psa.close_site("New Site");
    stage
        .set(|company| {
            company.default_site = None;
            company.filters = vec![to_site(new)];
        })
        .await;
    stopped(
        &stage,
        &stage.sync().await,
        "missing_site",
        "Filter 1 names the site New Site",
    );
}

async fn a_site_that_closed_since_it_was_read_stops_a_run_that_writes(stage: Stage) {
    let new = stage.psa.site("New Site");
    stage
        .set(|company| company.filters = vec![to_site(new)])
        .await;
    stage.users([user("anna").blocked()]);
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    stage.psa.close_site("New Site");
    assert_eq!(
        stage.sync().await.status,
        Status::Succeeded,
        "it writes nothing"
    );
    stage.users([user("bert")]);
    stopped(&stage, &stage.sync().await, "missing_site", "New Site");
}

async fn members_of_nested_groups_are_taken(stage: Stage) {
    const INNER: &str = "2d9b0000-0000-4000-8000-000000000002";
    stage.users(["anna", "bert", "carl"].map(user));
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.groups = vec![
            GroupData {
                id: GROUP.into(),
                display_name: "Management".into(),
                members: vec![
                    MemberData::User(user("anna").0.id),
                    MemberData::Group(INNER.into()),
                ],
                ..GroupData::default()
            },
            GroupData {
                id: INNER.into(),
                display_name: "Board".into(),
                members: vec![MemberData::User(user("bert").0.id)],
                ..GroupData::default()
            },
        ];
    });
    stage
        .set(|company| company.filters = vec![to_group()])
        .await;
    let report = stage.sync().await;
    assert_eq!((report.counts.create, report.counts.out_of_scope), (2, 1));
}

everywhere!(@on only_connectwise ConnectWise Sqlite;
    a_missing_contact_type_stops_the_run,
    a_missing_phone_type_stops_the_run,
);

async fn a_missing_contact_type_stops_the_run(stage: Stage) {
    stage.users([user("anna")]);
    stage
        .set_connection(|connection| connection.default_contact_type = Some(gone("Boss")))
        .await;
    stopped(&stage, &stage.sync().await, "missing_contact_type", "Boss");
    stage
        .set_connection(|connection| connection.default_contact_type = None)
        .await;
    stage
        .set(|company| {
            let place = Target::Place {
                site: None,
                contact_type: Some(gone("Chief")),
            };
            company.filters = vec![filter(vec![Test::Licensed], place)];
        })
        .await;
    stopped(&stage, &stage.sync().await, "missing_contact_type", "Chief");
}

async fn a_missing_phone_type_stops_the_run(stage: Stage) {
    assert_eq!(stage.psa.vendor(), Vendor::ConnectWise);
    stage.users([user("anna")]);
    stage
        .set_connection(|connection| {
            connection
                .fields
                .insert("mobile_type".into(), "Pager2".into());
        })
        .await;
    stopped(&stage, &stage.sync().await, "missing_phone_type", "Pager2");
}
