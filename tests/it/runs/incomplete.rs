//! A reading that is not known to be complete fails the run before anything is written: `behaviour.md` sections 8 and 9.

use rollcall::model::{Action, Outcome, Status};
use rollcall::simulator::kit::{Fault, FaultKind};

use crate::stage::{Stage, contact, each_vendor, everywhere, line, user};

everywhere!(an_empty_list_is_believed_only_after_the_company_was_read);
each_vendor!(
    a_page_of_contacts_that_fails_fails_the_run,
    a_page_of_users_that_fails_fails_the_run,
    a_next_link_to_another_host_is_not_followed,
    a_company_that_is_gone_fails_the_run,
    a_company_that_went_after_it_was_known_fails_the_run,
    an_inactive_company_is_a_finding_and_nothing_is_written,
);

everywhere!(@on only_connectwise ConnectWise Sqlite;
    a_deleted_company_that_is_still_answered_fails_the_run,
);

async fn failed_untouched(stage: &Stage, writes: usize) -> String {
    let links = stage.links().await;
    let report = stage.sync().await;
    assert_eq!((report.status, report.exit_status()), (Status::Failed, 5));
    assert!(report.people.is_empty());
    assert_eq!(stage.psa.writes(), writes);
    assert_eq!(stage.links().await, links);
    report.error.unwrap().kind
}

async fn an_empty_list_is_believed_only_after_the_company_was_read(stage: Stage) {
    stage.users([user("anna")]);
    let read = |stage: &Stage| {
        let log = stage.psa.controls().log();
        let of_company = |target: &str| {
            let target = target.split('?').next().unwrap_or_default();
            target.ends_with("/companies/250") || target.ends_with("/Companies/250")
        };
        log.iter().filter(|entry| of_company(&entry.target)).count()
    };
    assert_eq!(stage.preview().await.counts.create, 1);
    assert_eq!(read(&stage), 1);
    stage.sync().await;
    assert_eq!(
        read(&stage),
        2,
        "once, though the list was empty and the plan writes"
    );
    // All contacts vanish: links are forgotten, and the contact is made anew after the company was read.
    let id = stage.psa.look()[0].id.clone();
    stage.psa.remove(&id);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Create);
    assert_eq!(read(&stage), 3);
    let links = stage.links().await;
    assert_eq!(links.len(), 1);
    assert_ne!(links[0].1, id);
}

async fn a_page_of_contacts_that_fails_fails_the_run(stage: Stage) {
    stage.users([user("anna")]);
    for number in 0..1100 {
        stage.psa.put(&contact(&format!("somebody{number}")));
    }
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 1, usize::MAX);
    assert_eq!(failed_untouched(&stage, 0).await, "unavailable");
    stage.psa.controls().clear_faults();
    stage.psa.fault_on_list(FaultKind::Half, 0, usize::MAX);
    failed_untouched(&stage, 0).await;
    stage.psa.controls().clear_faults();
    assert_eq!(stage.sync().await.counts.create, 1);
}

async fn a_page_of_users_that_fails_fails_the_run(stage: Stage) {
    stage.users((0..1000).map(|number| user(&format!("user{number}")).blocked()));
    stage.users([user("anna"), user("bert")]);
    let fault = Fault::always(FaultKind::Drop)
        .at("GET", "/v1.0/users")
        .after(1);
    stage.graph.controls.fault(fault);
    assert_eq!(failed_untouched(&stage, 0).await, "unavailable");
    stage.graph.controls.clear_faults();
    assert_eq!(stage.sync().await.counts.create, 2);
}

async fn a_next_link_to_another_host_is_not_followed(stage: Stage) {
    stage.users((0..1001).map(|number| user(&format!("user{number}")).blocked()));
    stage.microsoft.switches(|switches| {
        switches.next_link_other_host = Some("https://graph.elsewhere.example".into());
    });
    assert_eq!(failed_untouched(&stage, 0).await, "incomplete");
}

async fn a_company_that_is_gone_fails_the_run(stage: Stage) {
    stage.users([user("anna")]);
    stage.psa.remove_company();
    assert_eq!(failed_untouched(&stage, 0).await, "company_gone");
}

async fn a_company_that_went_after_it_was_known_fails_the_run(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    stage.psa.remove_company();
    assert_eq!(failed_untouched(&stage, 2).await, "company_gone");
}

async fn a_deleted_company_that_is_still_answered_fails_the_run(stage: Stage) {
    stage.users([user("anna")]);
    let crate::stage::psa::Cloud::ConnectWise(cloud) = &stage.psa.cloud else {
        panic!("only ConnectWise answers so");
    };
    cloud.edit(|state| state.companies.get_mut(&250).unwrap().deleted = true);
    assert_eq!(failed_untouched(&stage, 0).await, "company_gone");
}

async fn an_inactive_company_is_a_finding_and_nothing_is_written(stage: Stage) {
    stage.users([user("anna"), user("bert").title("Boss")]);
    stage.psa.put(&contact("bert"));
    stage.psa.close_company();
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!(report.findings[0].kind, "company_inactive");
    for name in ["anna", "bert"] {
        assert_eq!(line(&report, name).outcome, Outcome::Skipped);
    }
    assert_eq!(stage.psa.writes(), 0);
    assert_eq!(
        line(&stage.preview().await, "anna").outcome,
        Outcome::Skipped
    );
}
