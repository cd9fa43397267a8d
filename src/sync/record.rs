//! What a run writes down besides its requests: that it began, what it read and planned, holds, links that changed, its end.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::Options;
use super::failure::{MISTAKE, RunError, overtaken};
use super::last;
use super::observe::Observed;
use super::plan::{Person, Plan};
use super::report::{self, Done, Report};
use super::scene::Scene;
use crate::db::holds::{HoldPerson, Signed};
use crate::db::plans::StoredPlan;
use crate::db::readings::Reading;
use crate::db::runs::{NewRun, RunEnd};
use crate::db::{
    Conn, DbError, claims, dismissals, holds, ignored_users, links, plans, readings, runs, undos,
};
use crate::model::{Action, Calls, Outcome, RunFailure, Status, UserId};

/// The run begins; what is written down as running for this company is over, since its turn is ours.
pub async fn begin(
    scene: &Scene,
    id: &str,
    options: &Options,
    started_at: DateTime<Utc>,
) -> Result<(), RunError> {
    let (id, company) = (id.to_owned(), scene.company.id);
    let (mode, requested_by) = (options.mode, options.requested_by.clone());
    let undo = options.undo.clone();
    let process = scene.db.process_id().to_owned();
    let tenant = scene.tenant.tenant_id.clone();
    let psa_company = scene.company.psa_company_id.clone();
    let over = RunEnd {
        status: Status::Failed,
        finished_at: started_at,
        counts: serde_json::json!({}),
        calls: Calls::default(),
        error: Some(RunFailure {
            kind: "interrupted".into(),
            message: "The program ended in the middle of this run".into(),
            advice: "Nothing needs to be done: the next run settles what was left".into(),
            side: None,
        }),
        findings: Vec::new(),
    };
    let begun = scene.db.write(move |conn| {
        for run in runs::running(conn, company)? {
            runs::finish(conn, &run.id, &over)?;
        }
        links::retire_others(conn, company, &tenant, &psa_company, started_at)?;
        let run = NewRun {
            id: &id,
            company_id: company,
            mode,
            preview: false,
            started_at,
            process: &process,
            requested_by: requested_by.as_deref(),
        };
        runs::start(conn, &run)?;
        undo.map_or(Ok(()), |undo| undos::note_run(conn, &id, &undo))
    });
    Ok(begun.await?)
}

/// Before the first request: the reading, the plan and how many people it is `to_do` for, links that are forgotten or changed, ignore entries that were seen, and
/// the hold.
pub async fn before_writing(
    scene: &Scene,
    observed: &Observed,
    (plan, to_do): (&Plan, usize),
    (run, turn): (&str, &str),
    approval: bool,
) -> Result<(), RunError> {
    let now = scene.clock.now();
    let company = scene.company.id;
    let snapshot = &observed.snapshot;
    let (reading, mut stored) = seen(scene, observed, plan, run);
    let forgotten = plan.forgotten.clone();
    let active_again = plan.active_again.clone();
    let resolved = observed.resolved.clone();
    let listed: std::collections::HashMap<&UserId, &str> = snapshot
        .users
        .iter()
        .map(|user| (&user.id, user.upn.as_str()))
        .collect();
    let newly: HashSet<&UserId> = observed.newly_deleted.iter().collect();
    let mut deleted = Vec::new();
    let mut back = Vec::new();
    let mut renamed = Vec::new();
    for link in &snapshot.links {
        if newly.contains(&link.user_id) {
            deleted.push(link.id);
        } else if let Some(upn) = listed.get(&link.user_id) {
            if link.user_deleted {
                back.push(link.id);
            }
            if *upn != link.upn {
                renamed.push((link.id, (*upn).to_owned()));
            }
        }
    }
    let hold = if approval {
        None
    } else {
        Some(hold_change(observed, plan))
    };
    let run = run.to_owned();
    let planned = i64::try_from(to_do).unwrap_or(i64::MAX);
    journal(scene, turn, move |conn| {
        readings::put(conn, &reading)?;
        if approval {
            keep_settled(conn, &mut stored)?;
        }
        plans::put(conn, &stored)?;
        runs::set_planned(conn, &run, planned)?;
        links::retire(conn, &forgotten, "contact gone", now)?;
        links::set_deleted(conn, &deleted, true)?;
        links::set_deleted(conn, &back, false)?;
        for (id, upn) in &renamed {
            links::set_upn(conn, *id, upn)?;
        }
        for (entry, user) in &resolved {
            ignored_users::resolve_ignored(conn, company, entry, user)?;
        }
        if !active_again.is_empty() {
            dismissals::remove(conn, company, &active_again)?;
        }
        match hold {
            Some(hold) => hold.write(conn, company, &run, now),
            None => Ok(()),
        }
    })
    .await
}

/// A preview's reading and plan, where nothing newer is kept. One beside which a run goes on, or went on meanwhile, is not kept:
/// nobody would know which of the run's writes are in it.
pub async fn remember(
    scene: &Scene,
    observed: &Observed,
    plan: &Plan,
    run: &str,
) -> Result<(), RunError> {
    let (reading, mut stored) = seen(scene, observed, plan, run);
    let kept = scene.db.write(move |conn| {
        let company = reading.company_id;
        let last_run = runs::list(conn, company, 1)?.pop();
        let beside = last_run.is_some_and(|run| {
            run.running || run.finished_at.is_none_or(|at| at >= reading.read_at)
        });
        let newer = readings::read_at(conn, company)?.is_some_and(|at| at > reading.read_at);
        if !beside && !newer {
            readings::put(conn, &reading)?;
            keep_settled(conn, &mut stored)?;
            plans::put(conn, &stored)?;
        }
        Ok(())
    });
    Ok(kept.await?)
}

/// Who was in conflict and is settled since is remembered until an update or a resync has brought it about.
fn keep_settled(conn: &mut Conn, stored: &mut StoredPlan) -> diesel::QueryResult<()> {
    let settled = plans::settled(conn, stored.company_id)?;
    let people = stored.in_conflict.get_or_insert_default();
    for user in settled {
        if !people.contains(&user) {
            people.push(user);
        }
    }
    Ok(())
}

/// What was read and planned, as it is kept.
fn seen(scene: &Scene, observed: &Observed, plan: &Plan, run: &str) -> (Reading, StoredPlan) {
    let stored = StoredPlan {
        company_id: scene.company.id,
        run_id: run.to_owned(),
        made_at: scene.clock.now(),
        plan: text(plan),
        in_conflict: Some(
            plan.people
                .iter()
                .filter(|person| person.action == Action::Conflict)
                .map(|person| person.user_id.clone())
                .collect(),
        ),
    };
    (last::reading(scene, observed, run), stored)
}

/// What becomes of the company's hold.
struct HoldChange {
    open: Option<i64>,
    leaving: Vec<UserId>,
    closes: bool,
    held: Vec<HoldPerson>,
}

fn hold_change(observed: &Observed, plan: &Plan) -> HoldChange {
    HoldChange {
        open: observed.remembered.hold.as_ref().map(|hold| hold.id),
        leaving: plan.guard.leaving.clone(),
        closes: plan.guard.hold_closes,
        held: plan
            .people
            .iter()
            .filter(|person| person.held)
            .filter_map(hold_person)
            .collect(),
    }
}

fn hold_person(person: &Person) -> Option<HoldPerson> {
    Some(HoldPerson {
        user_id: person.user_id.clone(),
        upn: person.upn.clone(),
        name: person.name.clone(),
        contact_id: person.contact.clone()?,
        reason: report::reason(&person.reason),
    })
}

impl HoldChange {
    fn write(
        &self,
        conn: &mut Conn,
        company: i64,
        run: &str,
        now: DateTime<Utc>,
    ) -> diesel::QueryResult<()> {
        let mut open = self.open;
        if let Some(hold) = open {
            holds::leave(
                conn,
                hold,
                &self.leaving,
                "no longer to be deactivated",
                now,
            )?;
            if self.closes {
                holds::close(conn, hold, "empty", None, now)?;
                open = None;
            }
        }
        match open {
            _ if self.held.is_empty() => Ok(()),
            Some(hold) => holds::add_people(conn, hold, &self.held),
            None => holds::open(conn, company, run, &self.held, now).map(drop),
        }
    }
}

/// After an approval: who was deactivated leaves the hold, and, where the run was `whole`, who is not to be any more; it closes
/// when nobody is left, `signed` by who approved.
pub async fn after_approval(
    scene: &Scene,
    observed: &Observed,
    plan: &Plan,
    (done, whole): (&[Done], bool),
    signed: Option<&Signed>,
) -> Result<(), RunError> {
    let Some(hold) = &observed.remembered.hold else {
        return Ok(());
    };
    let now = scene.clock.now();
    let applied: Vec<UserId> = plan
        .people
        .iter()
        .zip(done)
        .filter(|(_, done)| done.outcome == Some(Outcome::Applied))
        .map(|(person, _)| person.user_id.clone())
        .collect();
    let going: HashSet<&UserId> = plan
        .people
        .iter()
        .filter(|person| person.action == Action::Deactivate)
        .map(|person| &person.user_id)
        .collect();
    let gone: Vec<UserId> = hold
        .people
        .iter()
        .map(|person| person.user_id.clone())
        .filter(|user| whole && !going.contains(user))
        .collect();
    let stays = hold
        .people
        .iter()
        .any(|person| !applied.contains(&person.user_id) && !gone.contains(&person.user_id));
    let (id, signed) = (hold.id, signed.cloned());
    let written = scene.db.write(move |conn| {
        holds::leave(conn, id, &applied, "approved", now)?;
        holds::leave(conn, id, &gone, "no longer to be deactivated", now)?;
        if !stays {
            holds::close(conn, id, "approved", signed.as_ref(), now)?;
        }
        Ok(())
    });
    Ok(written.await?)
}

/// The run is over.
pub async fn end(
    scene: &Scene,
    report: &Report,
    finished_at: DateTime<Utc>,
) -> Result<(), RunError> {
    // What a mistake cut short wrote stands in the history; nobody counted it.
    let counts = match &report.error {
        Some(error) if error.kind == MISTAKE => serde_json::json!({}),
        _ => serde_json::to_value(report.counts).unwrap_or_default(),
    };
    let end = RunEnd {
        status: report.status,
        finished_at,
        counts,
        calls: report.calls,
        error: report.error.clone(),
        findings: report.findings.clone(),
    };
    let run = report.run.clone();
    scene
        .db
        .write(move |conn| runs::finish(conn, &run, &end).map(drop))
        .await?;
    Ok(())
}

/// Writes in one transaction, if the company's turn is still ours.
pub async fn journal<T: Send + 'static>(
    scene: &Scene,
    turn: &str,
    work: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
) -> Result<T, RunError> {
    Ok(journal_until(scene, turn, work).await?.0)
}

/// The same, and until when the turn is ours if it is not renewed.
pub(super) async fn journal_until<T: Send + 'static>(
    scene: &Scene,
    turn: &str,
    work: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
) -> Result<(T, DateTime<Utc>), RunError> {
    let (turn, now) = (turn.to_owned(), scene.clock.now());
    let process = scene.db.process_id().to_owned();
    scene
        .db
        .write_with(move |conn| {
            let held = claims::held_until(conn, &turn, &process, now).map_err(DbError::from)?;
            let until = held.ok_or_else(overtaken)?;
            let done = work(conn).map_err(DbError::from)?;
            Ok((done, until))
        })
        .await
}

fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
