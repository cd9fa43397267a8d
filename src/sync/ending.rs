//! The end of a run: its outcomes become a report, its status is judged, and both are written down. Decides nothing about people.

use chrono::{DateTime, Utc};

use super::failure::STOPPED;
use super::report::{Counts, Report};
use super::{Finished, Outcomes, Run, record, report};
use crate::model::{Calls, Status};

impl Run<'_> {
    /// The run is over: its outcomes as a report, written down.
    pub(super) async fn finish(
        &self,
        started_at: DateTime<Utc>,
        calls: Calls,
        outcomes: Outcomes,
    ) -> Finished {
        let Outcomes { seen, done, error } = outcomes;
        let (people, findings) = match &seen {
            Some((_, plan)) => (
                report::lines(plan, &done),
                plan.findings.iter().map(report::finding).collect(),
            ),
            None => (Vec::new(), Vec::new()),
        };
        let counts = Counts::of(&people);
        let status = if error.is_some() {
            Status::Failed
        } else if counts.failed > 0 {
            Status::Partial
        } else if counts.held > 0 {
            Status::Held
        } else {
            Status::Succeeded
        };
        let finished_at = self.scene.clock.now();
        let mut report = Report {
            company: self.scene.company.name.clone(),
            run: self.id.clone(),
            mode: self.options.mode,
            preview: self.turn.is_none(),
            status,
            started_at: report::stamp(started_at),
            finished_at: report::stamp(finished_at),
            counts,
            calls,
            error,
            findings,
            people,
        };
        if self.turn.is_some()
            && let Err(unrecorded) = record::end(self.scene, &report, finished_at).await
        {
            report.status = Status::Failed;
            report.error.get_or_insert(unrecorded);
        }
        if self.turn.is_some() {
            self.log(&report);
        }
        Finished { report, seen }
    }

    fn log(&self, report: &Report) {
        let company = &self.scene.company.name;
        match report.error.as_ref().map(|error| error.kind.as_str()) {
            // It did not fail: whoever asked it to stop is carried on from there.
            Some(STOPPED) => tracing::info!(run.id = %self.id, %company, "Run interrupted"),
            kind => tracing::info!(
                run.id = %self.id,
                %company,
                status = report.status.as_str(),
                error = kind,
                "Run finished"
            ),
        }
    }
}
