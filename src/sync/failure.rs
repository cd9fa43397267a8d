//! Why a run as a whole failed: the one shape into which every cause is turned.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::report::{Counts, Report, stamp};
use crate::db::DbError;
use crate::http::ApiError;
use crate::model::{Calls, Mode, RunFailure, Status};

/// A failed run.
pub type RunError = RunFailure;

/// A failure in three parts.
pub fn failure(kind: &str, message: impl Into<String>, advice: impl Into<String>) -> RunError {
    RunFailure {
        kind: kind.into(),
        message: message.into(),
        advice: advice.into(),
    }
}

/// A company that lacks something a run needs.
pub fn not_set_up(message: impl Into<String>, advice: impl Into<String>) -> RunError {
    failure("not_set_up", message, advice)
}

impl From<ApiError> for RunFailure {
    fn from(error: ApiError) -> Self {
        failure(error.kind.as_str(), error.message(), error.advice())
    }
}

impl From<DbError> for RunFailure {
    fn from(error: DbError) -> Self {
        failure(
            "database",
            format!("Rollcall's own database failed: {error}"),
            "Check the database's disk space and connection, then run again",
        )
    }
}

/// The run was asked to stop.
pub fn stopped() -> RunError {
    failure(
        "stopped",
        "The run was stopped before its end",
        "Nothing needs to be done: the next run carries on",
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
pub fn not_begun(
    company: &str,
    mode: Mode,
    preview: bool,
    now: DateTime<Utc>,
    error: RunError,
) -> Report {
    Report {
        company: company.to_owned(),
        run: Uuid::now_v7().to_string(),
        mode,
        preview,
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
