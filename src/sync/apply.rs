//! Carries a plan out: journals each request before it leaves, sends it, and records what came of it (`behaviour.md`
//! section 9). Decides nothing about people.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream;

use super::failure::{RunError, stopped};
use super::observe::Observed;
use super::plan::{Person, Plan, Tie};
use super::record;
use super::report::{self, Done};
use super::scene::Scene;
use super::sending::Came;
use crate::db::writes::WriteState;
use crate::db::{Conn, changes, links, runs};
use crate::http::{ApiError, Kind};
use crate::model::{Action, Change, Contact, ContactId, LinkMade, Outcome, User, UserId, text};
use crate::psa::{Adds, Sent, Step};

/// So many people are written at once; the PSA's client keeps the vendor's own limits below this.
const AT_ONCE: usize = 4;
/// After so long a look-up is repeated before a POST is: the PSA may still be at work.
pub const STILL_AT_WORK: Duration = Duration::from_secs(5);

/// What a run applies, and with what.
pub struct Apply<'a> {
    pub(super) scene: &'a Scene,
    pub(super) observed: &'a Observed,
    pub(super) plan: &'a Plan,
    pub(super) run: &'a str,
    pub(super) turn: &'a str,
    pub(super) contacts: HashMap<&'a ContactId, &'a Contact>,
    pub(super) users: HashMap<&'a UserId, &'a User>,
    /// With an undo: which line of the history each user's line puts back.
    pub(super) undoes: HashMap<&'a UserId, i64>,
    halted: Mutex<Option<RunError>>,
    /// Until when the turn is ours, as the journal saw it last. No request leaves later: this process may have hung.
    ours_until: Mutex<DateTime<Utc>>,
    progress: &'a (dyn Fn(usize) + Send + Sync),
}

/// What came of a plan.
pub struct Applied {
    /// One for each person of the plan, in its order.
    pub done: Vec<Done>,
    /// Why the run stopped before its end.
    pub halted: Option<RunError>,
}

/// Carries out every line of the plan for which `chosen` holds. `turn` is the claim that must still be ours at each write;
/// `undoes` has, with an undo, which line of the history each user's line puts back.
pub async fn apply(
    scene: &Scene,
    observed: &Observed,
    (plan, undoes): (&Plan, HashMap<&UserId, i64>),
    (run, turn): (&str, &str),
    chosen: impl Fn(&Person) -> bool,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Applied {
    let applying = Apply {
        scene,
        observed,
        plan,
        run,
        turn,
        contacts: observed
            .snapshot
            .contacts
            .iter()
            .map(|one| (&one.id, one))
            .collect(),
        users: observed
            .snapshot
            .users
            .iter()
            .map(|user| (&user.id, user))
            .collect(),
        undoes,
        halted: Mutex::new(None),
        ours_until: Mutex::new(scene.clock.now()),
        progress,
    };
    let mut done: Vec<Done> = plan.people.iter().map(|_| Done::default()).collect();
    let mine: Vec<usize> = (0..plan.people.len())
        .filter(|&at| {
            let person = &plan.people[at];
            (person.action.writes() || person.action == Action::Link) && chosen(person)
        })
        .collect();
    if plan.company_inactive {
        for at in mine {
            done[at].outcome = Some(Outcome::Skipped);
        }
        return Applied { done, halted: None };
    }
    if let Err(error) = applying.prepare(&mine).await {
        for at in mine {
            done[at].outcome = Some(Outcome::Skipped);
        }
        return Applied {
            done,
            halted: Some(error),
        };
    }
    let mut results = stream::iter(mine)
        .map(|at| {
            let applying = &applying;
            async move { (at, applying.person(&plan.people[at]).await) }
        })
        .buffer_unordered(AT_ONCE);
    let mut finished = 0;
    while let Some((at, result)) = results.next().await {
        done[at] = result;
        finished += 1;
        (applying.progress)(finished);
    }
    drop(results);
    let halted = applying
        .halted
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Applied { done, halted }
}

impl Apply<'_> {
    /// Before the first request: links to contacts that were found, and which contacts creates did not make.
    async fn prepare(&self, mine: &[usize]) -> Result<(), RunError> {
        let now = self.scene.clock.now();
        let mut found = Vec::new();
        let mut linked = Vec::new();
        let mut creates = false;
        for person in mine.iter().map(|&at| &self.plan.people[at]) {
            creates |= person.action == Action::Create;
            let (made, moved) = match person.link {
                Tie::New(made) if made != LinkMade::Created => (made, None),
                Tie::TakenOver(link, made) => (made, Some(link)),
                _ => continue,
            };
            let Some(contact) = &person.contact else {
                continue;
            };
            found.push((moved, self.making(person, contact.clone(), made)));
            if person.action == Action::Link {
                linked.push(self.new_change(person));
            }
        }
        let known: Option<Vec<ContactId>> = creates.then(|| {
            self.observed
                .snapshot
                .contacts
                .iter()
                .map(|one| one.id.clone())
                .collect()
        });
        if found.is_empty() && known.is_none() {
            return Ok(());
        }
        let run = self.run.to_owned();
        self.journal(move |conn| {
            for (moved, link) in found {
                if let Some(moved) = moved {
                    links::retire(conn, &[moved], "taken over", now)?;
                }
                link.insert(conn, now)?;
            }
            changes::insert_many(conn, &linked)?;
            if let Some(known) = known {
                runs::set_known_contacts(conn, &run, &known)?;
            }
            Ok(())
        })
        .await
    }

    async fn person(&self, person: &Person) -> Done {
        if person.action == Action::Link {
            return Done {
                outcome: Some(Outcome::Applied),
                ..Done::default()
            };
        }
        if self.is_halted() {
            return Done {
                outcome: Some(Outcome::Skipped),
                ..Done::default()
            };
        }
        match self.write(person).await {
            Ok(done) => done,
            Err(error) => {
                let message = error.message.clone();
                self.halt(error);
                Done {
                    outcome: Some(Outcome::Failed),
                    error: Some(message),
                    ..Done::default()
                }
            }
        }
    }

    /// Sends a person's requests one after the other. An error is one of the journal: nothing more may be sent then.
    async fn write(&self, person: &Person) -> Result<Done, RunError> {
        let contact = person
            .contact
            .as_ref()
            .and_then(|id| self.contacts.get(id))
            .copied();
        let own_addresses: Vec<String> = self
            .users
            .get(&person.user_id)
            .into_iter()
            .flat_map(|user| user.addresses())
            .map(std::borrow::Cow::into_owned)
            .collect();
        let change = Change {
            company: &self.scene.company.psa_company_id,
            contact,
            fields: &person.fields,
            own_addresses: &own_addresses,
        };
        let mut steps: VecDeque<Step> = self
            .scene
            .psa
            .steps(&change, &self.observed.vocabulary)
            .into();
        let mut done = Done::default();
        let Some(mut step) = steps.pop_front() else {
            done.outcome = Some(Outcome::Applied);
            return Ok(done);
        };
        let (change_id, mut write_id) = self.begin(person, &step).await?;
        for number in 2.. {
            match self.send(&step).await {
                Came::Through(sent) if !sent.untaken.is_empty() => {
                    let taken = step
                        .settles
                        .iter()
                        .filter(|field| !sent.untaken.contains(field));
                    done.through.extend(taken.copied());
                    self.failed(person, &mut done, &self.not_taken(&sent));
                    // A contact that was made is there, whatever it did not take.
                    let state = if step.adds == Adds::Contact {
                        done.contact = sent.contact;
                        WriteState::Applied
                    } else {
                        WriteState::Refused
                    };
                    let write = Some((write_id, state));
                    self.settle(person, change_id, write, &done).await?;
                    return Ok(done);
                }
                Came::Through(sent) => {
                    if sent.then.is_empty() {
                        done.through.extend(step.settles.iter().copied());
                    }
                    for further in sent.then.into_iter().rev() {
                        steps.push_front(further);
                    }
                    let made = if step.adds == Adds::Contact {
                        sent.contact
                    } else {
                        None
                    };
                    if let Some(made) = &made {
                        done.contact = Some(made.clone());
                    }
                    let next = steps.pop_front();
                    if next.is_none() {
                        done.outcome = Some(Outcome::Applied);
                    }
                    let ids = (change_id, write_id);
                    match (
                        self.through(person, ids, made, next.as_ref(), number, &done)
                            .await?,
                        next,
                    ) {
                        (Some(id), Some(next)) => (write_id, step) = (id, next),
                        _ => return Ok(done),
                    }
                }
                Came::Not(state, error) => {
                    self.failed(person, &mut done, &error);
                    self.settle(person, change_id, Some((write_id, state)), &done)
                        .await?;
                    return Ok(done);
                }
                Came::Unknown(error) => {
                    self.failed(person, &mut done, &error);
                    self.settle(person, change_id, None, &done).await?;
                    return Ok(done);
                }
            }
        }
        Ok(done)
    }

    fn not_taken(&self, sent: &Sent) -> ApiError {
        let names: Vec<&str> = sent
            .untaken
            .iter()
            .map(|field| report::field_words(*field))
            .collect();
        let names = text::and(&names);
        let detail = format!("it answered that all went well, but this did not change: {names}");
        ApiError::new(
            self.scene.psa.service(),
            "change the contact",
            Kind::Refused,
            detail,
        )
    }

    fn failed(&self, person: &Person, done: &mut Done, error: &ApiError) {
        // What was refused may rest on a fact that is no longer true.
        done.facts_in_doubt |= matches!(error.kind, Kind::Refused | Kind::NotFound);
        done.outcome = Some(Outcome::Failed);
        done.error = Some(error.message());
        tracing::warn!(
            run.id = self.run,
            company = %self.scene.company.name,
            user.id = %person.user_id,
            action = person.action.as_str(),
            kind = error.kind.as_str(),
            "One person's change failed: {error}"
        );
        if error.kind.stops_the_run() {
            self.halt(error.clone().into());
        }
    }

    pub(super) async fn journal<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> Result<T, RunError> {
        let (done, until) = record::journal_until(self.scene, self.turn, work).await?;
        *self
            .ours_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
        Ok(done)
    }

    pub(super) fn ours_until(&self) -> DateTime<Utc> {
        *self
            .ours_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn halt(&self, error: RunError) {
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        halted.get_or_insert(error);
    }

    pub(super) fn is_halted(&self) -> bool {
        if self.scene.stop.asked() {
            self.halt(stopped());
        }
        self.halted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}
