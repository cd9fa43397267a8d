//! Notices: what is told, once for each cause, and how it leaves.

mod closed;
mod hooks;
mod letters;
mod mailing;
pub mod pages;
pub mod post;
mod stopping;
mod telling;
mod weekly;

use std::time::Duration;

use chrono::TimeDelta;
use rollcall::app::App;
use rollcall::db::plans::{self, StoredPlan};
use rollcall::db::runs::{self, NewRun, RunEnd};
use rollcall::db::{companies, tenant_connections};
use rollcall::model::{Calls, Cloud, Company, Mode, RunFailure, Side, Status, TenantConnection};
use rollcall::notices::{self, saving, settings};
use secrecy::SecretString;

use crate::stage::{CLIENT, Stage, TENANT};
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

/// Another company like the stage's; its row id.
async fn company(stage: &Stage, name: &str) -> i64 {
    let company = Company {
        name: name.into(),
        psa_company_id: format!("of {name}").into(),
        ..stage.company().await
    };
    let now = stage.clock.now();
    let tenant = TenantConnection {
        tenant_id: TENANT.into(),
        client_id: CLIENT.into(),
        certificate: false,
        expires: None,
        cloud: Cloud::Global,
    };
    stage
        .write(move |conn| {
            let id = companies::insert(conn, &company, now)?;
            tenant_connections::put(conn, id, &tenant, now)?;
            Ok(id)
        })
        .await
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
    };
    stage.write(move |conn| plans::put(conn, &plan)).await;
    ran(stage, company, Ok(who.len())).await;
}

/// A run of a company that is over now; its error's kind, or how many conflicts it left.
async fn ran(stage: &Stage, company: i64, end: Result<usize, &'static str>) {
    let now = stage.clock.now();
    let id = format!("run-{company}-{}", now.timestamp_micros());
    stage
        .write(move |conn| {
            let new = NewRun {
                id: &id,
                company_id: company,
                mode: Mode::Update,
                preview: false,
                started_at: now,
                process: "",
                requested_by: None,
            };
            runs::start(conn, &new)?;
            let error = end.err().map(|kind| RunFailure {
                kind: kind.into(),
                message: "Microsoft's login refused".into(),
                advice: "Add a new client secret in Entra".into(),
                side: Some(Side::Tenant),
            });
            let end = RunEnd {
                status: if error.is_some() {
                    Status::Failed
                } else {
                    Status::Succeeded
                },
                finished_at: now,
                counts: serde_json::json!({
                    "create": 0, "link": 0, "update": 0, "reactivate": 0, "deactivate": 0, "unchanged": 7,
                    "out_of_scope": 0, "conflict": end.unwrap_or_default(), "held": 0, "failed": 0
                }),
                calls: Calls::default(),
                error,
                findings: Vec::new(),
            };
            runs::finish(conn, &id, &end)
        })
        .await;
}
