//! A way that is closed, and a part that fails: neither keeps anything else from leaving.

use chrono::TimeDelta;
use diesel::RunQueryDsl;
use rollcall::db::{Conn, deliveries, notices as kept};
use rollcall::notices;

use super::hooks::with_hook;
use super::post::{Mood, Post};
use super::{OPS, after, look, on_both, ran, tell_all, use_server, with_mail};
use crate::stage::{Stage, Store, Vendor};

on_both!(
    letters_of_a_server_that_is_down_keep_no_call_of_the_webhook_waiting,
    letters_that_were_never_tried_are_given_up_after_three_days_as_well,
    what_was_over_long_ago_is_forgotten_where_nothing_ever_left,
);

/// So many letters wait.
async fn waiting(stage: &Stage, number: usize) {
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            for number in 0..number {
                let new = deliveries::NewDelivery {
                    way: notices::MAIL_WAY,
                    kind: "failing",
                    recipient: OPS.into(),
                    message_id: format!("{number}@msp.example"),
                    subject: "Rollcall: a test".into(),
                    body: "Text".into(),
                    html: "<p>Text</p>".into(),
                };
                deliveries::put(conn, &new, now)?;
            }
            Ok(())
        })
        .await;
}

async fn letters_of_a_server_that_is_down_keep_no_call_of_the_webhook_waiting(stage: Stage) {
    let hook = with_hook(&stage, "").await;
    let post = Post::start().await;
    use_server(&stage.app, &post, "none", "").await;
    post.be(Mood::HangsUp);
    waiting(&stage, 250).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    assert_eq!((post.visits(), hook.fresh().len()), (1, 1));
}

async fn letters_that_were_never_tried_are_given_up_after_three_days_as_well(stage: Stage) {
    let post = with_mail(&stage).await;
    post.be(Mood::HangsUp);
    waiting(&stage, 40).await;
    for _ in 0..20 {
        after(&stage, TimeDelta::hours(4)).await;
    }
    let all = stage.read(|conn| deliveries::list(conn, 100)).await;
    let failed = all.iter().filter(|one| one.state == "failed");
    assert_eq!(failed.count(), 40, "{all:?}");
    assert!(all.iter().all(|one| one.error.is_some()));
    assert!(post.visits() <= 20, "{}", post.visits());
}

async fn what_was_over_long_ago_is_forgotten_where_nothing_ever_left(stage: Stage) {
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    ran(&stage, stage.company_id, Ok(0)).await;
    look(&stage).await;
    for _ in 0..31 {
        stage.clock.advance(TimeDelta::days(1).to_std().unwrap());
        ran(&stage, stage.company_id, Ok(0)).await;
    }
    look(&stage).await;
    let now = stage.clock.now();
    let left = stage.write(move |conn| kept::forget(conn, now)).await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_server_that_refuses_the_password_is_asked_once_for_all_that_waits() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let post = Post::start().await;
    post.ask_for_a_password();
    use_server(&stage.app, &post, "none", "wrong").await;
    tell_all(&stage.app, &[OPS, "two@msp.example", "three@msp.example"]).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    look(&stage).await;
    assert_eq!(
        post.signed_in(),
        ["rollcall wrong"; 2],
        "once a try, not once a letter"
    );
    for _ in 0..60 {
        look(&stage).await;
    }
    assert!(
        post.signed_in().len() <= 5,
        "with growing waits: {:?}",
        post.signed_in()
    );
    use_server(&stage.app, &post, "none", "right").await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 3);
}

#[tokio::test]
async fn what_waits_is_sent_although_the_look_at_what_needs_a_person_fails() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let post = with_mail(&stage).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::HangsUp);
    look(&stage).await;
    stage
        .write(|conn: &mut Conn| {
            let damaged = diesel::sql_query("UPDATE notices SET told = 'no list'");
            match conn {
                Conn::Sqlite(conn) => damaged.execute(conn),
                Conn::Postgres(conn) => damaged.execute(conn),
            }
        })
        .await;
    post.be(Mood::Takes);
    stage.clock.advance(TimeDelta::minutes(5).to_std().unwrap());
    let failed = notices::tick(&stage.app).await.unwrap_err().to_string();
    assert!(failed.starts_with("what needs a person: "), "{failed}");
    assert_eq!(post.fresh().len(), 1);
}
