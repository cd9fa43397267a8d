//! Notices: what is told, once for each cause, and how it leaves.

mod causes;
mod closed;
mod hooks;
mod letters;
mod mailing;
pub mod pages;
pub mod post;
mod protected;
mod refused;
mod stopping;
mod telling;
mod weekly;

use std::time::Duration;

use chrono::TimeDelta;
use rollcall::app::App;
use rollcall::db::plans::{self, StoredPlan};
use rollcall::model::{Side, UserId};
use rollcall::notices::{self, saving, settings};
use secrecy::SecretString;

use crate::stage::{Stage, Store, Vendor, counts};
use post::Post;

/// Who hears of everything.
const OPS: &str = "ops@msp.example";

/// Plays scenarios on both databases.
macro_rules! on_both {
    ($($scenario:ident),+ $(,)?) => {
        crate::stage::everywhere!(@on sqlite ConnectWise Sqlite; $($scenario),+);
        crate::stage::everywhere!(@on postgres ConnectWise Postgres; $($scenario),+);
    };
}
pub(crate) use on_both;

/// A stage where one database is enough.
async fn new() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

/// Sets the mail server up.
async fn use_server(app: &App, post: &Post, security: &str, password: &str) {
    let new = saving::NewMail {
        host: "127.0.0.1".into(),
        port: post.port.to_string(),
        security: security.into(),
        plain_allowed: false,
        user: if password.is_empty() { "" } else { "rollcall" }.into(),
        password: SecretString::from(password),
        from: "Rollcall <rollcall@msp.example>".into(),
    };
    let mistakes = saving::save_mail(app, &new, "Ann").await.unwrap();
    assert_eq!(mistakes, []);
}

/// Sets who hears of everything.
async fn tell_all(app: &App, who: &[&str]) {
    let audience = settings::Audience {
        everybody: who.iter().map(|one| (*one).to_owned()).collect(),
        ..settings::Audience::default()
    };
    saving::save_audience(app, audience, "Ann").await.unwrap();
}

/// A mail server that takes everything, and somebody who hears of everything.
async fn with_mail(stage: &Stage) -> Post {
    let post = Post::start().await;
    use_server(&stage.app, &post, "none", "").await;
    tell_all(&stage.app, &[OPS]).await;
    post
}

/// Lets time pass, and looks.
async fn after(stage: &Stage, time: TimeDelta) {
    stage.clock.advance(time.to_std().unwrap());
    notices::tick(&stage.app).await.unwrap();
}

/// Looks.
async fn look(stage: &Stage) {
    stage.clock.advance(Duration::from_mins(1));
    notices::tick(&stage.app).await.unwrap();
}

/// A good run of a company that is over now, and left these people in conflict.
async fn in_conflict(stage: &Stage, company: i64, who: &[&str]) {
    let people: Vec<_> = who
        .iter()
        .map(|id| serde_json::json!({ "user_id": id, "name": "", "upn": "", "action": "conflict" }))
        .collect();
    let plan = StoredPlan {
        company_id: company,
        run_id: String::new(),
        made_at: stage.clock.now(),
        plan: serde_json::json!({ "people": people }).to_string(),
        in_conflict: Some(who.iter().map(|id| UserId::new(id)).collect()),
    };
    stage.write(move |conn| plans::put(conn, &plan)).await;
    ran(stage, company, Ok(who.len())).await;
}

/// A run of a company that is over now; its error's kind, or how many conflicts it left.
async fn ran(stage: &Stage, company: i64, end: Result<usize, &'static str>) {
    let end = end
        .map(|conflicts| counts(7, conflicts))
        .map_err(|kind| (kind, Some(Side::Tenant)));
    stage.past_run(company, TimeDelta::zero(), end).await;
}
