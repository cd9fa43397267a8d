//! Whose turn it is, dead processes, stopping, the hourly budget, and facts that changed before a write: `behaviour.md`
//! section 9.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollcall::clock::Clock;
use rollcall::db::jobs::{JobState, Priority};
use rollcall::db::runs::NewRun;
use rollcall::db::{claims, jobs};
use rollcall::jobs::enqueue_run;
use rollcall::model::{Mode, Outcome, Status, Target, Test};
use rollcall::runs::{self, Awaited, Event};
use rollcall::sync::turn::Turn;
use rollcall::sync::{Options, Progress};

use crate::stage::{
    Stage, Store, Vendor, an_update, contact, each_vendor, everywhere, filter, line, user,
};

each_vendor!(
    a_stop_finishes_the_writes_in_hand_and_skips_the_rest,
    a_stop_while_reading_ends_the_run,
    a_site_that_was_renamed_is_read_anew_before_writing,
    companies_of_a_fleet_run_together_and_share_what_they_read,
);
everywhere!(a_dead_processes_run_is_over_at_once);
everywhere!(@on only_autotask Autotask Sqlite;
    a_budget_that_runs_short_slows_the_fleet_down,
    a_budget_that_is_nearly_used_up_stops_the_fleet,
);

/// Two runs for one company, of one process or of two, on the computer's clock.
async fn together(store: Store, processes: usize) {
    let stage = Stage::with_clock(Vendor::ConnectWise, store, Clock::real()).await;
    stage.users((0..6).map(|number| user(&format!("user{number}"))));
    stage
        .psa
        .controls()
        .set_latency(std::time::Duration::from_millis(20));
    let company = stage.company().await;
    let (other, _stopper) = stage.another().await;
    let second = if processes == 1 { &stage.app } else { &other };
    let waits = AtomicUsize::new(0);
    let watch = |_: &str, event: Event| {
        if matches!(event, Event::Waiting(_)) {
            waits.fetch_add(1, Ordering::Relaxed);
        }
    };
    let options = Options::new(Mode::Update, false);
    let (one, two) = tokio::join!(
        runs::one(&stage.app, &company, &options, &watch),
        runs::one(second, &company, &options, &watch),
    );
    let reports = [one.report, two.report];
    assert!(
        reports
            .iter()
            .all(|report| report.status == Status::Succeeded),
        "{reports:?}"
    );
    assert_eq!(reports[0].counts.create + reports[1].counts.create, 6);
    assert_eq!(reports[0].counts.unchanged + reports[1].counts.unchanged, 6);
    assert_eq!(
        waits.into_inner(),
        1,
        "the second waits for its turn and says so"
    );
    assert_eq!((stage.psa.look().len(), stage.psa.writes()), (6, 6));
}

#[tokio::test]
async fn two_runs_of_one_process_take_turns() {
    together(Store::Sqlite, 1).await;
}

#[tokio::test]
async fn two_runs_of_two_processes_take_turns_on_sqlite() {
    together(Store::Sqlite, 2).await;
}

#[tokio::test]
async fn two_runs_of_two_processes_take_turns_on_postgres() {
    together(Store::Postgres, 2).await;
}

/// A process that has runs of a connection in hand all night, and somebody who waits for that connection.
async fn waits_for_a_busy_connection(store: Store) {
    let stage = Stage::with_clock(Vendor::ConnectWise, store, Clock::real()).await;
    stage.users([user("anna")]);
    let (serving, (other, _stopper)) = (&stage.app, stage.another().await);
    let second = stage.add_company(1, stage.psa_id).await;
    let place = (serving.db(), serving.clock());
    let in_hand = Turn::try_take(serving.turns(), place, stage.psa_id).await;
    let in_hand = in_hand.unwrap().unwrap();
    let (process, now) = (serving.db().process_id().to_owned(), stage.clock.now());
    let (company, id) = (stage.company().await, second.id);
    let next = stage
        .write(move |conn| {
            let run = NewRun {
                process: &process,
                ..an_update("0193-hand", id, now - chrono::TimeDelta::minutes(3))
            };
            rollcall::db::runs::start(conn, &run)?;
            enqueue_run(conn, id, Mode::Update, Priority::Click, "Robin", now)
        })
        .await
        .id();
    let told = Mutex::new(Vec::new());
    let watch = |company: &str, event: Event| {
        if let Event::Waiting(waiting) = event {
            told.lock().unwrap().push((company.to_owned(), waiting));
        }
    };
    let options = Options::new(Mode::Update, false);
    let waiting = runs::one(&other, &company, &options, &watch);
    let busy = async {
        let line = format!("{}{}", Turn::NEXT_AT_PSAS, stage.psa_id);
        while stage
            .read({
                let line = line.clone();
                move |conn| claims::holder(conn, &line)
            })
            .await
            .is_none()
        {
            tokio::task::yield_now().await;
        }
        let begun = rollcall::jobs::step(serving).await.unwrap();
        assert!(!begun, "its next job waits for who waits already");
        in_hand.give_back().await.unwrap();
    };
    let (finished, ()) = tokio::join!(waiting, busy);
    assert_eq!(finished.report.status, Status::Succeeded);
    let told = told.into_inner().unwrap();
    let [(name, waiting)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(name, "Contoso");
    assert_eq!(waiting.of, Awaited::Connection("Main PSA".to_owned()));
    let [(of, going)] = &waiting.runs[..] else {
        panic!("{waiting:?}");
    };
    assert_eq!((of.as_str(), going.num_minutes()), ("Company 1", 3));
    assert!(rollcall::jobs::step(serving).await.unwrap());
    let job = stage.read(move |conn| jobs::get(conn, next)).await.unwrap();
    assert_eq!(job.state, JobState::Done, "and nothing is in its way now");
}

#[tokio::test]
async fn who_waits_for_a_connection_comes_before_its_next_job_on_sqlite() {
    waits_for_a_busy_connection(Store::Sqlite).await;
}

#[tokio::test]
async fn who_waits_for_a_connection_comes_before_its_next_job_on_postgres() {
    waits_for_a_busy_connection(Store::Postgres).await;
}

#[tokio::test]
async fn who_waits_no_more_is_not_next_any_more() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    let (other, stopper) = stage.another().await;
    let place = (stage.app.db(), stage.app.clock());
    let theirs = Turn::try_take(stage.app.turns(), place, stage.psa_id).await;
    let theirs = theirs.unwrap().unwrap();
    let line = format!("{}{}", Turn::NEXT_AT_PSAS, stage.psa_id);
    let next = async || {
        let line = line.clone();
        stage.read(move |conn| claims::holder(conn, &line)).await
    };
    let company = stage.company().await;
    let options = Options::new(Mode::Update, false);
    let stops = async {
        while next().await.is_none() {
            tokio::task::yield_now().await;
        }
        stopper.stop();
    };
    let (waited, ()) = tokio::join!(runs::one(&other, &company, &options, &|_, _| ()), stops);
    assert_eq!(waited.report.error.unwrap().kind, "stopped");
    let gone = async {
        while next().await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    let minute = std::time::Duration::from_mins(1);
    tokio::time::timeout(minute, gone)
        .await
        .expect("given back");
    theirs.give_back().await.unwrap();
}

async fn a_dead_processes_run_is_over_at_once(stage: Stage) {
    stage.users([user("anna")]);
    let (other, _stopper) = stage.another().await;
    let (company, psa) = (stage.company_id, stage.psa_id);
    let lease = std::time::Duration::from_mins(10);
    for name in [Turn::of_company(company), Turn::of_psa(psa)] {
        assert!(other.db().try_claim(&name, lease).await.unwrap());
    }
    let (process, started_at) = (other.db().process_id().to_owned(), stage.clock.now());
    other
        .db()
        .write(move |conn| {
            let run = NewRun {
                process: &process,
                ..an_update("0193-dead", company, started_at)
            };
            rollcall::db::runs::start(conn, &run)
        })
        .await
        .unwrap();
    let preview = stage.preview().await;
    assert_eq!(
        preview.status,
        Status::Succeeded,
        "a preview neither waits nor blocks"
    );
    drop(other);
    let before = stage.clock.now();
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert!(
        stage.clock.now() - before < chrono::TimeDelta::seconds(10),
        "it did not wait for the lease"
    );
    let runs = stage.runs().await;
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| !run.running));
    let dead = runs.iter().find(|run| run.id == "0193-dead").unwrap();
    assert_eq!(dead.status, Some(Status::Failed));
    assert_eq!(dead.error.as_ref().unwrap().kind, "interrupted");
}

async fn a_stop_finishes_the_writes_in_hand_and_skips_the_rest(mut stage: Stage) {
    stage.users((0..30).map(|number| user(&format!("user{number}"))));
    let company = stage.company().await;
    let watch = |_: &str, event: Event| {
        if event == Event::Progress(Progress::Written(5)) {
            stage.stopper.stop();
        }
    };
    let options = Options::new(Mode::Update, false);
    let report = runs::one(&stage.app, &company, &options, &watch)
        .await
        .report;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.as_ref().unwrap().kind, "stopped");
    let count = |outcome| {
        report
            .people
            .iter()
            .filter(|line| line.outcome == outcome)
            .count()
    };
    let (applied, skipped) = (count(Outcome::Applied), count(Outcome::Skipped));
    assert_eq!(applied + skipped, 30, "nothing is left in between");
    assert!((5..=9).contains(&applied), "{applied}");
    assert_eq!(stage.psa.look().len(), applied);
    assert_eq!(stage.links().await.len(), applied);
    stage.restart().await;
    let report = stage.sync().await;
    assert_eq!(
        (report.status, report.counts.create),
        (Status::Succeeded, skipped)
    );
    assert_eq!(stage.psa.look().len(), 30);
}

async fn a_stop_while_reading_ends_the_run(stage: Stage) {
    stage.users([user("anna")]);
    let company = stage.company().await;
    let watch = |_: &str, event: Event| {
        if event == Event::Progress(Progress::Reading) {
            stage.stopper.stop();
        }
    };
    let options = Options::new(Mode::Update, false);
    let report = runs::one(&stage.app, &company, &options, &watch)
        .await
        .report;
    assert_eq!(report.error.unwrap().kind, "stopped");
    assert_eq!(stage.psa.writes(), 0);
    assert!(stage.runs().await.iter().all(|run| !run.running));
}

async fn a_site_that_was_renamed_is_read_anew_before_writing(stage: Stage) {
    let new = stage.psa.site("New Site");
    let place = Target::Place {
        site: Some(new),
        contact_type: None,
    };
    stage
        .set(|company| company.filters = vec![filter(vec![Test::Licensed], place)])
        .await;
    stage.users([user("anna")]);
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    stage.psa.rename_site("New Site", "Newer Site");
    stage.users([user("bert")]);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!(
        stage.stored("bert@contoso.example").site.as_deref(),
        Some("Newer Site")
    );
    stage.psa.remove_site("Newer Site");
    stage.users([user("carl")]);
    let report = stage.sync().await;
    assert_eq!(report.error.unwrap().kind, "missing_site");
    assert_eq!(stage.psa.look().len(), 2);
}

async fn companies_of_a_fleet_run_together_and_share_what_they_read(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    let companies = stage.fleet(5).await;
    let reports = stage.run_all(companies).await;
    assert_eq!(reports.len(), 5);
    for report in &reports {
        assert_eq!(
            (report.status, report.counts.create),
            (Status::Succeeded, 2),
            "{report:?}"
        );
    }
    let asked = |running: &rollcall::simulator::kit::Running, part: &str| {
        let log = running.controls.log();
        log.iter()
            .filter(|entry| entry.target.contains(part))
            .count()
    };
    assert_eq!(asked(&stage.graph, "/organization"), 1, "one tenant");
    assert_eq!(asked(&stage.graph, "subscribedSkus"), 1);
    if stage.psa.is_connectwise() {
        assert_eq!(asked(&stage.psa.running, "communicationTypes"), 1);
    } else {
        assert_eq!(asked(&stage.psa.running, "entityInformation"), 1);
        assert_eq!(asked(&stage.psa.running, "zoneInformation"), 1);
        assert_eq!(
            asked(&stage.psa.running, "ThresholdInformation"),
            1,
            "before a fleet run"
        );
    }
}

async fn a_budget_that_runs_short_slows_the_fleet_down(stage: Stage) {
    let crate::stage::psa::Cloud::Autotask(cloud) = &stage.psa.cloud else {
        panic!("only Autotask has a budget");
    };
    stage.users(["anna", "bert"].map(user));
    let companies = stage.fleet(3).await;
    let before = stage.clock.now();
    stage.run_all(companies.clone()).await;
    assert_eq!(stage.clock.now(), before, "plenty is left");
    cloud.set_used_requests(6000);
    stage.run_all(companies.clone()).await;
    let slow = stage.clock.now() - before;
    assert!(slow > chrono::TimeDelta::zero());
    cloud.set_used_requests(8000);
    stage.users([user("carl")]);
    stage.run_all(companies).await;
    assert!(stage.clock.now() - before > slow * 2);
}

async fn a_budget_that_is_nearly_used_up_stops_the_fleet(stage: Stage) {
    let crate::stage::psa::Cloud::Autotask(cloud) = &stage.psa.cloud else {
        panic!("only Autotask has a budget");
    };
    stage.users(["anna", "bert"].map(user));
    stage.psa.put(&contact("somebody"));
    let companies = stage.fleet(3).await;
    cloud.set_used_requests(8990);
    let reports = stage.run_all(companies.clone()).await;
    for report in &reports {
        let error = report.error.as_ref().unwrap();
        assert_eq!(error.kind, "budget", "{error:?}");
        assert!(!error.advice.is_empty());
    }
    assert_eq!(stage.psa.writes(), 0);
    assert!(cloud.used_requests() < 9000, "others can go on");
    // An hour later.
    cloud.set_used_requests(0);
    let reports = stage.run_all(companies).await;
    assert!(
        reports
            .iter()
            .all(|report| report.status == Status::Succeeded),
        "{reports:?}"
    );
    assert_eq!(line(&reports[0], "anna").outcome, Outcome::Applied);
}
