//! Why a run as a whole failed: the one shape into which every cause is turned.

use chrono::{DateTime, Utc};

use super::options::Options;
use super::report::{Counts, Report, stamp};
use crate::db::DbError;
use crate::http::{ApiError, Service};
use crate::model::{Calls, RunFailure, Side, Status};

/// The kind of a run that would do something else than what was looked at.
pub const PLAN_CHANGED: &str = "plan_changed";
/// The kind of a run that was asked to stop.
pub const STOPPED: &str = "stopped";
/// The kind of a run whose company was changed while it waited for its turn.
pub const SETTINGS_CHANGED: &str = "settings_changed";

/// The kind of a run that Rollcall's own database let down.
pub const DATABASE: &str = "database";

/// The kinds of failures of a connection that no waiting mends: a person has to. The cloud being down is none of them.
pub const FOR_PEOPLE: [&str; 8] = [
    "credentials",
    "secret_expired",
    "consent",
    "tenant",
    "wrong_tenant",
    PERMISSION,
    NOT_SET_UP,
    "secret_key",
];
/// The kind of what the service does not let us do.
pub(super) const PERMISSION: &str = "permission";
/// The kind of a connection that lacks something.
const NOT_SET_UP: &str = "not_set_up";

/// The side whose connection a person has to mend after this failure; `None`: there is nothing to mend in a connection.
pub fn broken(failure: &RunFailure) -> Option<Side> {
    let kinds = FOR_PEOPLE.contains(&failure.kind.as_str());
    failure.side.filter(|_| kinds)
}

/// A failed run.
pub type RunError = RunFailure;

/// A failure in three parts.
pub fn failure(kind: &str, message: impl Into<String>, advice: impl Into<String>) -> RunError {
    RunFailure {
        kind: kind.into(),
        message: message.into(),
        advice: advice.into(),
        side: None,
    }
}

/// A company that lacks something a run needs.
pub fn not_set_up(message: impl Into<String>, advice: impl Into<String>) -> RunError {
    failure(NOT_SET_UP, message, advice)
}

impl From<ApiError> for RunFailure {
    fn from(error: ApiError) -> Self {
        let side = match error.service {
            Service::Login | Service::Graph => Side::Tenant,
            Service::ConnectWise | Service::Autotask => Side::Psa,
        };
        failure(error.kind.as_str(), error.message(), error.advice()).by(side)
    }
}

impl From<DbError> for RunFailure {
    fn from(error: DbError) -> Self {
        failure(
            DATABASE,
            format!("Rollcall's own database failed: {error}"),
            "Check the database's disk space and connection, then run again",
        )
    }
}

/// The run was asked to stop.
pub fn stopped() -> RunError {
    failure(
        STOPPED,
        "The run was stopped before its end",
        "Nothing needs to be done: the next run carries on",
    )
}

/// The run would do something else than what was looked at.
pub fn plan_changed() -> RunError {
    failure(
        PLAN_CHANGED,
        "What would be done has changed since the preview",
        "Look at the new preview, then run it",
    )
}

/// The kind of a failure that is the program's own mistake.
pub const MISTAKE: &str = "mistake";

/// The program met a mistake of its own, which its log has.
pub fn mistake() -> RunError {
    failure(
        MISTAKE,
        "The program met a mistake of its own in this run",
        "Look at its log, and tell whoever maintains Rollcall; the next run settles what was left",
    )
}

/// Another process has taken the company over, since this one did not show that it lives.
pub fn overtaken() -> RunError {
    failure(
        "overtaken",
        "Another process took this company over, because this one hung",
        "Nothing needs to be done: the other process carries on",
    )
}

/// The PSA does not have the company any more.
pub fn company_gone(id: &str) -> RunError {
    failure(
        "company_gone",
        format!("The PSA has no company with the id {id}"),
        "Check the company's id in the PSA, or remove it from Rollcall",
    )
}

/// A run that could not even begin.
pub fn not_begun(company: &str, options: &Options, now: DateTime<Utc>, error: RunError) -> Report {
    Report {
        company: company.to_owned(),
        run: options.id(),
        mode: options.mode,
        preview: options.preview,
        status: Status::Failed,
        started_at: stamp(now),
        finished_at: stamp(now),
        counts: Counts::default(),
        calls: Calls::default(),
        error: Some(error),
        findings: Vec::new(),
        people: Vec::new(),
    }
}
