//! A run for a company, as a job: whether it is still wanted, and what becomes of the job when the run fails. The run itself
//! is `runs`'.

use chrono::TimeDelta;

use super::Ended;
use crate::app::App;
use crate::db::holds::Signed;
use crate::db::jobs::{Job, RunWork};
use crate::db::{DbError, companies};
use crate::model::{Company, Mode, RunFailure};
use crate::runs;
use crate::sync::Options;
use crate::sync::failure::{PLAN_CHANGED, SETTINGS_CHANGED, STOPPED};
use crate::sync::stop::Stop;

/// The kinds of failures that pass by themselves: words of `http::Kind`, and of `sync::failure`.
pub const TRANSIENT: &[&str] = &[
    "unreachable",
    "unavailable",
    "throttled",
    "lost",
    "incomplete",
    "unexpected",
    BUDGET,
    "database",
    "overtaken",
    SETTINGS_CHANGED,
];
/// The one of them that takes an hour: the PSA counts requests by the hour.
const BUDGET: &str = "budget";

pub(super) async fn run(
    app: &App,
    job: &Job,
    asked: &RunWork,
    stop: Option<&Stop>,
) -> Result<Ended, DbError> {
    let company = match wanted(app, job).await? {
        Ok(company) => company,
        Err(why) => return Ok(Ended::Cancelled(why)),
    };
    let mut options = Options::new(asked.mode, false);
    options.approved = asked.approved.iter().cloned().collect();
    options.expect.clone_from(&asked.expect);
    options.run_id.clone_from(&job.run_id);
    options.stop = stop.cloned();
    options.requested_by.clone_from(&job.requested_by);
    let finished = if asked.mode == Mode::Approval {
        let signed = Signed::together(&asked.signatures(job.requested_by.as_deref()));
        options.requested_by = Some(signed.staff.clone());
        options.signed = Some(signed);
        match runs::approved(app, &company, options, &|_, _| ()).await {
            Some(finished) => finished,
            None => return Ok(Ended::Cancelled(NOBODY_WAITS.to_owned())),
        }
    } else {
        runs::one(app, &company, &options, &|_, _| ()).await
    };
    let broken = finished.broken().is_some();
    let Some(error) = finished.report.error else {
        return Ok(Ended::Done);
    };
    if error.kind == SETTINGS_CHANGED
        && let Err(why) = wanted(app, job).await?
    {
        return Ok(Ended::Cancelled(why));
    }
    Ok(ended(&error, broken))
}

/// Why an approval is not carried out.
const NOBODY_WAITS: &str = "None of the people approved waits for it any more";

/// The company as it is now, or why nothing is to be written for it.
async fn wanted(app: &App, job: &Job) -> Result<Result<Company, String>, DbError> {
    Ok(match of(app, job).await? {
        Some(company) if company.sync_contacts => Ok(company),
        Some(company) => Err(format!("Contact sync is switched off for {}", company.name)),
        None => Err(GONE.to_owned()),
    })
}

/// Why a job of a removed company is not done.
pub(super) const GONE: &str = "The company does not exist any more";

/// The company of a job.
pub(super) async fn of(app: &App, job: &Job) -> Result<Option<Company>, DbError> {
    let Some(id) = job.company_id else {
        return Ok(None);
    };
    app.db().read(move |conn| companies::get(conn, id)).await
}

/// What becomes of the job of a run that failed; `broken`: by a connection that a person has to mend.
pub(super) fn ended(error: &RunFailure, broken: bool) -> Ended {
    let why = format!("{}. {}", error.message.trim_end_matches('.'), error.advice);
    match error.kind.as_str() {
        STOPPED => Ended::Interrupted,
        // Nothing was begun: whoever asked for just that plan looks at what has changed.
        PLAN_CHANGED => Ended::Cancelled(why),
        BUDGET => Ended::Again {
            why,
            pause: TimeDelta::hours(1),
        },
        _ if broken => Ended::Quarantined(why),
        kind if TRANSIENT.contains(&kind) => Ended::Again {
            why,
            pause: TimeDelta::minutes(1),
        },
        _ => Ended::Failed(why),
    }
}
