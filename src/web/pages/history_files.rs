//! The history as files of comma-separated values.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Path};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};

use super::run::outcome_word;
use super::run_counts::counts;
use super::runs::Names;
use crate::app::App;
use crate::db::changes::{self, ChangeRecord};
use crate::db::runs::{self, Run, Which};
use crate::model::{Action, FieldValue};
use crate::sync::report;
use crate::web::{At, Visit, WebError, csv, progress, words};

/// So many runs are read at once.
const A_PIECE: usize = 1_000;

const OF_RUNS: [&str; 22] = [
    "Run",
    "Company",
    "Began",
    "Ended",
    "Kind",
    "Status",
    "Error",
    "What to do",
    "Asked for by",
    "Create",
    "Link",
    "Update",
    "Reactivate",
    "Deactivate",
    "Unchanged",
    "Out of scope",
    "Conflict",
    "Held",
    "Failed",
    "Requests to Microsoft's login",
    "Requests to Microsoft Graph",
    "Requests to the PSA",
];

/// All runs, newest first, with the counts of their reports: people by action, whatever came of it; held and failed among them.
/// The file is made while it is read, so that however many there are, few are in memory.
pub(super) async fn of_runs(
    visit: &Visit,
    company: Option<i64>,
    which: Option<Which>,
) -> Result<HttpResponse, WebError> {
    let names = visit.app().db().read(Names::load).await?;
    let head = csv::file(&OF_RUNS, std::iter::empty::<[&str; 22]>())?;
    let pieces = Pieces {
        app: visit.app().clone(),
        wanted: (company, which),
        names,
        before: None,
        is_over: false,
    };
    let rows = stream::try_unfold(pieces, Pieces::next);
    let head = stream::iter([Ok(Bytes::from(head))]);
    Ok(visit.csv_in_pieces("runs", head.chain(rows)))
}

/// Where the reading of runs has come to.
struct Pieces {
    app: App,
    wanted: (Option<i64>, Option<Which>),
    names: Names,
    /// The last run that was read: when it began, and its id.
    before: Option<(DateTime<Utc>, String)>,
    is_over: bool,
}

impl Pieces {
    /// The rows of the next piece; `None`: there are no more.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, WebError> {
        if self.is_over {
            return Ok(None);
        }
        let (wanted, before) = (self.wanted, self.before.take());
        let limit = i64::try_from(A_PIECE).unwrap_or(i64::MAX);
        let found = self.app.db().read(move |conn| {
            let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
            runs::page_of(conn, wanted, before, limit)
        });
        let mut found = found.await?;
        progress::note_dead(&self.app, &mut found).await?;
        self.is_over = found.len() < A_PIECE;
        self.before = found.last().map(|run| (run.started_at, run.id.clone()));
        let rows = csv::rows(found.iter().map(|run| cells(run, &self.names)))?;
        Ok(Some((Bytes::from(rows), self)))
    }
}

fn cells(run: &Run, names: &Names) -> Vec<String> {
    let stamp = |at: DateTime<Utc>| At::new(at, at).iso;
    let error = run.error.as_ref();
    let mut cells = vec![
        run.id.clone(),
        names.of(run.company_id).0,
        stamp(run.started_at),
        run.finished_at.map(stamp).unwrap_or_default(),
        words::mode(run.mode.as_str()),
        words::status(progress::status(run)),
        error.map(|error| error.message.clone()).unwrap_or_default(),
        error.map(|error| error.advice.clone()).unwrap_or_default(),
        run.requested_by.clone().unwrap_or_default(),
    ];
    let counts = counts(run).unwrap_or_default();
    let numbers = Action::ALL.map(|action| counts.by(action));
    cells.extend(numbers.iter().map(ToString::to_string));
    cells.extend([counts.held, counts.failed].map(|number| number.to_string()));
    let requests = [run.calls.login, run.calls.graph, run.calls.psa];
    cells.extend(requests.map(|number| number.to_string()));
    cells
}

const OF_RUN: [&str; 14] = [
    "User id", "User", "Name", "Contact", "Action", "Reason", "Filter", "Site", "Field", "From",
    "To", "Written", "Outcome", "Error",
];

/// Everybody of a run, a line a field that differs. What is blank is empty, and the file is named after the company and the run's day.
pub(super) async fn of_run(visit: Visit, run: Path<String>) -> Result<HttpResponse, WebError> {
    let id = run.into_inner();
    let found = visit.app().db().read(move |conn| {
        let Some(run) = runs::get(conn, &id)? else {
            return Ok(None);
        };
        let lines = changes::of_run(conn, &id)?;
        Ok(Some((Names::load(conn)?, run, lines)))
    });
    let (names, run, lines) = found.await?.ok_or(WebError::NotFound)?;
    let mut rows: Vec<[String; 14]> = Vec::new();
    for ChangeRecord { change, .. } in lines {
        let contact = change.contact_id.as_ref();
        let contact = contact.map(ToString::to_string).unwrap_or_default();
        let row = |field: [String; 4]| {
            let [name, from, to, applied] = field;
            [
                change.user_id.to_string(),
                change.upn.clone(),
                change.name.clone(),
                contact.clone(),
                words::action(change.action.as_str()),
                words::reason_for_people(&change.reason).into_owned(),
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
                value(&field.from),
                value(&field.to),
                applied.into(),
            ])
        }));
    }
    let company = names.of(run.company_id).0;
    let company = csv::part_of_name(&company, &format!("company-{}", run.company_id));
    let day = run.started_at.format("%Y-%m-%d");
    let name = format!("run-{company}-{day}");
    Ok(visit.csv(&name, csv::file(&OF_RUN, rows)?))
}

/// A value in a cell of its own.
fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Blank => String::new(),
        value => words::value(&report::value(value)),
    }
}
