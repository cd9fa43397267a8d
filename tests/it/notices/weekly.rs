//! The weekly summary: what it says, when it leaves, and that it leaves once.

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::db::company_notices::{self, CompanyNotices};
use rollcall::model::Undo;
use rollcall::notices;
use rollcall::sync::Options;

use super::post::Mail;
use super::{on_both, with_mail};
use crate::stage::{Stage, user};

on_both!(
    the_week_is_told_on_monday_morning_by_the_companys_own_clock_and_once,
    weeks_that_were_missed_are_told_once_together,
    what_was_put_back_and_what_put_it_back_are_left_out,
);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Sets the clock forward to a moment, and looks.
async fn come(stage: &Stage, text: &str) {
    let time = at(text) - stage.clock.now();
    stage.clock.advance(time.to_std().unwrap());
    notices::tick(&stage.app).await.unwrap();
}

async fn subscribe(stage: &Stage) {
    stage
        .set(|company| company.timezone = "America/New_York".into())
        .await;
    let set = CompanyNotices {
        weekly: true,
        weekly_recipients: vec!["account@msp.example".into()],
        ..CompanyNotices::default()
    };
    let id = stage.company_id;
    stage
        .write(move |conn| company_notices::put(conn, id, &set))
        .await;
}

fn weekly(mails: Vec<Mail>) -> Vec<Mail> {
    let to = |mail: &Mail| mail.to == ["account@msp.example"];
    mails.into_iter().filter(to).collect()
}

async fn the_week_is_told_on_monday_morning_by_the_companys_own_clock_and_once(stage: Stage) {
    // The stage begins on Saturday, 31 January 2026.
    let post = with_mail(&stage).await;
    subscribe(&stage).await;
    notices::tick(&stage.app).await.unwrap();
    stage.users(["anna", "bert", "carl", "dora"].map(user));
    stage.sync().await;
    come(&stage, "2026-02-02T11:59:00Z").await;
    assert_eq!(weekly(post.fresh()).len(), 0, "06:59 in New York");
    come(&stage, "2026-02-02T12:00:00Z").await;
    let mails = weekly(post.fresh());
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject(),
        "Contoso: who joined, left and changed, 26 Jan 2026 to 1 Feb 2026"
    );
    let text = mails[0].text();
    assert!(
        text.contains("Joined (4)") && text.contains("Left (0)"),
        "{text}"
    );
    come(&stage, "2026-02-03T12:00:00Z").await;
    stage.edit("anna", |user| user.account_enabled = Some(false));
    stage.edit("bert", |user| user.job_title = Some("Boss".into()));
    stage.sync().await;
    come(&stage, "2026-02-08T12:00:00Z").await;
    assert_eq!(weekly(post.fresh()).len(), 0);
    come(&stage, "2026-02-09T13:00:00Z").await;
    come(&stage, "2026-02-09T14:00:00Z").await;
    let mails = weekly(post.fresh());
    assert_eq!(mails.len(), 1);
    let text = mails[0].text();
    assert!(text.contains("Joined (0)\nNobody joined."), "{text}");
    assert!(
        text.contains("Left (1)\n- Anna Doe") && text.contains(": sign-in blocked"),
        "{text}"
    );
    assert!(
        text.contains("Changed (1)\n- Bert Doe") && text.contains(": title"),
        "{text}"
    );
    assert!(mails[0].html().contains("<h2"), "{}", mails[0].html());
    assert!(
        !mails[0].html().contains("/companies/"),
        "fit to be forwarded"
    );
    come(&stage, "2026-02-16T13:00:00Z").await;
    assert_eq!(weekly(post.fresh()).len(), 0, "nothing changed");
}

async fn what_was_put_back_and_what_put_it_back_are_left_out(stage: Stage) {
    let post = with_mail(&stage).await;
    subscribe(&stage).await;
    notices::tick(&stage.app).await.unwrap();
    stage.users(["anna", "bert", "carl", "dora"].map(user));
    stage.sync().await;
    come(&stage, "2026-02-02T12:00:00Z").await;
    assert_eq!(weekly(post.fresh()).len(), 1);
    stage.edit("anna", |user| user.account_enabled = Some(false));
    stage.edit("bert", |user| user.job_title = Some("Boss".into()));
    let run = stage.sync().await.run;
    let undo = Undo {
        run,
        user: None,
        ignoring: true,
        shown: None,
    };
    let undone = stage.run(Options::undoing(undo, false)).await.report;
    stage.edit("carl", |user| user.job_title = Some("Clerk".into()));
    stage.sync().await;
    come(&stage, "2026-02-09T13:00:00Z").await;
    let mails = weekly(post.fresh());
    assert_eq!(mails.len(), 1);
    let text = mails[0].text();
    assert!(
        text.contains("Joined (0)") && text.contains("Left (0)"),
        "{text}"
    );
    assert!(
        text.contains("Changed (1)\n- Carl Doe") && !text.contains(&undone.run),
        "{text}"
    );
}

async fn weeks_that_were_missed_are_told_once_together(stage: Stage) {
    let post = with_mail(&stage).await;
    subscribe(&stage).await;
    notices::tick(&stage.app).await.unwrap();
    stage.users([user("anna")]);
    stage.sync().await;
    stage.clock.advance(TimeDelta::days(9).to_std().unwrap());
    stage.users([user("bert")]);
    stage.sync().await;
    come(&stage, "2026-02-18T08:00:00Z").await;
    come(&stage, "2026-02-18T09:00:00Z").await;
    let mails = weekly(post.fresh());
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].subject().ends_with("26 Jan 2026 to 15 Feb 2026"),
        "{}",
        mails[0].subject()
    );
    assert!(
        mails[0].text().contains("Joined (2)"),
        "{}",
        mails[0].text()
    );
}
