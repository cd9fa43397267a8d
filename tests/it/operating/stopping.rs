//! SIGTERM: the writes in hand are finished, nothing new is begun, and the next start carries on.

use std::time::{Duration, Instant};

use rollcall::clock::Clock;
use rollcall::db::jobs::JobState;
use rollcall::db::writes::WriteState;
use rollcall::model::Role;
use rollcall::simulator::kit::{Fault, FaultKind};

use super::{Serving, ask, job, until};
use crate::stage::{Stage, Store, Vendor, user};
use crate::web::visitor::Site;

/// What the portal's last requests and the writes in hand may take together.
const IN_TIME: Duration = Duration::from_secs(30);

async fn stopped_in_the_middle_of_writes(vendor: Vendor, store: Store) {
    let stage = Stage::with_clock(vendor, store, Clock::real()).await;
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    let id = ask(&stage).await;
    stage.psa.controls().set_latency(Duration::from_millis(300));
    let serving = Serving::start(&stage, &[]).await;
    until(async || stage.psa.writes() >= 2).await;
    let began = Instant::now();
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    assert!(log.contains("Finishing the writes in hand"), "{log}");
    assert!(log.contains("Run interrupted"), "{log}");
    assert!(!log.contains("failed"), "nothing failed: {log}");
    let made = stage.psa.look().len();
    assert!((1..20).contains(&made), "{made}: stopped in the middle");
    assert_eq!(stage.link_rows().await.len(), made, "every write is known");
    let left = stage.states().await;
    assert!(!left.contains(&WriteState::Sent), "{left:?}");
    let waits = job(&stage, id).await;
    assert_eq!((waits.state, waits.attempts), (JobState::Queued, 0));

    stage.psa.controls().set_latency(Duration::ZERO);
    let serving = Serving::start(&stage, &[]).await;
    until(async || job(&stage, id).await.state == JobState::Done).await;
    serving.terminate();
    assert_eq!(serving.ended().await.0, Some(0));
    let mut emails: Vec<_> = stage.psa.look().into_iter().map(|one| one.email).collect();
    emails.sort();
    emails.dedup();
    assert_eq!((emails.len(), stage.psa.look().len()), (20, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_process_finishes_its_writes_and_the_next_start_carries_on_with_sqlite() {
    stopped_in_the_middle_of_writes(Vendor::ConnectWise, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_process_finishes_its_writes_and_the_next_start_carries_on_with_postgres() {
    stopped_in_the_middle_of_writes(Vendor::Autotask, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_only_reads_stops_at_once() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    stage.users([user("anna")]);
    let id = ask(&stage).await;
    stage.psa.controls().set_latency(Duration::from_mins(1));
    let serving = Serving::start(&stage, &[]).await;
    until(async || stage.psa.controls().requests() > 0).await;
    let began = Instant::now();
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    let waits = job(&stage, id).await;
    assert_eq!((waits.state, waits.attempts), (JobState::Queued, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_takes_too_long_is_left_as_a_crash_would_leave_it() {
    let stage = Stage::with_clock(Vendor::Autotask, Store::Sqlite, Clock::real()).await;
    stage.users([user("anna")]);
    let id = ask(&stage).await;
    let retry_after = Some("90".to_owned());
    let throttled = Fault::always(FaultKind::Throttle { retry_after }).on_writes();
    stage.psa.controls().fault(throttled);
    let serving = Serving::start(&stage, &[]).await;
    until(async || stage.states().await.contains(&WriteState::Sent)).await;
    let began = Instant::now();
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    assert!(
        began.elapsed() < Duration::from_secs(32),
        "{:?}",
        began.elapsed()
    );
    assert!(log.contains("takes too long and is left"), "{log}");
    assert_eq!(
        job(&stage, id).await.state,
        JobState::Running,
        "nobody lives who does it"
    );
    stage.psa.controls().clear_faults();
    let serving = Serving::start(&stage, &[]).await;
    until(async || job(&stage, id).await.state == JobState::Done).await;
    serving.terminate();
    assert_eq!(serving.ended().await.0, Some(0));
    assert_eq!(stage.psa.look().len(), 1);
    assert_eq!(stage.link_rows().await.len(), 1);
}

#[tokio::test]
async fn a_request_in_hand_is_answered_before_the_portal_ends() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    stage.psa.controls().set_latency(Duration::from_secs(1));
    let before = stage.psa.controls().requests();
    let psa = stage.psa_id.to_string();
    let fields = [("psa", psa.as_str()), ("search", "contoso")];
    let asking = visitor.post("/psa-companies", &fields);
    let stopping = async {
        until(async || stage.psa.controls().requests() > before).await;
        stage.stopper.stop();
    };
    let (answer, ()) = tokio::join!(asking, stopping);
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("Contoso Ltd"), "{}", answer.text);
}
