//! Old history goes by the setting, and what anything needs stays.

use std::time::Duration;

use rollcall::db::{runs, settings};
use rollcall::model::{Action, Role, Status};
use rollcall::retention;
use rollcall::simulator::kit::FaultKind;

use crate::stage::{Stage, everywhere, user};
use crate::web::visitor::Site;

everywhere!(@on sqlite ConnectWise Sqlite;
    old_runs_go_and_what_is_needed_stays,
    held_people_and_unknown_requests_keep_their_runs,
    the_history_is_kept_for_ever_unless_somebody_says_otherwise,
);
everywhere!(@on postgres Autotask Postgres;
    old_runs_go_and_what_is_needed_stays,
    held_people_and_unknown_requests_keep_their_runs,
);

const MONTH: Duration = Duration::from_hours(31 * 24);

async fn keep(stage: &Stage, months: u32) {
    stage
        .write(move |conn| settings::set_history_months(conn, Some(months)))
        .await;
}

async fn ids(stage: &Stage) -> Vec<String> {
    let mut ids: Vec<String> = stage.runs().await.into_iter().map(|run| run.id).collect();
    ids.sort();
    ids
}

async fn old_runs_go_and_what_is_needed_stays(stage: Stage) {
    keep(&stage, 6).await;
    stage.users([user("anna").title("One"), user("bert")]);
    let first = stage.sync().await;
    let mut later = Vec::new();
    for number in 0..3 {
        stage.clock.advance(MONTH);
        stage.users([user("anna").title(&format!("Title {number}"))]);
        later.push(stage.sync().await.run);
    }
    assert_eq!(stage.history().await.len(), 5);
    assert_eq!(
        retention::forget_old(&stage.app).await.unwrap(),
        0,
        "nothing is old"
    );
    stage.clock.advance(5 * MONTH);
    // By now the first three are older than half a year; the last but one is not the last.
    let gone = retention::forget_old(&stage.app).await.unwrap();
    assert_eq!(gone, 2);
    let mut kept = vec![first.run.clone(), later[2].clone()];
    kept.sort();
    assert_eq!(
        ids(&stage).await,
        kept,
        "the last good run stays, and who was created"
    );
    let actions: Vec<Action> = stage
        .history()
        .await
        .into_iter()
        .map(|one| one.change.action)
        .collect();
    assert_eq!(
        actions.iter().filter(|one| **one == Action::Create).count(),
        2
    );
    assert_eq!(actions.len(), 3);
    stage.clock.advance(2 * MONTH);
    stage.delete("bert");
    stage.set(|company| company.guard.percent = 100).await;
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    assert_eq!(stage.link_rows().await.len(), 2);
    assert_eq!(
        retention::forget_old(&stage.app).await.unwrap(),
        1,
        "the third, as there is a later one"
    );
    assert_eq!(
        stage.sync().await.counts.unchanged,
        2,
        "and nothing is missed"
    );
}

async fn held_people_and_unknown_requests_keep_their_runs(stage: Stage) {
    keep(&stage, 6).await;
    let names = ["anna", "bert", "carl", "dora"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in &names[..3] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    let held = stage.sync().await;
    assert_eq!(held.status, Status::Held);
    // A create whose answer is lost, and nobody can find out.
    stage.users([user("emil")]);
    stage.psa.fault_on_create(FaultKind::Drop, 0, usize::MAX);
    stage
        .psa
        .fault_on_list(FaultKind::Status(500), 1, usize::MAX);
    let lost = stage.sync().await;
    stage.psa.controls().clear_faults();
    let unknown = stage
        .states()
        .await
        .contains(&rollcall::db::writes::WriteState::Sent);
    stage.clock.advance(8 * MONTH);
    retention::forget_old(&stage.app).await.unwrap();
    let kept = ids(&stage).await;
    assert!(kept.contains(&held.run), "its people wait");
    assert!(
        !unknown || kept.contains(&lost.run),
        "nobody knows what became of it"
    );
    assert_eq!(stage.held().await.map(|held| held.len()), Some(3));
    let next = stage.sync().await;
    assert_eq!(next.counts.held, 3);
    assert_eq!(stage.psa.look().len(), 5, "nobody twice");
}

async fn the_history_is_kept_for_ever_unless_somebody_says_otherwise(stage: Stage) {
    stage.users([user("anna")]);
    stage.sync().await;
    stage.clock.advance(200 * MONTH);
    stage.users([user("anna").title("New")]);
    stage.sync().await;
    stage.sync().await;
    assert_eq!(retention::forget_old(&stage.app).await.unwrap(), 0);
    assert_eq!(ids(&stage).await.len(), 3);
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get("/settings/installation").await.text;
    assert!(
        page.contains("<option value=\"0\" selected>For ever"),
        "{page}"
    );
    let wrong = admin
        .post("/settings/installation/history", &[("months", "7")])
        .await;
    assert_eq!(wrong.status, 400);
    let set = admin
        .post("/settings/installation/history", &[("months", "24")])
        .await;
    assert_eq!(set.status, 303);
    assert_eq!(stage.read(settings::history_months).await, Some(24));
    let page = admin.get("/settings/installation").await.text;
    assert!(
        page.contains("<option value=\"24\" selected>2 years"),
        "{page}"
    );
    let company = stage.company_id;
    let all = stage.read(move |conn| runs::list(conn, company, 10)).await;
    assert_eq!(all.len(), 3, "nothing goes while somebody waits for a page");
}
