//! Requests at once, the hourly limit, and the budget.

use std::time::Duration;

use rollcall::http::Kind;
use rollcall::model::Field;
use rollcall::psa::{Budget, Connection};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::{COMPANY, company, connect, connection, text, world};

#[tokio::test]
async fn no_more_than_three_requests_are_at_one_endpoint_at_once() {
    let world = world().await;
    let ids: Vec<_> = (0..4).map(|n| world.add(&format!("P{n}"), None)).collect();
    let contacts = world.contacts().await.unwrap();
    assert_eq!(contacts.len(), ids.len());
    world
        .running
        .controls
        .set_latency(Duration::from_millis(10));
    let steps: Vec<_> = contacts
        .iter()
        .flat_map(|contact| world.steps(Some(contact), &[text(Field::Title, "Lead")], &[]))
        .collect();
    let writes = steps.iter().map(|step| world.psa.send(step));
    let company = company();
    let (writes, reads, companies) = tokio::join!(
        futures_util::future::join_all(writes),
        futures_util::future::join_all((0..4).map(|_| world.contacts())),
        futures_util::future::join_all((0..4).map(|_| world.psa.company(&company)))
    );
    assert!(writes.iter().all(Result::is_ok));
    assert!(reads.iter().all(Result::is_ok));
    assert!(companies.iter().all(Result::is_ok));
    assert_eq!(world.running.controls.busiest_lane(), 3);
    assert_eq!(world.waited(), Duration::ZERO);
}

#[tokio::test]
async fn a_thread_limit_is_obeyed_under_either_status() {
    for status in [429, 500] {
        let world = world().await;
        world
            .cloud
            .switches(|switches| switches.threads_status = status);
        let greedy = connect(Connection {
            at_once: Some(5),
            ..connection(&world.running, &world.clock)
        });
        greedy.company(&company()).await.unwrap();
        world
            .running
            .controls
            .set_latency(Duration::from_millis(20));
        let company = company();
        let reads = (0..5).map(|_| greedy.company(&company));
        let reads = futures_util::future::join_all(reads).await;
        assert!(reads.iter().all(Result::is_ok));
        let log = world.running.controls.log();
        assert!(log.iter().any(|entry| entry.status == status));
        assert!(world.waited() >= Duration::from_millis(500));
    }
}

#[tokio::test]
async fn a_thread_limit_may_refuse_a_create_which_is_then_sent_again() {
    let world = world().await;
    let body = r#"{"errors":["Thread Threshold Exceeded (Itgenatr005)"]}"#;
    world.answers("/Contacts", 500, body);
    world.answers("/Contacts", 400, body);
    world.psa.send(&world.create()).await.unwrap();
    assert_eq!(world.cloud.contacts(COMPANY).len(), 1);
    assert_eq!(world.running.controls.writes(), 3);
}

#[tokio::test]
async fn an_hourly_limit_that_stays_ends_in_throttled_under_either_status() {
    for status in [429, 500] {
        let world = world().await;
        world
            .cloud
            .switches(|switches| switches.hourly_status = status);
        world.cloud.set_used_requests(10_000);
        let error = world.psa.send(&world.create()).await.unwrap_err();
        assert_eq!((error.kind, error.status), (Kind::Throttled, Some(status)));
        assert!(world.waited() > Duration::from_secs(10));
        assert!(world.waited() <= Duration::from_mins(2));
        assert!(world.cloud.contacts(COMPANY).is_empty());

        let late = FaultKind::Throttle {
            retry_after: Some("1800".into()),
        };
        world.running.controls.fault(Fault::always(late));
        let before = world.clock.now();
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Throttled);
        assert_eq!(
            error.retry_at,
            Some(before + chrono::TimeDelta::minutes(30))
        );
    }
}

#[tokio::test]
async fn without_a_reading_of_the_budget_nothing_is_slowed_down() {
    let world = world().await;
    world.cloud.set_used_requests(9_500);
    world.contacts().await.unwrap();
    assert_eq!(world.waited(), Duration::ZERO);
}

#[tokio::test]
async fn the_client_slows_down_with_the_budget_and_stops_before_ninety_percent() {
    let world = world().await;
    world
        .cloud
        .switches(|switches| switches.hourly_threshold = 100);
    world.cloud.set_used_requests(47);
    let budget = world.psa.budget().await.unwrap().unwrap();
    assert_eq!(
        budget,
        Budget {
            allowed: 100,
            used: 48
        }
    );
    let used = || world.cloud.used_requests();
    let mut steps = Vec::new();
    let error = loop {
        let before = world.clock.now();
        let had = used();
        match world.contacts().await {
            Ok(_) => steps.push((had, (world.clock.now() - before).num_milliseconds())),
            Err(error) => break error,
        }
    };
    for (had, paused) in steps {
        let wanted = match had {
            ..50 => 0,
            50..75 => 500,
            _ => 1000,
        };
        assert_eq!(paused, wanted, "with {had} used");
    }
    assert_eq!(error.kind, Kind::Budget);
    assert!(error.kind.stops_the_run());
    assert!(
        error.message().contains("88 of the 100 requests"),
        "{}",
        error.message()
    );
    assert_eq!(used(), 88);
    let refused = world.psa.send(&world.create()).await.unwrap_err();
    assert_eq!((refused.kind, used()), (Kind::Budget, 88));

    // Later the window has moved on: one new reading shows it.
    world.clock.advance(Duration::from_hours(1));
    world.cloud.pass_time(Duration::from_hours(1));
    world.cloud.set_used_requests(10);
    world.psa.send(&world.create()).await.unwrap();
    assert_eq!(used(), 12);
}

#[tokio::test]
async fn a_reading_of_the_budget_that_fails_does_not_stop_the_request() {
    let world = world().await;
    world
        .cloud
        .switches(|switches| switches.hourly_threshold = 100);
    world.cloud.set_used_requests(60);
    world.psa.budget().await.unwrap();
    world.clock.advance(Duration::from_mins(5));
    let fault = Fault::always(FaultKind::Html(404)).at("GET", "ThresholdInformation");
    world.running.controls.fault(fault);
    world.contacts().await.unwrap();
    assert_eq!(world.psa.budget().await.unwrap_err().kind, Kind::NotFound);
}
