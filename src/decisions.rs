//! What a person decides about single users: to link, to unlink, to ignore, to dismiss, to deactivate after all. The portal and the
//! commands call the same functions and word the results; each decision is written down with who made it. Approving is a run:
//! `runs::approve`. Decides nothing by itself, and writes nothing to a PSA.

mod dismissal;
mod link;
mod unlink;

pub use dismissal::{Dismissed, deactivate_after_all, dismiss};
pub use link::{Linked, Linking, Next, link_by_hand, next};
pub use unlink::{After, Again, Unlinking, after_unlinking, unlink};

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::db::events::{self, NewEvent};
use crate::db::{Conn, companies, ignored_users};
use crate::jobs;
use crate::model::{Company, UserId, text};
use crate::runs::{self, Watch};
use crate::sync;
use crate::sync::failure::RunError;
use crate::sync::turn::{Sharing, Turn};

/// Who decides where nobody is signed in: whoever may run the program.
pub const COMMAND_LINE: &str = "command line";

/// Who decides, and whether the decision asks for the run that brings it about.
#[derive(Clone, Debug)]
pub struct Decider {
    /// The name that the history shows.
    pub staff: String,
    /// Whether a run of the company follows.
    pub followed: bool,
}

impl Decider {
    /// Somebody after whose decision a run follows, where the company's contact sync is on.
    pub fn followed(staff: &str, company: &Company) -> Self {
        Self {
            staff: staff.to_owned(),
            followed: company.sync_contacts,
        }
    }

    /// Somebody who asks for the run themselves.
    pub fn alone(staff: &str) -> Self {
        Self {
            staff: staff.to_owned(),
            followed: false,
        }
    }

    /// Asks for the run, in the transaction of the decision.
    fn ask(&self, conn: &mut Conn, company: i64, now: DateTime<Utc>) -> diesel::QueryResult<()> {
        if !self.followed {
            return Ok(());
        }
        jobs::follow_a_save(&self.staff, now)(conn, company)
    }

    /// Tells the jobs of it, after the transaction.
    fn wake(&self, app: &App) {
        if self.followed {
            app.jobs().wake();
        }
    }
}

/// Runs leave this user alone from now on. Waits for the company's turn. Whether that is new.
///
/// # Errors
/// Where the company is gone, the program is asked to end while this waits, or the database fails.
pub async fn ignore(
    app: &App,
    company: &Company,
    user: &UserId,
    who: &Decider,
    watch: Watch<'_>,
) -> Result<bool, RunError> {
    change_ignored(app, company, user, (IGNORED, who), watch).await
}

/// Runs look at this user again, however the entry was written. Waits for the company's turn. Whether they were ignored.
///
/// # Errors
/// As [`ignore`].
pub async fn stop_ignoring(
    app: &App,
    company: &Company,
    user: &UserId,
    who: &Decider,
    watch: Watch<'_>,
) -> Result<bool, RunError> {
    change_ignored(app, company, user, (STOPPED, who), watch).await
}

/// The kind of the event that a user is ignored from now on.
const IGNORED: &str = "ignored";
/// The kind of the event that a user is not ignored any more.
const STOPPED: &str = "stopped ignoring";

async fn change_ignored(
    app: &App,
    company: &Company,
    user: &UserId,
    (kind, who): (&'static str, &Decider),
    watch: Watch<'_>,
) -> Result<bool, RunError> {
    let (user, decider) = (user.clone(), who.clone());
    in_turn(app, company, watch, async {
        // An entry that no run has seen yet is known by the user's name alone.
        let names = names_of(app, company, &user).await?;
        let (id, now) = (company.id, app.clock().now());
        let changed = app.db().write(move |conn| {
            if companies::version(conn, id)?.is_none() {
                return Ok(None);
            }
            if !set_ignored(conn, (id, &user), &names, (kind, &decider.staff), now)? {
                return Ok(Some(false));
            }
            decider.ask(conn, id, now)?;
            Ok(Some(true))
        });
        let changed = changed.await?;
        who.wake(app);
        changed.ok_or_else(gone)
    })
    .await
}

/// There is nothing to decide about.
fn gone() -> RunError {
    sync::not_set_up(
        "The company does not exist any more",
        "Nothing needs to be done",
    )
}

/// Adds an entry for a user, or takes theirs away, with the event of it. Whether that is new.
fn set_ignored(
    conn: &mut Conn,
    (company, user): (i64, &UserId),
    names: &[String],
    (kind, staff): (&str, &str),
    now: DateTime<Utc>,
) -> diesel::QueryResult<bool> {
    let entries = entries_of(conn, company, user, names)?;
    if entries.is_empty() == (kind == STOPPED) {
        return Ok(false);
    }
    if kind == STOPPED {
        ignored_users::remove(conn, company, &entries)?;
    } else {
        ignored_users::add(conn, company, user)?;
    }
    companies::touch(conn, company, now)?;
    let event = NewEvent {
        staff,
        company_id: Some(company),
        user_id: Some(user.clone()),
        kind,
        detail: names.first().cloned().unwrap_or_default(),
    };
    events::append(conn, &event, now)?;
    Ok(true)
}

/// The user principal names by which the last reading knows a user.
async fn names_of(app: &App, company: &Company, user: &UserId) -> Result<Vec<String>, RunError> {
    let Some(last) = app.last(company).await? else {
        return Ok(Vec::new());
    };
    let users = last.snapshot.users.iter().map(|one| (&one.id, &one.upn));
    let links = last.snapshot.links.iter();
    let links = links.map(|link| (&link.user_id, &link.upn));
    Ok(users
        .chain(links)
        .filter(|(id, _)| *id == user)
        .map(|(_, upn)| upn.clone())
        .collect())
}

/// The ignore entries that mean a user.
fn entries_of(
    conn: &mut Conn,
    company: i64,
    user: &UserId,
    names: &[String],
) -> diesel::QueryResult<Vec<String>> {
    let means = |entry: &str, known: Option<&UserId>| {
        if let Some(known) = known {
            return known == user;
        }
        let name = text::folded(entry);
        UserId::new(entry) == *user || names.iter().any(|one| text::folded(one) == name)
    };
    let entries = ignored_users::of_company(conn, company)?;
    Ok(entries
        .into_iter()
        .filter(|(entry, known)| means(entry, known.as_ref()))
        .map(|(entry, _)| entry)
        .collect())
}

/// Works while no run of the company is going.
async fn in_turn<T>(
    app: &App,
    company: &Company,
    watch: Watch<'_>,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    let name = Turn::of_company(company.id);
    let turn = runs::wait(app, (&name, Sharing::Alone), company, watch).await?;
    let done = work.await;
    runs::give_back(turn).await;
    done
}
