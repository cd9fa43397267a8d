//! One run for one company: read both sides, plan, guard, apply, record. There is one engine: a preview is a plan that
//! nobody applied, and `explain` answers from the same plan.

pub mod apply;
pub mod approval;
pub mod back;
pub mod counting;
pub mod cover;
pub mod effect;
mod ending;
pub mod explain;
pub mod facts;
pub mod failure;
pub mod fates;
pub mod fields;
pub mod guard;
mod journal;
pub mod last;
pub mod links;
pub mod named;
pub mod observe;
mod options;
pub mod pair;
pub mod plan;
mod planner;
pub mod readings;
pub mod record;
pub mod report;
pub mod route;
pub mod scene;
mod search;
pub mod select;
mod sending;
pub mod settle;
pub mod settling;
pub mod snapshot;
pub mod standing;
pub mod stop;
pub mod tenant;
pub mod ties;
pub mod turn;
pub mod undoing;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tracing::Instrument;

pub use self::options::Options;

use self::apply::Applied;
use self::facts::Facts;
use self::failure::{RunError, plan_changed, stopped};
pub use self::failure::{not_begun, not_set_up};
use self::observe::Observed;
use self::plan::{Person, Plan};
use self::report::{Done, Report};
use self::scene::Scene;
use self::snapshot::Snapshot;
use crate::http::{Counter, counted};
use crate::model::{Action, Field, Mode, Outcome, Side};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Both sides are being read.
    Reading,
    /// So many people are to be written.
    Planned(usize),
    /// So many of them are done.
    Written(usize),
}

/// A run that is over.
pub struct Finished {
    /// Its report.
    pub report: Report,
    /// What it was planned from; `None` where it failed before.
    pub seen: Option<(Snapshot, Plan)>,
}

impl Finished {
    /// The side whose connection a person has to mend; `None`: there is nothing to mend in a connection. A write that the PSA
    /// does not permit fails this company alone: whether the next one has anything to write says nothing of the connection.
    pub fn broken(&self) -> Option<Side> {
        let failure = self.report.error.as_ref()?;
        let refused_write = self.seen.is_some() && failure.kind == failure::PERMISSION;
        failure::broken(failure).filter(|side| !(refused_write && *side == Side::Psa))
    }
}

/// A run under way.
struct Run<'a> {
    scene: &'a Scene,
    facts: Facts,
    options: &'a Options,
    id: String,
    /// The claim of the company; `None`: a preview.
    turn: Option<&'a str>,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// What a run came to, before it is worded.
struct Outcomes {
    seen: Option<(Snapshot, Plan)>,
    done: Vec<Done>,
    error: Option<RunError>,
}

impl Outcomes {
    /// Nothing was planned.
    fn none(error: RunError) -> Self {
        Self {
            seen: None,
            done: Vec::new(),
            error: Some(error),
        }
    }
}

/// Runs for one company. `turn` is the name of the company's claim, which the caller holds; a preview needs none. It never
/// fails: what goes wrong is in the report.
pub async fn run(
    scene: &Scene,
    options: &Options,
    turn: Option<&str>,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Finished {
    let started_at = scene.clock.now();
    let counter = Arc::new(Counter::default());
    let id = options.id();
    let span = tracing::info_span!("run", run.id = %id, company = %scene.company.name);
    let run = Run {
        scene,
        facts: Facts::new(scene.db.clone(), scene.clock.clone(), scene.readers.clone()),
        options,
        id,
        turn,
        progress,
    };
    let whole = async {
        // A panic is a failed run: its row ends, its turn is given back, and the connection that it was to try is tried later.
        let driven = AssertUnwindSafe(Box::pin(run.drive(started_at))).catch_unwind();
        let outcomes = counted(counter.clone(), driven).await;
        let outcomes = outcomes.unwrap_or_else(|_panic| Outcomes::none(failure::mistake()));
        run.finish(started_at, counter.calls(), outcomes).await
    };
    whole.instrument(span).await
}

impl Run<'_> {
    async fn drive(&self, started_at: DateTime<Utc>) -> Outcomes {
        if let Some(undo) = &self.options.undo {
            return Box::pin(self.undo(undo, started_at)).await;
        }
        match Box::pin(self.plan(started_at)).await {
            Ok((observed, plan)) => self.carry_out(observed, plan).await,
            Err(error) => Outcomes::none(error),
        }
    }

    /// Reads both sides, settles what an earlier run left, and decides everything.
    async fn plan(&self, started_at: DateTime<Utc>) -> Result<(Observed, Plan), RunError> {
        (self.progress)(Progress::Reading);
        if self.turn.is_some() {
            record::begin(self.scene, &self.id, self.options, started_at).await?;
        }
        if self.options.mode == Mode::Resync {
            for scope in [
                self.scene.psa_scope(),
                self.scene.company_scope(),
                self.scene.tenant_scope(),
            ] {
                self.facts.forget(&scope).await?;
            }
            self.scene.psa.forget_address();
        }
        let observed = self
            .unless_stopped(Box::pin(observe::observe(self.scene, &self.facts)))
            .await;
        self.remember_address().await?;
        let mut observed = observed?;
        settling::settle(self.scene, &self.facts, &mut observed, self.turn).await?;
        let mut plan = plan::plan(&observed.snapshot);
        let written = self.written(&plan);
        if !written.is_empty()
            && self
                .unless_stopped(observe::read_anew(
                    self.scene,
                    &self.facts,
                    &mut observed,
                    &written,
                ))
                .await?
        {
            plan = plan::plan(&observed.snapshot);
        }
        if self.scene.stop.asked() {
            return Err(stopped());
        }
        let expected = self.options.expect.as_ref();
        if expected.is_some_and(|expected| *expected != plan.digest()) {
            return Err(plan_changed());
        }
        Ok((observed, plan))
    }

    /// Reading ends at once where the program is asked to end.
    async fn unless_stopped<T>(
        &self,
        reading: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        tokio::select! {
            read = reading => read,
            () = self.scene.stop.wait() => Err(stopped()),
        }
    }

    async fn carry_out(&self, observed: Observed, plan: Plan) -> Outcomes {
        let approval = self.options.mode == Mode::Approval;
        let approved =
            |person: &Person| approval && self.options.approved.contains(&person.user_id);
        let chosen = |person: &Person| {
            if approval {
                person.action == Action::Deactivate && approved(person)
            } else {
                !person.held
            }
        };
        let to_do = plan
            .people
            .iter()
            .filter(|one| (one.action.writes() || one.action == Action::Link) && chosen(one))
            .count();
        (self.progress)(Progress::Planned(to_do));
        let mut applied = Applied {
            done: Vec::new(),
            halted: None,
        };
        if let Some(turn) = self.turn {
            let recorded = record::before_writing(
                self.scene,
                &observed,
                (&plan, to_do),
                (&self.id, turn),
                approval,
            );
            applied = match recorded.await {
                Ok(()) => {
                    let progress = |done| (self.progress)(Progress::Written(done));
                    apply::apply(
                        self.scene,
                        &observed,
                        (&plan, HashMap::new()),
                        (&self.id, turn),
                        chosen,
                        &progress,
                    )
                    .await
                }
                Err(error) => Applied {
                    done: Vec::new(),
                    halted: Some(error),
                },
            };
        } else if self.options.remember {
            let kept = record::remember(self.scene, &observed, &plan, &self.id);
            applied.halted = kept.await.err();
        }
        let stopped_first = applied.halted.is_some() || plan.company_inactive;
        applied.done.resize_with(plan.people.len(), Done::default);
        for (person, done) in plan.people.iter().zip(&mut applied.done) {
            if done.outcome.is_none() {
                done.outcome = Some(self.outcome(person, approved(person), stopped_first));
            }
        }
        self.doubt(&plan, &mut applied).await;
        let mut error = applied.halted;
        if approval && self.turn.is_some() {
            let (scene, done, whole) = (self.scene, &applied.done, error.is_none());
            let signed = self.options.signed.as_ref();
            let left = record::after_approval(scene, &observed, &plan, (done, whole), signed).await;
            error = error.or(left.err());
        }
        let mut done = applied.done;
        let mut plan = plan;
        if approval {
            plan.findings
                .extend(approval::notes(&plan, &self.options.approved));
            // The report is about the people of the hold alone.
            let mut kept = done.into_iter();
            let mut keep = plan
                .people
                .iter()
                .map(approved)
                .collect::<Vec<_>>()
                .into_iter();
            done = Vec::new();
            plan.people.retain(|_| {
                let (one, stays) = (kept.next(), keep.next().unwrap_or(false));
                done.extend(one.filter(|_| stays));
                stays
            });
        }
        Outcomes {
            seen: Some((observed.snapshot, plan)),
            done,
            error,
        }
    }

    /// Forgets the facts on which refused fields may rest.
    async fn doubt(&self, plan: &Plan, applied: &mut Applied) {
        let people = plan.people.iter().zip(&applied.done);
        let doubtful: HashSet<Field> = people
            .filter(|(_, done)| done.facts_in_doubt)
            .flat_map(|(person, _)| person.fields.iter().map(|change| change.field))
            .collect();
        if let Err(error) = scene::forget_doubtful(self.scene, &self.facts, &doubtful).await {
            applied.halted.get_or_insert(error);
        }
    }

    /// What came of a person whom nobody wrote.
    fn outcome(&self, person: &Person, approved: bool, stopped_first: bool) -> Outcome {
        let acts = person.action.writes() || person.action == Action::Link;
        if !acts {
            Outcome::None
        } else if person.held && !approved {
            Outcome::Held
        } else if stopped_first {
            Outcome::Skipped
        } else if self.turn.is_none() {
            Outcome::Planned
        } else {
            Outcome::None
        }
    }

    /// The fields that this run is going to write.
    fn written(&self, plan: &Plan) -> HashSet<Field> {
        let approval = self.options.mode == Mode::Approval;
        let mine = |person: &Person| {
            if approval {
                self.options.approved.contains(&person.user_id)
            } else {
                !person.held
            }
        };
        plan.people
            .iter()
            .filter(|person| person.action.writes() && mine(person))
            .flat_map(|person| person.fields.iter().map(|change| change.field))
            .collect()
    }

    async fn remember_address(&self) -> Result<(), RunError> {
        let Some(address) = self.scene.psa.address() else {
            return Ok(());
        };
        let scope = self.scene.psa_scope();
        let known: Option<serde_json::Value> =
            self.facts.remembered(&scope, scene::ADDRESS).await?;
        if known.as_ref() == Some(&address) {
            return Ok(());
        }
        self.facts.put(&scope, scene::ADDRESS, &address).await
    }
}
