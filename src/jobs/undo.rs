//! Runs that put other runs back, as a job: how it is asked for, and what becomes of it. It is done whether contact sync is on or
//! not. The runs themselves are `runs`'.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::Ended;
use super::ask::{click, new_job};
use super::run::{GONE, ended, of};
use crate::app::App;
use crate::db::jobs::{AskedUndo, Enqueued, Job, Undos, Work};
use crate::db::{Conn, DbError};
use crate::model::Undo;
use crate::runs;
use crate::sync::Options;
use crate::sync::stop::Stop;

/// Asks for a run to be put back as it was looked at. One that waits already is done before it, by the same job.
///
/// # Errors
/// Where the database fails.
pub fn enqueue(
    conn: &mut Conn,
    company: i64,
    undo: Undo,
    requested_by: &str,
    now: DateTime<Utc>,
) -> QueryResult<Enqueued> {
    let asked = AskedUndo {
        undo,
        by: Some(requested_by.to_owned()),
    };
    let work = Work::Undo(Undos { undos: vec![asked] });
    click(conn, &new_job(company, work, requested_by, now), now)
}

/// Puts back what can be put back still: where an earlier try was interrupted, the rest. The last run has the job's own id, which
/// whoever waits for it looks at.
pub(super) async fn undo(
    app: &App,
    job: &Job,
    asked: &Undos,
    stop: Option<&Stop>,
) -> Result<Ended, DbError> {
    let Some(company) = of(app, job).await? else {
        return Ok(Ended::Cancelled(GONE.to_owned()));
    };
    let mut failed = None;
    for (at, one) in asked.undos.iter().enumerate() {
        let mut options = Options::undoing(one.undo.clone(), false);
        if at + 1 == asked.undos.len() {
            options.run_id.clone_from(&job.run_id);
        }
        options.stop = stop.cloned();
        options.requested_by = one.by.clone().or_else(|| job.requested_by.clone());
        let finished = runs::one(app, &company, &options, &|_, _| ()).await;
        let broken = finished.broken().is_some();
        if let Some(error) = finished.report.error {
            let end = ended(&error, broken);
            // What passes by itself, or the end of the program, stops the next one too.
            if !matches!(end, Ended::Failed(_)) {
                return Ok(end);
            }
            failed = Some(end);
        }
    }
    Ok(failed.unwrap_or(Ended::Done))
}
