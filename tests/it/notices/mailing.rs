//! How mail leaves: tried again until it is taken, never by a way that is not protected as it should be.

use std::time::Duration;

use chrono::TimeDelta;
use rollcall::db::deliveries::{self, Delivery};
use rollcall::mail::{self, Letter, Security, Server};
use rollcall::notices::{saving, sending, settings};
use secrecy::SecretString;

use super::post::{Mood, Post};
use super::{OPS, after, look, new, on_both, ran, tell_all, use_server, with_mail};
use crate::stage::Stage;

on_both!(
    a_mail_that_is_refused_is_kept_and_tried_again_with_growing_waits,
    what_is_not_taken_for_three_days_is_given_up_and_can_be_tried_again,
    what_left_is_forgotten_after_thirty_days,
);

async fn kept(stage: &Stage) -> Vec<Delivery> {
    stage.read(|conn| deliveries::list(conn, 100)).await
}

async fn a_mail_that_is_refused_is_kept_and_tried_again_with_growing_waits(stage: Stage) {
    let post = with_mail(&stage).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::Refuses("451 4.7.1 come back later"));
    look(&stage).await;
    let first = kept(&stage).await.remove(0);
    assert_eq!((first.state.as_str(), first.attempts), ("waiting", 1));
    let why = first.error.unwrap();
    assert!(
        why.contains("451") && why.contains("come back later"),
        "{why}"
    );
    let mut waits = vec![(first.next_at - stage.clock.now()).num_minutes()];
    for _ in 0..4 {
        let before = kept(&stage).await.remove(0);
        after(&stage, before.next_at - stage.clock.now()).await;
        let now = kept(&stage).await.remove(0);
        assert_eq!(now.attempts, before.attempts + 1);
        waits.push((now.next_at - stage.clock.now()).num_minutes());
    }
    assert_eq!(waits, [1, 5, 15, 60, 120]);
    post.be(Mood::Takes);
    after(&stage, TimeDelta::hours(2)).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].header("Message-ID"),
        format!("<{}>", first.message_id)
    );
    assert_eq!(kept(&stage).await[0].state, "sent");
    after(&stage, TimeDelta::hours(24)).await;
    assert_eq!(post.taken().len(), 0, "once");
}

async fn what_is_not_taken_for_three_days_is_given_up_and_can_be_tried_again(stage: Stage) {
    let post = with_mail(&stage).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::Refuses("550 5.1.1 nobody of this name"));
    for _ in 0..24 {
        after(&stage, TimeDelta::hours(4)).await;
    }
    let given_up = kept(&stage).await.remove(0);
    assert_eq!(given_up.state, "failed");
    assert!(given_up.done_at.unwrap() - given_up.created_at <= sending::GIVEN_UP);
    let visits = post.visits();
    after(&stage, TimeDelta::hours(24)).await;
    assert_eq!(post.visits(), visits, "given up");
    post.be(Mood::Takes);
    let now = stage.clock.now();
    stage
        .write(move |conn| deliveries::again(conn, given_up.id, now))
        .await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1);
}

async fn what_left_is_forgotten_after_thirty_days(stage: Stage) {
    let post = with_mail(&stage).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    assert_eq!((post.fresh().len(), kept(&stage).await.len()), (1, 1));
    after(&stage, TimeDelta::days(31)).await;
    assert_eq!(kept(&stage).await.len(), 0);
    after(&stage, TimeDelta::days(1)).await;
    assert_eq!(post.fresh().len(), 0, "the cause stands and was told");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_tried_again_and_the_same_mail_has_the_same_id() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::HangsUp);
    look(&stage).await;
    assert_eq!(kept(&stage).await[0].state, "waiting");
    post.be(Mood::HangsUpLate);
    after(&stage, TimeDelta::minutes(5)).await;
    post.be(Mood::Takes);
    after(&stage, TimeDelta::minutes(30)).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 2, "nobody knew that it was taken");
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    assert_eq!(kept(&stage).await[0].state, "sent");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_asked_once_for_all_that_waits() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    tell_all(&stage.app, &[OPS, "two@msp.example", "three@msp.example"]).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::HangsUp);
    look(&stage).await;
    assert_eq!(post.visits(), 1);
    post.be(Mood::Takes);
    after(&stage, TimeDelta::minutes(5)).await;
    assert_eq!(post.fresh().len(), 3, "each on its own");
}

pub(super) fn server(post: &Post, security: Security) -> Server {
    Server {
        host: "127.0.0.1".into(),
        port: post.port,
        security,
        user: None,
        from: "rollcall@msp.example".into(),
        patience: Duration::from_millis(300),
    }
}

pub(super) const LETTER: Letter<'_> = Letter {
    to: OPS,
    subject: "Rollcall: a test",
    text: "Text",
    html: "<p>Text</p>",
    message_id: "1@msp.example",
    at: chrono::DateTime::UNIX_EPOCH,
};

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_the_protection_that_was_chosen() {
    let post = Post::start().await;
    let refused = mail::send(&server(&post, Security::StartTls), &LETTER).await;
    let refused = refused.unwrap_err();
    assert!(refused.message.contains("STARTTLS"), "{}", refused.message);
    let refused = mail::send(&server(&post, Security::Tls), &LETTER).await;
    assert!(refused.unwrap_err().connection);
    assert_eq!(post.taken().len(), 0);
    mail::send(&server(&post, Security::None), &LETTER)
        .await
        .unwrap();
    let mail = post.fresh().remove(0);
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(
        (mail.text().trim(), mail.html().trim()),
        ("Text", "<p>Text</p>")
    );
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let post = Post::start().await;
    post.be(Mood::Stalls);
    let began = std::time::Instant::now();
    let refused = mail::send(&server(&post, Security::None), &LETTER)
        .await
        .unwrap_err();
    assert!(refused.message.contains("in time"), "{}", refused.message);
    assert!(refused.connection && began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn the_password_is_kept_sealed_used_and_not_given_to_another_server() {
    let stage = new().await;
    let post = Post::start().await;
    post.ask_for_a_password();
    use_server(&stage.app, &post, "none", "wrong").await;
    let why = sending::test_mail(&stage.app, OPS, "Ann")
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        why.contains("535") && why.contains("wrong user name or password"),
        "{why}"
    );
    use_server(&stage.app, &post, "none", "right").await;
    sending::test_mail(&stage.app, OPS, "Ann")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(post.signed_in(), ["rollcall wrong", "rollcall right"]);
    assert_eq!(post.fresh()[0].subject(), "Rollcall: mail works");
    let kept = std::fs::read(stage.folder.path().join("rollcall.db-wal")).unwrap_or_default();
    assert!(!kept.windows(5).any(|some| some == b"right"));
    // Saved anew without typing the password: it stays. Another host: it goes.
    for (host, stays) in [("127.0.0.1", true), ("localhost", false)] {
        let new = saving::NewMail {
            host: host.into(),
            port: post.port.to_string(),
            security: "none".into(),
            plain_allowed: false,
            user: "rollcall".into(),
            password: SecretString::from(""),
            from: "rollcall@msp.example".into(),
        };
        assert_eq!(
            saving::save_mail(&stage.app, &new, "Ann").await.unwrap(),
            []
        );
        assert_eq!(stage.read(settings::stored).await.0, stays, "{host}");
    }
}

#[tokio::test]
async fn no_mail_leaves_for_another_machine_where_every_cloud_is_simulated() {
    let stage = new().await;
    let new = saving::NewMail {
        host: "mail.msp.example".into(),
        port: String::new(),
        security: "tls".into(),
        plain_allowed: false,
        user: String::new(),
        password: SecretString::from(""),
        from: "rollcall@msp.example".into(),
    };
    assert_eq!(
        saving::save_mail(&stage.app, &new, "Ann").await.unwrap(),
        []
    );
    let why = sending::test_mail(&stage.app, OPS, "Ann")
        .await
        .unwrap()
        .unwrap_err();
    assert!(why.contains("nothing leaves this machine"), "{why}");
}
