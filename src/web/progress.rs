//! How far a company's run is, and its last runs as a strip of dots: parts that several pages show. Reads the database only;
//! begins and ends nothing.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{At, Part, Samples, words};
use crate::app::App;
use crate::db::jobs::{self, Job, JobState, Lane, Work};
use crate::db::runs::{self, Run};
use crate::db::{Conn, DbError};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<Progress>();
    all.part::<Strip>();
}

/// A run that is done now or waits, as `parts/progress.html` shows it. A page that has one in a field draws it by
/// `{{ <live_progress part={page.progress}/> }}`; it asks for itself anew every two seconds, and has the page loaded again
/// when the run is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The company's row id.
    pub company: i64,
    /// The run's id; empty as long as it has not begun.
    pub run: String,
    /// What kind of run, as a word of the model; empty where nobody knows yet.
    pub mode: String,
    /// `waiting`, `reading` (it has not planned yet) or `writing`.
    pub state: &'static str,
    /// So many people are to be written; 0 before it has planned.
    pub planned: i64,
    /// So many of them are over, well or not.
    pub done: i64,
    /// When it began, or, while it waits, when it may begin.
    pub at: At,
    /// Whether it waits for a time that has not come yet.
    pub later: bool,
    /// Why it waits again, as a sentence; empty where it was not begun before.
    pub why: String,
    /// Who asked for it; empty: nobody.
    pub asked_by: String,
    /// The address of this part.
    pub refresh: String,
    /// The address of the run's page; empty where it has none yet, or is shown on that page.
    pub link: String,
}

impl Part for Progress {
    const TEMPLATE: &'static str = "parts/progress.html";

    fn samples() -> Vec<Self> {
        let writing = Self {
            company: 7,
            run: "0193aaaa-0000-7000-8000-000000000000".into(),
            mode: "update".into(),
            state: "writing",
            planned: 40,
            done: 14,
            at: At::sample(),
            later: false,
            why: String::new(),
            asked_by: "\"Robin\" <script>alert(1)</script>".into(),
            refresh: "/companies/7/progress".into(),
            link: "/runs/0193aaaa-0000-7000-8000-000000000000".into(),
        };
        let one = Self {
            planned: 1,
            done: 0,
            link: String::new(),
            ..writing.clone()
        };
        let reading = Self {
            mode: "resync".into(),
            state: "reading",
            planned: 0,
            done: 0,
            asked_by: String::new(),
            ..writing.clone()
        };
        let queued = Self {
            run: String::new(),
            state: "waiting",
            link: String::new(),
            later: true,
            why: "<b>Microsoft Graph</b> asks for a pause".into(),
            ..reading.clone()
        };
        let next = Self {
            later: false,
            why: String::new(),
            ..queued.clone()
        };
        vec![writing, one, reading, queued, next]
    }
}

/// The run of a company that goes on now, or, where none does, the one that waits; previews apart. `None`: neither.
///
/// # Errors
/// Where the database fails.
pub async fn of_company(app: &App, company: i64) -> Result<Option<Progress>, DbError> {
    let now = app.clock().now();
    let refresh = format!("/companies/{company}/progress");
    let (going, begun, waiting) = app
        .db()
        .read(move |conn| {
            let mut going = Vec::new();
            for run in runs::running(conn, company)? {
                let far = runs::progress(conn, &run.id)?;
                going.push((run, far));
            }
            let is_run = |job: &Job| job.lane != Lane::Preview;
            let begun = jobs::running(conn, company)?.into_iter().find(is_run);
            let waiting = jobs::waiting(conn, company)?.into_iter().find(is_run);
            Ok((going, begun, waiting))
        })
        .await?;
    for (run, far) in going.into_iter().filter(|(run, _)| !run.preview).rev() {
        if app.db().is_alive(&run.process).await? {
            let link = format!("/runs/{}", run.id);
            return Ok(Some(going_on(&run, far, (refresh, link), now)));
        }
    }
    Ok(begun
        .or(waiting)
        .map(|job| waits(&job, company, refresh, now)))
}

/// How far this run is, for its own page; `None` where it is over, or its process is gone.
///
/// # Errors
/// Where the database fails.
pub async fn of_run(app: &App, run: &Run) -> Result<Option<Progress>, DbError> {
    if !run.running || !app.db().is_alive(&run.process).await? {
        return Ok(None);
    }
    let (id, now) = (run.id.clone(), app.clock().now());
    let far = app.db().read(move |conn| runs::progress(conn, &id)).await?;
    let refresh = format!("/runs/{}/progress", run.id);
    Ok(Some(going_on(run, far, (refresh, String::new()), now)))
}

fn going_on(
    run: &Run,
    far: Option<(i64, i64)>,
    (refresh, link): (String, String),
    now: DateTime<Utc>,
) -> Progress {
    let (planned, done) = far.unwrap_or_default();
    Progress {
        company: run.company_id,
        run: run.id.clone(),
        mode: run.mode.as_str().into(),
        state: if far.is_some() { "writing" } else { "reading" },
        planned,
        done,
        at: At::new(run.started_at, now),
        later: false,
        why: String::new(),
        asked_by: run.requested_by.clone().unwrap_or_default(),
        refresh,
        link,
    }
}

/// A job whose run has not begun: it waits for its time, or for its turn.
fn waits(job: &Job, company: i64, refresh: String, now: DateTime<Utc>) -> Progress {
    let mode = match &job.work {
        Work::Run(run) => run.mode.as_str(),
        Work::Preview => "",
    };
    let later = job.state == JobState::Queued && job.run_at > now + TimeDelta::seconds(2);
    Progress {
        company,
        run: String::new(),
        mode: mode.into(),
        state: "waiting",
        planned: 0,
        done: 0,
        at: At::new(job.run_at, now),
        later,
        why: job.error.clone().unwrap_or_default(),
        asked_by: job.requested_by.clone().unwrap_or_default(),
        refresh,
        link: String::new(),
    }
}

/// One run of a strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dot {
    /// How it is coloured: `ok`, `warn`, `bad`, `info` or `off`.
    pub kind: String,
    /// What it says to who hears it, or points at it: "Succeeded, 3 hours ago".
    pub text: String,
}

/// The strip of dots of these runs, which come newest first; the newest dot stands at the right. A page draws it by
/// `{{ <dots all={page.dots}/> }}`.
pub fn strip(newest_first: &[Run], now: DateTime<Utc>) -> Vec<Dot> {
    newest_first
        .iter()
        .rev()
        .map(|run| dot(status(run), run.started_at, now))
        .collect()
}

/// The dot of a run with a status of this word that began at `at`.
pub fn dot(word: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Dot {
    dot_of(word, &At::new(at, now).ago)
}

/// The dot of a run with a status of this word that began so long ago.
pub fn dot_of(word: &str, ago: &str) -> Dot {
    Dot {
        kind: words::status_kind(word),
        text: format!("{}, {ago}", words::status(word)),
    }
}

/// The word of a run's status: `running` while it goes on, `interrupted` where its process is gone.
pub fn status(run: &Run) -> &'static str {
    match run.status {
        Some(status) => status.as_str(),
        None if run.running => "running",
        None => "interrupted",
    }
}

/// Marks the runs as not running any more whose process is gone, so that [`status`] tells them apart.
///
/// # Errors
/// Where the database fails.
pub async fn note_dead(app: &App, all: impl IntoIterator<Item = &mut Run>) -> Result<(), DbError> {
    let mut known: HashMap<String, bool> = HashMap::new();
    for run in all.into_iter().filter(|run| run.running) {
        if !known.contains_key(&run.process) {
            let alive = app.db().is_alive(&run.process).await?;
            known.insert(run.process.clone(), alive);
        }
        run.running = known[&run.process];
    }
    Ok(())
}

/// A strip alone, for the test that draws every template.
#[derive(Serialize)]
struct Strip {
    all: Vec<Dot>,
}

impl Part for Strip {
    const TEMPLATE: &'static str = "parts/dots.html";

    fn samples() -> Vec<Self> {
        vec![
            Self { all: Vec::new() },
            Self {
                all: sample_strip(),
            },
        ]
    }
}

/// Dots for the samples of a page.
pub fn sample_strip() -> Vec<Dot> {
    [
        "succeeded",
        "held",
        "partial",
        "failed",
        "running",
        "interrupted",
    ]
    .into_iter()
    .map(|word| dot_of(word, "3 hours ago"))
    .collect()
}

/// The last runs of one company, newest first, for its strip.
///
/// # Errors
/// Where the database fails.
pub fn last_runs(conn: &mut Conn, company: i64, most: i64) -> diesel::QueryResult<Vec<Run>> {
    let mut found = runs::list(conn, company, most)?;
    found.retain(|run| !run.preview);
    Ok(found)
}
