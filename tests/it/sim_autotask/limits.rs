//! Limits and faults.

use super::*;

#[tokio::test]
async fn a_fourth_request_at_once_at_one_endpoint_is_refused() {
    let world = world().await;
    for status in [429, 500] {
        world
            .autotask
            .switches(|switches| switches.threads_status = status);
        world.running.controls.set_latency(Duration::from_secs(1));
        let answers = tokio::join!(
            world.get("Contacts/1"),
            world.get("contacts/2"),
            world.get("Contacts/entityInformation"),
            world.get("Companies/0/Contacts"),
            world.get("Companies/0"),
        );
        let contacts = [&answers.0, &answers.1, &answers.2, &answers.3];
        let refused: Vec<_> = contacts
            .iter()
            .filter(|answer| answer.status != 200)
            .collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].status, status);
        assert!(refused[0].text.contains("Thread Threshold Exceeded"));
        assert_eq!(answers.4.status, 200, "another endpoint has its own three");
    }
    assert_eq!(world.running.controls.busiest_lane(), 4);
}

#[tokio::test]
async fn the_hourly_threshold_counts_other_integrations_and_rolls() {
    let world = world().await;
    world.autotask.set_used_requests(4_999);
    let expected = json!({
        "externalRequestThreshold": 10_000, "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 5_000,
    });
    assert_eq!(world.get("ThresholdInformation").await.json(), expected);
    world.autotask.set_used_requests(9_998);
    assert_eq!(world.get("Contacts/5").await.status, 200);
    for status in [429, 500] {
        world
            .autotask
            .switches(|switches| switches.hourly_status = status);
        let answer = world.write("POST", new_person()).await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains("threshold"), "{}", answer.text);
    }
    assert_eq!(world.autotask.contacts(world.company).len(), 1);
    world.autotask.pass_time(Duration::from_hours(1));
    assert_eq!(world.write("POST", new_person()).await.status, 200);
    assert_eq!(world.autotask.used_requests(), 9_999);
}

#[tokio::test]
async fn faults_look_like_the_vendors_own() {
    let world = world().await;
    let controls = &world.running.controls;
    let wait = Some("7".to_owned());
    controls.fault(Fault::once(FaultKind::Throttle { retry_after: wait }));
    let throttled = world.get("Contacts/5").await;
    assert_eq!(throttled.status, 429);
    assert!(
        throttled.json()["errors"][0]
            .as_str()
            .unwrap()
            .contains("threshold")
    );
    for status in [500, 502, 503, 504] {
        controls.fault(Fault::once(FaultKind::Status(status)));
        let broken = world.get("Contacts/5").await;
        assert_eq!(broken.status, status);
        assert!(broken.text.contains("<html>") && !broken.text.contains("errors"));
    }
    controls.fault(Fault::once(FaultKind::DropAfter).on_writes());
    let url = world.url(&format!("Companies/{}/Contacts", world.company));
    let lost = send("POST", &url, &HEADERS, Some(&new_person())).await;
    assert!(lost.is_err(), "the answer is lost");
    assert_eq!(
        world.autotask.contacts(world.company).len(),
        2,
        "the contact is there"
    );
    assert_eq!(world.autotask.name(), "autotask");
}
