//! What a page says of a decision about one person: to ignore, to link, to unlink, to dismiss, to deactivate after all. The decision is `decisions`'; here it gets
//! little time to wait, goes on where the browser does not wait for it, and is followed by a run. Saves that may have to wait get
//! the same little time.

use std::time::Duration;

use super::{Visit, WebError, words};
use crate::app::App;
use crate::db::holds::Signed;
use crate::decisions::{self, Decider, Dismissed, Linking, Unlinking};
use crate::model::{Company, ContactId, UserId};
use crate::runs::{self, BUSY, Event};
use crate::sync::failure::RunError;

/// What a form says whose save would have had to wait for a run that is going.
pub const WAITS: &str = "A run is going, and this has to wait until it is over. Nothing was saved, and what you typed is still \
     here. Try again in a minute.";

/// So long a decision or a save waits for a run that is going.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is known by no name.
const NOBODYS_NAME: &str = "This person";

/// What the page says: done, or refused.
pub type Said = Result<String, String>;

/// A decision about one user that needs nothing but the user.
#[derive(Clone, Copy)]
enum About {
    Ignore,
    StopIgnoring,
    DeactivateAfterAll,
}

/// Runs leave this user alone from now on.
pub async fn ignore(visit: &Visit, company: Company, user: UserId) -> Result<Said, WebError> {
    let next = next(company.sync_contacts);
    let (name, done) = decide(visit, company, user, About::Ignore).await?;
    Ok(done.map(|changed| {
        if changed {
            format!(
                "{name} is ignored from now on: runs leave user and contact as they are. {next}"
            )
        } else {
            format!("{name} was ignored already.")
        }
    }))
}

/// Runs look at this user again.
pub async fn stop_ignoring(
    visit: &Visit,
    company: Company,
    user: UserId,
) -> Result<Said, WebError> {
    let next = next(company.sync_contacts);
    let (name, done) = decide(visit, company, user, About::StopIgnoring).await?;
    Ok(done.map(|changed| {
        if changed {
            format!("{name} is not ignored any more. {next}")
        } else {
            format!("{name} was not ignored.")
        }
    }))
}

/// This user's contact is to be deactivated, though that was dismissed.
pub async fn deactivate_after_all(
    visit: &Visit,
    company: Company,
    user: UserId,
) -> Result<Said, WebError> {
    let next = next(company.sync_contacts);
    let (name, done) = decide(visit, company, user, About::DeactivateAfterAll).await?;
    Ok(done.map(|changed| {
        if changed {
            format!(
                "The dismissal is taken back: the contact of {name} is to be deactivated after all. \
                 Where too many would be at once, it waits for a decision again. {next}"
            )
        } else {
            format!("The deactivation of {name} is not dismissed any more.")
        }
    }))
}

/// Carries such a decision out: the user's name, and whether it changed anything, or why it could not be carried out.
async fn decide(
    visit: &Visit,
    company: Company,
    user: UserId,
    about: About,
) -> Result<(String, Result<bool, String>), WebError> {
    let app = visit.app().clone();
    let name = name_of(&app, &company, &user).await?;
    let who = Decider::followed(&visit.name(), &company);
    let done = on_its_own(async move {
        let (app, company, user, who) = (&app, &company, &user, &who);
        match about {
            About::Ignore => decisions::ignore(app, company, user, who, &unwatched).await,
            About::StopIgnoring => {
                decisions::stop_ignoring(app, company, user, who, &unwatched).await
            }
            About::DeactivateAfterAll => {
                decisions::deactivate_after_all(app, company, user, who, &unwatched).await
            }
        }
    });
    let done = done.await?;
    Ok((name, done.map_err(|error| words::told(&error))))
}

/// The principal name by which the last reading knows a user.
async fn name_of(app: &App, company: &Company, user: &UserId) -> Result<String, WebError> {
    let Some(last) = app.last(company).await? else {
        return Ok(NOBODYS_NAME.into());
    };
    let users = last.snapshot.users.iter().map(|one| (&one.id, &one.upn));
    let links = last
        .snapshot
        .links
        .iter()
        .map(|one| (&one.user_id, &one.upn));
    let mut found = users.chain(links).filter(|(id, _)| *id == user);
    Ok(found
        .next()
        .map_or_else(|| NOBODYS_NAME.into(), |(_, upn)| upn.clone()))
}

/// This contact is this user's.
pub async fn link(
    visit: &Visit,
    company: Company,
    user: UserId,
    contact: ContactId,
) -> Result<Said, WebError> {
    let (app, sync) = (visit.app().clone(), company.sync_contacts);
    let number = contact.clone();
    let who = Decider::followed(&visit.name(), &company);
    let done = on_its_own(async move {
        let user = user.as_str();
        let linking = decisions::link_by_hand(&app, &company, user, &contact, &who, &unwatched);
        Box::pin(linking).await
    });
    Ok(match done.await? {
        Ok(Linking::Linked(linked)) => {
            let until_now = linked.until_now.as_ref();
            let until_now = until_now.map(|old| format!(" Until now: {old}."));
            Ok(format!(
                "{} is linked to {}.{} {}. {}",
                linked.upn,
                linked.contact,
                until_now.unwrap_or_default(),
                linked.next.sentence(),
                next(sync)
            ))
        }
        Ok(Linking::Already(upn)) => Ok(format!("{upn} is linked to this contact already.")),
        Ok(Linking::NoUser(_)) => {
            Err("Microsoft 365 does not have this user any more, so nothing was linked.".into())
        }
        Ok(Linking::NoContact) => Err(format!(
            "The company has no contact {number} in the PSA any more, so nothing was linked."
        )),
        Ok(Linking::Taken(upn)) => Err(format!(
            "Contact {number} is linked to {upn}, so nothing was linked. Link {upn} to another contact first."
        )),
        Err(error) => Err(words::told(&error)),
    })
}

/// This contact is not this user's; `ignoring`: runs leave the user alone from now on, too.
pub async fn unlink(
    visit: &Visit,
    company: Company,
    (user, contact): (UserId, ContactId),
    ignoring: bool,
) -> Result<Said, WebError> {
    let (app, sync) = (visit.app().clone(), company.sync_contacts);
    let number = contact.clone();
    let who = Decider::followed(&visit.name(), &company);
    let done = on_its_own(async move {
        let pair = (&user, &contact);
        decisions::unlink(&app, &company, pair, ignoring, &who, &unwatched).await
    });
    Ok(match done.await? {
        Ok(Unlinking::Ended { ignored }) => {
            let ignored = if ignored {
                " The user is ignored from now on."
            } else {
                ""
            };
            Ok(format!(
                "Unlinked from contact {number}, which stays as it is.{ignored} {}",
                next(sync)
            ))
        }
        Ok(Unlinking::Not) => Err(format!(
            "The user is not linked to contact {number} any more, so nothing was done."
        )),
        Err(error) => Err(words::told(&error)),
    })
}

/// These deactivations are not wanted. `None`: none of them waits any more.
pub async fn dismiss(
    visit: &Visit,
    company: Company,
    shown: Vec<UserId>,
    note: Option<String>,
) -> Result<Result<Option<Dismissed>, String>, WebError> {
    let app = visit.app().clone();
    let signed = Signed {
        staff: visit.name(),
        note,
    };
    let done =
        on_its_own(
            async move { decisions::dismiss(&app, &company, &shown, &signed, &unwatched).await },
        );
    Ok(done.await?.map_err(|error| words::told(&error)))
}

fn unwatched(_: &str, _: Event) {}

/// Saves what may have to wait for a run that is going; `None`: it would have had to wait too long, nothing was saved, and the
/// form says [`WAITS`].
pub async fn saved<T: Send + 'static>(
    work: impl Future<Output = Result<T, RunError>> + Send + 'static,
) -> Result<Option<T>, WebError> {
    match on_its_own(work).await? {
        Ok(saved) => Ok(Some(saved)),
        Err(error) if error.kind == BUSY => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Works with little time to wait for a run that is going. Whoever closes the browser does not cut it off in its middle.
async fn on_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T, RunError>> + Send + 'static,
) -> Result<Result<T, RunError>, WebError> {
    tokio::spawn(runs::within(PATIENCE, work))
        .await
        .map_err(|error| WebError::Internal(anyhow::Error::new(error)))
}

fn next(sync: bool) -> &'static str {
    if sync {
        "A run follows within five minutes."
    } else {
        "Contact sync is off for this company: it takes effect when it is on."
    }
}
