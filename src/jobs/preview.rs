//! A preview, as a job: the same engine plans, writes nothing to the PSA, and what it read
//! and would do is kept to be looked at. A preview that
//! failed is kept too, and says why.

use super::Ended;
use super::run::{GONE, of};
use crate::app::App;
use crate::db::jobs::Job;
use crate::db::previews::{self, StoredPreview};
use crate::db::{DbError, jobs};
use crate::model::Mode;
use crate::runs;
use crate::sync::Options;
use crate::sync::failure::STOPPED;
use crate::sync::report::Report;
use crate::sync::stop::Stop;

pub(super) async fn preview(app: &App, job: &Job, stop: Option<&Stop>) -> Result<Ended, DbError> {
    let Some(company) = of(app, job).await? else {
        return Ok(Ended::Cancelled(GONE.to_owned()));
    };
    let began = app.clock().now();
    let mut options = Options::new(Mode::Update, true);
    options.remember = true;
    options.run_id.clone_from(&job.run_id);
    options.stop = stop.cloned();
    options.requested_by.clone_from(&job.requested_by);
    let finished = runs::one(app, &company, &options, &|_, _| ()).await;
    let (report, seen) = (finished.report, finished.seen);
    if report
        .error
        .as_ref()
        .is_some_and(|error| error.kind == STOPPED)
    {
        return Ok(Ended::Interrupted);
    }
    let stored = StoredPreview {
        company_id: company.id,
        run_id: report.run.clone(),
        // What was saved while it was made is not in it.
        made_at: began,
        digest: match (&report.error, &seen) {
            (None, Some((_, plan))) => plan.digest(),
            _ => String::new(),
        },
        report: serde_json::to_string(&report).unwrap_or_default(),
    };
    let job = job.clone();
    let kept = app.db().write(move |conn| {
        // Whoever lost the job may have looked at what is older than what is kept by now.
        let ours = jobs::get(conn, job.id)?.is_some_and(|now| now.run_id == job.run_id);
        if ours {
            previews::put(conn, &stored)?;
        }
        Ok(())
    });
    kept.await?;
    Ok(Ended::Done)
}

/// The report of a preview that was kept; `None` where it is that of another version of Rollcall, which words it otherwise.
pub fn report(stored: &StoredPreview) -> Option<Report> {
    serde_json::from_str(&stored.report).ok()
}
