//! How far a run is, or the runs of a company, as a part of pages that looks again by itself. Reads the database only; begins
//! and ends nothing.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::Serialize;

use crate::app::App;
use crate::db::jobs::{self, Job, JobState, Lane, Priority, Work};
use crate::db::quarantines::{self, Quarantine};
use crate::db::runs::{self, Run};
use crate::db::{Conn, DbError};
use crate::web::{At, Part, Samples};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<Live>();
    all.part::<Gone>();
}

/// What a part that looks again by itself is at last, where what it looked at is gone.
#[derive(Serialize)]
pub(super) struct Gone {}

impl Part for Gone {
    const TEMPLATE: &'static str = "parts/gone.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is going on.
    #[default]
    Idle,
    /// A run follows at a known time.
    Later,
    /// It waits in line.
    Waiting,
    /// Both sides are being read.
    Reading,
    /// People are written.
    Writing,
    /// The run that was watched is over.
    Over,
}

/// What goes on for a company.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Live {
    /// The company's row id.
    pub company: i64,
    /// The run whose own page shows it; empty: the pages of the company.
    pub of_run: String,
    /// The row id of the job that is watched; 0: a run that was started by a command.
    pub watch: Option<i64>,
    /// The row id of the job that waits or is being done, which can be cancelled; 0: none.
    pub job: i64,
    /// How far it is.
    pub stage: Stage,
    /// After so many seconds it looks again; 0: not by itself.
    pub every: u8,
    /// When a later run begins.
    pub at: Option<At>,
    /// The same, to be shown otherwise.
    #[serde(skip)]
    pub begins: Option<DateTime<Utc>>,
    /// Who asked.
    pub who: String,
    /// The word of the mode.
    pub mode: &'static str,
    /// So many people are written.
    pub done: i64,
    /// So many are to be written.
    pub planned: i64,
    /// Why the last try failed, or the job did not become a run.
    pub why: String,
    /// Whether the later run follows a save.
    pub follows_a_save: bool,
    /// When what waits was asked for.
    #[serde(skip)]
    pub asked_at: Option<DateTime<Utc>>,
    /// The run that is over: its id, and the word of its status.
    pub run: Option<(String, &'static str)>,
    /// The word of the failure of the run that is over.
    pub failure: String,
}

impl Part for Live {
    const TEMPLATE: &'static str = "parts/live.html";

    fn samples() -> Vec<Self> {
        let base = Self {
            company: 7,
            watch: Some(3),
            who: "\"Robin\" <script>alert(1)</script>".into(),
            mode: "update",
            ..Self::default()
        };
        let of = |stage, every| Self {
            stage,
            every,
            ..base.clone()
        };
        vec![
            of(Stage::Idle, 0),
            Self {
                at: Some(At::sample()),
                why: "The PSA did not answer <b>".into(),
                ..of(Stage::Later, 10)
            },
            of(Stage::Waiting, 2),
            Self {
                mode: "resync",
                ..of(Stage::Reading, 2)
            },
            Self {
                mode: "undo",
                ..of(Stage::Reading, 2)
            },
            Self {
                done: 12,
                planned: 40,
                ..of(Stage::Writing, 2)
            },
            Self {
                run: Some(("0193aaaa-0000-7000-8000-000000000000".into(), "partial")),
                ..of(Stage::Over, 0)
            },
            Self {
                of_run: "0193aaaa-0000-7000-8000-000000000000".into(),
                watch: None,
                planned: 1,
                ..of(Stage::Writing, 2)
            },
            Self {
                why: "Contact sync is switched off".into(),
                ..of(Stage::Over, 0)
            },
        ]
    }
}

/// What goes on for a company now, or what became of the job that is watched.
///
/// # Errors
/// Where the database fails.
pub async fn look(
    app: &App,
    company: i64,
    watch: Option<i64>,
    now: DateTime<Utc>,
) -> Result<Live, DbError> {
    let (mut live, by_command) = app
        .db()
        .read(move |conn| observe(conn, company, watch, now))
        .await?;
    if let Some((run, progress)) = by_command
        && app.db().is_alive(&run.process).await?
    {
        live = Live {
            company,
            watch: Some(watch.unwrap_or_default()),
            ..going(&run, progress)
        };
    }
    Ok(live)
}

/// How far the run of one job is, whatever else goes on for its company.
///
/// # Errors
/// Where the database fails.
pub async fn look_at(
    app: &App,
    company: i64,
    job: Job,
    now: DateTime<Utc>,
) -> Result<Live, DbError> {
    if matches!(job.state, JobState::Queued | JobState::Running) {
        return look(app, company, Some(job.id), now).await;
    }
    let live = app.db().read(move |conn| over(conn, &job)).await?;
    Ok(Live { company, ..live })
}

/// How far this run is, for its own page; `None` where it is over, or its process is gone.
///
/// # Errors
/// Where the database fails.
pub async fn of_run(app: &App, run: &Run) -> Result<Option<Live>, DbError> {
    if !run.running || !app.db().is_alive(&run.process).await? {
        return Ok(None);
    }
    let id = run.id.clone();
    let far = app.db().read(move |conn| runs::progress(conn, &id)).await?;
    Ok(Some(Live {
        company: run.company_id,
        of_run: run.id.clone(),
        ..going(run, far)
    }))
}

/// A run whose row says that it is going, and how far it is.
type Running = (Run, Option<(i64, i64)>);

fn observe(
    conn: &mut Conn,
    company: i64,
    watch: Option<i64>,
    now: DateTime<Utc>,
) -> QueryResult<(Live, Option<Running>)> {
    let is_run = |job: &Job| matches!(job.work, Work::Run(_) | Work::Undo(_));
    let running = jobs::running(conn, company)?.into_iter().find(is_run);
    if let Some(job) = running {
        return Ok((begun(conn, &job)?, None));
    }
    let waiting = jobs::waiting(conn, company)?;
    let next = waiting.into_iter().filter(is_run);
    let next = next.min_by_key(|job| job.run_at);
    let by_command = match runs::running(conn, company)?.pop() {
        Some(run) if !run.preview => {
            let progress = runs::progress(conn, &run.id)?;
            Some((run, progress))
        }
        _ => None,
    };
    if let Some(job) = next.as_ref().filter(|job| job.run_at <= now)
        && by_command.is_none()
    {
        return Ok((queued(conn, job, watch, now)?, None));
    }
    let ended = match watch {
        Some(0) => runs::list(conn, company, 1)?
            .pop()
            .map(|run| ended(Some(&run))),
        Some(id) => match jobs::get(conn, id)? {
            Some(job) if job.company_id == Some(company) && is_run(&job) => Some(over(conn, &job)?),
            _ => None,
        },
        None => None,
    };
    let live = match (ended, next) {
        (Some(ended), _) => ended,
        (None, Some(job)) => queued(conn, &job, watch, now)?,
        (None, None) => Live::default(),
    };
    Ok((
        Live {
            company,
            watch: live.watch.or(watch),
            ..live
        },
        by_command,
    ))
}

fn mode(job: &Job) -> &'static str {
    match &job.work {
        Work::Run(run) => run.mode.as_str(),
        Work::Preview => "preview",
        Work::Undo(_) => "undo",
    }
}

fn begun(conn: &mut Conn, job: &Job) -> QueryResult<Live> {
    let company = job.company_id.unwrap_or_default();
    let run = match &job.run_id {
        Some(id) => runs::get(conn, id)?,
        None => None,
    };
    let live = match run {
        Some(run) => {
            let progress = runs::progress(conn, &run.id)?;
            going(&run, progress)
        }
        None => Live {
            stage: Stage::Waiting,
            every: 2,
            ..Live::default()
        },
    };
    Ok(Live {
        company,
        job: job.id,
        watch: Some(job.id),
        who: job.requested_by.clone().unwrap_or_default(),
        mode: mode(job),
        ..live
    })
}

fn going(run: &Run, progress: Option<(i64, i64)>) -> Live {
    let (planned, done) = progress.unwrap_or_default();
    Live {
        stage: if planned > 0 {
            Stage::Writing
        } else {
            Stage::Reading
        },
        every: 2,
        who: run.requested_by.clone().unwrap_or_default(),
        mode: run.mode.as_str(),
        done,
        planned,
        ..Live::default()
    }
}

fn queued(conn: &mut Conn, job: &Job, watch: Option<i64>, now: DateTime<Utc>) -> QueryResult<Live> {
    let held = held(conn, job, now)?;
    let at = held
        .as_ref()
        .map_or(job.run_at, |held| held.next_try.max(job.run_at));
    let later = at > now;
    let why = job.error.clone().unwrap_or_default();
    Ok(Live {
        company: job.company_id.unwrap_or_default(),
        job: job.id,
        // Whoever watches another job is told of that one in the end.
        watch: Some(watch.filter(|_| later).unwrap_or(job.id)),
        stage: if later { Stage::Later } else { Stage::Waiting },
        every: if later { 10 } else { 2 },
        at: later.then(|| At::new(at, now)),
        begins: later.then_some(at),
        who: job.requested_by.clone().unwrap_or_default(),
        mode: mode(job),
        follows_a_save: later && held.is_none() && job.priority == Priority::Save,
        asked_at: Some(job.created_at),
        // Why that is so stands on the company's overview and connection, once.
        why: held.map_or(why, |held| held.brief().to_owned()),
        ..Live::default()
    })
}

/// The quarantine that a run that waits waits for; `None`: it waits for none, as what somebody asked for by a click.
///
/// # Errors
/// Where the database fails.
pub fn held(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> QueryResult<Option<Quarantine>> {
    match job.company_id {
        Some(company) if job.lane != Lane::Preview && job.priority != Priority::Click => {
            quarantines::holding(conn, company, now)
        }
        _ => Ok(None),
    }
}

fn over(conn: &mut Conn, job: &Job) -> QueryResult<Live> {
    let run = match &job.run_id {
        Some(id) => runs::get(conn, id)?,
        None => None,
    };
    let mut live = ended(run.as_ref());
    if job.state != JobState::Done {
        live.why = job.error.clone().unwrap_or_default();
    }
    live.mode = mode(job);
    Ok(live)
}

fn ended(run: Option<&Run>) -> Live {
    let status = |run: &Run| run.status.map_or("failed", |status| status.as_str());
    let failure = run.and_then(|run| run.error.as_ref());
    Live {
        stage: Stage::Over,
        run: run.map(|run| (run.id.clone(), status(run))),
        failure: failure.map(|error| error.kind.clone()).unwrap_or_default(),
        ..Live::default()
    }
}
