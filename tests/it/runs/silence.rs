//! What Microsoft does not say, or says of somebody else: `behaviour.md` sections 1, 6 and 8.

use rollcall::model::{Action, Outcome, Status, Target, Test};
use rollcall::simulator::kit::{Fault, FaultKind};

use crate::stage::{CLIENT, Stage, TENANT, contact, each_vendor, everywhere, filter, line, user};

everywhere!(deleted_users_are_asked_for_by_id_and_only_once);
each_vendor!(
    a_licence_that_the_tenant_does_not_have_is_a_finding_and_read_once,
    a_tenant_that_answers_for_another_tenant_fails_the_run,
    an_app_without_permission_fails_the_run,
    fields_that_come_for_nobody_fail_the_run,
    one_silent_user_is_a_finding_and_untouched,
    a_linked_user_who_cannot_be_looked_up_stops_the_run,
    an_expired_secret_fails_the_run_and_says_so,
);

fn asked(stage: &Stage, part: &str) -> usize {
    let log = stage.graph.controls.log();
    log.iter()
        .filter(|entry| entry.target.contains(part))
        .count()
}

async fn a_licence_that_the_tenant_does_not_have_is_a_finding_and_read_once(stage: Stage) {
    stage.users([user("anna")]);
    stage
        .set(|company| {
            let licence = filter(vec![Test::Licence("NOPE".into())], Target::Exclude);
            let all = Target::Place {
                site: None,
                contact_type: None,
            };
            company.filters = vec![licence, filter(vec![Test::Licensed], all)];
        })
        .await;
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(report.counts.create, 1, "it holds for nobody");
    let message = "Filter 1 names the licence NOPE, which this tenant does not have";
    let finding = &report.findings[0];
    assert_eq!(
        (finding.kind.as_str(), finding.message.as_str()),
        ("unknown_licence", message)
    );
    assert_eq!(asked(&stage, "subscribedSkus"), 1);
    let report = stage.sync().await;
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        asked(&stage, "subscribedSkus"),
        1,
        "it was looked for in vain already"
    );
    // A licence that nobody knew is looked up at once.
    stage.edit("anna", |anna| {
        anna.assigned_licenses = Some(vec!["11111111-2222-4333-8444-555555555555".into()]);
    });
    assert_eq!(
        line(&stage.sync().await, "anna").action,
        Action::Unchanged,
        "unknown, so it counts"
    );
    assert_eq!(asked(&stage, "subscribedSkus"), 2);
    stage.sync().await;
    assert_eq!(asked(&stage, "subscribedSkus"), 2);
}

async fn a_tenant_that_answers_for_another_tenant_fails_the_run(stage: Stage) {
    stage.users([user("anna")]);
    let other = "6f0c7b1e-0000-4000-8000-000000000002";
    stage
        .microsoft
        .switches(|switches| switches.wrong_organization = Some(other.into()));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.unwrap().kind, "wrong_tenant");
    assert_eq!(stage.psa.writes(), 0);
    assert!(stage.links().await.is_empty());
}

async fn an_app_without_permission_fails_the_run(stage: Stage) {
    stage.users([user("anna")]);
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.apps.get_mut(CLIENT).unwrap().permissions.clear();
    });
    let error = stage.sync().await.error.unwrap();
    assert_eq!(error.kind, "permission", "{error:?}");
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.apps.get_mut(CLIENT).unwrap().consented = false;
    });
    let error = stage.sync().await.error.unwrap();
    assert!(
        ["permission", "consent"].contains(&error.kind.as_str()),
        "{error:?}"
    );
    assert_eq!(stage.psa.writes(), 0);
}

async fn fields_that_come_for_nobody_fail_the_run(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage
        .microsoft
        .switches(|switches| switches.leave_out_assigned_licenses = true);
    for null in [false, true] {
        stage
            .microsoft
            .switches(|switches| switches.unset_as_null = null);
        let error = stage.sync().await.error.unwrap();
        assert_eq!(error.kind, "permission");
        assert!(error.message.contains("assignedLicenses"), "{error:?}");
        assert!(error.advice.contains("User.Read.All"), "{error:?}");
    }
    assert_eq!(stage.psa.writes(), 0);
}

async fn one_silent_user_is_a_finding_and_untouched(stage: Stage) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.sync().await;
    stage.edit("bert", |bert| {
        bert.account_enabled = None;
        bert.job_title = Some("Boss".into());
    });
    let writes = stage.psa.writes();
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(report.findings.len(), 1);
    assert!(
        report.findings[0]
            .message
            .starts_with("bert@contoso.example"),
        "{report:?}"
    );
    assert_eq!(line(&report, "bert").action, Action::Unchanged);
    assert_eq!(stage.psa.writes(), writes);
    assert!(stage.stored("bert@contoso.example").active);
}

async fn deleted_users_are_asked_for_by_id_and_only_once(stage: Stage) {
    stage.users(["anna", "bert", "carl", "dora", "emil"].map(user));
    stage.psa.put(&contact("bert"));
    stage.sync().await;
    assert_eq!(asked(&stage, "$batch"), 0);
    stage.delete("bert");
    let report = stage.sync().await;
    let bert = line(&report, "bert");
    assert_eq!(
        (bert.reason.as_str(), bert.outcome),
        ("deleted", Outcome::Applied)
    );
    assert_eq!(bert.upn, "bert@contoso.example");
    assert!(!stage.stored("bert@contoso.example").active);
    assert_eq!(asked(&stage, "$batch"), 1);
    stage.sync().await;
    assert_eq!(
        asked(&stage, "$batch"),
        1,
        "who was found deleted is not asked for again"
    );
    // Restored from the bin: the list has him again.
    stage.users([user("bert")]);
    let report = stage.sync().await;
    assert_eq!(line(&report, "bert").action, Action::Reactivate);
    stage.delete("bert");
    stage.sync().await;
    assert_eq!(asked(&stage, "$batch"), 2);
}

async fn a_linked_user_who_cannot_be_looked_up_stops_the_run(stage: Stage) {
    stage.users(["anna", "bert", "carl"].map(user));
    stage.sync().await;
    stage.delete("bert");
    stage.users([user("dora")]);
    let writes = stage.psa.writes();
    stage
        .graph
        .controls
        .fault(Fault::always(FaultKind::Status(503)).at("POST", "$batch"));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(stage.psa.writes(), writes);
    assert!(stage.stored("bert@contoso.example").active);
    stage.graph.controls.clear_faults();
    stage
        .microsoft
        .switches(|switches| switches.throttle_batch_items = usize::MAX);
    let report = stage.sync().await;
    assert_eq!(
        report.status,
        Status::Failed,
        "each item of the batch is throttled without end"
    );
    assert_eq!(stage.psa.writes(), writes);
    stage
        .microsoft
        .switches(|switches| switches.throttle_batch_items = 0);
    assert_eq!(line(&stage.sync().await, "bert").outcome, Outcome::Applied);
}

async fn an_expired_secret_fails_the_run_and_says_so(stage: Stage) {
    stage.users([user("anna")]);
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.apps.get_mut(CLIENT).unwrap().secrets[0].expired = true;
    });
    let error = stage.sync().await.error.unwrap();
    assert_eq!(error.kind, "secret_expired", "{error:?}");
    assert_eq!(stage.psa.writes(), 0);
}
