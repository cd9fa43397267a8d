//! What goes wrong with a request, and the answer it becomes. The page itself is drawn by the frame, which knows who asks.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use super::words;
use crate::db::DbError;
use crate::model::RunFailure;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum WebError {
    /// There is no such thing, or not any more.
    NotFound,
    /// The role does not allow it.
    Forbidden,
    /// The request cannot be understood; one sentence that says what to do.
    Bad(String),
    /// What is needed does not answer now; one sentence that says what to do.
    Unavailable(String),
    /// A fault of the program or its database. The cause goes to the log only.
    Internal(anyhow::Error),
}

/// What the frame's page says; left in the answer.
#[derive(Clone, Debug)]
pub(super) struct Said(pub(super) String);

/// An answer for programs: no page takes its place, and the log says of it only at `debug`. Left in the answer.
pub(super) struct AsIs;

/// The cause of a fault, for the log; left in the answer.
pub(super) struct Cause(pub(super) String);

impl std::fmt::Display for WebError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFound => "There is nothing at this address, or not any more.",
            Self::Forbidden => {
                "Your role does not allow this. An administrator can change roles under Settings."
            }
            Self::Bad(sentence) | Self::Unavailable(sentence) => sentence,
            Self::Internal(_) => {
                "Something went wrong on our side, and nothing was changed. Try again; if it happens \
                 again, look in the log for the reference below."
            }
        })
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(Said(self.to_string()));
        if let Self::Internal(cause) = self {
            response
                .extensions_mut()
                .insert(Cause(format!("{cause:#}")));
        }
        response
    }
}

impl From<DbError> for WebError {
    fn from(error: DbError) -> Self {
        Self::Internal(anyhow::Error::new(error).context("the database failed"))
    }
}

impl From<anyhow::Error> for WebError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// A page that cannot do without a vendor says what the vendor's failure means.
impl From<RunFailure> for WebError {
    fn from(error: RunFailure) -> Self {
        Self::Unavailable(words::told(&error))
    }
}
