//! The log as JSON: every line is one object, and says which run or request it belongs to.

use rollcall::clock::Clock;
use rollcall::db::jobs::JobState;
use rollcall::simulator::kit::{Fault, FaultKind};
use serde_json::Value;

use super::{Serving, ask, job, until};
use crate::stage::{SECRET, Stage, Store, Vendor, user};

/// The value of a field of one of the spans that a line was logged in.
fn of_a_span<'a>(line: &'a Value, field: &str) -> Option<&'a str> {
    let spans = line["spans"].as_array()?;
    spans.iter().find_map(|span| span[field].as_str())
}

async fn logged(vendor: Vendor) {
    let stage = Stage::with_clock(vendor, Store::Sqlite, Clock::real()).await;
    stage.users([user("anna"), user("bert")]);
    let body = r#"{"message": "anna@contoso.example is taken", "errors": ["anna@contoso.example is taken"]}"#;
    let refused = FaultKind::Answer {
        status: 400,
        body: body.into(),
    };
    stage.psa.controls().fault(Fault::once(refused).on_writes());
    let id = ask(&stage).await;
    let serving = Serving::start(
        &stage,
        &[
            ("ROLLCALL_LOG_FORMAT", "json"),
            ("RUST_LOG", "info,rollcall=debug"),
        ],
    )
    .await;
    until(async || job(&stage, id).await.state == JobState::Done).await;
    let page = serving.visitor().get("/nothing/here").await;
    assert_eq!(page.status, 404);
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    let parse = |line: &str| {
        let parsed: Result<Value, _> = serde_json::from_str(line);
        parsed.unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let lines: Vec<Value> = log.lines().map(parse).collect();
    let run = job(&stage, id).await.run_id.unwrap();
    let said = |words: &str| {
        let mut found = lines.iter().filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.contains(words))
        });
        found
            .next()
            .unwrap_or_else(|| panic!("{words} is not said:\n{log}"))
    };
    for words in ["Run finished", "One person's change failed"] {
        let line = said(words);
        assert_eq!(of_a_span(line, "run.id"), Some(run.as_str()), "{line}");
        assert_eq!(of_a_span(line, "company"), Some("Contoso"), "{line}");
    }
    assert_eq!(of_a_span(said("Job ended"), "run.id"), Some(run.as_str()));
    let answer = said("GET none 404");
    let reference = of_a_span(answer, "request.id").unwrap();
    assert_eq!(reference.len(), 12, "{answer}");
    for secret in ["contoso.example", SECRET, "Anna"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_an_object_that_names_its_run_or_request_with_connectwise() {
    logged(Vendor::ConnectWise).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_an_object_that_names_its_run_or_request_with_autotask() {
    logged(Vendor::Autotask).await;
}
