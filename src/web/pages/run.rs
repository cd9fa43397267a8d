//! One run: what it did to each person, and why it failed; live while it goes on. It is looked at, never changed.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use serde::{Deserialize, Serialize};

use super::runs::{counts, duration, over};
use crate::db::changes::{ChangeRecord, Short};
use crate::db::runs::{self, Run};
use crate::db::{changes, companies};
use crate::model::{Action, Company, Outcome, text};
use crate::sync::report;
use crate::web::listing::{Choice, Pager, ROWS, choices};
use crate::web::progress::Progress;
use crate::web::routes::{Entry, routes};
use crate::web::{
    At, CompanyHead, Page, Part, Place, Samples, Tab, VendorLinks, Visit, WebError, csv, progress,
    words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/runs/{run}" Reader show;
    Get Part "/runs/{run}/progress" Reader live;
    Get File "/runs/{run}/changes.csv" Reader file;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<RunPage>();
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunPage {
    id: String,
    company_id: i64,
    company: String,
    /// The company's head; none where it is removed.
    head: Option<CompanyHead>,
    mode: String,
    preview: bool,
    status: String,
    began: At,
    duration: String,
    asked_by: String,
    /// Live, while it goes on.
    progress: Option<Progress>,
    tiles: Vec<Tile>,
    /// Requests by service: its name and how many.
    requests: Vec<(String, u64)>,
    error: Option<Trouble>,
    findings: Vec<String>,
    /// How many people's lines there are in all.
    lines: usize,
    people: Vec<PersonRow>,
    /// What the PSA is called.
    psa: String,
    search: String,
    action: Vec<Choice>,
    outcome: Vec<Choice>,
    pager: Pager,
}

/// A number that stands out.
#[derive(Clone, Debug, Serialize)]
struct Tile {
    value: usize,
    name: String,
    /// Where more is said of it; empty: nowhere.
    link: String,
}

/// Why a run failed.
#[derive(Clone, Debug, Serialize)]
struct Trouble {
    what: String,
    message: String,
    advice: String,
}

/// What became of one person.
#[derive(Clone, Debug, Serialize)]
struct PersonRow {
    user_id: String,
    name: String,
    upn: String,
    action: String,
    reason: String,
    filter: String,
    site: String,
    outcome: String,
    changes: Vec<FieldRow>,
    /// What was not written, in words.
    unwritten: Vec<String>,
    /// The PSA's own words.
    error: String,
    contact_id: String,
    contact_link: String,
    user_link: String,
}

#[derive(Clone, Debug, Serialize)]
struct FieldRow {
    field: String,
    from: String,
    to: String,
}

impl Page for RunPage {
    const TEMPLATE: &'static str = "pages/run.html";

    fn title(&self) -> String {
        format!("Run of {}", self.company)
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
        samples_of_a_run()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    search: String,
    action: String,
    outcome: String,
    page: String,
}

/// What the page is made from.
struct Found {
    run: Run,
    name: String,
    company: Option<Company>,
    links: VendorLinks,
    all: Vec<Short>,
}

async fn load(visit: &Visit, id: String) -> Result<Found, WebError> {
    let found = visit.app().db().read(move |conn| {
        let Some(run) = runs::get(conn, &id)? else {
            return Ok(None);
        };
        let company = companies::get(conn, run.company_id)?;
        let links = match &company {
            Some(company) => VendorLinks::of(conn, company)?,
            None => VendorLinks::default(),
        };
        let mut names = companies::names(conn)?;
        Ok(Some(Found {
            name: names.remove(&run.company_id).unwrap_or_default(),
            all: changes::short_of_runs(conn, std::slice::from_ref(&run.id))?,
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
    let found = load(&visit, run.into_inner()).await?;
    let going = progress::of_run(visit.app(), &found.run).await?;
    let fits: Vec<i64> = fitting(&found.all, &asked);
    let path = format!("/runs/{}", found.run.id);
    let kept = [
        ("search", asked.search.as_str()),
        ("action", &asked.action),
        ("outcome", &asked.outcome),
    ];
    let pager = Pager::new(&asked.page, fits.len(), &path, &kept);
    let shown: Vec<i64> = fits.into_iter().skip(pager.skipped()).take(ROWS).collect();
    let lines = visit
        .app()
        .db()
        .read(move |conn| changes::by_ids(conn, &shown))
        .await?;
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
        began: At::new(run.started_at, visit.now()),
        duration: duration(run),
        asked_by: run.requested_by.clone().unwrap_or_default(),
        progress: going,
        tiles: tiles(&found),
        requests: vec![
            ("Microsoft's login".into(), run.calls.login),
            ("Microsoft Graph".into(), run.calls.graph),
            (found.links.psa_name().into(), run.calls.psa),
        ],
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
        lines: found.all.len(),
        people: lines.iter().map(|line| person(line, &found)).collect(),
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
const fn outcome_word(outcome: Outcome) -> &'static str {
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

/// What was really done, from the history; what was not to be written, from the report.
fn tiles(found: &Found) -> Vec<Tile> {
    let mut done: HashMap<Action, usize> = HashMap::new();
    for line in &found.all {
        if line.outcome == Outcome::Applied {
            *done.entry(line.action).or_default() += 1;
        }
    }
    let written = Action::ALL
        .into_iter()
        .filter(|action| action.writes() || *action == Action::Link)
        .map(|action| Tile {
            value: done.get(&action).copied().unwrap_or_default(),
            name: capital(&words::done(action.as_str())),
            link: String::new(),
        });
    let mut tiles: Vec<Tile> = written.collect();
    let Some(counts) = counts(&found.run) else {
        return tiles;
    };
    for action in [Action::Unchanged, Action::OutOfScope, Action::Conflict] {
        tiles.push(Tile {
            value: counts.by(action),
            name: capital(&words::done(action.as_str())),
            link: String::new(),
        });
    }
    tiles.push(Tile {
        value: counts.held,
        name: "Held".into(),
        link: String::new(),
    });
    tiles.push(Tile {
        value: counts.failed,
        name: "Failed".into(),
        link: if counts.failed > 0 {
            format!("/runs/{}?outcome=failed", found.run.id)
        } else {
            String::new()
        },
    });
    tiles
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn person(line: &ChangeRecord, found: &Found) -> PersonRow {
    let change = &line.change;
    let contact = change.contact_id.as_ref();
    let over = matches!(change.outcome, Outcome::Applied | Outcome::Failed);
    PersonRow {
        user_id: change.user_id.to_string(),
        name: change.name.clone(),
        upn: change.upn.clone(),
        action: change.action.as_str().into(),
        reason: change.reason.clone(),
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
    }
}

/// How far the run is; when it is over, the page is loaded again.
async fn live(visit: Visit, run: Path<String>) -> Result<HttpResponse, WebError> {
    let id = run.into_inner();
    let found = visit.app().db().read(move |conn| runs::get(conn, &id));
    let run = found.await?.ok_or(WebError::NotFound)?;
    match progress::of_run(visit.app(), &run).await? {
        Some(going) => visit.part(&going),
        None => Ok(over()),
    }
}

const HEAD: [&str; 13] = [
    "User id", "User", "Name", "Action", "Reason", "Filter", "Site", "Field", "From", "To",
    "Written", "Outcome", "Error",
];

/// Everybody of a run, a line a field that differs.
async fn file(visit: Visit, run: Path<String>) -> Result<HttpResponse, WebError> {
    let id = run.into_inner();
    let found = visit.app().db().read(move |conn| {
        let known = runs::get(conn, &id)?.is_some();
        Ok((known, changes::of_run(conn, &id)?))
    });
    let (known, lines) = found.await?;
    if !known {
        return Err(WebError::NotFound);
    }
    let mut rows: Vec<[String; 13]> = Vec::new();
    for ChangeRecord { change, .. } in lines {
        let row = |field: [String; 4]| {
            let [name, from, to, applied] = field;
            [
                change.user_id.to_string(),
                change.upn.clone(),
                change.name.clone(),
                words::action(change.action.as_str()),
                change.reason.clone(),
                change.filter.clone().unwrap_or_default(),
                change.site.clone().unwrap_or_default(),
                name,
                from,
                to,
                applied,
                words::outcome(outcome_word(change.outcome)),
                change.error.clone().unwrap_or_default(),
            ]
        };
        if change.fields.is_empty() {
            rows.push(row([const { String::new() }; 4]));
        }
        rows.extend(change.fields.iter().map(|field| {
            let applied = if field.applied { "yes" } else { "no" };
            row([
                words::field(field.field.as_str()),
                words::value(&report::value(&field.from)),
                words::value(&report::value(&field.to)),
                applied.into(),
            ])
        }));
    }
    Ok(visit.csv("run", csv::file(&HEAD, rows)?))
}

fn samples_of_a_run() -> Vec<RunPage> {
    let person = PersonRow {
        user_id: "6f0c7b1e-0000-4000-8000-000000000001".into(),
        name: "<script>alert(1)</script> \u{202e}\"Jane\" 👩".into(),
        upn: "jane@contoso.example".into(),
        action: "update".into(),
        reason: "title differs".into(),
        filter: "Management".into(),
        site: "New Site".into(),
        outcome: "failed".into(),
        changes: vec![FieldRow {
            field: "title".into(),
            from: "nothing".into(),
            to: "Lead ".repeat(60),
        }],
        unwritten: vec!["Title".into()],
        error: "title: <b>too long</b>".into(),
        contact_id: "1001".into(),
        contact_link: "https://psa.msp.example/contact/1001".into(),
        user_link: "https://entra.microsoft.com/".into(),
    };
    let plain = PersonRow {
        name: String::new(),
        filter: String::new(),
        site: String::new(),
        outcome: "applied".into(),
        changes: Vec::new(),
        unwritten: Vec::new(),
        error: String::new(),
        contact_link: String::new(),
        user_link: String::new(),
        ..person.clone()
    };
    let none = PersonRow {
        contact_id: String::new(),
        ..plain.clone()
    };
    let tile = |value, link: &str| Tile {
        value,
        name: "Created".into(),
        link: link.into(),
    };
    let empty = RunPage {
        id: "0193aaaa-0000-7000-8000-000000000000".into(),
        company_id: 7,
        company: "Contoso".into(),
        head: Some(CompanyHead::sample(Tab::Runs)),
        mode: "update".into(),
        preview: false,
        status: "succeeded".into(),
        began: At::sample(),
        duration: "4 s".into(),
        asked_by: String::new(),
        progress: None,
        tiles: vec![tile(0, "")],
        requests: vec![("Microsoft Graph".into(), 3)],
        error: None,
        findings: Vec::new(),
        lines: 0,
        people: Vec::new(),
        psa: "ConnectWise".into(),
        search: String::new(),
        action: Vec::new(),
        outcome: Vec::new(),
        pager: Pager::default(),
    };
    let failed = RunPage {
        head: None,
        company: "<script>alert(1)</script>".into(),
        preview: true,
        status: "failed".into(),
        asked_by: "Robin".into(),
        tiles: vec![tile(2, "/runs/x?outcome=failed")],
        error: Some(Trouble {
            what: "Client secret expired".into(),
            message: "<script>alert(1)</script>".into(),
            advice: "Add a new one".into(),
        }),
        findings: vec!["Filter 3 names the licence <SPB>".into()],
        lines: 3,
        people: vec![person, plain, none],
        search: "\"><script>alert(1)</script>".into(),
        action: choices([("", "All"), ("update", "Update")], "update"),
        outcome: choices([("", "All"), ("failed", "Failed")], "failed"),
        pager: Pager {
            from: 1,
            to: 3,
            total: 3,
            previous: "/runs/x".into(),
            next: "/runs/x?page=3".into(),
        },
        ..empty.clone()
    };
    let sought = RunPage {
        lines: 3,
        ..empty.clone()
    };
    let going = RunPage {
        status: "running".into(),
        duration: String::new(),
        progress: Progress::samples().into_iter().next(),
        ..empty.clone()
    };
    vec![empty, failed, sought, going]
}
