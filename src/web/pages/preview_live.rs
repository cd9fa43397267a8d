//! What goes on around a preview: one that is being made, or the run that does what was looked at. A part of the page that looks
//! again by itself, and leads on when it is over.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::db::jobs::{self, JobState, Work};
use crate::db::previews;
use crate::sync::failure::PLAN_CHANGED;
use crate::web::live::{self, Live, Stage};
use crate::web::{Part, Visit, WebError};

/// Tells htmx to open another page.
const REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Which page waits for the preview, and leads on to itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// The preview.
    #[default]
    Preview,
    /// The preview, with what is different from the one that was looked at.
    Different,
    /// The page that turns contact sync on.
    TurnOn,
}

impl Back {
    /// The page's address.
    pub fn address(self, company: i64) -> String {
        match self {
            Self::Preview => format!("/companies/{company}/preview"),
            Self::Different => format!("/companies/{company}/preview?back=different"),
            Self::TurnOn => format!("/companies/{company}/contact-sync/turn-on"),
        }
    }

    /// The page's address while it waits for a job.
    pub fn waiting(self, company: i64, job: i64) -> String {
        let address = self.address(company);
        let mark = if address.contains('?') { '&' } else { '?' };
        format!("{address}{mark}watch={job}")
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Nothing goes on.
    #[default]
    Nothing,
    /// A preview waits to be made.
    Waiting,
    /// A preview is made.
    Making,
    /// No preview was made.
    Failed,
    /// The run goes on, or is over.
    Run,
    /// The run would have done something else than was looked at, so it did nothing.
    Changed,
}

/// What goes on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PreviewLive {
    /// The company's row id.
    pub company: i64,
    /// The job that is watched.
    pub watch: Option<i64>,
    /// Where it leads when it is over.
    pub back: Back,
    /// How far it is.
    pub doing: Doing,
    /// Whether it looks again by itself.
    pub again: bool,
    /// Why no preview was made.
    pub why: String,
    /// How far the run is.
    pub run: Live,
    /// Whether the visitor may make a preview.
    pub may_write: bool,
}

impl Part for PreviewLive {
    const TEMPLATE: &'static str = "parts/preview_live.html";

    fn samples() -> Vec<Self> {
        let of = |doing, again| Self {
            company: 7,
            watch: Some(3),
            doing,
            again,
            may_write: true,
            ..Self::default()
        };
        let mut all = vec![
            Self::default(),
            of(Doing::Waiting, true),
            of(Doing::Making, true),
            Self {
                why: "<script>alert(1)</script>".into(),
                ..of(Doing::Failed, false)
            },
            of(Doing::Changed, false),
            Self {
                may_write: false,
                ..of(Doing::Changed, false)
            },
        ];
        all.extend(Live::samples().into_iter().map(|run| Self {
            again: run.every > 0,
            run,
            ..of(Doing::Run, false)
        }));
        all
    }
}

/// What goes on with the job that is watched, or else with the company's preview.
///
/// # Errors
/// Where the database fails.
pub async fn look(
    visit: &Visit,
    company: i64,
    watch: Option<i64>,
    back: Back,
) -> Result<PreviewLive, WebError> {
    let found = visit.app().db().read(move |conn| {
        let watched = match watch {
            Some(id) => jobs::get(conn, id)?.filter(|job| job.company_id == Some(company)),
            None => None,
        };
        let mut going = jobs::running(conn, company)?;
        going.extend(jobs::waiting(conn, company)?);
        let making = going.into_iter().find(|job| job.work == Work::Preview);
        let digest = previews::digest(conn, company)?;
        Ok((watched.or(making), digest.unwrap_or_default()))
    });
    let (job, digest) = found.await?;
    let nothing = PreviewLive {
        company,
        back,
        may_write: visit.may(crate::model::Role::Technician),
        ..PreviewLive::default()
    };
    let Some(job) = job else { return Ok(nothing) };
    let watched = PreviewLive {
        watch: Some(job.id),
        ..nothing.clone()
    };
    let Work::Run(work) = &job.work else {
        return Ok(match job.state {
            JobState::Queued => PreviewLive {
                doing: Doing::Waiting,
                again: true,
                ..watched
            },
            JobState::Running => PreviewLive {
                doing: Doing::Making,
                again: true,
                ..watched
            },
            JobState::Done => nothing,
            JobState::Failed | JobState::Cancelled => PreviewLive {
                doing: Doing::Failed,
                why: job.error.unwrap_or_default(),
                ..nothing
            },
        });
    };
    // Whoever comes back later, when there is a newer preview, is not shown the old news.
    let news = work.expect.as_ref() == Some(&digest);
    let run = live::look_at(visit.app(), company, job.clone(), visit.now()).await?;
    if run.stage == Stage::Over && run.failure == PLAN_CHANGED {
        return Ok(PreviewLive {
            doing: if news { Doing::Changed } else { Doing::Nothing },
            back: Back::Different,
            ..watched
        });
    }
    Ok(PreviewLive {
        doing: Doing::Run,
        again: run.every > 0,
        run,
        ..watched
    })
}

/// The part; where what was watched is over and there is a page to show, it leads there.
///
/// # Errors
/// Where the part cannot be drawn.
pub fn answer(visit: &Visit, live: &PreviewLive) -> Result<HttpResponse, WebError> {
    let mut answer = visit.part(live)?;
    if live.doing == Doing::Nothing
        && let Ok(to) = HeaderValue::from_str(&live.back.address(live.company))
    {
        answer.headers_mut().insert(REDIRECT, to);
    }
    Ok(answer)
}
