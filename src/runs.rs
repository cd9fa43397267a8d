//! Runs of one company or of many: whose turn it is, the PSA's hourly budget, and how many at once. What a run does is
//! `sync`'s.

mod budget;
mod quarantine;
mod waiting;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use futures_util::stream::{self, StreamExt};

use crate::app::App;
use crate::db::events::{self, NewEvent};
use crate::db::holds::{self, Signed};
use crate::db::{Conn, companies};
use crate::model::{Company, Mode, UserId};
use crate::sync::failure::{RunError, SETTINGS_CHANGED, failure};
use crate::sync::stop::Stop;
use crate::sync::turn::{Sharing, Turn};
use crate::sync::{self, Finished, Options, Progress};

pub use budget::{read_budget, refresh_budget};
pub use waiting::{Awaited, Waiting};

/// So many companies at once; the clients keep each service's own limits.
const AT_ONCE: usize = 12;

/// What whoever watches is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another process works this company's PSA connection, or the company itself: the run waits for its turn. Told when it
    /// begins to wait, and then once a minute while another process has it.
    Waiting(Waiting),
    /// How far the run is.
    Progress(Progress),
}

/// Told of every event of a company, by its name.
pub type Watch<'a> = &'a (dyn Fn(&str, Event) + Send + Sync);

/// Runs one company when its turn comes.
pub async fn one(app: &App, company: &Company, options: &Options, watch: Watch<'_>) -> Finished {
    let turn = if options.preview {
        None
    } else {
        let name = Turn::of_psa(company.psa_id);
        match wait_unless(app, (&name, Sharing::Process), company, watch, options).await {
            Ok(turn) => turn,
            Err(error) => return not_begun(app, company, options, error),
        }
    };
    let finished = Box::pin(in_turn(app, company, options, watch)).await;
    give_back(turn).await;
    finished
}

/// Runs the companies of a fleet, the connections side by side; `done` gets each report as it is finished.
pub async fn all(
    app: &App,
    companies: Vec<Company>,
    options: &Options,
    watch: Watch<'_>,
    done: &(dyn Fn(Finished) + Send + Sync),
) {
    let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut by_psa: BTreeMap<i64, Vec<Company>> = BTreeMap::new();
    for company in companies {
        by_psa.entry(company.psa_id).or_default().push(company);
    }
    let connections = by_psa.into_iter().map(|(psa_id, companies)| {
        let places = places.clone();
        async move {
            let Some(first) = companies.first() else {
                return;
            };
            let turn = if options.preview {
                None
            } else {
                match wait(app, (&Turn::of_psa(psa_id), Sharing::Process), first, watch).await {
                    Ok(turn) => turn,
                    Err(error) => {
                        for company in &companies {
                            done(not_begun(app, company, options, error.clone()));
                        }
                        return;
                    }
                }
            };
            // The request counts once, in the first report of the connection.
            let budget = Mutex::new(read_budget(app, psa_id).await);
            let done = |mut finished: Finished| {
                let budget =
                    std::mem::take(&mut *budget.lock().unwrap_or_else(PoisonError::into_inner));
                finished.report.calls.add(budget);
                done(finished);
            };
            let runs = companies.iter().map(|company| {
                let places = places.clone();
                let done = &done;
                async move {
                    let _place = places.acquire().await;
                    done(Box::pin(in_turn(app, company, options, watch)).await);
                }
            });
            stream::iter(runs)
                .buffer_unordered(AT_ONCE)
                .collect::<()>()
                .await;
            give_back(turn).await;
        }
    });
    futures_util::future::join_all(connections).await;
}

/// Deactivates exactly these people, as far as they still wait in the company's open hold: who joined it since they were shown is
/// not approved. `None` where none of them waits any more.
pub async fn approve(
    app: &App,
    company: &Company,
    shown: &[UserId],
    signed: &Signed,
    watch: Watch<'_>,
) -> Option<Finished> {
    let mut options = Options::new(Mode::Approval, false);
    options.signed = Some(signed.clone());
    options.requested_by = Some(signed.staff.clone());
    let (id, shown) = (company.id, shown.to_vec());
    let (signed, now) = (signed.clone(), app.clock().now());
    let written = app
        .db()
        .write(move |conn| sign(conn, id, |user| shown.contains(user), &signed, now));
    match written.await {
        Ok(waiting) => options.approved = waiting.into_iter().collect(),
        Err(error) => return Some(not_begun(app, company, &options, error.into())),
    }
    approved(app, company, options, watch).await
}

/// Writes down who approves the deactivation of these people, as far as they wait in the company's open hold, and gives those.
///
/// # Errors
/// Where the database fails.
pub fn sign(
    conn: &mut Conn,
    company: i64,
    is_shown: impl Fn(&UserId) -> bool,
    signed: &Signed,
    now: DateTime<Utc>,
) -> QueryResult<Vec<UserId>> {
    let waiting = holds::open_of(conn, company)?.map_or_else(Vec::new, |hold| hold.people);
    let mut these: Vec<UserId> = waiting.into_iter().map(|person| person.user_id).collect();
    these.retain(is_shown);
    for user in &these {
        let event = NewEvent {
            staff: &signed.staff,
            company_id: Some(company),
            user_id: Some(user.clone()),
            kind: "approved",
            detail: signed.note.clone().unwrap_or_default(),
        };
        events::append(conn, &event, now)?;
    }
    Ok(these)
}

/// Deactivates who of the approved people of these options waits in the company's open hold now; who left it since it was signed
/// is not meant any more. `None` where that is nobody.
pub async fn approved(
    app: &App,
    company: &Company,
    mut options: Options,
    watch: Watch<'_>,
) -> Option<Finished> {
    let id = company.id;
    match app.db().read(move |conn| holds::open_of(conn, id)).await {
        Ok(hold) => {
            let people = hold.iter().flat_map(|hold| &hold.people);
            let waiting: HashSet<&UserId> = people.map(|person| &person.user_id).collect();
            options.approved.retain(|user| waiting.contains(user));
        }
        Err(error) => return Some(not_begun(app, company, &options, error.into())),
    }
    if options.approved.is_empty() {
        return None;
    }
    Some(one(app, company, &options, watch).await)
}

/// Runs a company whose PSA connection is ours (or for a preview).
async fn in_turn(app: &App, company: &Company, options: &Options, watch: Watch<'_>) -> Finished {
    let turn = if options.preview {
        None
    } else {
        let name = Turn::of_company(company.id);
        match wait_unless(app, (&name, Sharing::Alone), company, watch, options).await {
            Ok(turn) => turn,
            Err(error) => return not_begun(app, company, options, error),
        }
    };
    // What a technician saved while the run waited counts.
    let (id, began) = (company.id, app.clock().now());
    let finished = match now(app, id)
        .await
        .and_then(|now| unmoved(company, now, options))
    {
        Ok(company) => {
            let progress = |progress| watch(&company.name, Event::Progress(progress));
            match app.scene(&company).await {
                Ok(mut scene) => {
                    scene.stop = stop_of(app, options);
                    let turn = turn.as_ref().map(Turn::name);
                    let finished = Box::pin(sync::run(&scene, options, turn, &progress)).await;
                    budget::remember(app, company.psa_id, scene.psa.as_ref()).await;
                    finished
                }
                Err(error) => not_begun(app, &company, options, error),
            }
        }
        Err(error) => not_begun(app, company, options, error),
    };
    if !options.preview {
        quarantine::note(app, company, &finished, began).await;
    }
    give_back(turn).await;
    finished
}

/// What a run hears that is to stop.
fn stop_of(app: &App, options: &Options) -> Stop {
    match &options.stop {
        Some(own) => app.stop().clone().or(own),
        None => app.stop().clone(),
    }
}

/// The turn that was waited for is that of the PSA connection that the company had then; and a run is not for a company whose
/// contact sync was switched off meanwhile.
fn unmoved(asked: &Company, now: Company, options: &Options) -> Result<Company, RunError> {
    let writes = !options.preview && options.mode != Mode::Undo;
    let what = if now.psa_id != asked.psa_id {
        "moved to another PSA connection"
    } else if writes && asked.sync_contacts && !now.sync_contacts {
        "had its contact sync switched off"
    } else {
        return Ok(now);
    };
    Err(failure(
        SETTINGS_CHANGED,
        format!("{} {what} while the run waited for its turn", now.name),
        "Run again, if it is still wanted",
    ))
}

async fn now(app: &App, id: i64) -> Result<Company, RunError> {
    let found = app.db().read(move |conn| companies::get(conn, id)).await?;
    found.ok_or_else(|| {
        sync::not_set_up(
            "The company does not exist any more",
            "Nothing needs to be done",
        )
    })
}

/// The kind of the failure that a turn would have had to be waited for too long.
pub const BUSY: &str = "busy";

tokio::task_local! {
    /// Until then turns are waited for, where that is not until they come.
    static PATIENCE: tokio::time::Instant;
}

/// Works, but waits no longer than this for turns, all in all: then nothing is done, and the failure's kind is [`BUSY`]. Work that
/// has its turn takes its time.
pub async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> T {
    let until = tokio::time::Instant::now() + patience;
    PATIENCE.scope(until, work).await
}

/// Waits for a turn, as long as [`within`] says.
///
/// # Errors
/// Where it does not come in time, the database fails, or the program is asked to end.
pub async fn wait(
    app: &App,
    name: (&str, Sharing),
    company: &Company,
    watch: Watch<'_>,
) -> Result<Option<Turn>, RunError> {
    take(app, name, company, watch, app.stop()).await
}

/// Waits for a turn, unless the run is asked to stop.
async fn wait_unless(
    app: &App,
    name: (&str, Sharing),
    company: &Company,
    watch: Watch<'_>,
    options: &Options,
) -> Result<Option<Turn>, RunError> {
    take(app, name, company, watch, &stop_of(app, options)).await
}

async fn take(
    app: &App,
    name: (&str, Sharing),
    company: &Company,
    watch: Watch<'_>,
    stop: &Stop,
) -> Result<Option<Turn>, RunError> {
    let herald = waiting::Herald::new(app, name.0, company, watch);
    let waiting = || herald.tell();
    let turn = async {
        tokio::select! {
            turn = Turn::take(app.turns(), (app.db(), app.clock()), name, waiting) => Ok(Some(turn?)),
            () = stop.wait() => Err(sync::failure::stopped()),
        }
    };
    match PATIENCE.try_with(|until| *until) {
        Ok(until) => tokio::time::timeout_at(until, turn)
            .await
            .map_err(|_| failure(BUSY, "A run is going", "Try again when it is over"))?,
        Err(_) => turn.await,
    }
}

/// Gives a turn back; where that fails it ends with the process.
pub async fn give_back(turn: Option<Turn>) {
    if let Some(turn) = turn {
        turn.let_go().await;
    }
}

fn not_begun(app: &App, company: &Company, options: &Options, error: RunError) -> Finished {
    let now = app.clock().now();
    let report = sync::not_begun(&company.name, options, now, error);
    Finished { report, seen: None }
}
