//! A company's preview: everything that a run would do, made by the engine that runs. It can be run as it stands: where
//! something else would be done by then, nothing is, and the page shows what is different.

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use diesel::QueryResult;
use serde::Deserialize;

use super::cures::{Cure, cure};
use super::people::aside;
use super::preview_difference::{Difference, difference};
use super::preview_lines::{HEADS, Listed, acts, choices, fitting, is_skipped, list, rows};
use super::preview_live::{self, Back, Doing, PreviewLive};
use super::preview_page::{Failed, Made, PreviewPage, Stale};
use super::searches;
use crate::db::events::Saved;
use crate::db::facts::{self, company_scope};
use crate::db::previews::{self, StoredPreview};
use crate::db::runs::{self, Run};
use crate::db::{Conn, companies, tenant_connections};
use crate::jobs;
use crate::model::{Action, Company};
use crate::sync::failure::PLAN_CHANGED;
use crate::sync::plan::Reason;
use crate::sync::report::{Line, Report, reason};
use crate::web::listing::{Pager, address};
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::visit::by_script;
use crate::web::{
    At, CompanyHead, Disconnected, Form, Samples, Tab, Visit, WebError, changed, csv,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/preview" Reader show;
    Get Live "/companies/{company:\\d+}/preview/live" Reader live;
    Get File "/companies/{company:\\d+}/preview.csv" Reader file;
    Post Act "/companies/{company:\\d+}/preview" Technician make;
    Post Act "/companies/{company:\\d+}/preview/run" Technician run;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<PreviewPage>();
    all.part::<PreviewLive>();
}

/// The name of the fact which preview somebody wanted to be run.
const SEEN: &str = "preview_seen";

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The number of the search.
    s: String,
    #[serde(skip)]
    q: String,
    action: String,
    page: String,
    watch: String,
    back: Back,
}

/// What the database has.
struct Known {
    company: Company,
    tenant: bool,
    disconnected: Option<Saved>,
    stored: Option<StoredPreview>,
    saved: Option<Saved>,
    seen: Option<(String, String)>,
    last_run: Option<Run>,
    setup: Option<Setup>,
    /// By what was decided since, a run would do something else than the preview shows.
    overtaken: bool,
}

fn read(conn: &mut Conn, id: i64) -> QueryResult<Option<Known>> {
    let Some(company) = companies::get(conn, id)? else {
        return Ok(None);
    };
    let seen = facts::get(conn, &company_scope(id), SEEN)?;
    Ok(Some(Known {
        setup: Setup::of(conn, &company, SetupStep::Preview)?,
        company,
        tenant: tenant_connections::get(conn, id)?.is_some(),
        disconnected: Disconnected::of(conn, id)?,
        stored: previews::get(conn, id)?,
        saved: changed::of_company(conn, id)?,
        last_run: runs::list(conn, id, 1)?.pop(),
        overtaken: false,
        seen: seen.and_then(|(value, _)| serde_json::from_value(value).ok()),
    }))
}

async fn known(visit: &Visit, id: i64) -> Result<Known, WebError> {
    let found = visit.app().db().read(move |conn| read(conn, id)).await?;
    found.ok_or(WebError::NotFound)
}

/// Whether a run would do something else than this preview shows, by what was decided since both sides were read for it: links
/// by hand, people who are ignored, settings of the installation. Asks no cloud.
async fn overtaken(visit: &Visit, known: &Known) -> Result<bool, WebError> {
    let stored = known.stored.as_ref();
    let Some(stored) = stored.filter(|one| !one.digest.is_empty()) else {
        return Ok(false);
    };
    let last = visit.app().last(&known.company).await?;
    let Some(last) = last.filter(|last| last.run_id == stored.run_id) else {
        return Ok(false);
    };
    let digest = aside(move || last.plan().digest()).await?;
    Ok(digest != stored.digest)
}

/// What is asked for, with the text of its search.
fn sought(visit: &Visit, asked: Query<Asked>) -> Asked {
    let mut asked = asked.into_inner();
    asked.q = searches::text(visit, &asked.s);
    asked
}

async fn show(visit: Visit, id: Path<i64>, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let (mut known, asked) = (known(&visit, *id).await?, sought(&visit, asked));
    known.overtaken = overtaken(&visit, &known).await?;
    let live = preview_live::look(&visit, *id, asked.watch.parse().ok(), asked.back).await?;
    visit.page(&page(&visit, &known, asked, live))
}

fn page(visit: &Visit, known: &Known, asked: Asked, live: PreviewLive) -> PreviewPage {
    let report = known.stored.as_ref().and_then(jobs::preview::report);
    let made = known
        .stored
        .as_ref()
        .map(|stored| made(visit, known, stored, report.as_ref()));
    let report = report.filter(|report| report.error.is_none());
    let (mut listed, mut groups) = (Listed::default(), Vec::new());
    let mut different = None;
    let base = Back::Preview.address(known.company.id);
    let kept = [
        (searches::NUMBER, asked.s.as_str()),
        ("action", &asked.action),
    ];
    if let Some(report) = &report {
        groups = choices(report);
        let found = fitting(report, &asked.q, &asked.action);
        let pager = Pager::new(&asked.page, found.len(), &base, &kept);
        listed = list(known.company.id, &found, pager);
        if asked.back == Back::Different && live.doing == Doing::Nothing {
            let seen = known.seen.as_ref();
            let seen = seen.and_then(|(_, seen)| serde_json::from_str::<Report>(seen).ok());
            different = seen.map(|seen| difference(known.company.id, &seen, report));
        }
    }
    PreviewPage {
        head: CompanyHead::new(&known.company, Tab::Preview),
        setup: Setup::for_visitor(visit, known.setup.clone()),
        tenant: known.tenant,
        disconnected: known
            .disconnected
            .as_ref()
            .map(|saved| Disconnected::new(saved, visit.now())),
        live,
        made,
        choices: groups,
        listed,
        file: address(&format!("{base}.csv"), &kept),
        same: different.as_ref().is_some_and(Difference::is_nothing),
        difference: different,
        q: asked.q,
        action: asked.action,
    }
}

fn made(visit: &Visit, known: &Known, stored: &StoredPreview, report: Option<&Report>) -> Made {
    let company = known.company.id;
    let saved = known.saved.as_ref();
    let saved = saved.filter(|event| event.at > stored.made_at);
    let since = |run: &&Run| run.finished_at.is_some_and(|at| at > stored.made_at);
    let run = known.last_run.as_ref().filter(since);
    let error = run.map(|run| run.error.as_ref());
    let stale = Stale::of(
        error == Some(None),
        saved.is_some(),
        error
            .flatten()
            .is_some_and(|error| error.kind == PLAN_CHANGED)
            || known.overtaken,
    );
    let made = Made {
        at: Some(At::there(
            stored.made_at,
            visit.now(),
            &known.company.timezone,
        )),
        who_saved: saved.map(|event| event.staff.clone()).unwrap_or_default(),
        stale,
        digest: stored.digest.clone(),
        strange: report.is_none(),
        ..Made::default()
    };
    let Some(report) = report else { return made };
    let failed = report.error.as_ref().map(|error| Failed {
        message: error.message.clone(),
        advice: error.advice.clone(),
        button: match cure(&error.kind) {
            Cure::ContactSync => Some((
                "Mend the settings",
                format!("/companies/{company}/contact-sync"),
            )),
            _ => Some((
                "Look at the connection",
                format!("/companies/{company}/connection"),
            )),
        },
    });
    // The report counts who is ignored as out of scope.
    let why = reason(&Reason::Ignored);
    let is_ignored = |line: &&Line| line.action == Action::OutOfScope && line.reason == why;
    let ignored = report.people.iter().filter(is_ignored).count();
    Made {
        acts: report.people.iter().filter(|line| acts(line)).count(),
        skipped: is_skipped(report),
        held: report.counts.held,
        unchanged: report.counts.unchanged,
        out_of_scope: report.counts.out_of_scope.saturating_sub(ignored),
        ignored,
        findings: report
            .findings
            .iter()
            .map(|one| one.message.clone())
            .collect(),
        failed,
        ..made
    }
}

async fn live(visit: Visit, id: Path<i64>, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?;
    let watch = asked.watch.parse().ok();
    let live = preview_live::look(&visit, company.id, watch, asked.back).await?;
    preview_live::answer(&visit, &live)
}

async fn file(visit: Visit, id: Path<i64>, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let known = known(&visit, *id).await?;
    let report = known.stored.as_ref().and_then(jobs::preview::report);
    let report = report.ok_or(WebError::NotFound)?;
    let asked = sought(&visit, asked);
    let found = fitting(&report, &asked.q, &asked.action);
    let bytes = csv::file(&HEADS, rows(&found))?;
    Ok(visit.csv(&format!("preview-{}", known.company.id), bytes))
}

#[derive(Deserialize)]
struct MakeForm {
    #[serde(default)]
    back: Back,
}

async fn make(
    visit: Visit,
    request: HttpRequest,
    id: Path<i64>,
    form: Form<MakeForm>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?.id;
    let to = begin(&visit, company, form.0.back).await?;
    Ok(visit.lead_on(&to, by_script(&request)))
}

/// Has a preview made, and gives the address of the page that waits for it.
///
/// # Errors
/// Where the database fails.
pub(super) async fn begin(visit: &Visit, company: i64, back: Back) -> Result<String, WebError> {
    let (who, now) = (visit.name(), visit.now());
    let asked = visit
        .app()
        .db()
        .write(move |conn| jobs::enqueue_preview(conn, company, &who, now));
    let job = asked.await?.id();
    visit.app().jobs().wake();
    Ok(back.waiting(company, job))
}

#[derive(Deserialize)]
struct RunForm {
    #[serde(default)]
    digest: String,
}

async fn run(visit: Visit, id: Path<i64>, form: Form<RunForm>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*id).await?;
    let here = Back::Preview.address(company.id);
    if !company.sync_contacts {
        let said =
            "Contact sync is off for this company, so nothing was written. Turn it on first.";
        return Ok(visit.refused(&here, said));
    }
    let (who, now, id) = (visit.name(), visit.now(), company.id);
    let asked = visit.app().db().write(move |conn| {
        let stored = previews::get(conn, id)?;
        let stored = stored.filter(|one| !one.digest.is_empty() && one.digest == form.0.digest);
        let Some(stored) = stored else {
            return Ok(None);
        };
        // What was looked at is kept beside, since the next preview takes this one's place.
        let seen = serde_json::json!([stored.digest, stored.report]);
        facts::put(conn, &company_scope(id), SEEN, &seen, now)?;
        jobs::enqueue_expected(conn, id, &stored.digest, &who, now).map(Some)
    });
    let Some(job) = asked.await? else {
        let said = "There is a newer preview by now, and nothing was written. Look at this one, then run it.";
        return Ok(visit.refused(&here, said));
    };
    visit.app().jobs().wake();
    Ok(visit.lead(&Back::Preview.waiting(id, job.id())))
}
