//! What must come out of the demo's runs. It judges reports; it tells nobody.

use crate::model::Status;
use crate::sync::report::{Counts, Report};

/// What did not come out as it should, in sentences.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<String>);

impl Wrong {
    /// Keeps the words where something is not fine.
    pub(super) fn unless(&mut self, fine: bool, words: impl FnOnce() -> String) {
        if !fine {
            self.0.push(words());
        }
    }
}

/// Whether each company got what was planned for it.
pub(super) fn same(planned: &[Report], done: &[Report]) -> bool {
    let key = |report: &Report| -> (String, Counts) { (report.company.clone(), report.counts) };
    planned.iter().map(key).eq(done.iter().map(key))
}

/// Every company must have been run, and all but the one whose people are held must have succeeded.
pub(super) fn well(reports: &[Report], held: Option<&str>, wrong: &mut Wrong) {
    wrong.unless(reports.len() == 8, || {
        format!("{} of 8 companies were run", reports.len())
    });
    for report in reports {
        let expected = if held == Some(report.company.as_str()) {
            Status::Held
        } else {
            Status::Succeeded
        };
        wrong.unless(report.status == expected, || {
            let why = report
                .error
                .as_ref()
                .map(|error| error.message.clone())
                .or_else(|| report.people.iter().find_map(|line| line.error.clone()))
                .unwrap_or_default();
            format!(
                "{}: the run ended as {} instead of {} {why}",
                report.company,
                report.status.as_str(),
                expected.as_str()
            )
        });
    }
}
