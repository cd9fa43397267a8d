//! Commands that are asked to end.

use std::time::Duration;

use super::stage;
use crate::operating::until;
use crate::stage::{Vendor, program, user};

#[tokio::test]
async fn a_sync_that_is_asked_to_end_says_that_it_was_interrupted_and_what_it_did() {
    let stage = stage(Vendor::Autotask).await;
    let names: Vec<String> = (0..30).map(|number| format!("user{number}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    stage.psa.controls().set_latency(Duration::from_millis(200));
    let arguments = ["sync", "--company", "Contoso"];
    let child = program(stage.environment(), &arguments).spawn().unwrap();
    until(async || stage.psa.writes() >= 2).await;
    let kill = format!("kill -TERM {}", child.id().expect("it runs"));
    let sent = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{out}\n{err}");
    for words in [
        "Contoso · update · interrupted",
        "created, ",
        "not reached",
        "The run was stopped before its end.",
        "Nothing needs to be done",
    ] {
        assert!(out.contains(words), "{words} is missing: {out}");
    }
    assert!(err.contains("Finishing the writes in hand"), "{err}");
    assert!(
        !out.contains("failed") && !err.contains("failed"),
        "{out}\n{err}"
    );
}
