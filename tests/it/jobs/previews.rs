//! Previews as jobs, and what identifies a plan.

use rollcall::db::previews::{self, StoredPreview};
use rollcall::jobs::preview::report;
use rollcall::model::{FieldValue, Outcome, Status};
use rollcall::simulator::kit::FaultKind;
use rollcall::sync::Options;
use rollcall::sync::plan::{Plan, Tie};
use rollcall::sync::turn::Turn;

use super::*;
use crate::stage::user;

on_both!(
    a_preview_is_kept_and_neither_waits_nor_blocks,
    a_preview_that_failed_is_kept_and_says_why,
    a_preview_is_made_where_contact_sync_is_off,
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
