//! Puts a run back: a run like any other, with the same journal, whose plan `back` makes of the history and of the contacts as
//! they are now. The directory is not asked: what stood there before is known, and a tenant that is out of reach must not keep
//! anybody from undoing what was done.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::apply::{self, Applied};
use super::back::{self, Asked, Back, Line};
use super::facts::Facts;
use super::failure::{RunError, failure, stopped};
use super::observe::{self, Observed};
use super::plan::Person;
use super::record::{self, journal};
use super::report::Done;
use super::scene::{PHONE_TYPES, Scene};
use super::snapshot::Snapshot;
use super::{Outcomes, Progress, Run, last, settling};
use crate::db::changes::ChangeRecord;
use crate::db::events::{self, NewEvent};
use crate::db::{Conn, changes, companies, ignored_users, links, readings, runs, undos, writes};
use crate::model::{
    Change, Contact, Field, FieldChange, FieldValue, Outcome, Undo, UserId, Vocabulary,
};

/// The kind of a run that cannot be put back.
pub const NOT_UNDOABLE: &str = "not_undoable";

/// What the history has of a run that is to be put back.
#[derive(Clone, Debug, Default)]
pub struct History {
    began: DateTime<Utc>,
    lines: Vec<Line>,
    since: HashSet<i64>,
    left_alone: Option<Vec<UserId>>,
}

/// Reads it; or says why the run cannot be put back. `dead` is the time now where the run's process is gone, which the history
/// may not know yet.
///
/// # Errors
/// Where the database fails.
pub fn history(
    conn: &mut Conn,
    company: i64,
    undo: &Undo,
    dead: Option<DateTime<Utc>>,
) -> diesel::QueryResult<Result<History, RunError>> {
    let refused = |message: &str, advice: &str| Ok(Err(failure(NOT_UNDOABLE, message, advice)));
    let nothing = "Nothing needs to be done";
    let Some(run) = runs::get(conn, &undo.run)?.filter(|run| run.company_id == company) else {
        return refused("The history does not have this run any more", nothing);
    };
    if run.preview {
        return refused("A preview wrote nothing that could be put back", nothing);
    }
    let Some(ended_at) = run.finished_at.or(dead) else {
        return refused("This run is still going on", "Put it back when it is over");
    };
    if links::retired_together(conn, company, run.started_at)? {
        return refused(
            "This company was connected to another PSA, PSA company or tenant after this run, so that its contacts are not the same any more",
            "Change the contacts in the PSA by hand",
        );
    }
    let all = changes::of_run(conn, &run.id)?.into_iter();
    let mine = |record: &ChangeRecord| {
        let user = &record.change.user_id;
        undo.user.as_ref().is_none_or(|only| only == user)
    };
    let left_alone = match undos::of_run(conn, &run.id)? {
        Some(undone) => Some(undos::left_alone(conn, &undone)?),
        None => None,
    };
    Ok(Ok(History {
        began: run.started_at,
        lines: all.filter(mine).map(line).collect(),
        since: links::there_after(conn, company, &run.id, ended_at)?
            .into_iter()
            .collect(),
        left_alone,
    }))
}

fn line(record: ChangeRecord) -> Line {
    let change = record.change;
    let through = change.fields.into_iter().filter(|field| field.applied);
    Line {
        change: record.id,
        user_id: change.user_id,
        upn: change.upn,
        name: change.name,
        contact: change.contact_id,
        action: change.action,
        fields: through
            .map(|one| FieldChange {
                field: one.field,
                from: one.from,
                to: one.to,
            })
            .collect(),
        other_emails: change
            .before
            .map(|one| one.other_emails)
            .unwrap_or_default(),
    }
}

impl History {
    fn back(
        &self,
        undo: &Undo,
        snapshot: &Snapshot,
        can: &dyn Fn(&Contact, &FieldChange) -> bool,
    ) -> Back {
        let asked = Asked {
            undo,
            began: self.began,
            lines: &self.lines,
            since: &self.since,
            left_alone: self.left_alone.as_deref(),
        };
        back::back(asked, snapshot, can)
    }
}

/// Whether the PSA's client has a request that brings a contact this value.
fn can(scene: &Scene, vocabulary: &Vocabulary, contact: &Contact, change: &FieldChange) -> bool {
    let whole = Change {
        company: &scene.company.psa_company_id,
        contact: Some(contact),
        fields: std::slice::from_ref(change),
        own_addresses: &[],
    };
    let steps = scene.psa.steps(&whole, vocabulary);
    steps
        .iter()
        .any(|step| step.settles.contains(&change.field))
}

/// What would be put back, from the last reading: without a request. A run looks again.
///
/// # Errors
/// Where the run cannot be put back, or the database fails.
pub async fn look(
    scene: &Scene,
    facts: &Facts,
    snapshot: &Snapshot,
    undo: &Undo,
) -> Result<Back, RunError> {
    let (company, wanted) = (scene.company.id, undo.clone());
    let id = undo.run.clone();
    let run = scene.db.read(move |conn| runs::get(conn, &id)).await?;
    let dead = match run.filter(|run| run.running) {
        Some(run) if !scene.db.is_alive(&run.process).await? => Some(scene.clock.now()),
        _ => None,
    };
    let history = scene
        .db
        .read(move |conn| history(conn, company, &wanted, dead))
        .await??;
    let remembered = facts.remembered(&scene.psa_scope(), PHONE_TYPES).await?;
    let vocabulary = Vocabulary {
        contact_types: snapshot.rules.contact_types.clone(),
        phone_types: remembered.unwrap_or_default(),
        limits: snapshot.rules.limits,
    };
    // The items of a contact are those before the run that was read last: of them only a run can say more.
    let can = |contact: &Contact, change: &FieldChange| {
        change.field != Field::Site
            || change.to != FieldValue::Blank
            || can(scene, &vocabulary, contact, change)
    };
    Ok(history.back(undo, snapshot, &can))
}

impl Run<'_> {
    pub(super) async fn undo(&self, undo: &Undo, started_at: DateTime<Utc>) -> Outcomes {
        match Box::pin(self.look_back(undo, started_at)).await {
            Ok((observed, back)) => self.put_back(undo, observed, back).await,
            Err(error) => Outcomes::none(error),
        }
    }

    /// Reads the contacts, settles what an earlier run left, and decides what is put back.
    async fn look_back(
        &self,
        undo: &Undo,
        started_at: DateTime<Utc>,
    ) -> Result<(Observed, Back), RunError> {
        (self.progress)(Progress::Reading);
        let scene = self.scene;
        if self.turn.is_some() {
            record::begin(scene, &self.id, self.options, started_at).await?;
        }
        let observed = Box::pin(observe::psa_alone(scene, &self.facts)).await;
        self.remember_address().await?;
        let mut observed = observed?;
        settling::settle(scene, &self.facts, &mut observed, self.turn).await?;
        let (company, wanted) = (scene.company.id, undo.clone());
        let history = scene
            .db
            .read(move |conn| history(conn, company, &wanted, None))
            .await??;
        let vocabulary = &observed.vocabulary;
        let can = |contact: &Contact, change: &FieldChange| can(scene, vocabulary, contact, change);
        let back = history.back(undo, &observed.snapshot, &can);
        if scene.stop.asked() {
            return Err(stopped());
        }
        Ok((observed, back))
    }

    async fn put_back(&self, undo: &Undo, observed: Observed, back: Back) -> Outcomes {
        let plan = &back.plan;
        let to_do = plan.people.iter().filter(|one| one.action.writes()).count();
        (self.progress)(Progress::Planned(to_do));
        let mut applied = Applied {
            done: Vec::new(),
            halted: None,
        };
        let mut noted = None;
        if let Some(turn) = self.turn {
            applied = match self.note(undo, &observed, &back, (to_do, turn)).await {
                Ok(left_alone) => {
                    noted = Some((left_alone, turn));
                    let progress = |done| (self.progress)(Progress::Written(done));
                    let (work, ids) = ((plan, back.undoes()), (self.id.as_str(), turn));
                    let all = |_: &Person| true;
                    apply::apply(self.scene, &observed, work, ids, all, &progress).await
                }
                Err(error) => Applied {
                    halted: Some(error),
                    ..applied
                },
            };
        }
        let stopped_first = applied.halted.is_some() || plan.company_inactive;
        applied.done.resize_with(plan.people.len(), Done::default);
        for (person, done) in plan.people.iter().zip(&mut applied.done) {
            let nobody = || self.outcome(person, false, stopped_first);
            done.outcome = Some(done.outcome.unwrap_or_else(nobody));
        }
        self.doubt(plan, &mut applied).await;
        let mut error = applied.halted;
        if let Some((left_alone, turn)) = noted {
            let let_go = self.let_go(&back, &applied.done, left_alone, turn).await;
            error = error.or(let_go.err());
        }
        Outcomes {
            seen: Some((observed.snapshot, back.plan)),
            done: applied.done,
            error,
        }
    }

    /// Before the first request: the contacts as they were read, how many people are to be written, and whom runs leave alone
    /// from now on, so that none of them does again what is put back, even if this one dies. Gives whom runs leave alone
    /// because of this one.
    async fn note(
        &self,
        undo: &Undo,
        observed: &Observed,
        back: &Back,
        (to_do, turn): (usize, &str),
    ) -> Result<Vec<UserId>, RunError> {
        let scene = self.scene;
        let follows = undo.ignoring && !back.plan.company_inactive;
        let (ignore, again) = if follows {
            (back.to_ignore.clone(), back.to_stop_ignoring.clone())
        } else {
            (Vec::new(), Vec::new())
        };
        let (company, now) = (scene.company.id, scene.clock.now());
        let run = self.id.clone();
        let staff = self.options.requested_by.clone().unwrap_or_default();
        let planned = i64::try_from(to_do).unwrap_or(i64::MAX);
        let (snapshot, resolved) = (observed.snapshot.clone(), observed.resolved.clone());
        let tenant = scene.tenant.tenant_id.clone();
        let (psa, psa_company) = (scene.company.psa_id, scene.company.psa_company_id.clone());
        journal(scene, turn, move |conn| {
            let place = (&tenant, psa, &psa_company);
            if let Some(reading) = last::with_contacts(conn, &snapshot, place, (company, &run))? {
                readings::put(conn, &reading)?;
            }
            runs::set_planned(conn, &run, planned)?;
            for (entry, user) in &resolved {
                ignored_users::resolve_ignored(conn, company, entry, user)?;
            }
            let said = |conn: &mut Conn, user: &UserId, kind: &str| {
                let why = "A run was put back";
                events::append(conn, &event(&staff, company, user, (kind, why)), now)
            };
            let mut left_alone = Vec::new();
            for user in &ignore {
                if entries_of(conn, company, user)?.is_empty() {
                    ignored_users::add(conn, company, user)?;
                    said(conn, user, "ignored")?;
                    left_alone.push(user.clone());
                }
            }
            for user in &again {
                let entries = entries_of(conn, company, user)?;
                ignored_users::remove(conn, company, &entries)?;
                said(conn, user, "stopped ignoring")?;
            }
            if !left_alone.is_empty() {
                undos::note_left_alone(conn, &run, &left_alone)?;
            }
            if !left_alone.is_empty() || !again.is_empty() {
                companies::touch(conn, company, now)?;
            }
            Ok(left_alone)
        })
        .await
    }

    /// At the end: whom this run left alone without putting anything of theirs back, since the PSA refused it or the run ended
    /// early, runs look after again. Where a request may have arrived nobody knows that, and they stay left alone, as with a run
    /// that died.
    async fn let_go(
        &self,
        back: &Back,
        done: &[Done],
        left_alone: Vec<UserId>,
        turn: &str,
    ) -> Result<(), RunError> {
        let people = back.plan.people.iter().zip(&back.told).zip(done);
        let kept: HashSet<&UserId> = people
            .filter(|((_, told), done)| {
                let ended = matches!(done.outcome, Some(Outcome::Failed | Outcome::Skipped));
                !ended || !done.through.is_empty() || told.is_back_already()
            })
            .map(|((person, _), _)| &person.user_id)
            .collect();
        let go: HashSet<UserId> = left_alone
            .iter()
            .filter(|user| !kept.contains(user))
            .cloned()
            .collect();
        if go.is_empty() {
            return Ok(());
        }
        let scene = self.scene;
        let (company, run, now) = (scene.company.id, self.id.clone(), scene.clock.now());
        let staff = self.options.requested_by.clone().unwrap_or_default();
        journal(scene, turn, move |conn| {
            let sent = writes::left_sent(conn, company)?.into_iter();
            let sent: HashSet<UserId> = sent.map(|one| one.user_id).collect();
            let (go, stay): (Vec<UserId>, Vec<UserId>) = left_alone
                .into_iter()
                .partition(|user| go.contains(user) && !sent.contains(user));
            for user in &go {
                let mut entries = entries_of(conn, company, user)?;
                entries.retain(|entry| entry == user.as_str());
                if !entries.is_empty() {
                    ignored_users::remove(conn, company, &entries)?;
                    let what = ("stopped ignoring", "Nothing could be put back");
                    events::append(conn, &event(&staff, company, user, what), now)?;
                }
            }
            undos::note_left_alone(conn, &run, &stay)?;
            if !go.is_empty() {
                companies::touch(conn, company, now)?;
            }
            Ok(())
        })
        .await
    }
}

/// What the history says of a user whom an undo leaves alone, or does not any more.
fn event<'a>(
    staff: &'a str,
    company: i64,
    user: &UserId,
    (kind, why): (&'a str, &str),
) -> NewEvent<'a> {
    NewEvent {
        staff,
        company_id: Some(company),
        user_id: Some(user.clone()),
        kind,
        detail: why.into(),
    }
}

/// The ignore entries that are known to mean a user.
fn entries_of(conn: &mut Conn, company: i64, user: &UserId) -> diesel::QueryResult<Vec<String>> {
    let entries = ignored_users::of_company(conn, company)?.into_iter();
    let means = |entry: &str, known: Option<&UserId>| match known {
        Some(known) => known == user,
        None => UserId::new(entry) == *user,
    };
    Ok(entries
        .filter(|(entry, known)| means(entry, known.as_ref()))
        .map(|(entry, _)| entry)
        .collect())
}
