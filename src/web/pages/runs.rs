//! The history: the runs of a company and of the fleet. It is looked at, never changed.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::history_files;
use super::run_counts::{self, Done, counts, parts};
use crate::db::runs::{self, Run, Which};
use crate::db::{Conn, companies};
use crate::model::{Status, text};
use crate::web::listing::{Choice, ROWS, address, choices};
use crate::web::live::{self, Live};
use crate::web::routes::{Entry, routes};
use crate::web::{At, CompanyHead, Page, Place, Samples, Tab, Visit, WebError, progress, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/runs" Reader of_fleet;
    Get File "/runs.csv" Reader fleet_file;
    Get Page "/companies/{company:\\d+}/runs" Reader of_company;
    Get File "/companies/{company:\\d+}/runs.csv" Reader company_file;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<RunsPage>();
}

/// The words of the filter.
const STATUSES: [&str; 5] = ["succeeded", "held", "partial", "failed", "running"];

/// Runs, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct RunsPage {
    pub(super) head: Option<CompanyHead>,
    /// What goes on for the company now.
    pub(super) live: Option<Live>,
    pub(super) runs: Vec<RunRow>,
    pub(super) status: Vec<Choice>,
    /// The companies to choose from; none on a company's own page.
    pub(super) companies: Vec<Choice>,
    /// Whether some runs are left out by the filter.
    pub(super) filtered: bool,
    /// Whether these are the newest.
    pub(super) newest: bool,
    /// The address of the older ones; empty: there are none.
    pub(super) older: String,
    /// The address without the filter.
    pub(super) path: String,
    pub(super) file: String,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    pub(super) id: String,
    pub(super) company_id: i64,
    pub(super) company: String,
    pub(super) removed: bool,
    pub(super) at: At,
    pub(super) mode: String,
    pub(super) preview: bool,
    pub(super) status: String,
    /// Why it failed; empty: it did not.
    pub(super) failure: String,
    /// What it did: "2 created", "1 updated".
    pub(super) done: Vec<String>,
    pub(super) duration: String,
    pub(super) requests: u64,
    pub(super) asked_by: String,
}

impl Page for RunsPage {
    const TEMPLATE: &'static str = "pages/runs.html";

    fn title(&self) -> String {
        match &self.head {
            Some(head) => format!("Runs of {}", head.name),
            None => "Runs".into(),
        }
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
        super::runs_samples::all()
    }
}

/// What is asked for in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    status: String,
    /// The row id of the one company whose runs are listed, of the fleet's.
    company: String,
    /// The run that the page before ended with.
    before: String,
}

impl Asked {
    fn which(&self) -> Option<Which> {
        match self.status.as_str() {
            "running" => Some(Which::Running),
            other => Status::parse(other).map(Which::Ended),
        }
    }

    /// The word of the filter; empty where there is none.
    fn word(&self) -> &str {
        self.which().map_or("", |_| &self.status)
    }
}

pub(super) fn status_choices(chosen: &str) -> Vec<Choice> {
    let all = STATUSES.map(|word| (word.to_owned(), words::status(word)));
    choices(
        [(String::new(), "All".to_owned())].into_iter().chain(all),
        chosen,
    )
}

async fn of_fleet(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    show(&visit, None, &asked).await
}

async fn of_company(
    visit: Visit,
    company: Path<i64>,
    asked: Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    show(&visit, Some(CompanyHead::new(&company, Tab::Runs)), &asked).await
}

/// What a list of runs is made from.
struct Found {
    runs: Vec<Run>,
    names: Names,
    done: HashMap<String, Done>,
}

pub(super) struct Names {
    all: HashMap<i64, String>,
    here: HashMap<i64, String>,
    zones: HashMap<i64, String>,
}

impl Names {
    pub(super) fn load(conn: &mut Conn) -> diesel::QueryResult<Self> {
        Ok(Self {
            all: companies::names(conn)?,
            here: companies::labels(conn)?.into_iter().collect(),
            zones: companies::zones(conn)?,
        })
    }

    /// The companies that are not removed, by name, to choose one.
    fn choices(&self, chosen: &str) -> Vec<Choice> {
        let mut here: Vec<(&i64, &String)> = self.here.iter().collect();
        here.sort_by_cached_key(|(_, name)| text::folded(name).into_owned());
        let here = here
            .into_iter()
            .map(|(id, name)| (id.to_string(), name.clone()));
        let all = std::iter::once((String::new(), "All companies".to_owned()));
        choices(all.chain(here), chosen)
    }

    /// The name, and whether the company is removed.
    pub(super) fn of(&self, id: i64) -> (String, bool) {
        let name = self.all.get(&id).cloned().unwrap_or_default();
        (name, !self.here.contains_key(&id))
    }

    /// The company's time zone.
    fn zone(&self, id: i64) -> &str {
        self.zones.get(&id).map_or("UTC", String::as_str)
    }
}

async fn show(
    visit: &Visit,
    head: Option<CompanyHead>,
    asked: &Asked,
) -> Result<HttpResponse, WebError> {
    let own = head.as_ref().map(|head| head.id);
    let company = own.or_else(|| asked.company.parse().ok());
    let (which, before) = (asked.which(), asked.before.clone());
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX) + 1;
    let found = visit.app().db().read(move |conn| {
        let before = match runs::get(conn, &before)? {
            Some(run) => Some((run.started_at, run.id)),
            None => None,
        };
        let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
        let runs = runs::page_of(conn, (company, which), before, limit)?;
        Ok(Found {
            names: Names::load(conn)?,
            done: run_counts::done(conn, &runs)?,
            runs,
        })
    });
    let mut found = found.await?;
    let more = found.runs.len() > ROWS;
    found.runs.truncate(ROWS);
    progress::note_dead(visit.app(), &mut found.runs).await?;
    let path = match own {
        Some(id) => format!("/companies/{id}/runs"),
        None => "/runs".to_owned(),
    };
    let last = found.runs.last().filter(|_| more);
    let chosen = match own {
        Some(_) => String::new(),
        None => company.map(|id| id.to_string()).unwrap_or_default(),
    };
    let kept = [("company", chosen.as_str()), ("status", asked.word())];
    let older = last.map(|last| address(&path, &[&kept[..], &[("before", &*last.id)]].concat()));
    let now = visit.now();
    let live = match own {
        Some(id) => Some(live::look(visit.app(), id, None, now).await?),
        None => None,
    };
    visit.page(&RunsPage {
        head,
        live,
        runs: found.runs.iter().map(|run| row(run, &found, now)).collect(),
        status: status_choices(asked.word()),
        companies: match own {
            Some(_) => Vec::new(),
            None => found.names.choices(&chosen),
        },
        filtered: which.is_some() || !chosen.is_empty(),
        newest: asked.before.is_empty(),
        older: older.unwrap_or_default(),
        file: address(&format!("{path}.csv"), &kept),
        path,
    })
}

fn row(run: &Run, found: &Found, now: DateTime<Utc>) -> RunRow {
    let (company, removed) = found.names.of(run.company_id);
    let nothing = Done::default();
    let done = found.done.get(&run.id).unwrap_or(&nothing);
    RunRow {
        id: run.id.clone(),
        company_id: run.company_id,
        company,
        removed,
        at: At::there(run.started_at, now, found.names.zone(run.company_id)),
        mode: run.mode.as_str().into(),
        preview: run.preview,
        status: progress::status(run).into(),
        failure: run
            .error
            .as_ref()
            .map(|error| words::failure(&error.kind))
            .unwrap_or_default(),
        done: parts(done, &counts(run).unwrap_or_default()),
        duration: duration(run),
        requests: run.calls.total(),
        asked_by: run.requested_by.clone().unwrap_or_default(),
    }
}

/// How long a run took; empty as long as it has not ended.
pub(super) fn duration(run: &Run) -> String {
    run.finished_at
        .map(|end| words::duration((end - run.started_at).num_seconds()))
        .unwrap_or_default()
}

async fn fleet_file(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let company = asked.company.parse().ok();
    history_files::of_runs(&visit, company, asked.which()).await
}

async fn company_file(
    visit: Visit,
    company: Path<i64>,
    asked: Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    history_files::of_runs(&visit, Some(company.id), asked.which()).await
}

/// The answer to a part of a run that is over.
pub(super) fn over() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("HX-Refresh", "true"))
        .finish()
}
