//! The end of a run: its outcomes become a report, its status is judged, and both are written down. Decides nothing about people.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::explain::left_differing;
use super::failure::STOPPED;
use super::plan::{Person, Plan, Reason};
use super::report::{Counts, Done, Report};
use super::select::Activity;
use super::snapshot::Snapshot;
use super::{Finished, Outcomes, Run, record, report};
use crate::model::{Action, Calls, Contact, ContactId, Mode, Outcome, Status, User, UserId};

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
        let whole = matches!(self.options.mode, Mode::Update | Mode::Resync) && self.turn.is_some();
        let in_sync = seen
            .as_ref()
            .filter(|_| whole)
            .map(|(snapshot, plan)| in_sync(snapshot, plan, &done));
        if self.turn.is_some()
            && let Err(unrecorded) = record::end(self.scene, &report, in_sync, finished_at).await
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

/// How many people the run left with a contact that is as it should be: as the company's page of people counts them afterwards.
/// Who left, waits for a decision, is out of scope, or is linked to a contact that differs and is not updated, does not count.
fn in_sync(snapshot: &Snapshot, plan: &Plan, done: &[Done]) -> usize {
    let contacts: HashMap<&ContactId, &Contact> = by_id(&snapshot.contacts, |one| &one.id);
    let users: HashMap<&UserId, &User> = by_id(&snapshot.users, |one| &one.id);
    let differs = |person: &Person| {
        let user = users.get(&person.user_id);
        let contact = person.contact.as_ref().and_then(|id| contacts.get(id));
        user.zip(contact).is_some_and(|(user, contact)| {
            !left_differing(user, contact, person, &snapshot.rules).is_empty()
        })
    };
    let is = |(at, person): &(usize, &Person)| {
        let outcome = done.get(*at).and_then(|done| done.outcome);
        match person.action {
            Action::Unchanged => {
                let left = matches!(person.trace.activity, Activity::Leaver(_));
                !left && matches!(person.reason, Reason::Same)
            }
            Action::Create | Action::Update | Action::Reactivate => {
                outcome == Some(Outcome::Applied)
            }
            Action::Link => {
                outcome == Some(Outcome::Applied)
                    && (snapshot.rules.update_existing || !differs(person))
            }
            Action::Deactivate | Action::OutOfScope | Action::Conflict => false,
        }
    };
    plan.people.iter().enumerate().filter(is).count()
}

fn by_id<Id: Eq + Hash, One>(all: &[One], id: impl Fn(&One) -> &Id) -> HashMap<&Id, &One> {
    all.iter().map(|one| (id(one), one)).collect()
}
