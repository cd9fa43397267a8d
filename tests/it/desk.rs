//! What pages need besides runs: the last reading without a request, drafts of filters, pickers, checks and explanations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rollcall::checks;
use rollcall::directory::Credential;
use rollcall::model::{DirectoryField, GroupId, Status, Target, Test};
use rollcall::pickers;
use rollcall::psa::VENDORS;
use rollcall::simulator::graph::{GroupData, MemberData};
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::last::Last;
use rollcall::sync::plan::{Plan, plan};

use crate::stage::{SECRET, Stage, TENANT, contact, each_vendor, everywhere, filter, user};

everywhere!(the_last_snapshot_gives_the_stored_plan_again);
each_vendor!(
    the_last_snapshot_of_a_held_run_holds_the_same_people,
    there_is_no_last_snapshot_before_a_run_or_in_another_tenant,
    a_draft_is_tried_out_on_fields_that_no_filter_named,
    a_draft_reads_a_group_once_and_tells_which_is_gone,
    pickers_remember_what_they_read_until_they_are_refreshed,
    a_cloud_that_is_down_is_an_error_that_says_so,
    connections_of_a_form_are_tried_before_they_are_stored,
    an_explanation_asks_for_names_of_groups_once_and_for_nothing_else,
);

const BOARD: &str = "2d9b0000-0000-4000-8000-000000000001";
const GONE: &str = "2d9b0000-0000-4000-8000-000000000009";

async fn last(stage: &Stage) -> Arc<Last> {
    let company = stage.company().await;
    let last = stage.app.last(&company).await.unwrap();
    last.unwrap()
}

async fn stored_plan(stage: &Stage) -> (String, Plan) {
    let id = stage.company_id;
    let stored = stage
        .read(move |conn| rollcall::db::plans::get(conn, id))
        .await
        .unwrap();
    (stored.run_id, serde_json::from_str(&stored.plan).unwrap())
}

fn with_a_board(stage: &Stage) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.groups = vec![GroupData {
            id: BOARD.into(),
            display_name: "Board".into(),
            security_enabled: true,
            members: vec![MemberData::User(user("anna").0.id)],
            ..GroupData::default()
        }];
    });
}

fn to_default() -> Target {
    Target::Place {
        site: None,
        contact_type: None,
    }
}

async fn the_last_snapshot_gives_the_stored_plan_again(stage: Stage) {
    with_a_board(&stage);
    stage.users([user("dora").blocked(), user("emil").title("Boss")]);
    stage.psa.put(&contact("dora"));
    stage.psa.put(&contact("stranger"));
    stage
        .set(|company| {
            let board = Test::Group(GroupId::new(BOARD));
            let licence = Test::Licence("SPB".into());
            company.filters = vec![
                filter(vec![board], Target::Exclude),
                filter(vec![licence], to_default()),
            ];
            company.ignored = vec!["CARL@contoso.example".into()];
        })
        .await;
    stage.sync().await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    let before = stage.requests();
    let last = last(&stage).await;
    let (run, stored) = stored_plan(&stage).await;
    assert_eq!((&last.run_id, &run), (&report.run, &report.run));
    assert_eq!(last.read_at, stage.clock.now());
    assert_eq!(plan(&last.snapshot), stored);
    assert!(stored.people.len() >= 4, "{stored:?}");
    assert_eq!(stage.requests(), before, "no request");
}

async fn the_last_snapshot_of_a_held_run_holds_the_same_people(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in &names[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    stage.sync().await;
    assert_eq!(stage.sync().await.status, Status::Held);
    let (_, stored) = stored_plan(&stage).await;
    assert_eq!(plan(&last(&stage).await.snapshot), stored);
    assert!(stored.guard.held);
}

async fn there_is_no_last_snapshot_before_a_run_or_in_another_tenant(stage: Stage) {
    stage.users([user("anna")]);
    let mut company = stage.company().await;
    let found = stage.app.last(&company).await.unwrap();
    assert!(found.is_none());
    stage.sync().await;
    last(&stage).await;
    company.psa_company_id = "4711".into();
    let found = stage.app.last(&company).await.unwrap();
    assert!(found.is_none(), "those contacts are another company's");
}

async fn a_draft_is_tried_out_on_fields_that_no_filter_named(stage: Stage) {
    stage.users([
        user("anna").with(|user| user.department = Some("Sales".into())),
        user("bert").with(|user| user.department = Some(" sales".into())),
        user("carl").with(|user| user.extension_attributes[14] = Some("vip".into())),
        user("dora").with(|user| user.department = Some("IT".into())),
        user("emil")
            .blocked()
            .with(|user| user.department = Some("IT".into())),
    ]);
    stage.sync().await;
    let mut draft = stage.company().await;
    draft.filters = [("department", "SALES"), ("extensionAttribute15", "VIP")]
        .map(|(field, value)| {
            let field = DirectoryField::parse(field).unwrap();
            let equals = value.into();
            filter(vec![Test::Field { field, equals }], to_default())
        })
        .into();
    let tried = stage.app.last(&draft).await.unwrap();
    let snapshot = tried.unwrap().snapshot.clone();
    let takes = rollcall::sync::effect::takes(&snapshot, &plan(&snapshot));
    let counts: Vec<usize> = takes.filters.iter().map(Vec::len).collect();
    assert_eq!((counts, takes.nobody.len()), (vec![2, 1], 1));
    let values = pickers::field_values(&snapshot, DirectoryField::Department);
    let values: Vec<_> = values
        .iter()
        .map(|(value, count)| (value.to_lowercase(), *count))
        .collect();
    assert_eq!(values, [("sales".to_owned(), 2), ("it".to_owned(), 1)]);
    assert_eq!(
        pickers::domains(&snapshot),
        [("contoso.example".to_owned(), 4)]
    );
}

async fn a_draft_reads_a_group_once_and_tells_which_is_gone(stage: Stage) {
    with_a_board(&stage);
    stage.sync().await;
    let mut draft = stage.company().await;
    draft.filters = [BOARD, GONE]
        .map(|group| filter(vec![Test::Group(GroupId::new(group))], to_default()))
        .into();
    let tried = async || {
        let found = stage.app.last(&draft).await.unwrap();
        let mut snapshot = found.unwrap().snapshot.clone();
        let failed = pickers::complete(&stage.app, &draft, &mut snapshot).await;
        (snapshot, failed)
    };
    let before = stage.requests().graph;
    let (snapshot, failed) = tried().await;
    let takes = rollcall::sync::effect::takes(&snapshot, &plan(&snapshot));
    assert_eq!((takes.filters[0].len(), takes.nobody.len()), (1, 2));
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, GroupId::new(GONE));
    assert!(failed[0].1.message.contains("does not have this group"));
    assert_eq!(stage.requests().graph, before + 2);
    tried().await;
    assert_eq!(stage.requests().graph, before + 3, "the board is known");
    stage.clock.sleep(std::time::Duration::from_mins(11)).await;
    tried().await;
    assert_eq!(stage.requests().graph, before + 5, "it is read anew");
}

async fn pickers_remember_what_they_read_until_they_are_refreshed(stage: Stage) {
    with_a_board(&stage);
    stage.sync().await;
    let (app, company) = (&stage.app, &stage.company().await);
    let before = stage.requests();
    let licences = pickers::licences(app, company, false).await.unwrap();
    assert_eq!(
        (licences[0].name.as_str(), licences[0].part_number.as_str()),
        ("Microsoft 365 Business Premium", "SPB")
    );
    assert!(licences[0].counts);
    let sites = pickers::sites(app, company, false).await.unwrap();
    assert!(sites.iter().any(|site| site.name == "Main"));
    let types = pickers::contact_types(app, stage.psa_id, false).await;
    assert_eq!(types.unwrap().is_some(), stage.psa.is_connectwise());
    assert_eq!(stage.requests(), before, "all of it was remembered");
    stage.psa.close_site("Main");
    let sites = pickers::sites(app, company, true).await.unwrap();
    let main = sites.iter().find(|site| site.name == "Main");
    assert!(main.is_none_or(|site| !site.active));
    assert!(stage.requests().psa > before.psa);
    let found = pickers::groups(app, company, "boa").await.unwrap();
    assert_eq!(found, [(GroupId::new(BOARD), "Board".to_owned())]);
    let found = pickers::companies(app, stage.psa_id, "Contoso").await;
    assert_eq!(found.unwrap()[0].id, company.psa_company_id);
}

async fn a_cloud_that_is_down_is_an_error_that_says_so(stage: Stage) {
    with_a_board(&stage);
    let down = Fault::always(FaultKind::Status(503));
    stage.graph.controls.fault(down);
    let (app, company) = (&stage.app, &stage.company().await);
    let error = pickers::groups(app, company, "boa").await.unwrap_err();
    assert!(!error.message.is_empty() && !error.advice.is_empty());
    let read = pickers::members(app, company, &[GroupId::new(BOARD)]).await;
    assert!(read[&GroupId::new(BOARD)].is_err());
    pickers::sites(app, company, false).await.unwrap();
}

async fn connections_of_a_form_are_tried_before_they_are_stored(stage: Stage) {
    stage.users([user("anna"), user("bert").blocked()]);
    let (app, company) = (&stage.app, stage.company().await);
    let seen = checks::tenant(app, &company).await.unwrap();
    let (tenant, _) = app.directory(&company).await.unwrap();
    let right = Credential::Secret(SECRET.into());
    let tried = checks::try_tenant(app, &tenant, right).await.unwrap();
    assert_eq!(tried, seen);
    assert_eq!(
        (tried.name.as_str(), tried.users, tried.active),
        ("Contoso", 2, 1)
    );
    let wrong = Credential::Secret("wrong".into());
    let error = checks::try_tenant(app, &tenant, wrong).await.unwrap_err();
    assert!(!error.advice.is_empty());

    let (connection, secrets) = stage.psa.connection();
    let sealed = |value: Option<&str>| {
        let secrets = secrets.iter().map(|(name, secret)| {
            let secret = value.unwrap_or(secret);
            ((*name).to_owned(), secret.into())
        });
        secrets.collect::<BTreeMap<_, _>>()
    };
    let (kind, fields) = (&connection.kind, &connection.fields);
    let tried = checks::look_at_psa(app, kind, fields, sealed(None))
        .await
        .unwrap();
    assert!(tried.missing.is_empty());
    let tried = tried.vocabulary;
    assert_eq!(tried, checks::psa(app, stage.psa_id).await.unwrap());
    assert_eq!(tried.contact_types.is_some(), stage.psa.is_connectwise());
    let wrong = checks::look_at_psa(app, kind, fields, sealed(Some("wrong"))).await;
    assert!(!wrong.unwrap_err().advice.is_empty());
    let nothing = checks::look_at_psa(app, kind, &BTreeMap::new(), BTreeMap::new()).await;
    assert_eq!(nothing.unwrap_err().kind, "not_set_up");
    assert!(VENDORS.iter().any(|vendor| vendor.id == kind));
}

async fn an_explanation_asks_for_names_of_groups_once_and_for_nothing_else(stage: Stage) {
    with_a_board(&stage);
    let board = Test::Group(GroupId::new(BOARD));
    let filters = vec![filter(vec![board], Target::Exclude)];
    stage.set(|company| company.filters = filters).await;
    stage.sync().await;
    let (app, company) = (&stage.app, stage.company().await);
    let last = last(&stage).await;
    let names = pickers::remembered_names(app, &company).await.unwrap();
    assert!(names.is_empty(), "a run reads members, not names");
    let mut before = stage.requests();
    // An old name is better than an id.
    for days in [0, 1, 30] {
        stage.clock.advance(Duration::from_hours(24 * days));
        let said = pickers::explain_last(app, &company, &last, "bert@contoso.example").await;
        let said = said.unwrap().unwrap();
        assert!(
            said.steps[2].detail.contains("not in the group Board"),
            "{}",
            said.steps[2].detail
        );
        if days == 0 {
            before = stage.requests();
        }
    }
    assert_eq!(stage.requests(), before);
    let nobody = pickers::explain_last(app, &company, &last, "nobody").await;
    assert_eq!(nobody.unwrap(), None);
    assert_eq!(stage.requests(), before);
}
