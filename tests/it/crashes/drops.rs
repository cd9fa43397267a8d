//! The same within one process: a run is dropped at any of its awaits, and its database closed, as when a machine stops
//! between two instructions. Here the clock is set by hand, so that many more moments are tried.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rollcall::db::companies;
use rollcall::model::{Mode, Status};
use rollcall::runs;
use rollcall::sync::{Finished, Options};

use super::{Prepared, Trial};
use crate::stage::{Store, Vendor};

/// So many moments for each vendor.
const MOMENTS: usize = 60;

#[tokio::test]
async fn a_run_on_connectwise_that_is_dropped_anywhere_ends_as_if_it_had_not_been() {
    dropped_anywhere(Vendor::ConnectWise).await;
}

#[tokio::test]
async fn a_run_on_autotask_that_is_dropped_anywhere_ends_as_if_it_had_not_been() {
    dropped_anywhere(Vendor::Autotask).await;
}

async fn dropped_anywhere(vendor: Vendor) {
    let world = Prepared::new(vendor, Store::Sqlite).await;
    let trial = Trial::new(&world).await;
    let polls = run(&trial, usize::MAX).await;
    let undisturbed = trial.end().await;
    let mut random = StdRng::seed_from_u64(9);
    for _ in 0..MOMENTS {
        let trial = Trial::new(&world).await;
        let moment = random.random_range(1..polls);
        run(&trial, moment).await;
        all_arrives().await;
        run(&trial, usize::MAX).await;
        trial.end().await.same(
            &undisturbed,
            &format!("dropped at poll {moment} of {polls}"),
        );
    }
}

/// Runs until the end or until it was polled so often; gives how often it was.
async fn run(trial: &Trial, at_most: usize) -> usize {
    let app = trial.app().await;
    let company = app.db().read(companies::list).await.unwrap().remove(0);
    let options = Options::new(Mode::Update, false);
    dropped_after(at_most, runs::one(&app, &company, &options, &|_, _| ())).await
}

/// Runs until the end, which must be a good one, or until it was polled so often; gives how often it was.
pub async fn dropped_after(at_most: usize, run: impl Future<Output = Finished>) -> usize {
    let mut run = pin!(run);
    let mut polls = 0;
    let ended = std::future::poll_fn(|context| {
        if polls == at_most {
            return Poll::Ready(None);
        }
        polls += 1;
        run.as_mut().poll(context).map(Some)
    })
    .await;
    if let Some(Finished { report, .. }) = ended {
        assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    }
    polls
}

/// What a dropped run had sent still arrives, before the PSA would be asked again five seconds later.
pub async fn all_arrives() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}
