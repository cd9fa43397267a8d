//! The pages of errors.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::web::{Page, Place, WebError, gate};

/// What went wrong, and how to go on.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorPage {
    /// The status.
    pub status: u16,
    /// What it is called.
    pub heading: String,
    /// What happened and what to do.
    pub sentence: String,
    /// By which it is found in the log; empty where there is nothing to find.
    pub reference: String,
}

impl ErrorPage {
    /// The page of this status.
    pub fn new(status: StatusCode, said: Option<String>, reference: &str) -> Self {
        let (heading, usual) = match status.as_u16() {
            400 => (
                "That did not work",
                "This request cannot be read. Go back and try again.",
            ),
            403 => ("Not allowed", "Your role does not allow this."),
            404 => (
                "Nothing here",
                "There is nothing at this address, or not any more.",
            ),
            405 => (
                "Not this way",
                "This address is reached by a form of the portal. Start again from the fleet.",
            ),
            413 => (
                "Too long",
                "What was sent is too long. Shorten it, and send it again.",
            ),
            503 => (
                "Not available now",
                "Something that this page needs does not answer. Try again later.",
            ),
            _ if status.is_client_error() => (
                "That did not work",
                "This request cannot be answered. Go back and try again.",
            ),
            _ => (
                "Something went wrong",
                "Something went wrong on our side. Try again.",
            ),
        };
        let fault = status.is_server_error();
        Self {
            status: status.as_u16(),
            heading: heading.into(),
            sentence: said.unwrap_or_else(|| usual.into()),
            reference: if fault {
                reference.into()
            } else {
                String::new()
            },
        }
    }
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "pages/error.html";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn place(&self) -> Place {
        Place::Outside
    }

    fn samples() -> Vec<Self> {
        vec![
            Self::new(StatusCode::NOT_FOUND, None, "0123456789ab"),
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                Some("<script>alert(1)</script>".into()),
                "0123456789ab",
            ),
        ]
    }
}

/// The answer where no route leads.
pub async fn nothing_here(request: HttpRequest) -> Result<&'static str, WebError> {
    // Who is signed in keeps the navigation.
    gate::look(&request)?;
    Err(WebError::NotFound)
}

/// The answer where a route is asked for in a way that it does not know.
pub async fn no_such_method() -> actix_web::HttpResponse {
    actix_web::HttpResponse::MethodNotAllowed().finish()
}
