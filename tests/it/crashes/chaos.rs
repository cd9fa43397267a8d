//! A PSA that fails at random while a company is written: runs are repeated until one succeeds, and the end is that of an
//! undisturbed run.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rollcall::db::companies;
use rollcall::model::{Mode, Status};
use rollcall::runs;
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::Options;

use super::{Prepared, Trial};
use crate::stage::{Store, Vendor};

/// So many bad days for each vendor.
const DAYS: u64 = 40;

#[tokio::test]
async fn a_connectwise_that_fails_at_random_makes_no_difference_in_the_end() {
    bad_days(Vendor::ConnectWise).await;
}

#[tokio::test]
async fn an_autotask_that_fails_at_random_makes_no_difference_in_the_end() {
    bad_days(Vendor::Autotask).await;
}

async fn bad_days(vendor: Vendor) {
    let world = Prepared::new(vendor, Store::Sqlite).await;
    let trial = Trial::new(&world).await;
    assert_eq!(run(&trial).await, Status::Succeeded);
    let undisturbed = trial.end().await;
    for seed in 0..DAYS {
        let mut random = StdRng::seed_from_u64(seed);
        let trial = Trial::new(&world).await;
        let mut runs = 0;
        let mut last = Status::Failed;
        while last != Status::Succeeded {
            runs += 1;
            assert!(runs < 20, "seed {seed}: no run succeeds");
            trial.psa.controls().clear_faults();
            // The first day is the worst; later ones have no fault at last.
            for _ in 0..(12 - runs.min(12)) {
                let fault = Fault::always(kind(&mut random)).on_writes();
                let times = random.random_range(1..=3);
                let after = random.random_range(0..60);
                trial.psa.controls().fault(fault.after(after).times(times));
            }
            for _ in 0..(6 - runs.min(6)) {
                let fault = Fault::once(kind(&mut random)).after(random.random_range(0..80));
                trial.psa.controls().fault(fault);
            }
            last = run(&trial).await;
        }
        trial
            .end()
            .await
            .same(&undisturbed, &format!("seed {seed}, {runs} runs"));
    }
}

fn kind(random: &mut StdRng) -> FaultKind {
    match random.random_range(0..11) {
        0 => FaultKind::Drop,
        1 => FaultKind::DropAfter,
        2 => FaultKind::StatusAfter(502),
        3 => FaultKind::StatusAfter(504),
        4 => FaultKind::Status(503),
        5 => FaultKind::Html(500),
        6 => FaultKind::Half,
        7 => FaultKind::Throttle {
            retry_after: Some("3".into()),
        },
        8 => FaultKind::Throttle {
            retry_after: Some("3600".into()),
        },
        9 => FaultKind::Status(401),
        // A refusal as either vendor words it.
        _ => FaultKind::Answer {
            status: 400,
            body: r#"{"code":"InvalidObject","message":"refused","errors":["refused"]}"#.into(),
        },
    }
}

async fn run(trial: &Trial) -> Status {
    let app = trial.app().await;
    let company = app.db().read(companies::list).await.unwrap().remove(0);
    let options = Options::new(Mode::Update, false);
    let watch = |_: &str, _: runs::Event| ();
    let before = trial.psa.controls().requests();
    let report = runs::one(&app, &company, &options, &watch).await.report;
    let arrived = trial.psa.controls().requests() - before;
    assert_eq!(report.calls.psa, arrived as u64, "the report's calls");
    report.status
}
