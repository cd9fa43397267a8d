//! A letter in hand while the program ends.

use rollcall::clock::Clock;
use rollcall::db::deliveries;

use super::post::{Mood, Post};
use super::{OPS, ran, tell_all, use_server};
use crate::operating::{Serving, until};
use crate::stage::{Stage, Store, Vendor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_in_hand_is_written_down_as_sent_before_the_program_ends() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    let post = Post::start().await;
    use_server(&stage.app, &post, "none", "").await;
    tell_all(&stage.app, &[OPS]).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    post.be(Mood::TakesSlowly);
    let serving = Serving::start(&stage, &[]).await;
    until(async || !post.taken().is_empty()).await;
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    let kept = stage.read(|conn| deliveries::list(conn, 10)).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].state, "sent", "{log}");
}
