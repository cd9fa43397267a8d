//! A visit: one request, who makes it, and how it is answered. Handlers take it as an argument; the gate has let it in.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_session::Session;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::page::{CompanyHead, Page, Part, Place};
use super::{Portal, WebError, assets};
use crate::app::App;
use crate::db::companies;
use crate::model::{Company, Role, Staff};

/// The token that forms carry.
pub(super) const CSRF: &str = "csrf";
/// Where somebody wanted to be who has to sign in first.
pub(super) const NEXT: &str = "next";
const SAID: &str = "said";

/// One request; cheap to clone.
#[derive(Clone)]
pub struct Visit(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub(super) portal: Portal,
    pub(super) staff: Option<Staff>,
    pub(super) session: Session,
    pub(super) csrf: String,
}

/// Something to say on the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `ok`, `info`, `warn` or `bad`.
    pub kind: String,
    /// The sentence.
    pub text: String,
    /// A link after it: what it says, and its address.
    #[serde(default)]
    pub link: Option<(String, String)>,
}

/// What every page has besides its own context.
#[derive(Clone, Debug, Serialize)]
pub struct Shell {
    /// What the browser's tab says.
    pub title: String,
    /// The section that is open.
    pub place: Place,
    /// The company that the page is about.
    pub company: Option<CompanyHead>,
    /// The name of who is signed in; empty before that.
    pub name: String,
    /// The role, for people; empty before signing in.
    pub role: String,
    /// Whether they may change companies.
    pub may_write: bool,
    /// Whether they may change settings and staff.
    pub is_admin: bool,
    /// The token that every form carries.
    pub csrf: String,
    /// What is to be said once.
    pub notices: Vec<Notice>,
    /// The version of scripts and stylesheet.
    pub version: String,
    /// Whether every cloud is simulated.
    pub demo: bool,
}

impl Shell {
    /// For tests that draw samples.
    pub fn sample(
        role: Option<Role>,
        (title, place, company): (String, Place, Option<CompanyHead>),
    ) -> Self {
        Self {
            title,
            place,
            company,
            name: role.map(|_| "Robin Sample".to_owned()).unwrap_or_default(),
            role: role.map(|role| role.label().to_owned()).unwrap_or_default(),
            may_write: role >= Some(Role::Technician),
            is_admin: role >= Some(Role::Administrator),
            csrf: "token".into(),
            notices: vec![
                Notice {
                    kind: "ok".into(),
                    text: "Saved.".into(),
                    link: None,
                },
                Notice {
                    kind: "ok".into(),
                    text: "1 deactivation is approved.".into(),
                    link: Some(("2 people wait still".into(), "/companies/7/hold".into())),
                },
            ],
            version: "0".into(),
            demo: true,
        }
    }
}

impl Visit {
    /// The program's state.
    pub fn app(&self) -> &App {
        self.0.portal.app()
    }

    /// The portal.
    pub fn portal(&self) -> &Portal {
        &self.0.portal
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.app().clock().now()
    }

    /// Who is signed in; `None` only where a route needs nobody.
    pub fn staff(&self) -> Option<&Staff> {
        self.0.staff.as_ref()
    }

    /// The name of who is signed in, for the history.
    pub fn name(&self) -> String {
        self.staff()
            .map(|staff| staff.name.clone())
            .unwrap_or_default()
    }

    /// Whether who is signed in has this role or a higher one.
    pub fn may(&self, role: Role) -> bool {
        self.staff().is_some_and(|staff| staff.role >= role)
    }

    /// Whom something waits for that a technician decides, in words.
    pub fn who_decides(&self) -> &'static str {
        if self.may(Role::Technician) {
            "you"
        } else {
            "a technician"
        }
    }

    /// The browser's session.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The company of this row id.
    ///
    /// # Errors
    /// Where there is none (any more).
    pub async fn company(&self, id: i64) -> Result<Company, WebError> {
        let found = self
            .app()
            .db()
            .read(move |conn| companies::get(conn, id))
            .await?;
        found.ok_or(WebError::NotFound)
    }

    /// Draws a page.
    pub fn page<T: Page>(&self, page: &T) -> Result<HttpResponse, WebError> {
        self.page_with(StatusCode::OK, page)
    }

    /// Draws a page again whose form has mistakes.
    pub fn again<T: Page>(&self, page: &T) -> Result<HttpResponse, WebError> {
        self.page_with(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    /// Draws a page with a status.
    pub fn page_with<T: Page>(
        &self,
        status: StatusCode,
        page: &T,
    ) -> Result<HttpResponse, WebError> {
        let shell = self.shell(page.title(), page.place(), page.company());
        let templates = self.0.portal.templates();
        let html = templates.render(T::TEMPLATE, &shell, ("page", page))?;
        Ok(html_answer(status, html))
    }

    /// Draws a part of a page.
    pub fn part<T: Part>(&self, part: &T) -> Result<HttpResponse, WebError> {
        let shell = self.shell(String::new(), Place::Outside, None);
        let templates = self.0.portal.templates();
        let html = templates.render(T::TEMPLATE, &shell, ("part", part))?;
        Ok(html_answer(StatusCode::OK, html))
    }

    /// Leads to another page of the portal.
    pub fn lead(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther()
            .insert_header((LOCATION, to))
            .finish()
    }

    /// Leads to another page of the portal; a script is told to go there as a whole.
    pub fn lead_on(&self, to: &str, script: bool) -> HttpResponse {
        if script {
            HttpResponse::Ok()
                .insert_header(("HX-Redirect", to))
                .finish()
        } else {
            self.lead(to)
        }
    }

    /// Leads to another page, which says this once.
    pub fn done(&self, to: &str, text: impl Into<String>) -> HttpResponse {
        self.say("ok", text);
        self.lead(to)
    }

    /// The same, with a link after it: what it says, and its address.
    pub fn done_with_link(
        &self,
        to: &str,
        text: impl Into<String>,
        link: (String, String),
    ) -> HttpResponse {
        self.note("ok", text.into(), Some(link));
        self.lead(to)
    }

    /// Leads to another page, which says once what went wrong.
    pub fn refused(&self, to: &str, text: impl Into<String>) -> HttpResponse {
        self.say("bad", text);
        self.lead(to)
    }

    /// Says something on the next page.
    pub fn say(&self, kind: &str, text: impl Into<String>) {
        self.note(kind, text.into(), None);
    }

    fn note(&self, kind: &str, text: String, link: Option<(String, String)>) {
        let mut said: Vec<Notice> = self.0.session.get(SAID).ok().flatten().unwrap_or_default();
        said.push(Notice {
            kind: kind.into(),
            text,
            link,
        });
        let _ = self.0.session.insert(SAID, said);
    }

    /// A file to keep, of comma-separated values. The name is ours, never a person's.
    pub fn csv(&self, name: &str, bytes: Vec<u8>) -> HttpResponse {
        csv_answer(name).body(bytes)
    }

    /// The same, piece by piece as it is read.
    pub fn csv_in_pieces(
        &self,
        name: &str,
        pieces: impl Stream<Item = Result<Bytes, WebError>> + 'static,
    ) -> HttpResponse {
        // The answer has begun: no page can say it, and the file ends where it broke.
        csv_answer(name).streaming(pieces.map_err(|error| {
            if let WebError::Internal(cause) = &error {
                tracing::error!("A file could not be made to its end: {cause:#}");
            }
            actix_web::Error::from(error)
        }))
    }

    pub(super) fn shell(&self, title: String, place: Place, company: Option<CompanyHead>) -> Shell {
        // A part of a page takes no notice away from the next whole page. Removing what is not there would have the session
        // written for every page.
        let said = self.0.session.contains_key(SAID);
        let notices = if title.is_empty() || !said {
            Vec::new()
        } else {
            self.0
                .session
                .remove_as(SAID)
                .and_then(Result::ok)
                .unwrap_or_default()
        };
        let staff = self.staff();
        Shell {
            title,
            place,
            company,
            name: self.name(),
            role: staff
                .map(|staff| staff.role.label().to_owned())
                .unwrap_or_default(),
            may_write: self.may(Role::Technician),
            is_admin: self.may(Role::Administrator),
            csrf: self.0.csrf.clone(),
            notices,
            version: assets::version().to_owned(),
            demo: self.0.portal.is_demo(),
        }
    }
}

fn csv_answer(name: &str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.csv\""),
        ));
    answer
}

/// Whether a script asks, which puts the answer into the page that stays open.
pub fn by_script(request: &HttpRequest) -> bool {
    request.headers().contains_key("hx-request")
}

/// The shell of a page for somebody whom no gate has seen: at an address where there is nothing.
pub(super) fn outside(portal: &Portal, title: String) -> Shell {
    Shell {
        title,
        place: Place::Outside,
        company: None,
        name: String::new(),
        role: String::new(),
        may_write: false,
        is_admin: false,
        csrf: String::new(),
        notices: Vec::new(),
        version: assets::version().to_owned(),
        demo: portal.is_demo(),
    }
}

pub(super) fn html_answer(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(html)
}

impl FromRequest for Visit {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visit = request.extensions().get::<Self>().cloned();
        ready(visit.ok_or_else(|| {
            WebError::Internal(anyhow::anyhow!("a route was reached without its gate"))
        }))
    }
}
