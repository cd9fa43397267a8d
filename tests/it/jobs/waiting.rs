//! How jobs wait: which become one, and which comes first.

use diesel::result::Error;
use rollcall::db::jobs::Work;

use super::*;

on_both!(
    a_second_request_while_one_waits_is_one_job,
    several_saves_make_one_run_within_five_minutes_of_the_first,
    a_save_does_not_hold_up_a_click,
    a_request_during_a_run_is_remembered_once,
    a_double_click_is_one_job_even_if_it_has_begun,
    a_click_goes_before_a_save_and_a_save_before_the_night,
    a_job_that_is_not_due_is_not_taken,
    cancelled_is_not_done,
    a_request_rolls_back_with_its_transaction,
    approvals_that_wait_become_one_for_everybody_approved,
);

async fn a_second_request_while_one_waits_is_one_job(stage: Stage) {
    let first = ask(&stage, Mode::Update, Priority::Night, "Rollcall").await;
    stage.clock.advance(seconds(10));
    let second = ask(&stage, Mode::Resync, Priority::Click, "Robin").await;
    assert!(matches!(first, Enqueued::New(_)));
    assert_eq!(second, Enqueued::Waiting(first.id()));
    let third = ask(&stage, Mode::Update, Priority::Night, "Rollcall").await;
    assert_eq!(third, second);
    let waits = job(&stage, first.id()).await;
    let Work::Run(run) = &waits.work else {
        panic!("{waits:?}")
    };
    assert_eq!(run.mode, Mode::Resync, "a resync does for both");
    assert_eq!(waits.priority, Priority::Click);
    assert_eq!(waits.requested_by.as_deref(), Some("Robin"));
    assert_eq!(waits.run_at, waits.created_at, "the earlier time counts");
    let company = stage.company_id;
    let all = stage.read(move |conn| jobs::waiting(conn, company)).await;
    assert_eq!(all, [waits]);
}

async fn several_saves_make_one_run_within_five_minutes_of_the_first(stage: Stage) {
    let began = stage.clock.now();
    let id = ask(&stage, Mode::Update, Priority::Save, "Robin")
        .await
        .id();
    let mut waits = Vec::new();
    for _ in 0..6 {
        let at = job(&stage, id).await.run_at - began;
        waits.push(at.num_minutes());
        stage.clock.advance(minutes(1));
        let again = ask(&stage, Mode::Update, Priority::Save, "Robin").await;
        assert_eq!(again, Enqueued::Waiting(id));
    }
    assert_eq!(waits, [2, 3, 4, 5, 5, 5]);
    assert!(claim(&stage.app).await.is_some());
}

async fn a_save_does_not_hold_up_a_click(stage: Stage) {
    let save = ask(&stage, Mode::Update, Priority::Save, "Kim").await;
    assert_eq!(claim(&stage.app).await, None);
    let click = ask(&stage, Mode::Update, Priority::Click, "Robin").await;
    assert_eq!(click.id(), save.id());
    stage.clock.advance(seconds(5));
    ask(&stage, Mode::Update, Priority::Save, "Kim").await;
    let claimed = claim(&stage.app).await.unwrap();
    assert_eq!(claimed.id, save.id());
    assert_eq!(claimed.requested_by.as_deref(), Some("Robin"));
}

async fn a_request_during_a_run_is_remembered_once(stage: Stage) {
    let first = click(&stage).await;
    let running = claim(&stage.app).await.unwrap();
    assert_eq!(running.id, first);
    stage.clock.advance(minutes(1));
    let second = click(&stage).await;
    assert_ne!(second, first);
    stage.clock.advance(minutes(1));
    assert_eq!(click(&stage).await, second);
    assert_eq!(claim(&stage.app).await, None, "one at a time");
    let now = stage.clock.now();
    assert!(
        stage
            .write(move |conn| jobs::finish(conn, &running, now))
            .await
    );
    assert_eq!(claim(&stage.app).await.unwrap().id, second);
    assert_eq!(claim(&stage.app).await, None);
    let company = stage.company_id;
    let latest = stage
        .read(move |conn| jobs::latest_of(conn, company, jobs::Lane::Run))
        .await;
    assert_eq!(latest.unwrap().id, second);
}

async fn a_double_click_is_one_job_even_if_it_has_begun(stage: Stage) {
    let first = click(&stage).await;
    let running = claim(&stage.app).await.unwrap();
    stage.clock.advance(seconds(1));
    assert_eq!(click(&stage).await, first);
    let other = ask(&stage, Mode::Update, Priority::Click, "Kim").await;
    assert_ne!(
        other.id(),
        first,
        "another person's click is a wish of its own"
    );
    let now = stage.clock.now();
    stage
        .write(move |conn| jobs::finish(conn, &running, now))
        .await;
    assert_eq!(click(&stage).await, first);
    let resync = ask(&stage, Mode::Resync, Priority::Click, "Robin").await;
    assert_ne!(resync.id(), first, "what is asked for is not the same");
}

async fn a_click_goes_before_a_save_and_a_save_before_the_night(stage: Stage) {
    let mut asked = Vec::new();
    for priority in [Priority::Night, Priority::Save, Priority::Click] {
        let company = another_company(&stage, &format!("{priority:?}")).await;
        asked.push(
            ask_for(&stage, company, Mode::Update, priority, "Robin")
                .await
                .id(),
        );
        stage.clock.advance(minutes(3));
    }
    let mut taken = Vec::new();
    while let Some(job) = claim(&stage.app).await {
        taken.push(job.id);
    }
    asked.reverse();
    assert_eq!(taken, asked);
}

async fn a_job_that_is_not_due_is_not_taken(stage: Stage) {
    ask(&stage, Mode::Update, Priority::Save, "Robin").await;
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    stage.clock.advance(seconds(119));
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    stage.clock.advance(seconds(1));
    step(&stage).await;
    assert_eq!(stage.runs().await.len(), 1);
}

async fn cancelled_is_not_done(stage: Stage) {
    let id = click(&stage).await;
    let now = stage.clock.now();
    let cancel = |why: &'static str| stage.write(move |conn| jobs::cancel(conn, id, why, now));
    assert!(cancel("Robin does not want it").await);
    assert!(!cancel("again").await);
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    let cancelled = job(&stage, id).await;
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert_eq!(cancelled.error.as_deref(), Some("Robin does not want it"));
    let other = click(&stage).await;
    assert_ne!(other, id, "a click after that is a new one");
    claim(&stage.app).await.unwrap();
    let began = stage
        .write(move |conn| jobs::cancel(conn, other, "too late", now))
        .await;
    assert!(!began, "what has begun is not cancelled");
}

async fn a_request_rolls_back_with_its_transaction(stage: Stage) {
    let (company, now) = (stage.company_id, stage.clock.now());
    let undone: Result<(), _> = stage
        .app
        .db()
        .write(move |conn| {
            enqueue_run(conn, company, Mode::Update, Priority::Click, "Robin", now)?;
            Err(Error::RollbackTransaction)
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(stage.read(|conn| jobs::recent(conn, 10)).await, []);
    click(&stage).await;
    assert_eq!(stage.read(|conn| jobs::recent(conn, 10)).await.len(), 1);
}

async fn approvals_that_wait_become_one_for_everybody_approved(stage: Stage) {
    let update = click(&stage).await;
    let first = ask_for_an_approval(&stage, &["a"]).await;
    let second = ask_for_an_approval(&stage, &["b"]).await;
    assert_eq!(first, second);
    assert_ne!(first, update, "an update is no approval");
    let Work::Run(run) = job(&stage, first).await.work else {
        panic!("a run");
    };
    let approved: Vec<_> = run.approved.iter().map(ToString::to_string).collect();
    assert_eq!(approved, ["a", "b"]);
    claim(&stage.app).await.unwrap();
    assert_eq!(
        claim(&stage.app).await,
        None,
        "runs of all lanes go one after the other"
    );
    let preview = ask_for_a_preview(&stage).await;
    assert_eq!(claim(&stage.app).await.unwrap().id, preview);
}
