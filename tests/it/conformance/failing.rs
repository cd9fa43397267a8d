//! Scenarios: answers are lost, services break, throttle and refuse.

use std::time::Duration;

use rollcall::http::Kind;
use rollcall::simulator::kit::{Fault, FaultKind};

use super::play::{Play, Wanted, fill};
use super::{Options, Plain, Stage};

/// Everything, with this address: an address may be refused where another contact has it.
fn with(play: &Play<'_>, email: &'static str) -> Wanted {
    Wanted {
        email: Some(email),
        ..play.full()
    }
}

pub async fn a_page_that_fails_midway_is_an_error(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 1_205);
    for fault in [
        FaultKind::Html(502),
        FaultKind::Drop,
        FaultKind::Half,
        FaultKind::Answer {
            status: 200,
            body: "{}".into(),
        },
    ] {
        let controls = stage.controls();
        controls.fault(Fault::always(fault.clone()).after(1));
        let read = play.psa.contacts(&play.company, &play.vocabulary).await;
        controls.clear_faults();
        let kind = read.unwrap_err().kind;
        assert!(
            matches!(
                kind,
                Kind::Unavailable | Kind::Unexpected | Kind::Incomplete
            ),
            "{fault:?}: {kind:?}"
        );
    }
}

pub async fn a_create_whose_answer_is_lost_is_found(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let step = play.creation(&play.full());
    let cut = Fault::once(FaultKind::DropAfter).on_writes();
    stage.controls().fault(cut);
    let lost = play.psa.send(&step).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Lost);
    let made = stage.look().pop().unwrap();
    assert_eq!(made.first_name, "Jane");
    let found = play.psa.happened(&step).await.unwrap();
    let ids: Vec<String> = found
        .iter()
        .filter_map(|sent| sent.contact.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(ids, [made.id]);
}

pub async fn a_create_that_never_arrived_is_not_found(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let step = play.creation(&play.full());
    stage
        .controls()
        .fault(Fault::once(FaultKind::Drop).on_writes());
    let lost = play.psa.send(&step).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Lost);
    assert_eq!(play.psa.happened(&step).await.unwrap(), []);
    play.psa.send(&step).await.unwrap();
    assert_eq!(stage.look().len(), 2);
}

pub async fn a_create_answered_by_a_gateway_is_lost(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let step = play.creation(&play.full());
    for fault in [
        FaultKind::Html(502),
        FaultKind::Html(500),
        FaultKind::Html(504),
    ] {
        let writes = stage.controls().writes();
        stage.controls().fault(Fault::once(fault).on_writes());
        let lost = play.psa.send(&step).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
        assert!(!lost.message().contains('<'), "{}", lost.message());
        assert_eq!(stage.controls().writes(), writes + 1, "it is sent once");
    }
    for (fault, email) in [
        (FaultKind::StatusAfter(503), "jim@contoso.example"),
        (FaultKind::Half, "joe@contoso.example"),
    ] {
        let step = play.creation(&with(&play, email));
        stage.controls().fault(Fault::once(fault).on_writes());
        let lost = play.psa.send(&step).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
        assert_eq!(play.psa.happened(&step).await.unwrap().len(), 1);
    }
    assert_eq!(stage.look().len(), 2);
    assert_eq!(play.psa.happened(&step).await.unwrap(), []);
}

pub async fn what_is_looked_up_must_hold_the_address(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Jane", "Doe", "jane@contoso.example.net"));
    stage.put(&Plain::named("Jane", "Doe", "xjane@contoso.example"));
    let other = stage.put(&Plain {
        other_emails: vec!["JANE@contoso.example".into()],
        ..Plain::named("Janet", "Doe", "janet@contoso.example")
    });
    let step = play.creation(&play.full());
    let found = play.psa.happened(&step).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].contact, Some(other));
}

pub async fn a_read_is_repeated_after_a_broken_answer(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 3);
    for fault in [
        FaultKind::Html(503),
        FaultKind::Drop,
        FaultKind::Half,
        FaultKind::Html(500),
    ] {
        stage.controls().fault(Fault::once(fault));
        assert_eq!(play.contacts().await.len(), 3);
    }
}

pub async fn throttling_is_obeyed(stage: &impl Stage) {
    let play = Play::on(stage).await;
    for (retry_after, pause, email) in [
        ("0", 0, "jane@contoso.example"),
        ("2.5", 2_500, "jim@contoso.example"),
        ("30", 30_000, "joe@contoso.example"),
    ] {
        let step = play.creation(&with(&play, email));
        let throttle = FaultKind::Throttle {
            retry_after: Some(retry_after.into()),
        };
        stage.controls().fault(Fault::once(throttle).on_writes());
        let before = stage.clock().now();
        play.psa.send(&step).await.unwrap();
        let waited = stage.clock().now() - before;
        assert_eq!(waited.to_std().unwrap(), Duration::from_millis(pause));
    }
    assert_eq!(
        stage.look().len(),
        3,
        "a throttled request was not done, so it is repeated"
    );
}

pub async fn a_long_pause_is_given_up_at_once(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let throttle = FaultKind::Throttle {
        retry_after: Some("3600".into()),
    };
    stage.controls().fault(Fault::always(throttle));
    let requests = stage.controls().requests();
    let read = play.psa.contacts(&play.company, &play.vocabulary).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    assert_eq!(stage.controls().requests(), requests + 1);
    let hour = Duration::from_hours(1);
    assert_eq!(error.retry_at, Some(stage.clock().now() + hour));
}

pub async fn wrong_keys_are_called_credentials(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let wrong = stage.connect(Options {
        wrong_keys: true,
        ..Options::default()
    });
    let read = wrong.contacts(&play.company, &play.vocabulary).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind, Kind::Credentials);
    assert!(!error.advice().is_empty());
    let read = wrong.company(&play.company).await;
    assert_eq!(read.unwrap_err().kind, Kind::Credentials);
}
