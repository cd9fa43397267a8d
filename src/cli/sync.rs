//! `rollcall sync`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output::{complain, say};
use super::tally::Short;
use super::{SyncArgs, WRONG_USAGE, find, print_json, show, waiting};
use crate::app::App;
use crate::db::companies;
use crate::decisions::COMMAND_LINE;
use crate::model::Mode;
use crate::runs::{self, Event};
use crate::sync::report::Report;
use crate::sync::{Options, Progress};

/// Runs one company, or every company with contact sync on.
pub async fn run(app: &App, args: &SyncArgs, bars: &MultiProgress) -> anyhow::Result<u8> {
    let mode = if args.resync {
        Mode::Resync
    } else {
        Mode::Update
    };
    let mut options = Options::new(mode, args.preview);
    options.requested_by = Some(COMMAND_LINE.to_owned());
    let watching = Watching::new(bars, args.preview);
    let watch = |company: &str, event| watching.told(company, &event);
    if let Some(name) = &args.company {
        let Some(company) = find(app, name).await? else {
            return Ok(WRONG_USAGE);
        };
        if !company.sync_contacts && !args.preview {
            complain(&format!(
                "Contact sync is off for {}: switch it on, or look with --preview",
                company.name
            ));
            return Ok(WRONG_USAGE);
        }
        let finished = Box::pin(runs::one(app, &company, &options, &watch)).await;
        watching.done(&finished.report);
        if args.json {
            print_json(&finished.report.json(args.full));
        } else {
            show::report(&finished, args.full);
        }
        return Ok(finished.report.exit_status());
    }
    let mut companies = app.db().read(companies::list).await?;
    let known = companies.len();
    companies.retain(|one| one.sync_contacts);
    if companies.is_empty() {
        complain(if known == 0 { NOBODY_THERE } else { ALL_OFF });
    }
    let reports = Mutex::new(Vec::new());
    let done = |finished: crate::sync::Finished| {
        watching.done(&finished.report);
        if args.json {
            print_json(&finished.report.json(args.full));
        } else if args.full {
            bars.suspend(|| show::report(&finished, true));
            say("");
        }
        let short = Short::of(finished.report);
        let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.push(short);
    };
    Box::pin(runs::all(app, companies, &options, &watch, &done)).await;
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|short: &Short| short.report.company.to_lowercase());
    if !args.json && !reports.is_empty() {
        show::fleet(&reports);
    }
    Ok(reports
        .iter()
        .map(|short| short.report.exit_status())
        .max()
        .unwrap_or_default())
}

/// What is said where a fleet has no company to run.
const ALL_OFF: &str = "No company has contact sync on, so that nothing was done: switch it on in the portal, or with \
     `sync_contacts = true` in the fleet file.";
/// The same where there is no company at all.
const NOBODY_THERE: &str = "No company has contact sync on, for there is none yet, so that nothing was done: add one in the \
     portal, or with `rollcall fleet apply`.";

/// A progress bar for each company that runs, on a terminal; elsewhere only that a run waits.
pub struct Watching<'a> {
    bars: &'a MultiProgress,
    preview: bool,
    of: Mutex<HashMap<String, ProgressBar>>,
}

impl<'a> Watching<'a> {
    /// Draws through these bars; a preview writes nothing, and says so.
    pub fn new(bars: &'a MultiProgress, preview: bool) -> Self {
        Self {
            bars,
            preview,
            of: Mutex::default(),
        }
    }

    /// Something happened with a company.
    pub fn told(&self, company: &str, event: &Event) {
        let &Event::Progress(progress) = event else {
            self.bars.suspend(|| waiting::told(company, event));
            return;
        };
        if !console::user_attended_stderr() {
            return;
        }
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = of.entry(company.to_owned()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(0));
            // Nobody knows yet how much there is to do: a bar would stand full.
            look(&bar, "{prefix:24!} {msg}");
            bar.set_prefix(company.to_owned());
            bar
        });
        match progress {
            Progress::Reading => bar.set_message("reading"),
            Progress::Planned(_) if self.preview => bar.set_message("planning"),
            Progress::Planned(0) => bar.set_message("nothing to write"),
            Progress::Planned(count) => {
                look(bar, "{prefix:24!} {bar:30} {pos:>5}/{len:<5} {msg}");
                bar.set_length(count as u64);
                bar.set_message("writing");
            }
            Progress::Written(count) => bar.set_position(count as u64),
        }
    }

    /// A company's run is over.
    pub fn done(&self, report: &Report) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = of.remove(&report.company) {
            bar.finish_and_clear();
        }
    }
}

fn look(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
