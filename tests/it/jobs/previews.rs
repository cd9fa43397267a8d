//! Previews as jobs, and what identifies a plan.

use std::sync::Arc;

use rollcall::db::plans;
use rollcall::db::previews::{self, StoredPreview};
use rollcall::db::runs::{self, NewRun};
use rollcall::jobs::preview::report;
use rollcall::model::{FieldValue, Outcome, Status};
use rollcall::simulator::kit::FaultKind;
use rollcall::sync::Options;
use rollcall::sync::last::Last;
use rollcall::sync::plan::{Plan, Tie, plan};
use rollcall::sync::turn::Turn;

use super::*;
use crate::stage::{an_update, user};

on_both!(
    a_preview_is_kept_and_neither_waits_nor_blocks,
    a_preview_that_failed_is_kept_and_says_why,
    a_preview_is_made_where_contact_sync_is_off,
    a_preview_gives_the_first_reading_and_every_newer_one,
    a_preview_beside_a_run_leaves_the_reading_of_the_run,
    a_leaver_whom_only_a_preview_found_deleted_is_a_leaver_in_its_reading,
);
crate::stage::each_vendor!(
    a_digest_knows_what_would_be_written_and_nothing_else,
    a_preview_and_the_run_after_it_have_one_digest,
);

async fn kept(stage: &Stage) -> StoredPreview {
    let company = stage.company_id;
    stage
        .read(move |conn| previews::get(conn, company))
        .await
        .unwrap()
}

async fn a_preview_is_kept_and_neither_waits_nor_blocks(stage: Stage) {
    stage.users([user("anna")]);
    let (other, _stopper) = stage.another().await;
    let run = click(&stage).await;
    assert_eq!(claim(&other).await.unwrap().id, run);
    let lease = minutes(10);
    let turn = Turn::of_company(stage.company_id);
    assert!(other.db().try_claim(&turn, lease).await.unwrap());
    let id = ask_for_a_preview(&stage).await;
    step(&stage).await;
    let done = job(&stage, id).await;
    assert_eq!(done.state, JobState::Done);
    assert_eq!(state(&stage, run).await, JobState::Running);
    let kept = kept(&stage).await;
    assert_eq!(Some(&kept.run_id), done.run_id.as_ref());
    let report = report(&kept).unwrap();
    assert_eq!((&report.run, report.preview), (&kept.run_id, true));
    assert_eq!(
        (report.status, report.counts.create),
        (Status::Succeeded, 1)
    );
    assert_eq!(report.people[0].outcome, Outcome::Planned);
    assert_eq!(kept.digest.len(), 64);
    assert_eq!((stage.psa.writes(), stage.runs().await.len()), (0, 0));
    stage.users([user("bert")]);
    stage.clock.advance(minutes(1));
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    let newer = self::kept(&stage).await;
    assert_ne!(newer.digest, kept.digest);
}

async fn a_preview_that_failed_is_kept_and_says_why(stage: Stage) {
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 0, usize::MAX);
    let id = ask_for_a_preview(&stage).await;
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    let kept = kept(&stage).await;
    let report = report(&kept).unwrap();
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.unwrap().kind, "unavailable");
    assert_eq!(kept.digest, "");
}

async fn a_preview_is_made_where_contact_sync_is_off(stage: Stage) {
    stage.users([user("anna")]);
    stage.set(|company| company.sync_contacts = false).await;
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    assert_eq!(report(&kept(&stage).await).unwrap().counts.create, 1);
}

async fn last(stage: &Stage) -> Arc<Last> {
    let company = stage.company().await;
    let last = stage.app.last(&company).await.unwrap();
    last.unwrap()
}

async fn planned_by(stage: &Stage, preview: &StoredPreview) -> Plan {
    let id = stage.company_id;
    let plan = stage.read(move |conn| plans::get(conn, id)).await.unwrap();
    assert_eq!(plan.run_id, preview.run_id);
    serde_json::from_str(&plan.plan).unwrap()
}

async fn a_preview_gives_the_first_reading_and_every_newer_one(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    let first = last(&stage).await;
    let made = kept(&stage).await;
    assert_eq!(first.run_id, made.run_id);
    assert_eq!(plan(&first.snapshot), planned_by(&stage, &made).await);
    // The run's own reading takes its place, with what the run wrote.
    stage.clock.advance(minutes(1));
    let report = stage.sync().await;
    assert_eq!(report.counts.create, 2);
    let after = last(&stage).await;
    assert_eq!(
        (&after.run_id, after.snapshot.contacts.len()),
        (&report.run, 2)
    );
    // And what a later preview read stands in for that.
    stage.users([user("carl")]);
    stage.clock.advance(minutes(1));
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    let newest = last(&stage).await;
    let made = kept(&stage).await;
    assert_eq!(newest.run_id, made.run_id);
    assert_eq!(
        (newest.snapshot.users.len(), newest.snapshot.contacts.len()),
        (3, 2)
    );
    assert_eq!(plan(&newest.snapshot), planned_by(&stage, &made).await);
}

async fn a_preview_beside_a_run_leaves_the_reading_of_the_run(stage: Stage) {
    stage.users([user("anna")]);
    let report = stage.sync().await;
    let (company, now) = (stage.company_id, stage.clock.now() + minutes(1));
    let process = stage.app.db().process_id().to_owned();
    stage
        .write(move |conn| {
            let run = NewRun {
                process: &process,
                ..an_update("going", company, now)
            };
            runs::start(conn, &run)
        })
        .await;
    stage.users([user("bert")]);
    stage.clock.advance(minutes(2));
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    assert_eq!(kept(&stage).await.digest.len(), 64);
    let last = last(&stage).await;
    assert_eq!(
        (last.run_id.clone(), last.snapshot.users.len()),
        (report.run, 1)
    );
}

async fn a_leaver_whom_only_a_preview_found_deleted_is_a_leaver_in_its_reading(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    stage.delete("bert");
    stage.clock.advance(minutes(1));
    ask_for_a_preview(&stage).await;
    step(&stage).await;
    let made = kept(&stage).await;
    let last = last(&stage).await;
    let again = plan(&last.snapshot);
    assert_eq!(last.run_id, made.run_id);
    assert_eq!(again, planned_by(&stage, &made).await);
    assert_eq!(again.digest(), made.digest);
    assert_eq!(report(&made).unwrap().counts.deactivate, 1);
}

async fn planned(stage: &Stage) -> Plan {
    let finished = stage.run(Options::new(Mode::Update, true)).await;
    finished.seen.unwrap().1
}

async fn a_digest_knows_what_would_be_written_and_nothing_else(stage: Stage) {
    let site = stage.psa.site("New Site");
    stage.set(|company| company.default_site = Some(site)).await;
    stage.users([
        user("anna").title("Engineer"),
        user("bert"),
        user("carl").phones("1", "2"),
    ]);
    let plan = planned(&stage).await;
    let digest = plan.digest();
    let mut same = plan.clone();
    same.people.reverse();
    for person in &mut same.people {
        person.fields.reverse();
        person.link = Tie::Kept(77);
        person.filter = Some("Another".into());
        for change in &mut person.fields {
            if let FieldValue::Site(_, name) = &mut change.to {
                *name = "Renamed".into();
            }
        }
    }
    same.findings.clear();
    assert_eq!(same.digest(), digest);
    let changes: [fn(&mut Plan); 5] = [
        |plan| plan.people[0].held = true,
        |plan| plan.people[0].contact = Some("77".into()),
        |plan| plan.people[0].fields[0].to = FieldValue::Text("Other".into()),
        |plan| drop(plan.people.pop()),
        |plan| plan.company_inactive = true,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut other = plan.clone();
        change(&mut other);
        assert_ne!(other.digest(), digest, "change {at}");
    }
}

async fn a_preview_and_the_run_after_it_have_one_digest(stage: Stage) {
    stage.users([user("anna"), user("bert")]);
    let preview = planned(&stage).await;
    let finished = stage.run(Options::new(Mode::Update, false)).await;
    assert_eq!(finished.seen.unwrap().1.digest(), preview.digest());
    let nothing = planned(&stage).await.digest();
    assert_ne!(nothing, preview.digest());
    assert_eq!(nothing, Plan::default().digest());
}
