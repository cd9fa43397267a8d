//! What is done in the background: what runs now, what waits, what failed for good. A job that waits can be cancelled, and one that
//! runs can be asked to stop.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::db::jobs::{self, Job, JobState, Work};
use crate::db::quarantines::Quarantine;
use crate::db::{companies, runs};
use crate::model::{Role, text};
use crate::web::routes::{Entry, routes};
use crate::web::{At, Form, Page, Place, Samples, Visit, WebError, live, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/jobs" Administrator show;
    Post Act "/settings/jobs/{job:\\d+}/cancel" Technician cancel;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<JobsPage>();
}

/// So many unfinished jobs are shown at most.
const UNFINISHED: i64 = 50;
/// So many that failed for good.
const FAILED: i64 = 25;
/// So many that were asked for last.
const RECENT: i64 = 25;

/// The jobs.
#[derive(Clone, Debug, Serialize)]
pub struct JobsPage {
    running: Vec<JobRow>,
    waiting: Vec<JobRow>,
    /// So many more wait than are shown.
    more: i64,
    failed: Vec<JobRow>,
    recent: Vec<JobRow>,
    /// So many are among those that were asked for last, at most.
    most: i64,
}

/// One job.
#[derive(Clone, Debug, Serialize)]
struct JobRow {
    id: i64,
    /// What it does.
    what: String,
    company_id: i64,
    /// The company's name; empty: of no company.
    company: String,
    removed: bool,
    state: String,
    /// Not before this.
    run_at: At,
    /// Whether that has not come yet.
    later: bool,
    attempts: i64,
    /// Why it failed, waits again, or is not wanted any more.
    why: String,
    asked_by: String,
    asked: At,
    /// When it was over; else when it was last begun.
    at: Option<At>,
    /// The run that it began, where that stands in the history.
    run: String,
    /// Whether somebody asked it to stop.
    stops: bool,
}

impl Page for JobsPage {
    const TEMPLATE: &'static str = "pages/jobs.html";

    fn title(&self) -> String {
        "Jobs".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let row = JobRow {
            id: 4,
            what: "Update".into(),
            company_id: 7,
            company: "<script>alert(1)</script> \u{202e}\"Co\" 🏢".into(),
            removed: false,
            state: "queued".into(),
            run_at: At::sample(),
            later: true,
            attempts: 2,
            why: "Microsoft Graph <b>asks</b> for a pause ".repeat(20),
            asked_by: "Robin".into(),
            asked: At::sample(),
            at: Some(At::sample()),
            run: "0193aaaa-0000-7000-8000-000000000000".into(),
            stops: true,
        };
        let plain = JobRow {
            company: String::new(),
            state: "running".into(),
            later: false,
            attempts: 1,
            why: String::new(),
            asked_by: String::new(),
            at: None,
            run: String::new(),
            stops: false,
            ..row.clone()
        };
        let removed = JobRow {
            removed: true,
            later: false,
            ..row.clone()
        };
        let empty = Self {
            running: Vec::new(),
            waiting: Vec::new(),
            more: 0,
            failed: Vec::new(),
            recent: Vec::new(),
            most: RECENT,
        };
        let one = Self {
            running: vec![plain.clone()],
            ..empty.clone()
        };
        let all = vec![row, plain, removed];
        let many = Self {
            running: all.clone(),
            waiting: all.clone(),
            more: 450,
            failed: all.clone(),
            recent: all,
            ..empty.clone()
        };
        vec![empty, one, many]
    }
}

/// What the rows are made from.
struct Known {
    names: HashMap<i64, String>,
    here: HashMap<i64, String>,
    /// The runs that stand in the history.
    runs: Vec<String>,
    /// What those wait for whose connection is in quarantine, by job.
    held: HashMap<i64, Quarantine>,
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let now = visit.now();
    let found = visit.app().db().read(move |conn| {
        let unfinished = jobs::unfinished(conn, UNFINISHED)?;
        let failed = jobs::list_failed(conn, FAILED)?;
        let recent = jobs::recent(conn, RECENT)?;
        let all = [&unfinished, &failed, &recent].into_iter().flatten();
        let ids: Vec<String> = all.filter_map(|job| job.run_id.clone()).collect();
        let mut held = HashMap::new();
        for job in unfinished
            .iter()
            .filter(|job| job.state == JobState::Queued)
        {
            if let Some(quarantine) = live::held(conn, job, now)? {
                held.insert(job.id, quarantine);
            }
        }
        let known = Known {
            held,
            names: companies::names(conn)?,
            here: companies::labels(conn)?.into_iter().collect(),
            runs: runs::known(conn, &ids)?,
        };
        let more = jobs::count_unfinished(conn)?.saturating_sub(UNFINISHED);
        Ok((unfinished, more, failed, recent, known))
    });
    let (unfinished, more, failed, recent, known) = found.await?;
    let rows = |all: &mut dyn Iterator<Item = &Job>| -> Vec<JobRow> {
        all.map(|job| row(job, &known, now)).collect()
    };
    let of = |state: JobState| {
        let mut fits = unfinished.iter().filter(|job| job.state == state);
        rows(&mut fits)
    };
    visit.page(&JobsPage {
        running: of(JobState::Running),
        waiting: of(JobState::Queued),
        more: more.max(0),
        failed: rows(&mut failed.iter()),
        recent: rows(&mut recent.iter()),
        most: RECENT,
    })
}

fn row(job: &Job, known: &Known, now: DateTime<Utc>) -> JobRow {
    let company = job.company_id.unwrap_or_default();
    let run = job.run_id.as_ref().filter(|id| known.runs.contains(id));
    let at = job.finished_at.or(job.started_at);
    let held = known.held.get(&job.id);
    let run_at = held.map_or(job.run_at, |held| held.next_try.max(job.run_at));
    let why = job.error.clone().unwrap_or_default();
    JobRow {
        id: job.id,
        what: match &job.work {
            Work::Run(run) => words::mode(run.mode.as_str()),
            Work::Preview => "Preview".into(),
            Work::Undo(_) => words::mode("undo"),
        },
        company_id: company,
        company: known.names.get(&company).cloned().unwrap_or_default(),
        removed: !known.here.contains_key(&company),
        state: job.state.as_str().into(),
        run_at: At::new(run_at, now),
        later: run_at > now,
        attempts: job.attempts,
        why: held.map_or(why, Quarantine::sentence),
        asked_by: match job.work.askers().as_slice() {
            [] => job.requested_by.clone().unwrap_or_default(),
            askers => text::and(askers),
        },
        asked: At::new(job.created_at, now),
        at: at.map(|at| At::new(at, now)),
        run: run.cloned().unwrap_or_default(),
        stops: job.stop_by.is_some(),
    }
}

#[derive(Deserialize)]
struct CancelForm {
    /// `company`: it was asked for on the company's own page.
    #[serde(default)]
    back: String,
}

/// Cancels a job that waits, and asks one that is being done to stop. Who may not see the jobs is led to the company.
async fn cancel(
    visit: Visit,
    job: Path<i64>,
    form: Form<CancelForm>,
) -> Result<HttpResponse, WebError> {
    let (id, now, who) = (*job, visit.now(), visit.name());
    let done = visit.app().db().write(move |conn| {
        let Some(job) = jobs::get(conn, id)? else {
            return Ok(None);
        };
        let cancelled = jobs::cancel(conn, id, &format!("Cancelled by {who}"), now)?;
        let stops = !cancelled && jobs::ask_to_stop(conn, id, &who)?;
        Ok(Some((job, cancelled, stops)))
    });
    let (job, cancelled, stops) = done.await?.ok_or(WebError::NotFound)?;
    let to = match job.company_id {
        _ if visit.may(Role::Administrator) && form.0.back != "company" => {
            "/settings/jobs".to_owned()
        }
        Some(company) => format!("/companies/{company}"),
        None => "/".to_owned(),
    };
    if cancelled {
        return Ok(visit.done(&to, "The job is cancelled."));
    }
    if stops {
        visit.app().jobs().wake();
        return Ok(visit.done(
            &to,
            "The job stops as soon as the writes in hand are finished.",
        ));
    }
    Ok(visit.refused(&to, "Nothing was cancelled: the job is over already."))
}
