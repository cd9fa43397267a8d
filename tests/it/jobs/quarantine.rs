//! Quarantine: a connection that a person has to mend stops its runs, is tried again at growing intervals, and recovers by
//! itself.

use chrono::TimeDelta;
use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::connections::{PsaForm, Saving, save_psa};
use rollcall::db::quarantines::{self, Owner, Quarantine};
use rollcall::db::{events, psa_connections};
use rollcall::jobs::schedule::tick;
use rollcall::model::{Side, Status};

use super::*;
use crate::stage::{SECRET, put_secret, user};

on_both!(
    a_wrong_key_puts_the_psa_connection_into_quarantine_and_its_job_waits,
    a_connection_is_tried_again_after_1_2_4_8_16_and_then_24_hours,
    one_companys_run_tries_a_psa_connection_and_the_others_wait_for_it,
    a_click_tries_at_once_and_makes_the_pause_no_longer,
    a_saved_connection_is_tried_at_once,
    the_run_that_follows_a_mended_connection_begins_at_once,
    a_tenant_in_quarantine_concerns_its_company_alone,
    previews_are_not_held_up,
    a_command_enters_and_lifts_a_quarantine,
    a_quarantine_without_a_job_gets_one_when_it_is_to_be_tried,
    a_restart_changes_nothing,
    a_clock_that_was_ahead_keeps_nothing_in_quarantine_for_longer_than_a_day,
);

async fn quarantine(stage: &Stage, owner: Owner) -> Option<Quarantine> {
    stage.read(move |conn| quarantines::get(conn, owner)).await
}

pub(super) async fn of_psa(stage: &Stage) -> Option<Quarantine> {
    quarantine(stage, Owner::psa(stage.psa_id)).await
}

pub(super) async fn of_tenant(stage: &Stage) -> Option<Quarantine> {
    quarantine(stage, Owner::tenant(stage.company_id)).await
}

/// The vendor's key from now on.
pub(super) async fn key(stage: &Stage, right: bool) {
    let keys = stage.psa.connection().1;
    let (name, value) = keys
        .into_iter()
        .find(|(name, _)| *name == "private_key")
        .unwrap();
    let value = if right { value } else { "wrong".into() };
    put_secret(&stage.app, OF_PSA, stage.psa_id, name, &value).await;
}

pub(super) async fn night(stage: &Stage, company: i64) -> i64 {
    ask_for(stage, company, Mode::Update, Priority::Night, "schedule")
        .await
        .id()
}

pub(super) async fn idle(stage: &Stage) {
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
}

pub(super) fn apart(from: chrono::DateTime<chrono::Utc>, to: chrono::DateTime<chrono::Utc>) -> i64 {
    (to - from).num_minutes()
}

async fn a_wrong_key_puts_the_psa_connection_into_quarantine_and_its_job_waits(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    let began = stage.clock.now();
    let id = click(&stage).await;
    step(&stage).await;
    let found = of_psa(&stage).await.unwrap();
    assert_eq!((found.kind.as_str(), found.failures), ("credentials", 1));
    assert_eq!((found.since, apart(began, found.next_try)), (began, 60));
    assert!(
        found.advice.contains("Check the login company ID"),
        "{found:?}"
    );
    assert_eq!(of_tenant(&stage).await, None, "the tenant is in order");
    let waits = job(&stage, id).await;
    assert_eq!(
        (waits.state, waits.attempts, waits.priority),
        (JobState::Queued, 0, Priority::Night)
    );
    assert!(waits.error.unwrap().contains("Check the login company ID"));
    stage.clock.advance(minutes(59));
    idle(&stage).await;
    key(&stage, true).await;
    stage.clock.advance(minutes(1));
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    assert_eq!(of_psa(&stage).await, None);
    let noted = stage
        .read(|conn| events::of_installation(conn, "quarantine", 10))
        .await;
    let kinds: Vec<_> = noted.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["quarantine_lifted", "quarantine"], "newest first");
}

async fn a_connection_is_tried_again_after_1_2_4_8_16_and_then_24_hours(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    let id = night(&stage, stage.company_id).await;
    let since = stage.clock.now();
    let mut hours = Vec::new();
    for _ in 0..8 {
        step(&stage).await;
        assert_eq!(state(&stage, id).await, JobState::Queued);
        let found = of_psa(&stage).await.unwrap();
        assert_eq!(found.since, since);
        hours.push((found.next_try - stage.clock.now()).num_hours());
        let wait = found.next_try - stage.clock.now();
        stage
            .clock
            .advance((wait - TimeDelta::seconds(1)).to_std().unwrap());
        idle(&stage).await;
        stage.clock.advance(seconds(1));
    }
    assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24, 24]);
}

/// A run that follows a save is asked for.
async fn saved(stage: &Stage) {
    let company = stage.company_id;
    ask_for(stage, company, Mode::Update, Priority::Save, "Robin").await;
}

async fn the_run_that_follows_a_mended_connection_begins_at_once(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    let waits = night(&stage, stage.company_id).await;
    step(&stage).await;
    assert!(of_psa(&stage).await.is_some());
    key(&stage, true).await;
    let now = stage.clock.now();
    let owner = Owner::psa(stage.psa_id);
    stage
        .write(move |conn| quarantines::try_now(conn, owner, now))
        .await;
    saved(&stage).await;
    step(&stage).await;
    assert_eq!(
        state(&stage, waits).await,
        JobState::Done,
        "one run for both"
    );
    idle(&stage).await;
    assert_eq!(of_psa(&stage).await, None);
    // With nothing to mend, several saves make one run.
    saved(&stage).await;
    idle(&stage).await;
}

async fn one_companys_run_tries_a_psa_connection_and_the_others_wait_for_it(stage: Stage) {
    stage.users([user("anna")]);
    let companies = stage.fleet(4).await;
    key(&stage, false).await;
    let mut jobs = Vec::new();
    for company in &companies {
        jobs.push(night(&stage, company.id).await);
    }
    step(&stage).await;
    idle(&stage).await;
    let runs = || {
        let of: Vec<i64> = companies.iter().map(|company| company.id).collect();
        stage.read(move |conn| {
            let mut all = Vec::new();
            for company in of {
                all.extend(rollcall::db::runs::list(conn, company, 9)?);
            }
            Ok(all)
        })
    };
    assert_eq!(runs().await.len(), 1, "one found it out for all");
    stage.clock.advance(minutes(61));
    let trial = claim(&stage.app).await.unwrap();
    assert_eq!(claim(&stage.app).await, None, "one at a time tries");
    let now = stage.clock.now();
    stage
        .write(move |conn| jobs::put_back(conn, &trial, now))
        .await;
    key(&stage, true).await;
    for _ in 0..4 {
        step(&stage).await;
    }
    idle(&stage).await;
    let all = runs().await;
    assert_eq!(all.len(), 5, "what was missed is done once for each");
    let good = all
        .iter()
        .filter(|run| run.status == Some(Status::Succeeded));
    assert_eq!(good.count(), 4);
    for id in jobs {
        assert_eq!(state(&stage, id).await, JobState::Done);
    }
}

async fn a_click_tries_at_once_and_makes_the_pause_no_longer(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    night(&stage, stage.company_id).await;
    step(&stage).await;
    let before = of_psa(&stage).await.unwrap();
    for _ in 0..3 {
        stage.clock.advance(minutes(5));
        click(&stage).await;
        step(&stage).await;
        let now = of_psa(&stage).await.unwrap();
        assert_eq!((now.failures, now.next_try), (1, before.next_try));
        assert_eq!(now.failed_at, stage.clock.now());
        idle(&stage).await;
    }
    key(&stage, true).await;
    stage.clock.advance(minutes(5));
    click(&stage).await;
    step(&stage).await;
    assert_eq!(of_psa(&stage).await, None, "long before its time");
    assert_eq!(stage.psa.look().len(), 1);
}

async fn a_saved_connection_is_tried_at_once(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    let id = night(&stage, stage.company_id).await;
    step(&stage).await;
    for _ in 0..2 {
        stage.clock.advance(minutes(61));
        stage.clock.advance(minutes(60));
        step(&stage).await;
    }
    assert_eq!(of_psa(&stage).await.unwrap().failures, 3);
    stage.clock.advance(minutes(2));
    idle(&stage).await;
    let psa = stage.psa_id;
    let save = async |key: &str| {
        let found = stage
            .read(move |conn| {
                let connection = psa_connections::get(conn, psa)?.unwrap();
                Ok((connection, psa_connections::version(conn, psa)?.unwrap()))
            })
            .await;
        let form = PsaForm {
            connection: found.0,
            secrets: [("private_key".to_owned(), key.to_owned().into())].into(),
        };
        let saved = save_psa(&stage.app, &form, found.1, "Robin").await.unwrap();
        assert!(matches!(saved, Saving::Saved { .. }), "{saved:?}");
    };
    save("wrong as well").await;
    step(&stage).await;
    let again = of_psa(&stage).await.unwrap();
    assert_eq!(
        (again.failures, apart(stage.clock.now(), again.next_try)),
        (1, 60),
        "the pauses begin anew"
    );
    let keys = stage.psa.connection().1;
    let right = keys.into_iter().find(|(name, _)| *name == "private_key");
    save(&right.unwrap().1).await;
    stage.clock.advance(minutes(1));
    step(&stage).await;
    assert_eq!(of_psa(&stage).await, None);
    assert_eq!(state(&stage, id).await, JobState::Done);
}

async fn a_tenant_in_quarantine_concerns_its_company_alone(stage: Stage) {
    stage.users([user("anna")]);
    let other = stage.fleet(2).await.remove(1).id;
    put_secret(&stage.app, OF_COMPANY, other, "client_secret", "wrong").await;
    let broken = night(&stage, other).await;
    let fine = night(&stage, stage.company_id).await;
    step(&stage).await;
    step(&stage).await;
    idle(&stage).await;
    assert_eq!(state(&stage, fine).await, JobState::Done);
    assert_eq!(state(&stage, broken).await, JobState::Queued);
    let all = stage.read(quarantines::all).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].owner, Owner::tenant(other));
    let noted = stage
        .read(move |conn| events::of_company(conn, other, 9))
        .await;
    assert_eq!(noted[0].kind, "quarantine");
    put_secret(&stage.app, OF_COMPANY, other, "client_secret", SECRET).await;
    stage.clock.advance(minutes(60));
    step(&stage).await;
    assert_eq!(state(&stage, broken).await, JobState::Done);
    assert_eq!(stage.read(quarantines::all).await, []);
}

async fn previews_are_not_held_up(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    click(&stage).await;
    step(&stage).await;
    assert!(of_psa(&stage).await.is_some());
    key(&stage, true).await;
    let preview = ask_for_a_preview(&stage).await;
    step(&stage).await;
    assert_eq!(state(&stage, preview).await, JobState::Done);
    let company = stage.company_id;
    let kept = stage
        .read(move |conn| rollcall::db::previews::get(conn, company))
        .await;
    assert!(!kept.unwrap().digest.is_empty());
    assert!(of_psa(&stage).await.is_some(), "a preview is no run");
}

async fn a_command_enters_and_lifts_a_quarantine(stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    let error = stage.sync().await.error.unwrap();
    assert_eq!(
        (error.kind.as_str(), error.side),
        ("credentials", Some(Side::Psa))
    );
    assert_eq!(of_psa(&stage).await.unwrap().failures, 1);
    key(&stage, true).await;
    stage.clock.advance(minutes(1));
    assert_eq!(stage.sync().await.error, None, "it tries at once");
    assert_eq!(of_psa(&stage).await, None);
}

async fn a_quarantine_without_a_job_gets_one_when_it_is_to_be_tried(stage: Stage) {
    stage.users([user("anna")]);
    stage.fleet(3).await;
    tick(&stage.app).await.unwrap();
    key(&stage, false).await;
    stage.sync().await;
    stage.clock.advance(minutes(59));
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    key(&stage, true).await;
    stage.clock.advance(minutes(1));
    assert_eq!(tick(&stage.app).await.unwrap(), 1, "one tries it");
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    step(&stage).await;
    assert_eq!(of_psa(&stage).await, None);
    idle(&stage).await;
}

async fn a_restart_changes_nothing(mut stage: Stage) {
    stage.users([user("anna")]);
    key(&stage, false).await;
    night(&stage, stage.company_id).await;
    step(&stage).await;
    let before = of_psa(&stage).await;
    stage.restart().await;
    assert_eq!(of_psa(&stage).await, before);
    stage.clock.advance(minutes(30));
    idle(&stage).await;
    stage.clock.advance(minutes(30));
    step(&stage).await;
    assert_eq!(of_psa(&stage).await.unwrap().failures, 2);
}

async fn a_clock_that_was_ahead_keeps_nothing_in_quarantine_for_longer_than_a_day(stage: Stage) {
    use diesel::prelude::*;
    use rollcall::db::schema::quarantines::dsl;

    stage.users([user("anna")]);
    key(&stage, false).await;
    let id = night(&stage, stage.company_id).await;
    step(&stage).await;
    let ahead = (stage.clock.now() + TimeDelta::days(365)).naive_utc();
    stage
        .write(move |conn| {
            diesel::update(dsl::quarantines)
                .set(dsl::next_try.eq(ahead))
                .execute(conn)
        })
        .await;
    key(&stage, true).await;
    stage.clock.advance(minutes(1));
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    assert_eq!(of_psa(&stage).await, None);
}
