//! A company's overview: how it does, its people in numbers, its last and next run, and the button that syncs its contacts.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::Deserialize;

use super::overview_page::{Last, Next, OverviewPage, Settings};
use super::overview_state::{Known, State, Tiles, is_good};
use super::people::aside;
use super::run_counts;
use crate::attention;
use crate::db::events::Saved;
use crate::db::jobs::Priority;
use crate::db::quarantines::{self, Quarantine};
use crate::db::runs::{self, Run};
use crate::db::tenant_connections;
use crate::db::{Conn, companies, events, holds, previews, psa_connections, settings};
use crate::jobs;
use crate::jobs::schedule::Timetable;
use crate::model::{Company, Mode, Role, RunFailure, Status};
use crate::sync::{last, standing};
use crate::web::live::{self, Live, Stage};
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::{
    At, CompanyHead, Disconnected, Form, Samples, Tab, TenantDoubt, Visit, WebError, progress,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}" Reader show;
    Get Live "/companies/{company:\\d+}/live" Reader part;
    Post Act "/companies/{company:\\d+}/sync" Technician sync;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<OverviewPage>();
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
    /// When and by whom it was disconnected, where it was.
    disconnected: Option<Saved>,
    /// Whether the tenant is read through the MSP's own Microsoft app.
    shared: bool,
    certificate: bool,
    saved: bool,
    preview: bool,
    runs: Vec<Run>,
    /// How many contacts the last good of them wrote.
    changed: usize,
    failed: Option<(String, RunFailure)>,
    /// The run in which people failed who had failed in the one before it, and how many.
    refused: Option<(String, usize)>,
    held: usize,
    quarantines: Vec<Quarantine>,
    setup: Option<Setup>,
}

fn read(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<Option<Read>> {
    let Some(company) = companies::get(conn, id)? else {
        return Ok(None);
    };
    let psa = psa_connections::get(conn, company.psa_id)?;
    let hold = holds::open_of(conn, id)?;
    let tenant = tenant_connections::get(conn, id)?;
    let app = settings::get(conn, settings::MICROSOFT_APP)?;
    let runs = runs::list(conn, id, LOOKED_AT)?;
    let (failed, refused) = needs(conn, id, &runs, now)?;
    Ok(Some(Read {
        psa: psa.map(|psa| psa.name).unwrap_or_default(),
        shared: tenant.as_ref().map(|tenant| &tenant.client_id) == app.as_ref(),
        certificate: tenant.as_ref().is_some_and(|tenant| tenant.certificate),
        tenant: tenant.is_some(),
        disconnected: Disconnected::of(conn, id)?,
        saved: events::was(conn, id, "company_saved")?,
        preview: previews::digest(conn, id)?.is_some_and(|digest| !digest.is_empty()),
        changed: changed(conn, &runs)?,
        failed,
        refused,
        runs,
        held: hold.map_or(0, |hold| hold.people.len()),
        quarantines: quarantines::of_company(conn, id, company.psa_id)?,
        setup: Setup::of(conn, &company, SetupStep::Company)?,
        company,
    }))
}

/// How many contacts the last good of these runs wrote.
fn changed(conn: &mut Conn, all: &[Run]) -> QueryResult<usize> {
    let Some(good) = all.iter().find(|run| is_good(run)) else {
        return Ok(0);
    };
    let done = run_counts::done(conn, std::slice::from_ref(good))?;
    Ok(done.get(&good.id).map_or(0, run_counts::written))
}

/// A run and why it failed; a run and for how many people.
type Needs = (Option<(String, RunFailure)>, Option<(String, usize)>);

/// The last run and why it failed, and in which run people failed again, where the fleet's overview counts it among what needs
/// a person.
fn needs(conn: &mut Conn, id: i64, all: &[Run], now: DateTime<Utc>) -> QueryResult<Needs> {
    let over = |run: &&Run| run.status.is_some() && run.mode != Mode::Undo;
    let failed = all.iter().find(over).is_some_and(|run| run.error.is_some());
    let together = |run: &&Run| is_good(run) && matches!(run.mode, Mode::Update | Mode::Resync);
    let partly = all.iter().find(together);
    let partly = partly.is_some_and(|run| run.status == Some(Status::Partial));
    if !failed && !partly {
        return Ok((None, None));
    }
    let fleet = attention::read(conn, now)?;
    let Some(company) = fleet.companies.iter().find(|one| one.id == id) else {
        return Ok((None, None));
    };
    let failed = attention::failed_run(&fleet, company);
    let refused = attention::not_taken(&fleet, company);
    Ok((
        failed.map(|(run, error)| (run.id.clone(), error.clone())),
        refused.map(|(run, people)| (run.id.clone(), people)),
    ))
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
    let found = visit
        .app()
        .db()
        .read(move |conn| read(conn, id, now))
        .await?;
    let mut read = found.ok_or(WebError::NotFound)?;
    read.setup = Setup::for_visitor(&visit, read.setup);
    progress::note_dead(visit.app(), &mut read.runs).await?;
    let last = visit.app().last(&read.company).await?;
    let counted = match last {
        Some(last) => Some(aside(move || counted(&last)).await?),
        None => None,
    };
    let live = live::look(visit.app(), id, query.job(), now).await?;
    let is_admin = visit.may(Role::Administrator);
    let looks = (is_admin, visit.who_decides());
    let mut page = page((&read, looks), counted, live, now);
    page.doubt = TenantDoubt::of(visit.app(), &read.company).await?;
    visit.page(&page)
}

/// What the last reading says of the company as a whole.
struct Counted {
    standings: standing::Counts,
    read_at: DateTime<Utc>,
    /// Whether the company is inactive in the PSA.
    inactive: bool,
}

/// How many of the company stand how, as the page of its people counts them.
fn counted(last: &last::Last) -> Counted {
    let plan = last.plan();
    Counted {
        standings: standing::counts(&last.snapshot, plan),
        read_at: last.read_at,
        inactive: plan.company_inactive,
    }
}

fn page(
    (read, (is_admin, who)): (&Read, (bool, &str)),
    counted: Option<Counted>,
    live: Live,
    now: DateTime<Utc>,
) -> OverviewPage {
    let good = read.runs.iter().find(|run| is_good(run));
    let tiles = counted
        .as_ref()
        .map(|counted| Tiles::of(&counted.standings, read.changed));
    let state = State::of(&Known {
        company: &read.company,
        tenant: read.tenant,
        disconnected: read.disconnected.is_some(),
        shared: read.tenant && read.shared,
        certificate: read.certificate,
        is_admin,
        who,
        saved: read.saved,
        preview: read.preview,
        runs: &read.runs,
        failed: read.failed.as_ref(),
        refused: read.refused.as_ref(),
        held: read.held,
        tiles,
        inactive: counted.as_ref().is_some_and(|counted| counted.inactive),
        quarantines: &read.quarantines,
        pending: live.stage == Stage::Later
            && live.follows_a_save
            && good.is_none_or(|run| live.asked_at.is_none_or(|at| run.started_at <= at)),
        now,
    });
    let company = &read.company;
    let when = |at| At::there(at, now, &company.timezone);
    let last = read.runs.iter().find(|run| !run.running);
    let (at, words) = match (company.sync_contacts, &live.stage) {
        (false, _) => (None, "None: contact sync is off"),
        (_, Stage::Waiting | Stage::Reading | Stage::Writing) => (None, "A run is going"),
        (_, Stage::Later) => (live.begins.map(when), ""),
        _ => {
            let zone = &company.timezone;
            let daily = Timetable::new(company.id, company.schedule.as_deref(), zone);
            // What is in quarantine is tried by itself at its own times.
            let tries = read.quarantines.iter().map(|one| one.next_try.max(now));
            let first = daily.next_due(now).into_iter().chain(tries).min();
            (first.map(when), "")
        }
    };
    let next = Next {
        at,
        words: words.into(),
    };
    OverviewPage {
        head: CompanyHead::new(company, Tab::Overview),
        setup: read.setup.clone(),
        state,
        doubt: None,
        disconnected: read
            .disconnected
            .as_ref()
            .map(|saved| Disconnected::new(saved, now)),
        live,
        tiles,
        counted_at: counted.map(|counted| when(counted.read_at)),
        counted_by: good.map(|run| run.id.clone()),
        last: last.map(|run| Last {
            id: run.id.clone(),
            mode: run.mode.as_str(),
            status: progress::status(run),
            at: when(run.finished_at.unwrap_or(run.started_at)),
            who: run.requested_by.clone().unwrap_or_default(),
        }),
        next,
        dots: progress::strip(&read.runs[..read.runs.len().min(DOTS)], now),
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
            schedule: company
                .schedule
                .as_ref()
                .map(|time| format!("{time}, {}", company.timezone))
                .unwrap_or_default(),
            floor: company.guard.floor,
            percent: company.guard.percent,
            ignored: company.ignored.len(),
        },
    }
}

async fn part(visit: Visit, id: Path<i64>, query: Query<Watch>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?;
    let live = live::look(visit.app(), company.id, query.job(), visit.now()).await?;
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
