//! A company's overview: how it does, its people in numbers, its last and next run, and the button that syncs its contacts.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::Deserialize;

use super::overview_live::{self, Live, Stage};
use super::overview_page::{Dot, Last, Next, OverviewPage, Settings};
use super::overview_state::{Known, Planned, State, Tiles, counts, is_good};
use crate::db::jobs::Priority;
use crate::db::runs::{self, Run};
use crate::db::tenant_connections;
use crate::db::{Conn, companies, events, holds, plans, previews, psa_connections};
use crate::jobs;
use crate::model::{Company, Mode, Status};
use crate::web::routes::{Entry, routes};
use crate::web::words;
use crate::web::{At, CompanyHead, Form, Samples, Tab, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}" Reader show;
    Get Part "/companies/{company:\\d+}/live" Reader live;
    Post Act "/companies/{company:\\d+}/sync" Technician sync;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<OverviewPage>();
    all.part::<Live>();
}

/// So many runs are shown as dots.
const DOTS: usize = 10;
/// Among so many runs the last good one is looked for.
const LOOKED_AT: i64 = 60;

/// What the page is made of.
struct Read {
    company: Company,
    psa: String,
    tenant: bool,
    events: Vec<events::Event>,
    preview: bool,
    runs: Vec<Run>,
    held: usize,
    plan: Option<Planned>,
}

fn read(conn: &mut Conn, id: i64) -> QueryResult<Option<Read>> {
    let Some(company) = companies::get(conn, id)? else {
        return Ok(None);
    };
    let psa = psa_connections::get(conn, company.psa_id)?;
    let hold = holds::open_of(conn, id)?;
    Ok(Some(Read {
        psa: psa.map(|psa| psa.name).unwrap_or_default(),
        tenant: tenant_connections::get(conn, id)?.is_some(),
        events: events::of_company(conn, id, 50)?,
        preview: previews::digest(conn, id)?.is_some_and(|digest| !digest.is_empty()),
        runs: runs::list(conn, id, LOOKED_AT)?,
        held: hold.map_or(0, |hold| hold.people.len()),
        plan: plans::get(conn, id)?.and_then(|plan| serde_json::from_str(&plan.plan).ok()),
        company,
    }))
}

#[derive(Deserialize)]
struct Watch {
    watch: Option<String>,
}

impl Watch {
    fn job(&self) -> Option<i64> {
        self.watch.as_deref()?.parse().ok()
    }
}

async fn show(visit: Visit, id: Path<i64>, query: Query<Watch>) -> Result<HttpResponse, WebError> {
    let (id, now) = (*id, visit.now());
    let found = visit.app().db().read(move |conn| read(conn, id)).await?;
    let read = found.ok_or(WebError::NotFound)?;
    let live = overview_live::look(visit.app(), id, query.job(), now).await?;
    visit.page(&page(&read, live, now))
}

fn page(read: &Read, live: Live, now: DateTime<Utc>) -> OverviewPage {
    let good = read.runs.iter().find(|run| is_good(run));
    let tiles = good.map(|run| Tiles::of(run, read.plan.as_ref(), read.held));
    let state = State::of(&Known {
        company: &read.company,
        tenant: read.tenant,
        events: &read.events,
        preview: read.preview,
        runs: &read.runs,
        held: read.held,
        tiles,
        now,
    });
    let company = &read.company;
    let last = read.runs.iter().find(|run| !run.running);
    let next = Next {
        at: live.at.clone().filter(|_| live.stage == Stage::Later),
        words: match (company.sync_contacts, &live.stage) {
            (false, _) => "None: contact sync is off".into(),
            (_, Stage::Waiting | Stage::Reading | Stage::Writing) => "A run is going".into(),
            _ => sentence_of(&schedule(company)),
        },
    };
    let mut dots: Vec<Dot> = read
        .runs
        .iter()
        .take(DOTS)
        .map(|run| dot(run, now))
        .collect();
    dots.reverse();
    OverviewPage {
        head: CompanyHead::new(company, Tab::Overview),
        state,
        live,
        tiles,
        counted_at: good.map(|run| At::new(run.started_at, now)),
        counted_by: good.map(|run| run.id.clone()),
        last: last.map(|run| Last {
            id: run.id.clone(),
            mode: run.mode.as_str(),
            status: status(run),
            at: At::new(run.finished_at.unwrap_or(run.started_at), now),
            who: run.requested_by.clone().unwrap_or_default(),
        }),
        next,
        dots,
        settings: Settings {
            psa: read.psa.clone(),
            update_existing: company.update_existing,
            use_email: company.use_email,
            default_site: company
                .default_site
                .as_ref()
                .map(|site| site.name.clone())
                .unwrap_or_default(),
            filters: company.filters.len(),
            filters_off: company.filters.iter().filter(|one| !one.enabled).count(),
            schedule: sentence_of(&schedule(company)),
            floor: company.guard.floor,
            percent: company.guard.percent,
            ignored: company.ignored.len(),
        },
    }
}

/// When a company's daily run is, in words.
pub fn schedule(company: &Company) -> String {
    match &company.schedule {
        Some(time) => format!("every day at {time}, {}", company.timezone),
        None => format!("some time in the night, {}", company.timezone),
    }
}

fn sentence_of(words: &str) -> String {
    words::sentence(words).trim_end_matches('.').to_owned()
}

fn status(run: &Run) -> &'static str {
    match run.status {
        _ if run.running => "running",
        Some(status) => status.as_str(),
        None => "failed",
    }
}

fn dot(run: &Run, now: DateTime<Utc>) -> Dot {
    let counts = counts(run).unwrap_or_default();
    let changed = counts.create + counts.update + counts.reactivate + counts.deactivate;
    let changed = changed.saturating_sub(counts.held + counts.failed);
    let kind = match run.status {
        _ if run.running => "info",
        Some(Status::Succeeded) => "ok",
        Some(Status::Held | Status::Partial) => "warn",
        _ => "bad",
    };
    let ago = At::new(run.started_at, now).ago;
    Dot {
        kind,
        words: format!("{} {ago}, {changed} changed", words::status(status(run))),
    }
}

async fn live(visit: Visit, id: Path<i64>, query: Query<Watch>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?;
    let live = overview_live::look(visit.app(), company.id, query.job(), visit.now()).await?;
    visit.part(&live)
}

#[derive(Deserialize)]
struct SyncForm {
    #[serde(default)]
    mode: String,
}

async fn sync(visit: Visit, id: Path<i64>, form: Form<SyncForm>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?;
    let overview = format!("/companies/{}", company.id);
    let mode = match form.0.mode.as_str() {
        "" | "update" => Mode::Update,
        "resync" => Mode::Resync,
        _ => return Err(WebError::Bad("Choose Update or Resync.".into())),
    };
    if !company.sync_contacts {
        return Ok(visit.refused(
            &overview,
            "Contact sync is off for this company, so nothing was started. Turn it on first.",
        ));
    }
    let (who, now) = (visit.name(), visit.now());
    let asked = visit
        .app()
        .db()
        .write(move |conn| jobs::enqueue_run(conn, company.id, mode, Priority::Click, &who, now));
    let job = asked.await?.id();
    visit.app().jobs().wake();
    Ok(visit.lead(&format!("{overview}?watch={job}")))
}
