//! Turning contact sync on: shows what the first run would do, and asks. What it would do is the company's preview, made with the
//! settings as they are saved.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use diesel::QueryResult;
use serde::{Deserialize, Serialize};

use super::connection::stale;
use super::preview_lines;
use super::preview_live::{self, Back, Doing, PreviewLive};
use crate::connections::{Saving, save_company};
use crate::db::events::Saved;
use crate::db::previews::{self, StoredPreview};
use crate::db::{Conn, companies, tenant_connections};
use crate::jobs;
use crate::model::{Company, RunFailure};
use crate::sync::report::Counts;
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::{
    At, CompanyHead, Form, Page, Place, Samples, Tab, TenantDoubt, Visit, WebError,
    changed as history,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/contact-sync/turn-on" Technician show;
    Post Act "/companies/{company:\\d+}/contact-sync/turn-on" Technician turn_on;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<TurnOnPage>();
}

/// What the first run would do, and the question.
#[derive(Clone, Debug, Serialize)]
pub struct TurnOnPage {
    head: CompanyHead,
    setup: Option<Setup>,
    version: i64,
    tenant: bool,
    doubt: Option<TenantDoubt>,
    live: PreviewLive,
    /// What the preview of the saved settings counts.
    counts: Option<Counts>,
    made_at: Option<At>,
    digest: String,
    failed: Option<RunFailure>,
    /// What the preview found.
    findings: Vec<String>,
    update_existing: bool,
}

impl Page for TurnOnPage {
    const TEMPLATE: &'static str = "pages/turn_on.html";

    fn title(&self) -> String {
        format!("Turn on contact sync of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let empty = Self {
            head: CompanyHead {
                sync_contacts: false,
                ..CompanyHead::sample(Tab::ContactSync)
            },
            setup: Some(Setup::sample(SetupStep::TurnOn)),
            version: 3,
            tenant: false,
            doubt: None,
            live: PreviewLive::default(),
            counts: None,
            made_at: None,
            digest: String::new(),
            failed: None,
            findings: Vec::new(),
            update_existing: false,
        };
        let ready = Self {
            setup: None,
            tenant: true,
            doubt: Some(TenantDoubt::sample()),
            counts: Some(Counts {
                create: 12,
                update: 30,
                conflict: 1,
                held: 2,
                ..Counts::default()
            }),
            made_at: Some(At::sample()),
            digest: "a".repeat(64),
            findings: vec!["Filter 3 names <b>SPB</b>, which this tenant does not have".into()],
            update_existing: true,
            ..empty.clone()
        };
        let failed = Self {
            counts: None,
            failed: Some(RunFailure {
                kind: "credentials".into(),
                message: "<script>alert(1)</script> \"refused\"".into(),
                advice: "Check the keys".into(),
                side: None,
            }),
            ..ready.clone()
        };
        let waiting = Self {
            counts: None,
            live: PreviewLive {
                company: 7,
                watch: Some(3),
                doing: Doing::Making,
                again: true,
                ..PreviewLive::default()
            },
            ..ready.clone()
        };
        vec![empty, ready, failed, waiting]
    }
}

struct Known {
    company: Company,
    version: i64,
    tenant: bool,
    stored: Option<StoredPreview>,
    saved: Option<Saved>,
    setup: Option<Setup>,
}

fn read(conn: &mut Conn, id: i64) -> QueryResult<Option<Known>> {
    let Some(company) = companies::get(conn, id)? else {
        return Ok(None);
    };
    Ok(Some(Known {
        setup: Setup::of(conn, &company, SetupStep::TurnOn)?,
        company,
        version: companies::version(conn, id)?.unwrap_or_default(),
        tenant: tenant_connections::get(conn, id)?.is_some(),
        stored: previews::get(conn, id)?,
        saved: history::of_company(conn, id)?,
    }))
}

impl Known {
    async fn of(visit: &Visit, id: i64) -> Result<Self, WebError> {
        let found = visit.app().db().read(move |conn| read(conn, id)).await?;
        found.ok_or(WebError::NotFound)
    }

    /// The preview, where it was made with the settings as they are saved.
    fn current(&self) -> Option<&StoredPreview> {
        let saved = self.saved.as_ref().map(|event| event.at);
        let stored = self.stored.as_ref();
        stored.filter(|stored| saved.is_none_or(|at| stored.made_at >= at))
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Asked {
    watch: String,
}

async fn show(visit: Visit, id: Path<i64>, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let known = Known::of(&visit, *id).await?;
    if known.company.sync_contacts {
        return Ok(visit.lead(&format!("/companies/{id}/contact-sync")));
    }
    let watch = asked.watch.parse().ok();
    let live = preview_live::look(&visit, *id, watch, Back::TurnOn).await?;
    let waits = matches!(live.doing, Doing::Waiting | Doing::Making);
    let current = known.current().filter(|_| !waits);
    let report = current.and_then(jobs::preview::report);
    let failed = report.as_ref().and_then(|report| report.error.clone());
    let report = report.filter(|_| failed.is_none());
    visit.page(&TurnOnPage {
        head: CompanyHead::new(&known.company, Tab::ContactSync),
        setup: Setup::for_visitor(&visit, known.setup.clone()),
        version: known.version,
        tenant: known.tenant,
        doubt: TenantDoubt::of(visit.app(), &known.company).await?,
        live,
        counts: report.as_ref().map(preview_lines::counts),
        findings: report
            .into_iter()
            .flat_map(|report| report.findings)
            .map(|finding| finding.message)
            .collect(),
        made_at: current
            .map(|stored| At::there(stored.made_at, visit.now(), &known.company.timezone)),
        digest: current
            .map(|stored| stored.digest.clone())
            .unwrap_or_default(),
        failed,
        update_existing: known.company.update_existing,
    })
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct TurnOnForm {
    version: i64,
    digest: String,
}

async fn turn_on(
    visit: Visit,
    id: Path<i64>,
    form: Form<TurnOnForm>,
) -> Result<HttpResponse, WebError> {
    let (known, form) = (Known::of(&visit, *id).await?, form.0);
    let here = Back::TurnOn.address(*id);
    if known.company.sync_contacts {
        return Ok(visit.lead(&format!("/companies/{id}")));
    }
    if form.version != known.version {
        return Ok(visit.refused(&here, changed(&visit, (*id, form.version)).await?));
    }
    let looked_at = known
        .current()
        .is_some_and(|stored| !stored.digest.is_empty() && stored.digest == form.digest);
    if !looked_at {
        let said = "Contact sync is still off: look first at what it would do now.";
        return Ok(visit.refused(&here, said));
    }
    let company = Company {
        sync_contacts: true,
        ..known.company.clone()
    };
    let (who, now) = (visit.name(), visit.now());
    let (asks, digest) = (who.clone(), form.digest.clone());
    let then = move |conn: &mut Conn, id| {
        // The first run does what was shown, or nothing.
        jobs::enqueue_expected(conn, id, &digest, &asks, now).map(drop)
    };
    match save_company(visit.app(), &company, form.version, &who, then).await? {
        Saving::Saved { id, .. } => {
            visit.app().jobs().wake();
            let to = format!("/companies/{id}");
            Ok(visit.done(
                &to,
                "Contact sync is on. The first run does just what was shown.",
            ))
        }
        Saving::Gone => Err(WebError::NotFound),
        Saving::Stale { .. } => {
            Ok(visit.refused(&here, changed(&visit, (*id, form.version)).await?))
        }
        Saving::Mistakes(mistakes) => {
            let said: Vec<String> = mistakes.into_iter().map(|one| one.message).collect();
            Ok(visit.refused(&here, crate::web::words::sentence(&said.join(". "))))
        }
        Saving::NameTaken | Saving::PlaceTaken { .. } => Ok(visit.refused(
            &here,
            "Another company has this name or place in the PSA. Change it in the settings first.",
        )),
    }
}

async fn changed(visit: &Visit, seen: (i64, i64)) -> Result<String, WebError> {
    let who = stale(visit, seen, "this company").await?;
    Ok(format!(
        "{who} Contact sync is still off. Look at what it would do now."
    ))
}
