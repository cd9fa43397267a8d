//! Who does a job: one process at a time, until it is gone or hangs.

use super::*;

on_both!(
    a_dead_processes_job_is_free_at_once,
    a_hanging_processes_job_is_free_after_its_lease,
    a_renewed_job_is_kept,
    what_is_put_back_joins_the_request_that_came_meanwhile,
    a_job_in_the_middle_of_which_the_program_always_ends_fails,
);

async fn free(stage: &Stage, dead: Vec<String>) -> usize {
    let now = stage.clock.now();
    stage
        .write(move |conn| jobs::free_dead(conn, &dead, rollcall::jobs::MOST_ATTEMPTS, now))
        .await
}

async fn a_dead_processes_job_is_free_at_once(stage: Stage) {
    let id = click(&stage).await;
    let (other, _stopper) = stage.another().await;
    let taken = claim(&other).await.unwrap();
    assert_eq!((taken.id, taken.attempts), (id, 1));
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    let process = other.db().process_id().to_owned();
    drop(other);
    // The server notices the end of a session a moment later.
    while stage.app.db().is_alive(&process).await.unwrap() {
        tokio::task::yield_now().await;
    }
    step(&stage).await;
    let done = job(&stage, id).await;
    assert_eq!((done.state, done.attempts), (JobState::Done, 2));
    assert_ne!(done.run_id, taken.run_id);
    assert_eq!(stage.runs().await.len(), 1);
}

async fn a_hanging_processes_job_is_free_after_its_lease(stage: Stage) {
    let id = click(&stage).await;
    let (other, _stopper) = stage.another().await;
    let taken = claim(&other).await.unwrap();
    stage.clock.advance(minutes(9));
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    stage.clock.advance(minutes(2));
    step(&stage).await;
    assert_eq!(state(&stage, id).await, JobState::Done);
    let now = stage.clock.now();
    let late = other
        .db()
        .write(move |conn| jobs::fail_for_good(conn, &taken, "too late", now))
        .await;
    assert!(!late.unwrap(), "the claim was lost");
    assert_eq!(state(&stage, id).await, JobState::Done);
}

async fn a_renewed_job_is_kept(stage: Stage) {
    click(&stage).await;
    let (other, _stopper) = stage.another().await;
    let taken = claim(&other).await.unwrap();
    stage.clock.advance(minutes(9));
    let (renewed, until) = (taken.clone(), stage.clock.now() + LEASE);
    assert!(
        stage
            .write(move |conn| jobs::renew(conn, &renewed, until))
            .await
    );
    stage.clock.advance(minutes(9));
    assert_eq!(free(&stage, Vec::new()).await, 0);
    stage.clock.advance(minutes(2));
    assert_eq!(free(&stage, Vec::new()).await, 1);
    let until = stage.clock.now() + LEASE;
    assert!(
        !stage
            .write(move |conn| jobs::renew(conn, &taken, until))
            .await
    );
}

async fn what_is_put_back_joins_the_request_that_came_meanwhile(stage: Stage) {
    let first = ask(&stage, Mode::Resync, Priority::Click, "Robin")
        .await
        .id();
    let running = claim(&stage.app).await.unwrap();
    let second = ask(&stage, Mode::Update, Priority::Save, "Kim").await.id();
    assert_ne!(first, second);
    let process = running.process.unwrap();
    assert_eq!(free(&stage, vec![process]).await, 1);
    assert_eq!(state(&stage, first).await, JobState::Cancelled);
    let next = claim(&stage.app).await.unwrap();
    assert_eq!((next.id, next.priority), (second, Priority::Click));
    let jobs::Work::Run(run) = next.work else {
        panic!("a run");
    };
    assert_eq!(run.mode, Mode::Resync);
}

async fn a_job_in_the_middle_of_which_the_program_always_ends_fails(stage: Stage) {
    let id = click(&stage).await;
    for attempt in 1..=rollcall::jobs::MOST_ATTEMPTS {
        let taken = claim(&stage.app).await.unwrap();
        assert_eq!(taken.attempts, attempt);
        assert_eq!(free(&stage, vec![taken.process.unwrap()]).await, 1);
    }
    assert_eq!(claim(&stage.app).await, None);
    let failed = stage.read(|conn| jobs::list_failed(conn, 10)).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].id, id);
    assert!(failed[0].error.as_ref().unwrap().contains("5 times"));
}

/// Many who claim at once, of two processes: each company's job is taken once, and a company's two lanes not at once.
async fn at_once(store: crate::stage::Store) {
    let stage = Stage::new(crate::stage::Vendor::ConnectWise, store).await;
    let (other, _stopper) = stage.another().await;
    let mut companies = vec![stage.company_id];
    for number in 0..5 {
        companies.push(another_company(&stage, &format!("Company {number}")).await);
    }
    for company in &companies {
        ask_for(&stage, *company, Mode::Update, Priority::Click, "Robin").await;
    }
    ask_for_an_approval(&stage, &["a"]).await;
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let app = if number % 2 == 0 { &stage.app } else { &other }.clone();
            tokio::spawn(async move {
                match try_claim(&app).await {
                    Ok(job) => job,
                    Err(error) => {
                        assert!(error.is_taken(), "{error}");
                        None
                    }
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    // Whoever was too slow tries again.
    while let Some(job) = claim(&stage.app).await {
        taken.push(job);
    }
    let mut of: Vec<_> = taken.iter().map(|job| job.company_id.unwrap()).collect();
    of.sort_unstable();
    assert_eq!(of, companies, "each company once");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_do_one_company_at_once_on_sqlite() {
    at_once(crate::stage::Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_do_one_company_at_once_on_postgres() {
    at_once(crate::stage::Store::Postgres).await;
}
