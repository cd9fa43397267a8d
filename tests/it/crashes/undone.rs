//! Undos that die: dropped at any await, or killed with their process at a write. What was left *sent* is settled, the rest is put
//! back by the next try, and the end is that of an undo that did not die.

use std::process::Stdio;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::db::jobs::{self, JobState};
use rollcall::db::{Db, companies};
use rollcall::model::{Mode, Status, Undo};
use rollcall::runs;
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::{Finished, Options};

use super::drops::{all_arrives, dropped_after};
use super::{AT_ONCE, End, KINDS, Prepared, Trial, kill};
use crate::stage::{Store, Vendor, program};

/// So many moments for each vendor.
const MOMENTS: usize = 30;

#[tokio::test]
async fn an_undo_on_connectwise_that_is_dropped_anywhere_is_carried_on() {
    dropped_anywhere(Vendor::ConnectWise).await;
}

#[tokio::test]
async fn an_undo_on_autotask_that_is_dropped_anywhere_is_carried_on() {
    dropped_anywhere(Vendor::Autotask).await;
}

#[tokio::test]
async fn an_undo_on_connectwise_that_meets_faults_is_carried_on() {
    faulty(Vendor::ConnectWise).await;
}

#[tokio::test]
async fn an_undo_on_autotask_that_meets_faults_is_carried_on() {
    faulty(Vendor::Autotask).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_on_connectwise_whose_process_is_killed_is_carried_on_by_the_next() {
    Box::pin(killed(Vendor::ConnectWise, Store::Postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_on_autotask_whose_process_is_killed_is_carried_on_by_the_next() {
    Box::pin(killed(Vendor::Autotask, Store::Sqlite)).await;
}

fn wish(run: &str) -> Undo {
    Undo {
        run: run.to_owned(),
        user: None,
        ignoring: true,
        shown: None,
    }
}

async fn run(app: &App, options: Options) -> Finished {
    let company = app.db().read(companies::list).await.unwrap().remove(0);
    Box::pin(runs::one(app, &company, &options, &|_, _| ())).await
}

/// A trial whose day was written, and the run that wrote it.
async fn written(world: &Prepared) -> (Trial, String) {
    let trial = Trial::new(world).await;
    let report = run(&trial.app().await, Options::new(Mode::Update, false))
        .await
        .report;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    (trial, report.run)
}

/// Undoes until the end or until it was polled so often; gives how often it was.
async fn undo(trial: &Trial, undone: &str, at_most: usize) -> usize {
    let app = trial.app().await;
    let undoing = run(&app, Options::undoing(wish(undone), false));
    dropped_after(at_most, undoing).await
}

async fn dropped_anywhere(vendor: Vendor) {
    let world = Prepared::new(vendor, Store::Sqlite).await;
    let (trial, undone) = written(&world).await;
    let polls = undo(&trial, &undone, usize::MAX).await;
    let undisturbed = trial.end().await;
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..MOMENTS {
        let (trial, undone) = written(&world).await;
        let moment = random.random_range(1..polls);
        undo(&trial, &undone, moment).await;
        all_arrives().await;
        undo(&trial, &undone, usize::MAX).await;
        trial.end().await.same(
            &undisturbed,
            &format!("dropped at poll {moment} of {polls}"),
        );
    }
}

async fn faulty(vendor: Vendor) {
    let world = Prepared::new(vendor, Store::Sqlite).await;
    let (trial, undone) = written(&world).await;
    let before = trial.psa.writes();
    undo(&trial, &undone, usize::MAX).await;
    let (writes, undisturbed) = (trial.psa.writes() - before, trial.end().await);
    assert!(writes >= 20, "{writes} writes");
    let kinds = [
        FaultKind::Drop,
        FaultKind::DropAfter,
        FaultKind::StatusAfter(502),
        FaultKind::Status(401),
        FaultKind::Throttle {
            retry_after: Some("3600".into()),
        },
    ];
    for (at, kind) in (0..writes).step_by(3).zip(kinds.iter().cycle()) {
        let (trial, undone) = written(&world).await;
        let fault = Fault::always(kind.clone()).on_writes();
        trial.psa.controls().fault(fault.after(at).times(2));
        run(&trial.app().await, Options::undoing(wish(&undone), false)).await;
        trial.psa.controls().clear_faults();
        undo(&trial, &undone, usize::MAX).await;
        let when = format!("{kind:?} at write {at} of {writes}");
        trial.end().await.same(&undisturbed, &when);
    }
}

/// `rollcall serve` is killed in the middle of the job, and another one is started.
async fn killed(vendor: Vendor, store: Store) {
    let world = Prepared::new(vendor, store).await;
    let (trial, undone) = written(&world).await;
    let before = trial.psa.writes();
    undo(&trial, &undone, usize::MAX).await;
    let (writes, undisturbed) = (trial.psa.writes() - before, trial.end().await);
    for (number, at) in [0, writes / 3, 2 * writes / 3, writes - 1]
        .into_iter()
        .enumerate()
    {
        let kind = &KINDS[number % 2];
        let _place = AT_ONCE.acquire().await.unwrap();
        let trial = Trial::new(&world).await;
        let app = trial.app_by(Clock::real()).await;
        let done = run(&app, Options::new(Mode::Update, false)).await.report;
        let (company, now) = (trial.company_id, app.clock().now());
        let wanted = as_shown(&app, wish(&done.run)).await;
        let ask = app
            .db()
            .write(move |conn| rollcall::jobs::enqueue_undo(conn, company, wanted, "Ann", now));
        let job = ask.await.unwrap().id();
        drop(app);
        trial.psa.controls().fault(kill(kind, at));
        let mut first = serve(&trial);
        first.wait().await.unwrap();
        trial.psa.controls().clear_faults();
        let mut second = serve(&trial);
        let db = Db::open(&trial.url, Clock::real()).await.unwrap();
        let state = wait(&db, job).await;
        second.kill().await.unwrap();
        drop(db);
        assert_eq!(state, JobState::Done, "{kind:?} at write {at}");
        let end: End = trial.end().await;
        end.same(&undisturbed, &format!("{kind:?} at write {at} of {writes}"));
    }
}

/// The wish with what the page would show: whatever is left of that after a death is done by the next process.
async fn as_shown(app: &App, wish: Undo) -> Undo {
    let company = app.db().read(companies::list).await.unwrap().remove(0);
    let last = app.last(&company).await.unwrap().unwrap();
    let scene = app.scene(&company).await.unwrap();
    let facts = app.facts();
    let back = Box::pin(rollcall::sync::undoing::look(
        &scene,
        &facts,
        &last.snapshot,
        &wish,
    ));
    let keys = back.await.unwrap().keys();
    Undo {
        shown: Some(keys.into_iter().collect()),
        ..wish
    }
}

fn serve(trial: &Trial) -> tokio::process::Child {
    let child = program(trial.environment.clone(), &["serve"])
        .env("ROLLCALL_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    trial.psa.controls().set_victim(child.id().unwrap());
    child
}

/// Waits until the job is over.
async fn wait(db: &Db, job: i64) -> JobState {
    for _ in 0..600 {
        let found = db.read(move |conn| jobs::get(conn, job)).await.unwrap();
        let state = found.unwrap().state;
        if !matches!(state, JobState::Queued | JobState::Running) {
            return state;
        }
        Clock::real().sleep(Duration::from_millis(100)).await;
    }
    JobState::Running
}
