//! People and connections that fail while a run writes: `behaviour.md` section 9.

use rollcall::app::OF_PSA;
use rollcall::db::writes::WriteState;
use rollcall::model::{Field, Outcome, Status};
use rollcall::simulator::kit::{Fault, FaultKind};

use crate::stage::{Plain, Stage, contact, each_vendor, everywhere, line, put_secret, user};

everywhere!(one_persons_refusal_is_recorded_and_the_others_go_on);
each_vendor!(
    credentials_that_fail_midway_stop_the_run,
    wrong_credentials_fail_the_run_before_anything_is_written,
    a_long_pause_ends_the_run_and_says_when_to_try_again,
    a_short_pause_is_obeyed,
    a_service_out_of_order_stops_the_run,
    a_service_that_is_not_there_fails_the_run,
    a_missing_secret_is_said,
);
everywhere!(@on only_connectwise ConnectWise Sqlite;
    fields_that_went_through_are_recorded_where_a_later_one_is_refused,
    a_contact_that_was_made_without_a_field_is_linked_and_the_next_run_writes_the_field,
);

/// The vendor's own refusal of one request.
fn refusal(stage: &Stage) -> FaultKind {
    let (status, body) = if stage.psa.is_connectwise() {
        let body = r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[
            {"code":"InvalidField","message":"The title is out of fashion","resource":"contact","field":"title"}]}"#;
        (400, body)
    } else {
        (500, r#"{"errors":["The title is out of fashion"]}"#)
    };
    FaultKind::Answer {
        status,
        body: body.into(),
    }
}

async fn one_persons_refusal_is_recorded_and_the_others_go_on(stage: Stage) {
    let names = ["anna", "bert", "carl"];
    stage.users(names.map(|name| user(name).title("Boss")));
    for name in names {
        stage.psa.put(&contact(name));
    }
    stage.psa.fault_on_change(refusal(&stage), 1, 1);
    let report = stage.sync().await;
    assert_eq!((report.status, report.exit_status()), (Status::Partial, 4));
    assert_eq!((report.counts.update, report.counts.failed), (3, 1));
    assert_eq!(report.error, None);
    let failed = report
        .people
        .iter()
        .find(|line| line.outcome == Outcome::Failed)
        .unwrap();
    assert!(
        failed.error.as_ref().unwrap().contains("out of fashion"),
        "{failed:?}"
    );
    assert!(failed.fields.iter().all(|field| !field.applied));
    let titled = stage
        .psa
        .look()
        .iter()
        .filter(|one| one.title.is_some())
        .count();
    assert_eq!(titled, 2);
    let history = stage.history().await;
    assert_eq!(history.len(), 3);
    let refused = history
        .iter()
        .find(|line| line.change.outcome == Outcome::Failed)
        .unwrap();
    assert!(
        refused
            .change
            .error
            .as_ref()
            .unwrap()
            .contains("out of fashion")
    );
    assert_eq!(
        refused.change.before.as_ref().unwrap().title,
        None,
        "what stood there before"
    );
    assert_eq!(
        stage.links().await.len(),
        3,
        "the contact was found all the same"
    );
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.update),
        (Status::Succeeded, 1)
    );
}

async fn fields_that_went_through_are_recorded_where_a_later_one_is_refused(stage: Stage) {
    stage.users([user("anna").title("Boss").phones("123", "456")]);
    stage.psa.put(&contact("anna"));
    let fault = Fault::once(refusal(&stage)).at("POST", "communications");
    stage.psa.controls().fault(fault.after(1));
    let report = stage.sync().await;
    let anna = line(&report, "anna");
    let through = |field| {
        anna.fields
            .iter()
            .any(|one| one.field == field && one.applied)
    };
    assert_eq!(anna.outcome, Outcome::Failed);
    assert_eq!(
        [Field::Title, Field::Phone, Field::Mobile].map(through),
        [true, true, false]
    );
    let history = stage.history().await;
    let fields = &history[0].change.fields;
    assert_eq!(fields.iter().filter(|one| one.applied).count(), 2);
    assert_eq!(
        stage.states().await,
        [
            WriteState::Applied,
            WriteState::Applied,
            WriteState::Refused
        ]
    );
    let report = stage.sync().await;
    let fields: Vec<_> = line(&report, "anna")
        .fields
        .iter()
        .map(|one| one.field)
        .collect();
    assert_eq!(fields, [Field::Mobile], "what is missing, and no more");
}

async fn a_contact_that_was_made_without_a_field_is_linked_and_the_next_run_writes_the_field(
    stage: Stage,
) {
    stage.users([user("anna").title("Boss")]);
    // What the answer names as the contact that was made.
    let id = stage.psa.put(&contact("zoe"));
    let body = format!(r#"{{"id":{id},"firstName":"Anna","lastName":"Example","types":[]}}"#);
    let answer = FaultKind::Answer { status: 201, body };
    stage.psa.fault_on_create(answer, 0, 1);
    let report = stage.sync().await;
    let anna = line(&report, "anna");
    assert_eq!(anna.outcome, Outcome::Failed);
    let applied = |field| {
        let mut fields = anna.fields.iter();
        fields.any(|one| one.field == field && one.applied)
    };
    assert!(applied(Field::FirstName) && !applied(Field::Title));
    assert_eq!(stage.states().await, [WriteState::Applied]);
    let links = stage.links().await;
    assert_eq!(links.len(), 1);
    assert_eq!(
        (links[0].1.as_str(), links[0].2.as_str()),
        (&*id, "created")
    );
    let history = stage.history().await;
    assert_eq!(history[0].change.contact_id, Some(id.as_str().into()));
    let error = history[0].change.error.as_deref().unwrap();
    assert!(error.contains("did not change: "), "{error}");
    let report = stage.sync().await;
    assert_eq!((report.counts.create, report.counts.update), (0, 1));
    let stored = stage.stored("anna@contoso.example");
    assert_eq!((stored.id, stored.title.as_deref()), (id, Some("Boss")));
}

async fn credentials_that_fail_midway_stop_the_run(stage: Stage) {
    stage.users((0..20).map(|number| user(&format!("user{number}"))));
    stage
        .psa
        .fault_on_create(FaultKind::Status(401), 3, usize::MAX);
    let report = stage.sync().await;
    assert_eq!((report.status, report.exit_status()), (Status::Failed, 5));
    let error = report.error.as_ref().unwrap();
    assert_eq!(error.kind, "credentials", "{error:?}");
    let count = |outcome| {
        report
            .people
            .iter()
            .filter(|line| line.outcome == outcome)
            .count()
    };
    assert_eq!(count(Outcome::Applied), 3);
    assert!(
        (1..=4).contains(&count(Outcome::Failed)),
        "those that were in hand"
    );
    assert_eq!(count(Outcome::Skipped), 17 - count(Outcome::Failed));
    assert_eq!(stage.psa.look().len(), 3);
    stage.psa.controls().clear_faults();
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.create),
        (Status::Succeeded, 17)
    );
    assert_eq!(stage.psa.look().len(), 20);
}

async fn wrong_credentials_fail_the_run_before_anything_is_written(stage: Stage) {
    stage.users([user("anna")]);
    let name = if stage.psa.is_connectwise() {
        "private_key"
    } else {
        "secret"
    };
    put_secret(&stage.app, OF_PSA, stage.psa_id, name, "wrong").await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.unwrap().kind, "credentials");
    assert_eq!(stage.psa.writes(), 0);
}

async fn a_long_pause_ends_the_run_and_says_when_to_try_again(stage: Stage) {
    stage.users((0..12).map(|number| user(&format!("user{number}"))));
    let wait = FaultKind::Throttle {
        retry_after: Some("600".into()),
    };
    stage.psa.fault_on_create(wait.clone(), 2, usize::MAX);
    let report = stage.sync().await;
    let error = report.error.as_ref().unwrap();
    assert_eq!(
        (error.kind.as_str(), report.exit_status()),
        ("throttled", 5)
    );
    assert!(
        error.advice.contains("not before 2026-01-31 02:40"),
        "{error:?}"
    );
    assert_eq!(stage.psa.look().len(), 2);
    assert!(
        report
            .people
            .iter()
            .any(|line| line.outcome == Outcome::Skipped)
    );
    assert!(
        !stage.states().await.contains(&WriteState::Sent),
        "it was refused for certain"
    );
    stage.psa.controls().clear_faults();
    stage.psa.fault_on_list(wait, 0, usize::MAX);
    let report = stage.sync().await;
    assert_eq!(report.error.unwrap().kind, "throttled");
    stage.psa.controls().clear_faults();
    assert_eq!(stage.sync().await.counts.create, 10);
    assert_eq!(stage.psa.look().len(), 12);
}

async fn a_short_pause_is_obeyed(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    let wait = FaultKind::Throttle {
        retry_after: Some("7.5".into()),
    };
    stage.psa.fault_on_create(wait.clone(), 0, 2);
    stage.graph.controls.fault(Fault::once(wait.clone()));
    stage.login.controls.fault(Fault::once(wait));
    let before = stage.clock.now();
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(stage.clock.now() - before >= chrono::TimeDelta::milliseconds(15_000));
    assert_eq!(stage.psa.look().len(), 2);
}

async fn a_service_out_of_order_stops_the_run(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil", "fred"];
    stage.users(names.map(|name| user(name).title("Boss")));
    for name in names {
        stage.psa.put(&contact(name));
    }
    stage
        .psa
        .fault_on_change(FaultKind::Html(503), 1, usize::MAX);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.as_ref().unwrap().kind, "unavailable");
    assert!(
        report
            .people
            .iter()
            .any(|line| line.outcome == Outcome::Skipped)
    );
    stage.psa.controls().clear_faults();
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.update),
        (Status::Succeeded, 5)
    );
    assert!(
        stage
            .psa
            .look()
            .iter()
            .all(|one| one.title.as_deref() == Some("Boss"))
    );
    let states = stage.states().await;
    assert!(
        !states.contains(&WriteState::Sent),
        "the next run settled them"
    );
    let applied: Vec<_> = stage.history().await;
    let mut failed = applied
        .iter()
        .filter(|line| line.change.outcome == Outcome::Failed);
    let words = failed.next().unwrap().change.error.as_ref().unwrap();
    assert!(
        words.contains("503"),
        "settling leaves the words of the failure: {words}"
    );
    let fields = applied.iter().flat_map(|line| &line.change.fields);
    assert_eq!(fields.filter(|field| field.applied).count(), 6, "each once");
}

async fn a_service_that_is_not_there_fails_the_run(mut stage: Stage) {
    stage.users([user("anna")]);
    let gone = stage.psa.running.url.clone();
    let other = crate::stage::PsaCloud::start(stage.psa.vendor()).await;
    let before = std::mem::replace(&mut stage.psa, other);
    drop(before);
    tokio::task::yield_now().await;
    assert!(!gone.is_empty());
    let company = stage.company().await;
    let options = rollcall::sync::Options::new(rollcall::model::Mode::Update, false);
    let report = rollcall::runs::one(&stage.app, &company, &options, &|_, _| ())
        .await
        .report;
    let error = report.error.unwrap();
    assert!(
        ["unreachable", "unavailable"].contains(&error.kind.as_str()),
        "{error:?}"
    );
}

async fn a_missing_secret_is_said(stage: Stage) {
    stage.users([user("anna")]);
    let id = stage.company_id;
    stage
        .write(move |conn| {
            rollcall::db::secrets::delete(conn, rollcall::app::OF_COMPANY, id, "client_secret")
        })
        .await;
    let error = stage.sync().await.error.unwrap();
    assert_eq!(error.kind, "not_set_up");
    assert!(error.message.contains("client secret"), "{error:?}");
    // A contact that somebody else edits meanwhile does not matter here.
    stage.psa.put(&Plain {
        active: false,
        ..contact("anna")
    });
    assert_eq!(stage.preview().await.error.unwrap().kind, "not_set_up");
}
