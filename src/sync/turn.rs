//! Whose turn it is: one run for a company at a time, and one process at a time for a PSA connection (`behaviour.md`
//! section 9). A claim is renewed while it is held, and is free at once when its process is gone. The database knows only
//! processes, so the runs of one process take turns among themselves here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use crate::clock::Clock;
use crate::db::{Db, DbError};

/// So long a claim lasts without being renewed: for a process that hangs.
const LEASE: Duration = Duration::from_mins(10);
/// It is renewed so often.
const RENEWAL: Duration = Duration::from_mins(2);
/// Who waits for a turn looks again after this.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The turns that the runs of this process have; cheap to clone.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<String, Arc<Seat>>>>);

/// What the runs of this process know of one claim.
#[derive(Default)]
struct Seat {
    /// Held by the run that has the claim for itself.
    alone: Arc<tokio::sync::Mutex<()>>,
    /// Held while the claim is taken or given back.
    changing: tokio::sync::Mutex<()>,
    /// So many runs of this process have the claim.
    taken: Mutex<usize>,
}

impl Seat {
    /// Takes the claim if it is free, or ours already; then whether no run of this process had it.
    async fn attempt(&self, db: &Db, name: &str) -> Result<Option<bool>, DbError> {
        let _changing = self.changing.lock().await;
        let first = *locked(&self.taken) == 0;
        // What another run of this process has is renewed by that run.
        let ours = (!first && db.has_claim(name).await?) || db.try_claim(name, LEASE).await?;
        if !ours {
            return Ok(None);
        }
        *locked(&self.taken) += 1;
        Ok(Some(first))
    }
}

impl Turns {
    fn seat(&self, name: &str) -> Arc<Seat> {
        locked(&self.0).entry(name.to_owned()).or_default().clone()
    }
}

/// Who may have a claim at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All runs of one process: a PSA connection.
    Process,
    /// One run: a company.
    Alone,
}

/// A claim that is held until it is given back, or until the process ends.
pub struct Turn {
    db: Db,
    name: String,
    seat: Arc<Seat>,
    /// Whether it counts among those that the seat has taken.
    counted: bool,
    /// Whether no other run of this process had the claim.
    first: bool,
    _alone: Option<OwnedMutexGuard<()>>,
    renewing: tokio::task::JoinHandle<()>,
}

impl Turn {
    /// The claim's name for a PSA connection.
    pub fn of_psa(id: i64) -> String {
        format!("{}{id}", Self::OF_PSAS)
    }

    /// What the names of the claims of PSA connections begin with.
    pub const OF_PSAS: &str = "psa:";

    /// What the names of the claims begin with of those who are next at a PSA connection.
    pub const NEXT_AT_PSAS: &str = "next:psa:";

    /// The claim's name for who is next at the claim of this name.
    fn next_at(name: &str) -> String {
        format!("next:{name}")
    }

    /// The PSA connection whose claim has this name, or the claim of who is next there.
    pub fn psa_of(name: &str) -> Option<i64> {
        let psa = name.strip_prefix(Self::NEXT_AT_PSAS);
        psa.or(name.strip_prefix(Self::OF_PSAS))?.parse().ok()
    }

    /// The claim's name for a company.
    pub fn of_company(id: i64) -> String {
        format!("company:{id}")
    }

    /// Takes the claim as soon as it is free; `waiting` is told, again and again, that another process has it, and once that
    /// another run of this process has.
    ///
    /// A process that does jobs has always one in hand of a busy PSA connection: whoever waits for that is next there by a
    /// claim of its own, and nobody begins a job of the connection meanwhile. Of several who wait for one, any may come first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take<Told: Future<Output = ()>>(
        turns: &Turns,
        (db, clock): (&Db, &Clock),
        (name, sharing): (&str, Sharing),
        waiting: impl Fn() -> Told,
    ) -> Result<Self, DbError> {
        let seat = turns.seat(name);
        let alone = match sharing {
            Sharing::Process => None,
            Sharing::Alone => Some(if let Ok(free) = seat.alone.clone().try_lock_owned() {
                free
            } else {
                waiting().await;
                seat.alone.clone().lock_owned().await
            }),
        };
        let mut next = Next(None);
        loop {
            if let Some(first) = seat.attempt(db, name).await? {
                let turn = Self::begin((db, clock), (name, seat), first, alone);
                if let Some(next) = next.0.take() {
                    next.let_go().await;
                }
                return Ok(turn);
            }
            waiting().await;
            if sharing == Sharing::Process && next.0.is_none() {
                next = Next::at(turns, (db, clock), name).await?;
            }
            clock.sleep(LOOK_AGAIN).await;
        }
    }

    /// Takes the claim of a PSA connection, for the runs of this process, if it is free now or ours.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn try_take(
        turns: &Turns,
        (db, clock): (&Db, &Clock),
        psa: i64,
    ) -> Result<Option<Self>, DbError> {
        Self::attempt(turns, (db, clock), &Self::of_psa(psa)).await
    }

    async fn attempt(
        turns: &Turns,
        (db, clock): (&Db, &Clock),
        name: &str,
    ) -> Result<Option<Self>, DbError> {
        let seat = turns.seat(name);
        let taken = seat.attempt(db, name).await?;
        Ok(taken.map(|first| Self::begin((db, clock), (name, seat), first, None)))
    }

    fn begin(
        (db, clock): (&Db, &Clock),
        (name, seat): (&str, Arc<Seat>),
        first: bool,
        alone: Option<OwnedMutexGuard<()>>,
    ) -> Self {
        let renewing = tokio::spawn(renew(db.clone(), clock.clone(), name.to_owned()));
        Self {
            db: db.clone(),
            name: name.to_owned(),
            seat,
            _alone: alone,
            counted: true,
            first,
            renewing,
        }
    }

    /// Whether no other run of this process had the claim when it was taken.
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// The claim's name, to be checked before each write.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the claim back, unless another run of this process has it too.
    ///
    /// # Errors
    /// Where the database fails; the claim then ends with the process.
    pub async fn give_back(mut self) -> Result<(), DbError> {
        let seat = self.seat.clone();
        let _changing = seat.changing.lock().await;
        self.leave();
        if *locked(&seat.taken) > 0 {
            return Ok(());
        }
        self.db.release_claim(&self.name).await
    }

    /// Gives the claim back; where that fails it ends with the process.
    pub async fn let_go(self) {
        if let Err(error) = self.give_back().await {
            tracing::warn!(%error, "Could not give a turn back; it ends with this process");
        }
    }

    fn leave(&mut self) {
        self.renewing.abort();
        if std::mem::take(&mut self.counted) {
            *locked(&self.seat.taken) -= 1;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The claim of who is next, given back also where the waiting ends without a turn: somebody stopped it, or the database failed.
struct Next(Option<Turn>);

impl Next {
    /// The claim of who is next at the claim of this name, if it is free. It is taken in a task of its own, which ends though
    /// nobody waits any more: what it took is then given back as well.
    async fn at(turns: &Turns, (db, clock): (&Db, &Clock), name: &str) -> Result<Self, DbError> {
        let (turns, db, clock, name) = (
            turns.clone(),
            db.clone(),
            clock.clone(),
            Turn::next_at(name),
        );
        let (give, given) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let taken = Turn::attempt(&turns, (&db, &clock), &name).await;
            let _ = give.send(taken.map(Self));
        });
        given.await.unwrap_or(Ok(Self(None)))
    }
}

impl Drop for Next {
    fn drop(&mut self) {
        if let Some(turn) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(turn.let_go());
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn renew(db: Db, clock: Clock, name: String) {
    loop {
        real_time(RENEWAL).await;
        match db.try_claim(&name, LEASE).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => tracing::warn!(%error, claim = %name, "Could not renew a claim"),
        }
        tracing::trace!(claim = %name, now = %clock.now(), "Renewed a claim");
    }
}

/// Renewal shows that this process lives, which is a matter of real time, also where a test sets the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a sign of life is sent in real time"
)]
async fn real_time(time: Duration) {
    tokio::time::sleep(time).await;
}
