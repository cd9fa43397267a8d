//! Runs that put a run back while something stands in the way: refusals, lost answers, contacts that are somebody else's by now, and
//! companies, sites and tenants that are gone or out of reach.

use rollcall::db::companies;
use rollcall::model::{Mode, Outcome, Status};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::undo::{a_day, id, ignored, stored, undo, whole};
use crate::stage::{Plain, Stage, contact, each_vendor, line, user};

each_vendor!(
    what_the_psa_refuses_is_that_persons_failure,
    a_lost_answer_puts_nothing_back_twice,
    a_tenant_out_of_reach_does_not_keep_anybody_from_undoing,
    contact_sync_that_is_off_does_not_either,
    who_is_gone_or_somebody_elses_is_left_alone_and_named,
    a_run_for_another_psa_company_is_refused,
    an_inactive_company_is_not_written,
    an_approved_deactivation_is_put_back_and_stays,
    people_held_or_dismissed_are_put_back_like_everybody,
    a_link_alone_stays,
    a_site_that_is_gone_is_not_put_back,
);

async fn what_the_psa_refuses_is_that_persons_failure(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let refusal = FaultKind::Answer {
        status: 400,
        body: r#"{"code":"InvalidObject","message":"refused","errors":["refused"]}"#.into(),
    };
    stage.psa.fault_on_change(refusal, 0, 1);
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!((report.status, report.counts.failed), (Status::Partial, 1));
    stage.psa.controls().clear_faults();
    assert_eq!(ignored(&stage).await.len(), 2, "not who was refused");
    let rest = undo(&stage, whole(&run.run)).await;
    assert_eq!(rest.status, Status::Succeeded, "{rest:?}");
    let counts = rest.counts;
    assert_eq!(counts.update + counts.reactivate + counts.deactivate, 1);
    assert_eq!(stage.psa.look()[..2], before);
}

async fn a_lost_answer_puts_nothing_back_twice(stage: Stage) {
    stage.users([user("anna").title("Engineer")]);
    stage.sync().await;
    for kind in [FaultKind::DropAfter, FaultKind::StatusAfter(502)] {
        stage.users([user("anna").title("Lead").phones("100", "")]);
        let run = stage.sync().await;
        let fault = Fault::always(kind.clone()).on_writes().times(2);
        stage.psa.controls().fault(fault);
        let report = undo(&stage, whole(&run.run)).await;
        stage.psa.controls().clear_faults();
        assert_eq!(report.status, Status::Succeeded, "{kind:?} {report:?}");
        let now = stage.stored("anna@contoso.example");
        assert_eq!(now.title.as_deref(), Some("Engineer"), "{kind:?}");
        assert_eq!(now.phone, None, "{kind:?}");
        stage.set(|company| company.ignored.clear()).await;
    }
}

async fn a_tenant_out_of_reach_does_not_keep_anybody_from_undoing(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let down = || Fault::always(FaultKind::Status(503));
    stage.graph.controls.fault(down());
    stage.login.controls.fault(down());
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!(stage.psa.look()[..2], before);
}

async fn contact_sync_that_is_off_does_not_either(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    stage.set(|company| company.sync_contacts = false).await;
    let (company, undone) = (stage.company_id, whole(&run.run));
    let now = stage.clock.now();
    let asked =
        stage.write(move |conn| rollcall::jobs::enqueue_undo(conn, company, undone, "Ann", now));
    asked.await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    assert_eq!(stage.psa.look()[..2], before);
    let last = stage.runs().await.pop().unwrap();
    assert_eq!(
        (last.mode, last.requested_by.as_deref()),
        (Mode::Undo, Some("Ann"))
    );
}

async fn who_is_gone_or_somebody_elses_is_left_alone_and_named(stage: Stage) {
    let (_, run) = a_day(&stage).await;
    let of = |name: &str| line(&run, name).contact_id.clone().unwrap();
    stage.psa.remove(&of("carl"));
    // Anna's account was made anew, and the new one takes the contact over.
    stage.delete("anna");
    stage.users([user("anna2").title("Lead").with(|user| {
        user.user_principal_name = "anna@contoso.example".into();
        user.given_name = Some("Anna".into());
        user.mail = None;
    })]);
    stage.sync().await;
    let after = stage.psa.look();
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let reason = |name| line(&report, name).reason.clone();
    assert!(
        reason("carl").ends_with("the contact is gone"),
        "{report:?}"
    );
    let said = "the contact is linked to anna@contoso.example by now";
    assert!(reason("anna").ends_with(said), "{}", reason("anna"));
    assert_eq!(report.findings.len(), 2);
    assert_eq!(report.counts.reactivate, 1, "Bert");
    let now = stage.psa.look();
    assert_eq!(now[0], after[0], "the other's contact stays");
}

async fn a_run_for_another_psa_company_is_refused(stage: Stage) {
    let (_, run) = a_day(&stage).await;
    let writes = stage.psa.writes();
    stage.clock.advance(std::time::Duration::from_mins(1));
    stage.psa.add_company(251, "Fabrikam");
    for contact in stage.psa.look() {
        stage.psa.put_in(
            251,
            &Plain {
                id: String::new(),
                ..contact
            },
        );
    }
    stage
        .set(|company| company.psa_company_id = "251".into())
        .await;
    stage.sync().await;
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Failed);
    let error = report.error.unwrap();
    assert_eq!(error.kind, "not_undoable");
    assert!(error.message.contains("another PSA"), "{error:?}");
    assert_eq!(stage.psa.writes(), writes, "nothing is written");
}

async fn an_inactive_company_is_not_written(stage: Stage) {
    let (_, run) = a_day(&stage).await;
    stage.psa.close_company();
    let writes = stage.psa.writes();
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(line(&report, "anna").outcome, Outcome::Skipped);
    assert_eq!(report.findings[0].kind, "company_inactive");
    assert_eq!(stage.psa.writes(), writes);
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
}

async fn an_approved_deactivation_is_put_back_and_stays(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in &names[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    assert_eq!(stage.sync().await.status, Status::Held);
    let approved = stage.approve().await;
    assert_eq!(approved.counts.deactivate, 4);
    let report = undo(&stage, whole(&approved.run)).await;
    assert_eq!(report.counts.reactivate, 4, "{report:?}");
    let next = stage.sync().await;
    assert_eq!(
        (next.status, next.counts.deactivate),
        (Status::Succeeded, 0)
    );
    assert!(stage.psa.look().iter().all(|contact| contact.active));
}

async fn people_held_or_dismissed_are_put_back_like_everybody(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in names {
        stage.edit(name, |user| user.job_title = Some("Lead".into()));
    }
    let run = stage.sync().await;
    for name in &names[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    assert_eq!(stage.sync().await.status, Status::Held);
    let company = stage.company().await;
    let signed = rollcall::db::holds::Signed {
        staff: "Ann".into(),
        note: None,
    };
    let one = [id("dora")];
    rollcall::decisions::dismiss(&stage.app, &company, &one, &signed, &|_, _| ())
        .await
        .unwrap();
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.counts.update, 5, "{report:?}");
    assert_eq!(stage.held().await.unwrap().len(), 3, "it decides no hold");
    let next = stage.sync().await;
    assert_eq!(
        (next.status, next.counts.out_of_scope),
        (Status::Succeeded, 5)
    );
    assert_eq!(stage.held().await, None, "who is ignored leaves the hold");
}

async fn a_link_alone_stays(stage: Stage) {
    stage.psa.put(&contact("anna"));
    stage.users([user("anna")]);
    let run = stage.sync().await;
    assert_eq!(run.counts.link, 1, "{run:?}");
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.findings[0].kind, "links_stay");
    assert_eq!(stage.links().await.len(), 1);
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
    assert_eq!(stage.psa.writes(), 0);
}

async fn a_site_that_is_gone_is_not_put_back(stage: Stage) {
    let at_new = stage.psa.put(&Plain {
        site: Some("New Site".into()),
        ..contact("anna")
    });
    stage.users([user("anna")]);
    let main = stage.psa.site("Main");
    stage.set(|company| company.default_site = Some(main)).await;
    let run = stage.sync().await;
    stage.psa.close_site("New Site");
    let report = undo(&stage, whole(&run.run)).await;
    let said = "site was New Site before the run, which does not exist any more or is inactive, and stays Main";
    assert!(line(&report, "anna").reason.ends_with(said), "{report:?}");
    assert_eq!(stored(&stage, &at_new).site.as_deref(), Some("Main"));
    // The company is as it was saved: nothing else was decided.
    let saved = stage.read(companies::list).await;
    assert_eq!(saved[0].ignored, Vec::<String>::new());
}
