//! One run: what it did to each person, and why it failed; live while it goes on. It is looked at, never changed.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use serde::{Deserialize, Serialize};

use super::person::address;
use super::run_tiles::{came, requests, tiles};
use super::run_undone::{self, Undone};
use super::runs::{duration, over};
use super::searches;
use crate::db::changes::{ChangeRecord, Short};
use crate::db::runs::{self, Run};
use crate::db::{changes, companies, undos};
use crate::model::{Company, Outcome, text};
use crate::sync::report;
use crate::web::listing::{Choice, Pager, choices};
use crate::web::live::{self, Live};
use crate::web::routes::{Entry, routes};
use crate::web::{
    At, CompanyHead, Page, Place, Samples, Tab, VendorLinks, Visit, WebError, progress, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/runs/{run}" Reader show;
    Get Live "/runs/{run}/progress" Reader part;
    Get File "/runs/{run}/changes.csv" Reader super::history_files::of_run;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<RunPage>();
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunPage {
    pub(super) id: String,
    pub(super) company_id: i64,
    pub(super) company: String,
    /// The company's head; none where it is removed.
    pub(super) head: Option<CompanyHead>,
    pub(super) mode: String,
    pub(super) preview: bool,
    pub(super) status: String,
    pub(super) began: At,
    pub(super) duration: String,
    pub(super) asked_by: String,
    /// Live, while it goes on.
    pub(super) progress: Option<Live>,
    pub(super) tiles: Vec<Tile>,
    /// Requests by service: its name and how many.
    pub(super) requests: Vec<(String, u64)>,
    pub(super) error: Option<Trouble>,
    /// What was written until it failed, as sentences; empty: the tiles say it.
    pub(super) came: String,
    pub(super) findings: Vec<String>,
    pub(super) undone: Undone,
    /// How many people's lines there are in all.
    pub(super) lines: usize,
    pub(super) people: Vec<PersonRow>,
    /// What the PSA is called.
    pub(super) psa: String,
    pub(super) search: String,
    pub(super) action: Vec<Choice>,
    pub(super) outcome: Vec<Choice>,
    pub(super) pager: Pager,
}

/// A number that stands out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tile {
    pub(super) value: usize,
    pub(super) name: String,
    /// Where more is said of it; empty: nowhere.
    pub(super) link: String,
}

/// Why a run failed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trouble {
    pub(super) what: String,
    pub(super) message: String,
    pub(super) advice: String,
}

/// What became of one person.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PersonRow {
    /// The address of the person's page.
    pub(super) page: String,
    pub(super) name: String,
    pub(super) upn: String,
    pub(super) action: String,
    pub(super) reason: String,
    pub(super) filter: String,
    pub(super) site: String,
    pub(super) outcome: String,
    pub(super) changes: Vec<FieldRow>,
    /// What was not written, in words.
    pub(super) unwritten: Vec<String>,
    /// The PSA's own words.
    pub(super) error: String,
    pub(super) contact_id: String,
    pub(super) contact_link: String,
    pub(super) user_link: String,
    /// Where it can be put back; empty: nothing was written.
    pub(super) undo: String,
    /// The run that put it back, and when; none where that does not stand.
    pub(super) undone: Option<(String, At)>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct FieldRow {
    pub(super) field: String,
    pub(super) from: String,
    pub(super) to: String,
}

impl Page for RunPage {
    const TEMPLATE: &'static str = "pages/run.html";

    fn title(&self) -> String {
        format!("Run of {}, {}", self.company, self.began.text)
    }

    fn place(&self) -> Place {
        if self.head.is_some() {
            Place::Fleet
        } else {
            Place::Runs
        }
    }

    fn company(&self) -> Option<CompanyHead> {
        self.head.clone()
    }

    fn samples() -> Vec<Self> {
        super::run_samples::all()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The number of the search.
    s: String,
    #[serde(skip)]
    search: String,
    action: String,
    outcome: String,
    page: String,
}

/// What the page is made from.
pub(super) struct Found {
    pub(super) run: Run,
    pub(super) name: String,
    pub(super) company: Option<Company>,
    pub(super) links: VendorLinks,
    pub(super) all: Vec<Short>,
    pub(super) undone: run_undone::Found,
    /// The company's time zone, also where it is removed.
    pub(super) zone: String,
}

async fn load(visit: &Visit, id: String) -> Result<Found, WebError> {
    let portal = visit.portal().clone();
    let found = visit.app().db().read(move |conn| {
        let Some(run) = runs::get(conn, &id)? else {
            return Ok(None);
        };
        let company = companies::get(conn, run.company_id)?;
        let links = match &company {
            Some(company) => VendorLinks::of(conn, &portal, company)?,
            None => VendorLinks::default(),
        };
        let mut names = companies::names(conn)?;
        let mut zones = companies::zones(conn)?;
        Ok(Some(Found {
            zone: zones.remove(&run.company_id).unwrap_or_default(),
            name: names.remove(&run.company_id).unwrap_or_default(),
            all: changes::short_of_runs(conn, std::slice::from_ref(&run.id))?,
            undone: run_undone::find(conn, &run.id)?,
            company,
            links,
            run,
        }))
    });
    let mut found = found.await?.ok_or(WebError::NotFound)?;
    progress::note_dead(visit.app(), [&mut found.run]).await?;
    Ok(found)
}

async fn show(
    visit: Visit,
    run: Path<String>,
    asked: Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let mut asked = asked.into_inner();
    asked.search = searches::text(&visit, &asked.s);
    let found = load(&visit, run.into_inner()).await?;
    let going = live::of_run(visit.app(), &found.run).await?;
    let fits: Vec<i64> = fitting(&found.all, &asked);
    let path = format!("/runs/{}", found.run.id);
    let kept = [
        (searches::NUMBER, asked.s.as_str()),
        ("action", &asked.action),
        ("outcome", &asked.outcome),
    ];
    let pager = Pager::new(&asked.page, fits.len(), &path, &kept);
    let shown: Vec<i64> = pager.part(fits).collect();
    let read = visit.app().db().read(move |conn| {
        let undone = undos::of_changes(conn, &shown)?;
        Ok((changes::by_ids(conn, &shown)?, undone))
    });
    let (lines, put_back) = read.await?;
    let when = |at| At::there(at, visit.now(), &found.zone);
    let undone = |line: &ChangeRecord| {
        let one = put_back.get(&line.id).filter(|one| one.in_force)?;
        Some((one.run.clone(), when(one.at)))
    };
    let run = &found.run;
    visit.page(&RunPage {
        id: run.id.clone(),
        company_id: run.company_id,
        head: found
            .company
            .as_ref()
            .map(|company| CompanyHead::new(company, Tab::Runs)),
        company: found.name.clone(),
        mode: run.mode.as_str().into(),
        preview: run.preview,
        status: progress::status(run).into(),
        began: when(run.started_at),
        duration: duration(run),
        asked_by: run.requested_by.clone().unwrap_or_default(),
        progress: going,
        tiles: tiles(&found),
        requests: requests(&found),
        error: run.error.as_ref().map(|error| Trouble {
            what: words::failure(&error.kind),
            message: error.message.clone(),
            advice: error.advice.clone(),
        }),
        findings: run
            .findings
            .iter()
            .map(|finding| finding.message.clone())
            .collect(),
        came: came(&found),
        undone: Undone::of(run, &found.all, &found.undone, &when),
        lines: found.all.len(),
        people: lines
            .iter()
            .map(|line| PersonRow {
                undone: undone(line),
                ..person(line, &found)
            })
            .collect(),
        psa: found.links.psa_name().into(),
        search: asked.search.clone(),
        action: choices(
            std::iter::once((String::new(), "All".to_owned())).chain(
                present(&found.all, |line| line.action)
                    .map(|action| (action.as_str().to_owned(), words::action(action.as_str()))),
            ),
            &asked.action,
        ),
        outcome: choices(
            std::iter::once((String::new(), "All".to_owned())).chain(
                present(&found.all, |line| line.outcome).map(|outcome| {
                    let word = outcome_word(outcome);
                    (word.to_owned(), words::outcome(word))
                }),
            ),
            &asked.outcome,
        ),
        pager,
    })
}

/// The values that there are among the lines, each once.
fn present<T: Copy + PartialEq>(
    all: &[Short],
    of: impl Fn(&Short) -> T,
) -> impl Iterator<Item = T> {
    let mut found: Vec<T> = Vec::new();
    for line in all {
        let value = of(line);
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found.into_iter()
}

/// A line that stands in the history without an outcome was sent, and nobody knows yet what came of it.
pub(super) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::None => "sent",
        other => other.as_str(),
    }
}

fn fitting(all: &[Short], asked: &Asked) -> Vec<i64> {
    let search = text::folded(&asked.search);
    all.iter()
        .filter(|line| asked.action.is_empty() || line.action.as_str() == asked.action)
        .filter(|line| asked.outcome.is_empty() || outcome_word(line.outcome) == asked.outcome)
        .filter(|line| {
            search.is_empty()
                || [&line.name, &line.upn]
                    .into_iter()
                    .any(|name| text::folded(name).contains(&*search))
        })
        .map(|line| line.id)
        .collect()
}

fn person(line: &ChangeRecord, found: &Found) -> PersonRow {
    let change = &line.change;
    let contact = change.contact_id.as_ref();
    let over = matches!(change.outcome, Outcome::Applied | Outcome::Failed);
    PersonRow {
        page: address(found.run.company_id, &change.user_id),
        name: change.name.clone(),
        upn: change.upn.clone(),
        action: change.action.as_str().into(),
        reason: words::reason_for_people(&change.reason).into_owned(),
        filter: change.filter.clone().unwrap_or_default(),
        site: change.site.clone().unwrap_or_default(),
        outcome: outcome_word(change.outcome).into(),
        changes: change
            .fields
            .iter()
            .map(|field| FieldRow {
                field: field.field.as_str().into(),
                from: words::value(&report::value(&field.from)),
                to: words::value(&report::value(&field.to)),
            })
            .collect(),
        unwritten: change
            .fields
            .iter()
            .filter(|field| over && !field.applied)
            .map(|field| words::field(field.field.as_str()))
            .collect(),
        error: change.error.clone().unwrap_or_default(),
        contact_id: contact.map(ToString::to_string).unwrap_or_default(),
        contact_link: contact
            .map(|contact| found.links.contact(contact))
            .unwrap_or_default(),
        user_link: found.links.user(&change.user_id),
        undo: run_undone::of_line(line),
        undone: None,
    }
}

/// How far the run is; when it is over, the page is loaded again.
async fn part(visit: Visit, run: Path<String>) -> Result<HttpResponse, WebError> {
    let id = run.into_inner();
    let found = visit.app().db().read(move |conn| runs::get(conn, &id));
    let run = found.await?.ok_or(WebError::NotFound)?;
    match live::of_run(visit.app(), &run).await? {
        Some(going) => visit.part(&going),
        None => Ok(over()),
    }
}
