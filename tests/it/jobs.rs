//! Jobs: how they wait, who does them, and what becomes of those that fail, on both databases. Time is set by hand.

use std::time::Duration;

use rollcall::app::App;
use rollcall::db::holds::Signed;
use rollcall::db::jobs::{self, Enqueued, Job, JobState, Priority, Reach};
use rollcall::db::{DbError, companies};
use rollcall::jobs::{enqueue_approval, enqueue_preview, enqueue_run};
use rollcall::model::{Company, Mode};

use crate::stage::Stage;

mod approvals;
mod doing;
mod freed;
mod hands;
mod history;
mod loops;
mod mistakes;
mod previews;
mod quarantine;
mod real_time;
mod schedule;
mod trials;
mod undos;
mod waiting;

const LEASE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Plays scenarios on both databases.
macro_rules! on_both {
    ($($scenario:ident),+ $(,)?) => {
        crate::stage::everywhere!(@on sqlite ConnectWise Sqlite; $($scenario),+);
        crate::stage::everywhere!(@on postgres ConnectWise Postgres; $($scenario),+);
    };
}
use on_both;

/// Asks for a run of the stage's company.
async fn ask(stage: &Stage, mode: Mode, priority: Priority, who: &'static str) -> Enqueued {
    ask_for(stage, stage.company_id, mode, priority, who).await
}

async fn ask_for(
    stage: &Stage,
    company: i64,
    mode: Mode,
    priority: Priority,
    who: &'static str,
) -> Enqueued {
    let now = stage.clock.now();
    stage
        .write(move |conn| enqueue_run(conn, company, mode, priority, who, now))
        .await
}

/// A click for an update.
async fn click(stage: &Stage) -> i64 {
    ask(stage, Mode::Update, Priority::Click, "Robin")
        .await
        .id()
}

async fn ask_for_a_preview(stage: &Stage) -> i64 {
    let (company, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| enqueue_preview(conn, company, "Robin", now))
        .await
        .id()
}

async fn ask_for_an_approval(stage: &Stage, users: &[&str]) -> i64 {
    let (company, now) = (stage.company_id, stage.clock.now());
    let users: Vec<_> = users.iter().map(|user| (*user).into()).collect();
    stage
        .write(move |conn| {
            let signed = Signed {
                staff: "Robin".into(),
                note: None,
            };
            enqueue_approval(conn, company, users, &signed, now)
        })
        .await
        .id()
}

/// A process takes the next job.
async fn claim(app: &App) -> Option<Job> {
    try_claim(app).await.unwrap()
}

async fn try_claim(app: &App) -> Result<Option<Job>, DbError> {
    let process = app.db().process_id().to_owned();
    let (run, now) = (uuid::Uuid::now_v7().to_string(), app.clock().now());
    app.db()
        .write(
            move |conn| match jobs::next(conn, &Reach::default(), now)? {
                Some(next) => jobs::claim(conn, next.id, (&process, &run), now + LEASE, now),
                None => Ok(None),
            },
        )
        .await
}

async fn job(stage: &Stage, id: i64) -> Job {
    stage.read(move |conn| jobs::get(conn, id)).await.unwrap()
}

async fn state(stage: &Stage, id: i64) -> JobState {
    job(stage, id).await.state
}

/// Another company, which no cloud knows.
async fn another_company(stage: &Stage, name: &str) -> i64 {
    let company = Company {
        name: name.into(),
        psa_company_id: name.into(),
        ..stage.company().await
    };
    let now = stage.clock.now();
    stage
        .write(move |conn| companies::insert(conn, &company, now))
        .await
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Does one job, which there is.
async fn step(stage: &Stage) {
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
}
