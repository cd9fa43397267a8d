//! The jobs page: what waits, what failed for good, and what is cancelled.

use rollcall::db::jobs::{self, JobState, Priority};
use rollcall::jobs::enqueue_run;
use rollcall::model::{Mode, Role};

use super::visitor::Site;
use crate::stage::{Stage, Store, Vendor};

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

/// A run that was asked for; its job.
async fn asked(stage: &Stage) -> i64 {
    let (company, now) = (stage.company_id, stage.clock.now());
    let done = stage.write(move |conn| {
        enqueue_run(
            conn,
            company,
            Mode::Resync,
            Priority::Click,
            "Robin <b>",
            now,
        )
    });
    done.await.id()
}

async fn begun(stage: &Stage) -> jobs::Job {
    let (now, process) = (stage.clock.now(), stage.app.db().process_id().to_owned());
    let claimed = stage.write(move |conn| {
        let until = now + chrono::TimeDelta::minutes(10);
        let next = jobs::next(conn, &jobs::Reach::default(), now)?.expect("one is due");
        jobs::claim(conn, next.id, (&process, "run-of-the-job"), until, now)
    });
    claimed.await.unwrap()
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled_once() {
    let stage = stage().await;
    let job = asked(&stage).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get("/settings/jobs").await.text;
    assert!(
        page.contains("Resync") && page.contains("Robin &lt;b&gt;"),
        "{page}"
    );
    let cancel = format!("/settings/jobs/{job}/cancel");
    let answer = admin.post(&cancel, &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/settings/jobs"));
    let page = admin.get("/settings/jobs").await.text;
    assert!(page.contains("The job is cancelled.") && page.contains("Nothing waits"));
    let kept = stage.read(move |conn| jobs::get(conn, job)).await.unwrap();
    assert_eq!(kept.state, JobState::Cancelled);
    assert_eq!(kept.error.as_deref(), Some("Cancelled by Administrator"));
    admin.post(&cancel, &[]).await;
    let page = admin.get("/settings/jobs").await.text;
    assert!(page.contains("Nothing was cancelled"));
}

#[tokio::test]
async fn a_job_that_has_begun_is_watched_and_asked_to_stop() {
    let stage = stage().await;
    let job = asked(&stage).await;
    begun(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let answer = technician
        .post(&format!("/settings/jobs/{job}/cancel"), &[])
        .await;
    let company = format!("/companies/{}", stage.company_id);
    assert_eq!(answer.location.as_deref(), Some(company.as_str()));
    let kept = stage.read(move |conn| jobs::get(conn, job)).await.unwrap();
    assert_eq!(kept.state, JobState::Running, "its process ends it");
    assert_eq!(kept.stop_by.as_deref(), Some("Technician"));
    let page = technician.get(&company).await.text;
    assert!(
        page.contains("as soon as the writes in hand are finished"),
        "{page}"
    );
    let part = technician.get(&format!("{company}/live")).await.text;
    assert!(part.contains("waiting in line"), "{part}");
    let page = site.signed_in(Role::Administrator).await;
    let page = page.get("/settings/jobs").await.text;
    assert!(page.contains("waits for its turn"), "{page}");
}

#[tokio::test]
async fn a_job_that_failed_for_good_says_why_and_the_fleet_leads_there() {
    let stage = stage().await;
    asked(&stage).await;
    let (job, now) = (begun(&stage).await, stage.clock.now());
    stage
        .write(move |conn| jobs::fail_for_good(conn, &job, "the <secret> is missing", now))
        .await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get("/settings/jobs").await.text;
    assert!(page.contains("The &lt;secret&gt; is missing."), "{page}");
    let fleet = admin.get("/").await.text;
    assert!(fleet.contains("The run could not begin") && fleet.contains("/settings/jobs"));
    let reader = site.signed_in(Role::Reader).await;
    assert!(!reader.get("/").await.text.contains("/settings/jobs"));
}

#[tokio::test]
async fn a_job_that_nobody_knows_is_not_there() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    assert_eq!(
        admin.post("/settings/jobs/999/cancel", &[]).await.status,
        404
    );
}
